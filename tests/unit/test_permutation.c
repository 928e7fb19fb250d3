/* lib/permutation: a bijection and its inverse; even over places and pairs of places. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/permutation.h"

static struct permutation *make(uint64_t n, uint64_t seed) {
    struct rng r = rng_at(seed, RNG_CHOICE, 0);
    return permutation_new(n, &r);
}

/* Each element at one place, and found there: for sizes on both sides of the change of method, for
 * squares, and for sizes that a rectangle does not fit. */
static void both_ways(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0,           1,      2, 3, 9409, 1 << 20, (1 << 20) + 1,
                                     1025 * 1025, 1500007};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k];
        struct permutation *p = make(n, 11);
        unsigned char *seen = mem_alloc(n, 1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t x = permutation_at(p, i);
            assert_true(x < n && !seen[x]);
            seen[x] = 1;
            if (permutation_place(p, x) != i)
                fail_msg("element %llu of %llu is not found", (unsigned long long)x,
                         (unsigned long long)n);
        }
        free(seen);
        permutation_free(p);
    }
    permutation_free(NULL);
}

static void far_sizes(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1000000000000, 999999999989, (uint64_t)1 << 62,
                                     ((uint64_t)1 << 62) - 1, ((uint64_t)1 << 32) + 1};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct permutation *p = make(sizes[k], 5);
        for (uint64_t i = 0; i < 1000; i++) {
            uint64_t place = i < 500 ? i : sizes[k] - 1 - i, x = permutation_at(p, place);
            assert_true(x < sizes[k]);
            assert_true(permutation_place(p, x) == place);
        }
        permutation_free(p);
    }
}

static void assert_chi_square(const size_t *counts, size_t cells, double expected) {
    double x = 0, freedom = (double)cells - 1;
    for (size_t i = 0; i < cells; i++)
        x += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    if (fabs(x - freedom) > 5 * sqrt(2 * freedom))
        fail_msg("chi-square %g of %g degrees of freedom", x, freedom);
}

/* A keyed permutation of a million: where neighbours go, jointly, over many keys and over many
 * places of one key; and whether mirrored elements (x, y) and (y, x) stay strangers. */
static void keyed_looks_even(void **state) {
    (void)state;
    enum { SIDE = 1200, N = SIDE * SIDE, CELLS = 8, DRAWS = 64000 };
    size_t pairs[CELLS * CELLS] = {0};
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        struct permutation *p = make(N, seed);
        uint64_t a = permutation_at(p, 0) * CELLS / N, b = permutation_at(p, 1) * CELLS / N;
        pairs[a * CELLS + b]++;
        permutation_free(p);
    }
    assert_chi_square(pairs, CELLS * CELLS, (double)DRAWS / (CELLS * CELLS));

    struct permutation *p = make(N, 3);
    size_t next[CELLS * CELLS] = {0}, mirrors[CELLS * CELLS] = {0}, n_mirrors = 0;
    for (uint64_t i = 0; i + 1 < N; i++)
        next[permutation_at(p, i) * CELLS / N * CELLS + permutation_at(p, i + 1) * CELLS / N]++;
    assert_chi_square(next, CELLS * CELLS, (double)(N - 1) / (CELLS * CELLS));
    for (uint64_t x = 0; x < SIDE; x++)
        for (uint64_t y = 0; y < x; y++, n_mirrors++)
            mirrors[permutation_place(p, x * SIDE + y) * CELLS / N * CELLS +
                    permutation_place(p, y * SIDE + x) * CELLS / N]++;
    assert_chi_square(mirrors, CELLS * CELLS, (double)n_mirrors / (CELLS * CELLS));
    permutation_free(p);
}

/* All 24 orders of four, equally often. */
static void held_is_uniform(void **state) {
    (void)state;
    size_t counts[256] = {0}, packed[24] = {0}, found = 0;
    for (uint64_t seed = 0; seed < 24000; seed++) {
        struct permutation *p = make(4, seed);
        size_t code = 0;
        for (uint64_t i = 0; i < 4; i++)
            code = code << 2 | permutation_at(p, i);
        counts[code]++;
        permutation_free(p);
    }
    for (size_t i = 0; i < 256; i++)
        if (counts[i]) {
            assert_true(found < 24);
            packed[found++] = counts[i];
        }
    assert_int_equal(found, 24);
    assert_chi_square(packed, 24, 1000);
}

/* Published splits rest on these. Computed apart, in Python. */
static void values_are_for_ever(void **state) {
    (void)state;
    static const uint64_t held[] = {6224, 3533, 5552, 9007, 4404, 3275};
    static const uint64_t keyed[] = {30557211, 25647766, 49449474, 74359173, 31883933, 96337713};
    struct permutation *p = make(9409, 7);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        assert_int_equal(permutation_at(p, i), held[i]);
    permutation_free(p);
    p = make(100000000, 7);
    for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++)
        assert_int_equal(permutation_at(p, i), keyed[i]);
    permutation_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),           cmocka_unit_test(far_sizes),
        cmocka_unit_test(keyed_looks_even),    cmocka_unit_test(held_is_uniform),
        cmocka_unit_test(values_are_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
