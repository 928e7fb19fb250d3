#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/transformer.h"

int transformer_check_config(const struct transformer_config *config, struct err *err) {
    const struct transformer_config *c = config;
    const struct {
        const char *name;
        int value;
    } sizes[] = {
        {"vocabulary", c->vocabulary},   {"dim", c->dim},
        {"layers", c->layers},           {"heads", c->heads},
        {"feedforward", c->feedforward}, {"max_length", c->max_length},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < 1)
            return err_set(err, STATUS_USAGE, "%s is %d; it must be at least 1", sizes[i].name,
                           sizes[i].value);
    if (c->dim % c->heads != 0)
        return err_set(err, STATUS_USAGE, "dim %d is not a multiple of heads %d", c->dim, c->heads);
    if (c->norm != NORM_PRE && c->norm != NORM_POST)
        return err_set(err, STATUS_USAGE, "norm is %d; it must be pre or post", (int)c->norm);
    if (c->positions != POSITIONS_SINUSOIDAL && c->positions != POSITIONS_LEARNED)
        return err_set(err, STATUS_USAGE, "positions is %d; it must be sinusoidal or learned",
                       (int)c->positions);
    if (c->activation != ACTIVATION_RELU && c->activation != ACTIVATION_GELU)
        return err_set(err, STATUS_USAGE, "activation is %d; it must be relu or gelu",
                       (int)c->activation);
    /* BLAS counts in int. */
    const struct {
        const char *name;
        int rows, columns;
    } matrices[] = {
        {"vocabulary times dim", c->vocabulary, c->dim},
        {"feedforward times dim", c->feedforward, c->dim},
        {"max_length times dim", c->max_length, c->dim},
        {"max_length times feedforward", c->max_length, c->feedforward},
        {"max_length times vocabulary", c->max_length, c->vocabulary},
        {"4 times dim squared", c->dim, c->dim > INT_MAX / 4 ? INT_MAX : 4 * c->dim},
    };
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if ((int64_t)matrices[i].rows * matrices[i].columns > INT_MAX)
            return err_set(err, STATUS_USAGE, "%s is more than a matrix can hold (%d)",
                           matrices[i].name, INT_MAX);
    /* The optimiser counts blocks of parameters in int. */
    size_t per_layer = (4 * (size_t)c->dim + 2 * (size_t)c->feedforward + 32) * (size_t)c->dim +
                       (size_t)c->feedforward + 256;
    size_t total;
    if (__builtin_mul_overflow(per_layer, (size_t)c->layers, &total) || total > (size_t)1 << 40)
        return err_set(err, STATUS_USAGE,
                       "%d layers of dim %d and feedforward %d are too many "
                       "parameters",
                       c->layers, c->dim, c->feedforward);
    return 0;
}

size_t transformer_count(const struct transformer_config *c) {
    size_t d = (size_t)c->dim, f = (size_t)c->feedforward, v = (size_t)c->vocabulary;
    size_t attention = 4 * d * d + 4 * d, feed = 2 * d * f + f + d, norms = 4 * d;
    return v * d + (c->positions == POSITIONS_LEARNED ? (size_t)c->max_length * d : 0) +
           (size_t)c->layers * (attention + feed + norms) + (c->norm == NORM_PRE ? 2 * d : 0) +
           (c->tied ? 0 : v * d);
}

int transformer_check_batch(const struct transformer *model, const struct batch *batch,
                            struct err *err) {
    const struct transformer_config *c = &model->config;
    if (batch->sequences < 0 || batch->offset[0] != 0 ||
        batch->offset[batch->sequences] != batch->tokens)
        return err_set(err, STATUS_DATA, "the batch's offsets do not cover its tokens");
    for (int s = 0; s < batch->sequences; s++) {
        int n = batch->offset[s + 1] - batch->offset[s];
        if (n < 1 || n > c->max_length)
            return err_set(err, STATUS_DATA, "sequence %d has %d tokens; the model reads 1 to %d",
                           s, n, c->max_length);
    }
    for (int t = 0; t < batch->tokens; t++) {
        if (batch->input[t] < 0 || batch->input[t] >= c->vocabulary)
            return err_set(err, STATUS_DATA, "token %d is %d; the vocabulary has %d", t,
                           (int)batch->input[t], c->vocabulary);
        if (batch->target && (batch->target[t] < -1 || batch->target[t] >= c->vocabulary))
            return err_set(err, STATUS_DATA, "target %d is %d; the vocabulary has %d", t,
                           (int)batch->target[t], c->vocabulary);
    }
    return 0;
}
