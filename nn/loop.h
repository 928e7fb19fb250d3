/* The training loop: a run directory from a model, corpora and seeds (man/espalier-run.5).
 *
 *     FOLDER/run.json       what was asked, on what, by which program; rewritten atomically
 *     FOLDER/metrics.tsv    step split metric value
 *     FOLDER/timing.tsv     the same of seconds and memory, which no seed decides
 *     FOLDER/ckpt/          checkpoints
 *
 * The same request again continues from the last checkpoint, and everything it leaves, timing.tsv
 * aside, has the same bytes as if it had never stopped; a finished run returns at once; another
 * request for the same folder, or a second process in it, is refused.
 *
 * A step is: the update; then a perturbation, if one is asked for at this step; then the
 * evaluation; then the checkpoint. A run begins with its base: step 0, or the step it branches at,
 * which is like a step without an update.
 *
 * SIGTERM, SIGINT and SIGHUP finish the step (or give up waiting for a stream), write a checkpoint
 * and return STATUS_AGAIN; a second signal ends the process at once. SIGUSR1 writes a checkpoint
 * after the step, SIGUSR2 evaluates to the notes alone. */
#ifndef ESPALIER_LOOP_H
#define ESPALIER_LOOP_H

#include <stdint.h>

#include "lib/msg.h"
#include "lib/opt.h"
#include "nn/feed.h"
#include "nn/init.h"
#include "nn/milestones.h"
#include "nn/model.h"
#include "nn/optim.h"
#include "nn/schedule.h"

/* Statistics of the weights (weight_statistics.h): of all together, and of each tensor too. */
enum loop_statistics { STATISTICS_NONE, STATISTICS_POOLED, STATISTICS_TENSORS };

struct loop_request {
    const char *folder;
    struct feed_request feed; /* what to train on, and how; seed_order included */
    int64_t steps;            /* of the optimiser */
    int64_t passes;           /* parts a step's batch is taken in (gradient accumulation) */
    int threads;
    enum precision precision; /* of the products with weights */
    uint64_t seed_init, seed_dropout, seed_noise;
    struct init_config initial; /* of a fresh model */
    struct optim_config optim;
    struct schedule schedule;

    /* What is measured. */
    const struct opt_list *evals; /* NAME=CORPUS */
    struct milestone_request eval;
    int64_t eval_limit;         /* examples of each evaluation corpus; 0: all */
    bool skip_first_evaluation; /* at the base, unless it is listed */
    const char *among;          /* what `choice` is made among (score.h); or NULL */
    bool per_tag;               /* rows for each tag of an evaluation corpus */
    bool per_position;          /* rows for each place of a word in the source */
    const char *track;          /* further rows of train: names by commas, "all"; or NULL */
    enum loop_statistics statistics;

    /* What is kept, and when the run ends. */
    struct milestone_request save;
    const struct opt_list *save_on;   /* METRIC:CHANGE */
    const struct opt_list *stop_when; /* METRIC>=VALUE[:TIMES] */
    const char *keep; /* of the checkpoints of save.every: "all", "last", a number */
    bool keep_states; /* of all checkpoints, not of the last alone */

    /* Where it begins, and what befalls it. */
    const char *branch;             /* RUN@STEP; or NULL */
    bool fresh_optimiser;           /* a branch that takes the weights alone */
    const struct opt_list *perturb; /* perturb.h */

    /* The command line, for the manifest. */
    const struct opt_tool *tool;
    int argc;
    char *const *argv;

    /* Make the model once it is known what it must read. NULL on error. */
    struct model *(*make_model)(void *context, const struct feed *feed, struct err *err);
    void *context;
};

/* Run it. Returns the exit status; anything but STATUS_OK has its sentence in *err. */
enum status loop_run(const struct loop_request *request, struct err *err) NODISCARD;

/* Before the request is filled: give the options that describe the model, `rows` of the tool's
 * table (ended by OPT_END), the values they have in the run that is branched from, or, when the
 * folder is a run already, in it; options that were given must have these values. *kept owns texts
 * that the options then point to; free it (manifest_free) after the run. -1: STATUS_USAGE (another
 * tool's run, an option that differs, no RUN@STEP), or as manifest_read. */
struct manifest;
int loop_adopt_options(const char *folder, const char *branch, const struct opt_tool *tool,
                       const struct opt *rows, struct manifest **kept, struct err *err) NODISCARD;

#endif
