#include "nn/optim_private.h"

#include <math.h>

#include "nn/vector.h"

double optim_weight_norm(struct optim *o, struct pool *pool) {
    return optim_norm_of(o, pool, o->params->value);
}

static void square_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const struct optim_pieces *list = &o->by_tensor;
    for (size_t i = list->first[block]; i < list->first[block + 1]; i++)
        o->partial[i] = optim_sum_of_squares(list->piece[i].length,
                                             o->params->value + list->piece[i].start);
}

/* The norm of everything, or of each tensor. */
static void measure(struct optim *o, struct pool *pool, double *norm) {
    if (o->config.norm == NORM_GLOBAL) {
        norm[0] = optim_weight_norm(o, pool);
        return;
    }
    pool_run(pool, o->blocks, square_task, o);
    optim_sum_by_tensor(o, 0, norm);
    for (size_t t = 0; t < o->params->tensors; t++)
        norm[t] = sqrt(norm[t]);
}

void optim_remember_norm(struct optim *o, struct pool *pool) {
    if (o->initial_norm[0] < 0)
        measure(o, pool, o->initial_norm);
}

CLONED static void multiply(size_t n, double factor, real *x) {
    for (size_t i = 0; i < n; i++)
        x[i] = (real)((double)x[i] * factor);
}

struct rescale {
    const struct optim *optim;
    real *array;
};

static void rescale_task(void *ctx, int block, int worker) {
    (void)worker;
    const struct rescale *r = ctx;
    const struct optim_pieces *list = &r->optim->by_tensor;
    for (size_t i = list->first[block]; i < list->first[block + 1]; i++)
        multiply(list->piece[i].length, r->optim->tensor_factor[list->piece[i].owner],
                 r->array + list->piece[i].start);
}

void optim_rescale(struct optim *o, struct pool *pool, real *array) {
    pool_run(pool, o->blocks, rescale_task, &(struct rescale){o, array});
}

void optim_project_norm(struct optim *o, struct pool *pool) {
    const bool global = o->config.norm == NORM_GLOBAL;
    double *factor = o->tensor_factor, *now = factor + o->params->tensors;
    measure(o, pool, now);
    for (size_t t = 0; t < o->params->tensors; t++) {
        const size_t k = global ? 0 : t;
        const double wanted = o->config.norm_factor * o->initial_norm[k];
        factor[t] = wanted > 0 && now[k] > 0 ? wanted / now[k] : 1;
    }
    optim_rescale(o, pool, o->params->value);
}

CLONED static void average_block(size_t n, real keep, real take, const real *restrict value,
                                 real *restrict average) {
    for (size_t i = 0; i < n; i++)
        average[i] = keep * average[i] + take * value[i];
}

CLONED static void mean_block(size_t n, real count, const real *restrict value,
                              real *restrict average) {
    for (size_t i = 0; i < n; i++)
        average[i] += (value[i] - average[i]) / count;
}

void optim_average_block(const struct optim *o, int block) {
    const struct optim_config *c = &o->config;
    const size_t at = (size_t)block * OPTIM_BLOCK, n = optim_block_length(o, block);
    const real *value = o->params->value + at;
    real *average = o->average + at;
    if (*o->average_count == 0)
        memcpy(average, value, n * sizeof *value);
    else if (c->average == AVERAGE_EMA)
        average_block(n, (real)c->average_decay, (real)(1 - c->average_decay), value, average);
    else
        mean_block(n, (real)(*o->average_count + 1), value, average);
}

static void average_task(void *ctx, int block, int worker) {
    (void)worker;
    optim_average_block(ctx, block);
}

bool optim_averages_at(const struct optim *o, int64_t step) {
    const struct optim_config *c = &o->config;
    return c->average != AVERAGE_NONE && step >= c->average_from &&
           (step - c->average_from) % c->average_every == 0;
}

void optim_take_average(struct optim *o, struct pool *pool) {
    pool_run(pool, o->blocks, average_task, o);
}

static void swap_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const size_t at = (size_t)block * OPTIM_BLOCK, n = optim_block_length(o, block);
    for (size_t i = at; i < at + n; i++) {
        real value = o->params->value[i];
        o->params->value[i] = o->average[i];
        o->average[i] = value;
    }
}

bool optim_swap_average(struct optim *o, struct pool *pool) {
    if (!o->average || *o->average_count == 0)
        return false;
    pool_run(pool, o->blocks, swap_task, o);
    return true;
}
