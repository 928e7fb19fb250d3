#include "nn/schedule.h"

#include <inttypes.h>
#include <math.h>

/* The part of its cycle that is over after step s > warmup. */
static double part(const struct schedule *s, int64_t step) {
    if (!s->cycle)
        return step < s->total ? (double)(step - s->warmup) / (double)(s->total - s->warmup) : 1;
    int64_t last = step < s->total ? step : s->total;
    int64_t t = last > s->warmup ? last - s->warmup : 1, length = s->cycle;
    if (s->cycle_growth <= 1)
        return (double)((t - 1) % length + 1) / (double)length;
    while (t > length) { /* at most 63 times: t is at least halved or the length doubled */
        t -= length;
        length = length > INT64_MAX / s->cycle_growth ? INT64_MAX : length * s->cycle_growth;
    }
    return (double)t / (double)length;
}

double schedule_rate(const struct schedule *schedule, int64_t step) {
    const struct schedule *s = schedule;
    if (step <= s->warmup)
        return s->peak * (double)step / (double)s->warmup;
    const double rest = 1 - s->final_fraction;
    switch (s->kind) {
    case SCHEDULE_LINEAR:
        return s->peak * (1 - rest * part(s, step));
    case SCHEDULE_COSINE:
        return s->peak * (s->final_fraction + rest * (1 + cos(acos(-1.0) * part(s, step))) / 2);
    case SCHEDULE_TRIANGLE:
        return s->peak * (s->final_fraction + rest * (1 - fabs(2 * part(s, step) - 1)));
    case SCHEDULE_INVERSE_ROOT:
        return s->peak * sqrt((s->warmup > 0 ? (double)s->warmup : 1) / (double)step);
    case SCHEDULE_STEPS:
        return s->peak * pow(s->factor, (double)((step - s->warmup - 1) / s->every));
    case SCHEDULE_CONSTANT:
        break;
    }
    return s->peak;
}

int schedule_check(const struct schedule *s, struct err *err) {
    bool cyclic = s->kind == SCHEDULE_LINEAR || s->kind == SCHEDULE_COSINE ||
                  s->kind == SCHEDULE_TRIANGLE;
    if (!(s->peak >= 0 && isfinite(s->peak)))
        return err_set(err, STATUS_USAGE, "a learning rate of %g cannot be", s->peak);
    if (s->warmup < 0)
        return err_set(err, STATUS_USAGE, "a warm-up of %" PRId64 " steps cannot be", s->warmup);
    if ((cyclic || s->total) && s->warmup > s->total)
        return err_set(err, STATUS_USAGE,
                       "--warmup is longer than the run (%" PRId64 " against %" PRId64
                       " steps): the peak rate is never reached",
                       s->warmup, s->total);
    if (cyclic && !(s->final_fraction >= 0 && s->final_fraction <= 1))
        return err_set(err, STATUS_USAGE, "--final-fraction is %g; it must be from 0 to 1",
                       s->final_fraction);
    if (s->cycle < 0 || s->cycle_growth < 0)
        return err_set(err, STATUS_USAGE, "a cycle of less than 0 steps cannot be");
    if (s->cycle && !cyclic)
        return err_set(err, STATUS_USAGE,
                       "--cycle means something with --decay linear, cosine or triangle only");
    if (s->cycle && s->cycle > s->total - s->warmup)
        return err_set(err, STATUS_USAGE,
                       "--cycle %" PRId64 " is longer than the %" PRId64 " steps after the warm-up",
                       s->cycle, s->total - s->warmup);
    if (s->cycle_growth > 1 && !s->cycle)
        return err_set(err, STATUS_USAGE, "--cycle-growth means nothing without --cycle");
    if (s->kind == SCHEDULE_STEPS && s->every < 1)
        return err_set(err, STATUS_USAGE,
                       "--decay steps needs --decay-every, the steps between changes");
    if (s->kind == SCHEDULE_STEPS && !(s->factor >= 0 && isfinite(s->factor)))
        return err_set(err, STATUS_USAGE, "--decay-factor is %g; it must be at least 0", s->factor);
    return 0;
}
