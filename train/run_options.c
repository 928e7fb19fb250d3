#include "train/run_options.h"

#include <stdlib.h>
#include <string.h>

#include "lib/manifest.h"

const struct run_options run_options_default = {
    .keep = "all",
    .keep_states = "last",
    .statistics = "none",
    .precision = "f32",
    .steps = 5000,
    .threads = 1,
    .first_evaluation = true,
};

static void add_run(struct options *table, struct run_options *r) {
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The run"},
        {OPT_TEXT, 'd', "directory", &r->folder, "folder", "the run's folder (needed)",
         .aside = true},
        {OPT_COUNT, 0, "steps", &r->steps, "count", "optimiser steps", 1, 1e12},
        {OPT_LIST, 0, "stop-when", &r->stop_when, "criterion",
         "end the run when METRIC>=VALUE (or >, <=, <), or with :TIMES behind it so many "
         "evaluations in a row; may be given often: the first that holds ends it"},
        {OPT_CHOICE, 0, "precision", &r->precision, "numbers",
         "what the operands of products with weights are rounded to (the processor must have the "
         "instructions for bf16); all else is f32",
         .choices = precision_names},
        {OPT_COUNT, 'j', "threads", &r->threads, "count",
         "threads of this run; the bits do not depend on it", 1, 256, .aside = true},
        {OPT_FLAG, 'q', "quiet", &r->quiet, NULL, "no notes and no progress", .aside = true},
        {OPT_END},
    };
    options_add(table, rows);
}

static void add_measuring(struct options *table, struct run_options *r) {
    static const char *const statistics[] = {"none", "pooled", "tensors", NULL};
    const struct opt rows[] = {
        {OPT_GROUP, .help = "Measuring (into metrics.tsv; a METRIC is SPLIT/NAME, as ood/loss)"},
        {OPT_LIST, 0, "eval", &r->evals, "name=corpus",
         "evaluate on this corpus while training; may be given often"},
        {OPT_COUNT, 0, "eval-every", &r->eval_every, "steps",
         "0: never; the last step is always evaluated [a twentieth of --steps; 0 with --eval-at "
         "or --eval-log]",
         0, 1e12},
        {OPT_TEXT, 0, "eval-at", &r->eval_at, "list",
         "evaluate at these steps too, such as 10,100-200:20,1-512*2"},
        {OPT_COUNT, 0, "eval-log", &r->eval_log, "count",
         "evaluate so many times a decade of steps too; 0: not", 0, MILESTONES_MOST_A_DECADE},
        {OPT_FLAG, 0, "first-evaluation", &r->first_evaluation, NULL,
         "evaluate before the first step too; --no-first-evaluation does not"},
        {OPT_COUNT, 0, "eval-limit", &r->eval_limit, "count",
         "examples of each evaluation corpus; 0: all", 0, 1e12},
        {OPT_TEXT, 0, "among", &r->among, "words",
         "make `choice` among these (a class such as Aux, or words joined by commas), not among "
         "the words the rules propose"},
        {OPT_FLAG, 0, "per-tag", &r->per_tag, NULL,
         "rows for each tag of the evaluation corpora too: first:linear@TAG"},
        {OPT_FLAG, 0, "per-position", &r->per_position, NULL,
         "rows for each place of a word in the source too: loss#3, and excess#3 where the corpus "
         "tells the least possible loss"},
        {OPT_TEXT, 0, "track", &r->track, "names",
         "rows of training too: weight_norm, update_norm, tokens, examples, epochs, or all"},
        {OPT_CHOICE, 0, "weight-statistics", &r->statistics, "which",
         "the statistics of the weights of Hu et al. 2023: of all matrices, or of each tensor too",
         .choices = statistics},
        {OPT_END},
    };
    options_add(table, rows);
}

static void add_keeping(struct options *table, struct run_options *r) {
    static const char *const states[] = {"last", "all", NULL};
    const struct opt rows[] = {
        {OPT_GROUP, .help = "Keeping (checkpoints)"},
        {OPT_COUNT, 0, "save-every", &r->save_every, "steps",
         "0: never; the last step is always saved [a tenth of --steps; 0 with another --save "
         "option]",
         0, 1e12},
        {OPT_TEXT, 0, "save-at", &r->save_at, "list",
         "checkpoints at these steps too, such as 0,1-512*2,1k-100k:1k; 0: initial weights"},
        {OPT_COUNT, 0, "save-log", &r->save_log, "count",
         "so many checkpoints a decade of steps too, and one at 0; 0: none", 0,
         MILESTONES_MOST_A_DECADE},
        {OPT_LIST, 0, "save-on", &r->save_on, "metric:change",
         "a checkpoint whenever an evaluated metric has moved so far since the last of these; may "
         "be given often"},
        {OPT_TEXT, 0, "keep", &r->keep, "policy",
         "of the checkpoints of --save-every: all, last, or the last so many; others always stay"},
        {OPT_CHOICE, 0, "keep-states", &r->keep_states, "which",
         "the optimiser's state beside which checkpoints (branches need it)", .choices = states},
        {OPT_END},
    };
    options_add(table, rows);
}

static void add_branching(struct options *table, struct run_options *r) {
    const struct opt rows[] = {
        {OPT_GROUP, .help = "Branching and perturbing"},
        {OPT_TEXT, 0, "branch", &r->branch, "run@step",
         "begin with another run's checkpoint of this step, its model and its vocabulary"},
        {OPT_FLAG, 0, "fresh-optimiser", &r->fresh_optimiser, NULL,
         "branch with the weights alone"},
        {OPT_LIST, 0, "perturb", &r->perturb, "step:scale",
         "add Gaussian noise after this step, its norm so many times that of each tensor; "
         "behind it, :absolute makes the scale its deviation, and :PATTERN takes the tensors "
         "whose names match; may be given often"},
        {OPT_END},
    };
    options_add(table, rows);
}

static void add_seeds(struct options *table, struct run_options *r) {
    const struct opt rows[] = {
        {OPT_GROUP, .help = "Seeds"},
        {OPT_SEED, 's', "seed", &r->seed, "seed", "sets every seed that is not given itself"},
        {OPT_SEED, 0, "seed-init", &r->seed_init, "seed", "of the initial weights"},
        {OPT_SEED, 0, "seed-order", &r->seed_order, "seed", "of the order of examples"},
        {OPT_SEED, 0, "seed-dropout", &r->seed_dropout, "seed", "of dropout"},
        {OPT_SEED, 0, "seed-noise", &r->seed_noise, "seed", "of perturbations"},
        {OPT_END},
    };
    options_add(table, rows);
}

void run_options_add(struct options *table, struct run_options *r) {
    add_run(table, r);
    add_measuring(table, r);
    add_keeping(table, r);
    add_branching(table, r);
    add_seeds(table, r);
}

static enum precision precision_of(const struct run_options *r) {
    return strcmp(r->precision, precision_names[PRECISION_BF16]) == 0 ? PRECISION_BF16
                                                                      : PRECISION_F32;
}

/* Options that say how to do what is not done at all. */
static void refuse_idle(const struct run_options *r, struct opt_tool *tool) {
    if (!r->evals.n) {
        opt_means_nothing(tool, "eval-limit", "without --eval");
        opt_means_nothing(tool, "among", "without --eval");
        opt_means_nothing(tool, "per-tag", "without --eval");
        opt_means_nothing(tool, "per-position", "without --eval");
        if (!r->track && strcmp(r->statistics, "none") == 0)
            opt_means_nothing(tool, "first-evaluation",
                              "without --eval, --track or --weight-statistics");
    }
    if (!r->save_every)
        opt_means_nothing(tool, "keep", "without --save-every");
    if (!r->perturb.n)
        opt_means_nothing(tool, "seed-noise", "without --perturb");
    if (r->branch)
        opt_means_nothing(tool, "seed-init", "with --branch");
    else
        opt_means_nothing(tool, "fresh-optimiser", "without --branch");
}

static int64_t share_of(int64_t steps, int64_t parts) {
    return steps / parts > 0 ? steps / parts : 1;
}

void run_options_finish(struct run_options *r, struct opt_tool *tool,
                        const struct opt *model_rows) {
    struct err err = {0};
    if (!tool->show_config && (!r->folder || !*r->folder))
        msg_die(STATUS_USAGE, "name the run's folder: -d runs/NAME");
    if (!tool->show_config && !product_kernels_of(precision_of(r), &err))
        msg_die_err(&err);
    if (r->branch && loop_adopt_options(r->folder ? r->folder : "", r->branch, tool, model_rows,
                                        &r->adopted, &err) != 0)
        msg_die_err(&err);
    if (!opt_find(tool, "eval-every")->given && !r->eval_at && !r->eval_log)
        r->eval_every = share_of(r->steps, 20);
    if (!opt_find(tool, "save-every")->given && !r->save_at && !r->save_log && !r->save_on.n)
        r->save_every = share_of(r->steps, 10);
    refuse_idle(r, tool);
    uint64_t *seeds[] = {&r->seed_init, &r->seed_order, &r->seed_dropout, &r->seed_noise};
    const char *const names[] = {"seed-init", "seed-order", "seed-dropout", "seed-noise"};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        if (!opt_find(tool, names[i])->given)
            *seeds[i] = r->seed;
}

void run_options_fill(const struct run_options *r, struct loop_request *request) {
    request->folder = r->folder;
    request->steps = r->steps;
    request->feed.seed_order = r->seed_order;
    request->threads = (int)r->threads;
    request->seed_init = r->seed_init;
    request->seed_dropout = r->seed_dropout;
    request->seed_noise = r->seed_noise;
    request->evals = &r->evals;
    request->eval = (struct milestone_request){r->eval_every, r->eval_at, r->eval_log};
    request->eval_limit = r->eval_limit;
    request->skip_first_evaluation = !r->first_evaluation;
    request->among = r->among;
    request->per_tag = r->per_tag;
    request->per_position = r->per_position;
    request->track = r->track;
    request->precision = precision_of(r);
    request->statistics = strcmp(r->statistics, "none") == 0     ? STATISTICS_NONE
                          : strcmp(r->statistics, "pooled") == 0 ? STATISTICS_POOLED
                                                                 : STATISTICS_TENSORS;
    request->save = (struct milestone_request){r->save_every, r->save_at, r->save_log};
    request->save_on = &r->save_on;
    request->stop_when = &r->stop_when;
    request->keep = r->keep;
    request->keep_states = strcmp(r->keep_states, "all") == 0;
    request->branch = r->branch;
    request->fresh_optimiser = r->fresh_optimiser;
    request->perturb = &r->perturb;
}

void run_options_free(struct run_options *r) {
    struct opt_list *lists[] = {&r->evals, &r->save_on, &r->stop_when, &r->perturb};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        free(lists[i]->items);
    manifest_free(r->adopted);
    *r = run_options_default;
}
