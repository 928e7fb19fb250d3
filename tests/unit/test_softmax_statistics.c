/* nn/softmax_statistics: entropies of known distributions, and where 1 absorbs the rest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "nn/op.h"
#include "nn/softmax_statistics.h"
#include "tests/unit/assert_error.h"

static void near(double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%.17g, not %.17g", got, expected);
}

static void entropies_of_rows(void **state) {
    (void)state;
    /* A sure row, a uniform one, a quarter and three; a column beyond them is not read. */
    static const real p[] = {0,          1, 0, 0, 9,          (real)0.25, (real)0.25, (real)0.25,
                             (real)0.25, 9, 0, 0, (real)0.75, (real)0.25, (real)NAN};
    double sum, three = -0.75 * log(0.75) - 0.25 * log(0.25);
    struct err err = {0};
    assert_int_equal(softmax_entropy(3, 4, p, 5, &sum, &err), 0);
    near(sum, log(4) + three, 1e-15);
    assert_int_equal(softmax_entropy(1, 4, p, 5, &sum, &err), 0);
    assert_true(sum == 0 && !signbit(sum));
    assert_int_equal(softmax_entropy(0, 4, p, 5, &sum, &err), 0);
    assert_true(sum == 0);
}

static void bad_probabilities(void **state) {
    (void)state;
    static const struct {
        real p[2];
        const char *why;
    } rows[] = {
        {{(real)NAN, 1}, "row 2, column 1: nan is no probability"},
        {{1, (real)INFINITY}, "row 2, column 2: inf is no probability"},
        {{(real)1.5, (real)-0.5}, "row 2, column 1: 1.5 is no probability"},
        {{1, (real)-0.25}, "row 2, column 2: -0.25 is no probability"},
        {{(real)0.5, (real)0.25}, "row 2: the probabilities sum to 0.75, not to 1"},
        {{0, 0}, "row 2: the probabilities sum to 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        real p[4] = {(real)0.5, (real)0.5, rows[i].p[0], rows[i].p[1]};
        double sum;
        struct err err = {0};
        assert_int_equal(softmax_entropy(2, 2, p, 2, &sum, &err), -1);
        if (i == 0 && strncmp(err.text, "row 2, column 1: -nan", 21) == 0)
            continue; /* the sign of NaN is the compiler's */
        assert_error(&err, STATUS_NONFINITE, "row 2", rows[i].why);
    }
}

/* Equal keys: position t attends to t + 1 positions alike, so a head of n positions has the mean
 * of ln 1 ... ln n; a head whose scores differ has less. */
static void entropy_of_attention(void **state) {
    (void)state;
    enum { HEADS = 2, HEAD_DIM = 1, DIM = 2, ROWS = 12 };
    static const int offset[] = {0, 7, 8, 12};
    real qkv[ROWS * 3 * DIM] = {0}, y[ROWS * DIM], probability[2 * (49 + 1 + 16)];
    for (int i = 0; i < ROWS; i++) {
        qkv[i * 3 * DIM + 1] = 1;                         /* the query of the second head */
        qkv[i * 3 * DIM + DIM + 1] = (real)(i % 3) * 100; /* its key */
    }
    real *scratch = mem_aligned(op_attention_scratch(7, HEAD_DIM), sizeof *scratch);
    op_attention_forward(3, offset, HEADS, HEAD_DIM, qkv, probability, y, scratch);
    double entropy[HEADS], expected = 0, sharp = 0;
    struct err err = {0};
    assert_int_equal(attention_entropy(3, offset, HEADS, probability, entropy, &err), 0);
    for (int s = 0; s < 3; s++) {
        for (int t = 0; t < offset[s + 1] - offset[s]; t++) {
            int best = 0, ties = 0;
            expected += log(t + 1);
            for (int k = offset[s]; k <= offset[s] + t; k++) {
                ties = k % 3 > best ? 1 : ties + (k % 3 == best);
                best = k % 3 > best ? k % 3 : best;
            }
            sharp += log(ties);
        }
    }
    near(entropy[0], expected / ROWS, 1e-6);
    near(entropy[1], sharp / ROWS, 1e-6);
    assert_true(sharp > 0 && sharp < expected);
    assert_int_equal(attention_entropy(0, offset, HEADS, probability, entropy, &err), 0);
    assert_true(isnan(entropy[0]) && isnan(entropy[1]));
    probability[49 + 8] = (real)NAN;
    assert_int_equal(attention_entropy(3, offset, HEADS, probability, entropy, &err), -1);
    assert_error(&err, STATUS_NONFINITE,
                 "attention of sequence 1, head 2: row 2, column 2: ", NULL);
    free(scratch);
}

static struct collapse collapse_of(int rows, int vocabulary, const real *z, const int32_t *target) {
    struct collapse c = {0};
    struct err err = {0};
    if (softmax_collapse(rows, vocabulary, z, target, &c, &err) != 0)
        fail_msg("%s", err.text);
    return c;
}

/* 1 + x rounds to 1 in single precision if x <= 2^-24, a tie going to the even 1: so a gap of
 * 24 ln 2 = 16.6355 divides two logits. */
static void absorption(void **state) {
    (void)state;
    static const struct {
        double gap;
        int collapsed;
    } pairs[] = {{0, 0},   {1, 0},    {16, 0},   {16.635, 0},  {16.6356, 1}, {17, 1},
                 {100, 1}, {1000, 1}, {3e38, 1}, {-16.635, 0}, {-17, 1}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        real z[2] = {(real)pairs[i].gap, 0};
        if (collapse_of(1, 2, z, NULL).collapsed != pairs[i].collapsed)
            fail_msg("a gap of %g", pairs[i].gap);
    }
    /* Many small ones together are not absorbed: k exp(-gap) against 2^-24, wherever the largest
     * stands. */
    enum { MANY = 1024 };
    real z[MANY];
    for (int at = 0; at < MANY; at += 341) {
        for (int i = 0; i < MANY; i++)
            z[i] = i == at ? 5 : 5 - 17;
        assert_int_equal(collapse_of(1, MANY, z, NULL).collapsed, 0);
        for (int i = 0; i < MANY; i++)
            z[i] = i == at ? 5 : (real)(5 - 16.6356 - 6.9315); /* ln 1023 = 6.9305 */
        assert_int_equal(collapse_of(1, MANY, z, NULL).collapsed, 1);
    }
    z[0] = 3;
    assert_int_equal(collapse_of(1, 1, z, NULL).collapsed, 1); /* a vocabulary of one */
}

static void targets(void **state) {
    (void)state;
    static const real z[] = {20, 0, 0, 20, 20, 0, 1, 0, 0, 20};
    static const int32_t target[] = {0, 0, 1, 1, -1};
    struct collapse c = collapse_of(5, 2, z, target);
    assert_true(c.rows == 4 && c.collapsed == 3 && c.silent == 1);
    c = collapse_of(5, 2, z, NULL);
    assert_true(c.rows == 5 && c.collapsed == 4 && c.silent == 0);
    struct err err = {0};
    assert_int_equal(softmax_collapse(5, 2, z, target, &c, &err), 0); /* adds up */
    assert_true(c.rows == 9 && c.collapsed == 7 && c.silent == 1);
    static const real wrong[] = {(real)NAN, (real)INFINITY, (real)-INFINITY};
    for (size_t i = 0; i < 3; i++) {
        real bad[4] = {0, 1, 2, wrong[i]};
        err = (struct err){0};
        assert_int_equal(softmax_collapse(2, 2, bad, NULL, &c, &err), -1);
        assert_error(&err, STATUS_NONFINITE, "row 2: logit 2 is not a finite", NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropies_of_rows),
        cmocka_unit_test(bad_probabilities),
        cmocka_unit_test(entropy_of_attention),
        cmocka_unit_test(absorption),
        cmocka_unit_test(targets),
    };
    return cmocka_run_group_tests_name("softmax_statistics", tests, NULL, NULL);
}
