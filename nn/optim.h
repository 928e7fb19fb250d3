/* AdamW, gradient clipping and learning-rate schedules. */
#ifndef ESPALIER_OPTIM_H
#define ESPALIER_OPTIM_H

#include <stdint.h>

#include "nn/params.h"
#include "nn/pool.h"

/* Loshchilov and Hutter 2019 (arXiv:1711.05101), Algorithm 2, as torch.optim.AdamW defines it. For
 * every parameter p with gradient g at step t = 1, 2, ... and learning rate r:
 *     p -= r weight_decay p
 *     m  = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
 *     p -= r / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 * All parameters decay, biases and LayerNorm gains included, as in PyTorch with one parameter
 * group. weight_decay = 0 gives Adam. */
struct adamw {
    double beta1, beta2, epsilon, weight_decay;
};

/* torch.optim.AdamW's defaults: 0.9, 0.999, 1e-8, 0.01. */
extern const struct adamw adamw_default;

struct optim {
    struct adamw adamw;
    struct params *params; /* borrowed */
    double *partial;       /* one per block, for the norm */
    int blocks;
};

/* An optimiser of *params, which must outlive it. Free with optim_free. The moments and the step
 * number, not this struct, are the state to save. */
struct optim *optim_new(struct params *params, const struct adamw *adamw);
void optim_free(struct optim *o);

/* The Euclidean norm of the whole gradient, in double, by fixed blocks added in fixed order. Not
 * finite if any gradient is not (or if a square overflows): then do not call optim_apply. */
double optim_norm(struct optim *o, struct pool *pool);

/* One AdamW step, number `step` counted from 1. With max_norm > 0 the gradient is first multiplied
 * by min(1, max_norm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does; norm is optim_norm's
 * answer. max_norm = 0 means no clipping, and norm is not used. The gradient array itself is left
 * as it was. */
void optim_apply(struct optim *o, struct pool *pool, double rate, int64_t step, double norm,
                 double max_norm);

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE };

struct schedule {
    enum schedule_kind kind;
    double peak;           /* the learning rate at the end of the warm-up */
    int64_t warmup;        /* steps; 0 for none */
    int64_t total;         /* steps of the whole run; not used by SCHEDULE_CONSTANT */
    double final_fraction; /* of the peak, reached at step `total`; not used by SCHEDULE_CONSTANT */
};

/* The learning rate of step s >= 1.
 *     s <= warmup:   peak s / warmup              (the first step is never 0)
 *     s >  warmup, with u = min(1, (s - warmup) / (total - warmup)), or 1 if total <= warmup:
 *         constant   peak
 *         linear     peak (1 - (1 - final_fraction) u)
 *         cosine     peak (final_fraction + (1 - final_fraction) (1 + cos(pi u)) / 2)
 * The cosine is Loshchilov and Hutter 2017 (arXiv:1608.03983), eq. 5, with one cycle. After step
 * `total` the rate stays at its last value. */
double schedule_rate(const struct schedule *schedule, int64_t step);

#endif
