/* lib/sampler: states, counts and draws against every tree of small grammars, and closed forms. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/sampler.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/chi_square.h"
#include "tests/unit/enumerate.h"
#include "tests/unit/scratch.h"

static struct grammar *read_text(const char *text) {
    struct err err = {0};
    scratch_put_text(text);
    struct grammar *g = grammar_read(scratch_file, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

static void draw(const struct sampler *s, uint64_t item, struct derivation *d) {
    struct err err = {0};
    struct rng r = rng_at(2026, RNG_GEN, item);
    if (sampler_draw(s, &r, &(struct word_draws){.all = &r}, d, &err) != 0)
        fail_msg("%s", err.text);
}

static bool near(double a, double b, double relative) {
    return fabs(a - b) <= relative * fmax(1, fabs(b));
}

static struct census census_of(const struct sampler *s) {
    struct err err = {0};
    struct census c;
    if (sampler_census(s, &c, &err) != 0)
        fail_msg("%s", err.text);
    return c;
}

/* The trees of depth least .. most, with probabilities that sum to 1. */
struct expected {
    struct known_trees trees;
    struct vocab keys, syntax_keys; /* of tree i, as vocabularies number them */
    double *probability;            /* [key] */
    int *syntax_of;                 /* [key] */
    double *syntax_probability;     /* [syntax key] */
    double mass, mean_length, entropy, tree_entropy;
};

static void expect(struct expected *e, const struct grammar *g, int least) {
    size_t kept = 0;
    for (size_t i = 0; i < e->trees.n; i++) {
        if (e->trees.all[i].depth >= least)
            e->trees.all[kept++] = e->trees.all[i];
        else
            free(e->trees.all[i].productions);
    }
    e->trees.n = kept;
    struct buf key = {0};
    e->probability = mem_alloc(kept, sizeof *e->probability);
    e->syntax_probability = mem_alloc(kept, sizeof *e->syntax_probability);
    e->syntax_of = mem_alloc(kept, sizeof *e->syntax_of);
    e->mass = e->mean_length = e->entropy = e->tree_entropy = 0;
    for (size_t i = 0; i < kept; i++)
        e->mass += e->trees.all[i].probability;
    for (size_t i = 0; i < kept; i++) {
        const struct known_tree *t = &e->trees.all[i];
        double p = t->probability / e->mass;
        known_key(g, t, true, &key);
        assert_int_equal(vocab_add(&e->keys, key.data, key.len), i); /* the trees differ */
        e->probability[i] = p;
        known_key(g, t, false, &key);
        e->syntax_of[i] = vocab_add(&e->syntax_keys, key.data, key.len);
        e->syntax_probability[e->syntax_of[i]] += p;
        e->mean_length += p * t->words;
        e->entropy -= p * log(p);
    }
    for (size_t i = 0; i < e->syntax_keys.n; i++)
        e->tree_entropy -= e->syntax_probability[i] * log(e->syntax_probability[i]);
    buf_free(&key);
}

static void expect_free(struct expected *e) {
    known_free(&e->trees);
    vocab_free(&e->keys);
    vocab_free(&e->syntax_keys);
    free(e->probability);
    free(e->syntax_of);
    free(e->syntax_probability);
}

static void assert_census(const struct sampler *s, const struct expected *e) {
    struct census c = census_of(s);
    assert_false(c.infinite);
    assert_true(c.trees == (double)e->syntax_keys.n);
    assert_true(c.sentences == (double)e->trees.n);
    assert_true(near(c.mean_length, e->mean_length, 1e-12));
    assert_true(near(c.entropy, e->entropy, 1e-12));
    assert_true(near(c.tree_entropy, e->tree_entropy, 1e-12));
}

/* Trees come as often as they should, with depth, tags, log-probability and identifier of the tree
 * that they are. */
static void assert_draws(const struct grammar *g, const struct sampler *s, const struct expected *e,
                         const double *syntax_probability, uint64_t draws) {
    struct derivation d = {0};
    struct buf key = {0};
    uint64_t *count = mem_alloc(e->trees.n, sizeof *count);
    uint64_t *syntax_count = mem_alloc(e->syntax_keys.n, sizeof *syntax_count);
    for (uint64_t i = 0; i < draws; i++) {
        draw(s, i, &d);
        derivation_key(g, &d, true, &key);
        int32_t tree = vocab_find(&e->keys, key.data, key.len);
        assert_true(tree >= 0);
        const struct known_tree *known = &e->trees.all[tree];
        assert_true(near(d.log_probability, log(known->probability), 1e-12));
        assert_int_equal(derivation_depth(g, &d), known->depth);
        count[tree]++;
        syntax_count[e->syntax_of[tree]]++;
    }
    int freedom;
    if (!syntax_probability) {
        double x = chi_square_of(count, e->probability, e->trees.n, &freedom);
        if (freedom && x > chi_square_limit(freedom))
            fail_msg("trees: chi-square %g, %d degrees of freedom", x, freedom);
        syntax_probability = e->syntax_probability;
    }
    double x = chi_square_of(syntax_count, syntax_probability, e->syntax_keys.n, &freedom);
    if (freedom && x > chi_square_limit(freedom))
        fail_msg("syntax trees: chi-square %g, %d degrees of freedom", x, freedom);
    free(count);
    free(syntax_count);
    derivation_free(&d);
    buf_free(&key);
}

static void assert_even(const struct grammar *g, const struct sampler *s, const struct expected *e,
                        uint64_t draws) {
    struct err err = {0};
    struct sampler *even = sampler_new_even(s, &err);
    if (!even)
        fail_msg("%s", err.text);
    struct census c = census_of(even);
    double n = (double)e->syntax_keys.n;
    assert_true(c.trees == n);
    assert_true(c.sentences == (double)e->trees.n);
    assert_true(near(c.tree_entropy, log(n), 1e-12));
    double *flat = mem_alloc(e->syntax_keys.n, sizeof *flat);
    for (size_t i = 0; i < e->syntax_keys.n; i++)
        flat[i] = 1 / n;
    assert_draws(g, even, e, flat, draws);
    free(flat);
    sampler_free(even);
}

/* Same identifier if and only if same syntax tree; so for the written syntax tree, as long as no
 * two productions read the same. */
static void assert_identifiers(const struct grammar *g, const struct expected *e) {
    struct derivation d = {0};
    struct buf text = {0};
    struct vocab identifiers = {0}, texts = {0};
    for (size_t i = 0; i < e->trees.n; i++) {
        known_derivation(g, &e->trees.all[i], &d);
        assert_int_equal(derivation_depth(g, &d), e->trees.all[i].depth);
        uint64_t id = derivation_tree_id(g, &d);
        size_t before = identifiers.n;
        buf_clear(&text);
        buf_printf(&text, "%llx", (unsigned long long)id);
        int32_t number = vocab_add(&identifiers, text.data, text.len);
        assert_int_equal(number, e->syntax_of[i]);
        buf_clear(&text);
        derivation_put_syntax(g, &d, &text);
        assert_int_equal(vocab_add(&texts, text.data, text.len), number);
        assert_true(identifiers.n - before <= 1);
    }
    assert_int_equal(identifiers.n, e->syntax_keys.n);
    vocab_free(&identifiers);
    vocab_free(&texts);
    derivation_free(&d);
    buf_free(&text);
}

/* All that is known of the trees of a grammar within bounds (most < 0: none, and the language is
 * finite). False: there are more than `limit`. */
static bool check(const struct grammar *g, int least, int most, size_t limit, uint64_t draws) {
    struct err err = {0};
    struct expected e = {0};
    if (!enumerate(g, g->start, most < 0 ? INT32_MAX : most, limit, &e.trees)) {
        known_free(&e.trees);
        return false;
    }
    expect(&e, g, least);
    struct sampler *s = least == 0 && most < 0 ? sampler_new(g)
                                               : sampler_new_bounded(g, least, most, &err);
    if (e.trees.n == 0) {
        assert_null(s);
        assert_error(&err, STATUS_DATA, scratch_file, "no sentence has depth");
        expect_free(&e);
        return true;
    }
    if (!s)
        fail_msg("%s", err.text);
    if (!near(sampler_mass(s), e.mass, 1e-12))
        fail_msg("mass %.17g, not %.17g", sampler_mass(s), e.mass);
    assert_census(s, &e);
    assert_draws(g, s, &e, NULL, draws);
    assert_even(g, s, &e, draws);
    assert_identifiers(g, &e);
    sampler_free(s);
    expect_free(&e);
    return true;
}

static const char finite[] = "3\tS\tA B\n2\tS\tA C A\n1\tS\tx\n1\tA\ta\n2\tA\tb c\n1\tB\tA\n"
                             "5\tB\ty A\n1\tC\tc\n1\tC\td\n1\tC\tB z\n";

static void finite_grammar(void **state) {
    (void)state;
    struct grammar *g = read_text(finite);
    assert_true(check(g, 0, -1, 1000, 30000));
    assert_true(check(g, 0, 0, 1000, 10000)); /* nothing is recursive, so all have depth 0 */
    assert_true(check(g, 1, -1, 1000, 0));
    assert_true(check(g, 1, 5, 1000, 0));
    /* By hand: S -> A B: 2 ways of A, B has 4; S -> A C A: 2 * (1 + 1 + 4) * 2; S -> x. */
    struct sampler *s = sampler_new(g);
    struct census c = census_of(s);
    assert_true(c.sentences == 2 * 4 + 2 * 6 * 2 + 1);
    assert_true(c.trees == 2 + 4 + 1);
    sampler_free(s);
    grammar_free(g);
}

/* Embedding under one child, under either, under three, and levels that are no recursion. */
static const char *const recursive[] = {
    "4\tS\ta\n1\tS\ta S b\n",
    "4\tS\ta\n1\tS\tS c S\n",
    "6\tS\tx A\n2\tS\ty B A\n5\tA\ta\n1\tA\tb S\n4\tB\td\n1\tB\tA d A\n",
    "%depth RC\n3\tS\tNP V\n1\tS\tNP V NP\n2\tNP\tN\n1\tNP\tN RC\n1\tRC\tthat V NP\n2\tRC\tthat V\n"
    "N\tn\nN\tm\n2\tV\tv\nV\tw\n",
    "%depth N P\nS\tP N\nS\tN\n2\tP\tN N\nP\tp\nN\tn\n2\tN\tm\n", /* a preterminal is a level */
    "%depth X Y\nS\tX\n2\tS\tY X\nX\tz Y\nX\tx\nY\ty\nY\tu v\n",
};

static void bounded_depth(void **state) {
    (void)state;
    static const int bounds[][2] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 1}, {1, 2}, {1, 3},
                                    {2, 2}, {2, 3}, {3, 3}, {3, 5}, {4, 4}, {9, 9}};
    int checked = 0;
    for (size_t k = 0; k < sizeof recursive / sizeof *recursive; k++) {
        struct grammar *g = read_text(recursive[k]);
        for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
            if (bounds[i][1] < 9 || k > 3)
                checked += check(g, bounds[i][0], bounds[i][1], 3000, 8000);
        grammar_free(g);
    }
    assert_true(checked > 40);
}

/* A symbol's back references lead to levels alone, so bounded languages are finite. */
static void put_random_grammar(struct rng *r, struct buf *out) {
    int n = 2 + (int)rng_below(r, 4), level = (int)rng_below(r, (uint32_t)n);
    int other = (int)rng_below(r, (uint32_t)n);
    buf_clear(out);
    buf_printf(out, "%%depth X%d X%d\n", level, other);
    for (int s = 0; s < n; s++) {
        int alternatives = 1 + (int)rng_below(r, 3);
        if (s + 1 < n)
            buf_printf(out, "%u\tX%d\tw%d X%d\n", 1 + rng_below(r, 9), s, s, s + 1);
        for (int i = 0; i < alternatives; i++) {
            int items = 1 + (int)rng_below(r, 3);
            bool back = rng_below(r, 4) == 0 && i > 0;
            buf_printf(out, "%s%u\tX%d\tw%d_%d", back ? "0." : "", 1 + rng_below(r, 9), s, s, i);
            for (int j = 1; j < items; j++) {
                int child = s + 1 + (int)rng_below(r, (uint32_t)n);
                if (child < n)
                    buf_printf(out, " X%d", child);
                else if (back && rng_below(r, 2))
                    buf_printf(out, " X%d", rng_below(r, 2) ? level : other);
                else
                    buf_printf(out, " v%u", rng_below(r, 3));
            }
            buf_puts(out, "\n");
        }
    }
}

static void random_grammars(void **state) {
    (void)state;
    struct rng r = rng_at(7, RNG_NOISE, 0);
    struct buf text = {0};
    struct err err = {0};
    int checked = 0, bounded = 0, refused = 0;
    for (int i = 0; i < 120; i++) {
        put_random_grammar(&r, &text);
        scratch_put(text.data, text.len);
        struct grammar *g = grammar_read(scratch_file, &err);
        if (!g) { /* it may be supercritical, and nothing else */
            assert_non_null(strstr(err.text, "no finite expected length"));
            refused++;
            continue;
        }
        int least = (int)rng_below(&r, 4), more = (int)rng_below(&r, 3);
        checked += check(g, 0, (int)rng_below(&r, 4), 400, 1500);
        bounded += check(g, least, least + more, 400, 1500);
        grammar_free(g);
    }
    buf_free(&text);
    assert_true(checked > 60 && bounded > 40 && refused < 30);
}

/* Without an upper bound: what remains is the complement of the bounded language. */
static void depth_at_least(void **state) {
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct grammar *g = read_text(recursive[k]);
        struct err err = {0};
        struct sampler *all = sampler_new(g);
        struct census whole = census_of(all);
        for (int least = 1; least <= 6; least++) {
            struct sampler *above = sampler_new_bounded(g, least, -1, &err);
            struct sampler *below = sampler_new_bounded(g, 0, least - 1, &err);
            assert_true(above || below);
            double p = above ? sampler_mass(above) : 0, q = below ? sampler_mass(below) : 0;
            assert_true(near(p + q, 1, 1e-14));
            struct census a = above ? census_of(above) : (struct census){0};
            struct census b = below ? census_of(below) : (struct census){0};
            assert_true(a.infinite && isinf(a.trees) && isinf(a.sentences) && !b.infinite);
            double h = -(p ? p * log(p) : 0) - (q ? q * log(q) : 0);
            assert_true(near(p * a.mean_length + q * b.mean_length, whole.mean_length, 1e-12));
            assert_true(near(h + p * a.entropy + q * b.entropy, whole.entropy, 1e-12));
            assert_true(
                near(h + p * a.tree_entropy + q * b.tree_entropy, whole.tree_entropy, 1e-12));
            struct derivation d = {0};
            for (uint64_t i = 0; above && i < 300; i++) {
                draw(above, i, &d);
                assert_true(derivation_depth(g, &d) >= least);
            }
            assert_null(sampler_new_even(above, &err));
            assert_error(&err, STATUS_DATA, scratch_file, "of infinitely many trees");
            derivation_free(&d);
            sampler_free(above);
            sampler_free(below);
        }
        /* No bound at all, and one that asks nothing. */
        struct sampler *free_of = sampler_new_bounded(g, 0, -1, &err);
        assert_true(sampler_mass(free_of) == 1 && sampler_mass(all) == 1);
        struct census c = census_of(free_of);
        assert_true(near(c.entropy, whole.entropy, 1e-14));
        assert_null(sampler_new_even(all, &err));
        sampler_free(free_of);
        sampler_free(all);
        grammar_free(g);
    }
}

static double binary_entropy(double p) {
    return -p * log(p) - (1 - p) * log(1 - p);
}

/* S -> a S with probability p: a geometric law. */
static void near_critical_line(void **state) {
    (void)state;
    static const double ps[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
    for (size_t k = 0; k < sizeof ps / sizeof *ps; k++) {
        struct err err = {0};
        struct buf text = {0};
        double p = ps[k];
        buf_printf(&text, "%.17g\tS\ta S\n%.17g\tS\ta\n", p, 1 - p);
        struct grammar *g = read_text(text.data);
        struct sampler *s = sampler_new(g);
        struct census c = census_of(s);
        assert_true(near(c.mean_length, 1 / (1 - p), 1e-11));
        assert_true(near(c.entropy, binary_entropy(p) / (1 - p), 1e-11));
        assert_true(near(c.tree_entropy, c.entropy, 1e-14));
        assert_true(isinf(c.trees) && isinf(c.sentences));
        sampler_free(s);
        for (int least = 1; least <= 1000; least *= 10) { /* S counts itself: depth is length */
            s = sampler_new_bounded(g, least, -1, &err);
            if (!s && p < 0.6 && least > 900) { /* 2^-999 */
                assert_error(&err, STATUS_DATA, scratch_file, "have a probability below 1e-290");
                continue;
            }
            assert_true(fabs(sampler_mass(s) / pow(p, least - 1) - 1) < 1e-11);
            c = census_of(s);
            assert_true(near(c.mean_length, least - 1 + 1 / (1 - p), 1e-11));
            assert_true(near(c.entropy, binary_entropy(p) / (1 - p), 1e-10));
            sampler_free(s);
            s = sampler_new_bounded(g, least, least, &err);
            assert_true(fabs(sampler_mass(s) / (pow(p, least - 1) * (1 - p)) - 1) < 1e-11);
            c = census_of(s);
            assert_true(c.trees == 1 && c.sentences == 1);
            assert_true(near(c.mean_length, least, 1e-12) && fabs(c.entropy) < 1e-12);
            sampler_free(s);
        }
        grammar_free(g);
        /* The depth is that of another symbol, which the recursion never passes. */
        buf_printf(&text, "%%depth X\n1\tR\tS X\nX\tx\n%%start R\n");
        g = read_text(text.data);
        s = sampler_new_bounded(g, 1, 1, &err);
        assert_true(near(sampler_mass(s), 1, 1e-11));
        c = census_of(s);
        assert_true(near(c.mean_length, 1 + 1 / (1 - p), 1e-11));
        sampler_free(s);
        grammar_free(g);
        /* Or which ends it: the equation is x = p x + (1 - p). */
        buf_clear(&text);
        buf_printf(&text, "%%depth X\n%.17g\tS\ta S\n%.17g\tS\tX\nX\tx\n", p, 1 - p);
        g = read_text(text.data);
        s = sampler_new_bounded(g, 1, -1, &err);
        assert_true(near(sampler_mass(s), 1, 1e-11));
        c = census_of(s);
        assert_true(near(c.mean_length, 1 / (1 - p), 1e-11));
        sampler_free(s);
        grammar_free(g);
        buf_free(&text);
    }
}

/* S -> S S with probability p < 1/2, else a: Catalan trees. */
static void near_critical_branching(void **state) {
    (void)state;
    static const double ps[] = {0.1, 0.4, 0.49, 0.49995};
    for (size_t k = 0; k < sizeof ps / sizeof *ps; k++) {
        struct err err = {0};
        struct buf text = {0};
        double p = ps[k], expected = 0;
        buf_printf(&text, "%.17g\tS\tS S\n%.17g\tS\ta\n", p, 1 - p);
        struct grammar *g = read_text(text.data);
        struct sampler *s = sampler_new(g);
        struct census c = census_of(s);
        /* E = p 2 E + 1 - p, and every node brings the entropy of its choice. */
        assert_true(near(c.mean_length, (1 - p) / (1 - 2 * p), 1e-11));
        assert_true(near(c.entropy, binary_entropy(p) / (1 - 2 * p), 1e-10));
        sampler_free(s);
        for (int most = 1; most <= 300; most++) { /* P(height <= h) = 1 - p + p P(h - 1)^2 */
            expected = 1 - p + p * expected * expected;
            if (most % 100 && most > 3)
                continue;
            s = sampler_new_bounded(g, 0, most, &err);
            assert_true(near(sampler_mass(s), expected, 1e-13));
            sampler_free(s);
        }
        grammar_free(g);
        buf_free(&text);
    }
}

/* Dyck words of one kind, brackets counted as levels: the law of the height is known (de Bruijn,
 * Knuth & Rice 1972); here by its recursion. */
static void cycle_beside_the_levels(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = read_text("%depth P\n3\tD\tP\n1\tD\tP D\n1\tP\t( )\n1\tP\t( D )\n");
    double bracket = 0, word = 0; /* P(height <= h) of P and of D */
    for (int most = 1; most <= 400; most++) {
        bracket = 0.5 + 0.5 * word;
        word = 0.75 * bracket / (1 - 0.25 * bracket);
        struct sampler *s = sampler_new_bounded(g, 0, most, &err);
        assert_true(near(sampler_mass(s), word, 1e-14));
        struct census c = census_of(s);
        assert_true(c.infinite);
        sampler_free(s);
        if (most % 50)
            continue;
        s = sampler_new_bounded(g, most + 1, -1, &err);
        if (1 - word > 1e-3)
            assert_true(fabs(sampler_mass(s) / (1 - word) - 1) < 1e-12);
        struct derivation d = {0};
        for (uint64_t i = 0; i < 20; i++) {
            draw(s, i, &d);
            assert_true(derivation_depth(g, &d) > most);
        }
        derivation_free(&d);
        sampler_free(s);
    }
    grammar_free(g);
}

/* Probabilities far below the smallest step of an iteration that starts at 1. */
static void rare_depths(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = read_text("%depth P\n3\tD\tP\n1\tD\tP D\n1\tP\t( )\n1\tP\t( D )\n");
    /* E[length | height h] grows by a constant when the height is rare. */
    double before = 0, step = 0;
    for (int h = 40; h <= 640; h += 40) {
        struct sampler *s = sampler_new_bounded(g, h, h, &err);
        if (!s)
            fail_msg("%s", err.text);
        struct census c = census_of(s);
        if (h > 120)
            assert_true(near(c.mean_length - before, step, 1e-9));
        step = c.mean_length - before;
        before = c.mean_length;
        sampler_free(s);
    }
    assert_null(sampler_new_bounded(g, 2000, 2000, &err));
    assert_error(&err, STATUS_DATA, scratch_file,
                 "sentences of depth 2000 have a probability below 1e-290");
    grammar_free(g);
}

/* What cannot reach the depth owed must not make a finite language look infinite. */
static void treeless_states(void **state) {
    (void)state;
    struct err err = {0};
    /* A can repeat itself, but with a tree below it that has one level alone. */
    struct grammar *g = read_text("%depth X Y\nS\tA\nS\tY X\n1\tA\ta A\n9\tA\tX a\nX\tx\nY\ty\n"
                                  "Y\tY2 y\nY2\tX\n");
    struct sampler *s = sampler_new_bounded(g, 2, 2, &err);
    struct census c = census_of(s);
    assert_false(c.infinite);
    assert_true(c.trees == 1 && c.sentences == 1);
    struct derivation d = {0};
    struct rng r = rng_at(1, RNG_WORDS, 0);
    draw(s, 0, &d);
    sampler_redraw_words(s, &(struct word_draws){.all = &r}, &d);
    assert_int_equal(derivation_depth(g, &d), 2);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
    /* A level that is a preterminal: a state of it that owes more has no words to redraw from. */
    g = read_text("%depth M N\nS\tM v\nS\tN v\nM\tm N\nN\tn\nN\to\n");
    s = sampler_new_bounded(g, 2, 2, &err);
    for (uint64_t i = 0; i < 50; i++) {
        draw(s, i, &d);
        sampler_redraw_words(s, &(struct word_draws){.all = &r}, &d);
        assert_int_equal(derivation_depth(g, &d), 2);
        assert_int_equal(d.n_nodes, 3);
        assert_string_equal(grammar_is_word(g, 0)
                                ? ""
                                : g->symbols.words[g->productions[d.nodes[2].production].left],
                            "N");
    }
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

static void question_formation(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/question.gr", &err);
    assert_non_null(g);
    struct sampler *s = sampler_new(g);
    struct census c = census_of(s);
    /* A noun in a prepositional phrase is N_sg or N_pl, so two trees. Subjects of either number:
     * bare 1, with a phrase 2, with a clause 5; objects 2 (1 + 2 + 5). */
    assert_true(c.trees == 2 * 2 * (1 + 2 + 5) * (1 + 2 * (1 + 2 + 5)));
    /* Clauses: who and that, two auxiliaries, 9 verbs; four of the five have a noun phrase. */
    double clause = 2 * 2 * 9 * (1 + 4 * 6 * 13);
    double subject = 6 * 13 * (1 + 8 * 6 * 26 + clause);
    double object = 2 * subject; /* either number */
    double sentences = 2 * 2 * subject * 2 * (9 + 9 * object);
    assert_true(near(c.sentences, sentences, 1e-12));
    sampler_free(s);
    grammar_free(g);
}

/* The first symbol of each component that derives itself, by the closure of "mentions". */
static void levels_of_recursion(void **state) {
    (void)state;
    enum { MOST = 9 };
    struct rng r = rng_at(11, RNG_NOISE, 0);
    struct buf text = {0};
    int found = 0;
    for (int trial = 0; trial < 200; trial++) {
        int n = 2 + (int)rng_below(&r, MOST - 2);
        bool reach[MOST][MOST] = {{0}};
        buf_clear(&text);
        for (int i = 0; i < n; i++) {
            buf_printf(&text, "1000\tX%d\tx\n", i);
            for (int k = (int)rng_below(&r, 3); k-- > 0;) {
                int child = (int)rng_below(&r, (uint32_t)n);
                buf_printf(&text, "1\tX%d\ty%d X%d\n", i, k, child);
                reach[i][child] = true;
            }
        }
        for (int k = 0; k < n; k++)
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    reach[i][j] |= reach[i][k] && reach[k][j];
        /* Make all reachable, or the reader warns: a start symbol that mentions each. */
        buf_puts(&text, "%start Z\nZ\tz");
        for (int i = 0; i < n; i++)
            buf_printf(&text, " X%d", i);
        buf_puts(&text, "\n");
        struct grammar *g = read_text(text.data);
        int symbol[MOST];
        bool embeds_any = false;
        for (int i = 0; i < n; i++) {
            char name[8];
            int len = snprintf(name, sizeof name, "X%d", i);
            symbol[i] = vocab_find(&g->symbols, name, (size_t)len);
        }
        for (int i = 0; i < n; i++) {
            bool first = reach[i][i], embeds = false;
            for (int j = 0; j < n; j++) {
                first &= !(reach[i][j] && reach[j][i] && symbol[j] < symbol[i]);
                embeds |= reach[j][j] && (i == j || reach[i][j]);
            }
            assert_int_equal(g->level[symbol[i]], first);
            assert_int_equal(g->embeds[symbol[i]], embeds);
            embeds_any |= embeds;
            found += first;
        }
        assert_int_equal(g->embeds[g->start], embeds_any);
        assert_false(g->level[g->start]);
        grammar_free(g);
    }
    assert_true(found > 100);
    buf_free(&text);
}

static void wrong_levels(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"S\ta\n%depth T\n%depth S\n", "line 2: %depth: no nonterminal is called 'T'"},
        {"S\ta\n%depth S\n%depth a\n", "line 3: %depth: no nonterminal is called 'a'"},
        {"%depth S U S\nS\ta\n", "line 1: %depth: no nonterminal is called 'U'"},
        {"S\ta\n%depth\n", "line 2: %depth names no nonterminal"},
        {"S\ta\n%depth  \n", "line 2: %depth names no nonterminal"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        scratch_put_text(bad[i].text);
        assert_null(grammar_read(scratch_file, &err));
        assert_error(&err, STATUS_DATA, scratch_file, bad[i].why);
    }
}

/* Chains deeper than any stack would bear; only drawing has a bound. */
static void huge_chains(void **state) {
    (void)state;
    enum { LINKS = 100000 };
    struct buf text = {0};
    for (int downwards = 0; downwards < 2; downwards++) {
        buf_clear(&text);
        buf_puts(&text, "%start X0\n%depth E\n");
        for (int k = 0; k < LINKS; k++) {
            int i = downwards ? k : LINKS - 1 - k;
            buf_printf(&text, "X%d\ta X%d\n", i, i + 1);
        }
        buf_printf(&text, "X%d\tE\nE\te\nE\tf\n", LINKS);
        struct err err = {0};
        struct grammar *g = read_text(text.data);
        struct sampler *s = sampler_new(g);
        struct census c = census_of(s);
        assert_true(c.trees == 1 && c.sentences == 2 && c.mean_length == LINKS + 1);
        assert_true(near(c.entropy, log(2), 1e-14) && c.tree_entropy == 0);
        struct derivation d = {0};
        struct rng r = rng_at(1, RNG_GEN, 0);
        assert_int_equal(sampler_draw(s, &r, &(struct word_draws){.all = &r}, &d, &err), -1);
        assert_error(&err, STATUS_DATA, scratch_file, "a tree grew past");
        sampler_free(s);
        s = sampler_new_bounded(g, 1, 1, &err);
        assert_true(sampler_mass(s) == 1);
        sampler_free(s);
        assert_null(sampler_new_bounded(g, 2, 2, &err));
        assert_error(&err, STATUS_DATA, scratch_file, "no sentence has depth 2");
        derivation_free(&d);
        grammar_free(g);
    }
    buf_free(&text);
}

/* One component of more states than are solved by elimination: a ring. */
static void large_components(void **state) {
    (void)state;
    enum { RING = 1500 };
    struct buf text = {0};
    for (int i = 0; i < RING; i++)
        buf_printf(&text, "9\tX%d\ta X%d\n1\tX%d\ta\n", i, (i + 1) % RING, i);
    struct err err = {0};
    struct grammar *g = read_text(text.data);
    struct sampler *s = sampler_new(g);
    struct census c = census_of(s);
    assert_true(near(c.mean_length, 10, 1e-10));
    assert_true(near(c.entropy, 10 * binary_entropy(0.1), 1e-10));
    sampler_free(s);
    s = sampler_new_bounded(g, 2, -1, &err); /* once round the ring */
    assert_true(fabs(sampler_mass(s) / pow(0.9, RING) - 1) < 1e-9);
    sampler_free(s);
    buf_puts(&text, "%depth E\n1\tX7\tE\nE\te\n");
    grammar_free(g);
    g = read_text(text.data);
    s = sampler_new_bounded(g, 1, 1, &err); /* from X0 to X7, and out; or round again */
    double round = pow(0.9, RING - 1) * 9 / 11;
    assert_true(fabs(sampler_mass(s) / (pow(0.9, 7) / 11 / (1 - round)) - 1) < 1e-9);
    sampler_free(s);
    grammar_free(g);
    buf_free(&text);
}

static void counts_past_doubles(void **state) {
    (void)state;
    struct buf text = {0};
    enum { DOUBLINGS = 2000 };
    for (int i = 0; i < DOUBLINGS; i++)
        buf_printf(&text, "X%d\ta X%d\nX%d\tb X%d\n", i, i + 1, i, i + 1);
    buf_printf(&text, "X%d\tc\n", DOUBLINGS);
    struct err err = {0};
    struct grammar *g = read_text(text.data);
    struct sampler *s = sampler_new(g);
    struct census c = census_of(s);
    assert_true(!c.infinite && isinf(c.trees) && isinf(c.sentences));
    assert_true(near(c.entropy, DOUBLINGS * log(2), 1e-12));
    assert_null(sampler_new_even(s, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "more than 10^308 trees");
    sampler_free(s);
    grammar_free(g);
    buf_free(&text);
}

/* The identifier is a function of what productions say. */
static void identifiers_survive_reordering(void **state) {
    (void)state;
    struct rng r = rng_at(5, RNG_NOISE, 0);
    struct buf text = {0};
    struct derivation d = {0};
    struct vocab known = {0};
    uint64_t id[1000];
    for (int order = 0; order < 6; order++) {
        const char *line[20];
        uint32_t place[20], n = 0;
        char copy[sizeof finite];
        memcpy(copy, finite, sizeof copy);
        for (char *at = strtok(copy, "\n"); at; at = strtok(NULL, "\n"))
            line[n++] = at;
        rng_permutation(&r, place, n);
        buf_clear(&text);
        buf_puts(&text, "%start S\n");
        for (uint32_t i = 0; i < n; i++)
            buf_printf(&text, "%s\n", line[order ? place[i] : i]);
        struct grammar *g = read_text(text.data);
        struct known_trees trees = {0};
        assert_true(enumerate(g, g->start, INT32_MAX, 1000, &trees));
        assert_int_equal(trees.n, 33);
        for (size_t i = 0; i < trees.n; i++) {
            known_derivation(g, &trees.all[i], &d);
            buf_clear(&text);
            derivation_put_syntax(g, &d, &text);
            size_t before = known.n;
            int32_t number = vocab_add(&known, text.data, text.len);
            if (known.n > before)
                id[number] = derivation_tree_id(g, &d);
            assert_true(id[number] == derivation_tree_id(g, &d));
        }
        known_free(&trees);
        grammar_free(g);
    }
    for (size_t i = 0; i < known.n; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(id[i] != id[j]);
    vocab_free(&known);
    derivation_free(&d);
    buf_free(&text);
}

/* Two productions may read the same and differ in target or tag: they are two trees. */
static void equal_productions(void **state) {
    (void)state;
    struct grammar *g = read_text("S\tA B\nS\tA B\tB A\nS\tA B\t\t@t\nA\ta\nA\ta\nB\tb\n");
    struct sampler *s = sampler_new(g);
    struct census c = census_of(s);
    assert_true(c.trees == 3 && c.sentences == 6);
    struct derivation d = {0};
    uint64_t id[3] = {0};
    for (uint64_t i = 0; i < 200; i++) {
        draw(s, i, &d);
        int which = d.nodes[0].production - g->first[g->start];
        if (!id[which])
            id[which] = derivation_tree_id(g, &d);
        assert_true(id[which] == derivation_tree_id(g, &d));
    }
    assert_true(id[0] && id[1] && id[2] && id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

static void syntax_is_written(void **state) {
    (void)state;
    struct grammar *g = read_text("ROOT\tS . quest\nS\tNP VP\nNP\tDet N\nNP\tDet N PP\nNP\tthey\n"
                                  "PP\tnear NP\nVP\tV\nDet\tthe\nDet\ta b\nN\tcat\nV\tsleeps\n");
    struct known_trees trees = {0};
    assert_true(enumerate(g, g->start, 1, 100, &trees));
    static const char *const expected[] = {
        "(ROOT (S (NP Det N) (VP V)) . quest)",
        "(ROOT (S (NP they) (VP V)) . quest)",
    };
    struct derivation d = {0};
    struct buf out = {0};
    for (size_t i = 0; i < trees.n; i++) {
        known_derivation(g, &trees.all[i], &d);
        buf_clear(&out);
        buf_puts(&out, ">");
        derivation_put_syntax(g, &d, &out);
        assert_string_equal(out.data + 1, expected[i / 2]); /* two words of Det */
        assert_int_equal(*out.data, '>');
    }
    assert_int_equal(trees.n, 3);
    known_free(&trees);
    assert_true(enumerate(g, g->start, 2, 100, &trees));
    known_derivation(g, &trees.all[2], &d);
    assert_int_equal(trees.all[2].depth, 2);
    buf_clear(&out);
    derivation_put_syntax(g, &d, &out);
    assert_string_equal(out.data, "(ROOT (S (NP Det N (PP near (NP Det N))) (VP V)) . quest)");
    known_free(&trees);
    derivation_free(&d);
    buf_free(&out);
    grammar_free(g);
    /* A start symbol that is a preterminal has one syntax tree. */
    g = read_text("S\ta\nS\tb c\n");
    assert_true(check(g, 0, -1, 10, 1000));
    grammar_free(g);
}

static const char lexicon[] = "2\tS\tN V\n1\tS\tN V N\n1\tS\tN V N Q\n3\tN\ta\n1\tN\tb c\n2\tN\td\n"
                              "1\tV\tx\n9\tV\ty\nQ\tq\nQ\tr\nQ\ts N\n";

static void words_are_redrawn(void **state) {
    (void)state;
    struct grammar *g = read_text(lexicon);
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    struct buf before = {0}, after = {0};
    enum { TREES = 60, TIMES = 400 };
    uint64_t *used = mem_alloc((size_t)g->n_productions, sizeof *used);
    double *probability = mem_alloc((size_t)g->n_productions, sizeof *probability);
    struct rng r = rng_at(3, RNG_WORDS, 0);
    for (uint64_t i = 0; i < TREES; i++) {
        draw(s, i, &d);
        derivation_key(g, &d, false, &before);
        uint64_t id = derivation_tree_id(g, &d);
        for (int k = 0; k < TIMES; k++) {
            sampler_redraw_words(s, &(struct word_draws){.all = &r}, &d);
            derivation_key(g, &d, false, &after);
            assert_string_equal(after.data, before.data);
            assert_true(derivation_tree_id(g, &d) == id);
            double logp = 0;
            for (size_t n = 0; n < d.n_nodes; n++) {
                int p = d.nodes[n].production;
                logp += log(g->productions[p].probability);
                used[p] += g->preterminal[g->productions[p].left];
            }
            assert_true(near(d.log_probability, logp, 1e-12));
        }
    }
    for (size_t symbol = 0; symbol < g->symbols.n; symbol++) {
        if (!g->preterminal[symbol])
            continue;
        int freedom, n = g->count[symbol], first = g->first[symbol];
        for (int i = 0; i < n; i++)
            probability[i] = g->productions[first + i].probability;
        double x = chi_square_of(used + first, probability, (size_t)n, &freedom);
        assert_int_equal(freedom, n - 1);
        assert_true(x < chi_square_limit(freedom));
    }
    free(used);
    free(probability);
    buf_free(&before), buf_free(&after);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

/* With sources of random numbers by preterminal, the k-th word of each is the same in every tree.
 */
static void words_by_symbol(void **state) {
    (void)state;
    struct grammar *g = read_text(lexicon);
    struct sampler *s = sampler_new(g);
    struct err err = {0};
    struct derivation d = {0};
    struct rng *by_symbol = mem_alloc(g->symbols.n, sizeof *by_symbol);
    int *word = mem_alloc(g->symbols.n * 8, sizeof *word);
    size_t *met = mem_alloc(g->symbols.n, sizeof *met);
    for (uint64_t i = 0; i < 200; i++) {
        for (size_t k = 0; k < g->symbols.n; k++)
            by_symbol[k] = rng_at(9, RNG_WORDS, k);
        memset(met, 0, g->symbols.n * sizeof *met);
        struct rng r = rng_at(9, RNG_GEN, i);
        struct word_draws words = {.by_symbol = by_symbol};
        if (i % 2)
            assert_int_equal(sampler_draw(s, &r, &words, &d, &err), 0);
        else {
            draw(s, i, &d);
            sampler_redraw_words(s, &words, &d);
        }
        for (size_t n = 0; n < d.n_nodes; n++) {
            int p = d.nodes[n].production, left = g->productions[p].left;
            if (!g->preterminal[left])
                continue;
            int *place = &word[8 * (size_t)left + met[left]++];
            if (*place)
                assert_int_equal(*place, p);
            *place = p;
        }
    }
    free(by_symbol);
    free(word);
    free(met);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_grammar),
        cmocka_unit_test(bounded_depth),
        cmocka_unit_test(random_grammars),
        cmocka_unit_test(depth_at_least),
        cmocka_unit_test(near_critical_line),
        cmocka_unit_test(near_critical_branching),
        cmocka_unit_test(cycle_beside_the_levels),
        cmocka_unit_test(rare_depths),
        cmocka_unit_test(treeless_states),
        cmocka_unit_test(question_formation),
        cmocka_unit_test(levels_of_recursion),
        cmocka_unit_test(wrong_levels),
        cmocka_unit_test(huge_chains),
        cmocka_unit_test(large_components),
        cmocka_unit_test(counts_past_doubles),
        cmocka_unit_test(identifiers_survive_reordering),
        cmocka_unit_test(equal_productions),
        cmocka_unit_test(syntax_is_written),
        cmocka_unit_test(words_are_redrawn),
        cmocka_unit_test(words_by_symbol),
    };
    return cmocka_run_group_tests_name("sampler", tests, scratch_make, scratch_remove);
}
