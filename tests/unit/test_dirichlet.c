/* lib/dirichlet: moments within five standard errors, the entropy formula, and bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/dirichlet.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static const double ALPHAS[] = {0.05, 0.5, 1, 2, 30};
enum { N_ALPHAS = sizeof ALPHAS / sizeof *ALPHAS, SIZE = 4, DRAWS = 20000 };

/* Each entry is Beta(a, (n-1) a): mean 1/n, variance (n-1) / n^2 / (n a + 1). Two entries have
 * E[p q] = a / (n (n a + 1)). */
static void moments(void **state) {
    (void)state;
    for (size_t k = 0; k < N_ALPHAS; k++) {
        double a = ALPHAS[k], n = SIZE, p[SIZE], sum[SIZE] = {0}, squares[SIZE] = {0}, product = 0;
        struct rng r = rng_at(17, RNG_EVAL, k);
        for (int i = 0; i < DRAWS; i++) {
            double total = 0;
            dirichlet_draw(&r, a, p, SIZE);
            for (int j = 0; j < SIZE; j++) {
                assert_true(p[j] >= 0 && p[j] <= 1);
                total += p[j];
                sum[j] += p[j];
                squares[j] += p[j] * p[j];
            }
            assert_near(total, 1, 1e-12);
            product += p[0] * p[1];
        }
        double variance = (n - 1) / (n * n) / (n * a + 1), spread = 5 / sqrt(DRAWS);
        for (int j = 0; j < SIZE; j++) {
            assert_near(sum[j] / DRAWS, 1 / n, spread * sqrt(variance));
            assert_near(squares[j] / DRAWS - 1 / (n * n), variance, spread * sqrt(variance));
        }
        assert_near(product / DRAWS, a / (n * (n * a + 1)), spread * 0.25);
    }
}

/* With alpha 1 and two entries the first is uniform on (0, 1). */
static void two_entries_are_uniform(void **state) {
    (void)state;
    struct rng r = rng_at(18, RNG_EVAL, 0);
    size_t counts[20] = {0};
    double p[2], x = 0;
    for (int i = 0; i < DRAWS; i++) {
        dirichlet_draw(&r, 1, p, 2);
        counts[(int)(p[0] * 20)]++;
    }
    for (int i = 0; i < 20; i++)
        x += (counts[i] - DRAWS / 20.0) * (counts[i] - DRAWS / 20.0) / (DRAWS / 20.0);
    assert_near(x, 19, 5 * sqrt(2 * 19.0));
}

static void mean_entropy(void **state) {
    (void)state;
    assert_near(dirichlet_mean_entropy(1, 2), 0.5, 1e-12);
    assert_near(dirichlet_mean_entropy(1, 3), 1.0 / 2 + 1.0 / 3, 1e-12);
    for (size_t k = 0; k < N_ALPHAS; k++) {
        struct rng r = rng_at(19, RNG_EVAL, k);
        double p[SIZE], sum = 0, squares = 0;
        for (int i = 0; i < DRAWS; i++) {
            double h = 0;
            dirichlet_draw(&r, ALPHAS[k], p, SIZE);
            for (int j = 0; j < SIZE; j++)
                h -= p[j] > 0 ? p[j] * log(p[j]) : 0;
            sum += h;
            squares += h * h;
        }
        double mean = sum / DRAWS, error = sqrt((squares / DRAWS - mean * mean) / DRAWS);
        assert_near(mean, dirichlet_mean_entropy(ALPHAS[k], SIZE), 5 * error);
    }
}

/* All mass on one entry is still a distribution. */
static void tiny_alpha(void **state) {
    (void)state;
    struct rng r = rng_at(20, RNG_EVAL, 0);
    for (int i = 0; i < 1000; i++) {
        double p[10], total = 0, most = 0;
        dirichlet_draw(&r, 1e-3, p, 10);
        for (int j = 0; j < 10; j++) {
            assert_true(p[j] >= 0);
            total += p[j];
            most = fmax(most, p[j]);
        }
        assert_near(total, 1, 1e-12);
        assert_true(most > 0.1);
    }
    double p[1];
    dirichlet_draw(&r, 1, p, 1);
    assert_true(p[0] == 1);
}

/* Published corpora rest on these. */
static void bits_are_for_ever(void **state) {
    (void)state;
    static const struct {
        double alpha, p[3];
    } rows[] = {
        {1, {0x1.47130012471f7p-3, 0x1.822221b511bfbp-2, 0x1.da545e41cab09p-2}},
        {0.2, {0x1.1394ec4f6bf2dp-1, 0x1.c88263be254e8p-2, 0x1.053c3a302cbe2p-6}},
        {7.5, {0x1.245f4ff7f50a2p-2, 0x1.6c6d25acb3bf4p-2, 0x1.6f338a5b5736ap-2}},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct rng r = rng_at(3, RNG_CHOICE, 0);
        double p[3];
        dirichlet_draw(&r, rows[k].alpha, p, 3);
        assert_memory_equal(p, rows[k].p, sizeof p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),           cmocka_unit_test(two_entries_are_uniform),
        cmocka_unit_test(mean_entropy),      cmocka_unit_test(tiny_alpha),
        cmocka_unit_test(bits_are_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
