/* What an architecture tells the rest: its settings, and how to build a model of them. */
#ifndef ESPALIER_ARCHITECTURE_H
#define ESPALIER_ARCHITECTURE_H

#include "nn/model.h"
#include "nn/setting.h"

struct architecture {
    const char *name; /* "transformer" */
    size_t config_size;
    const struct setting *settings;
    int chunk_rows; /* of its graphs (graph_new); 0 for the usual number */

    /* Refuse (STATUS_USAGE) settings out of bounds (setting_check), contradictions, sizes that BLAS
     * or the optimiser cannot count. */
    int (*check)(const void *config, struct err *err);

    /* Add the tensors to m->params and the operators to m->graph (both empty, m->config checked),
     * and fill in m->facts and m->task.layout. Tensors are not allocated yet: allocates nothing in
     * proportion to the model. */
    void (*build)(struct model *m);

    /* Draw the initial values of the parameters, all 0 before. */
    void (*initialise)(struct model *m, uint64_t seed);

    /* After initial values of any scheme (init.h): put in those that the configuration itself
     * names. NULL: it names none. */
    void (*settle)(struct model *m);
};

extern const struct architecture transformer_architecture, rnn_architecture, mlp_architecture;

#endif
