/* Learning-rate schedules: a warm-up, then one of several decays, in one cycle or several. */
#ifndef ESPALIER_SCHEDULE_H
#define ESPALIER_SCHEDULE_H

#include <stdint.h>

#include "lib/msg.h"

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_LINEAR,
    SCHEDULE_COSINE,
    SCHEDULE_INVERSE_ROOT,
    SCHEDULE_TRIANGLE,
    SCHEDULE_STEPS,
};

struct schedule {
    enum schedule_kind kind;
    double peak;           /* the learning rate at the end of the warm-up */
    int64_t warmup;        /* steps; 0 for none */
    int64_t total;         /* steps of the whole run; used by linear, cosine and triangle */
    double final_fraction; /* of the peak; used by linear, cosine and triangle */
    int64_t cycle;         /* linear, cosine, triangle: steps of the first cycle after the
                              warm-up; 0: one cycle, to step `total` */
    int64_t cycle_growth;  /* with a cycle: each is so many times as long as the one before; 0
                              means 1 */
    int64_t every;         /* steps: the rate changes after each so many steps */
    double factor;         /* steps: by this */
};

/* The learning rate of step s >= 1. With t = s - warmup:
 *     s <= warmup:   peak s / warmup              (the first step is never 0)
 *     constant       peak
 *     linear         peak (1 - (1 - final_fraction) u)
 *     cosine         peak (final_fraction + (1 - final_fraction) (1 + cos(pi u)) / 2)
 *     triangle       peak (final_fraction + (1 - final_fraction) (1 - |2 u - 1|))
 *     inverse-root   peak sqrt(max(warmup, 1) / s)
 *     steps          peak factor^floor((t - 1) / every)
 * where u is the part of its cycle that is over after step s. One cycle: u = t / (total - warmup),
 * or 1 if total <= warmup; after step `total` u stays 1. With cycles, cycle c = 0, 1, ... has
 * cycle cycle_growth^c steps, u runs from 1 / length to 1 in each, and the next begins anew; after
 * step `total` the rate stays as at that step.
 *
 * The cosine and its restarts are Loshchilov and Hutter 2017 (arXiv:1608.03983), eq. 5, with T_cur
 * counted from 1 at the first step; the triangle is Smith 2017 (arXiv:1506.01186); the inverse root
 * is that of Vaswani et al. 2017 (arXiv:1706.03762), eq. 3, relative to its peak; steps are
 * torch.optim.lr_scheduler.StepLR. */
double schedule_rate(const struct schedule *schedule, int64_t step);

/* -1 (STATUS_USAGE) with a sentence for a schedule that makes no sense. */
int schedule_check(const struct schedule *schedule, struct err *err) NODISCARD;

#endif
