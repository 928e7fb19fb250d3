/* train-rnn - grow a recurrent network on a corpus.
 *
 *     train-rnn -d runs/gru/s0 --cell gru --steps 5000 --eval ood=ood.tsv.zst train.tsv.zst
 *     train-rnn -d runs/pair --shape encoder-decoder --attention dot train.tsv.zst
 */
#include <string.h>

#include "nn/rnn.h"
#include "train/trainer.h"

/* Sizes as the option table holds them. */
struct request {
    const char *shape, *cell, *attention, *read_out;
    int64_t layers, hidden, dim, max_length;
    bool tied, no_output_bias, separate_embeddings;
    double dropout, dropout_embedding, dropout_output, label_smoothing, forget_bias;
};

static void defaults(void *context, struct trainer_options *o) {
    (void)context;
    o->optimiser.init = init_scheme_names[INIT_PYTORCH];
}

static int finish(void *context, struct opt_tool *tool, struct trainer_options *o,
                  struct data_limits *limits, struct err *err) {
    struct request *q = context;
    if (strcmp(o->data.objective, layout_objectives[OBJECTIVE_VALUE]) == 0)
        return err_set(err, STATUS_USAGE,
                       "a recurrent network predicts tokens or a class, not real numbers");
    opt_means_nothing(tool, "prefix", "in a recurrent network");
    limits->shape = (enum shape)setting_choice(layout_shapes, q->shape);
    limits->max_length = (int)q->max_length;
    limits->words_alone = "in a recurrent network, which reads words";
    if (!q->dim)
        q->dim = q->hidden;
    if (strcmp(q->cell, "lstm") != 0)
        opt_means_nothing(tool, "forget-bias", "without --cell lstm");
    if (q->layers == 1)
        opt_means_nothing(tool, "dropout", "with one layer");
    if (limits->shape != SHAPE_ENCODER_DECODER) {
        opt_means_nothing(tool, "attention", "without --shape encoder-decoder");
        opt_means_nothing(tool, "separate-embedding", "without --shape encoder-decoder");
    }
    if (strcmp(o->data.objective, "class") != 0)
        opt_means_nothing(tool, "readout", "without --objective class");
    return 0;
}

static struct model *make_model(void *context, const struct feed *feed, struct err *err) {
    const struct request *q = context;
    const struct layout *layout = feed_layout(feed);
    struct feed_facts facts = feed_facts(feed);
    bool class = layout->objective == OBJECTIVE_CLASS;
    struct rnn_config config = {
        .vocabulary = (int)facts.vocabulary,
        .dim = (int)q->dim,
        .hidden = (int)q->hidden,
        .layers = (int)q->layers,
        .max_length = (int)q->max_length,
        .cell = (enum cell)setting_choice(rnn_cells, q->cell),
        .shape = layout->shape,
        .objective = layout->objective,
        .classes = class ? (int)facts.classes : 0,
        .read_out = class ? (enum readout)setting_choice(readout_names, q->read_out) : 0,
        .attention = (enum rnn_attention)setting_choice(rnn_attentions, q->attention),
        .tied = q->tied,
        .output_bias = !q->no_output_bias,
        .separate_embeddings = q->separate_embeddings,
        .dropout = q->dropout,
        .dropout_embedding = q->dropout_embedding,
        .dropout_output = q->dropout_output,
        .label_smoothing = q->label_smoothing,
        .forget_bias = q->forget_bias,
    };
    return model_new(&rnn_architecture, &config, err);
}

/* What a paper does not say, and where it is from. Ahuja et al. give 2 layers and the rate; width,
 * dropout between the layers, batch, schedule, clipping and initial values are their code's, steps
 * and tied embeddings their transformers'. In the code the rate of a step is that of the step
 * before it here. Hewitt et al.: units, embedding, rate and batch; steps and clipping are not
 * known: they are this tool's defaults. Xie et al.: sizes and rate, and ten epochs of their corpus;
 * batches, schedule and clipping are not known. */
static const struct opt_preset presets[] = {
    {"ahuja2025-gru",
     "Ahuja et al. 2025 (arXiv:2404.16367), section 3: the GRU language model, 2 layers; the rest "
     "as in their code",
     "--cell gru --layers 2 --hidden 512 --tied --dropout 0.1 --batch 8 --steps 300k --optimiser "
     "adamw --epsilon 1e-7 --weight-decay 0 --rate 1e-3 --warmup 10k --decay linear --clip 1 "
     "--eval-every 1k --group embedding.weight:init=xavier-uniform --group output.bias:init=zero"},
    {"hewitt2020",
     "Hewitt et al. 2020 (arXiv:2010.07515): the LSTM for Dyck-(8,3), 3 m log k - m units",
     "--cell lstm --layers 1 --hidden 24 --dim 26 --batch 10 --optimiser adam --rate 0.01 --warmup "
     "0 --decay constant"},
    {"xie2021-lstm",
     "Xie et al. 2021 (arXiv:2111.02080): the LSTM for GINC, 6 layers of 768 (10 epochs: --steps)",
     "--cell lstm --layers 6 --hidden 768 --rate 1e-3"},
    {NULL},
};

int main(int argc, char **argv) {
    struct request q = {.shape = "decoder",
                        .cell = "lstm",
                        .attention = "none",
                        .read_out = "last",
                        .layers = 1,
                        .hidden = 128,
                        .max_length = 256};
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_CHOICE, 0, "shape", &q.shape, "kind",
         "reads forward, reads in both directions, or a pair of networks",
         .choices = layout_shapes},
        {OPT_CHOICE, 0, "cell", &q.cell, "kind", "recurrent cell, as PyTorch defines it",
         .choices = rnn_cells},
        {OPT_COUNT, 0, "layers", &q.layers, "count", "recurrent layers", 1, 1000},
        {OPT_COUNT, 0, "hidden", &q.hidden, "count", "units of a layer", 1, 16384},
        {OPT_COUNT, 0, "dim", &q.dim, "count", "width of the embeddings [--hidden]", 1, 65536},
        {OPT_CHOICE, 0, "attention", &q.attention, "scores",
         "of the decoder over the encoder (Luong et al. 2015)", .choices = rnn_attentions},
        {OPT_FLAG, 0, "separate-embedding", &q.separate_embeddings, NULL,
         "the encoder has embeddings of its own"},
        {OPT_CHOICE, 0, "readout", &q.read_out, "place", "the state that a class is read from",
         .choices = readout_names},
        {OPT_FLAG, 0, "tied", &q.tied, NULL,
         "the output matrix is the embedding (with a projection when --dim is not --hidden)"},
        {OPT_FLAG, 0, "no-output-bias", &q.no_output_bias, NULL, "no bias of the logits"},
        {OPT_NUMBER, 0, "dropout", &q.dropout, "share", "between layers", 0, 0.999},
        {OPT_NUMBER, 0, "dropout-embedding", &q.dropout_embedding, "share", "of the embeddings", 0,
         0.999},
        {OPT_NUMBER, 0, "dropout-output", &q.dropout_output, "share",
         "of the states that are read out", 0, 0.999},
        {OPT_NUMBER, 0, "label-smoothing", &q.label_smoothing, "share",
         "of the target's probability, spread over all words", 0, 0.999},
        {OPT_NUMBER, 0, "forget-bias", &q.forget_bias, "number",
         "an LSTM's forget gates begin with this bias [drawn like the others]", 0, 1000},
        {OPT_COUNT, 0, "max-length", &q.max_length, "tokens", "longest sequence", 2, 1048576},
        {OPT_END},
    };
    return trainer_main(
        &(struct trainer){
            .name = "train-rnn",
            .summary =
                "Train a recurrent network; the same command continues a run that was stopped.",
            .more = "In the layers --init pytorch is uniform on +-1/sqrt(--hidden).\n"
                    "Examples:\n"
                    "  train-rnn -d runs/gru --cell gru --eval ood=ood.tsv.zst train.tsv.zst\n"
                    "  train-rnn -d runs/pair --shape encoder-decoder --attention dot q.tsv.zst\n"
                    "  gen-grammar grammars/question.gr -n 1M |\n"
                    "    train-rnn -d runs/stream --steps 2000 -\n",
            .rows = rows,
            .presets = presets,
            .context = &q,
            .defaults = defaults,
            .finish = finish,
            .make_model = make_model,
        },
        argc, argv);
}
