#include <limits.h>
#include <stddef.h>

#include "nn/transformer.h"

const char *const transformer_norms[] = {
    [NORM_PRE] = "pre", [NORM_POST] = "post", [NORM_NONE] = "none", NULL};
const char *const transformer_positions[] = {
    [POSITIONS_SINUSOIDAL] = "sinusoidal",
    [POSITIONS_LEARNED] = "learned",
    [POSITIONS_ROTARY] = "rotary",
    [POSITIONS_ROTARY_INTERLEAVED] = "rotary-interleaved",
    [POSITIONS_RELATIVE] = "relative",
    [POSITIONS_RELATIVE_BIAS] = "relative-bias",
    [POSITIONS_NONE] = "none",
    NULL,
};
static const char *const activations[] = {
    [ACTIVATION_RELU] = "relu",           [ACTIVATION_GELU] = "gelu",
    [ACTIVATION_TANH] = "tanh",           [ACTIVATION_QUADRATIC] = "quadratic",
    [ACTIVATION_GELU_TANH] = "gelu-tanh", [ACTIVATION_SQUARED_RELU] = "squared-relu",
    [ACTIVATION_SILU] = "silu",           NULL,
};
const char *const transformer_biases[] = {[BIASES_ALL] = "all",
                                          [BIASES_FEEDFORWARD] = "feedforward",
                                          [BIASES_NORM] = "norm",
                                          [BIASES_NONE] = "none",
                                          NULL};
const char *const transformer_losses[] = {[LOSS_CROSS_ENTROPY] = "cross-entropy",
                                          [LOSS_CROSS_ENTROPY_DOUBLE] = "cross-entropy-double",
                                          [LOSS_STABLEMAX] = "stablemax",
                                          NULL};
const char *const transformer_wishes[] = {
    [WISH_DEFAULT] = "default", [WISH_YES] = "yes", [WISH_NO] = "no", NULL};

/* The largest share that can be dropped: what is kept is multiplied by 1 / (1 - share). */
#define MOST_DROPPED 0.99

#define AT(field)     offsetof(struct transformer_config, field)
#define LATER(choice) .choices = (choice), .optional = true
const struct setting transformer_settings[] = {
    {SETTING_INTEGER, "vocabulary", AT(vocabulary), 1, INT_MAX},
    {SETTING_INTEGER, "dim", AT(dim), 1, 1 << 16},
    {SETTING_INTEGER, "layers", AT(layers), 1, 1000},
    {SETTING_INTEGER, "heads", AT(heads), 1, 1 << 16},
    {SETTING_INTEGER, "feedforward", AT(feedforward), 0, 1 << 20},
    {SETTING_INTEGER, "max_length", AT(max_length), 1, 1 << 20},
    {SETTING_CHOICE, "norm", AT(norm), .choices = transformer_norms},
    {SETTING_CHOICE, "positions", AT(positions), .choices = transformer_positions},
    {SETTING_CHOICE, "activation", AT(activation), .choices = activations},
    {SETTING_FLAG, "tied", AT(tied)},
    {SETTING_FLAG, "scale_embedding", AT(scale_embedding)},
    {SETTING_CHOICE, "shape", AT(shape), LATER(layout_shapes)},
    {SETTING_CHOICE, "objective", AT(objective), LATER(layout_objectives)},
    {SETTING_FLAG, "bidirectional_prefix", AT(bidirectional_prefix), .optional = true},
    {SETTING_INTEGER, "classes", AT(classes), 0, 1 << 20, .optional = true},
    {SETTING_CHOICE, "readout", AT(readout), LATER(readout_names)},
    {SETTING_INTEGER, "decoder_layers", AT(decoder_layers), 0, 1000, .optional = true},
    {SETTING_FLAG, "separate_embedding", AT(separate_embedding), .optional = true},
    {SETTING_INTEGER, "head_width", AT(head_width), 0, 1 << 16, .optional = true},
    {SETTING_FLAG, "gated", AT(gated), .optional = true},
    {SETTING_INTEGER, "relative_distance", AT(relative_distance), 0, 1 << 20, .optional = true},
    {SETTING_NUMBER, "attention_scale", AT(attention_scale), 0, 1e6, .optional = true},
    {SETTING_NUMBER, "output_scale", AT(output_scale), 0, 1e6, .optional = true},
    {SETTING_CHOICE, "biases", AT(biases), LATER(transformer_biases)},
    {SETTING_CHOICE, "output_bias", AT(output_bias), LATER(transformer_wishes)},
    {SETTING_CHOICE, "final_norm", AT(final_norm), LATER(transformer_wishes)},
    {SETTING_CHOICE, "loss", AT(loss), LATER(transformer_losses)},
    {SETTING_NUMBER, "label_smoothing", AT(label_smoothing), 0, MOST_DROPPED, .optional = true},
    {SETTING_NUMBER, "dropout_embedding", AT(dropout_embedding), 0, MOST_DROPPED, .optional = true},
    {SETTING_NUMBER, "dropout_attention", AT(dropout_attention), 0, MOST_DROPPED, .optional = true},
    {SETTING_NUMBER, "dropout_residual", AT(dropout_residual), 0, MOST_DROPPED, .optional = true},
    {SETTING_NUMBER, "dropout_activation", AT(dropout_activation), 0, MOST_DROPPED,
     .optional = true},
    {SETTING_END},
};

int transformer_head_width(const struct transformer_config *c) {
    return c->head_width ? c->head_width : c->dim / c->heads;
}

int transformer_outputs(const struct transformer_config *c) {
    return c->objective == OBJECTIVE_CLASS ? c->classes : c->vocabulary;
}

static int refuse(struct err *err, const char *sentence) {
    return err_set(err, STATUS_USAGE, "%s", sentence);
}

static int check_task(const struct transformer_config *c, struct err *err) {
    bool class = c->objective == OBJECTIVE_CLASS, tokens = c->shape == SHAPE_DECODER;
    if (c->objective == OBJECTIVE_VALUE)
        return refuse(err, "a transformer predicts tokens or a class, not real numbers");
    if (c->shape == SHAPE_ENCODER && !class && c->objective != OBJECTIVE_MASKED)
        return refuse(err, "an encoder sees the tokens it would predict: it learns masked tokens "
                           "or a class");
    if (c->shape == SHAPE_ENCODER_DECODER && c->objective != OBJECTIVE_TARGET)
        return refuse(err, "an encoder-decoder predicts targets and nothing else");
    if (tokens && c->objective == OBJECTIVE_MASKED)
        return refuse(err, "masked tokens are an encoder's to predict, not a decoder's");
    if (class && c->classes < 2)
        return err_set(err, STATUS_USAGE, "%d classes are nothing to tell apart", c->classes);
    if (!class && c->classes)
        return refuse(err, "a number of classes means nothing where no class is predicted");
    if (!class && c->readout != READOUT_LAST)
        return refuse(err, "a place to read means nothing where no class is predicted");
    if (class && c->tied)
        return refuse(err, "a classifier has no output matrix that could be tied");
    if (class && tokens && c->readout == READOUT_FIRST)
        return refuse(err, "the first row of a decoder has seen the first token alone: read the "
                           "last, or the mean");
    if (c->bidirectional_prefix && (!tokens || c->objective != OBJECTIVE_TARGET))
        return refuse(err, "a prefix seen in both directions is for a decoder that predicts "
                           "targets: it would see what else it predicts");
    return 0;
}

static int check_parts(const struct transformer_config *c, struct err *err) {
    bool relative = c->positions == POSITIONS_RELATIVE || c->positions == POSITIONS_RELATIVE_BIAS;
    bool rotary = c->positions == POSITIONS_ROTARY || c->positions == POSITIONS_ROTARY_INTERLEAVED;
    if (!c->head_width && c->dim % c->heads != 0)
        return err_set(err, STATUS_USAGE, "dim %d is not a multiple of heads %d", c->dim, c->heads);
    if (rotary && transformer_head_width(c) % 2 != 0)
        return err_set(err, STATUS_USAGE,
                       "rotary positions turn pairs of numbers: a head of %d is odd",
                       transformer_head_width(c));
    if (c->relative_distance && !relative)
        return refuse(err, "a farthest distance means nothing without relative positions");
    if (c->relative_distance >= c->max_length && relative)
        return err_set(err, STATUS_USAGE,
                       "distance %d does not occur in sequences of at most %d tokens",
                       c->relative_distance, c->max_length);
    if (c->gated && !c->feedforward)
        return refuse(err, "a gate means nothing without feed-forward parts");
    if (c->dropout_activation > 0 && !c->feedforward)
        return refuse(err, "dropout after the activation means nothing without feed-forward parts");
    if (c->shape != SHAPE_ENCODER_DECODER && (c->decoder_layers || c->separate_embedding))
        return refuse(err, "decoder layers and source embeddings of their own are for an "
                           "encoder-decoder");
    return 0;
}

/* BLAS counts in int, and so do the products of a whole sequence. */
static int check_sizes(const struct transformer_config *c, struct err *err) {
    int64_t dim = c->dim, across = (int64_t)c->heads * transformer_head_width(c);
    const struct {
        const char *name;
        int64_t rows, columns;
    } matrices[] = {
        {"vocabulary times dim", c->vocabulary, dim},
        {"classes times dim", c->classes, dim},
        {"feedforward times dim", c->feedforward, dim},
        {"max_length times dim", c->max_length, dim},
        {"max_length times feedforward", c->max_length, c->feedforward},
        {"max_length times vocabulary", c->max_length, c->vocabulary},
        {"4 times dim squared", dim, 4 * dim},
        {"4 times heads times head width times dim", across, 4 * dim},
        {"4 times heads times head width times max_length", across, 4 * (int64_t)c->max_length},
    };
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (matrices[i].columns && matrices[i].rows > INT_MAX / matrices[i].columns)
            return err_set(err, STATUS_USAGE, "%s is more than a matrix can hold (%d)",
                           matrices[i].name, INT_MAX);
    /* The optimiser counts blocks of parameters in int. A block has two attentions, three matrices
     * of its feed-forward part, and a table of distances at most. */
    size_t per_layer = (8 * (size_t)across + 3 * (size_t)c->feedforward + 64) * (size_t)c->dim +
                       3 * (size_t)c->feedforward + 8 * (size_t)across + 256;
    if (c->positions == POSITIONS_RELATIVE || c->positions == POSITIONS_RELATIVE_BIAS)
        per_layer += 2 * (size_t)c->max_length * (size_t)across;
    size_t total;
    if (__builtin_mul_overflow(per_layer, (size_t)c->layers + (size_t)c->decoder_layers, &total) ||
        total > (size_t)1 << 40)
        return err_set(err, STATUS_USAGE,
                       "%d layers of dim %d and feedforward %d are too many "
                       "parameters",
                       c->layers, c->dim, c->feedforward);
    return 0;
}

int transformer_check_config(const void *config, struct err *err) {
    if (setting_check(transformer_settings, config, err) != 0 || check_task(config, err) != 0 ||
        check_parts(config, err) != 0)
        return -1;
    return check_sizes(config, err);
}
