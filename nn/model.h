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

/* Which rows of the last block of a transformer its graph computes. Keys and values are needed
 * everywhere; queries and what comes after them only in the rows that are read: a class reads one
 * row of an example, an answer those that predict its words, a cloze those that are masked. In the
 * others the gradient is exactly 0, so that the outputs, the loss and the gradient of a batch are
 * those of the whole graph, dropout included: with the same bits, or with products in bfloat16,
 * which pair rows, to rounding.
 *     MODEL_ROWS_ALL        all; every node's value can be read and overridden by its name
 *     MODEL_ROWS_PREDICTED  where the objective predicts something; where it does everywhere, all
 *     MODEL_ROWS_WANTED     where something is predicted or batch.wanted, whatever the objective;
 *                           worth it where few rows are wanted
 * With the last two the nodes that lack rows have no names and graph_find does not know them. Other
 * architectures, and a class read from the mean of the rows, compute all. */
enum model_rows { MODEL_ROWS_ALL, MODEL_ROWS_PREDICTED, MODEL_ROWS_WANTED };

struct model {
    const struct architecture *architecture;
    void *config; /* the architecture's struct */
    struct model_facts facts;
    struct task task; /* from the architecture what its settings say; the trainer fills in the rest
                         (model_set_task) */
    struct params *params;
    struct graph *graph;
    enum model_rows rows; /* MODEL_ROWS_ALL from model_new */
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

/* Build the graph anew, to compute these rows. The parameters stay; what was got from the graph or
 * set on it (nodes, values, room, precision, overridden heads) is gone. */
void model_set_rows(struct model *m, enum model_rows rows);

/* Say what the model is trained to do: its task is a copy. */
void model_set_task(struct model *m, const struct layout *layout, const struct columns *columns,
                    const char *mask_words, const struct vocab *classes);

/* Room for batches, mean loss and gradient, outputs: as of the graph. */
void model_reserve(struct model *m, int tokens, int sequences, int longest, int workers);
double model_gradient(struct model *m, struct pool *pool, const struct batch *batch, int *counted);
void model_forward(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context);
void model_predict(struct model *m, struct pool *pool, const struct batch *batch,
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
