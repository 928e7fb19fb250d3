/* lib/dyck_process: the probability of every word against enumeration, and draws against those. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/dyck_process.h"
#include "lib/mem.h"
#include "tests/unit/assert_error.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static struct dyck_process *make(enum dyck_law law, uint32_t shortest, uint32_t longest,
                                 uint32_t depth, const struct lengths *lengths) {
    struct err err = {0};
    struct dyck_process *p = dyck_new(law, shortest, longest, depth, lengths, &err);
    if (!p)
        fail_msg("%s", err.text);
    return p;
}

/* All words of an enumeration: symbol i of word w is bit i of bits[w]. */
struct list {
    uint32_t *bits, *length;
    double *probability;
    size_t n, cap[3];
};

static void add(struct list *l, uint32_t bits, uint32_t length, double probability) {
    l->bits = mem_grow(l->bits, &l->cap[0], l->n + 1, sizeof *l->bits);
    l->length = mem_grow(l->length, &l->cap[1], l->n + 1, sizeof *l->length);
    l->probability = mem_grow(l->probability, &l->cap[2], l->n + 1, sizeof *l->probability);
    l->bits[l->n] = bits;
    l->length[l->n] = length;
    l->probability[l->n++] = probability;
}

/* Follow every way: the rules of Hewitt et al.'s generator, or any word. */
static void follow(struct list *l, enum dyck_law law, uint32_t shortest, uint32_t longest,
                   uint32_t most, uint32_t bits, uint32_t i, uint32_t depth, double probability) {
    if (depth == 0 && i >= shortest)
        add(l, bits, i, law == DYCK_STEPS ? probability / 2 : 1);
    if (i == longest)
        return;
    double open = depth == most ? 0 : depth == 0 && i < shortest ? 1 : 0.5;
    if (depth < most)
        follow(l, law, shortest, longest, most, bits | 1u << i, i + 1, depth + 1,
               probability * open);
    if (depth > 0)
        follow(l, law, shortest, longest, most, bits, i + 1, depth - 1,
               probability * (depth == most ? 1 : 0.5));
}

static void free_list(struct list *l) {
    free(l->bits);
    free(l->length);
    free(l->probability);
}

/* ln of what the process says of a word, by its steps; its losses must sum to that. */
static double log_probability(const struct dyck_process *p, uint32_t bits, uint32_t length) {
    double sum = 0;
    uint32_t depth = 0;
    for (uint32_t i = 0; i <= length; i++) {
        struct dyck_next next = dyck_next(p, i, depth);
        assert_near(next.open + next.close + next.end, 1, 1e-14);
        assert_true(next.open >= 0 && next.close >= 0 && next.end >= 0);
        if (i == length)
            sum += log(next.end);
        else if (bits >> i & 1)
            depth++, sum += log(next.open);
        else
            depth--, sum += log(next.close);
    }
    return sum;
}

static void check_window(enum dyck_law law, uint32_t shortest, uint32_t longest, uint32_t most) {
    struct lengths lengths;
    lengths_binomial(&lengths, shortest, longest, 0.4);
    struct dyck_process *p = make(law, shortest, longest, most, &lengths);
    struct list l = {0};
    follow(&l, law, shortest, longest, most, 0, 0, 0, 1);
    double accepted = 0, by_length[33] = {0}, sum = 0, entropy = 0, mean = 0;
    for (size_t w = 0; w < l.n; w++) {
        accepted += l.probability[w];
        by_length[l.length[w]] += 1;
    }
    for (size_t w = 0; w < l.n; w++) {
        double exact = law == DYCK_STEPS
                           ? l.probability[w] / accepted
                           : lengths.share[(l.length[w] - shortest) / 2] / by_length[l.length[w]];
        double log_p = log_probability(p, l.bits[w], l.length[w]);
        if (fabs(log_p - log(exact)) > 1e-11)
            fail_msg("law %d, %u..%u, depth %u: a word of %u has ln p = %.15g, not %.15g", (int)law,
                     shortest, longest, most, l.length[w], log_p, log(exact));
        sum += exact;
        entropy -= exact * log_p;
        mean += exact * l.length[w];
    }
    assert_near(sum, 1, 1e-12);
    if (law == DYCK_STEPS)
        assert_near(dyck_accepted(p), accepted, 1e-14);
    /* Tokens and losses by position: together the entropy of a word and its length. */
    double alive[33], loss[33], tokens = 0, total = 0, with_kinds = 0;
    dyck_expect(p, 1, alive, loss);
    for (uint32_t i = 0; i <= longest; i++) {
        double exact = 0;
        for (size_t w = 0; w < l.n; w++)
            if (l.length[w] >= i)
                exact += exp(log_probability(p, l.bits[w], l.length[w]));
        assert_near(alive[i], exact, 1e-12);
        tokens += alive[i];
        total += alive[i] * loss[i];
        if (l.n > 500)
            break;
    }
    if (l.n <= 500) {
        assert_near(tokens, mean + 1, 1e-11);
        assert_near(total, entropy, 1e-10);
        dyck_expect(p, 8, alive, loss);
        for (uint32_t i = 0; i <= longest; i++)
            with_kinds += alive[i] * loss[i];
        assert_near(with_kinds, entropy + mean / 2 * log(8), 1e-10); /* half the symbols open */
    }
    free_list(&l);
    dyck_free(p);
    lengths_free(&lengths);
}

static void every_word(void **state) {
    (void)state;
    for (uint32_t longest = 2; longest <= 14; longest += 2)
        for (uint32_t shortest = 2; shortest <= longest; shortest += 2)
            for (uint32_t most = 1; most <= longest / 2; most++) {
                check_window(DYCK_STEPS, shortest, longest, most);
                check_window(DYCK_EVEN, shortest, longest, most);
            }
}

/* In a wide window the steps are those of the process: ln 2 + 1/2 ln k is lost at each depth but
 * the greatest, where all is known. */
static void closed_forms(void **state) {
    (void)state;
    struct dyck_process *p = make(DYCK_STEPS, 2, 4000, 5, NULL);
    struct dyck_next first = dyck_next(p, 0, 0), n = dyck_next(p, 100, 0);
    assert_true(first.open == 1 && first.end == 0);
    assert_near(n.open, 0.5, 1e-12);
    assert_near(n.end, 0.5, 1e-12);
    for (uint32_t d = 1; d < 5; d++) {
        n = dyck_next(p, 100 + d, d);
        assert_near(n.open, 0.5, 1e-12);
        assert_near(n.close, 0.5, 1e-12);
    }
    n = dyck_next(p, 105, 5);
    assert_true(n.close == 1);
    assert_near(dyck_accepted(p), 1, 1e-12);
    double alive[4001], loss[4001];
    dyck_expect(p, 8, alive, loss);
    assert_near(loss[0], log(8), 1e-12);
    assert_near(loss[2], log(2) + log(8) / 2, 1e-12); /* depth 0 or 2 */
    /* Of the stationary chain 0 1 2 3 4 5, reflected at 5, that restarts at its end. */
    assert_true(loss[201] < log(2) + log(8) / 2);
    dyck_free(p);
    /* Below `shortest` no end is drawn: it opens again. */
    p = make(DYCK_STEPS, 86, 166, 3, NULL);
    for (uint32_t i = 0; i < 86; i += 2)
        assert_true(dyck_next(p, i, 0).end == 0 && dyck_next(p, i, 0).open == 1);
    assert_true(dyck_next(p, 86, 0).end > 0.5); /* some that go on are rejected */
    assert_true(dyck_next(p, 166, 0).end == 1);
    dyck_free(p);
}

/* Draws of short words against their probabilities. */
static void draws_follow(void **state) {
    (void)state;
    for (int law = DYCK_STEPS; law <= DYCK_EVEN; law++)
        for (uint32_t most = 1; most <= 4; most++) {
            struct lengths lengths;
            lengths_uniform(&lengths, 2, 8);
            struct dyck_process *p = make((enum dyck_law)law, 2, 8, most, &lengths);
            enum { DRAWS = 40000 };
            static size_t counts[9][256];
            memset(counts, 0, sizeof counts);
            for (uint64_t item = 0; item < DRAWS; item++) {
                struct rng r = rng_at(5, RNG_GEN, item);
                unsigned char opens[8];
                uint32_t length = dyck_draw(p, &r, opens), bits = 0;
                for (uint32_t i = 0; i < length; i++)
                    bits |= (uint32_t)opens[i] << i;
                counts[length][bits]++;
            }
            struct list l = {0};
            follow(&l, (enum dyck_law)law, 2, 8, most, 0, 0, 0, 1);
            double x = 0;
            size_t found = 0;
            for (size_t w = 0; w < l.n; w++) {
                double e = DRAWS * exp(log_probability(p, l.bits[w], l.length[w]));
                double got = (double)counts[l.length[w]][l.bits[w]];
                x += (got - e) * (got - e) / e;
                found += counts[l.length[w]][l.bits[w]];
            }
            double freedom = (double)l.n - 1;
            assert_int_equal(found, DRAWS); /* no other words */
            if (fabs(x - freedom) > 5 * sqrt(2 * freedom))
                fail_msg("law %d, depth %u: chi-square %g of %g", law, most, x, freedom);
            free_list(&l);
            dyck_free(p);
            lengths_free(&lengths);
        }
}

/* What no double could hold, sums to one and is drawn. */
static void large_windows(void **state) {
    (void)state;
    static const struct {
        uint32_t shortest, longest, depth;
    } rows[] = {
        {2, 10000, 1}, {10000, 10000, 1}, {2, 10000, 5000}, {2, 20000, 20}, {9000, 10000, 2}};
    static unsigned char opens[20000];
    for (int law = DYCK_STEPS; law <= DYCK_EVEN; law++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            struct lengths lengths;
            lengths_uniform(&lengths, rows[k].shortest, rows[k].longest);
            struct dyck_process *p = make((enum dyck_law)law, rows[k].shortest, rows[k].longest,
                                          rows[k].depth, &lengths);
            for (uint64_t item = 0; item < 20; item++) {
                struct rng r = rng_at(5, RNG_GEN, item);
                uint32_t length = dyck_draw(p, &r, opens), depth = 0;
                assert_true(length >= rows[k].shortest && length <= rows[k].longest);
                for (uint32_t i = 0; i < length; i++) {
                    struct dyck_next n = dyck_next(p, i, depth);
                    assert_near(n.open + n.close + n.end, 1, 1e-12);
                    depth += opens[i] ? 1u : -1u;
                    assert_true(depth <= rows[k].depth);
                }
                assert_int_equal(depth, 0);
                assert_true(dyck_next(p, length, 0).end > 0);
            }
            dyck_free(p);
            lengths_free(&lengths);
        }
    struct err err = {0};
    assert_null(dyck_new(DYCK_STEPS, 2, 60000, 30000, NULL, &err));
    assert_error(&err, STATUS_USAGE, NULL, "would take tables of 7201 MB");
    dyck_free(NULL);
}

/* Lengths of the law, evenly within a length: mean lengths of a law that leaves some out. */
static void law_of_lengths(void **state) {
    (void)state;
    static const double ps[] = {0, 0.25, 1};
    for (size_t k = 0; k < 3; k++) {
        struct lengths lengths;
        double alive[101], loss[101], tokens = 0;
        lengths_binomial(&lengths, 20, 100, ps[k]);
        struct dyck_process *p = make(DYCK_EVEN, 20, 100, 50, &lengths);
        dyck_expect(p, 1, alive, loss);
        for (uint32_t i = 0; i <= 100; i++)
            tokens += alive[i];
        assert_near(tokens, 21 + 80 * ps[k], 1e-9);
        dyck_free(p);
        lengths_free(&lengths);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word),     cmocka_unit_test(closed_forms),
        cmocka_unit_test(draws_follow),   cmocka_unit_test(large_windows),
        cmocka_unit_test(law_of_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
