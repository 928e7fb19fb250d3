#include "train/transformer_options.h"

#include <string.h>

#include "nn/mup.h"

const struct transformer_options transformer_options_default = {
    .shape = "decoder",
    .norm = "post",
    .positions = "sinusoidal",
    .activation = "relu",
    .biases = "all",
    .output_bias = "default",
    .final_norm = "default",
    .readout = "last",
    .attention_scale = "root",
    .loss = "cross-entropy",
    .layers = 4,
    .dim = 64,
    .heads = 4,
    .max_length = 256,
};

/* In the order of the enumerations. */
static const char *const scales[] = {"root", "inverse", NULL};
static const struct {
    const char *name;
    enum activation kind;
    bool gated;
} activations[] = {
    {"relu", ACTIVATION_RELU, false},           {"gelu", ACTIVATION_GELU, false},
    {"gelu-tanh", ACTIVATION_GELU_TANH, false}, {"squared-relu", ACTIVATION_SQUARED_RELU, false},
    {"quadratic", ACTIVATION_QUADRATIC, false}, {"tanh", ACTIVATION_TANH, false},
    {"silu", ACTIVATION_SILU, false},           {"swiglu", ACTIVATION_SILU, true},
    {"geglu", ACTIVATION_GELU, true},           {"reglu", ACTIVATION_RELU, true},
};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

const struct opt *transformer_options(struct transformer_options *o) {
    static const char *activation_names[ACTIVATIONS + 1];
    for (int i = 0; i < ACTIVATIONS; i++)
        activation_names[i] = activations[i].name;
    static struct opt table[40];
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_CHOICE, 0, "shape", &o->shape, "kind",
         "who sees what: each token those before it; all; the target those before it and an "
         "encoded source",
         .choices = layout_shapes},
        {OPT_COUNT, 0, "layers", &o->layers, "count", "transformer blocks", 1, 1000},
        {OPT_COUNT, 0, "decoder-layers", &o->decoder_layers, "count",
         "blocks of an encoder-decoder's decoder [--layers]", 0, 1000},
        {OPT_COUNT, 0, "dim", &o->dim, "count", "width", 1, 65536},
        {OPT_COUNT, 0, "heads", &o->heads, "count", "attention heads", 1, 65536},
        {OPT_COUNT, 0, "head-width", &o->head_width, "count",
         "numbers of a head [--dim divided by --heads]", 0, 65536},
        {OPT_COUNT, 0, "feedforward", &o->feedforward, "count",
         "hidden units of a block [4 times --dim]", 0, 1048576},
        {OPT_FLAG, 0, "attention-only", &o->attention_only, NULL,
         "blocks without feed-forward parts"},
        {OPT_CHOICE, 0, "norm", &o->norm, "place", "LayerNorm before or after each part, or none",
         .choices = transformer_norms},
        {OPT_CHOICE, 0, "final-norm", &o->final_norm, "wish",
         "a LayerNorm after the last block; default: with --norm pre",
         .choices = transformer_wishes},
        {OPT_CHOICE, 0, "positions", &o->positions, "kind", "positions",
         .choices = transformer_positions},
        {OPT_COUNT, 0, "relative-distance", &o->relative_distance, "tokens",
         "relative positions: farther ones count as this far [the farthest there is]", 0, 1048576},
        {OPT_CHOICE, 0, "activation", &o->activation, "kind",
         "activation; those ending in -glu multiply by a third matrix's",
         .choices = activation_names},
        {OPT_CHOICE, 0, "biases", &o->biases, "where",
         "all; none in attention; in norms alone; none", .choices = transformer_biases},
        {OPT_CHOICE, 0, "output-bias", &o->output_bias, "wish",
         "a bias of the output; default: of a classifier", .choices = transformer_wishes},
        {OPT_CHOICE, 0, "attention-scale", &o->attention_scale, "kind",
         "scores times 1 / root of a head's width, or 1 / its width", .choices = scales},
        {OPT_FLAG, 0, "untied", &o->untied, NULL, "an output matrix of its own, not the embedding"},
        {OPT_FLAG, 0, "separate-embedding", &o->separate_embedding, NULL,
         "an encoder-decoder's source has an embedding of its own"},
        {OPT_FLAG, 0, "no-embedding-scale", &o->no_scale, NULL,
         "do not multiply embeddings by the root of --dim"},
        {OPT_CHOICE, 0, "readout", &o->readout, "row",
         "where a class is read [last; first of an encoder]", .choices = readout_names},
        {OPT_COUNT, 0, "max-length", &o->max_length, "tokens", "longest sequence", 2, 1048576},
        {OPT_GROUP, .help = "Dropout and the loss"},
        {OPT_NUMBER, 0, "dropout", &o->dropout, "share",
         "sets each of the four that is not given itself", 0, 0.99},
        {OPT_NUMBER, 0, "dropout-embedding", &o->dropout_embedding, "share",
         "of the embedded input", 0, 0.99},
        {OPT_NUMBER, 0, "dropout-attention", &o->dropout_attention, "share",
         "of attention's probabilities", 0, 0.99},
        {OPT_NUMBER, 0, "dropout-residual", &o->dropout_residual, "share",
         "of what attention and feed-forward parts add", 0, 0.99},
        {OPT_NUMBER, 0, "dropout-activation", &o->dropout_activation, "share",
         "of hidden units after their activation", 0, 0.99},
        {OPT_CHOICE, 0, "loss", &o->loss, "kind",
         "in single or in double precision, or with StableMax", .choices = transformer_losses},
        {OPT_NUMBER, 0, "label-smoothing", &o->label_smoothing, "share",
         "of the target distribution spread over all words or classes", 0, 0.99},
        {OPT_END},
    };
    _Static_assert(sizeof rows <= sizeof table, "the table is too small");
    memcpy(table, rows, sizeof rows);
    return table;
}

static bool predicts(const struct opt_tool *tool, enum objective objective) {
    const struct opt *o = opt_find(tool, "objective");
    return o && strcmp(*(const char *const *)o->value, layout_objectives[objective]) == 0;
}

static void settle_dropout(struct transformer_options *o, struct opt_tool *tool) {
    struct {
        const char *name;
        double *share;
    } shares[] = {{"dropout-embedding", &o->dropout_embedding},
                  {"dropout-attention", &o->dropout_attention},
                  {"dropout-residual", &o->dropout_residual},
                  {"dropout-activation", &o->dropout_activation}};
    for (int i = 0; i < 4; i++)
        if (!opt_given(tool, shares[i].name))
            *shares[i].share = o->dropout;
    if (o->attention_only)
        o->dropout_activation = 0;
}

int transformer_options_finish(struct transformer_options *o, struct opt_tool *tool,
                               struct data_limits *limits, struct err *err) {
    bool class = predicts(tool, OBJECTIVE_CLASS),
         relative = strncmp(o->positions, "relative", 8) == 0;
    if (o->attention_only) {
        opt_means_nothing(tool, "feedforward", "with --attention-only");
        opt_means_nothing(tool, "activation", "with --attention-only");
        opt_means_nothing(tool, "dropout-activation", "with --attention-only");
        o->feedforward = 0;
    } else if (!o->feedforward) {
        o->feedforward = 4 * o->dim;
    }
    if (!relative)
        opt_means_nothing(tool, "relative-distance", "without --positions relative");
    if (strcmp(o->shape, "encoder-decoder") != 0) {
        opt_means_nothing(tool, "decoder-layers", "without --shape encoder-decoder");
        opt_means_nothing(tool, "separate-embedding", "without --shape encoder-decoder");
    }
    if (class)
        opt_means_nothing(tool, "untied", "with --objective class");
    else
        opt_means_nothing(tool, "readout", "without --objective class");
    if (!opt_given(tool, "readout"))
        o->readout = class && strcmp(o->shape, "encoder") == 0 ? "first" : "last";
    settle_dropout(o, tool);
    limits->shape = (enum shape)setting_choice(layout_shapes, o->shape);
    limits->max_length = (int)o->max_length;

    /* What two of the corpora's kind would do as well. */
    struct layout layout = layout_default();
    layout.shape = limits->shape;
    layout.objective = class                                   ? OBJECTIVE_CLASS
                       : predicts(tool, OBJECTIVE_VALUE)       ? OBJECTIVE_VALUE
                       : layout.shape == SHAPE_ENCODER         ? OBJECTIVE_MASKED
                       : layout.shape == SHAPE_ENCODER_DECODER ? OBJECTIVE_TARGET
                                                               : OBJECTIVE_ALL;
    struct transformer_config config;
    transformer_options_config(o, &layout, 2, 2, 0, &config);
    return transformer_check_config(&config, err);
}

void transformer_options_config(const struct transformer_options *o, const struct layout *layout,
                                int vocabulary, int classes, double base_width,
                                struct transformer_config *config) {
    bool class = layout->objective == OBJECTIVE_CLASS;
    int kind = 0;
    while (kind < ACTIVATIONS - 1 && strcmp(activations[kind].name, o->activation) != 0)
        kind++;
    *config = (struct transformer_config){
        .vocabulary = vocabulary,
        .dim = (int)o->dim,
        .layers = (int)o->layers,
        .heads = (int)o->heads,
        .feedforward = (int)o->feedforward,
        .max_length = (int)o->max_length,
        .norm = (enum norm_place)setting_choice(transformer_norms, o->norm),
        .positions = (enum positions)setting_choice(transformer_positions, o->positions),
        .activation = activations[kind].kind,
        .gated = activations[kind].gated && o->feedforward,
        .tied = !o->untied && !class,
        .scale_embedding = !o->no_scale,
        .shape = layout->shape,
        .objective = layout->objective,
        .bidirectional_prefix = layout->bidirectional_prefix,
        .classes = class ? classes : 0,
        .readout = (enum readout)setting_choice(readout_names, o->readout),
        .decoder_layers = (int)o->decoder_layers,
        .separate_embedding = o->separate_embedding,
        .head_width = (int)o->head_width,
        .relative_distance = (int)o->relative_distance,
        .biases = (enum biases)setting_choice(transformer_biases, o->biases),
        .output_bias = (enum wish)setting_choice(transformer_wishes, o->output_bias),
        .final_norm = (enum wish)setting_choice(transformer_wishes, o->final_norm),
        .loss = (enum loss)setting_choice(transformer_losses, o->loss),
        .label_smoothing = o->label_smoothing,
        .dropout_embedding = o->dropout_embedding,
        .dropout_attention = o->dropout_attention,
        .dropout_residual = o->dropout_residual,
        .dropout_activation = o->dropout_activation,
    };
    double head = config->heads ? transformer_head_width(config) : 1;
    if (strcmp(o->attention_scale, "inverse") == 0)
        config->attention_scale = 1 / head;
    else if (base_width > 0)
        config->attention_scale = mup_attention_factor(head, config->dim, base_width);
    if (base_width > 0)
        config->output_scale = mup_readout_factor(config->dim, base_width);
}
