/* nn/weight_statistics, nn/weight_median, mat_singular_values: closed forms, NumPy, hostile input.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "nn/mat.h"
#include "nn/weight_median.h"
#include "nn/weight_statistics.h"
#include "tests/unit/assert_error.h"

static void near(double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%.17g, not %.17g", got, expected);
}

/* The matrix that golden.py below makes: 23 random bits an entry, exact in float. */
static real *congruential(int rows, int columns, uint32_t seed) {
    real *a = mem_alloc((size_t)rows * (size_t)columns, sizeof *a);
    for (int i = 0; i < rows * columns; i++) {
        seed = (seed * 1103515245u + 12345u) & 0x7fffffffu;
        a[i] = (real)((double)(seed >> 8) / 4194304.0 - 1);
    }
    return a;
}

static struct weight_block block(const real *values, int rows, int columns) {
    return (struct weight_block){"a", values, rows, columns, columns};
}

static void of_one(const real *values, int rows, int columns, double *value) {
    struct weight_block b = block(values, rows, columns);
    struct err err = {0};
    if (weight_statistics(&b, 1, NULL, 0, value, &err) != 0)
        fail_msg("%s", err.text);
}

static void diagonal_matrices(void **state) {
    (void)state;
    /* 3 x 4 with 4, -2, 1 on the diagonal: s = 4, 2, 1. */
    static const real d[12] = {4, 0, 0, 0, 0, -2, 0, 0, 0, 0, 1, 0};
    double v[WEIGHT_STATISTICS];
    of_one(d, 3, 4, v);
    near(v[WEIGHT_L1], 7, 0);
    near(v[WEIGHT_L2], sqrt(21), 1e-15);
    near(v[WEIGHT_TRACE], 3, 0);
    near(v[WEIGHT_SPECTRAL], 4, 1e-15);
    near(v[WEIGHT_CODE_SPARSITY], 7 / sqrt(21), 1e-15);
    near(v[WEIGHT_COMPUTATIONAL_SPARSITY], 0.75, 1e-15);
    near(v[WEIGHT_MEAN_LAMBDA], 7.0 / 3, 1e-15);
    near(v[WEIGHT_VARIANCE_LAMBDA], 7.0 / 3, 1e-14); /* (21 - 49/3) / 2 */
    near(v[WEIGHT_MEAN_W], 0.25, 1e-15);
    near(v[WEIGHT_MEDIAN_W], 0, 0);
    near(v[WEIGHT_VAR_W], (21 - 12 * 0.0625) / 11, 1e-15);
    assert_true(isnan(v[WEIGHT_MEAN_B]) && isnan(v[WEIGHT_MEDIAN_B]) && isnan(v[WEIGHT_VAR_B]));
    near(v[WEIGHT_EFFECTIVE_RANK],
         exp(-(4 / 7.0 * log(4 / 7.0) + 2 / 7.0 * log(2 / 7.0) + 1 / 7.0 * log(1 / 7.0))), 1e-14);
    near(v[WEIGHT_STABLE_RANK], 21.0 / 16, 1e-14);
    /* The transpose: the same but for what reads positions, and the trace is the same too. */
    static const real t[12] = {4, 0, 0, 0, -2, 0, 0, 0, 1, 0, 0, 0};
    double w[WEIGHT_STATISTICS];
    of_one(t, 4, 3, w);
    for (int k = 0; k < WEIGHT_STATISTICS; k++)
        if (!isnan(v[k]))
            near(w[k], v[k], 1e-14);
}

/* Singular values below 1e-5 count as zero in their mean and variance, and nowhere else. */
static void tiny_singular_values(void **state) {
    (void)state;
    static const real d[9] = {1, 0, 0, 0, (real)2e-5, 0, 0, 0, (real)9e-6};
    double v[WEIGHT_STATISTICS];
    of_one(d, 3, 3, v);
    near(v[WEIGHT_MEAN_LAMBDA], 1.00002 / 3, 1e-12);
    near(v[WEIGHT_TRACE], 1.000029, 1e-12);
    static const real zero[6];
    of_one(zero, 2, 3, v);
    near(v[WEIGHT_L1] + v[WEIGHT_L2] + v[WEIGHT_SPECTRAL] + v[WEIGHT_VARIANCE_LAMBDA], 0, 0);
    assert_true(isnan(v[WEIGHT_CODE_SPARSITY]) && isnan(v[WEIGHT_COMPUTATIONAL_SPARSITY]) &&
                isnan(v[WEIGHT_EFFECTIVE_RANK]) && isnan(v[WEIGHT_STABLE_RANK]));
}

static void rank_one(void **state) {
    (void)state;
    enum { ROWS = 30, COLUMNS = 70 };
    real a[ROWS * COLUMNS];
    double uu = 0, vv = 0, v[WEIGHT_STATISTICS];
    for (int i = 0; i < ROWS; i++)
        uu += (i + 1) * (i + 1);
    for (int j = 0; j < COLUMNS; j++)
        vv += (j % 5 - 2) * (j % 5 - 2);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        a[i] = (real)((i / COLUMNS + 1) * (i % COLUMNS % 5 - 2));
    of_one(a, ROWS, COLUMNS, v);
    near(v[WEIGHT_SPECTRAL], sqrt(uu * vv), 1e-14);
    near(v[WEIGHT_L2], sqrt(uu * vv), 1e-14);
    near(v[WEIGHT_MEAN_LAMBDA], sqrt(uu * vv) / ROWS, 1e-14);
    near(v[WEIGHT_VARIANCE_LAMBDA], uu * vv / ROWS, 1e-13); /* one s, the others 0 */
    near(v[WEIGHT_STABLE_RANK], 1, 1e-13);
    near(v[WEIGHT_EFFECTIVE_RANK], 1, 1e-11);
}

/* Hadamard matrices: H H^T = n I. */
static void orthogonal(void **state) {
    (void)state;
    for (int n = 1; n <= 64; n *= 2) {
        real *a = mem_alloc((size_t)n * (size_t)n, sizeof *a);
        for (int i = 0; i < n * n; i++)
            a[i] = __builtin_popcount((unsigned)(i / n & i % n)) % 2 ? -1 : 1;
        double v[WEIGHT_STATISTICS], s[64];
        struct err err = {0};
        assert_int_equal(mat_singular_values(n, n, a, n, s, &err), 0);
        for (int i = 0; i < n; i++)
            near(s[i], sqrt(n), 1e-14);
        of_one(a, n, n, v);
        near(v[WEIGHT_EFFECTIVE_RANK], n, 1e-13);
        near(v[WEIGHT_STABLE_RANK], n, 1e-13);
        near(v[WEIGHT_CODE_SPARSITY], n, 1e-14);
        if (n == 1)
            assert_true(isnan(v[WEIGHT_VARIANCE_LAMBDA]));
        else
            near(v[WEIGHT_VARIANCE_LAMBDA], 0, 1e-13);
        free(a);
    }
}

/* Second differences: s = 2 - 2 cos(k pi / (n + 1)), from 4 down to 1e-5 for n = 1000. */
static void large_and_ill_conditioned(void **state) {
    (void)state;
    enum { N = 1000, STRIDE = 1003 };
    real *a = mem_alloc((size_t)N * STRIDE, sizeof *a);
    for (int i = 0; i < N * STRIDE; i++)
        a[i] = (real)NAN; /* beyond the columns nothing is read */
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i * STRIDE + j] = i == j ? 2 : abs(i - j) == 1 ? -1 : 0;
    double *s = mem_alloc(2 * N, sizeof *s);
    struct err err = {0};
    assert_int_equal(mat_singular_values(N, N, a, STRIDE, s, &err), 0);
    for (int k = 0; k < N; k++)
        near(s[k], 2 - 2 * cos((N - k) * acos(-1) / (N + 1)), 1e-13);
    assert_int_equal(mat_singular_values(N, N, a, STRIDE, s + N, &err), 0);
    assert_memory_equal(s, s + N, N * sizeof *s);
    free(s);
    free(a);
}

/* What NumPy 1.24.2 says of the same numbers, with /usr/bin/python3 golden.py:
 *
 *     import numpy as np
 *     def mat(r, c, x):
 *         out = []
 *         for _ in range(r * c):
 *             x = (x * 1103515245 + 12345) % 2**31
 *             out.append((x >> 8) / 2**22 - 1)
 *         return np.array(out).reshape(r, c)
 *     def stats(ms, bs):
 *         rows = []
 *         for A in ms:
 *             s = np.linalg.svd(A, compute_uv=False)
 *             z = np.where(s < 1e-5, 0, s); p = s[s > 0] / s.sum()
 *             l1 = np.abs(A).sum(); l2 = np.sqrt((A * A).sum()); t = np.trace(A)
 *             rows.append([l1, l2, t, s[0], l1 / l2, t / s[0], z.mean(),
 *                          z.var(ddof=1) if len(z) > 1 else np.nan,
 *                          np.exp(-(p * np.log(p)).sum()), (l2 / s[0])**2])
 *         m = np.nanmean(np.array(rows), 0)
 *         w = np.concatenate([A.ravel() for A in ms]); b = np.concatenate([x.ravel() for x in bs])
 *         return list(m[:8]) + [f(x) for x in (w, b) for f in
 *             (np.mean, np.median, lambda x: x.var(ddof=1))] + list(m[8:])
 *     A = mat(40, 100, 1)
 *     for h in (stats([A], [mat(1, 5, 9)]),
 *               stats([mat(16, 8, 2), mat(3, 50, 3), mat(1, 20, 4), A[:8], A[8:16, :60]],
 *                     [mat(1, 7, 5), mat(1, 9, 6)])):
 *         print(',\n'.join('%.17g' % x for x in h))
 */
static void as_numpy(void **state) {
    (void)state;
    static const double one[WEIGHT_STATISTICS] = {
        1988.8117606639862,   36.341838503834254,    -2.1517689228057861, 9.2998719531509835,
        54.725127911571015,   -0.23137618815028133,  5.4510278796013978,  3.3892571300282439,
        0.003354905903339386, 0.0091761350631713867, 0.33025361446968959, -0.043921470642089844,
        -0.17776036262512207, 0.10277933746536405,   37.785525117675121,  15.270731823950822};
    static const double pooled[WEIGHT_STATISTICS] = {
        156.90988421440125,     9.0412375798867952,    -0.91976809501647949, 4.6631380406008187,
        13.537487957214807,     -0.28681576715427592,  3.7969524583583678,   0.69317865607066298,
        -0.0059979761205849686, 0.0041207075119018555, 0.33042591863817394,  -0.046011641621589661,
        -0.20623147487640381,   0.31678160070477451,   5.4591099818327109,   3.4820001830338789};
    real *a = congruential(40, 100, 1), *b = congruential(16, 8, 2), *c = congruential(3, 50, 3);
    real *d = congruential(1, 20, 4), *e = congruential(1, 5, 9), *f = congruential(1, 7, 5);
    real *g = congruential(1, 9, 6);
    double v[WEIGHT_STATISTICS];
    struct err err = {0};
    struct weight_block whole = block(a, 40, 100), bias = block(e, 1, 5);
    assert_int_equal(weight_statistics(&whole, 1, &bias, 1, v, &err), 0);
    for (int k = 0; k < WEIGHT_STATISTICS; k++)
        near(v[k], one[k], 5e-15);
    /* Blocks of one tensor, as the heads of in_proj_weight are, and of fewer columns. */
    const struct weight_block matrices[] = {
        block(b, 16, 8),
        block(c, 3, 50),
        block(d, 1, 20),
        {"head", a, 8, 100, 100},
        {"head", a + 800, 8, 60, 100},
    };
    const struct weight_block biases[] = {block(f, 1, 7), block(g, 1, 9)};
    assert_int_equal(weight_statistics(matrices, 5, biases, 2, v, &err), 0);
    for (int k = 0; k < WEIGHT_STATISTICS; k++)
        near(v[k], pooled[k], 5e-15);
    double again[WEIGHT_STATISTICS];
    assert_int_equal(weight_statistics(matrices, 5, biases, 2, again, &err), 0);
    assert_memory_equal(v, again, sizeof v);
    /* One number of a bias has a mean and no variance; no bias has nothing. */
    const struct weight_block single = block(f, 1, 1);
    assert_int_equal(weight_statistics(matrices, 5, &single, 1, v, &err), 0);
    assert_true(v[WEIGHT_MEAN_B] == (double)f[0] && v[WEIGHT_MEDIAN_B] == (double)f[0]);
    assert_true(isnan(v[WEIGHT_VAR_B]));
    assert_int_equal(weight_statistics(NULL, 0, NULL, 0, v, &err), 0);
    for (int k = 0; k < WEIGHT_STATISTICS; k++)
        assert_true(isnan(v[k]));
    real *all[] = {a, b, c, d, e, f, g};
    for (size_t i = 0; i < 7; i++)
        free(all[i]);
}

static int by_value(const void *a, const void *b) {
    real x = *(const real *)a, y = *(const real *)b;
    return (x > y) - (x < y);
}

/* Against sorting, where numbers repeat, differ in the last bit, are subnormal or of both signs. */
static void medians(void **state) {
    (void)state;
    static const real odd[] = {0,
                               (real)-0.0,
                               1,
                               -1,
                               (real)1e-40,
                               (real)-1e-40,
                               (real)3e38,
                               (real)-3e38,
                               (real)1.0000001,
                               (real)0.99999994};
    uint32_t seed = 7;
    for (int n = 1; n < 400; n += n < 20 ? 1 : 37) {
        for (int kind = 0; kind < 4; kind++) {
            real *a = congruential(1, n, (uint32_t)(n + kind)), *sorted;
            for (int i = 0; i < n; i++) {
                seed = seed * 1664525u + 1013904223u;
                if (kind == 1)
                    a[i] = odd[(seed >> 16) % 10];
                else if (kind == 2)
                    a[i] = (real)((int)(seed >> 28) - 8);
                else if (kind == 3)
                    a[i] = (real)ldexp((double)a[i], (int)(seed >> 24) - 128);
            }
            int cut = n / 3; /* of two blocks */
            struct weight_block blocks[] = {block(a, 1, cut), block(a + cut, n - cut, 1)};
            double got = weight_median(blocks, 2);
            sorted = a;
            qsort(sorted, (size_t)n, sizeof *sorted, by_value);
            double expected = n % 2 ? (double)a[n / 2]
                                    : (double)a[n / 2 - 1] / 2 + (double)a[n / 2] / 2;
            assert_true(got == expected);
            free(a);
        }
    }
    assert_true(isnan(weight_median(NULL, 0)));
}

static void bad_weights(void **state) {
    (void)state;
    static const real good[4] = {1, 2, 3, 4};
    const struct weight_block fine = block(good, 2, 2);
    double v[WEIGHT_STATISTICS];
    static const real wrong[] = {(real)NAN, (real)INFINITY, (real)-INFINITY};
    for (size_t i = 0; i < 3; i++) {
        real a[6] = {1, 2, 3, 4, wrong[i], 6};
        struct weight_block b = {"blocks.1.mlp.weight", a, 2, 3, 3};
        struct err err = {0};
        assert_int_equal(weight_statistics(&b, 1, NULL, 0, v, &err), -1);
        assert_error(&err, STATUS_NONFINITE,
                     "blocks.1.mlp.weight: row 2, column 2 is not a finite number", NULL);
        err = (struct err){0};
        assert_int_equal(weight_statistics(&fine, 1, &b, 1, v, &err), -1);
        assert_error(&err, STATUS_NONFINITE, "blocks.1.mlp.weight: row 2, column 2", NULL);
        double s[2];
        err = (struct err){0};
        assert_int_equal(mat_singular_values(2, 3, a, 3, s, &err), -1);
        assert_error(&err, STATUS_NONFINITE, "row 2, column 2 is not a finite number", NULL);
    }
    struct weight_block empty = {"empty", good, 0, 3, 3};
    struct err err = {0};
    assert_int_equal(weight_statistics(&empty, 1, NULL, 0, v, &err), -1);
    assert_error(&err, STATUS_DATA, "empty: has no elements", NULL);
    assert_int_equal(mat_singular_values(0, 3, good, 3, v, &err), 0);
    assert_int_equal(mat_singular_values(3, 0, good, 3, v, &err), 0);
    /* The largest and the smallest numbers of a float. */
    static const real extreme[4] = {(real)3.4e38, 0, 0, (real)1.4e-45};
    of_one(extreme, 2, 2, v);
    near(v[WEIGHT_SPECTRAL] / (double)extreme[0], 1, 1e-14);
    near(v[WEIGHT_STABLE_RANK], 1, 1e-14);
}

static void names(void **state) {
    (void)state;
    struct buf all = {0};
    for (int k = 0; k < WEIGHT_AUTHORS; k++)
        buf_printf(&all, "%s%s", k ? "," : "", weight_statistic_name((enum weight_statistic)k));
    assert_string_equal(all.data,
                        "l1,l2,trace,spectral,code_sparsity,computational_sparsity,mean_lambda,"
                        "variance_lambda,mean_w,median_w,var_w,mean_b,median_b,var_b");
    assert_string_equal(weight_statistic_name(WEIGHT_EFFECTIVE_RANK), "effective_rank");
    assert_string_equal(weight_statistic_name(WEIGHT_STABLE_RANK), "stable_rank");
    buf_free(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diagonal_matrices),
        cmocka_unit_test(tiny_singular_values),
        cmocka_unit_test(rank_one),
        cmocka_unit_test(orthogonal),
        cmocka_unit_test(as_numpy),
        cmocka_unit_test(large_and_ill_conditioned),
        cmocka_unit_test(medians),
        cmocka_unit_test(bad_weights),
        cmocka_unit_test(names),
    };
    mat_init();
    return cmocka_run_group_tests_name("weight_statistics", tests, NULL, NULL);
}
