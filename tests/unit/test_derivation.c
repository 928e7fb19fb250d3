/* lib/derivation: trees come with the probabilities the grammar states. */
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
#include "tests/unit/scratch.h"

static struct grammar *read_text(const char *text) {
    struct err err = {0};
    scratch_put_text(text);
    struct grammar *g = grammar_read(scratch_file, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

static void sample(const struct sampler *s, uint64_t item, struct derivation *d) {
    struct err err = {0};
    struct rng r = rng_at(2026, RNG_GEN, item);
    if (sampler_draw(s, &r, &(struct word_draws){.all = &r}, d, &err) != 0)
        fail_msg("%s", err.text);
}

/* Productions are used as often as they weigh, given how often their left side is met. */
static void frequencies(const char *path, uint64_t draws) {
    struct err err = {0};
    struct grammar *g = grammar_read(path, &err);
    if (!g)
        fail_msg("%s", err.text);
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    uint64_t *used = mem_alloc((size_t)g->n_productions, sizeof *used);
    for (uint64_t i = 0; i < draws; i++) {
        sample(s, i, &d);
        for (size_t k = 0; k < d.n_nodes; k++)
            used[d.nodes[k].production]++;
    }
    for (size_t symbol = 0; symbol < g->symbols.n; symbol++) {
        double total = 0, sum = 0;
        for (int i = 0; i < g->count[symbol]; i++)
            total += (double)used[g->first[symbol] + i];
        if (g->count[symbol] < 2 || total == 0)
            continue;
        for (int i = 0; i < g->count[symbol]; i++) {
            int p = g->first[symbol] + i;
            double expected = total * g->productions[p].probability;
            sum += pow((double)used[p] - expected, 2) / expected;
        }
        if (sum > chi_square_limit(g->count[symbol] - 1))
            fail_msg("%s: %s: chi-square %g with %d productions", path, g->symbols.words[symbol],
                     sum, g->count[symbol]);
    }
    free(used);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

static void productions_are_drawn_by_weight(void **state) {
    (void)state;
    frequencies("grammars/question.gr", 50000);
    frequencies("grammars/tense.gr", 50000);
    struct buf text = {0};
    struct rng r = rng_at(9, RNG_NOISE, 0);
    for (int i = 0; i < 60; i++) /* weights over three orders of magnitude, not in order */
        buf_printf(&text, "%.3f\tS\tw%d T\n%d\tT\tx%d\n", exp(7 * rng_uniform(&r)), i,
                   i % 7 == 0 ? 1000 : i + 1, i);
    scratch_put(text.data, text.len);
    frequencies(scratch_file, 400000);
    buf_free(&text);
}

static void many_productions(void **state) {
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 1000; i++) /* one in a thousand of the mass on each, but one half on one */
        buf_printf(&text, "%d\tS\tw%d\n", i == 700 ? 999 : 1, i);
    scratch_put(text.data, text.len);
    frequencies(scratch_file, 400000);
    buf_free(&text);
}

/* Every sentence of a small grammar, by hand. Some have two trees. */
static const struct {
    const char *source, *target, *tree;
    double probability;
} language[] = {
    {"a x", "x a", "(S (A a) (B x))", 0.6 * 0.75 * 0.2},
    {"a y", "y a", "(S (A a) (B y))", 0.6 * 0.75 * 0.8},
    {"b c x", "x b c", "(S (A b c) (B x))", 0.6 * 0.25 * 0.2},
    {"b c y", "y b c", "(S (A b c) (B y))", 0.6 * 0.25 * 0.8},
    {"b c x", "b X x", "(S b (C c) (B x))", 0.4 * 0.2},
    {"b c y", "b X y", "(S b (C c) (B y))", 0.4 * 0.8},
};
enum { N_TREES = sizeof language / sizeof *language };

static void small_language(void **state) {
    (void)state;
    struct grammar *g = read_text("3\tS\tA B\tB A\t@first\n2\tS\tb C B\tb C B\n3\tA\ta\n1\tA\tb c\n"
                                  "1\tB\tx\t\t@x\n4\tB\ty\nC\tc\tX\n%words X\n");
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    struct buf source = {0}, target = {0}, tree = {0};
    enum { DRAWS = 200000 };
    double seen[N_TREES] = {0}, logp[N_TREES], sum = 0, squares = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        sample(s, i, &d);
        buf_clear(&tree), buf_clear(&source), buf_clear(&target);
        derivation_put_tree(g, &d, &tree);
        derivation_put_source(g, &d, &source);
        derivation_put_target(g, &d, &target);
        int t = 0;
        while (t < N_TREES && strcmp(language[t].tree, tree.data) != 0)
            t++;
        assert_true(t < N_TREES);
        assert_string_equal(source.data, language[t].source);
        assert_string_equal(target.data, language[t].target);
        assert_true(fabs(d.log_probability - log(language[t].probability)) < 1e-12);
        assert_int_equal(d.tags, (t < 4 ? 1 : 0) | (t % 2 == 0 ? 2 : 0));
        logp[t] = d.log_probability;
        seen[t]++;
    }
    for (int t = 0; t < N_TREES; t++) {
        double expected = DRAWS * language[t].probability;
        assert_true(seen[t] > 0);
        sum += exp(logp[t]);
        squares += pow(seen[t] - expected, 2) / expected;
    }
    assert_true(fabs(sum - 1) < 1e-12);
    assert_true(squares < chi_square_limit(N_TREES - 1));
    buf_free(&source), buf_free(&target), buf_free(&tree);
    derivation_free(&d);
    sampler_free(s);
    sampler_free(NULL);
    grammar_free(g);
}

/* Item 500 is the same alone, in order, backwards, and from a used derivation or a fresh one. */
static void items_are_independent(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/question.gr", &err);
    assert_non_null(g);
    struct sampler *s = sampler_new(g), *again = sampler_new(g);
    enum { N = 600 };
    struct derivation d = {0};
    struct buf all[N] = {{0}}, one = {0};
    for (uint64_t i = 0; i < N; i++) {
        sample(s, i, &d);
        derivation_put_tree(g, &d, &all[i]);
    }
    size_t same_as_next = 0;
    for (uint64_t i = N; i-- > 0;) {
        struct derivation fresh = {0};
        sample(again, i, i % 2 ? &fresh : &d);
        buf_clear(&one);
        derivation_put_tree(g, i % 2 ? &fresh : &d, &one);
        assert_string_equal(one.data, all[i].data);
        same_as_next += i + 1 < N && strcmp(all[i].data, all[i + 1].data) == 0;
        derivation_free(&fresh);
    }
    assert_true(same_as_next < 3);
    /* another seed, and another stream, bring another tree */
    struct rng seed = rng_at(2027, RNG_GEN, 500), stream = rng_at(2026, RNG_NOISE, 500);
    assert_int_equal(sampler_draw(s, &seed, &(struct word_draws){.all = &seed}, &d, &err), 0);
    buf_clear(&one);
    derivation_put_tree(g, &d, &one);
    assert_string_not_equal(one.data, all[500].data);
    assert_int_equal(sampler_draw(s, &stream, &(struct word_draws){.all = &stream}, &d, &err), 0);
    buf_clear(&one);
    derivation_put_tree(g, &d, &one);
    assert_string_not_equal(one.data, all[500].data);
    for (int i = 0; i < N; i++)
        buf_free(&all[i]);
    buf_free(&one);
    derivation_free(&d);
    sampler_free(s), sampler_free(again);
    grammar_free(g);
}

static void nodes_are_in_preorder(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/tense.gr", &err);
    assert_non_null(g);
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    for (uint64_t i = 0; i < 500; i++) {
        sample(s, i, &d);
        int next = 1;
        double logp = 0;
        for (size_t k = 0; k < d.n_nodes; k++) {
            const struct production *p = &g->productions[d.nodes[k].production];
            logp += log(p->probability);
            for (int c = 0; c < p->n_source; c++) {
                int child = p->lexical ? -1 : d.children[d.nodes[k].children + c];
                assert_int_equal(child < 0, grammar_is_word(g, p->source[c]));
                if (child < 0)
                    continue;
                assert_true(child > (int)k && child < (int)d.n_nodes);
                assert_int_equal(g->productions[d.nodes[child].production].left, p->source[c]);
                next++;
            }
        }
        assert_int_equal(next, d.n_nodes); /* every node but the root is one child */
        assert_true(fabs(logp - d.log_probability) < 1e-9);
    }
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

static void texts_are_appended(void **state) {
    (void)state;
    struct grammar *g = read_text("S\ta B c\tc B\nB\tb b\n");
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    struct buf out = {0};
    sample(s, 0, &d);
    buf_puts(&out, "before:");
    derivation_put_source(g, &d, &out);
    derivation_put_target(g, &d, &out);
    derivation_put_tree(g, &d, &out);
    assert_string_equal(out.data, "before:a b b cc b b(S a (B b b) c)");
    assert_true(d.log_probability == 0);
    buf_free(&out);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

/* Near the edge of criticality trees are finite, but some are too deep to be wanted. */
static void deep_trees_are_refused(void **state) {
    (void)state;
    struct grammar *g = read_text("9990\tS\ta S\n1\tS\ta\n");
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    struct err err = {0};
    int refused = 0, deepest = 0;
    for (uint64_t i = 0; i < 50; i++) {
        struct rng r = rng_at(1, RNG_GEN, i);
        if (sampler_draw(s, &r, &(struct word_draws){.all = &r}, &d, &err) != 0) {
            refused++;
            assert_error(&err, STATUS_DATA, scratch_file, "a tree grew past");
        } else { /* what passes can be written */
            struct buf out = {0};
            derivation_put_source(g, &d, &out);
            assert_int_equal(out.len, 2 * d.n_nodes - 1);
            buf_clear(&out);
            derivation_put_tree(g, &d, &out);
            buf_free(&out);
            if ((int)d.n_nodes > deepest)
                deepest = (int)d.n_nodes;
        }
    }
    assert_true(refused > 10 && refused < 50); /* exp(-1/2) of them */
    assert_true(deepest <= DERIVATION_MAX_DEPTH + 1);
    derivation_free(&d);
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
}

static void huge_trees_are_refused(void **state) {
    (void)state;
    struct buf text = {0};
    buf_puts(&text, "S\t");
    for (int i = 0; i < 2001; i++)
        buf_puts(&text, "A ");
    buf_puts(&text, "\nA\t");
    for (int i = 0; i < 499; i++) /* 2001 * 500 nodes */
        buf_puts(&text, "B ");
    buf_puts(&text, "\nB\tb\n");
    struct err err = {0};
    struct grammar *g = read_text(text.data);
    struct sampler *s = sampler_new(g);
    struct derivation d = {0};
    struct rng r = rng_at(1, RNG_GEN, 0);
    assert_int_equal(sampler_draw(s, &r, &(struct word_draws){.all = &r}, &d, &err), -1);
    assert_non_null(strstr(err.text, "a tree grew past"));
    derivation_free(&d);
    sampler_free(s);
    grammar_free(g);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(productions_are_drawn_by_weight),
        cmocka_unit_test(many_productions),
        cmocka_unit_test(small_language),
        cmocka_unit_test(items_are_independent),
        cmocka_unit_test(nodes_are_in_preorder),
        cmocka_unit_test(texts_are_appended),
        cmocka_unit_test(deep_trees_are_refused),
        cmocka_unit_test(huge_trees_are_refused),
    };
    return cmocka_run_group_tests_name("derivation", tests, scratch_make, scratch_remove);
}
