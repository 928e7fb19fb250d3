/* train-transformer - grow a transformer on a corpus.
 *
 *     train-transformer -d runs/center/s0 --steps 5000 --eval ood=ood.tsv.zst train.tsv.zst
 *     gen-grammar grammars/question.gr -n 1M | train-transformer -d runs/stream --steps 2000 -
 */
#include <string.h>

#include "nn/transformer.h"
#include "train/trainer.h"

/* Sizes as the option table holds them. */
struct request {
    int64_t layers, dim, heads, feedforward, max_length;
    const char *norm, *positions, *activation;
    bool untied, no_scale;
};

static int finish(void *context, struct opt_tool *tool, struct trainer_options *o,
                  struct data_limits *limits, struct err *err) {
    (void)tool, (void)o, (void)err;
    struct request *q = context;
    if (!q->feedforward)
        q->feedforward = 4 * q->dim;
    limits->shape = SHAPE_DECODER;
    limits->max_length = (int)q->max_length;
    return 0;
}

static struct model *make_model(void *context, const struct feed *feed, struct err *err) {
    const struct request *q = context;
    struct transformer_config config = {
        .vocabulary = (int)feed_facts(feed).vocabulary,
        .dim = (int)q->dim,
        .layers = (int)q->layers,
        .heads = (int)q->heads,
        .feedforward = (int)q->feedforward,
        .max_length = (int)q->max_length,
        .norm = strcmp(q->norm, "pre") == 0 ? NORM_PRE : NORM_POST,
        .positions = strcmp(q->positions, "learned") == 0 ? POSITIONS_LEARNED
                                                          : POSITIONS_SINUSOIDAL,
        .activation = strcmp(q->activation, "gelu") == 0 ? ACTIVATION_GELU : ACTIVATION_RELU,
        .tied = !q->untied,
        .scale_embedding = !q->no_scale,
        .objective = feed_layout(feed)->objective,
    };
    return model_new(&transformer_architecture, &config, err);
}

int main(int argc, char **argv) {
    static const char *const norms[] = {"post", "pre", NULL};
    static const char *const positions[] = {"sinusoidal", "learned", NULL};
    static const char *const activations[] = {"relu", "gelu", NULL};
    struct request q = {4, 64, 4, 0, 256, "post", "sinusoidal", "relu", false, false};
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_COUNT, 0, "layers", &q.layers, "count", "transformer blocks", 1, 1000},
        {OPT_COUNT, 0, "dim", &q.dim, "count", "width", 1, 65536},
        {OPT_COUNT, 0, "heads", &q.heads, "count", "attention heads", 1, 65536},
        {OPT_COUNT, 0, "feedforward", &q.feedforward, "count",
         "hidden units of a block [4 times --dim]", 1, 1048576},
        {OPT_CHOICE, 0, "norm", &q.norm, "place", "LayerNorm after or before each part",
         .choices = norms},
        {OPT_CHOICE, 0, "positions", &q.positions, "kind", "positions", .choices = positions},
        {OPT_CHOICE, 0, "activation", &q.activation, "kind", "activation", .choices = activations},
        {OPT_FLAG, 0, "untied", &q.untied, NULL, "an output matrix of its own, not the embedding"},
        {OPT_FLAG, 0, "no-embedding-scale", &q.no_scale, NULL,
         "do not multiply embeddings by the root of --dim"},
        {OPT_COUNT, 0, "max-length", &q.max_length, "tokens", "longest sequence", 2, 1048576},
        {OPT_END},
    };
    const struct opt_preset presets[] = {{0}};
    return trainer_main(
        &(struct trainer){
            .name = "train-transformer",
            .summary = "Train a transformer; the same command continues a run that was stopped.",
            .more = "A corpus of - is standard input: streamed once, in its order, if its header\n"
                    "names the vocabulary, as that of gen-grammar does.\n"
                    "Examples:\n"
                    "  train-transformer -d runs/first --eval ood=ood.tsv.zst train.tsv.zst\n"
                    "  gen-grammar grammars/question.gr -n 1M |\n"
                    "    train-transformer -d runs/stream --steps 2000 -\n",
            .rows = rows,
            .presets = presets,
            .context = &q,
            .finish = finish,
            .make_model = make_model,
        },
        argc, argv);
}
