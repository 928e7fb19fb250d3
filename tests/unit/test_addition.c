/* gen/addition: what is known of sums against enumeration; draws; how numbers are written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gen/addition.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static int digits_of(int n) {
    return n < 10 ? 1 : 1 + digits_of(n / 10);
}

/* Carries of a + b in decimal: as many as the digit sums lose, in nines. */
static int digit_sum(int n) {
    return n ? n % 10 + digit_sum(n / 10) : 0;
}
static int carries_of(int a, int b) {
    return (digit_sum(a) + digit_sum(b) - digit_sum(a + b)) / 9;
}

/* All pairs up to three digits, each with its probability under the law. */
static struct addition_truth enumerate(const struct addition_law *law) {
    struct addition_truth mean = {0};
    double pairs[4] = {0};
    enum { ALL = 1000 };
    for (int pass = 0; pass < 2; pass++)
        for (int a = 0; a < ALL; a++)
            for (int b = 0; b < ALL; b++) {
                int n = digits_of(a) > digits_of(b) ? digits_of(a) : digits_of(b);
                if (n < law->length.least || n > law->length.most ||
                    (law->equal && digits_of(a) != digits_of(b)))
                    continue;
                if (pass == 0) {
                    pairs[n]++;
                    continue;
                }
                double n_lengths = (double)(law->length.most - law->length.least + 1);
                double p = law->by_number ? 1 / (pairs[1] + pairs[2] + pairs[3])
                                          : 1 / n_lengths / pairs[n];
                double offsets = law->hints && !law->fixed_hints ? (double)(law->hints - n) : 1;
                mean.carries += p * carries_of(a, b);
                mean.overflow += digits_of(a + b) > n ? p : 0;
                mean.no_carry += carries_of(a, b) ? 0 : p;
                mean.entropy -= p * log(p / offsets);
            }
    return mean;
}

static void known_against_enumerated(void **state) {
    (void)state;
    for (int low = 1; low <= 3; low++)
        for (int high = low; high <= 3; high++)
            for (int kind = 0; kind < 16; kind++) {
                struct addition_law law = {.length = {low, high},
                                           .by_number = kind & 1,
                                           .equal = kind & 2,
                                           .hints = kind & 4 ? 7 : 0,
                                           .fixed_hints = kind & 8};
                struct addition_truth known = addition_know(&law), seen = enumerate(&law);
                assert_near(known.carries, seen.carries, 1e-9);
                assert_near(known.overflow, seen.overflow, 1e-9);
                assert_near(known.no_carry, seen.no_carry, 1e-9);
                assert_near(known.entropy, seen.entropy, 1e-9);
            }
}

/* Long lengths must not overflow: uniform digits carry in half of the places in the long run. */
static void known_of_long_sums(void **state) {
    (void)state;
    struct addition_law law = {.length = {1000, 1000}, .hints = 2000};
    struct addition_truth known = addition_know(&law);
    /* n/2 - (1 - 10^-n)/18 for uniform digits, less .01 of the same for n - 1, over .99. */
    double free = 500 - 1.0 / 18, shorter = 499.5 - 1.0 / 18;
    assert_near(known.carries, (free - .01 * shorter) / .99, 1e-9);
    assert_near(known.overflow, .5 / .99, 1e-12);
    assert_near(known.entropy, log(99) + 1998 * log(10) + log(1000), 1e-6);
    law.by_number = true;
    law.length.least = 1;
    known = addition_know(&law);
    assert_near(known.carries, free, 1e-9);
    /* Of 10^n pairs half outgrow n digits; of the shorter, half outgrow theirs, and so on. */
    assert_near(known.overflow, .5 / .99, 1e-12);
}

static int value(const unsigned char *digits, size_t n) {
    return n ? digits[0] + 10 * value(digits + 1, n - 1) : 0;
}

/* Every pair of at most two digits is as likely: 10^4 cells, of which chi-square has the mean 9999
 * and the deviation 141. */
static void draws_are_uniform(void **state) {
    (void)state;
    struct addition_law law = {.length = {1, 2}, .by_number = true};
    struct addition x;
    addition_start(&x, &law);
    static int count[10000];
    enum { N = 200000 };
    for (int i = 0; i < N; i++) {
        struct rng r = rng_at(3, RNG_GEN, (uint64_t)i);
        assert_true(addition_draw(&x, &law, (uint64_t)i, &r));
        int a = value(x.addend[0], x.length), b = value(x.addend[1], x.length);
        assert_int_equal(value(x.sum, x.length + 1), a + b);
        assert_int_equal(x.carries, carries_of(a, b));
        count[100 * a + b]++;
    }
    double chi = 0;
    for (int k = 0; k < 10000; k++)
        chi += (count[k] - N / 1e4) * (count[k] - N / 1e4) / (N / 1e4);
    assert_in_range((int)chi, 9999 - 5 * 141, 9999 + 5 * 141);
    addition_free(&x);
}

/* Equal lengths, in turns: each example has the length that its number says, and of the 81 * 100^(n
 * - 1) pairs none is preferred; the longest run of carries is recounted. */
static void laws_are_kept(void **state) {
    (void)state;
    struct addition_law law = {.length = {2, 12}, .equal = true, .hints = 20};
    struct addition x;
    addition_start(&x, &law);
    int first[10] = {0}, hints[20] = {0};
    enum { N = 40000 };
    for (uint64_t i = 0; i < N; i++) {
        struct rng r = rng_at(4, RNG_GEN, i);
        while (!addition_draw(&x, &law, i, &r))
            ;
        size_t n = 2 + i % 11;
        assert_int_equal(x.length, n);
        assert_true(x.addend[0][n - 1] && x.addend[1][n - 1]);
        first[x.addend[1][n - 1]]++;
        if (n == 12)
            hints[x.first_hint]++;
        size_t run = 0, chain = 0;
        for (size_t k = 0, carry = 0; k < n; k++) {
            carry = x.addend[0][k] + x.addend[1][k] + carry > 9;
            run = carry ? run + 1 : 0;
            chain = run > chain ? run : chain;
        }
        assert_int_equal(x.chain, chain);
    }
    for (int d = 1; d < 10; d++)
        assert_in_range(first[d], N / 9 - 320, N / 9 + 320);
    for (int h = 0; h < 20; h++) /* 13 hints are needed: the first is one of h0 .. h7 */
        assert_in_range(hints[h], h < 8 ? N / 11 / 8 - 105 : 0, h < 8 ? N / 11 / 8 + 105 : 0);
    addition_free(&x);
}

static void written(void **state) {
    (void)state;
    struct addition_law law = {.length = {3, 3}, .hints = 10};
    unsigned char a[] = {5, 4, 9, 0}, b[] = {7, 0, 0, 0}, sum[] = {2, 5, 9, 0};
    struct addition x = {.length = 3, .addend = {a, b}, .sum = sum, .first_hint = 4};
    struct buf out = {0};
    addition_put(&x, &law, a, addition_digits(&x, ADDITION_ZEROS_CARRY, a, false), false, &out);
    assert_string_equal(out.data, "h4 0 h5 9 h6 4 h7 5");
    buf_clear(&out);
    addition_put(&x, &law, sum, addition_digits(&x, ADDITION_ZEROS_EQUAL, sum, true), true, &out);
    assert_string_equal(out.data, "h7 2 h6 5 h5 9");
    buf_clear(&out);
    addition_put(&x, &law, b, addition_digits(&x, ADDITION_ZEROS_EQUAL, b, false), true, &out);
    assert_string_equal(out.data, "h7 7 h6 0 h5 0");
    law.hints = 0;
    buf_clear(&out);
    addition_put(&x, &law, b, addition_digits(&x, ADDITION_ZEROS_NONE, b, false), true, &out);
    assert_string_equal(out.data, "7");
    sum[3] = 1;
    assert_int_equal(addition_digits(&x, ADDITION_ZEROS_EQUAL, sum, true), 4);
    assert_int_equal(addition_digits(&x, ADDITION_ZEROS_NONE, sum, true), 4);
    memset(b, 0, 4);
    assert_int_equal(addition_digits(&x, ADDITION_ZEROS_NONE, b, false), 1);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_against_enumerated),
        cmocka_unit_test(known_of_long_sums),
        cmocka_unit_test(draws_are_uniform),
        cmocka_unit_test(laws_are_kept),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
