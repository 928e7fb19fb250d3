/* A language model of any architecture, as the training loop and the evaluators see it. */
#ifndef ESPALIER_MODEL_H
#define ESPALIER_MODEL_H

#include "lib/msg.h"
#include "nn/transformer.h"

struct model {
    struct params *params;
    int vocabulary, max_length;
    struct transformer *transformer; /* the only architecture so far */
};

/* A model of a configuration, parameters 0 (model_init draws them). NULL: STATUS_USAGE. */
struct model *model_new_transformer(const struct transformer_config *config,
                                    struct err *err) NODISCARD;
void model_init(struct model *m, uint64_t seed);
void model_free(struct model *m);

/* Room for batches (transformer_reserve); mean loss and gradient; logits (transformer.h). */
void model_reserve(struct model *m, int tokens, int sequences, int longest, int workers);
double model_gradient(struct model *m, struct pool *pool, const struct batch *batch, int *counted);
void model_forward(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context);

/* The configuration as JSON ({"architecture": "transformer", "dim": 64, ...}), and back. The text
 * is the caller's to free. A configuration that does not come to so many `parameters`, those its
 * file holds, is refused before anything is allocated. NULL on error: STATUS_DATA. */
char *model_config_text(const struct model *m);
struct model *model_from_config_text(const char *text, size_t parameters,
                                     struct err *err) NODISCARD;

#endif
