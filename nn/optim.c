#include "nn/optim.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "nn/vector.h"

/* Elements; part of what fixes the bits of the norm. */
enum { BLOCK = 16384 };

const struct adamw adamw_default = {0.9, 0.999, 1e-8, 0.01};

struct optim *optim_new(struct params *params, const struct adamw *adamw) {
    struct optim *o = mem_alloc(1, sizeof *o);
    o->adamw = *adamw;
    o->params = params;
    o->blocks = (int)((params->size + BLOCK - 1) / BLOCK);
    o->partial = mem_alloc(o->blocks, sizeof *o->partial);
    return o;
}

void optim_free(struct optim *o) {
    if (!o)
        return;
    free(o->partial);
    free(o);
}

static size_t block_length(const struct optim *o, int block) {
    size_t left = o->params->size - (size_t)block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

/* n is a multiple of 8, because tensors are padded to 64 bytes. */
CLONED static double sum_of_squares(size_t n, const real *x) {
    double lane[8] = {0};
    for (size_t i = 0; i < n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static void norm_task(void *ctx, int block, int worker) {
    (void)worker;
    struct optim *o = ctx;
    const real *g = o->params->gradient + (size_t)block * BLOCK;
    o->partial[block] = sum_of_squares(block_length(o, block), g);
}

double optim_norm(struct optim *o, struct pool *pool) {
    pool_run(pool, o->blocks, norm_task, o);
    double sum = 0;
    for (int i = 0; i < o->blocks; i++)
        sum += o->partial[i];
    return sqrt(sum);
}

/* One step's constants, in the arithmetic of the parameters. */
struct apply {
    struct optim *optim;
    real clip, keep, beta1, rest1, beta2, rest2, rate, root2, epsilon;
};

CLONED static void adamw_block(const struct apply *a, size_t n, const real *restrict gradient,
                               real *restrict value, real *restrict first, real *restrict second) {
    const real clip = a->clip, keep = a->keep, beta1 = a->beta1, rest1 = a->rest1;
    const real beta2 = a->beta2, rest2 = a->rest2, rate = a->rate, root2 = a->root2;
    const real epsilon = a->epsilon;
    for (size_t i = 0; i < n; i++) {
        real g = gradient[i] * clip;
        real m = beta1 * first[i] + rest1 * g;
        real v = beta2 * second[i] + rest2 * g * g;
        first[i] = m;
        second[i] = v;
#ifdef REAL_IS_DOUBLE
        real root = sqrt(v);
#else
        real root = sqrtf(v);
#endif
        value[i] = value[i] * keep - rate * m / (root / root2 + epsilon);
    }
}

static void apply_task(void *ctx, int block, int worker) {
    (void)worker;
    const struct apply *a = ctx;
    const struct params *p = a->optim->params;
    size_t at = (size_t)block * BLOCK;
    adamw_block(a, block_length(a->optim, block), p->gradient + at, p->value + at, p->first + at,
                p->second + at);
}

void optim_apply(struct optim *o, struct pool *pool, double rate, int64_t step, double norm,
                 double max_norm) {
    const struct adamw *w = &o->adamw;
    double clip = max_norm > 0 ? fmin(1, max_norm / (norm + 1e-6)) : 1;
    struct apply a = {
        .optim = o,
        .clip = (real)clip,
        .keep = (real)(1 - rate * w->weight_decay),
        .beta1 = (real)w->beta1,
        .rest1 = (real)(1 - w->beta1),
        .beta2 = (real)w->beta2,
        .rest2 = (real)(1 - w->beta2),
        .rate = (real)(rate / (1 - pow(w->beta1, (double)step))),
        .root2 = (real)sqrt(1 - pow(w->beta2, (double)step)),
        .epsilon = (real)w->epsilon,
    };
    pool_run(pool, o->blocks, apply_task, &a);
}

double schedule_rate(const struct schedule *schedule, int64_t step) {
    const struct schedule *s = schedule;
    if (step <= s->warmup)
        return s->peak * (double)step / (double)s->warmup;
    double u = 1;
    if (step < s->total)
        u = (double)(step - s->warmup) / (double)(s->total - s->warmup);
    switch (s->kind) {
    case SCHEDULE_LINEAR:
        return s->peak * (1 - (1 - s->final_fraction) * u);
    case SCHEDULE_COSINE:
        return s->peak *
               (s->final_fraction + (1 - s->final_fraction) * (1 + cos(acos(-1.0) * u)) / 2);
    case SCHEDULE_CONSTANT:
        break;
    }
    return s->peak;
}
