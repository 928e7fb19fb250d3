#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/mat.h"
#include "nn/transformer_buffers.h"

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

static size_t add_vector(struct params *p, int layer, const char *name, int n) {
    return params_add(p, 1, (size_t)n, 1, "transformer.layers.%d.%s", layer, name);
}

static size_t add_matrix(struct params *p, int layer, const char *name, int rows, int columns) {
    return params_add(p, 2, (size_t)rows, (size_t)columns, "transformer.layers.%d.%s", layer, name);
}

struct transformer *transformer_new(const struct transformer_config *config) {
    mat_init();
    struct transformer *model = mem_alloc(1, sizeof *model);
    model->config = *config;
    const struct transformer_config *c = &model->config;
    struct params *p = &model->params;
    int d = c->dim, f = c->feedforward;
    params_add(p, 2, (size_t)c->vocabulary, (size_t)d, "embedding.weight");
    if (c->positions == POSITIONS_LEARNED)
        params_add(p, 2, (size_t)c->max_length, (size_t)d, "position.weight");
    for (int l = 0; l < c->layers; l++) {
        add_matrix(p, l, "self_attn.in_proj_weight", 3 * d, d);
        add_vector(p, l, "self_attn.in_proj_bias", 3 * d);
        add_matrix(p, l, "self_attn.out_proj.weight", d, d);
        add_vector(p, l, "self_attn.out_proj.bias", d);
        add_matrix(p, l, "linear1.weight", f, d);
        add_vector(p, l, "linear1.bias", f);
        add_matrix(p, l, "linear2.weight", d, f);
        add_vector(p, l, "linear2.bias", d);
        add_vector(p, l, "norm1.weight", d);
        add_vector(p, l, "norm1.bias", d);
        add_vector(p, l, "norm2.weight", d);
        add_vector(p, l, "norm2.bias", d);
    }
    if (c->norm == NORM_PRE) {
        params_add(p, 1, (size_t)d, 1, "transformer.norm.weight");
        params_add(p, 1, (size_t)d, 1, "transformer.norm.bias");
    }
    if (!c->tied)
        params_add(p, 2, (size_t)c->vocabulary, (size_t)d, "output.weight");
    params_allocate(p);
    model->buffers = transformer_buffers_new(model);
    return model;
}

void transformer_free(struct transformer *model) {
    if (!model)
        return;
    transformer_buffers_free(model->buffers);
    params_free(&model->params);
    free(model);
}

void transformer_init(struct transformer *model, uint64_t seed) {
    struct params *p = &model->params;
    for (size_t i = 0; i < p->tensors; i++) {
        const char *name = p->table[i].name;
        const char *leaf = strrchr(name, '.');
        if (strcmp(name, "position.weight") == 0)
            params_normal(p, i, 1 / sqrt((double)model->config.dim), seed);
        else if (p->table[i].rank == 2)
            params_xavier_uniform(p, i, seed);
        else
            params_fill(p, i, strcmp(leaf, ".weight") == 0);
    }
    memset(p->first, 0, p->size * sizeof *p->first);
    memset(p->second, 0, p->size * sizeof *p->second);
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
