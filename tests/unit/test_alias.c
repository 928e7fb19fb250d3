/* lib/alias: the tables hold exactly the rounded distribution. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/alias.h"
#include "lib/dirichlet.h"
#include "lib/mem.h"

/* The mass of item `item`, in units of 2^-64, counted from the table itself: how many of the 2^64
 * numbers draw it. The whole, 2^64, would not fit; *wrapped counts these. */
static uint64_t mass_of(const struct alias_column *columns, unsigned bits, uint32_t item,
                        int *wrapped) {
    uint64_t mass = 0;
    for (size_t c = 0; c < (size_t)1 << bits; c++) {
        uint64_t column = bits == 0 ? 0 : (uint64_t)1 << (64 - bits);
        /* u << bits < threshold holds for ceil(threshold / 2^bits) numbers of the column. */
        uint64_t own = columns[c].threshold >> bits, before = mass;
        assert_true(columns[c].threshold % ((uint64_t)1 << bits) == 0);
        mass += columns[c].own == item ? own : 0;
        mass += columns[c].other == item ? column - own : 0;
        *wrapped += mass < before;
    }
    return mass;
}

static void bits_suffice(void **state) {
    (void)state;
    assert_int_equal(alias_bits(1), 1);
    assert_int_equal(alias_bits(2), 1);
    assert_int_equal(alias_bits(3), 2);
    assert_int_equal(alias_bits(64), 6);
    assert_int_equal(alias_bits(65), 7);
}

static void masses_are_exact(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 4, 5, 17, 64, 100, 1000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (unsigned extra = 0; extra < 3; extra++) {
            size_t n = sizes[k];
            unsigned bits = alias_bits(n) + extra;
            double *p = mem_alloc(n, sizeof *p);
            uint32_t *items = mem_alloc(n, sizeof *items);
            struct rng r = rng_at(23, RNG_EVAL, k);
            dirichlet_draw(&r, extra == 1 ? 0.1 : 1, p, n);
            if (n > 3)
                p[1] = p[3] = 0;
            double sum = 0;
            for (size_t i = 0; i < n; i++) {
                sum += p[i];
                items[i] = (uint32_t)(7 * i + 1);
            }
            struct alias_column *columns = mem_alloc((size_t)1 << bits, sizeof *columns);
            alias_build(columns, bits, p, items, n);
            int wrapped = 0;
            uint64_t total = 0;
            for (size_t i = 0; i < n; i++) {
                int whole = 0;
                uint64_t mass = mass_of(columns, bits, items[i], &whole);
                double share = (double)mass * 0x1p-64 + whole;
                assert_true(fabs(share - p[i] / sum) < 1e-15);
                assert_true((p[i] == 0) == (mass == 0 && !whole) || p[i] < 0x1p-62);
                total += mass;
                wrapped += whole + (total < mass);
            }
            assert_true(total == 0 && wrapped == 1); /* all numbers draw something */
            free(p);
            free(items);
            free(columns);
        }
}

/* Draws follow the table: at the borders of columns and thresholds. */
static void draws(void **state) {
    (void)state;
    struct alias_column columns[4];
    alias_build(columns, 2, (const double[]){0.5, 0.25, 0.125, 0.125}, NULL, 4);
    size_t counts[4] = {0};
    for (uint64_t u = 0; u < 64; u++)
        counts[alias_draw(columns, 2, u << 58)]++;
    assert_int_equal(counts[0], 32);
    assert_int_equal(counts[1], 16);
    assert_int_equal(counts[2], 8);
    assert_int_equal(counts[3], 8);
    alias_build(columns, 1, (const double[]){3}, (const uint32_t[]){42}, 1);
    assert_int_equal(alias_draw(columns, 1, 0), 42);
    assert_int_equal(alias_draw(columns, 1, UINT64_MAX), 42);
    alias_build(columns, 2, (const double[]){0, 1e-300, 1e-300}, NULL, 3);
    struct rng r = rng_at(1, RNG_EVAL, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(alias_draw(columns, 2, rng_u64(&r)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_suffice),
        cmocka_unit_test(masses_are_exact),
        cmocka_unit_test(draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
