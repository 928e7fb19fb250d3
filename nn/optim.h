/* Optimisers: from a gradient to new weights.
 *
 * One call of optim_step does, in this order: the norm of the gradient (and nothing more if it is
 * not finite), the slow-gradient filter, the orthogonal projection, clipping, weight decay and the
 * optimiser's own rule, the projection of the weights to their first norm, the average of the
 * weights. Everything is elementwise, or sums over fixed blocks in fixed order: bits do not depend
 * on the number of threads.
 *
 * What an optimiser keeps from step to step is in slots and numbers of the parameters (params.h),
 * made by optim_new, and nowhere else: they and the step number are the state to save.
 *     slot first, second            Adam, AdamW: averages of the gradient and of its square
 *     slot momentum                 SGD with momentum
 *     slot slow                     FILTER_EMA: average of the gradient
 *     slot window.0 ... , window    FILTER_MEAN: sums of past gradients
 *     slot average                  the averaged weights
 *     numbers filter.count, average.count, norm.initial, norm.tensors */
#ifndef ESPALIER_OPTIM_H
#define ESPALIER_OPTIM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/param_group.h"
#include "nn/params.h"
#include "nn/pool.h"

/* For every parameter p with gradient g at step t = 1, 2, ..., learning rate r and weight decay w:
 *
 * ADAMW, Loshchilov and Hutter 2019 (arXiv:1711.05101), Algorithm 2, as torch.optim.AdamW:
 *     p -= r w p
 *     m  = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
 *     p -= r / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 * ADAM, Kingma and Ba 2015 (arXiv:1412.6980), as torch.optim.Adam: g += w p comes first, in place
 * of p -= r w p.
 * SGD, as torch.optim.SGD with dampening 0:
 *     g += w p;  b = momentum b + g;  p -= r b,  or with Nesterov's form  p -= r (g + momentum b)
 *
 * An epsilon below the smallest normal number of the arithmetic (1e-38 in single precision) counts
 * as that, so that a parameter whose gradient is and was 0 stays, even with epsilon 0. Squares of
 * gradients below 1e-19 are lost in single precision, as in PyTorch. */
enum optimiser { OPTIMISER_ADAMW, OPTIMISER_ADAM, OPTIMISER_SGD };

/* Which tensors have the common weight decay. */
enum decay_on {
    DECAY_ALL,      /* every one, biases and gains too: PyTorch with one parameter group */
    DECAY_MATRICES, /* those of rank 2, tables of words and positions too */
    DECAY_LINEAR,   /* matrices, inputs and read-outs alone: embeddings do not decay */
};

/* Slow-gradient amplification: Lee et al. 2024 (Grokfast, arXiv:2405.20233), as published in code.
 *     EMA:  s = g at the first step, then s = alpha s + (1 - alpha) g;  g += lambda s
 *     MEAN: g += lambda (mean of the last `window` gradients, this one included), from the step on
 *           at which there are so many. Keeps window + 1 arrays of the size of the weights. */
enum filter_kind { FILTER_NONE, FILTER_EMA, FILTER_MEAN };

/* After each step, multiply the weights so that their Euclidean norm is norm_factor times what it
 * was before the first step: of all weights as one vector (Liu et al. 2023, Omnigrok,
 * arXiv:2210.01117), or of each tensor; a tensor that began as 0 is then left free. */
enum norm_projection { NORM_FREE, NORM_GLOBAL, NORM_TENSOR };

/* An average of the weights after steps from, from + every, ...: the first is taken as it is, then
 *     EMA:  a = decay a + (1 - decay) p     MEAN: a += (p - a) / n, p being the n-th
 * as torch.optim.swa_utils.AveragedModel. MEAN from a late step on is stochastic weight averaging
 * (Izmailov et al. 2018, arXiv:1803.05407). Training never sees the average. */
enum average_kind { AVERAGE_NONE, AVERAGE_EMA, AVERAGE_MEAN };

struct optim_config {
    enum optimiser kind;
    double beta1, beta2, epsilon; /* Adam, AdamW */
    double momentum;              /* SGD; 0: none */
    bool nesterov;
    double weight_decay;
    enum decay_on decay_on;
    double l1;                        /* g += l1 sign(p), of the tensors decay_on names; 0: none */
    double base_width;                /* rates and decays by mup.h; 0: none */
    const struct param_group *groups; /* .rate and .decay; copied by optim_new */
    size_t n_groups;
    double clip;       /* largest norm of the gradient: it is multiplied by
                          min(1, clip / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_; 0: none */
    double clip_value; /* largest size of each number, as clip_grad_value_; 0: none */
    enum filter_kind filter;
    double filter_alpha, filter_lambda;
    int64_t filter_window;
    bool orthogonal; /* of each tensor's gradient take away its part along the weights, then give
                        it its norm back: Prieto et al. 2025 (arXiv:2501.04697). A gradient that is
                        all along the weights but for rounding becomes 0 */
    enum norm_projection norm;
    double norm_factor;
    enum average_kind average;
    double average_decay;
    int64_t average_from, average_every;
};

/* AdamW with betas 0.9 and 0.999, epsilon 1e-8, no weight decay, clipping at norm 1, nothing else;
 * where another choice is made: alpha 0.98, lambda 2, window 100, norm_factor 1, average_decay
 * 0.999 from step 1 at every step. */
#define OPTIM_DEFAULT                                                                              \
    {                                                                                              \
        .kind = OPTIMISER_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .clip = 1,         \
        .filter_alpha = 0.98, .filter_lambda = 2, .filter_window = 100, .norm_factor = 1,          \
        .average_decay = 0.999, .average_from = 1, .average_every = 1                              \
    }
extern const struct optim_config optim_default;

/* -1 (STATUS_USAGE) with a sentence for a configuration that makes no sense. */
int optim_check(const struct optim_config *config, struct err *err) NODISCARD;

struct optim;

/* An optimiser of *params, which must outlive it, with its slots, zero where they are new. Free
 * with optim_free. NULL (STATUS_USAGE) if optim_check refuses, a group matches no tensor, a base
 * width is given and the model has no width, or the slots cannot fit this machine's memory. */
struct optim *optim_new(struct params *params, const struct optim_config *config,
                        struct err *err) NODISCARD;
void optim_free(struct optim *o);

struct optim_report {
    double norm;    /* Euclidean norm of the gradient as given */
    double applied; /* the same after filter and projection, before clipping */
    double clip;    /* what clipping by norm multiplied it with; 1: nothing */
};

/* One step, number `step` counted from 1, at learning rate `rate`. -1 if a norm in `report` (which
 * may be NULL) is not finite: then nothing has changed, but for the filter's own state if it was
 * the filter that overflowed. The gradient array is left as it was, or filtered and projected if
 * that was asked. */
int optim_step(struct optim *o, struct pool *pool, int64_t step, double rate,
               struct optim_report *report) NODISCARD;

/* Exchange the weights with their average, and back again at the second call. False, and nothing
 * done, if there is no average yet. Do not step in between. */
bool optim_swap_average(struct optim *o, struct pool *pool);

/* The Euclidean norm of all weights, in double. */
double optim_weight_norm(struct optim *o, struct pool *pool);

/* What multiplies the learning rate of a tensor, and its weight decay. */
double optim_tensor_rate(const struct optim *o, size_t tensor);
double optim_tensor_decay(const struct optim *o, size_t tensor);

#endif
