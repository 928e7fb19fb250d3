#include "nn/optim_private.h"

#include <float.h>
#include <math.h>

#include "nn/vector.h"

#ifdef REAL_IS_DOUBLE
static const double SMALLEST = DBL_MIN;
#    define real_sqrt sqrt
#else
static const double SMALLEST = FLT_MIN;
#    define real_sqrt sqrtf
#endif

INLINE void adam_element(const struct optim_constants *c, real g, real *value, real *first,
                         real *second) {
    real m = c->beta1 * *first + c->rest1 * g;
    real v = c->beta2 * *second + c->rest2 * g * g;
    *first = m;
    *second = v;
    *value = *value * c->keep - c->rate * m / (real_sqrt(v) / c->root2 + c->epsilon);
}

/* The gradient cut by value, and with the penalties' parts. */
INLINE real prepared(const struct optim_constants *c, real gradient, real value) {
    real g = gradient * c->clip;
    g = g > c->limit ? c->limit : g;
    g = g < -c->limit ? -c->limit : g;
    real sign = (real)((value > 0) - (value < 0));
    return g + c->l2 * value + c->l1 * sign;
}

CLONED static void adam_plain(struct optim_constants constants, size_t n,
                              const real *restrict gradient, real *restrict value,
                              real *restrict first, real *restrict second) {
    const struct optim_constants c = constants;
    for (size_t i = 0; i < n; i++)
        adam_element(&c, gradient[i] * c.clip, &value[i], &first[i], &second[i]);
}

CLONED static void adam_full(struct optim_constants constants, size_t n,
                             const real *restrict gradient, real *restrict value,
                             real *restrict first, real *restrict second) {
    const struct optim_constants c = constants;
    for (size_t i = 0; i < n; i++)
        adam_element(&c, prepared(&c, gradient[i], value[i]), &value[i], &first[i], &second[i]);
}

CLONED static void sgd_plain(struct optim_constants constants, size_t n,
                             const real *restrict gradient, real *restrict value) {
    const struct optim_constants c = constants;
    for (size_t i = 0; i < n; i++)
        value[i] -= c.rate * prepared(&c, gradient[i], value[i]);
}

CLONED static void sgd_momentum(struct optim_constants constants, size_t n,
                                const real *restrict gradient, real *restrict value,
                                real *restrict momentum) {
    const struct optim_constants c = constants;
    for (size_t i = 0; i < n; i++) {
        real b = c.momentum * momentum[i] + prepared(&c, gradient[i], value[i]);
        momentum[i] = b;
        value[i] -= c.rate * b;
    }
}

CLONED static void sgd_nesterov(struct optim_constants constants, size_t n,
                                const real *restrict gradient, real *restrict value,
                                real *restrict momentum) {
    const struct optim_constants c = constants;
    for (size_t i = 0; i < n; i++) {
        real g = prepared(&c, gradient[i], value[i]), b = c.momentum * momentum[i] + g;
        momentum[i] = b;
        value[i] -= c.rate * (g + c.momentum * b);
    }
}

static void update_piece(const struct optim *o, const struct optim_piece *piece) {
    const struct optim_config *config = &o->config;
    const struct optim_constants *c = &o->constants[piece->owner];
    const size_t at = piece->start, n = piece->length;
    const real *gradient = o->params->gradient + at;
    real *value = o->params->value + at;
    if (config->kind == OPTIMISER_SGD) {
        if (config->momentum == 0)
            sgd_plain(*c, n, gradient, value);
        else if (config->nesterov)
            sgd_nesterov(*c, n, gradient, value, o->momentum + at);
        else
            sgd_momentum(*c, n, gradient, value, o->momentum + at);
        return;
    }
    bool plain = c->l1 == 0 && c->l2 == 0 && config->clip_value == 0;
    (plain ? adam_plain : adam_full)(*c, n, gradient, value, o->first + at, o->second + at);
}

static void update_task(void *ctx, int block, int worker) {
    (void)worker;
    const struct optim *o = ctx;
    for (size_t i = o->by_setting.first[block]; i < o->by_setting.first[block + 1]; i++)
        update_piece(o, &o->by_setting.piece[i]);
    if (o->averaging)
        optim_average_block(o, block);
}

void optim_update(struct optim *o, struct pool *pool, int64_t step, double rate, double clip) {
    const struct optim_config *c = &o->config;
    const bool adam = c->kind != OPTIMISER_SGD, decoupled = c->kind == OPTIMISER_ADAMW;
    for (size_t i = 0; i < o->n_settings; i++) {
        const struct optim_setting *s = &o->settings[i];
        const double own = rate * s->rate;
        o->constants[i] = (struct optim_constants){
            .clip = (real)clip,
            .limit = c->clip_value > 0 ? (real)c->clip_value : (real)INFINITY,
            .keep = decoupled ? (real)(1 - own * s->decay) : 1,
            .l1 = (real)s->l1,
            .l2 = decoupled ? 0 : (real)s->decay,
            .rate = (real)(adam ? own / (1 - pow(c->beta1, (double)step)) : own),
            .beta1 = (real)c->beta1,
            .rest1 = (real)(1 - c->beta1),
            .beta2 = (real)c->beta2,
            .rest2 = (real)(1 - c->beta2),
            .root2 = (real)sqrt(1 - pow(c->beta2, (double)step)),
            .epsilon = (real)fmax(c->epsilon, SMALLEST),
            .momentum = (real)c->momentum,
        };
    }
    pool_run(pool, o->blocks, update_task, o);
}
