#include "lib/mem.h"
#include "lib/rng.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/trajectories.h"

static struct params two_tensors(size_t rows, size_t columns, size_t vector) {
    struct params p = {0};
    params_add(&p, 2, rows, columns, "matrix.%s", "weight");
    params_add(&p, 1, vector, 1, "matrix.bias");
    params_allocate(&p);
    return p;
}

/* AdamW on f(x) = sum c_i x_i^2 / 2, against the definition written out in double. */
static void test_adamw(void **state) {
    (void)state;
    const double max_norm = 1.5;
    const struct optim_config config = {
        .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1, .clip = max_norm};
    struct params p = two_tensors(4, 5, 3);
    struct optim *o = optim_new(&p, &config, NULL);
    const real *first = params_slot(&p, "first"), *second = params_slot(&p, "second");
    double x[23], m[23] = {0}, v[23] = {0}, c[23];
    size_t at[23];
    struct rng r = rng_at(3, RNG_EVAL, 0);
    for (int i = 0; i < 23; i++) {
        at[i] = i < 20 ? (size_t)i : p.table[1].offset + (size_t)i - 20;
        x[i] = rng_normal(&r);
        c[i] = 0.1 + rng_uniform(&r);
        p.value[at[i]] = (real)x[i];
    }
    int clipped = 0;
    for (int step = 1; step <= 12; step++) {
        double g[23], square = 0, rate = 0.05 / step;
        for (int i = 0; i < 23; i++) {
            g[i] = c[i] * x[i];
            square += g[i] * g[i];
            p.gradient[at[i]] = (real)(c[i] * (double)p.value[at[i]]);
        }
        double norm = sqrt(square), clip = 1;
        if (max_norm / (norm + 1e-6) < 1) {
            clip = max_norm / (norm + 1e-6);
            clipped++;
        }
        for (int i = 0; i < 23; i++) {
            g[i] *= clip;
            x[i] -= rate * 0.1 * x[i];
            m[i] = 0.8 * m[i] + 0.2 * g[i];
            v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
            double mhat = m[i] / (1 - pow(0.8, step)), vhat = v[i] / (1 - pow(0.95, step));
            x[i] -= rate * mhat / (sqrt(vhat) + 1e-6);
        }
        struct optim_report report;
        assert_int_equal(optim_step(o, NULL, step, rate, &report), 0);
        assert_true(fabs(report.norm - norm) < 1e-5 * norm && report.applied == report.norm);
        assert_true(fabs(report.clip - clip) < 1e-5);
        for (int i = 0; i < 23; i++) {
            assert_true(fabs((double)p.value[at[i]] - x[i]) < 2e-6);
            assert_true(fabs((double)first[at[i]] - m[i]) < 2e-6);
            assert_true(fabs((double)second[at[i]] - v[i]) < 2e-6);
        }
    }
    assert_true(clipped > 0);
    for (size_t i = 20; i < p.table[1].offset; i++)
        assert_true(p.value[i] == 0 && first[i] == 0 && second[i] == 0);
    optim_free(o);
    params_free(&p);
}

/* One step by hand: from zero moments the update is rate g / (|g| + epsilon), whatever the betas. A
 * norm at or below the bound leaves the gradient as it is; above it, to the ratio. */
static void test_first_step(void **state) {
    (void)state;
    const double bounds[] = {0, 26, 6.5};
    for (int k = 0; k < 3; k++) {
        const struct optim_config config = {
            .beta1 = 0.9, .beta2 = 0.999, .epsilon = 0.5, .clip = bounds[k]};
        struct params p = two_tensors(1, 2, 1);
        struct optim *o = optim_new(&p, &config, NULL);
        struct optim_report report;
        double half = k == 2 ? 0.5 : 1;
        size_t bias = p.table[1].offset;
        p.gradient[0] = 3;
        p.gradient[1] = -4;
        p.gradient[bias] = 12;
        assert_int_equal(optim_step(o, NULL, 1, 0.7, &report), 0);
        assert_true(fabs(report.norm - 13) < 1e-12);
        assert_true(fabs(report.clip - half) < 1e-6);
        assert_true(fabs((double)p.value[0] + 0.7 * 3 * half / (3 * half + 0.5)) < 1e-5);
        assert_true(fabs((double)p.value[1] - 0.7 * 4 * half / (4 * half + 0.5)) < 1e-5);
        assert_true(fabs((double)p.value[bias] + 0.7 * 12 * half / (12 * half + 0.5)) < 1e-5);
        assert_true(fabs((double)params_slot(&p, "first")[1] + 0.4 * half) < 1e-5);
        assert_true(p.gradient[0] == 3);
        optim_free(o);
        params_free(&p);
    }
}

/* Nothing changes when the gradient is not finite, whatever would have been done. */
static void test_not_finite(void **state) {
    (void)state;
    for (size_t k = 0; k < TRAJECTORIES; k++)
        for (int kind = 0; kind < 2; kind++) {
            struct params p = trajectory_params();
            struct optim *o = optim_new(&p, &trajectories[k].config, NULL);
            struct optim_report report;
            for (size_t t = 0; t < p.tensors; t++)
                params_fill(&p, t, (real)(0.5 + (double)t));
            p.gradient[3] = (real)0.25;
            assert_int_equal(optim_step(o, NULL, 1, 0.1, &report), 0);
            real *before = mem_alloc(p.size * (p.slots + 1), sizeof *before);
            memcpy(before, p.value, p.size * sizeof *before);
            for (size_t s = 0; s < p.slots; s++)
                memcpy(before + (s + 1) * p.size, p.slot[s].data, p.size * sizeof *before);
            p.gradient[5] = kind ? (real)NAN : (real)INFINITY;
            assert_int_equal(optim_step(o, NULL, 2, 0.1, &report), -1);
            assert_false(isfinite(report.norm));
            assert_memory_equal(before, p.value, p.size * sizeof *before);
            for (size_t s = 0; s < p.slots; s++)
                assert_memory_equal(before + (s + 1) * p.size, p.slot[s].data,
                                    p.size * sizeof *before);
            free(before);
            optim_free(o);
            params_free(&p);
        }
}

static void test_trajectories(void **state) {
    (void)state;
    trajectories_follow_pytorch(2e-5);
}

/* With epsilon 0 (or far below what single precision holds) a weight without gradient stays, and so
 * do the gaps; one with a gradient moves by the rate. */
static void test_epsilon(void **state) {
    (void)state;
    const double epsilons[] = {0, 1e-25, 1e-320};
    for (int k = 0; k < 3; k++) {
        const struct optim_config config = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = epsilons[k]};
        struct params p = two_tensors(1, 3, 1);
        struct optim *o = optim_new(&p, &config, NULL);
        p.value[1] = 1;
        p.gradient[2] = (real)-1e-15;
        for (int step = 1; step <= 3; step++)
            assert_int_equal(optim_step(o, NULL, step, 0.5, NULL), 0);
        assert_true(p.value[0] == 0 && p.value[1] == 1 && p.value[4] == 0);
        assert_true(fabs((double)p.value[2] - 1.5) < 1e-5);
        optim_free(o);
        params_free(&p);
    }
}

/* The gradient becomes orthogonal to the weights and keeps its norm; what is all along them, or
 * belongs to a tensor of one number, vanishes; a tensor of zeros changes nothing. */
static void test_orthogonal(void **state) {
    (void)state;
    const struct optim_config config = {.kind = OPTIMISER_SGD, .orthogonal = true};
    struct params p = {0};
    params_add(&p, 2, 150, 131, "long");
    params_add(&p, 1, 7, 1, "along");
    params_add(&p, 1, 1, 1, "one");
    params_add(&p, 1, 9, 1, "zero");
    params_allocate(&p);
    struct optim *o = optim_new(&p, &config, NULL);
    struct rng r = rng_at(1, RNG_EVAL, 0);
    double square[4] = {0}, after[4] = {0}, dot = 0;
    for (size_t t = 0; t < 4; t++)
        for (size_t i = p.table[t].offset; i < p.table[t].offset + p.table[t].count; i++) {
            p.value[i] = t == 3 ? 0 : (real)rng_normal(&r);
            p.gradient[i] = (real)rng_normal(&r) + (t == 0 ? p.value[i] : 0);
            if (t == 1)
                p.gradient[i] = p.value[i] * (real)0.37;
            square[t] += (double)p.gradient[i] * (double)p.gradient[i];
        }
    struct optim_report report;
    assert_int_equal(optim_step(o, NULL, 1, 0, &report), 0);
    for (size_t t = 0; t < 4; t++)
        for (size_t i = p.table[t].offset; i < p.table[t].offset + p.table[t].count; i++) {
            after[t] += (double)p.gradient[i] * (double)p.gradient[i];
            dot += t == 0 ? (double)p.gradient[i] * (double)p.value[i] : 0;
        }
    assert_true(fabs(after[0] / square[0] - 1) < 1e-5 && fabs(dot) < 1e-4 * square[0]);
    assert_true(after[1] == 0 && after[2] == 0 && fabs(after[3] / square[3] - 1) < 1e-5);
    assert_true(fabs(report.norm - sqrt(square[0] + square[1] + square[2] + square[3])) < 1e-3);
    assert_true(fabs(report.applied - sqrt(after[0] + after[3])) < 1e-3);
    optim_free(o);
    params_free(&p);
}

/* The window's mean is that of the last W gradients however many rounds of the ring have passed. */
static void test_long_window(void **state) {
    (void)state;
    for (int window = 1; window <= 5; window++) {
        const struct optim_config config = {.kind = OPTIMISER_SGD,
                                            .filter = FILTER_MEAN,
                                            .filter_window = window,
                                            .filter_lambda = 3};
        struct params p = two_tensors(3, 3, 1);
        struct optim *o = optim_new(&p, &config, NULL);
        double past[40];
        for (int step = 1; step < 40; step++) {
            past[step] = (double)(step * 7 % 11) - 5;
            p.gradient[4] = (real)past[step];
            assert_int_equal(optim_step(o, NULL, step, 0.1, NULL), 0);
            double mean = 0;
            for (int i = 0; i < window && step >= window; i++)
                mean += past[step - i] / window;
            assert_true(fabs((double)p.gradient[4] - past[step] - 3 * mean) < 1e-5);
            assert_true(p.gradient[5] == 0);
        }
        optim_free(o);
        params_free(&p);
    }
}

static void test_norm_projection(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct params p = two_tensors(2, 2, 4);
        const struct optim_config config = {
            .kind = OPTIMISER_SGD, .norm = k ? NORM_TENSOR : NORM_GLOBAL, .norm_factor = 2};
        struct optim *o = optim_new(&p, &config, NULL);
        p.value[0] = 3;
        p.value[3] = 4;
        size_t bias = p.table[1].offset;
        for (int step = 1; step <= 3; step++) {
            p.gradient[1] = -1;
            p.gradient[bias] = -1;
            assert_int_equal(optim_step(o, NULL, step, 1, NULL), 0);
            double matrix = 0;
            for (int i = 0; i < 4; i++)
                matrix += (double)p.value[i] * (double)p.value[i];
            if (k) { /* the bias began at 0 and is free */
                assert_true(fabs(sqrt(matrix) - 10) < 1e-5 && p.value[bias] == (real)step);
            } else {
                assert_true(fabs(optim_weight_norm(o, NULL) - 10) < 1e-5 && matrix < 100 - 1);
            }
        }
        optim_free(o);
        params_free(&p);
    }
}

/* An optimiser made anew on the same slots and numbers goes on as if nothing had happened; each
 * keeps what it needs and no more. */
static void test_state(void **state) {
    (void)state;
    for (size_t k = 0; k < TRAJECTORIES; k++) {
        const struct optim_config *c = &trajectories[k].config;
        struct params p = trajectory_params(), q = trajectory_params();
        struct optim *o = optim_new(&p, c, NULL), *twice = optim_new(&q, c, NULL);
        size_t slots = c->kind != OPTIMISER_SGD ? 2 : c->momentum != 0;
        slots += c->filter == FILTER_EMA ? 1 : 0;
        slots += c->filter == FILTER_MEAN ? (size_t)c->filter_window + 1 : 0;
        slots += c->average != AVERAGE_NONE;
        assert_int_equal(p.slots, slots);
        for (size_t i = 0; i < 3; i++) {
            params_xavier_uniform(&p, i, 4);
            params_xavier_uniform(&q, i, 4);
        }
        for (int step = 1; step <= 7; step++) {
            for (size_t i = 0; i < p.size; i++)
                p.gradient[i] = q.gradient[i] = (real)((int)(i * 7 + (size_t)step) % 5 - 2);
            if (step == 5) {
                optim_free(twice);
                twice = optim_new(&q, c, NULL);
                assert_int_equal(q.slots, slots);
            }
            assert_int_equal(optim_step(o, NULL, step, 0.1, NULL), 0);
            assert_int_equal(optim_step(twice, NULL, step, 0.1, NULL), 0);
        }
        assert_memory_equal(p.value, q.value, p.size * sizeof(real));
        for (size_t s = 0; s < p.slots; s++)
            assert_memory_equal(p.slot[s].data, q.slot[s].data, p.size * sizeof(real));
        assert_int_equal(optim_swap_average(o, NULL), c->average != AVERAGE_NONE);
        if (c->average != AVERAGE_NONE) {
            assert_memory_not_equal(p.value, q.value, p.size * sizeof(real));
            assert_true(optim_swap_average(o, NULL));
            assert_memory_equal(p.value, q.value, p.size * sizeof(real));
        }
        optim_free(o);
        optim_free(twice);
        params_free(&p);
        params_free(&q);
    }
}

/* What a configuration refuses, and the option its sentence names. */
static void test_refusals(void **state) {
    (void)state;
    const struct param_group nobody = {.pattern = "*.wieght"};
    struct optim_config c[24];
    const char *why[24];
    int n = 0;
#define REFUSED(text, ...)                                                                         \
    do {                                                                                           \
        c[n] = optim_default;                                                                      \
        c[n].__VA_ARGS__;                                                                          \
        why[n++] = text;                                                                           \
    } while (0)
    REFUSED("--beta1", beta1 = 1);
    REFUSED("--beta2", beta2 = -0.1);
    REFUSED("--beta2", beta2 = NAN);
    REFUSED("--epsilon", epsilon = INFINITY);
    REFUSED("--weight-decay", weight_decay = -1);
    REFUSED("--l1", l1 = NAN);
    REFUSED("--clip ", clip = -1);
    REFUSED("--clip and --clip-value", clip_value = 1);
    REFUSED("--base-width", base_width = -1);
    REFUSED("--base-width needs a width", base_width = 8);
    REFUSED("no tensor matches '*.wieght'", groups = &nobody, c[n].n_groups = 1);
    REFUSED("--momentum", kind = OPTIMISER_SGD, c[n].momentum = -1);
    REFUSED("--nesterov", kind = OPTIMISER_SGD, c[n].nesterov = true);
    REFUSED("--filter-alpha", filter = FILTER_EMA, c[n].filter_alpha = 1.5);
    REFUSED("--filter-lambda", filter = FILTER_EMA, c[n].filter_lambda = INFINITY);
    REFUSED("--filter-window", filter = FILTER_MEAN, c[n].filter_window = 0);
    REFUSED("--filter-window", filter = FILTER_MEAN, c[n].filter_window = 10001);
    REFUSED("--norm-factor", norm = NORM_GLOBAL, c[n].norm_factor = 0);
    REFUSED("--average-decay", average = AVERAGE_EMA, c[n].average_decay = 1);
    REFUSED("--average-from", average = AVERAGE_EMA, c[n].average_from = 0);
    REFUSED("--average-every", average = AVERAGE_MEAN, c[n].average_every = 0);
#undef REFUSED
    struct params p = trajectory_params();
    for (int i = 0; i < n; i++) {
        struct err err = {0};
        assert_null(optim_new(&p, &c[i], &err));
        assert_error(&err, STATUS_USAGE, NULL, why[i]);
    }
    assert_int_equal(p.slots, 0);
    params_free(&p);
}

/* Decay by roles, groups over it, rates, and the later group over the earlier. */
static void test_settings(void **state) {
    (void)state;
    const struct param_group groups[] = {
        {.pattern = "*.weight", .has_decay = true, .decay = 0.5, .has_rate = true, .rate = 3},
        {.pattern = "@readout", .has_rate = true, .rate = 0},
    };
    const double expected[3][2][3] = {{{0.1, 0.1, 0.1}, {0.5, 0.1, 0.5}},
                                      {{0.1, 0, 0.1}, {0.5, 0, 0.5}},
                                      {{0, 0, 0.1}, {0.5, 0, 0.5}}};
    for (int on = 0; on < 3; on++)
        for (int grouped = 0; grouped < 2; grouped++) {
            struct params p = trajectory_params();
            params_set_role(&p, 0, ROLE_EMBEDDING);
            struct optim_config c = optim_default;
            c.weight_decay = 0.1;
            c.decay_on = (enum decay_on)on;
            c.groups = groups;
            c.n_groups = grouped ? 2 : 0;
            struct optim *o = optim_new(&p, &c, NULL);
            for (size_t t = 0; t < 3; t++)
                assert_true(optim_tensor_decay(o, t) == expected[on][grouped][t]);
            assert_true(optim_tensor_rate(o, 0) == (grouped ? 3 : 1));
            assert_true(optim_tensor_rate(o, 1) == 1);
            assert_true(optim_tensor_rate(o, 2) == (grouped ? 0 : 1));
            if (grouped) { /* a rate of 0 freezes */
                params_fill(&p, 2, (real)0.3);
                for (size_t t = 0; t < 3; t++)
                    p.gradient[p.table[t].offset] = 1;
                assert_int_equal(optim_step(o, NULL, 1, 0.1, NULL), 0);
                assert_true(p.value[p.table[2].offset] == (real)0.3);
                assert_true(p.value[0] != 0 && p.value[p.table[1].offset] != 0);
            }
            optim_free(o);
            params_free(&p);
        }
}

/* A base width gives each tensor its rate and its decay (mup.h), over those of its group. */
static void test_base_width(void **state) {
    (void)state;
    const struct param_group group = {
        .pattern = "layer.weight", .has_rate = true, .rate = 3, .has_decay = true, .decay = 5};
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        struct params p = trajectory_params();
        p.width = 64;
        struct optim_config c = optim_default;
        c.kind = adaptive ? OPTIMISER_ADAMW : OPTIMISER_SGD;
        c.weight_decay = 0.5;
        c.base_width = 16;
        c.groups = &group;
        c.n_groups = 1;
        struct optim *o = optim_new(&p, &c, NULL);
        const double rates[2][3] = {{3, 4, 4}, {0.75, 1, 1}};
        const double decays[2][3] = {{5, 0.125, 0.125}, {20, 0.5, 0.5}};
        for (size_t t = 0; t < 3; t++) {
            assert_true(optim_tensor_rate(o, t) == rates[adaptive][t]);
            assert_true(optim_tensor_decay(o, t) == decays[adaptive][t]);
        }
        optim_free(o);
        params_free(&p);
    }
}

/* A filter that overflows stops the step as a gradient that is not finite does. */
static void test_filter_overflow(void **state) {
    (void)state;
    const struct optim_config config = {.kind = OPTIMISER_SGD,
                                        .clip = 1,
                                        .filter = FILTER_EMA,
                                        .filter_alpha = 0.5,
                                        .filter_lambda = 1e30};
    struct params p = two_tensors(1, 2, 1);
    struct optim *o = optim_new(&p, &config, NULL);
    struct optim_report report;
    p.value[0] = 1;
    p.gradient[0] = (real)1e20;
    assert_int_equal(optim_step(o, NULL, 1, 0.1, &report), -1);
    assert_true(isfinite(report.norm) && !isfinite(report.applied));
    assert_true(p.value[0] == 1);
    optim_free(o);
    params_free(&p);
}

/* Several blocks, tensors that cross them, a last one that is not full: the same bits for every
 * number of threads, whatever is done. */
static void test_threads(void **state) {
    (void)state;
    for (size_t c = 0; c < TRAJECTORIES; c++) {
        struct params p[3];
        double norms[3], applied[3];
        for (int k = 0; k < 3; k++) {
            p[k] = (struct params){0};
            params_add(&p[k], 2, 221, 157, "layer.weight");
            params_set_role(&p[k], params_add(&p[k], 1, 303, 1, "layer.bias"), ROLE_BIAS);
            params_set_role(&p[k], params_add(&p[k], 2, 101, 163, "readout.weight"), ROLE_READOUT);
            params_allocate(&p[k]);
            params_xavier_uniform(&p[k], 0, 1);
            params_xavier_uniform(&p[k], 2, 1);
            struct pool *pool = pool_new(1 << k);
            struct optim *o = optim_new(&p[k], &trajectories[c].config, NULL);
            for (int step = 1; step <= 5; step++) {
                struct rng r = rng_at(9, RNG_EVAL, (uint64_t)step);
                struct optim_report report;
                double square = 0;
                for (size_t t = 0; t < 3; t++)
                    for (size_t i = 0; i < p[k].table[t].count; i++) {
                        size_t at = p[k].table[t].offset + i;
                        p[k].gradient[at] = (real)(rng_uniform(&r) - 0.4);
                        square += (double)p[k].gradient[at] * (double)p[k].gradient[at];
                    }
                assert_int_equal(optim_step(o, pool, step, 0.01, &report), 0);
                assert_true(fabs(report.norm - sqrt(square)) < 1e-9 * report.norm);
                norms[k] = report.norm, applied[k] = report.applied;
            }
            if (trajectories[c].config.average != AVERAGE_NONE)
                assert_true(optim_swap_average(o, pool));
            assert_true(norms[k] == norms[0] && applied[k] == applied[0]);
            assert_memory_equal(p[k].value, p[0].value, p[0].size * sizeof(real));
            for (size_t s = 0; s < p[k].slots; s++)
                assert_memory_equal(p[k].slot[s].data, p[0].slot[s].data, p[0].size * sizeof(real));
            optim_free(o);
            pool_free(pool);
        }
        for (int k = 0; k < 3; k++)
            params_free(&p[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adamw),           cmocka_unit_test(test_first_step),
        cmocka_unit_test(test_not_finite),      cmocka_unit_test(test_trajectories),
        cmocka_unit_test(test_epsilon),         cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_long_window),     cmocka_unit_test(test_norm_projection),
        cmocka_unit_test(test_state),           cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_settings),        cmocka_unit_test(test_base_width),
        cmocka_unit_test(test_filter_overflow), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
