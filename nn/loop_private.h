/* What the files of the training loop share: loop.c takes the steps, loop_record.c keeps the folder
 * and its run.json, loop_evaluate.c measures on the way. */
#ifndef ESPALIER_LOOP_PRIVATE_H
#define ESPALIER_LOOP_PRIVATE_H

#include "lib/manifest.h"
#include "lib/metrics.h"
#include "lib/progress.h"
#include "nn/checkpoint.h"
#include "nn/feed.h"
#include "nn/loop.h"
#include "nn/score.h"

struct evaluation {
    char *name;
    struct score_set *set;
};

struct run {
    const struct loop_request *request;
    char *manifest_path, *metrics_path;
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
    int64_t step; /* done */
    struct checkpoint_state state;
    double last_loss, last_norm;
    struct progress progress;
};

/* Make the folder and those above it; *made: the last one is new. -1: STATUS_CANTCREATE. */
int loop_make_folders(const char *path, bool *made, struct err *err);

/* One process a folder. The lock ends with the process, however it ends. */
int loop_lock_folder(struct run *run, struct err *err);

/* Remove the files that a killed process left half-written: those whose names end in MARK and its
 * number. */
void loop_remove_unfinished(const char *folder, const char *mark);

/* What can be known to be wrong before any corpus is opened. */
int loop_check_request(const struct loop_request *q, struct err *err);

/* The manifest of this process: what is asked; then its corpora, all but standard input. */
void loop_start_manifest(struct run *run);
int loop_add_inputs(struct run *run, struct err *err);

/* Options that say nothing of the result (the caller frees the list); an evaluation's corpus. */
const char **loop_ignored_options(const struct run *run);
const char *loop_corpus_of(const char *item);

/* Read the run.json that is there into *old (NULL: none). 1: it is of this very run, finished; 0:
 * go on; -1: it is of another. */
int loop_meet_old_run(struct run *run, struct manifest **old, struct err *err);

/* Load the evaluation corpora; evaluate on all, into metrics and a note. */
int loop_open_evaluations(struct run *run, struct err *err);
int loop_evaluate(struct run *run, struct err *err);

#endif
