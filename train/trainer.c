#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static const char statuses[] =
    "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 70 the loss is not\n"
    "finite, 73 or 74 cannot write, 75 stopped by a signal: run again to resume.\n";

/* As they are called elsewhere. */
static const struct opt_synonym synonyms[] = {
    {"lr", "--rate"},
    {"learning-rate", "--rate"},
    {"batch-size", "--batch"},
    {"epochs", "--steps, and an epoch as many as examples make batches"},
    {"max-steps", "--steps"},
    {"optim", "--optimiser"},
    {"scheduler", "--decay"},
    {"lr-scheduler", "--decay"},
    {"warmup-steps", "--warmup"},
    {"wd", "--weight-decay"},
    {"max-grad-norm", "--clip"},
    {"grad-clip", "--clip"},
    {"gradient-accumulation-steps", "--accumulate"},
    {"ema", "--average ema"},
    {"d-model", "--dim"},
    {"hidden-size", "--dim (train-rnn, train-mlp: --hidden)"},
    {"d-ff", "--feedforward"},
    {"n-layers", "--layers"},
    {"num-layers", "--layers"},
    {"n-heads", "--heads"},
    {"num-heads", "--heads"},
    {"output-dir", "--directory"},
    {"load", "--branch"},
    {0},
};

static void add_options(struct options *table, const struct trainer *t, struct trainer_options *o,
                        struct opt_tool *tool) {
    const struct opt accumulate[] = {
        {OPT_COUNT, 0, "accumulate", &o->accumulate, "count",
         "batches whose gradients make one step: so many times --batch with the room of one", 1,
         1e6},
        {OPT_END},
    };
    run_options_add(table, &o->run);
    options_add(table, t->rows);
    options_add(table, data_options(&o->data));
    options_add(table, accumulate);
    optimiser_add_options(table, &o->optimiser);
    init_add_options(table, &o->optimiser);
    options_add_configuration(table, tool);
}

/* What a branch takes from its parent: the model, and what it predicts of what. */
static struct opt *rows_of_model(const struct trainer *t, struct data_options *o) {
    static const char *const names[] = {
        "objective",  "prefix", "no-bos", "no-eos", "mask-share", "mask-random", "mask-keep",
        "mask-words", "source", "target", "label",  "features",   "values"};
    struct options rows = {0};
    options_add(&rows, t->rows);
    for (const struct opt *row = data_options(o); row->type != OPT_END; row++)
        for (size_t i = 0; row->name && i < sizeof names / sizeof *names; i++)
            if (strcmp(row->name, names[i]) == 0)
                options_add(&rows, (const struct opt[]){*row, {OPT_END}});
    return rows.items;
}

/* Whether any option drops out anything. */
static bool drops_out(const struct opt_tool *tool) {
    for (const struct opt *o = tool->options; o->type != OPT_END; o++)
        if (o->type == OPT_NUMBER && strncmp(o->name, "dropout", 7) == 0 && !o->idle &&
            *(double *)o->value > 0)
            return true;
    return false;
}

int trainer_main(const struct trainer *t, int argc, char **argv) {
    struct trainer_options o = {.run = run_options_default,
                                .data = data_options_default(),
                                .optimiser = optimiser_options_default,
                                .accumulate = 1};
    if (t->defaults)
        t->defaults(t->context, &o);
    struct buf more = {0};
    buf_printf(&more, "%s%s", t->more, statuses);
    struct opt_tool tool = {.name = t->name,
                            .summary = t->summary,
                            .operands = "-d FOLDER [OPTION]... CORPUS...",
                            .more = more.data,
                            .presets = t->presets,
                            .synonyms = synonyms,
                            .least_operands = 1,
                            .most_operands = -1};
    struct options table = {0};
    add_options(&table, t, &o, &tool);
    tool.options = table.items;

    int n_corpora;
    char **corpora = opt_parse(&tool, argc, argv, &n_corpora);
    struct opt *model_rows = rows_of_model(t, &o.data);
    run_options_finish(&o.run, &tool, model_rows);
    free(model_rows);
    struct err err = {0};
    struct data_limits limits = {.seed_order = o.run.seed_order};
    struct loop_request request = {.tool = &tool,
                                   .argc = argc,
                                   .argv = argv,
                                   .passes = o.accumulate,
                                   .make_model = t->make_model,
                                   .context = t->context};
    if (optimiser_options_read(&o.optimiser, &tool, o.run.steps, &err) != 0 ||
        (o.run.branch && optimiser_options_branch(&o.optimiser, &tool, &err) != 0) ||
        t->finish(t->context, &tool, &o, &limits, &err) != 0 ||
        data_request(&o.data, &tool, &limits, (const char *const *)corpora, n_corpora,
                     &request.feed, &err) != 0)
        msg_die_err(&err);
    if (!drops_out(&tool))
        opt_means_nothing(&tool, "seed-dropout", "without dropout");
    opt_show_config(&tool);
    request.feed.batch *= o.accumulate;
    request.optim = o.optimiser.optim;
    request.schedule = o.optimiser.schedule;
    request.initial = o.optimiser.initial;
    run_options_fill(&o.run, &request);
    enum status status = loop_run(&request, &err);

    data_request_free(&request.feed);
    free(corpora);
    free(o.data.then.items);
    optimiser_options_free(&o.optimiser);
    run_options_free(&o.run);
    options_free(&table);
    buf_free(&more);
    if (status != STATUS_OK)
        msg_die_err(&err);
    return STATUS_OK;
}
