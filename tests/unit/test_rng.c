/* lib/rng: Philox against its authors' vectors, then what is built on it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/rng.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

/* philox4x32 10 in kat_vectors of Random123 (github.com/DEShawResearch/random123). */
static void known_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        philox4x32(rows[i].counter, rows[i].key, out);
        assert_memory_equal(out, rows[i].out, sizeof out);
    }
}

/* Published runs rest on these: they may never change. Computed apart, in Python. */
static void named_streams_are_for_ever(void **state) {
    (void)state;
    static const struct {
        enum rng_stream stream;
        uint32_t draws[4];
    } rows[] = {
        {RNG_INIT, {0x2dce73e5, 0x1348e23f, 0xfcf8e0ec, 0xa287aadb}},
        {RNG_ORDER, {0xdd2fc514, 0xadf5a0db, 0xe6f70b22, 0xd3b4ca74}},
        {RNG_DROPOUT, {0x4d7b25fc, 0xd75ee2f1, 0x26bc1f97, 0xc64d811c}},
        {RNG_GEN, {0x1c9548b6, 0xf255efad, 0x774267dc, 0x00b447b4}},
        {RNG_SPLIT, {0x2a497e61, 0xe5a5ea88, 0xf4aedfa8, 0x6369fbf5}},
        {RNG_NOISE, {0xdfc65b5d, 0xe385cd90, 0xccfdceda, 0x59b058d4}},
        {RNG_EVAL, {0x710b8867, 0x00236596, 0x20e6b706, 0x0552a1b6}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rng r = rng_at(0, rows[i].stream, 0);
        for (int k = 0; k < 4; k++)
            assert_int_equal(rng_u32(&r), rows[i].draws[k]);
    }
}

/* Every bit of seed, item and draw number counts. Computed apart, in Python. */
static void counter_layout(void **state) {
    (void)state;
    struct rng r = rng_at(0xfedcba9876543210u, RNG_GEN, 0x0123456789abcdefu);
    for (int i = 0; i < 4; i++)
        rng_u32(&r);
    struct rng place = r;
    static const uint32_t second_block[] = {0xccd1f924, 0x70880dde, 0xd4b184f0, 0x8db7e44d};
    for (int i = 0; i < 4; i++)
        assert_int_equal(rng_u32(&r), second_block[i]);
    assert_true(rng_u64(&place) == 0x70880ddeccd1f924u); /* low word first */
}

/* Any way to cut the draws of an item into calls gives the same draws, to the last block and over
 * the end of the block counter. */
static void fill_is_the_same_draws(void **state) {
    (void)state;
    static const uint32_t starts[] = {0, 5, 0xfffffff0u};
    enum { N = 700 };
    uint32_t expected[N], got[N + 1];
    uint64_t wide[N / 2 + 1];
    struct rng cuts = rng_at(31, RNG_EVAL, 0);
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
        for (int trial = 0; trial < 200; trial++) {
            struct rng one = rng_at(0xfedcba9876543210u + (uint64_t)trial, RNG_GEN,
                                    0x89abcdef01234567u * (uint64_t)trial);
            one.block = starts[s];
            struct rng many = one;
            for (size_t i = 0; i < N; i++)
                expected[i] = rng_u32(&one);
            for (size_t i = 0, n; i < N; i += n) {
                n = rng_below(&cuts, trial % 2 ? 9 : 300);
                n = n > N - i ? N - i : n;
                got[i + n] = 0x5eed5eed;
                rng_fill_u32(&many, got + i, n);
                assert_int_equal(got[i + n], 0x5eed5eed); /* nothing behind the end */
            }
            assert_memory_equal(got, expected, sizeof expected);
            assert_int_equal(rng_u32(&one), rng_u32(&many));

            one = rng_at(1, RNG_GEN, (uint64_t)trial);
            one.block = starts[s];
            for (int i = 0; i < trial % 3; i++) /* begin inside a block, at an odd word too */
                rng_u32(&one);
            many = one;
            size_t n = (size_t)trial % (N / 2);
            wide[n] = 0x5eed5eed5eed5eed;
            rng_fill_u64(&many, wide, n);
            assert_true(wide[n] == 0x5eed5eed5eed5eed);
            for (size_t i = 0; i < n; i++)
                assert_true(wide[i] == rng_u64(&one));
            assert_int_equal(rng_u32(&one), rng_u32(&many));
        }
}

static void uniform(void **state) {
    (void)state;
    struct rng r = rng_at(0, RNG_INIT, 0);
    assert_true(rng_uniform(&r) == 0.07533086817221046);
    assert_true(rng_uniform(&r) == 0.6348826205330371);
    double sum = 0, squares = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    assert_near(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    assert_near(squares / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
}

/* Pearson's statistic is near its mean, the degrees of freedom, within five deviations. */
static void assert_chi_square(const size_t *counts, size_t cells, double expected) {
    double x = 0, freedom = (double)cells - 1;
    for (size_t i = 0; i < cells; i++)
        x += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    assert_near(x, freedom, 5 * sqrt(2 * freedom));
}

static void below_values(void **state) {
    (void)state;
    static const uint32_t ten[] = {1, 9, 9, 1, 8, 4, 2, 1, 9, 4, 1, 5};
    static const uint32_t wide[] = {243184997, 457266022, 3029986284, 1936721984};
    struct rng r = rng_at(7, RNG_GEN, 5000);
    for (size_t i = 0; i < sizeof ten / sizeof *ten; i++)
        assert_int_equal(rng_below(&r, 10), ten[i]);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        assert_int_equal(rng_below(&r, 3u << 30), wide[i]);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rng_below(&r, 1), 0);
    static const uint64_t ten64[] = {9, 1, 4, 1, 4, 5, 5, 1};
    static const uint64_t wide64[] = {6690713180846979947u, 1684823129415314914u,
                                      8085051795791907778u, 1963942612452685157u};
    r = rng_at(7, RNG_GEN, 5000);
    for (size_t i = 0; i < sizeof ten64 / sizeof *ten64; i++)
        assert_true(rng_below64(&r, 10) == ten64[i]);
    r = rng_at(7, RNG_GEN, 5000);
    for (size_t i = 0; i < sizeof wide64 / sizeof *wide64; i++)
        assert_true(rng_below64(&r, (uint64_t)3 << 62) == wide64[i]);
    assert_true(rng_below64(&r, 1) == 0);
}

static void below_is_uniform(void **state) {
    (void)state;
    static const uint32_t ns[] = {2, 3, 5, 7, 10, 64, 100, 999};
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        struct rng r = rng_at(20, RNG_GEN, k);
        size_t counts[1000] = {0}, draws = 200 * (size_t)ns[k];
        for (size_t i = 0; i < draws; i++) {
            uint32_t x = rng_below(&r, ns[k]);
            assert_true(x < ns[k]);
            counts[x]++;
        }
        assert_chi_square(counts, ns[k], 200);
    }
    /* Just above 2^31 a generator that took the remainder would fall on the low half twice. */
    struct rng r = rng_at(20, RNG_GEN, 1000);
    size_t counts[3] = {0};
    for (size_t i = 0; i < 30000; i++)
        counts[rng_below(&r, 3u << 30) >> 30]++;
    assert_chi_square(counts, 3, 10000);
    size_t counts64[3] = {0};
    for (size_t i = 0; i < 30000; i++)
        counts64[rng_below64(&r, (uint64_t)3 << 62) >> 62]++;
    assert_chi_square(counts64, 3, 10000);
}

static void permutation(void **state) {
    (void)state;
    for (uint32_t n = 0; n < 200; n++) {
        uint32_t order[200];
        bool seen[200] = {false};
        struct rng r = rng_at(3, RNG_ORDER, n);
        rng_permutation(&r, order, n);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
    /* All 24 orders of four, equally often. */
    size_t counts[256] = {0}, packed[24] = {0}, found = 0;
    for (uint64_t item = 0; item < 24000; item++) {
        uint32_t o[4];
        struct rng r = rng_at(4, RNG_ORDER, item);
        rng_permutation(&r, o, 4);
        counts[o[0] << 6 | o[1] << 4 | o[2] << 2 | o[3]]++;
    }
    for (size_t i = 0; i < 256; i++)
        if (counts[i]) {
            assert_true(found < 24);
            packed[found++] = counts[i];
        }
    assert_int_equal(found, 24);
    assert_chi_square(packed, 24, 1000);
}

/* First values by Python's math; then the moments of N(0, 1) within five standard errors. */
static void normal(void **state) {
    (void)state;
    static const double first[] = {-0.2619502106950503, -0.6958609385592077, -1.2945012700738459};
    struct rng r = rng_at(0, RNG_INIT, 0);
    for (size_t i = 0; i < 3; i++)
        assert_near(rng_normal(&r), first[i], 1e-12);
    enum { N = 200000 };
    double sum[5] = {0};
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r);
        assert_true(isfinite(x));
        for (int k = 1; k <= 4; k++)
            sum[k] += pow(x, k);
    }
    assert_near(sum[1] / N, 0, 5 * sqrt(1.0 / N));
    assert_near(sum[2] / N, 1, 5 * sqrt(2.0 / N));
    assert_near(sum[3] / N, 0, 5 * sqrt(15.0 / N));
    assert_near(sum[4] / N, 3, 5 * sqrt(96.0 / N));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),    cmocka_unit_test(named_streams_are_for_ever),
        cmocka_unit_test(counter_layout),   cmocka_unit_test(fill_is_the_same_draws),
        cmocka_unit_test(uniform),          cmocka_unit_test(below_values),
        cmocka_unit_test(below_is_uniform), cmocka_unit_test(permutation),
        cmocka_unit_test(normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
