/* The options that every trainer has for the run itself: how long, what is measured and kept, where
 * it begins, the seeds.
 *
 *     struct run_options run = run_options_default;
 *     struct options table = {0};
 *     run_options_add(&table, &run);                 (then the rows of model, optimiser, data)
 *     tool.options = table.items;
 *     corpora = opt_parse(&tool, argc, argv, &n);
 *     run_options_finish(&run, &tool, model_rows);   (before defaults are derived from others)
 *     ...
 *     struct loop_request request = {.tool = &tool, ...};
 *     run_options_fill(&run, &request);
 *     status = loop_run(&request, &err);
 *     run_options_free(&run); */
#ifndef ESPALIER_RUN_OPTIONS_H
#define ESPALIER_RUN_OPTIONS_H

#include "nn/loop.h"
#include "lib/options.h"

struct run_options {
    const char *folder, *among, *eval_at, *save_at, *keep, *keep_states, *branch, *track,
        *statistics, *precision;
    int64_t steps, eval_every, eval_log, eval_limit, save_every, save_log, threads;
    uint64_t seed, seed_init, seed_order, seed_dropout, seed_noise;
    struct opt_list evals, save_on, stop_when, perturb;
    bool first_evaluation, per_tag, per_position, fresh_optimiser, quiet;
    struct manifest *adopted; /* owns texts of options that a branch takes from its parent */
};

extern const struct run_options run_options_default;

/* Append the groups "The run", "Measuring", "Keeping", "Branching" and "Seeds", bound to *r. */
void run_options_add(struct options *table, struct run_options *r);

/* After opt_parse: what must be given is; seeds that are not given are --seed; a branch has the
 * options `model_rows` (ended by OPT_END) of its parent; intervals that depend on --steps. A wrong
 * command line is one sentence and exit 64. */
void run_options_finish(struct run_options *r, struct opt_tool *tool, const struct opt *model_rows);

/* The part of a request that these options decide. */
void run_options_fill(const struct run_options *r, struct loop_request *request);

void run_options_free(struct run_options *r);

#endif
