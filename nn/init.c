#include "nn/init.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/statistics.h"
#include "nn/mup.h"
#include "nn/vector.h"

const char *const init_scheme_names[] = {
    "xavier-uniform", "xavier-normal", "kaiming-uniform", "kaiming-normal", "pytorch",
    "fan-in",         "normal",        "truncated",       "gpt2",           "width",
    "gromov",         "orthogonal",    "identity",        "zero",           NULL};

const struct init_config init_default = INIT_DEFAULT;

/* A tensor being drawn, and what its scheme needs to know: sizes are those at the base width. */
struct drawing {
    struct params *params;
    size_t index;
    const struct param *tensor;
    real *value;
    struct rng rng;
    double fan_in, fan_out, pytorch_fan, width;
    const struct init_config *config;
};

/* On (0, 1) with 52 bits. */
static double open_uniform(struct rng *r) {
    return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

static void draw_uniform(struct drawing *d, double bound) {
    for (size_t i = 0; i < d->tensor->count; i++)
        d->value[i] = (real)((2 * rng_uniform(&d->rng) - 1) * bound);
}

/* By the quantile function, whose bits do not depend on the machine's libm. */
static void draw_normal(struct drawing *d, double deviation) {
    for (size_t i = 0; i < d->tensor->count; i++)
        d->value[i] = (real)(statistics_normal_quantile(open_uniform(&d->rng)) * deviation);
}

static void draw_truncated(struct drawing *d, double deviation) {
    const double below = 0.022750131948179207; /* the normal distribution function at -2 */
    for (size_t i = 0; i < d->tensor->count; i++) {
        double u = below + (1 - 2 * below) * open_uniform(&d->rng);
        d->value[i] = (real)(statistics_normal_quantile(u) * deviation);
    }
}

CLONED static double dot(size_t n, const double *a, const double *b) {
    double lane[8] = {0}, sum = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (int l = 0; l < 8; l++)
        sum += lane[l];
    return sum;
}

CLONED static void subtract(size_t n, double factor, const double *restrict a, double *restrict b) {
    for (size_t i = 0; i < n; i++)
        b[i] -= factor * a[i];
}

/* Gram-Schmidt, done twice, on Gaussian vectors: the factor R then has a positive diagonal, which
 * makes the frame uniform (Mezzadri 2007, arXiv:math-ph/0609050). */
static void draw_orthogonal(struct drawing *d) {
    const struct param *t = d->tensor;
    size_t rows = t->shape[0], columns = t->shape[1];
    size_t k = rows < columns ? rows : columns, n = rows < columns ? columns : rows;
    double *frame = mem_alloc(t->count, sizeof *frame);
    for (size_t i = 0; i < t->count; i++)
        frame[i] = statistics_normal_quantile(open_uniform(&d->rng));
    for (size_t j = 0; j < k; j++) {
        double *v = frame + j * n;
        for (int twice = 0; twice < 2; twice++) {
            for (size_t i = 0; i < j; i++)
                subtract(n, dot(n, frame + i * n, v), frame + i * n, v);
            double norm = sqrt(dot(n, v, v));
            for (size_t i = 0; i < n; i++)
                v[i] /= norm;
        }
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            d->value[r * columns + c] = (real)(rows < columns ? frame[r * n + c]
                                                              : frame[c * n + r]);
    free(frame);
}

static void draw_identity(struct drawing *d) {
    const struct param *t = d->tensor;
    params_fill(d->params, d->index, 0);
    for (size_t i = 0; i < t->shape[0] && i < t->shape[1]; i++)
        d->value[i * t->shape[1] + i] = 1;
}

static bool is_table(const struct param *t) {
    return t->role == ROLE_EMBEDDING || t->role == ROLE_POSITION;
}

static bool is_vector(const struct param *t) {
    return t->role == ROLE_BIAS || t->role == ROLE_GAIN || t->role == ROLE_VECTOR;
}

static void draw_vector(struct drawing *d, enum init_scheme scheme) {
    const struct param *t = d->tensor;
    if (scheme == INIT_PYTORCH && t->role == ROLE_BIAS && d->fan_in > 0)
        draw_uniform(d, 1 / sqrt(d->fan_in));
    else
        params_fill(d->params, d->index, scheme != INIT_ZERO && t->role == ROLE_GAIN);
}

static void draw_matrix(struct drawing *d, enum init_scheme scheme) {
    const struct param *t = d->tensor;
    const bool table = is_table(t);
    switch (scheme) {
    case INIT_XAVIER_UNIFORM:
    case INIT_XAVIER_NORMAL:
        if (t->role == ROLE_POSITION)
            params_normal(d->params, d->index, 1 / sqrt(d->fan_out), d->rng.seed);
        else if (scheme == INIT_XAVIER_UNIFORM)
            draw_uniform(d, sqrt(6 / (d->fan_in + d->fan_out)));
        else
            draw_normal(d, sqrt(2 / (d->fan_in + d->fan_out)));
        break;
    case INIT_KAIMING_UNIFORM:
        if (table)
            draw_normal(d, 1 / sqrt(d->fan_out));
        else
            draw_uniform(d, sqrt(6 / d->fan_in));
        break;
    case INIT_KAIMING_NORMAL:
        draw_normal(d, table ? 1 / sqrt(d->fan_out) : sqrt(2 / d->fan_in));
        break;
    case INIT_PYTORCH:
        if (table)
            draw_normal(d, 1);
        else
            draw_uniform(d, 1 / sqrt(d->pytorch_fan));
        break;
    case INIT_FAN_IN:
        draw_normal(d, 1 / sqrt(table ? d->fan_out : d->fan_in));
        break;
    case INIT_NORMAL:
    case INIT_GPT2:
        draw_normal(d, d->config->deviation);
        break;
    case INIT_TRUNCATED:
        draw_truncated(d, d->config->deviation);
        break;
    case INIT_WIDTH:
        draw_normal(d, 1 / sqrt(t->role == ROLE_READOUT ? d->fan_out : d->width));
        break;
    case INIT_GROMOV:
        draw_normal(d, 0.5 / cbrt(2 * d->width));
        break;
    case INIT_ORTHOGONAL:
        draw_orthogonal(d);
        break;
    case INIT_IDENTITY:
        draw_identity(d);
        break;
    case INIT_ZERO:
        params_fill(d->params, d->index, 0);
        break;
    }
}

/* What the values drawn are multiplied with. */
static double factor_of(const struct drawing *d, enum init_scheme scheme, double scale,
                        size_t residuals) {
    const struct init_config *c = d->config;
    const struct param *t = d->tensor;
    double factor = scale;
    if (c->base_width != 0 && !is_vector(t) && scheme != INIT_IDENTITY)
        factor *= mup_factors(t, (double)d->params->width, c->base_width, true).deviation;
    if (c->base_width != 0 && !is_vector(t) && scheme == INIT_ORTHOGONAL)
        factor *= sqrt(fmax((double)t->shape[0], (double)t->shape[1]) /
                       fmax(d->fan_in, d->fan_out));
    if (t->residual && (c->divide_residual || scheme == INIT_GPT2))
        factor /= sqrt((double)residuals);
    return factor;
}

static void draw_tensor(struct params *p, size_t index, const struct init_config *c, uint64_t seed,
                        size_t residuals) {
    const struct param *t = &p->table[index];
    double m = c->base_width != 0 ? (double)p->width / c->base_width : 1;
    bool of_width = t->role == ROLE_BIAS && (t->owner == ROLE_MATRIX || t->owner == ROLE_READOUT);
    struct drawing d = {
        .params = p,
        .index = index,
        .tensor = t,
        .value = p->value + t->offset,
        .rng = rng_at(seed, RNG_INIT, index),
        .fan_in = (double)t->fan_in / (mup_wide_in(t) || of_width ? m : 1),
        .fan_out = (double)t->fan_out / (mup_wide_out(t) ? m : 1),
        .pytorch_fan = (double)t->pytorch_fan / m,
        .width = (double)p->width / m,
        .config = c,
    };
    if (!t->pytorch_fan)
        d.pytorch_fan = d.fan_in;
    enum init_scheme scheme = c->scheme;
    double scale = c->scale;
    for (size_t g = 0; g < c->n_groups; g++)
        if (param_group_matches(c->groups[g].pattern, t)) {
            if (c->groups[g].has_init)
                scheme = (enum init_scheme)c->groups[g].init;
            if (c->groups[g].has_scale)
                scale = c->scale * c->groups[g].scale;
        }
    if (t->role == ROLE_READOUT && c->zero_readout)
        scheme = INIT_ZERO;
    if (is_vector(t))
        draw_vector(&d, scheme);
    else
        draw_matrix(&d, scheme);
    double factor = factor_of(&d, scheme, scale, residuals);
    for (size_t i = 0; factor != 1 && i < t->count; i++)
        d.value[i] = (real)((double)d.value[i] * factor);
    if (c->zero_query)
        for (size_t i = 0; i < t->query_rows * t->shape[1]; i++)
            d.value[i] = 0;
}

static bool needs_width(enum init_scheme scheme) {
    return scheme == INIT_WIDTH || scheme == INIT_GROMOV;
}

static int check(const struct params *p, const struct init_config *c, size_t residuals,
                 struct err *err) {
    size_t queries = 0, readouts = 0;
    bool width = needs_width(c->scheme);
    for (size_t i = 0; i < p->tensors; i++) {
        queries += p->table[i].query_rows;
        readouts += p->table[i].role == ROLE_READOUT;
    }
    for (size_t g = 0; g < c->n_groups; g++) {
        if (param_group_check(c->groups[g].pattern, p, err) != 0)
            return -1;
        width |= c->groups[g].has_init && needs_width((enum init_scheme)c->groups[g].init);
    }
    if (!(c->deviation >= 0 && isfinite(c->deviation)))
        return err_set(err, STATUS_USAGE, "an initial deviation of %g cannot be", c->deviation);
    if (!(c->scale >= 0 && isfinite(c->scale)))
        return err_set(err, STATUS_USAGE, "an initial scale of %g cannot be", c->scale);
    if (!(c->base_width >= 0 && isfinite(c->base_width)))
        return err_set(err, STATUS_USAGE, "a base width of %g cannot be", c->base_width);
    if ((c->base_width != 0 || width) && !p->width)
        return err_set(err, STATUS_USAGE, "%s needs a width, and this model has none",
                       c->base_width != 0 ? "--base-width" : "this scheme of initial values");
    if (c->zero_query && !queries)
        return err_set(err, STATUS_USAGE, "--zero-query: this model has no query matrix");
    if (c->zero_readout && !readouts)
        return err_set(err, STATUS_USAGE,
                       "--zero-readout: this model has no read-out matrix of its own");
    if ((c->divide_residual || c->scheme == INIT_GPT2) && !residuals)
        return err_set(err, STATUS_USAGE, "%s: this model has no residual stream",
                       c->divide_residual ? "--divide-residual" : "--init gpt2");
    return 0;
}

int init_params(struct params *p, const struct init_config *c, uint64_t seed, struct err *err) {
    size_t residuals = 0;
    for (size_t i = 0; i < p->tensors; i++)
        residuals += p->table[i].residual;
    if (check(p, c, residuals, err) != 0)
        return -1;
    for (size_t i = 0; i < p->tensors; i++)
        draw_tensor(p, i, c, seed, residuals);
    params_clear_state(p);
    return 0;
}
