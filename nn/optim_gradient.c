#include "nn/optim_private.h"

#include <float.h>
#include <math.h>

#include "nn/vector.h"

size_t optim_block_length(const struct optim *o, int block) {
    size_t left = o->params->size - (size_t)block * OPTIM_BLOCK;
    return left < OPTIM_BLOCK ? left : OPTIM_BLOCK;
}

/* One order for every sum of eight lanes. */
INLINE double sum_lanes(const double *lane) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

CLONED static double sum_of_squares(size_t n, const real *x) {
    double lane[8] = {0};
    for (size_t i = 0; i < n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    return sum_lanes(lane);
}

double optim_sum_of_squares(size_t n, const real *x) {
    return sum_of_squares(n, x);
}

CLONED static double dot(size_t n, const real *x, const real *y) {
    double lane[8] = {0};
    for (size_t i = 0; i < n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += (double)x[i + l] * (double)y[i + l];
    return sum_lanes(lane);
}

struct norm {
    struct optim *optim;
    const real *array;
};

static void norm_task(void *ctx, int block, int worker) {
    (void)worker;
    const struct norm *a = ctx;
    a->optim->partial[block] = sum_of_squares(optim_block_length(a->optim, block),
                                              a->array + (size_t)block * OPTIM_BLOCK);
}

double optim_norm_of(struct optim *o, struct pool *pool, const real *array) {
    struct norm a = {o, array};
    pool_run(pool, o->blocks, norm_task, &a);
    double sum = 0;
    for (int i = 0; i < o->blocks; i++)
        sum += o->partial[i];
    return sqrt(sum);
}

CLONED static void filter_average(size_t n, bool first, real alpha, real rest, real lambda,
                                  real *restrict gradient, real *restrict slow) {
    for (size_t i = 0; i < n; i++) {
        real before = first ? gradient[i] : slow[i];
        slow[i] = before * alpha + gradient[i] * rest;
        gradient[i] += slow[i] * lambda;
    }
}

/* The window is a ring of W arrays, and its sum needs no subtraction, which would let rounding
 * errors pile up: in each round of W steps, `running` is the sum of the round's gradients so far,
 * and what is left in the ring of the round before are the sums of its gradients from each place to
 * the end. At a round's end its gradients are turned into such sums. */
CLONED static void filter_window(size_t n, bool full, real window, real lambda,
                                 real *restrict gradient, real *restrict running,
                                 real *restrict here, const real *restrict rest) {
    for (size_t i = 0; i < n; i++) {
        here[i] = gradient[i];
        running[i] += gradient[i];
        if (full)
            gradient[i] += (running[i] + (rest ? rest[i] : 0)) / window * lambda;
    }
}

CLONED static void add(size_t n, const real *restrict x, real *restrict sum) {
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void filter_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const struct optim_config *c = &o->config;
    const size_t at = (size_t)block * OPTIM_BLOCK, n = optim_block_length(o, block);
    real *gradient = o->params->gradient + at;
    if (c->filter == FILTER_EMA) {
        filter_average(n, *o->filter_count == 0, (real)c->filter_alpha, (real)(1 - c->filter_alpha),
                       (real)c->filter_lambda, gradient, o->slow + at);
        return;
    }
    const int64_t window = c->filter_window, count = (int64_t)*o->filter_count;
    const int64_t place = count % window;
    const bool last = place == window - 1;
    filter_window(n, count + 1 >= window, (real)window, (real)c->filter_lambda, gradient,
                  o->window + at, o->ring[place] + at, last ? NULL : o->ring[place + 1] + at);
    if (!last)
        return;
    for (int64_t k = window - 2; k > 0; k--)
        add(n, o->ring[k + 1] + at, o->ring[k] + at);
    for (size_t i = 0; i < n; i++)
        o->window[at + i] = 0;
}

void optim_filter(struct optim *o, struct pool *pool) {
    pool_run(pool, o->blocks, filter_task, o);
    *o->filter_count += 1;
}

void optim_sum_by_tensor(const struct optim *o, size_t which, double *sum) {
    const struct optim_pieces *list = &o->by_tensor;
    for (size_t t = 0; t < o->params->tensors; t++)
        sum[t] = 0;
    for (size_t i = 0; i < list->n; i++)
        sum[list->piece[i].owner] += o->partial[which * list->n + i];
}

static void products_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const struct optim_pieces *list = &o->by_tensor;
    for (size_t i = list->first[block]; i < list->first[block + 1]; i++) {
        const size_t n = list->piece[i].length, at = list->piece[i].start;
        const real *w = o->params->value + at, *g = o->params->gradient + at;
        o->partial[i] = dot(n, w, g);
        o->partial[list->n + i] = sum_of_squares(n, w);
        o->partial[2 * list->n + i] = sum_of_squares(n, g);
    }
}

CLONED static void take_away(size_t n, double part, const real *restrict w, real *restrict g) {
    for (size_t i = 0; i < n; i++)
        g[i] = (real)((double)g[i] - part * (double)w[i]);
}

static void take_away_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const struct optim_pieces *list = &o->by_tensor;
    for (size_t i = list->first[block]; i < list->first[block + 1]; i++) {
        const size_t n = list->piece[i].length, at = list->piece[i].start;
        real *g = o->params->gradient + at;
        take_away(n, o->tensor_factor[list->piece[i].owner], o->params->value + at, g);
        o->partial[i] = sum_of_squares(n, g);
    }
}

void optim_orthogonalise(struct optim *o, struct pool *pool) {
#ifdef REAL_IS_DOUBLE
    const double noise = 16 * DBL_EPSILON;
#else
    const double noise = 16 * FLT_EPSILON;
#endif
    const size_t tensors = o->params->tensors;
    double *factor = o->tensor_factor, *along = factor + tensors;
    double *weight = along + tensors, *square = weight + tensors;
    pool_run(pool, o->blocks, products_task, o);
    optim_sum_by_tensor(o, 0, along);
    optim_sum_by_tensor(o, 1, weight);
    optim_sum_by_tensor(o, 2, square);
    for (size_t t = 0; t < tensors; t++)
        factor[t] = weight[t] > 0 ? along[t] / weight[t] : 0;
    pool_run(pool, o->blocks, take_away_task, o);
    optim_sum_by_tensor(o, 0, along);
    for (size_t t = 0; t < tensors; t++)
        factor[t] = along[t] > noise * noise * square[t] ? sqrt(square[t]) / sqrt(along[t]) : 0;
    optim_rescale(o, pool, o->params->gradient);
}
