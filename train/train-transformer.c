/* train-transformer - grow a decoder-only transformer on a corpus.
 *
 *     train-transformer -d runs/center/s0 --steps 5000 --eval ood=ood.tsv.zst train.tsv.zst
 *     gen-grammar grammars/question.gr -n 1M | train-transformer -d runs/stream --steps 2000 -
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "nn/loop.h"
#include "train/optimiser_options.h"
#include "nn/transformer.h"
#include "train/run_options.h"

/* Sizes as the option table holds them, then the model they ask for. */
struct model_request {
    int64_t layers, dim, heads, feedforward, max_length;
    const char *norm, *positions, *activation;
    bool untied, no_scale;
};

static struct model *make_model(void *context, int vocabulary, struct err *err) {
    const struct model_request *q = context;
    struct transformer_config config = {
        .vocabulary = vocabulary,
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
    };
    return model_new(&transformer_architecture, &config, err);
}

int main(int argc, char **argv) {
    static const char *const norms[] = {"post", "pre", NULL};
    static const char *const positions[] = {"sinusoidal", "learned", NULL};
    static const char *const activations[] = {"relu", "gelu", NULL};
    struct model_request model = {4, 64, 4, 0, 256, "post", "sinusoidal", "relu", false, false};
    struct run_options run = run_options_default;
    struct optimiser_options optimiser = optimiser_options_default;
    const struct opt model_rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_COUNT, 0, "layers", &model.layers, "count", "transformer blocks", 1, 1000},
        {OPT_COUNT, 0, "dim", &model.dim, "count", "width", 1, 65536},
        {OPT_COUNT, 0, "heads", &model.heads, "count", "attention heads", 1, 65536},
        {OPT_COUNT, 0, "feedforward", &model.feedforward, "count",
         "hidden units of a block [4 times --dim]", 1, 1048576},
        {OPT_CHOICE, 0, "norm", &model.norm, "place", "LayerNorm after or before each part",
         .choices = norms},
        {OPT_CHOICE, 0, "positions", &model.positions, "kind", "positions", .choices = positions},
        {OPT_CHOICE, 0, "activation", &model.activation, "kind", "activation",
         .choices = activations},
        {OPT_FLAG, 0, "untied", &model.untied, NULL,
         "an output matrix of its own, not the embedding"},
        {OPT_FLAG, 0, "no-embedding-scale", &model.no_scale, NULL,
         "do not multiply embeddings by the root of --dim"},
        {OPT_COUNT, 0, "max-length", &model.max_length, "tokens", "longest sequence", 2, 1048576},
        {OPT_END},
    };
    struct options table = {0};
    run_options_add(&table, &run);
    options_add(&table, model_rows);
    optimiser_add_options(&table, &optimiser);
    struct opt_tool tool = {
        .name = "train-transformer",
        .summary = "Train a decoder-only transformer as a language model; the same command "
                   "continues a run that was stopped.",
        .operands = "-d FOLDER [OPTION]... CORPUS...",
        .options = table.items,
        .more = "A corpus of - is standard input: streamed once, in its order, if its header\n"
                "names the vocabulary, as that of gen-grammar does.\n"
                "Examples:\n"
                "  train-transformer -d runs/first --eval ood=ood.tsv.zst train.tsv.zst\n"
                "  gen-grammar grammars/question.gr -n 1M |\n"
                "    train-transformer -d runs/stream --steps 2000 -\n"
                "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 70 the loss is not\n"
                "finite, 73 or 74 cannot write, 75 stopped by a signal: run again to resume.\n",
        .least_operands = 1,
        .most_operands = -1,
    };
    int n_corpora;
    char **corpora = opt_parse(&tool, argc, argv, &n_corpora);
    run_options_finish(&run, &tool, model_rows);
    struct err err = {0};
    if (optimiser_options_read(&optimiser, &tool, run.steps, &err) != 0)
        msg_die_err(&err);
    if (!model.feedforward)
        model.feedforward = 4 * model.dim;
    struct loop_request request = {
        .corpora = (const char *const *)corpora,
        .n_corpora = n_corpora,
        .max_length = (int)model.max_length,
        .optim = optimiser.optim,
        .schedule = optimiser.schedule,
        .tool = &tool,
        .argc = argc,
        .argv = argv,
        .make_model = make_model,
        .context = &model,
    };
    run_options_fill(&run, &request);
    enum status status = loop_run(&request, &err);
    free(corpora);
    optimiser_options_free(&optimiser);
    options_free(&table);
    run_options_free(&run);
    if (status != STATUS_OK)
        msg_die_err(&err);
    return STATUS_OK;
}
