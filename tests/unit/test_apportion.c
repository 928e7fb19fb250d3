/* lib/apportion: every part has its share at every length. (test_selection has more of it.) */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/apportion.h"
#include "lib/rng.h"

static void no_parts_and_one(void **state) {
    (void)state;
    struct apportion a = {0};
    assert_int_equal(apportion_next(&a), 0);
    apportion_free(&a);
    apportion_add(&a, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(apportion_next(&a), 0);
    assert_int_equal(a.parts[0].taken, 5);
    apportion_free(&a);
}

/* Parts of whole weights over slots from first on, where `first` is a multiple of their sum. */
static void exact(const uint64_t *weights, size_t n, uint64_t first, uint64_t periods) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    assert_int_equal(first % sum, 0);
    struct apportion a = {.slots = first};
    for (size_t i = 0; i < n; i++) {
        apportion_add(&a, (double)weights[i] / (double)sum);
        a.parts[i].taken = first / sum * weights[i];
    }
    for (uint64_t slot = 0; slot < periods * sum; slot++) {
        assert_true(apportion_next(&a) < n);
        for (size_t i = 0; i < n; i++) {
            /* |taken * sum - slots * weight| < sum, in whole numbers and relative to `first` */
            int64_t off = (int64_t)((a.parts[i].taken - first / sum * weights[i]) * sum) -
                          (int64_t)((slot + 1) * weights[i]);
            if (llabs(off) >= (int64_t)sum)
                fail_msg("part %zu of weight %llu of %llu is off by %lld after %llu + %llu slots",
                         i, (unsigned long long)weights[i], (unsigned long long)sum, (long long)off,
                         (unsigned long long)first, (unsigned long long)slot + 1);
        }
    }
    apportion_free(&a);
}

static void exact_at_any_length(void **state) {
    (void)state;
    const uint64_t percent[] = {99, 1}, thirds[] = {1, 1, 1}, mixed[] = {70, 20, 5, 4, 1},
                   tiny[] = {9999, 1};
    const uint64_t firsts[] = {0, 1000, 1000000, 1000000000, 1000000000000};
    for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++) {
        exact(percent, 2, firsts[k], 30);
        exact(thirds, 3, firsts[k] / 3 * 3, 1000);
        exact(mixed, 5, firsts[k], 30);
        exact(tiny, 2, firsts[k] / 10000 * 10000, 2);
    }
    for (uint64_t trial = 0; trial < 300; trial++) {
        struct rng r = rng_at(8, RNG_NOISE, trial);
        uint64_t weights[60], sum = 0;
        size_t n = 2 + rng_below(&r, 59);
        for (size_t i = 0; i < n; i++)
            sum += weights[i] = 1 + rng_below(&r, trial % 2 ? 5 : 100);
        exact(weights, n, 0, 2);
        exact(weights, n, 1000000000000 / sum * sum, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_parts_and_one),
        cmocka_unit_test(exact_at_any_length),
    };
    return cmocka_run_group_tests_name("apportion", tests, NULL, NULL);
}
