/* Every scheme of initial values: moments, bounds and shape against its definition, at the width
 * itself and under a base width. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "nn/init.h"
#include "nn/mup.h"
#include "nn/model.h"
#include "nn/transformer.h"
#include "tests/unit/assert_error.h"

enum { WORDS = 90, LENGTH = 50, INPUTS = 70, ANSWERS = 40 };
enum {
    EMBEDDING,
    POSITION,
    INPUT,
    INPUT_BIAS,
    UP,
    UP_BIAS,
    DOWN,
    DOWN_BIAS,
    GAIN,
    SHIFT,
    QKV,
    OUT,
    OTHER,
    READOUT,
    READOUT_BIAS,
    TENSORS
};

static struct params some_model(size_t d) {
    struct params p = {.width = d};
#define TENSOR(role, rank, rows, columns)                                                          \
    params_set_role(&p, params_add(&p, rank, rows, columns, "t%d", (int)p.tensors), role)
    TENSOR(ROLE_EMBEDDING, 2, WORDS, d);
    TENSOR(ROLE_POSITION, 2, LENGTH, d);
    TENSOR(ROLE_INPUT, 2, d, INPUTS);
    TENSOR(ROLE_BIAS, 1, d, 1);
    TENSOR(ROLE_MATRIX, 2, 4 * d, d);
    TENSOR(ROLE_BIAS, 1, 4 * d, 1);
    TENSOR(ROLE_MATRIX, 2, d, 4 * d);
    TENSOR(ROLE_BIAS, 1, d, 1);
    TENSOR(ROLE_GAIN, 1, d, 1);
    TENSOR(ROLE_BIAS, 1, d, 1);
    TENSOR(ROLE_MATRIX, 2, 3 * d, d);
    TENSOR(ROLE_MATRIX, 2, d, d);
    TENSOR(ROLE_VECTOR, 1, d, 1);
    TENSOR(ROLE_READOUT, 2, ANSWERS, d);
    TENSOR(ROLE_BIAS, 1, ANSWERS, 1);
#undef TENSOR
    p.table[QKV].query_rows = d;
    p.table[DOWN].residual = p.table[OUT].residual = true;
    params_allocate(&p);
    return p;
}

static void draw(struct params *p, const struct init_config *c, uint64_t seed) {
    struct err err = {0};
    if (init_params(p, c, seed, &err) != 0)
        fail_msg("%s", err.text);
}

struct moments {
    double mean, deviation, kurtosis, largest;
};

static struct moments moments_of(const struct params *p, size_t tensor) {
    const struct param *t = &p->table[tensor];
    const real *x = p->value + t->offset;
    struct moments m = {0};
    double two = 0, four = 0, n = (double)t->count;
    for (size_t i = 0; i < t->count; i++)
        m.mean += (double)x[i] / n;
    for (size_t i = 0; i < t->count; i++) {
        two += (double)x[i] * (double)x[i] / n;
        four += pow((double)x[i], 4) / n;
        m.largest = fmax(m.largest, fabs((double)x[i]));
    }
    m.deviation = sqrt(two);
    m.kurtosis = two > 0 ? four / (two * two) : 0;
    return m;
}

/* Within four and a half standard errors. Kurtosis: 3 of a normal, 9/5 of a uniform distribution;
 * its standard error is sqrt(24 / n) for the one and less for the other. */
static void assert_drawn(const struct params *p, size_t tensor, double deviation, bool uniform) {
    struct moments m = moments_of(p, tensor);
    double n = (double)p->table[tensor].count, kurtosis = uniform ? 1.8 : 3;
    double relative = 4.5 * sqrt((kurtosis - 1) / (4 * n));
    if (!(fabs(m.mean) < 4.5 * deviation / sqrt(n) &&
          fabs(m.deviation / deviation - 1) < relative &&
          fabs(m.kurtosis - kurtosis) < 4.5 * sqrt(24 / n) &&
          (!uniform || m.largest <= deviation * sqrt(3) * (1 + 1e-6))))
        fail_msg("tensor %zu: mean %g, deviation %g of %g, kurtosis %g, largest %g", tensor, m.mean,
                 m.deviation, deviation, m.kurtosis, m.largest);
}

static void assert_constant(const struct params *p, size_t tensor, real value) {
    for (size_t i = 0; i < p->table[tensor].count; i++)
        assert_true(p->value[p->table[tensor].offset + i] == value);
}

/* Expected deviations at width d; a negative one is that of a uniform distribution. */
static void expect(enum init_scheme scheme, double d, double *deviation) {
    const double in[TENSORS] = {WORDS, LENGTH, INPUTS, 0, d, 0, 4 * d, 0, 0, 0, d, d, 0, d, 0};
    const double out[TENSORS] = {d, d, d, 0, 4 * d, 0, d, 0, 0, 0, 3 * d, d, 0, ANSWERS, 0};
    for (int t = 0; t < TENSORS; t++) {
        bool table = t <= POSITION;
        double x = 0;
        if (in[t] == 0) {
            deviation[t] = 0;
            continue;
        }
        switch (scheme) {
        case INIT_XAVIER_UNIFORM:
        case INIT_XAVIER_NORMAL:
            x = sqrt(2 / (in[t] + out[t])) * (scheme == INIT_XAVIER_UNIFORM ? -1 : 1);
            x = t == POSITION ? 1 / sqrt(d) : x;
            break;
        case INIT_KAIMING_UNIFORM:
        case INIT_KAIMING_NORMAL:
            x = table ? 1 / sqrt(d) : sqrt(2 / in[t]) * (scheme == INIT_KAIMING_UNIFORM ? -1 : 1);
            break;
        case INIT_PYTORCH:
            x = table ? 1 : -1 / sqrt(3 * in[t]);
            break;
        case INIT_FAN_IN:
            x = 1 / sqrt(table ? d : in[t]);
            break;
        case INIT_NORMAL:
            x = 0.3;
            break;
        case INIT_GPT2:
            x = t == DOWN || t == OUT ? 0.3 / sqrt(2) : 0.3;
            break;
        case INIT_WIDTH:
            x = t == READOUT ? 1 / sqrt(ANSWERS) : 1 / sqrt(d);
            break;
        case INIT_GROMOV:
            x = 0.5 / pow(2 * d, 1.0 / 3);
            break;
        default:
            break;
        }
        deviation[t] = x;
    }
    if (scheme == INIT_PYTORCH) {
        deviation[INPUT_BIAS] = -1 / sqrt(3.0 * INPUTS);
        deviation[UP_BIAS] = -1 / sqrt(3 * d);
        deviation[DOWN_BIAS] = -1 / sqrt(12 * d);
        deviation[READOUT_BIAS] = -1 / sqrt(3 * d);
    }
}

static void assert_scheme(const struct params *p, const double *deviation, double scale) {
    for (size_t t = 0; t < TENSORS; t++) {
        if (deviation[t] != 0)
            assert_drawn(p, t, fabs(deviation[t]) * scale, deviation[t] < 0);
        else
            assert_constant(p, t, t == GAIN ? (real)scale : 0);
    }
}

static void test_schemes(void **state) {
    (void)state;
    for (int s = 0; s <= INIT_GROMOV; s++) {
        if (s == INIT_TRUNCATED)
            continue;
        struct params p = some_model(64);
        double deviation[TENSORS];
        struct init_config c = init_default;
        c.scheme = (enum init_scheme)s;
        c.deviation = 0.3;
        expect(c.scheme, 64, deviation);
        draw(&p, &c, 20);
        assert_scheme(&p, deviation, 1);
        c.scale = 2.5;
        draw(&p, &c, 20);
        assert_scheme(&p, deviation, 2.5);
        params_free(&p);
    }
}

/* Under a base width a scheme is that of the base width, and a matrix has its variance divided by
 * the ratio of widths besides. */
static void test_base_width(void **state) {
    (void)state;
    for (int s = 0; s <= INIT_GROMOV; s++) {
        if (s == INIT_TRUNCATED)
            continue;
        struct params p = some_model(96), same = some_model(96), plain = some_model(96);
        double deviation[TENSORS];
        struct init_config c = init_default;
        c.scheme = (enum init_scheme)s;
        c.deviation = 0.3;
        draw(&plain, &c, 7);
        expect(c.scheme, 24, deviation);
        deviation[UP] /= 2, deviation[DOWN] /= 2, deviation[QKV] /= 2, deviation[OUT] /= 2;
        c.base_width = 24;
        draw(&p, &c, 7);
        assert_scheme(&p, deviation, 1);
        c.base_width = 96;
        draw(&same, &c, 7);
        assert_memory_equal(same.value, plain.value, plain.size * sizeof(real));
        params_free(&p);
        params_free(&same);
        params_free(&plain);
    }
}

/* The normal distribution cut at two deviations has variance
 * 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.7737 (Johnson and Kotz). */
static void test_truncated(void **state) {
    (void)state;
    struct params p = some_model(64);
    struct init_config c = init_default;
    c.scheme = INIT_TRUNCATED;
    c.deviation = 0.3;
    draw(&p, &c, 3);
    const struct param *t = &p.table[UP];
    struct moments m = moments_of(&p, UP);
    const double phi = exp(-2) / sqrt(2 * acos(-1.0)), inside = erf(sqrt(2));
    assert_true(m.largest <= 0.6 && m.largest > 0.59);
    assert_true(fabs(m.mean) < 4.5 * 0.3 / sqrt((double)t->count));
    assert_true(fabs(m.deviation / (0.3 * sqrt(1 - 4 * phi / inside)) - 1) < 0.02);
    params_free(&p);
}

/* A matrix has orthonormal rows or columns, whichever are fewer; of many 2 x 2 frames the first
 * entry is the cosine of a uniform angle: mean 0, mean square 1/2, mean fourth power 3/8. */
static void test_orthogonal(void **state) {
    (void)state;
    for (int base = 0; base < 2; base++) {
        struct params p = some_model(32);
        struct init_config c = init_default;
        c.scheme = INIT_ORTHOGONAL;
        c.scale = 0.25;
        c.base_width = base ? 16 : 0;
        draw(&p, &c, 4);
        /* Widths 32 and 16: the longer side sets the variance of entries, 1 / max(rows, columns);
         * input 70 at both; embedding 90, position 50, read-out 40 words or more at both. */
        for (size_t k = 0; k < p.tensors; k++) {
            const struct param *t = &p.table[k];
            if (t->rank == 1)
                continue;
            size_t rows = t->shape[0], columns = t->shape[1];
            size_t n = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
            size_t along = rows < columns ? 1 : columns, next = rows < columns ? columns : 1;
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j <= i; j++) {
                    double dot = 0;
                    for (size_t l = 0; l < length; l++)
                        dot += (double)p.value[t->offset + i * next + l * along] *
                               (double)p.value[t->offset + j * next + l * along];
                    assert_true(fabs(dot - (i == j) * 0.0625) < 1e-6);
                }
        }
        params_free(&p);
    }
    /* Where the width is the longer side its growth is made up for. */
    struct params wide = some_model(360);
    struct init_config c = init_default;
    c.scheme = INIT_ORTHOGONAL;
    c.base_width = 90;
    draw(&wide, &c, 4);
    assert_true(fabs(moments_of(&wide, EMBEDDING).deviation * sqrt(90) - 1) < 1e-4);
    assert_true(fabs(moments_of(&wide, OUT).deviation * sqrt(360) - 1) < 1e-4);
    params_free(&wide);

    double sum = 0, square = 0, fourth = 0, determinant = 0;
    enum { FRAMES = 4000 };
    for (int k = 0; k < FRAMES; k++) {
        struct params p = {0};
        params_add(&p, 2, 2, 2, "frame");
        params_allocate(&p);
        c.base_width = 0;
        draw(&p, &c, (uint64_t)k);
        double a = (double)p.value[0];
        sum += a / FRAMES, square += a * a / FRAMES, fourth += a * a * a * a / FRAMES;
        determinant += ((double)p.value[0] * (double)p.value[3] -
                        (double)p.value[1] * (double)p.value[2]) /
                       FRAMES;
        params_free(&p);
    }
    assert_true(fabs(sum) < 0.05 && fabs(square - 0.5) < 0.025 && fabs(fourth - 0.375) < 0.03);
    assert_true(fabs(determinant) < 0.07); /* rotations and reflections alike */
}

static void test_identity_and_zero(void **state) {
    (void)state;
    struct params p = some_model(16);
    struct init_config c = init_default;
    c.scheme = INIT_IDENTITY;
    c.scale = 0.5;
    c.base_width = 4;
    draw(&p, &c, 1);
    for (size_t i = 0; i < 16 * 48; i++)
        assert_true(p.value[p.table[QKV].offset + i] == (i % 17 == 0 && i < 256 ? (real)0.5 : 0));
    c.scheme = INIT_ZERO;
    draw(&p, &c, 1);
    for (size_t i = 0; i < p.size; i++)
        assert_true(p.value[i] == 0);
    params_free(&p);
}

static void test_zeros_and_groups(void **state) {
    (void)state;
    const struct param_group groups[] = {
        {.pattern = "@matrix",
         .has_init = true,
         .init = INIT_NORMAL,
         .has_scale = true,
         .scale = 2},
        {.pattern = "t11", .has_init = true, .init = INIT_IDENTITY, .scale = 7},
        {.pattern = "@gain", .has_scale = true, .scale = 3},
    };
    struct params p = some_model(32);
    struct init_config c = init_default;
    c.zero_query = c.zero_readout = c.divide_residual = true;
    c.groups = groups;
    c.n_groups = 3;
    c.deviation = 0.5;
    c.scale = 10;
    draw(&p, &c, 9);
    for (size_t i = 0; i < 32 * 32; i++) {
        assert_true(p.value[p.table[QKV].offset + i] == 0);
        assert_true(p.value[p.table[QKV].offset + 32 * 32 + i] != 0);
        double here = (double)p.value[p.table[OUT].offset + i];
        assert_true(fabs(here - (i % 33 == 0 ? 20 / sqrt(2) : 0)) < 1e-5);
    }
    assert_constant(&p, READOUT, 0);
    assert_constant(&p, GAIN, 30);
    assert_drawn(&p, UP, 10, false);
    assert_drawn(&p, DOWN, 10 / sqrt(2), false);
    assert_drawn(&p, INPUT, 10 * sqrt(2.0 / (32 + INPUTS)), true);
    params_free(&p);
}

/* Each tensor's draws are its own, fixed by the seed; state is cleared. */
static void test_draws(void **state) {
    (void)state;
    for (int s = 0; s < INIT_IDENTITY; s++) {
        struct params p = some_model(16), q = some_model(16);
        real *slot = params_add_slot(&q, "first");
        slot[3] = 4;
        q.table[UP].role = ROLE_VECTOR; /* drawn otherwise, and nothing else moves */
        struct init_config c = init_default;
        c.scheme = (enum init_scheme)s;
        draw(&p, &c, 5);
        draw(&q, &c, 5);
        assert_true(slot[3] == 0);
        for (size_t t = 0; t < TENSORS; t++)
            if (t != UP)
                assert_memory_equal(p.value + p.table[t].offset, q.value + q.table[t].offset,
                                    p.table[t].count * sizeof(real));
        draw(&q, &c, 6);
        assert_memory_not_equal(p.value + p.table[OUT].offset, q.value + q.table[OUT].offset,
                                p.table[OUT].count * sizeof(real));
        params_free(&p);
        params_free(&q);
    }
}

/* The default is what transformers have always begun with, to the bit. */
static void test_default(void **state) {
    (void)state;
    const struct transformer_config config = {.vocabulary = 11,
                                              .dim = 12,
                                              .layers = 2,
                                              .heads = 2,
                                              .feedforward = 20,
                                              .max_length = 9,
                                              .norm = NORM_PRE,
                                              .positions = POSITIONS_LEARNED};
    struct err err = {0};
    struct model *m = model_new(&transformer_architecture, &config, &err);
    assert_non_null(m);
    struct params *p = m->params;
    for (size_t t = 0; t < p->tensors; t++) {
        const char *name = p->table[t].name;
        bool norm = strstr(name, "norm") != NULL;
        params_set_role(p, t,
                        strcmp(name, "embedding.weight") == 0  ? ROLE_EMBEDDING
                        : strcmp(name, "position.weight") == 0 ? ROLE_POSITION
                        : strcmp(name, "output.weight") == 0   ? ROLE_READOUT
                        : p->table[t].rank == 2                ? ROLE_MATRIX
                        : norm && strstr(name, "weight")       ? ROLE_GAIN
                                                               : ROLE_BIAS);
    }
    model_init(m, 17);
    real *before = mem_alloc(p->size, sizeof *before);
    memcpy(before, p->value, p->size * sizeof *before);
    draw(p, &init_default, 17);
    assert_memory_equal(before, p->value, p->size * sizeof *before);
    free(before);
    model_free(m);
}

static void test_refusals(void **state) {
    (void)state;
    const struct param_group nobody = {.pattern = "t99"};
    const struct param_group wide = {.pattern = "t4", .has_init = true, .init = INIT_GROMOV};
    struct init_config c[10];
    for (int i = 0; i < 10; i++)
        c[i] = init_default;
    c[0].scale = NAN;
    c[1].deviation = -1;
    c[2].base_width = -3;
    c[3].groups = &nobody, c[3].n_groups = 1;
    c[4].base_width = 3;
    c[5].scheme = INIT_WIDTH;
    c[6].groups = &wide, c[6].n_groups = 1;
    c[7].zero_query = true;
    c[8].zero_readout = true;
    c[9].scheme = INIT_GPT2;
    const char *why[] = {"scale",          "deviation",  "base width", "no tensor matches 't99'",
                         "base-width",     "scheme",     "scheme",     "--zero-query",
                         "--zero-readout", "--init gpt2"};
    for (int i = 0; i < 10; i++) {
        struct err err = {0};
        struct params p = some_model(8);
        if (i >= 4) {
            p.width = 0;
            p.table[QKV].query_rows = 0;
            p.table[DOWN].residual = p.table[OUT].residual = false;
            p.table[READOUT].role = ROLE_MATRIX;
        }
        assert_int_equal(init_params(&p, &c[i], 1, &err), -1);
        assert_error(&err, STATUS_USAGE, NULL, why[i]);
        assert_true(p.value[0] == 0);
        params_free(&p);
    }
}

/* Table 8 of the paper, row by row. */
static void test_mup_table(void **state) {
    (void)state;
    struct params p = some_model(96);
    for (size_t t = 0; t < TENSORS; t++) {
        bool matrix = p.table[t].role == ROLE_MATRIX, fixed = t == READOUT_BIAS;
        struct mup_factors adam = mup_factors(&p.table[t], 96, 24, true);
        struct mup_factors sgd = mup_factors(&p.table[t], 96, 24, false);
        struct mup_factors none = mup_factors(&p.table[t], 96, 0, t % 2);
        assert_true(adam.rate == (matrix ? 0.25 : 1) && adam.decay == 1 / adam.rate);
        assert_true(sgd.rate == (matrix || fixed ? 1 : 4) && sgd.decay == 1 / sgd.rate);
        assert_true(adam.deviation == (matrix ? 0.5 : 1) && sgd.deviation == adam.deviation);
        assert_true(none.rate == 1 && none.decay == 1 && none.deviation == 1);
    }
    assert_true(mup_readout_factor(96, 24) == 0.25 && mup_readout_factor(96, 0) == 1);
    assert_true(mup_attention_factor(16, 96, 0) == 0.25);
    assert_true(fabs(mup_attention_factor(16, 96, 24) - sqrt(4) / 16) < 1e-15);
    params_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_base_width),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_identity_and_zero),
        cmocka_unit_test(test_zeros_and_groups),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_mup_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
