/* gen/treeset: which syntax trees a corpus may hold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/treeset.h"
#include "lib/grammar_vary.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/chi_square.h"
#include "tests/unit/scratch.h"

/* Six syntax trees, 0.3 0.2 0.1 (x) and 0.2 0.12 0.08 (y); words decide @loud. */
static const char six[] = "3\tS\tX A\t\t@x\n2\tS\tY A\t\t@y\n"
                          "3\tX\tB\n2\tX\tB B\n1\tX\tB B B\n"
                          "5\tY\tB\n3\tY\tB B\n2\tY\tB B B\n"
                          "1\tA\ta\n1\tA\tAA\t\t@loud\n1\tB\tb\n1\tB\tc\n1\tB\td\n%words AA\n"
                          "%tag bb /b b/\n";
static const double probability[6] = {0.3, 0.2, 0.1, 0.2, 0.12, 0.08};

static struct grammar *read_text(const char *text) {
    struct err err = {0};
    scratch_put_text(text);
    struct grammar *g = grammar_read(scratch_file, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

/* 0 to 5, in the order above. */
static int which(const struct grammar *g, const struct derivation *d) {
    int branch = d->nodes[0].production - g->first[g->start];
    const struct production *p = &g->productions[d->nodes[1].production];
    return 3 * branch + d->nodes[1].production - g->first[p->left];
}

static int any(void *context, const struct derivation *d) {
    (void)context, (void)d;
    return 1;
}

static void read_list(struct treeset *t, const char *list, const struct grammar *g) {
    struct err err = {0};
    if (treeset_read(t, list, g, &err) != 0)
        fail_msg("%s", err.text);
}

/* The trees that a list and a seed choose, in order; returns how many. */
static size_t choose(const struct grammar *g, const struct sampler *from, const char *list,
                     uint64_t seed, int *chosen) {
    struct err err = {0};
    struct treeset t;
    read_list(&t, list, g);
    if (treeset_choose(&t, from, g, seed, any, NULL, &err) != 0)
        fail_msg("%s", err.text);
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++)
        for (size_t k = 0; k < t.groups[i].n; k++) {
            const struct chosen_tree *tree = &t.groups[i].trees[k];
            chosen[n] = which(g, &tree->derivation);
            assert_true(fabs(exp(tree->log_probability) - probability[chosen[n]]) < 1e-14);
            assert_true(treeset_allows(&t, g, &tree->derivation));
            for (size_t j = 0; j < n; j++)
                assert_int_not_equal(chosen[j], chosen[n]);
            n++;
        }
    treeset_free(&t);
    return n;
}

static void smaller_sets_lie_in_larger(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = read_text(six);
    struct sampler *s = sampler_new(g), *even = sampler_new_even(s, &err);
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct sampler *from = seed % 2 ? s : even;
        int all[6], some[6];
        assert_int_equal(choose(g, from, "6", seed, all), 6);
        for (int k = 1; k < 6; k++) {
            char list[16];
            snprintf(list, sizeof list, "%d", k);
            assert_int_equal(choose(g, from, list, seed, some), k);
            assert_memory_equal(some, all, (size_t)k * sizeof *some);
        }
        /* Of a class alone: its trees in the same order. */
        assert_int_equal(choose(g, from, "y=2,x=3", seed, some), 5);
        for (int i = 0, y = 0, x = 2; i < 6; i++) {
            if (all[i] < 3)
                assert_int_equal(some[x++], all[i]);
            else if (y < 2)
                assert_int_equal(some[y++], all[i]);
        }
    }
    sampler_free(s);
    sampler_free(even);
    grammar_free(g);
}

static void every_set_is_equally_likely(void **state) {
    (void)state;
    enum { SEEDS = 9000 };
    struct err err = {0};
    struct grammar *g = read_text(six);
    struct sampler *s = sampler_new(g), *even = sampler_new_even(s, &err);
    uint64_t count[36] = {0};
    double expected[36] = {0};
    int chosen[6], freedom;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        choose(g, even, "2", seed, chosen);
        count[6 * chosen[0] + chosen[1]]++;
    }
    for (int i = 0; i < 36; i++)
        expected[i] = i % 7 ? 1.0 / 30 : 0;
    double x = chi_square_of(count, expected, 36, &freedom);
    assert_int_equal(freedom, 29);
    assert_true(x < chi_square_limit(29));
    /* By probability: the second in proportion among those that are left. */
    memset(count, 0, sizeof count);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        choose(g, s, "2", seed, chosen);
        count[6 * chosen[0] + chosen[1]]++;
    }
    for (int i = 0; i < 36; i++) {
        double first = probability[i / 6], second = probability[i % 6];
        expected[i] = i % 7 ? first * second / (1 - first) : 0;
    }
    x = chi_square_of(count, expected, 36, &freedom);
    assert_int_equal(freedom, 29);
    assert_true(x < chi_square_limit(29));
    sampler_free(s);
    sampler_free(even);
    grammar_free(g);
}

/* The set does not depend on the words in use. */
static void words_do_not_matter(void **state) {
    (void)state;
    struct err err = {0};
    for (int uniform = 0; uniform < 2; uniform++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            int first[6], again[6];
            for (int words = 0; words < 4; words++) {
                struct grammar *g = read_text(six);
                char list[16];
                snprintf(list, sizeof list, "%d", words);
                if (words)
                    assert_int_equal(grammar_limit_words(g, list, seed, &err), 0);
                struct sampler *s = sampler_new(g), *even = sampler_new_even(s, &err);
                choose(g, uniform ? even : s, "4", seed, words ? again : first);
                if (words)
                    assert_memory_equal(again, first, 4 * sizeof *first);
                sampler_free(s);
                sampler_free(even);
                grammar_free(g);
            }
        }
}

static void what_is_allowed(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = read_text(six);
    struct sampler *s = sampler_new(g);
    struct treeset t;
    read_list(&t, "x=2", g);
    assert_int_equal(treeset_choose(&t, s, g, 3, any, NULL, &err), 0);
    bool in[6] = {false, false, false, true, true, true}; /* others are free */
    for (int k = 0; k < 2; k++)
        in[which(g, &t.groups[0].trees[k].derivation)] = true;
    struct derivation d = {0}, copy = {0};
    for (uint64_t i = 0; i < 500; i++) {
        struct rng r = rng_at(1, RNG_GEN, i);
        assert_int_equal(sampler_draw(s, &r, &(struct word_draws){.all = &r}, &d, &err), 0);
        assert_int_equal(treeset_allows(&t, g, &d), in[which(g, &d)]);
        treeset_copy(&d, &copy);
        assert_int_equal(copy.n_nodes, d.n_nodes);
        assert_memory_equal(copy.nodes, d.nodes, d.n_nodes * sizeof *d.nodes);
        assert_memory_equal(copy.children, d.children, d.n_children * sizeof *d.children);
        assert_true(copy.tags == d.tags && copy.log_probability == d.log_probability);
    }
    treeset_free(&t);
    read_list(&t, NULL, g); /* no limit */
    assert_true(treeset_allows(&t, g, &d));
    treeset_free(&t);
    derivation_free(&d);
    derivation_free(&copy);
    sampler_free(s);
    grammar_free(g);
}

static int not_the_first(void *context, const struct derivation *d) {
    return which(context, d) != 0;
}

static int broken(void *context, const struct derivation *d) {
    (void)d;
    return err_set(context, STATUS_DATA, "broken");
}

static void too_few(void **state) {
    (void)state;
    static const struct {
        const char *list;
        bool all_usable, finite;
        const char *why;
    } cases[] = {
        {"7", true, true, "--trees: 7 trees are wanted, but there are only 6"},
        {"x=4", true, true, "--trees: 4 trees of 'x' are wanted, but there are only 3"},
        {"6", false, true, "6 trees are wanted, but only 5 of the 6 meet all conditions"},
        {"y=2,x=3", false, true, "3 trees of 'x' are wanted, but only 2 of the 3 meet all"},
        {"x&y=1", true, true, "1 trees of 'x&y' are wanted, but there are only 0"},
        {"x=4", true, false, "but only 3 of the 3 that were drawn meet all conditions"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct treeset t;
        struct buf text = {0};
        buf_puts(&text, six);
        if (!cases[i].finite) /* so rare that it is never drawn; but then one never knows */
            buf_puts(&text, "1e-300\tS\tZ A\t\t@z\n1\tZ\tb Z\n9\tZ\tb\n");
        struct grammar *g = read_text(text.data);
        struct sampler *s = sampler_new(g);
        read_list(&t, cases[i].list, g);
        assert_int_equal(
            treeset_choose(&t, s, g, 1, cases[i].all_usable ? any : not_the_first, g, &err), -1);
        assert_error(&err, STATUS_DATA, scratch_file, cases[i].why);
        treeset_free(&t);
        sampler_free(s);
        grammar_free(g);
        buf_free(&text);
    }
}

static void errors(void **state) {
    (void)state;
    static const struct {
        const char *list, *why;
    } bad[] = {
        {"", "'' is no count from 1 on"},
        {"0", "'0' is no count from 1 on"},
        {"x=", "'' is no count"},
        {"x=0", "'0' is no count"},
        {"x", "'x' is no count"},
        {"1,", "'' is no count"},
        {"=3", "a tag is missing"},
        {"z=3", "no tag 'z'"},
        {"x&!x=3", "asks for a tag and against it"},
        {"loud=3", "'loud=3' is decided by the words, not by the tree alone"},
        {"x&!bb=3", "is decided by the words"},
    };
    struct grammar *g = read_text(six);
    struct sampler *s = sampler_new(g);
    struct treeset t;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_int_equal(treeset_read(&t, bad[i].list, g, &err), -1);
        assert_error(&err, STATUS_USAGE, "--trees: ", bad[i].why);
        treeset_free(&t);
    }
    struct err err = {0};
    read_list(&t, "5,x=3", g);
    assert_int_equal(treeset_choose(&t, s, g, 1, any, NULL, &err), -1);
    assert_error(&err, STATUS_USAGE, "--trees: ", "in two of its items, '5' and 'x=3'");
    treeset_free(&t);
    read_list(&t, "5", g);
    assert_int_equal(treeset_choose(&t, s, g, 1, broken, &err, &err), -1);
    assert_error(&err, STATUS_DATA, "broken", NULL);
    treeset_free(&t);
    sampler_free(s);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smaller_sets_lie_in_larger),
        cmocka_unit_test(every_set_is_equally_likely),
        cmocka_unit_test(words_do_not_matter),
        cmocka_unit_test(what_is_allowed),
        cmocka_unit_test(too_few),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("treeset", tests, scratch_make, scratch_remove);
}
