#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/rng.h"
#include "nn/optim.h"

static struct params two_tensors(size_t rows, size_t columns, size_t vector) {
    struct params p = {0};
    params_add(&p, 2, rows, columns, "matrix.%s", "weight");
    params_add(&p, 1, vector, 1, "matrix.bias");
    params_allocate(&p);
    return p;
}

static void test_params(void **state) {
    (void)state;
    struct params p = two_tensors(3, 7, 5);
    assert_int_equal(p.tensors, 2);
    assert_int_equal(params_count(&p), 26);
    assert_int_equal(p.table[0].count, 21);
    assert_int_equal(p.table[1].offset * sizeof(real) % 64, 0);
    assert_int_equal((uintptr_t)p.value % 64, 0);
    assert_ptr_equal(params_find(&p, "matrix.bias"), &p.table[1]);
    assert_null(params_find(&p, "matrix"));
    params_xavier_uniform(&p, 0, 5);
    params_fill(&p, 1, (real)2);
    double bound = sqrt(6.0 / 10), largest = 0, sum = 0;
    for (size_t i = 0; i < 21; i++) {
        largest = fmax(largest, fabs((double)p.value[i]));
        sum += (double)p.value[i];
    }
    assert_true(largest <= bound && largest > 0.7 * bound && fabs(sum) < 21 * 0.3 * bound);
    assert_true(p.value[21] == 0 && p.value[p.table[1].offset + 4] == 2);
    real first = p.value[0];
    params_xavier_uniform(&p, 0, 6);
    assert_true(p.value[0] != first);
    params_xavier_uniform(&p, 0, 5);
    assert_true(p.value[0] == first);
    params_free(&p);
    assert_null(p.value);
}

/* AdamW on f(x) = sum c_i x_i^2 / 2, against the definition written out in double. */
static void test_adamw(void **state) {
    (void)state;
    const struct adamw w = {0.8, 0.95, 1e-6, 0.1};
    const double max_norm = 1.5;
    struct params p = two_tensors(4, 5, 3);
    struct optim *o = optim_new(&p, &w);
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
        double measured = optim_norm(o, NULL);
        assert_true(fabs(measured - norm) < 1e-5 * norm);
        optim_apply(o, NULL, rate, step, measured, max_norm);
        for (int i = 0; i < 23; i++) {
            assert_true(fabs((double)p.value[at[i]] - x[i]) < 2e-6);
            assert_true(fabs((double)p.first[at[i]] - m[i]) < 2e-6);
            assert_true(fabs((double)p.second[at[i]] - v[i]) < 2e-6);
        }
    }
    assert_true(clipped > 0);
    for (size_t i = 20; i < p.table[1].offset; i++)
        assert_true(p.value[i] == 0 && p.first[i] == 0 && p.second[i] == 0);
    optim_free(o);
    params_free(&p);
}

/* One step by hand: from zero moments the update is rate g / (|g| + epsilon), whatever the betas.
 */
static void test_first_step(void **state) {
    (void)state;
    const struct adamw w = {0.9, 0.999, 0.5, 0};
    struct params p = two_tensors(1, 2, 1);
    struct optim *o = optim_new(&p, &w);
    size_t bias = p.table[1].offset;
    p.gradient[0] = 3;
    p.gradient[1] = -4;
    p.gradient[bias] = 12;
    double norm = optim_norm(o, NULL);
    assert_true(fabs(norm - 13) < 1e-12);
    optim_apply(o, NULL, 0.7, 1, norm, 0);
    assert_true(fabs((double)p.value[0] + 0.7 * 3 / 3.5) < 1e-5);
    assert_true(fabs((double)p.value[1] - 0.7 * 4 / 4.5) < 1e-5);
    assert_true(fabs((double)p.value[bias] + 0.7 * 12 / 12.5) < 1e-5);
    assert_true(p.gradient[0] == 3);

    /* A norm at or below the bound leaves the gradient as it is; above it, to the ratio. */
    memset(p.value, 0, p.size * sizeof(real));
    memset(p.first, 0, p.size * sizeof(real));
    memset(p.second, 0, p.size * sizeof(real));
    optim_apply(o, NULL, 0.7, 1, norm, 26);
    assert_true(fabs((double)p.value[0] + 0.7 * 3 / 3.5) < 1e-5);
    memset(p.value, 0, p.size * sizeof(real));
    memset(p.first, 0, p.size * sizeof(real));
    memset(p.second, 0, p.size * sizeof(real));
    optim_apply(o, NULL, 0.7, 1, norm, 6.5);
    assert_true(fabs((double)p.value[0] + 0.7 * 1.5 / 2) < 1e-5);
    assert_true(fabs((double)p.first[1] + 0.2) < 1e-5);

    p.gradient[bias] = (real)INFINITY;
    assert_false(isfinite(optim_norm(o, NULL)));
    p.gradient[bias] = (real)NAN;
    assert_false(isfinite(optim_norm(o, NULL)));
    optim_free(o);
    params_free(&p);
}

/* Several blocks, with a last one that is not full: the same bits for every number of threads. */
static void test_threads(void **state) {
    (void)state;
    struct params p[3];
    double norms[3];
    for (int k = 0; k < 3; k++) {
        p[k] = two_tensors(321, 257, 1003);
        struct pool *pool = pool_new(1 << k);
        struct optim *o = optim_new(&p[k], &adamw_default);
        for (int step = 1; step <= 3; step++) {
            struct rng r = rng_at(9, RNG_EVAL, (uint64_t)step);
            for (size_t i = 0; i < p[k].size; i++)
                p[k].gradient[i] = (real)(rng_uniform(&r) - 0.4);
            norms[k] = optim_norm(o, pool);
            optim_apply(o, pool, 0.01, step, norms[k], 1);
        }
        if (k > 0) {
            assert_true(norms[k] == norms[0]);
            assert_memory_equal(p[k].value, p[0].value, p[0].size * sizeof(real));
            assert_memory_equal(p[k].second, p[0].second, p[0].size * sizeof(real));
        }
        double square = 0;
        for (size_t i = 0; i < p[k].size; i++)
            square += (double)p[k].gradient[i] * (double)p[k].gradient[i];
        assert_true(fabs(norms[k] - sqrt(square)) < 1e-9 * norms[k]);
        optim_free(o);
        pool_free(pool);
    }
    for (int k = 0; k < 3; k++)
        params_free(&p[k]);
}

static void assert_rate(const struct schedule *s, int64_t step, double expected) {
    double rate = schedule_rate(s, step);
    if (!(fabs(rate - expected) <= 1e-15))
        fail_msg("step %d: rate %.17g, expected %.17g", (int)step, rate, expected);
}

static void test_schedules(void **state) {
    (void)state;
    const struct schedule constant = {SCHEDULE_CONSTANT, 0.5, 4, 0, 0};
    assert_rate(&constant, 1, 0.125);
    assert_rate(&constant, 4, 0.5);
    assert_rate(&constant, 5, 0.5);
    assert_rate(&constant, 1000000, 0.5);

    const struct schedule linear = {SCHEDULE_LINEAR, 0.5, 10, 110, 0.2};
    assert_rate(&linear, 1, 0.05);
    assert_rate(&linear, 10, 0.5);
    assert_rate(&linear, 60, 0.3);
    assert_rate(&linear, 110, 0.1);
    assert_rate(&linear, 111, 0.1);

    const struct schedule cosine = {SCHEDULE_COSINE, 0.5, 10, 110, 0.2};
    assert_rate(&cosine, 5, 0.25);
    assert_rate(&cosine, 10, 0.5);
    assert_rate(&cosine, 35, 0.1 + 0.4 * (1 + sqrt(0.5)) / 2);
    assert_rate(&cosine, 60, 0.3);
    assert_rate(&cosine, 110, 0.1);
    assert_rate(&cosine, 500, 0.1);

    const struct schedule none = {SCHEDULE_LINEAR, 1, 0, 100, 0};
    assert_rate(&none, 1, 0.99);
    assert_rate(&none, 100, 0);
    const struct schedule all_warm = {SCHEDULE_COSINE, 1, 10, 10, 0.5};
    assert_rate(&all_warm, 9, 0.9);
    assert_rate(&all_warm, 10, 1);
    assert_rate(&all_warm, 11, 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params),     cmocka_unit_test(test_adamw),
        cmocka_unit_test(test_first_step), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
