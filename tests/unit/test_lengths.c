/* lib/lengths: the laws against their formulas, and draws against the laws. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/lengths.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static double log_choose(double n, double k) {
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

static void binomial_shares(void **state) {
    (void)state;
    static const double ps[] = {0.5, 0.25, 0.9, 1e-3};
    static const uint32_t longests[] = {2, 4, 40, 602};
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++) {
            struct lengths l;
            lengths_binomial(&l, 2, longests[b], ps[a]);
            double trials = l.n - 1, sum = 0, mean = 0;
            assert_int_equal(l.n, longests[b] / 2);
            for (uint32_t k = 0; k < l.n; k++) {
                double exact = exp(log_choose(trials, k) + k * log(ps[a]) +
                                   (trials - k) * log1p(-ps[a]));
                assert_near(l.share[k], exact, 1e-9 * exact + 1e-300);
                sum += l.share[k];
                mean += l.share[k] * (2 + 2.0 * k);
            }
            assert_near(sum, 1, 1e-12);
            assert_near(mean, 2 + 2 * trials * ps[a], 1e-9 * mean);
            lengths_free(&l);
        }
    /* The published law: 2 + 2 Binomial(19, 1/2). */
    struct lengths l;
    lengths_binomial(&l, 2, 40, 0.5);
    assert_near(l.share[0], 0x1p-19, 1e-20);
    assert_near(l.share[9], 92378 * 0x1p-19, 1e-15);
    assert_near(l.share[10], l.share[9], 1e-15);
    lengths_free(&l);
}

static void extremes(void **state) {
    (void)state;
    static const struct {
        uint32_t longest;
        double p;
        uint32_t always;
    } rows[] = {{40, 0, 2}, {40, 1, 40}, {2, 0.5, 2}, {2, 0, 2}, {2, 1, 2}, {65536, 0, 2}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct lengths l;
        lengths_binomial(&l, 2, rows[k].longest, rows[k].p);
        struct rng r = rng_at(1, RNG_GEN, k);
        for (int i = 0; i < 1000; i++)
            assert_int_equal(lengths_draw(&l, &r), rows[k].always);
        lengths_free(&l);
    }
    struct lengths l;
    lengths_binomial(&l, 2, 65536, 0.5);
    double mean = 0;
    for (uint32_t i = 0; i < l.n; i++)
        mean += l.share[i] * (2 + 2.0 * i);
    assert_near(mean, 32769, 1e-6);
    struct rng r = rng_at(2, RNG_GEN, 0);
    for (int i = 0; i < 1000; i++) /* within 7 standard deviations */
        assert_near((double)lengths_draw(&l, &r), 32769, 7 * sqrt(32767.0));
    lengths_free(&l);
}

/* Pearson's statistic near its degrees of freedom; lengths expected less than five times together.
 */
static void draws_follow(struct lengths *l, uint64_t item) {
    enum { DRAWS = 200000 };
    size_t counts[400] = {0};
    assert_true(l->n <= 400);
    struct rng r = rng_at(3, RNG_GEN, item);
    for (int i = 0; i < DRAWS; i++) {
        uint32_t length = lengths_draw(l, &r);
        assert_true(length >= l->shortest && length % 2 == 0);
        counts[(length - l->shortest) / 2]++;
    }
    double x = 0, cells = 0, rare = 0, rare_expected = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        double expected = l->share[i] * DRAWS, d = (double)counts[i] - expected;
        if (expected >= 5) {
            x += d * d / expected;
            cells++;
        } else {
            rare += (double)counts[i];
            rare_expected += expected;
        }
    }
    assert_near(x, cells - 1, 5 * sqrt(2 * cells));
    assert_near(rare, rare_expected, 5 * sqrt(rare_expected) + 5);
    lengths_free(l);
}

static void draws(void **state) {
    (void)state;
    struct lengths l;
    lengths_binomial(&l, 2, 40, 0.5);
    draws_follow(&l, 0);
    lengths_binomial(&l, 10, 200, 0.3);
    draws_follow(&l, 1);
    for (uint32_t n = 1; n < 40; n++) {
        lengths_uniform(&l, 6, 6 + 2 * (n - 1));
        assert_near(l.share[n - 1], 1.0 / n, 1e-15);
        draws_follow(&l, 10 + n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomial_shares),
        cmocka_unit_test(extremes),
        cmocka_unit_test(draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
