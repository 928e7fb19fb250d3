/* What the files of the training loop share: loop.c takes the steps, loop_record.c keeps the folder
 * and its run.json, loop_evaluate.c measures on the way, loop_watch.c acts on what was measured,
 * loop_keep.c writes and thins checkpoints, loop_branch.c begins from another run's, loop_time.c
 * keeps timing.tsv, loop_signal.c listens. */
#ifndef ESPALIER_LOOP_PRIVATE_H
#define ESPALIER_LOOP_PRIVATE_H

#include "lib/manifest.h"
#include "lib/metrics.h"
#include "lib/progress.h"
#include "nn/checkpoint.h"
#include "nn/feed.h"
#include "nn/loop.h"
#include "nn/perturb.h"
#include "nn/score.h"

struct evaluation {
    char *name;
    struct score_set *set;
    struct corpus_digest digest;
};

/* A metric that decides something: that it moved by so much (--save-on), or that it compared with
 * a value so many evaluations in a row (--stop-when). */
struct watch {
    const char *text; /* as it was given */
    char *metric;     /* split/name */
    bool stops;
    double value;    /* the least change; what is compared with */
    char comparison; /* '<' or '>', or 'l' or 'g' with equality */
    int64_t times;
    bool known; /* such a metric exists */
    bool moved; /* since its reference, at the last evaluation */
    double latest;
    double memory[2]; /* what a checkpoint remembers: whether there is a reference, the reference;
                         evaluations in a row, the step of the first of them */
};

/* Rows of train beside loss, gradient_norm and rate. */
enum { TRACK_WEIGHT_NORM, TRACK_UPDATE_NORM, TRACK_TOKENS, TRACK_EXAMPLES, TRACK_EPOCHS, TRACKS };

/* What an evaluation does with what it measures. */
enum report {
    REPORT_ROWS,  /* rows of metrics.tsv, and a note */
    REPORT_NOTE,  /* a note alone */
    REPORT_NAMES, /* nothing is measured: the names of the metrics alone */
};

struct run {
    const struct loop_request *request;
    char *manifest_path, *metrics_path, *timing_path;
    int lock;
    struct manifest *manifest;
    struct vocab vocab;
    struct feed *feed;
    struct evaluation *evals;
    size_t n_evals;
    struct model *model;
    struct pool *pool;
    struct optim *optim;
    struct metrics *metrics;

    struct milestones eval, save;
    struct watch *watches;
    size_t n_watches;
    struct perturbation *perturbations;
    size_t n_perturbations;
    int64_t keep; /* checkpoints of save.every; 0: all */
    bool track[TRACKS];
    char *parent; /* the run branched from; NULL: none */
    struct task parent_task;

    int64_t base;  /* where the run begins: 0, or the step it branches at */
    int64_t step;  /* done */
    int64_t saved; /* the last step with a checkpoint by this process; -1: none */
    bool imported; /* this process copied the checkpoint that the run begins with */
    bool ended;    /* nothing is left to do */
    struct checkpoint_state state;
    double last_loss, last_norm, update_norm;
    real *before;   /* weights before an update that is measured */
    double program; /* bytes of memory before anything was loaded */

    enum report report;
    struct vocab names; /* of all metrics, split/name */

    struct progress progress;
    struct metrics *timing;
    double seconds_before;                              /* of earlier processes */
    double noted_seconds, synced_seconds, noted_tokens; /* at the last evaluation */
    int64_t noted_step;
};

/* loop_record.c */

/* Make the folder and those above it; *made: the last one is new. -1: STATUS_CANTCREATE. */
int loop_make_folders(const char *path, bool *made, struct err *err);

/* One process a folder. The lock ends with the process, however it ends. */
int loop_lock_folder(struct run *run, struct err *err);

/* Remove the files that a killed process left half-written: those whose names end in MARK and its
 * number. */
void loop_remove_unfinished(const char *folder, const char *mark);

/* What can be known to be wrong before any corpus is opened; fills what the request says in words.
 */
int loop_check_request(struct run *run, struct err *err);

/* The manifest of this process: what is asked; then its corpora, all but standard input, once they
 * are open. -1: the file of words cannot be read. */
void loop_start_manifest(struct run *run);
int loop_add_inputs(struct run *run, struct err *err);

/* Options that need not agree with those of the old run: that say nothing of the result, or that
 * were unknown to the version that made it and are not given now. The caller frees the list. */
const char **loop_ignored_options(const struct run *run, const struct manifest *old);
const char *loop_corpus_of(const char *item);

/* Read the run.json that is there into *old (NULL: none). 1: it is of this very run, finished; 0:
 * go on; -1: it is of another. */
int loop_meet_old_run(struct run *run, struct manifest **old, struct err *err);

/* loop_evaluate.c */

/* Load the evaluation corpora. */
int loop_open_evaluations(struct run *run, struct err *err);

/* Whether an evaluation is due at a step, but for one that ends the run. */
bool loop_evaluates_at(const struct run *run, int64_t step);

/* Evaluate on all, and report. */
int loop_evaluate(struct run *run, enum report report, struct err *err);

/* A metric and its value, to where the evaluation reports. */
typedef int loop_put(struct run *run, const char *split, const char *metric, double value,
                     struct err *err);

/* loop_statistics.c: the statistics of the weights that are asked for. */
int loop_put_statistics(struct run *run, loop_put *put_row, struct err *err);

/* Read --track. -1: a word it does not know. */
int loop_read_track(struct run *run, const char *text, struct err *err);

/* loop_watch.c */

int loop_read_watches(struct run *run, struct err *err);
void loop_free_watches(struct run *run);

/* Every watched metric must be one of run->names. -1: STATUS_USAGE, with the nearest. */
int loop_check_watches(const struct run *run, struct err *err);

/* A metric was measured. */
void loop_watch(struct run *run, const char *split, const char *metric, double value);

/* After an evaluation: whether a watched metric moved, which then is its new reference; which
 * criterion to end the run is met, or NULL. */
bool loop_takes_moves(struct run *run);
const struct watch *loop_met_criterion(const struct run *run);

/* To and from what a checkpoint remembers. -1 (STATUS_DATA): it is not of these watches. */
void loop_remember_watches(struct run *run);
int loop_recall_watches(struct run *run, struct err *err);

/* loop_keep.c */

/* Write the checkpoint of this step, and thin those before it. `lasting`: it was made on a
 * metric's change, and stays. */
int loop_save(struct run *run, bool lasting, struct err *err);

/* Whether a checkpoint of this step was asked for beforehand. */
bool loop_saves_at(const struct run *run, int64_t step);

/* Remove the checkpoints before this step that --keep does not keep, and those that a signal left
 * between two that were asked for. */
void loop_thin(const struct run *run);

/* loop_branch.c */

/* Read RUN@STEP into run->parent and run->base. -1: STATUS_USAGE. */
int loop_read_branch(struct run *run, struct err *err);

/* The vocabulary and the task of the checkpoint the run begins with, into run->vocab and
 * run->parent_task before its corpora, which are held to its words and classes, are opened.
 * `begun`: the run has a copy of its own. -1: the objective of this run is another (STATUS_USAGE),
 * or the checkpoint is not there or unsound. */
int loop_take_parent(struct run *run, bool begun, struct err *err);

/* A file of words (--vocabulary) may not add to it either. */
int loop_check_vocabulary(const struct run *run, size_t known, struct err *err);

/* The model must be that of the checkpoint; then copy the checkpoint into the run's own folder, if
 * it has not `begun`, and write the manifest's section. */
int loop_import(struct run *run, struct manifest *old, struct err *err);

/* loop_memory.c: say how much memory the run is expected to need at most. */
void loop_tell_memory(struct run *run);

/* loop_time.c: timing.tsv. Problems with what is there make it begin anew. */
int loop_open_timing(struct run *run, bool anew, struct err *err);
int loop_add_timing(struct run *run, struct err *err);

/* Put ", 12.3 steps/s" into text; the tokens of a second, since the last evaluation. */
void loop_put_rate(const struct run *run, char *text, size_t room);
double loop_token_rate(const struct run *run);

/* loop_signal.c */

/* Listen from now on, also while readers wait for input; and no more. */
void loop_listen(void);
void loop_stop_listening(void);

/* The name of the signal that asks to stop, or NULL. Whether a checkpoint, an evaluation was asked
 * for since the last call. */
const char *loop_stop_signal(void);
bool loop_take_save_signal(void);
bool loop_take_evaluate_signal(void);

#endif
