/* lib/grammar_vary: temperature and the words in use. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/grammar_vary.h"
#include "lib/rng.h"
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

static void set_temperature(struct grammar *g, double temperature) {
    struct err err = {0};
    if (grammar_set_temperature(g, temperature, &err) != 0)
        fail_msg("%s", err.text);
}

static void limit_words(struct grammar *g, const char *list, uint64_t seed) {
    struct err err = {0};
    if (grammar_limit_words(g, list, seed, &err) != 0)
        fail_msg("%s", err.text);
}

static int symbol_of(const struct grammar *g, const char *name) {
    int32_t symbol = vocab_find(&g->symbols, name, strlen(name));
    assert_true(symbol >= 0);
    return symbol;
}

static bool near(double a, double b, double relative) {
    return fabs(a - b) <= relative * fabs(b);
}

static const char weighted[] =
    "3\tS\tA B\n1\tS\tB\n0.5\tA\ta\n7\tA\tb\n1e-3\tA\tc d\n1\tB\tx\n1\tB\ty\n";

/* The probabilities sum to 1 and have their logarithms. */
static void assert_normal(const struct grammar *g) {
    for (size_t s = 0; s < g->symbols.n; s++) {
        double sum = 0;
        for (int i = 0; i < g->count[s]; i++) {
            const struct production *p = &g->productions[g->first[s] + i];
            assert_true(p->probability >= 0);
            assert_true(p->log_probability == log(p->probability));
            sum += p->probability;
        }
        assert_true(!g->count[s] || near(sum, 1, 1e-14));
    }
}

static void temperature_is_exact(void **state) {
    (void)state;
    static const double ts[] = {1e-3, 0.01, 0.3, 0.5, 0.99, 1, 1.01, 2, 3.7, 100, 1e6};
    for (size_t k = 0; k < sizeof ts / sizeof *ts; k++) {
        struct grammar *before = read_text(weighted), *g = read_text(weighted);
        set_temperature(g, ts[k]);
        assert_normal(g);
        for (size_t s = 0; s < g->symbols.n; s++)
            for (int i = 0; i < g->count[s]; i++)
                for (int j = 0; j < g->count[s]; j++) {
                    double wi = before->productions[g->first[s] + i].weight,
                           wj = before->productions[g->first[s] + j].weight;
                    double pi = g->productions[g->first[s] + i].probability,
                           pj = g->productions[g->first[s] + j].probability;
                    double ratio = exp(log(wi / wj) / ts[k]);
                    if (pi > 1e-290 && pj > 1e-290)
                        assert_true(near(pi / pj, ratio, 1e-11));
                    else /* out of a double's range, or nearly */
                        assert_true((ratio < 1 ? pi : pj) < 1e-200);
                }
        grammar_free(before);
        grammar_free(g);
    }
}

/* Temperatures one after the other multiply. */
static void temperatures_compose(void **state) {
    (void)state;
    struct grammar *once = read_text(weighted), *twice = read_text(weighted);
    set_temperature(once, 1.5);
    set_temperature(twice, 0.5);
    set_temperature(twice, 3);
    for (int i = 0; i < once->n_productions; i++)
        assert_true(
            near(twice->productions[i].probability, once->productions[i].probability, 1e-13));
    grammar_free(once);
    grammar_free(twice);
}

/* The limits: the likeliest alone, or all alike. */
static void extreme_temperatures(void **state) {
    (void)state;
    struct err err = {0};
    struct census c;
    struct grammar *g = read_text(weighted);
    set_temperature(g, 1e-3);
    struct sampler *s = sampler_new(g);
    assert_int_equal(sampler_census(s, &c, &err), 0);
    assert_true(c.sentences == 2 && c.trees == 1 && near(c.entropy, log(2), 1e-14));
    sampler_free(s);
    grammar_free(g);
    g = read_text(weighted);
    set_temperature(g, 1e6);
    s = sampler_new(g);
    assert_int_equal(sampler_census(s, &c, &err), 0);
    assert_true(c.sentences == 8 && near(c.tree_entropy, log(2), 1e-10));
    assert_true(near(c.entropy, log(2) + log(2) + log(3) / 2, 1e-4));
    sampler_free(s);
    grammar_free(g);
}

static void wrong_temperatures(void **state) {
    (void)state;
    static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    struct grammar *g = read_text(weighted);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_int_equal(grammar_set_temperature(g, bad[i], &err), -1);
        assert_error(&err, STATUS_USAGE, "--temperature", "no positive number");
    }
    grammar_free(g);
}

static void supercritical_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = read_text("1\tS\tS S\n9\tS\ta\n");
    set_temperature(g, 2); /* 1 : 3, still subcritical */
    assert_true(near(g->productions[0].probability, 0.25, 1e-14));
    assert_true(near(g->mean_length, 1.5, 1e-9));
    assert_int_equal(grammar_set_temperature(g, 1e6, &err), -1);
    assert_error(&err, STATUS_DATA, "--temperature 1e+06: ", "no finite expected length");
    grammar_free(g);
    g = read_text("4\tS\ta S\n3\tS\ta\n3\tS\tb\n"); /* sharpened, the recursion has it all */
    assert_int_equal(grammar_set_temperature(g, 0.01, &err), -1);
    assert_error(&err, STATUS_DATA, "--temperature 0.01: ", "no finite expected length");
    grammar_free(g);
    /* Where the start symbol no longer comes there, it does not matter. */
    g = read_text("1e9\tS\ta\n1\tS\tb T\n4\tT\tT T\n3\tT\tc\n3\tT\td\n");
    set_temperature(g, 0.001);
    assert_true(near(g->mean_length, 1, 1e-9));
    grammar_free(g);
}

/* Which productions of a preterminal are in use, as bits. */
static uint64_t in_use(const struct grammar *g, const char *name) {
    uint64_t used = 0;
    int s = symbol_of(g, name);
    for (int i = 0; i < g->count[s]; i++)
        used |= (uint64_t)(g->productions[g->first[s] + i].probability > 0) << i;
    return used;
}

static int bits(uint64_t set) {
    int n = 0;
    for (; set; set &= set - 1)
        n++;
    return n;
}

static void words_are_nested(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int n;
    } preterminals[] = {{"Det", 6},     {"N_sg", 13},  {"N_pl", 13},  {"V_intrans", 9},
                        {"V_trans", 9}, {"Aux_sg", 2}, {"Aux_pl", 2}, {"Prep", 8}};
    for (uint64_t seed = 0; seed < 20; seed++)
        for (size_t k = 0; k < sizeof preterminals / sizeof *preterminals; k++) {
            uint64_t smaller = 0;
            for (int count = 1; count <= 15; count++) {
                struct err err = {0};
                char list[16];
                snprintf(list, sizeof list, "%d", count);
                struct grammar *g = grammar_read("grammars/question.gr", &err);
                limit_words(g, list, seed);
                uint64_t used = in_use(g, preterminals[k].name);
                int n = preterminals[k].n;
                assert_int_equal(bits(used), count < n ? count : n);
                assert_true((smaller & ~used) == 0);
                smaller = used;
                /* Singular and plural, in one order, stay pairs. */
                assert_true(in_use(g, "N_sg") == in_use(g, "N_pl"));
                assert_true(in_use(g, "Aux_sg") == in_use(g, "Aux_pl"));
                assert_normal(g);
                grammar_free(g);
                if (seed > 2)
                    count += 3;
            }
        }
}

/* Every set of three among six words is equally likely over seeds. */
static void words_are_chosen_evenly(void **state) {
    (void)state;
    enum { SEEDS = 4000 };
    uint64_t count[64] = {0}, packed[20];
    double probability[20];
    struct grammar *g = read_text("S\tA\nA\ta\nA\tb\nA\tc\nA\td\nA\te\nA\tf\n");
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        for (int i = 0; i < g->n_productions; i++)
            g->productions[i].weight = 1;
        limit_words(g, "3", seed);
        count[in_use(g, "A")]++;
    }
    int n = 0;
    for (uint64_t set = 0; set < 64; set++)
        if (bits(set) == 3) {
            probability[n] = 1.0 / 20;
            packed[n++] = count[set];
        } else {
            assert_int_equal(count[set], 0);
        }
    int freedom;
    assert_true(chi_square_of(packed, probability, 20, &freedom) < chi_square_limit(19));
    grammar_free(g);
}

/* What is kept keeps its proportions. */
static void words_keep_their_weights(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct grammar *g = read_text("5\tS\tA A\n1\tS\tB x\n1\tA\ta\n2\tA\tb\n4\tA\tc d\n8\tA\te\n"
                                      "1\tB\tx\n1\tB\tA y\n");
        limit_words(g, "2", seed);
        assert_normal(g);
        int a = symbol_of(g, "A"), kept[4], n = 0;
        for (int i = 0; i < 4; i++)
            if (g->productions[g->first[a] + i].probability > 0)
                kept[n++] = i;
        assert_int_equal(n, 2);
        assert_true(near(g->productions[g->first[a] + kept[1]].probability /
                             g->productions[g->first[a] + kept[0]].probability,
                         pow(2, kept[1] - kept[0]), 1e-14));
        /* B is no preterminal: one of its productions goes on. */
        assert_int_equal(bits(in_use(g, "B")), 2);
        assert_true(near(g->productions[g->first[symbol_of(g, "S")]].probability, 5.0 / 6, 1e-14));
        /* Sentences of other words are not drawn. */
        struct known_trees trees = {0};
        assert_true(enumerate(g, g->start, INT32_MAX, 1000, &trees));
        assert_int_equal(trees.n, 4 + 1 + 2);
        double sum = 0;
        for (size_t i = 0; i < trees.n; i++)
            sum += trees.all[i].probability;
        assert_true(near(sum, 1, 1e-14));
        known_free(&trees);
        grammar_free(g);
    }
}

static void named_counts(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/question.gr", &err);
    limit_words(g, "N_sg=2,Det=1", 4);
    assert_int_equal(bits(in_use(g, "N_sg")), 2);
    assert_int_equal(bits(in_use(g, "Det")), 1);
    assert_int_equal(bits(in_use(g, "N_pl")), 13);
    grammar_free(g);
    g = grammar_read("grammars/question.gr", &err);
    limit_words(g, "N_sg=2,3,Det=100", 4);
    assert_int_equal(bits(in_use(g, "N_sg")), 2);
    assert_int_equal(bits(in_use(g, "Det")), 6);
    assert_int_equal(bits(in_use(g, "N_pl")), 3);
    assert_int_equal(bits(in_use(g, "Aux_sg")), 2);
    /* The two of N_sg are among the three of N_pl. */
    assert_true((in_use(g, "N_sg") & ~in_use(g, "N_pl")) == 0);
    grammar_free(g);
}

static void wrong_words(void **state) {
    (void)state;
    static const struct {
        const char *list, *why;
    } bad[] = {
        {"", "'' is no count from 1 on"},
        {"0", "'0' is no count from 1 on"},
        {"-1", "no count from 1 on"},
        {"1.5", "no count from 1 on"},
        {"x", "'x' is no count"},
        {"3,", "'' is no count"},
        {"A=", "'' is no count"},
        {"A=0", "'0' is no count"},
        {"A=1e99", "no count"},
        {"=3", "has no preterminal ''"},
        {"S=3", "has no preterminal 'S'"},
        {"a=3", "has no preterminal 'a'"},
        {"Nuun=3", "has no preterminal 'Nuun'; did you mean 'Noun'?"},
        {"3,4", "'4' is a second count"},
        {"A=1,A=2", "'2' is a second count"},
    };
    struct grammar *g = read_text("S\tA Noun\nA\ta\nA\tb\nNoun\tn\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_int_equal(grammar_limit_words(g, bad[i].list, 0, &err), -1);
        assert_error(&err, STATUS_USAGE, "--words: ", bad[i].why);
    }
    assert_normal(g);
    grammar_free(g);
}

/* Both at once: the likeliest of the words in use. */
static void words_then_temperature(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct grammar *g = read_text("S\tA\n1\tA\ta\n10\tA\tb\n100\tA\tc\n1000\tA\td\n");
        limit_words(g, "2", seed);
        uint64_t kept = in_use(g, "A");
        set_temperature(g, 1e-3);
        uint64_t likeliest = in_use(g, "A");
        assert_int_equal(bits(likeliest), 1);
        assert_true((likeliest & kept) && (likeliest << 1) > kept);
        assert_normal(g);
        grammar_free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_is_exact),
        cmocka_unit_test(temperatures_compose),
        cmocka_unit_test(extreme_temperatures),
        cmocka_unit_test(wrong_temperatures),
        cmocka_unit_test(supercritical_is_refused),
        cmocka_unit_test(words_are_nested),
        cmocka_unit_test(words_are_chosen_evenly),
        cmocka_unit_test(words_keep_their_weights),
        cmocka_unit_test(named_counts),
        cmocka_unit_test(wrong_words),
        cmocka_unit_test(words_then_temperature),
    };
    return cmocka_run_group_tests_name("grammar_vary", tests, scratch_make, scratch_remove);
}
