/* lib/entropy: against the formulas written out, and against distributions that are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/entropy.h"
#include "lib/rng.h"

static struct entropy of(const uint64_t *counts, size_t k) {
    struct entropy e = {0};
    for (size_t i = 0; i < k; i++)
        entropy_add(&e, counts[i]);
    return e;
}

static void close_to(double x, double expected, double tolerance) {
    if (!(fabs(x - expected) <= tolerance))
        fail_msg("%.17g is not %.17g", x, expected);
}

/* The estimator of Chao, Wang and Jost, term by term. */
static double chao_as_printed(const uint64_t *counts, size_t k) {
    double n = 0, once = 0, twice = 0, sum = 0;
    for (size_t i = 0; i < k; i++) {
        n += (double)counts[i];
        once += counts[i] == 1;
        twice += counts[i] == 2;
    }
    for (size_t i = 0; i < k; i++) {
        double inner = 0;
        for (uint64_t j = counts[i]; j < (uint64_t)n; j++)
            inner += 1 / (double)j;
        if (counts[i] >= 1 && (double)counts[i] <= n - 1)
            sum += (double)counts[i] / n * inner;
    }
    double a = twice > 0  ? 2 * twice / ((n - 1) * once + 2 * twice)
               : once > 0 ? 2 / ((n - 1) * (once - 1) + 2)
                          : 1;
    if (a < 1) {
        long double rest = -logl((long double)a), power = 1;
        for (uint64_t r = 1; r < (uint64_t)n; r++) {
            power *= 1 - (long double)a;
            rest -= power / (long double)r;
        }
        sum += (double)((long double)once / (long double)n / power * rest);
    }
    return sum;
}

static void formulas(void **state) {
    (void)state;
    struct entropy none = {0};
    assert_true(isnan(entropy_plug_in(&none)) && isnan(entropy_miller_madow(&none)) &&
                isnan(entropy_chao(&none)) && isnan(entropy_coverage(&none)));
    const uint64_t single[] = {7};
    struct entropy e = of(single, 1);
    assert_true(entropy_plug_in(&e) == 0 && entropy_miller_madow(&e) == 0 && entropy_chao(&e) == 0);
    assert_true(entropy_coverage(&e) == 1);
    const uint64_t even[] = {5, 5, 5, 5, 0};
    e = of(even, 5);
    assert_int_equal(e.n, 20);
    assert_int_equal(e.types, 4);
    close_to(entropy_plug_in(&e), log(4), 1e-15);
    close_to(entropy_miller_madow(&e), log(4) + 3.0 / 40, 1e-15);
    const uint64_t uneven[] = {1, 1, 2, 4};
    e = of(uneven, 4);
    assert_int_equal(e.once, 2);
    assert_int_equal(e.twice, 1);
    close_to(entropy_plug_in(&e), 1.75 * log(2), 1e-15);
    close_to(entropy_coverage(&e), 0.75, 1e-15);
    const uint64_t samples[][8] = {{1, 1, 2, 4},
                                   {1},
                                   {1, 1},
                                   {1, 1, 1, 1, 1, 1, 1, 1},
                                   {2, 2},
                                   {1, 3},
                                   {1, 2},
                                   {100, 1, 1, 50, 2, 2, 2},
                                   {1, 1, 1, 1, 1, 1, 2},
                                   {3000, 500, 20, 1},
                                   {29, 30, 31, 1, 1},
                                   {0, 0, 5}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        e = of(samples[i], 8);
        close_to(entropy_chao(&e), chao_as_printed(samples[i], 8), 1e-11);
    }
}

/* Many types seen once, so that the sum converges slowly: its two ways meet. */
static void long_tails(void **state) {
    (void)state;
    static uint64_t counts[4000];
    const size_t twice[] = {0, 1, 2, 10, 100, 1000};
    for (size_t t = 0; t < sizeof twice / sizeof *twice; t++)
        for (size_t types = 1000; types <= 4000; types += 1500) {
            for (size_t i = 0; i < types; i++)
                counts[i] = i < twice[t] ? 2 : 1;
            struct entropy e = of(counts, types);
            close_to(entropy_chao(&e), chao_as_printed(counts, types), 1e-7);
        }
}

/* Samples of known distributions: the corrected estimates are nearer on average, Chao's nearest. */
static void nearer_the_truth(void **state) {
    (void)state;
    enum { TYPES = 500, SAMPLES = 200 };
    for (int zipf = 0; zipf <= 1; zipf++) {
        double upto[TYPES], total = 0, truth = 0;
        for (int i = 0; i < TYPES; i++)
            upto[i] = total += zipf ? 1.0 / (i + 1) : 1;
        for (int i = 0; i < TYPES; i++) {
            double p = (upto[i] - (i ? upto[i - 1] : 0)) / total;
            truth -= p * log(p);
        }
        double off[3] = {0};
        for (uint64_t sample = 0; sample < SAMPLES; sample++) {
            uint64_t counts[TYPES] = {0};
            struct rng r = rng_at(6, RNG_NOISE, sample);
            for (int k = 0; k < 600; k++) {
                double u = rng_uniform(&r) * total;
                int i = 0;
                while (upto[i] < u && i < TYPES - 1)
                    i++;
                counts[i]++;
            }
            struct entropy e = of(counts, TYPES);
            off[0] += entropy_plug_in(&e) - truth;
            off[1] += entropy_miller_madow(&e) - truth;
            off[2] += entropy_chao(&e) - truth;
        }
        assert_true(off[0] < 0);
        assert_true(fabs(off[1]) < fabs(off[0]));
        assert_true(fabs(off[2]) < fabs(off[1]) / 2);
        assert_true(fabs(off[2] / SAMPLES) < 0.06);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(long_tails),
        cmocka_unit_test(nearer_the_truth),
    };
    return cmocka_run_group_tests_name("entropy", tests, NULL, NULL);
}
