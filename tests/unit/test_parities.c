/* gen/parities and gen/parity_pool: exact shares against enumeration, draws, pools. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gen/parity_pool.h"
#include "tests/unit/assert_error.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

enum { N_BITS = 10 };

/* Parities of N_BITS bits: {0,1,2}, {2,3}, {4}, {3} and, when `sum`, {0,1,3} = {0,1,2} + {2,3}. */
static void make(struct parities *p, int n, bool sum) {
    *p = (struct parities){0};
    parities_start(p, N_BITS);
    parities_add(p, (int64_t[]){0, 1, 2}, 3);
    if (n > 1)
        parities_add(p, (int64_t[]){2, 3}, 2);
    if (n > 2)
        parities_add(p, (int64_t[]){4}, 1);
    if (n > 3)
        parities_add(p, (int64_t[]){3}, 1);
    if (sum)
        parities_add(p, (int64_t[]){0, 1, 3}, 3);
}

static void shares_by_enumeration(const struct parities *p, enum parities_keep keep, double *kept,
                                  double *ones, double *agrees) {
    *kept = *ones = 0;
    memset(agrees, 0, PARITIES_MOST * sizeof *agrees);
    for (uint64_t x = 0; x < 1 << N_BITS; x++) {
        double share = 1;
        for (int i = 0; i < N_BITS; i++) {
            double one = (double)p->threshold[i] / 4294967296.0;
            share *= x >> i & 1 ? one : 1 - one;
        }
        if (!parities_keeps(p, keep, &x))
            continue;
        *kept += share;
        *ones += parities_value(p, 0, &x) ? share : 0;
        for (int k = 0; k < p->n; k++)
            agrees[k] += parities_value(p, k, &x) == parities_value(p, 0, &x) ? share : 0;
    }
    *ones /= *kept;
    for (int k = 0; k < p->n; k++)
        agrees[k] /= *kept;
}

static void shares(void **state) {
    (void)state;
    static const double biases[][2] = {{0.5, 0.5}, {0.5, 0.2}, {0.9, 0.5}, {0.25, 0.999}};
    for (int n = 1; n <= 4; n++)
        for (int sum = 0; sum < 2; sum++)
            for (size_t b = 0; b < 4; b++)
                for (int keep = PARITIES_ALL; keep <= PARITIES_DISAGREE; keep++) {
                    struct parities p;
                    make(&p, n, sum);
                    parities_bias(&p, biases[b][0], biases[b][1]);
                    double kept, ones, agrees[PARITIES_MOST];
                    double kept_2, ones_2, agrees_2[PARITIES_MOST];
                    parities_shares(&p, (enum parities_keep)keep, &kept, &ones, agrees);
                    shares_by_enumeration(&p, (enum parities_keep)keep, &kept_2, &ones_2, agrees_2);
                    assert_near(kept, kept_2, 1e-12);
                    assert_near(ones, ones_2, 1e-9);
                    for (int k = 0; k < p.n; k++)
                        assert_near(agrees[k], agrees_2[k], 1e-9);
                    parities_free(&p);
                }
}

/* {0,1} agrees with {0} and {1} on 00 alone, and with neither on 11 alone; a bias can forbid both.
 */
static void impossible(void **state) {
    (void)state;
    struct parities p = {0};
    double kept, ones, agrees[PARITIES_MOST];
    parities_start(&p, 2);
    parities_add(&p, (int64_t[]){0, 1}, 2);
    parities_add(&p, (int64_t[]){0}, 1);
    parities_add(&p, (int64_t[]){1}, 1);
    parities_shares(&p, PARITIES_AGREE, &kept, &ones, agrees);
    assert_true(kept == 0.25 && ones == 0); /* only 00 */
    parities_shares(&p, PARITIES_DISAGREE, &kept, &ones, agrees);
    assert_true(kept == 0.25 && ones == 0); /* only 11 */
    parities_bias(&p, 0, 0);
    parities_shares(&p, PARITIES_DISAGREE, &kept, &ones, agrees);
    assert_true(kept == 0 && isnan(ones) && isnan(agrees[0]));
    parities_free(&p);
}

static void entropy(void **state) {
    (void)state;
    struct parities p;
    make(&p, 1, false);
    assert_near(parities_entropy(&p), N_BITS * log(2), 1e-12);
    parities_bias(&p, 0.25, 1);
    assert_near(parities_entropy(&p), -3 * (0.25 * log(0.25) + 0.75 * log(0.75)), 1e-8);
    parities_free(&p);
}

static void bits_beyond_one_word(void **state) {
    (void)state;
    struct parities p = {0};
    parities_start(&p, 130);
    parities_add(&p, (int64_t[]){63, 64, 129}, 3);
    assert_int_equal(p.n_words, 3);
    assert_true(parities_holds_bit(&p, 0, 129) && !parities_holds_bit(&p, 0, 128));
    int ones[130] = {0}, targets = 0;
    enum { N = 4000 };
    for (int i = 0; i < N; i++) {
        struct rng r = rng_at(1, RNG_GEN, (uint64_t)i);
        uint64_t bits[3];
        parities_draw(&p, &r, bits);
        assert_int_equal(bits[2] >> 2, 0);
        bool sum = (bits[0] >> 63 ^ bits[1] ^ bits[2] >> 1) & 1;
        assert_true(parities_value(&p, 0, bits) == sum);
        targets += sum;
        for (int k = 0; k < 130; k++)
            ones[k] += (int)(bits[k / 64] >> k % 64 & 1);
    }
    for (int k = 0; k < 130; k++)
        assert_in_range(ones[k], N / 2 - 150, N / 2 + 150);
    assert_in_range(targets, N / 2 - 150, N / 2 + 150);
    parities_free(&p);
}

/* Every source of four bits by chi-square, with and without bias: 15 degrees of freedom, where 56.5
 * is the millionth part. */
static void draws_follow_the_bias(void **state) {
    (void)state;
    static const double biases[][2] = {{0.5, 0.5}, {0.3, 0.8}, {0.5, 0.1}};
    for (size_t b = 0; b < 3; b++) {
        struct parities p = {0};
        parities_start(&p, 4);
        parities_add(&p, (int64_t[]){1, 3}, 2);
        parities_bias(&p, biases[b][0], biases[b][1]);
        enum { N = 100000 };
        int count[16] = {0};
        for (int i = 0; i < N; i++) {
            struct rng r = rng_at(7, RNG_GEN, (uint64_t)i);
            uint64_t x;
            parities_draw(&p, &r, &x);
            count[x]++;
        }
        double chi = 0;
        for (unsigned x = 0; x < 16; x++) {
            double share = 1;
            for (unsigned i = 0; i < 4; i++)
                share *= x >> i & 1 ? biases[b][i % 2 == 0] : 1 - biases[b][i % 2 == 0];
            chi += (count[x] - N * share) * (count[x] - N * share) / (N * share);
        }
        assert_true(chi < 56.5 && chi > 0);
        parities_free(&p);
    }
    struct parities p = {0};
    parities_start(&p, 70);
    parities_add(&p, (int64_t[]){69}, 1);
    parities_bias(&p, 1, 0);
    struct rng r = rng_at(0, RNG_GEN, 0);
    uint64_t bits[2];
    parities_draw(&p, &r, bits);
    assert_true(bits[0] == 0 && bits[1] == 1 << 5);
    parities_free(&p);
}

static void pools_are_nested_and_distinct(void **state) {
    (void)state;
    struct parities p;
    make(&p, 2, false);
    struct err err = {0};
    struct parity_pool small = {0}, large = {0}, other = {0};
    assert_int_equal(parity_pool_fill(&small, &p, PARITIES_AGREE, 0.2, 100, 5, 8, 10000, &err), 0);
    assert_int_equal(parity_pool_fill(&large, &p, PARITIES_AGREE, 0.2, 512, 5, 8, 10000, &err), 0);
    assert_int_equal(parity_pool_fill(&other, &p, PARITIES_AGREE, 0.2, 100, 6, 8, 10000, &err), 0);
    assert_memory_equal(small.bits, large.bits, 100 * sizeof *small.bits);
    assert_memory_equal(small.flips, large.flips, 100);
    assert_memory_not_equal(small.bits, other.bits, 100 * sizeof *small.bits);
    int flips = 0;
    for (size_t i = 0; i < large.n; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(large.bits[i] != large.bits[j]);
        assert_true(parities_keeps(&p, PARITIES_AGREE, large.bits + i));
        flips += large.flips[i];
    }
    assert_in_range(flips, 70, 135); /* 512 * 0.2 within 3.6 deviations */
    for (uint64_t x = 0; x < 1 << N_BITS; x++)
        assert_true(parity_pool_has(&large, &p, &x) == parities_keeps(&p, PARITIES_AGREE, &x));
    parity_pool_free(&other);
    other = (struct parity_pool){0};
    assert_int_equal(parity_pool_fill(&other, &p, PARITIES_AGREE, 0, 513, 5, 8, 20000, &err), -1);
    assert_error(&err, STATUS_DATA, "--samples 513: found 512 different", "20000 draws");
    parity_pool_free(&small);
    parity_pool_free(&large);
    parity_pool_free(&other);
    parities_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(impossible),
        cmocka_unit_test(entropy),
        cmocka_unit_test(bits_beyond_one_word),
        cmocka_unit_test(draws_follow_the_bias),
        cmocka_unit_test(pools_are_nested_and_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
