/* gen/holdout: combinations of words, against the words of every sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/holdout.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/enumerate.h"
#include "tests/unit/scratch.h"

static const char grammar[] = "S\tNP V\nS\tNP V NP\nNP\tDet N\nDet\tthe\nN\tN_sg\nN\tN_pl\n"
                              "N_sg\tcat\nN_sg\tice cream\nN_pl\tcats\nV\tsees\nV\thigh_five\n"
                              "V\tcat\nMixed\tcat V\nMixed\tcat\n%start T\nT\tS\nT\tMixed x\n";

static struct grammar *read_text(const char *text) {
    struct err err = {0};
    scratch_put_text(text);
    struct grammar *g = grammar_read(scratch_file, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

/* The number of the grammar's trees for which the expression holds; `must` and `must_not` are
 * checked against the bracketed tree. */
static int count(const struct grammar *g, const char *expression, const char *a, const char *b) {
    struct err err = {0};
    struct holdout h;
    if (holdout_read(&h, expression, g, &err) != 0)
        fail_msg("%s", err.text);
    struct known_trees trees = {0};
    assert_true(enumerate(g, g->start, INT32_MAX, 10000, &trees));
    struct derivation d = {0};
    struct buf text = {0};
    int held = 0;
    for (size_t i = 0; i < trees.n; i++) {
        known_derivation(g, &trees.all[i], &d);
        buf_clear(&text);
        derivation_put_tree(g, &d, &text);
        bool holds = holdout_holds(&h, &d);
        if (a)
            assert_int_equal(holds, strstr(text.data, a) && (!b || strstr(text.data, b)));
        held += holds;
    }
    buf_free(&text);
    derivation_free(&d);
    known_free(&trees);
    holdout_free(&h);
    return held;
}

static void words_are_held_out(void **state) {
    (void)state;
    struct grammar *g = read_text(grammar);
    /* 3 noun phrases, 3 verbs: 9 + 27 sentences, and cat V x, cat x: 4. */
    assert_int_equal(count(g, "N_sg=cat", "(N_sg cat)", NULL), 3 + 3 * 5);
    assert_int_equal(count(g, "V=cat", "(V cat)", NULL), 3 + 9 + 1);
    assert_int_equal(count(g, "N_sg=cat&V=sees", "(N_sg cat)", "(V sees)"), 1 + 5);
    assert_int_equal(count(g, "V=sees&N_pl=cats", "(N_pl cats)", "(V sees)"), 1 + 5);
    assert_int_equal(count(g, "N_sg=cat&N_pl=cats", "(N_sg cat)", "(N_pl cats)"), 2 * 3);
    /* A word has an underscore of its own, a phrase one for each space. */
    assert_int_equal(count(g, "V=high_five", "(V high_five)", NULL), 3 + 9 + 1);
    assert_int_equal(count(g, "N_sg=ice_cream", "(N_sg ice cream)", NULL), 3 + 3 * 5);
    /* Renamings: N is N_sg or N_pl, NP is not. */
    assert_int_equal(count(g, "N=cat", "(N_sg cat)", NULL), 3 + 3 * 5);
    assert_int_equal(count(g, "N=cats&V=cat", "(N_pl cats)", "(V cat)"), 1 + 5);
    assert_int_equal(count(g, "Mixed=cat", "(Mixed cat)", NULL), 1);
    assert_int_equal(count(g, NULL, NULL, NULL), 0);
    grammar_free(g);
}

static void any_of_several(void **state) {
    (void)state;
    struct grammar *g = read_text(grammar);
    assert_int_equal(count(g, "V=cat,V=sees", NULL, NULL), 2 * (3 + 9 + 1));
    assert_int_equal(count(g, "V=cat,V=cat&N=cat", NULL, NULL), 3 + 9 + 1);
    assert_int_equal(count(g, "V=cat&V=sees", NULL, NULL), 0); /* one verb a sentence */
    assert_int_equal(count(g, "N=cat&N=cats,N=cat&N=ice_cream", NULL, NULL), 2 * 2 * 3);
    assert_int_equal(count(g, "N=cat&N=cats&N=ice_cream", NULL, NULL), 0);
    struct buf many = {0};
    for (int i = 0; i < 64; i++)
        buf_printf(&many, "%sV=sees", i ? i % 2 ? "&" : "," : "");
    assert_int_equal(count(g, many.data, "(V sees)", NULL), 3 + 9 + 1);
    buf_free(&many);
    grammar_free(g);
}

static void errors(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "'' is not SYMBOL=word"},
        {"V", "'V' is not SYMBOL=word"},
        {"=cat", "'=cat' is not SYMBOL=word"},
        {"V=", "'V=' is not SYMBOL=word"},
        {"V=cat,", "'' is not SYMBOL=word"},
        {"V=cat&", "'' is not SYMBOL=word"},
        {"V=cat&&N=cat", "'' is not SYMBOL=word"},
        {"W=cat", "has no nonterminal 'W'"},
        {"cat=cat", "has no nonterminal 'cat'"},
        {"N_gs=cat", "has no nonterminal 'N_gs'; did you mean 'N_sg'?"},
        {"V=sleeps", "V does not derive the word 'sleeps'"},
        {"V=see", "V does not derive the word 'see'"},
        {"V=seess", "V does not derive the word 'seess'"},
        {"N=ice", "N does not derive the word 'ice'"},
        {"N=ice_", "N does not derive the word 'ice_'"},
        {"N=icecream", "N does not derive the word 'icecream'"},
        {"NP=cat", "NP does not derive the word 'cat'"},
        {"V=cat&V=dog", "V does not derive the word 'dog'"},
    };
    struct grammar *g = read_text(grammar);
    struct holdout h;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_int_equal(holdout_read(&h, bad[i].text, g, &err), -1);
        assert_error(&err, STATUS_USAGE, "--hold-out: ", bad[i].why);
        holdout_free(&h);
    }
    struct err err = {0};
    struct buf many = {0};
    for (int i = 0; i < 65; i++)
        buf_printf(&many, "%sV=sees", i ? "&" : "");
    assert_int_equal(holdout_read(&h, many.data, g, &err), -1);
    assert_error(&err, STATUS_USAGE, "--hold-out: ", "more than 64 words");
    holdout_free(&h);
    buf_free(&many);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_held_out),
        cmocka_unit_test(any_of_several),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("holdout", tests, scratch_make, scratch_remove);
}
