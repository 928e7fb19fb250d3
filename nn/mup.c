#include "nn/mup.h"

#include <math.h>

bool mup_wide_in(const struct param *t) {
    return t->role == ROLE_MATRIX || t->role == ROLE_READOUT;
}

bool mup_wide_out(const struct param *t) {
    return t->role == ROLE_BIAS ? t->owner != ROLE_READOUT : t->role != ROLE_READOUT;
}

struct mup_factors mup_factors(const struct param *t, double width, double base_width,
                               bool adaptive) {
    struct mup_factors f = {1, 1, 1};
    if (base_width == 0)
        return f;
    double m = width / base_width;
    bool both = mup_wide_in(t) && mup_wide_out(t);
    if (both)
        f.deviation = 1 / sqrt(m);
    if (adaptive && both)
        f.rate = 1 / m;
    if (!adaptive && mup_wide_in(t) != mup_wide_out(t))
        f.rate = m;
    f.decay = 1 / f.rate;
    return f;
}

double mup_readout_factor(double width, double base_width) {
    return base_width == 0 ? 1 : base_width / width;
}

double mup_attention_factor(double head_dimension, double width, double base_width) {
    double factor = 1 / sqrt(head_dimension);
    return base_width == 0 ? factor : factor * sqrt(base_width / width);
}
