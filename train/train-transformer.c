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

static int64_t share_of(int64_t steps, int64_t parts) {
    return steps / parts > 0 ? steps / parts : 1;
}

int main(int argc, char **argv) {
    static const char *const norms[] = {"post", "pre", NULL};
    static const char *const positions[] = {"sinusoidal", "learned", NULL};
    static const char *const activations[] = {"relu", "gelu", NULL};
    struct model_request model = {4, 64, 4, 0, 256, "post", "sinusoidal", "relu", false, false};
    const char *folder = NULL, *among = NULL;
    int64_t steps = 5000, batch = 32, eval_every = 0, save_every = 0, eval_limit = 0;
    int64_t threads = 1;
    uint64_t seed = 0, seed_init = 0, seed_order = 0;
    struct optimiser_options optimiser = optimiser_options_default;
    struct opt_list evals = {0};
    bool quiet = false;
    const struct opt options[] = {
        {OPT_GROUP, .help = "The run"},
        {OPT_TEXT, 'd', "directory", &folder, "folder", "the run's folder (needed)", .aside = true},
        {OPT_COUNT, 0, "steps", &steps, "count", "optimiser steps", 1, 1e12},
        {OPT_COUNT, 'b', "batch", &batch, "count", "examples in a step", 1, 1e6},
        {OPT_LIST, 0, "eval", &evals, "name=corpus",
         "evaluate on this corpus while training; may be given often"},
        {OPT_COUNT, 0, "eval-every", &eval_every, "steps", "[a twentieth of --steps]", 1, 1e12},
        {OPT_COUNT, 0, "eval-limit", &eval_limit, "count",
         "examples of each evaluation corpus; 0: all", 0, 1e12},
        {OPT_TEXT, 0, "among", &among, "words",
         "make `choice` among these (a class such as Aux, or words joined by commas), not among "
         "the "
         "words the rules propose"},
        {OPT_COUNT, 0, "save-every", &save_every, "steps", "[a tenth of --steps]", 1, 1e12},
        {OPT_SEED, 's', "seed", &seed, "seed", "sets every seed that is not given itself"},
        {OPT_SEED, 0, "seed-init", &seed_init, "seed", "seed of the initial weights"},
        {OPT_SEED, 0, "seed-order", &seed_order, "seed", "seed of the order of examples"},
        {OPT_COUNT, 'j', "threads", &threads, "count",
         "threads of this run; the bits do not depend on it", 1, 256, .aside = true},
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
    const struct opt last[] = {
        {OPT_FLAG, 'q', "quiet", &quiet, NULL, "no notes and no progress", .aside = true},
        {OPT_END},
    };
    struct options table = {0};
    options_add(&table, options);
    optimiser_add_options(&table, &optimiser);
    options_add(&table, last);
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
    if (!folder || !*folder)
        msg_die(STATUS_USAGE, "name the run's folder: -d runs/NAME");
    struct err err = {0};
    if (optimiser_options_read(&optimiser, &tool, steps, &err) != 0)
        msg_die_err(&err);
    if (!eval_every)
        eval_every = share_of(steps, 20);
    if (!save_every)
        save_every = share_of(steps, 10);
    if (!model.feedforward)
        model.feedforward = 4 * model.dim;
    if (!opt_find(&tool, "seed-init")->given)
        seed_init = seed;
    if (!opt_find(&tool, "seed-order")->given)
        seed_order = seed;

    struct loop_request request = {
        .folder = folder,
        .corpora = (const char *const *)corpora,
        .n_corpora = n_corpora,
        .evals = &evals,
        .steps = steps,
        .batch = batch,
        .eval_every = eval_every,
        .save_every = save_every,
        .eval_limit = eval_limit,
        .among = among,
        .max_length = (int)model.max_length,
        .threads = (int)threads,
        .seed_init = seed_init,
        .seed_order = seed_order,
        .optim = optimiser.optim,
        .schedule = optimiser.schedule,
        .tool = &tool,
        .argc = argc,
        .argv = argv,
        .make_model = make_model,
        .context = &model,
    };
    enum status status = loop_run(&request, &err);
    free(corpora);
    free(evals.items);
    optimiser_options_free(&optimiser);
    options_free(&table);
    if (status != STATUS_OK)
        msg_die_err(&err);
    return STATUS_OK;
}
