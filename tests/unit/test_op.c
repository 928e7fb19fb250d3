/* The operators' forward values against definitions written out in double. Their backwards are
 * checked in grad_op.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/elementary.h"
#include "nn/mat.h"
#include "nn/op.h"
#include "nn/op_loss.h"

static struct rng draws;

static real *normals(size_t n) {
    real *x = mem_alloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)rng_normal(&draws);
    return x;
}

static real *zeros(size_t n) {
    return mem_alloc(n, sizeof(real));
}

static void assert_near(const char *what, double value, double expected, double bound) {
    if (!(fabs(value - expected) <= bound))
        fail_msg("%s: %.9g, expected %.9g", what, value, expected);
}

static void test_elementary(void **state) {
    (void)state;
    for (int i = -87000; i <= 88000; i++) {
        real x = (real)i / 1000;
        assert_near("exp", (double)real_exp(x) / exp((double)x), 1, 2.5e-7);
    }
    assert_true(real_exp(0) == 1);
    assert_true(real_exp(-1000) < 1e-37f && real_exp(-1000) >= 0);
    assert_true(real_exp((real)-INFINITY) < 1e-37f);
    assert_true(isnan(real_exp((real)NAN)));
    for (int i = -8000; i <= 8000; i++) {
        real x = (real)i / 1000;
        assert_near("erf", (double)real_erf(x), erf((double)x), 4e-7);
        assert_true(real_erf(-x) == -real_erf(x));
    }
    for (int i = -200; i <= 200; i++) /* also relative, where erf is small */
        if (i != 0)
            assert_near("erf", (double)real_erf((real)i / 1000) / erf((double)(real)i / 1000), 1,
                        5e-7);
    assert_true(isnan(real_erf((real)NAN)));
}

static void test_mat(void **state) {
    (void)state;
    mat_init();
    assert_true(strlen(mat_core_name()) > 0);
    assert_non_null(strstr(mat_config(), "OpenBLAS"));
    /* Rows further apart than their length; what lies between is not touched. */
    enum { M = 3, N = 5, K = 4, LDA = 9, LDB = 8, LDC = 7 };
    real *a = normals(8 * LDA), *b = normals(8 * LDB);
    for (int form = 0; form < 3; form++)
        for (int add = 0; add < 2; add++)
            for (int k = 0; k <= K; k += K) {
                real c[M * LDC], before[M * LDC];
                for (int i = 0; i < M * LDC; i++)
                    before[i] = c[i] = (real)i;
                if (form == 0)
                    mat_nn(M, N, k, a, LDA, b, LDB, add, c, LDC);
                else if (form == 1)
                    mat_nt(M, N, k, a, LDA, b, LDB, add, c, LDC);
                else
                    mat_tn(M, N, k, a, LDA, b, LDB, add, c, LDC);
                for (int i = 0; i < M; i++)
                    for (int j = 0; j < LDC; j++) {
                        double expected = j < N && !add ? 0 : (double)before[i * LDC + j];
                        for (int l = 0; l < k && j < N; l++)
                            expected += (double)(form == 2 ? a[l * LDA + i] : a[i * LDA + l]) *
                                        (double)(form == 1 ? b[j * LDB + l] : b[l * LDB + j]);
                        assert_near("product", (double)c[i * LDC + j], expected, 2e-5);
                    }
            }
    mat_nn(0, 5, 3, a, 3, b, 5, false, NULL, 5);
    free(a), free(b);
}

static void test_embedding(void **state) {
    (void)state;
    const int offset[] = {5, 7, 8};
    const int32_t input[] = {2, 0, 2};
    const real table[] = {1, 2, 3, 4, 5, 6}, position[] = {10, 20, 30, 40};
    real y[6];
    op_embedding_forward(2, offset, 2, input, (real)0.5, table, position, y);
    const real expected[] = {12.5, 23, 30.5, 41, 12.5, 23};
    assert_memory_equal(y, expected, sizeof y);

    real sinusoid[3 * 5];
    op_sinusoid(3, 5, sinusoid);
    assert_near("sinusoid", (double)sinusoid[0], 0, 0);
    assert_near("sinusoid", (double)sinusoid[1], 1, 0);
    assert_near("sinusoid", (double)sinusoid[10], sin(2), 1e-7);
    assert_near("sinusoid", (double)sinusoid[11], cos(2), 1e-7);
    assert_near("sinusoid", (double)sinusoid[12], sin(2 / pow(10000, 2.0 / 5)), 1e-7);
    assert_near("sinusoid", (double)sinusoid[14], sin(2 / pow(10000, 4.0 / 5)), 1e-7);
}

static void test_linear(void **state) {
    (void)state;
    const real x[] = {1, 2, 3, -1, 0, 1}, w[] = {1, 0, 2, -1, 1, 0}, bias[] = {10, 20};
    const real residual[] = {100, 200, 300, 400};
    const real plain[] = {7, 1, 1, 1}, full[] = {117, 221, 311, 421};
    real y[4];
    op_linear_forward(product_kernels(), 2, 3, 2, x, w, NULL, NULL, NULL, y);
    assert_memory_equal(y, plain, sizeof y);
    op_linear_forward(product_kernels(), 2, 3, 2, x, w, NULL, bias, residual, y);
    assert_memory_equal(y, full, sizeof y);
    memcpy(y, residual, sizeof y);
    op_linear_forward(product_kernels(), 2, 3, 2, x, w, NULL, bias, y, y);
    assert_memory_equal(y, full, sizeof y);
    memcpy(y, residual, sizeof y);
    op_linear_forward(product_kernels(), 2, 3, 2, x, w, NULL, NULL, y, y);
    assert_near("residual in place", (double)y[3], 401, 0);
}

static void test_layernorm(void **state) {
    (void)state;
    const int dims[] = {1, 2, 7, 16, 45, 128};
    for (int k = 0; k < 6; k++)
        for (int large = 0; large < 2; large++) {
            int d = dims[k];
            real *x = normals(2 * (size_t)d), *gain = normals(d), *bias = normals(d);
            real *y = zeros(2 * (size_t)d), mean[2], rstd[2];
            /* A mean far from zero must not cancel. */
            for (int c = 0; c < 2 * d; c++)
                x[c] += large ? 1000 : 0;
            op_layernorm_forward(2, d, x, gain, bias, y, mean, rstd);
            for (int row = 0; row < 2; row++) {
                double m = 0, v = 0;
                for (int c = 0; c < d; c++)
                    m += (double)x[row * d + c] / d;
                for (int c = 0; c < d; c++)
                    v += pow((double)x[row * d + c] - m, 2) / d;
                assert_near("mean", (double)mean[row], m, 1e-6 * (1 + fabs(m)));
                for (int c = 0; c < d; c++) {
                    double h = ((double)x[row * d + c] - m) / sqrt(v + OP_LAYERNORM_EPSILON);
                    assert_near("layernorm", (double)y[row * d + c],
                                (double)gain[c] * h + (double)bias[c], large ? 2e-2 : 2e-5);
                }
            }
            free(x), free(gain), free(bias), free(y);
        }
}

static void test_attention(void **state) {
    (void)state;
    const int offset[] = {4, 5, 28, 35};
    enum { ROWS = 31, HEADS = 2, PAIRS = 1 + 23 * 23 + 49 };
    const int head_dims[] = {3, 8, 12};
    for (int k = 0; k < 3; k++) {
        int hd = head_dims[k], d = HEADS * hd;
        real *qkv = normals((size_t)ROWS * 3 * d), *y = zeros((size_t)ROWS * d);
        real *p = normals(PAIRS * HEADS), *scratch = normals(op_attention_scratch(23, hd));
        op_attention_forward(3, offset, HEADS, hd, qkv, p, y, scratch);
        const real *at = p;
        for (int s = 0; s < 3; s++)
            for (int h = 0; h < HEADS; h++) {
                int n = offset[s + 1] - offset[s];
                const real *q = qkv + (size_t)(offset[s] - 4) * 3 * d + h * hd;
                for (int i = 0; i < n; i++) {
                    double weight[23], sum = 0;
                    for (int j = 0; j <= i; j++) {
                        double score = 0;
                        for (int c = 0; c < hd; c++)
                            score += (double)q[i * 3 * d + c] * (double)q[j * 3 * d + d + c];
                        sum += weight[j] = exp(score / sqrt(hd));
                    }
                    for (int j = 0; j < n; j++)
                        assert_near("probability", (double)at[i * n + j],
                                    j <= i ? weight[j] / sum : 0, j <= i ? 2e-6 : 0);
                    for (int c = 0; c < hd; c++) {
                        double value = 0;
                        for (int j = 0; j <= i; j++)
                            value += weight[j] / sum * (double)q[j * 3 * d + 2 * d + c];
                        assert_near("attention", (double)y[(offset[s] - 4 + i) * d + h * hd + c],
                                    value, 5e-6);
                    }
                }
                at += (size_t)n * n;
            }
        free(qkv), free(y), free(p), free(scratch);
    }
}

static void test_activation(void **state) {
    (void)state;
    real x[161], y[161], slope[161];
    for (int i = 0; i < 161; i++)
        x[i] = (real)(i - 80) / 10;
    op_activation_forward(ACTIVATION_GELU, 161, x, y, slope);
    for (int i = 0; i < 161; i++) {
        double v = (double)x[i], below = 0.5 * erfc(-v * sqrt(0.5));
        assert_near("gelu", (double)y[i], v * below, 5e-7 * fmax(1, fabs(v)));
        assert_near("gelu slope", (double)slope[i],
                    below + v * exp(-v * v / 2) / sqrt(2 * acos(-1.0)), 1e-6);
    }
    real in_place[161];
    memcpy(in_place, x, sizeof x);
    op_activation_forward(ACTIVATION_GELU, 161, in_place, y, in_place);
    assert_memory_equal(in_place, slope, sizeof slope);
    op_activation_forward(ACTIVATION_RELU, 161, x, y, slope);
    for (int i = 0; i < 161; i++)
        assert_true(y[i] == (i > 80 ? x[i] : 0) && slope[i] == (i > 80));
    op_activation_forward(ACTIVATION_TANH, 161, x, y, slope);
    for (int i = 0; i < 161; i++) {
        double v = tanh((double)x[i]);
        assert_near("tanh", (double)y[i], v, 4 * 6e-8 * fabs(v));
        assert_near("tanh slope", (double)slope[i], 1 - v * v, 5e-7);
    }
    op_activation_forward(ACTIVATION_QUADRATIC, 161, x, y, slope);
    for (int i = 0; i < 161; i++)
        assert_true(y[i] == x[i] * x[i] && slope[i] == 2 * x[i]);
    x[3] = (real)NAN;
    op_activation_forward(ACTIVATION_GELU, 161, x, y, slope);
    assert_true(isnan(y[3]));
    op_activation_forward(ACTIVATION_TANH, 161, x, y, slope);
    assert_true(isnan(y[3]));
}

static void test_double_exp(void **state) {
    (void)state;
    double worst = 0;
    for (double x = -707.9; x < 708.9; x += 0.0137)
        worst = fmax(worst, fabs(double_exp(x) / exp(x) - 1));
    assert_true(worst < 5e-16);
    assert_true(double_exp(0) == 1 && double_exp(-1e300) == double_exp(-708));
    assert_true(isnan(double_exp(NAN)));
}

static void test_cross_entropy(void **state) {
    (void)state;
    enum { ROWS = 5, V = 11 };
    real *logits = normals(ROWS * V), *p = zeros(ROWS * V);
    const int32_t target[ROWS] = {3, -1, 0, 10, 4};
    for (int i = 0; i < V; i++) /* a row whose exponentials overflow unless shifted */
        logits[4 * V + i] = logits[4 * V + i] * 10 + 10000;
    double expected = 0;
    for (int row = 0; row < ROWS; row++) {
        double max = -INFINITY, sum = 0;
        for (int i = 0; i < V; i++)
            max = fmax(max, (double)logits[row * V + i]);
        for (int i = 0; i < V; i++)
            sum += exp((double)logits[row * V + i] - max);
        assert_near("log sum exp", op_log_sum_exp(V, logits + (size_t)row * V), max + log(sum),
                    1e-9);
        if (target[row] >= 0)
            expected += log(sum) + max - (double)logits[row * V + target[row]];
    }
    double loss = op_cross_entropy_forward(ROWS, V, logits, target, 0, p);
    assert_near("cross entropy", loss, expected, 1e-5);
    for (int row = 0; row < ROWS; row++) {
        double sum = 0;
        for (int i = 0; i < V; i++)
            sum += (double)p[row * V + i];
        assert_near("probabilities", sum, 1, 1e-6);
    }
    real *d = normals(ROWS * V);
    op_cross_entropy_backward(ROWS, V, p, target, 0, 2, d);
    for (int i = 0; i < V; i++)
        assert_true(d[V + i] == 0);
    assert_true(op_cross_entropy_forward(ROWS, V, logits, target, 0, logits) == loss);
    assert_memory_equal(p, logits, ROWS * V * sizeof *p);
    logits[2 * V + 5] = (real)NAN;
    assert_true(isnan(op_cross_entropy_forward(ROWS, V, logits, target, 0, p)));
    assert_true(isnan(op_log_sum_exp(V, logits + 2 * (size_t)V)));
    free(logits), free(p), free(d);
}

/* The cross entropy of one row, one number after the other. */
static double entropy_in_order(int n, const real *x, int label) {
    double max = (double)x[label], others = 0;
    for (int i = 0; i < n; i++)
        max = (double)x[i] > max || isnan(x[i]) ? (double)x[i] : max;
    for (int i = 0; i < n; i++)
        others += i == label ? 0 : double_exp((double)x[i] - max);
    double s = double_exp((double)x[label] - max);
    return s == 1 ? log1p(others / s) : log(others + s) + (max - (double)x[label]);
}

/* What is made side by side has the bits of what is made in order: of any width, wherever the
 * label, the greatest and what is no number stand. */
static void test_row_loss(void **state) {
    (void)state;
    enum { MOST = 150 };
    for (int n = 1; n <= MOST; n++)
        for (int round = 0; round < 8; round++) {
            real *x = normals((size_t)n);
            int label = (int)rng_below(&draws, (uint32_t)n),
                place = (int)rng_below(&draws, (uint32_t)n);
            for (int i = 0; i < n; i++)
                x[i] *= round % 2 ? 20 : 1;
            if (round >= 2)
                x[place] = round == 2   ? (real)INFINITY
                           : round == 3 ? (real)-INFINITY
                           : round == 4 ? (real)NAN
                           : round == 5 ? x[label]
                                        : (real)50;
            if (round == 7) /* far above all others, so that their sum is lost beside 1 */
                label = place;
            double loss = op_row_loss(LOSS_CROSS_ENTROPY, n, x, label, NULL),
                   expected = entropy_in_order(n, x, label);
            if (isnan(expected))
                assert_true(isnan(loss));
            else
                assert_memory_equal(&loss, &expected, sizeof loss);
            free(x);
        }
}

int main(void) {
    draws = rng_at(2, RNG_EVAL, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementary), cmocka_unit_test(test_mat),
        cmocka_unit_test(test_embedding),  cmocka_unit_test(test_linear),
        cmocka_unit_test(test_layernorm),  cmocka_unit_test(test_attention),
        cmocka_unit_test(test_activation), cmocka_unit_test(test_double_exp),
        cmocka_unit_test(test_row_loss),   cmocka_unit_test(test_cross_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
