/* The training loop: a run directory from a model, corpora and seeds (DESIGN: a run is a
 * directory).
 *
 *     FOLDER/run.json       what was asked, on what, by which program; rewritten atomically
 *     FOLDER/metrics.tsv    step split metric value
 *     FOLDER/ckpt/          checkpoints
 *
 * The same request again continues from the last checkpoint, and everything it leaves has the same
 * bytes as if it had never stopped; a finished run returns at once; another request for the same
 * folder, or a second process in it, is refused. SIGTERM, SIGINT and SIGHUP finish the step, write
 * a checkpoint and return STATUS_AGAIN; a second signal ends the process at once. */
#ifndef ESPALIER_LOOP_H
#define ESPALIER_LOOP_H

#include <stdint.h>

#include "lib/msg.h"
#include "lib/opt.h"
#include "nn/model.h"
#include "nn/optim.h"
#include "nn/schedule.h"

struct loop_request {
    const char *folder;
    const char *const *corpora; /* to train on; "-" for a stream */
    int n_corpora;
    const struct opt_list *evals; /* NAME=CORPUS */
    int64_t steps, batch;         /* optimiser steps; examples in each */
    int64_t eval_every, save_every;
    int64_t eval_limit; /* examples of each evaluation corpus; 0: all */
    const char *among;  /* what `choice` is made among (score.h); or NULL */
    int max_length;
    int threads;
    uint64_t seed_init, seed_order;
    struct optim_config optim;
    struct schedule schedule;

    /* The command line, for the manifest. */
    const struct opt_tool *tool;
    int argc;
    char *const *argv;

    /* Make the model once the vocabulary is known. NULL on error. */
    struct model *(*make_model)(void *context, int vocabulary, struct err *err);
    void *context;
};

/* Run it. Returns the exit status; anything but STATUS_OK has its sentence in *err. */
enum status loop_run(const struct loop_request *request, struct err *err) NODISCARD;

#endif
