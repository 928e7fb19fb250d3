/* A model of any architecture, as the training loop and the evaluators see it. */
#ifndef ESPALIER_MODEL_H
#define ESPALIER_MODEL_H

#include "lib/msg.h"
#include "nn/graph.h"
#include "nn/op_loss.h"
#include "nn/task.h"

struct architecture;

/* What a model reads and gives; 0 where there is no such thing. */
struct model_facts {
    int vocabulary;             /* of the tokens read */
    int outputs;                /* numbers in a row of the output: words, classes, values */
    int features;               /* real-valued inputs of an example */
    int tokens_per_example;     /* if every example must have as many */
    int max_length, max_memory; /* rows of an example; 0: no bound */
    enum loss loss;             /* of its outputs */
};

struct model {
    const struct architecture *architecture;
    void *config; /* the architecture's struct */
    struct model_facts facts;
    struct task task; /* from the architecture what its settings say; the trainer fills in the rest
                         (model_set_task) */
    struct params *params;
    struct graph *graph;
    int passes; /* parts that model_gradient takes a batch in, for room's sake; 1 from model_new */
};

/* A model of a configuration, which is copied; parameters 0 (model_init draws them). NULL
 * (STATUS_USAGE): the architecture cannot have such a configuration, or it cannot fit. */
struct model *model_new(const struct architecture *architecture, const void *config,
                        struct err *err) NODISCARD;
void model_init(struct model *m, uint64_t seed);

/* After initial values of another scheme (init.h): put in those that the configuration names, such
 * as the biases of an LSTM's forget gates. */
void model_settle(struct model *m);
void model_free(struct model *m);

/* Say what the model is trained to do: its task is a copy. */
void model_set_task(struct model *m, const struct layout *layout, const struct columns *columns,
                    const char *mask_words, const struct vocab *classes);

/* Room for batches, mean loss and gradient, outputs: as of the graph. */
void model_reserve(struct model *m, int tokens, int sequences, int longest, int workers);
double model_gradient(struct model *m, struct pool *pool, const struct batch *batch, int *counted);
void model_forward(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context);

/* The configuration as JSON ({"architecture": "transformer", "dim": 64, ...}), and back. The text
 * is the caller's to free. A configuration that does not come to so many `parameters`, those its
 * file holds, is refused before anything of its size is allocated. NULL on error: STATUS_DATA. */
char *model_config_text(const struct model *m);
struct model *model_from_config_text(const char *text, size_t parameters,
                                     struct err *err) NODISCARD;

/* A configuration that another version may have written, as this one writes it: what it does not
 * say is spelled out. NULL on error: STATUS_DATA. */
char *model_config_renew(const char *text, struct err *err) NODISCARD;

#endif
