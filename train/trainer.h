/* What all trainers are: an option table, a request, a run. A trainer adds its model. */
#ifndef ESPALIER_TRAINER_H
#define ESPALIER_TRAINER_H

#include "train/data_options.h"
#include "train/optimiser_options.h"
#include "train/run_options.h"

/* What is asked for, beside the model. */
struct trainer_options {
    struct run_options run;
    struct data_options data;
    struct optimiser_options optimiser;
    int64_t accumulate; /* batches of a step */
};

struct trainer {
    const char *name, *summary;
    const char *more;                 /* examples, for --help; the exit statuses are added */
    const struct opt *rows;           /* of the model, bound to `context`; ends with OPT_END */
    const struct opt_preset *presets; /* ends with a NULL name */
    void *context;

    /* Put in the trainer's own defaults. May be NULL. */
    void (*defaults)(void *context, struct trainer_options *o);
    /* After the command line is parsed: derive what was not given, refuse contradictions
     * (opt_means_nothing, or -1), and say what the models can read. */
    int (*finish)(void *context, struct opt_tool *tool, struct trainer_options *o,
                  struct data_limits *limits, struct err *err);
    /* Build the model for what was found in the corpora. NULL on error. */
    struct model *(*make_model)(void *context, const struct feed *feed, struct err *err);
};

/* The whole of a trainer's main. */
int trainer_main(const struct trainer *t, int argc, char **argv);

#endif
