/* lib/brackets: every word as likely as every other; kinds and shares against enumeration. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/brackets.h"
#include "lib/lengths.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static bool opens(const uint64_t *bits, uint32_t i) {
    return bits[i / 64] >> i % 64 & 1;
}

/* Symbol by symbol. */
static unsigned kind_by_hand(const uint64_t *bits, uint32_t length) {
    int depth = 0;
    bool nested = true;
    for (uint32_t i = 0; i < length; i++) {
        depth += opens(bits, i) ? 1 : -1;
        nested = nested && depth >= 0;
    }
    unsigned kind = depth == 0 ? BRACKETS_EQUAL : 0;
    if (nested && depth == 0)
        kind |= BRACKETS_NESTED;
    if (opens(bits, 0))
        kind |= BRACKETS_FIRST_OPEN;
    if (!opens(bits, length - 1))
        kind |= BRACKETS_LAST_CLOSE;
    return kind;
}

/* All strings up to length 16: their kinds, how many there are of each, and the rules' shares. */
static void all_short_strings(void **state) {
    (void)state;
    static const uint64_t catalan[] = {1, 1, 2, 5, 14, 42, 132, 429, 1430};
    for (uint32_t length = 2; length <= 16; length += 2) {
        uint64_t counts[BRACKETS_KINDS] = {0}, crossed = 0, crossed_close = 0;
        for (uint64_t bits = 0; bits < (uint64_t)1 << length; bits++) {
            unsigned kind = brackets_kind(&bits, length);
            assert_int_equal(kind, kind_by_hand(&bits, length));
            counts[kind]++;
            if ((kind & (BRACKETS_EQUAL | BRACKETS_NESTED)) == BRACKETS_EQUAL) {
                crossed++;
                crossed_close += !(kind & BRACKETS_FIRST_OPEN);
            }
        }
        assert_int_equal(counts[BRACKETS_KINDS - 1], catalan[length / 2]);
        double share[BRACKETS_KINDS], n = length / 2, all = pow(2, length);
        brackets_shares(length, share);
        for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
            assert_near(share[kind], (double)counts[kind] / all, 1e-14);
        /* FIRST-SYMBOL says false of (n + 1) / 2n of the strings with equal counts that are not
         * nested. */
        assert_near((double)crossed_close / (double)crossed, (n + 1) / (2 * n), 1e-14);
    }
}

static void long_shares(void **state) {
    (void)state;
    for (uint32_t length = 40; length <= BRACKETS_MAX_LENGTH; length *= 2) {
        double share[BRACKETS_KINDS], sum = 0, equal = 0, n = length / 2;
        brackets_shares(length, share);
        for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++) {
            assert_true(share[kind] >= 0);
            sum += share[kind];
            equal += kind & BRACKETS_EQUAL ? share[kind] : 0;
        }
        assert_near(sum, 1, 1e-12);
        double exact = exp(lgamma(2 * n + 1) - 2 * lgamma(n + 1) - 2 * n * log(2));
        assert_near(equal, exact, 1e-8 * exact);
        assert_near(share[BRACKETS_KINDS - 1], exact / (n + 1), 1e-8 * exact);
    }
    /* The published out-of-distribution set, in which .554 of 1,000 begin with ")": under its law
     * of lengths, .55 are expected. */
    struct lengths law;
    double expected = 0;
    lengths_binomial(&law, 2, 40, 0.5);
    for (uint32_t i = 0; i < law.n; i++)
        expected += law.share[i] * (i + 2.0) / (2 * (i + 1.0));
    assert_near(expected, 0.5 + (1 - 0x1p-20) / 20, 1e-14);
    assert_near(expected, 0.554, 0.0157); /* a standard error */
    lengths_free(&law);
}

static void assert_chi_square(const size_t *counts, size_t cells, double expected) {
    double x = 0, freedom = (double)cells - 1;
    for (size_t i = 0; i < cells; i++)
        x += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    if (fabs(x - freedom) > 5 * sqrt(2 * freedom))
        fail_msg("chi-square %g of %g degrees of freedom", x, freedom);
}

/* Each string of a kind drawn equally often: draws fall on `cells` strings and no others. */
static void even(void (*draw)(uint64_t *, uint32_t, struct rng *), uint32_t length, size_t cells) {
    static size_t counts[1 << 12];
    size_t packed[1 << 10] = {0}, found = 0, draws = 500 * cells;
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < draws; i++) {
        struct rng r = rng_at(length, RNG_GEN, i);
        uint64_t bits;
        draw(&bits, length, &r);
        assert_true(bits < (uint64_t)1 << length);
        counts[bits]++;
    }
    for (size_t i = 0; i < (size_t)1 << length; i++)
        if (counts[i]) {
            assert_true(found < cells);
            packed[found++] = counts[i];
        }
    assert_int_equal(found, cells);
    if (cells > 1)
        assert_chi_square(packed, cells, 500);
}

static void every_word_alike(void **state) {
    (void)state;
    static const size_t catalan[] = {0, 1, 2, 5, 14, 42, 132},
                        central[] = {0, 2, 6, 20, 70, 252, 924};
    for (uint32_t n = 1; n <= 6; n++) {
        even(brackets_draw_nested, 2 * n, catalan[n]);
        even(brackets_draw_equal, 2 * n, central[n]);
        if (n <= 5)
            even(brackets_draw_any, 2 * n, (size_t)1 << 2 * n);
    }
}

static double log_choose(double n, double k) {
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* ln of the number of paths of k steps between 0 and d that stay at 0 or above (reflection). */
static double log_paths(double k, double d) {
    return log_choose(k, (k + d) / 2) + log((d + 1) / ((k + d) / 2 + 1));
}

/* Longer than what is numbered: of the kind, and at depth d after i symbols as often as there are
 * such strings, for i before, at and behind the place where drawing one by one ends. */
static void long_words(void **state) {
    (void)state;
    static const uint32_t lengths[] = {62, 64, 66, 100, 128, 130, 192, 300};
    enum { DRAWS = 20000, DEEPEST = 301 };
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        uint32_t length = lengths[k];
        uint32_t places[] = {length / 3, length > 66 ? length - 64 : 2, length - 9};
        static size_t nested_at[3][DEEPEST], equal_at[3][2 * DEEPEST];
        memset(nested_at, 0, sizeof nested_at);
        memset(equal_at, 0, sizeof equal_at);
        for (uint64_t item = 0; item < DRAWS; item++) {
            struct rng r = rng_at(k, RNG_GEN, item);
            uint64_t bits[5], other[5];
            brackets_draw_nested(bits, length, &r);
            assert_int_equal(kind_by_hand(bits, length), BRACKETS_KINDS - 1);
            assert_int_equal(brackets_kind(bits, length), BRACKETS_KINDS - 1);
            brackets_draw_equal(other, length, &r);
            unsigned kind = kind_by_hand(other, length);
            assert_true(kind & BRACKETS_EQUAL);
            assert_int_equal(brackets_kind(other, length), kind);
            int depth = 0, level = 0;
            for (uint32_t i = 0; i < length; i++) {
                for (int p = 0; p < 3; p++)
                    if (places[p] == i) {
                        nested_at[p][depth]++;
                        equal_at[p][DEEPEST + level]++;
                    }
                depth += opens(bits, i) ? 1 : -1;
                level += opens(other, i) ? 1 : -1;
            }
            uint64_t any[5];
            brackets_draw_any(any, length, &r);
            assert_int_equal(brackets_kind(any, length), kind_by_hand(any, length));
        }
        for (int p = 0; p < 3; p++) {
            double x = 0, cells = 0, y = 0, cells_y = 0, i = places[p], rest = length - i;
            for (int d = (int)i % 2; d <= i && d <= rest; d += 2) {
                double e = DRAWS * exp(log_paths(i, d) + log_paths(rest, d) - log_paths(length, 0));
                double got = (double)nested_at[p][d];
                if (e >= 5)
                    x += (got - e) * (got - e) / e, cells++;
            }
            for (int d = -(int)i; d <= i; d += 2) {
                if (d > rest || -d > rest)
                    continue;
                double e = DRAWS *
                           exp(log_choose(i, (i + d) / 2) + log_choose(rest, (rest + d) / 2) -
                               log_choose(length, length / 2));
                double got = (double)equal_at[p][DEEPEST + d];
                if (e >= 5)
                    y += (got - e) * (got - e) / e, cells_y++;
            }
            if (fabs(x - cells) > 5 * sqrt(2 * cells) + 2 ||
                fabs(y - cells_y) > 5 * sqrt(2 * cells_y) + 2)
                fail_msg("length %u at %g: chi-square %g of %g cells, %g of %g", length, i, x,
                         cells, y, cells_y);
        }
    }
}

static void longest(void **state) {
    (void)state;
    static uint64_t bits[BRACKETS_MAX_LENGTH / 64];
    struct rng r = rng_at(0, RNG_GEN, 0);
    brackets_draw_nested(bits, BRACKETS_MAX_LENGTH, &r);
    assert_int_equal(kind_by_hand(bits, BRACKETS_MAX_LENGTH), BRACKETS_KINDS - 1);
    brackets_draw_equal(bits, BRACKETS_MAX_LENGTH, &r);
    assert_true(kind_by_hand(bits, BRACKETS_MAX_LENGTH) & BRACKETS_EQUAL);
}

static void written(void **state) {
    (void)state;
    struct buf text = {0};
    uint64_t bits[3] = {0xb}; /* ( ( ) ( */
    brackets_put(bits, 4, &text);
    assert_string_equal(text.data, "( ( ) (");
    buf_clear(&text);
    bits[0] = 0x2;
    brackets_put_depths(bits, 4, &text);
    assert_string_equal(text.data, "-1 0 -1 -2");
    for (uint32_t length = 2; length <= 140; length += 2) {
        struct rng r = rng_at(1, RNG_GEN, length);
        brackets_draw_any(bits, length, &r);
        buf_clear(&text);
        buf_puts(&text, "|");
        brackets_put(bits, length, &text);
        assert_int_equal(text.len, 2 * length);
        for (uint32_t i = 0; i < length; i++) {
            assert_int_equal(text.data[2 * i], i ? ' ' : '|');
            assert_int_equal(text.data[2 * i + 1], opens(bits, i) ? '(' : ')');
        }
    }
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_short_strings), cmocka_unit_test(long_shares),
        cmocka_unit_test(every_word_alike),  cmocka_unit_test(long_words),
        cmocka_unit_test(longest),           cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
