/* train-transformer - grow a transformer on a corpus.
 *
 *     train-transformer -d runs/center/s0 --steps 5000 --eval ood=ood.tsv.zst train.tsv.zst
 *     gen-grammar grammars/question.gr -n 1M | train-transformer -d runs/stream --steps 2000 -
 */
#include "nn/transformer.h"
#include "train/trainer.h"
#include "train/transformer_options.h"

struct request {
    struct transformer_options model;
    double base_width;
};

static int finish(void *context, struct opt_tool *tool, struct trainer_options *o,
                  struct data_limits *limits, struct err *err) {
    struct request *q = context;
    q->base_width = (double)o->optimiser.base_width;
    limits->words_alone = "in a transformer, which reads words";
    return transformer_options_finish(&q->model, tool, limits, err);
}

static struct model *make_model(void *context, const struct feed *feed, struct err *err) {
    const struct request *q = context;
    struct feed_facts facts = feed_facts(feed);
    struct transformer_config config;
    transformer_options_config(&q->model, feed_layout(feed), (int)facts.vocabulary,
                               (int)facts.classes, q->base_width, &config);
    return model_new(&transformer_architecture, &config, err);
}

int main(int argc, char **argv) {
    struct request q = {.model = transformer_options_default};
    return trainer_main(
        &(struct trainer){
            .name = "train-transformer",
            .summary = "Train a transformer; the same command continues a run that was stopped.",
            .more = "A corpus of - is standard input: streamed once, in its order, if its header\n"
                    "names the vocabulary, as that of gen-grammar does.\n"
                    "Examples:\n"
                    "  train-transformer -d runs/first --eval ood=ood.tsv.zst train.tsv.zst\n"
                    "  train-transformer --preset qin2025 -d runs/qin/s0 train.tsv.zst\n"
                    "  gen-grammar grammars/question.gr -n 1M |\n"
                    "    train-transformer -d runs/stream --steps 2000 -\n",
            .rows = transformer_options(&q.model),
            .presets = transformer_presets,
            .context = &q,
            .finish = finish,
            .make_model = make_model,
        },
        argc, argv);
}
