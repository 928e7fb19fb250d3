/* grammars/agreement-*.gr: their sentence types enumerated, the two rules checked on each type, and
 * the published corpus of the small pair (Ahuja et al. 2025) recognised.
 *
 * Published files: <ESPALIER_DATA>/ahuja/agreement_hr_agreement_linear.*.zst; without the variable,
 * ../shared/data from the repository's root. Where they are absent those tests are passed over. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/corpus.h"
#include "lib/parse.h"
#include "tests/unit/drawing.h"

enum { MAX_TYPES = 1000, MAX_SYMBOLS = 40 };

/* The types of a grammar: the strings of preterminals, symbols that derive one word. */
struct types {
    struct vocab names;
    double probability[MAX_TYPES];
    int trees[MAX_TYPES];
};

static bool is_preterminal(const struct grammar *g, int symbol) {
    for (int i = 0; i < g->count[symbol]; i++) {
        const struct production *p = &g->productions[g->first[symbol] + i];
        if (p->n_source != 1 || !grammar_is_word(g, p->source[0]))
            return false;
    }
    return g->count[symbol] > 0;
}

/* Expand the leftmost symbol that is no preterminal in every way. */
static void expand(const struct grammar *g, const int *symbols, int n, double probability,
                   struct types *types) {
    int at = 0;
    while (at < n && is_preterminal(g, symbols[at]))
        at++;
    if (at == n) {
        struct buf name = {0};
        for (int i = 0; i < n; i++)
            buf_printf(&name, "%s%s", i ? " " : "", g->symbols.words[symbols[i]]);
        int32_t id = vocab_add(&types->names, name.data, name.len);
        assert_true(id < MAX_TYPES);
        types->probability[id] += probability;
        types->trees[id]++;
        buf_free(&name);
        return;
    }
    for (int i = 0; i < g->count[symbols[at]]; i++) {
        const struct production *p = &g->productions[g->first[symbols[at]] + i];
        int next[MAX_SYMBOLS];
        assert_true(n - 1 + p->n_source <= MAX_SYMBOLS);
        memcpy(next, symbols, (size_t)at * sizeof *next);
        memcpy(next + at, p->source, (size_t)p->n_source * sizeof *next);
        memcpy(next + at + p->n_source, symbols + at + 1, (size_t)(n - at - 1) * sizeof *next);
        expand(g, next, n - 1 + p->n_source, probability * p->probability, types);
    }
}

static void enumerate(const struct grammar *g, struct types *types) {
    memset(types, 0, sizeof *types);
    expand(g, &g->start, 1, 1, types);
}

static bool is_noun(const char *class_name) {
    return strncmp(class_name, "N_", 2) == 0;
}

static bool is_verb(const char *class_name) {
    return strncmp(class_name, "V_", 2) == 0;
}

static const char *number(const char *class_name) {
    return strrchr(class_name, '_');
}

static bool same_number(const struct words *w, int a, int b) {
    return strcmp(number(w->word[a]), number(w->word[b])) == 0;
}

/* The subject of each verb of a type, by its shape:
 *     Det N [Prep Det N | Rel V Det N | Rel Det N V] V [Det N [the same]]. */
static bool agrees_with_subject(const struct words *w) {
    bool good = true;
    for (int i = 0; i < w->n; i++) {
        if (strcmp(w->word[i], "Rel") == 0) {
            int head = i - 1;
            bool object_clause = strcmp(w->word[i + 1], "Det") == 0;
            int verb = object_clause ? i + 3 : i + 1;
            good &= same_number(w, object_clause ? i + 2 : head, verb);
            i = verb;
        } else if (is_verb(w->word[i])) {
            good &= same_number(w, 1, i);
        }
    }
    return good;
}

static bool agrees_with_nearest(const struct words *w) {
    int noun = -1;
    bool good = true;
    for (int i = 0; i < w->n; i++) {
        if (is_noun(w->word[i]))
            noun = i;
        if (is_verb(w->word[i]))
            good &= same_number(w, noun, i);
    }
    return good;
}

/* A pair of grammars: their types, of equal probability, one tree each; each by its rule. */
static void check_pair(const char *hierarchical, const char *linear, size_t size, size_t shared) {
    struct grammar *g[2] = {drawing_read(hierarchical), drawing_read(linear)};
    struct types *types = mem_alloc(2, sizeof *types);
    size_t both = 0, n_nearest = 0, n_subject = 0;
    for (int k = 0; k < 2; k++) {
        enumerate(g[k], &types[k]);
        assert_int_equal(types[k].names.n, size);
        for (size_t i = 0; i < size; i++) {
            struct words w;
            words_cut(&w, types[k].names.words[i]);
            assert_int_equal(types[k].trees[i], 1);
            assert_true(fabs(types[k].probability[i] - 1.0 / (double)size) < 1e-12);
            assert_true(k == 0 ? agrees_with_subject(&w) : agrees_with_nearest(&w));
            n_nearest += k == 0 && agrees_with_nearest(&w);
            n_subject += k == 1 && agrees_with_subject(&w);
        }
    }
    for (size_t i = 0; i < size; i++)
        both += vocab_find(&types[1].names, types[0].names.words[i],
                           strlen(types[0].names.words[i])) >= 0;
    assert_int_equal(both, shared);
    /* A type that keeps both rules is in both grammars. */
    assert_int_equal(n_nearest, shared);
    assert_int_equal(n_subject, shared);
    for (int k = 0; k < 2; k++) {
        vocab_free(&types[k].names);
        grammar_free(g[k]);
    }
    free(types);
}

static void small_types(void **state) {
    (void)state;
    check_pair("grammars/agreement-small.gr", "grammars/agreement-small-linear.gr", 18, 12);
}

static void large_types(void **state) {
    (void)state;
    check_pair("grammars/agreement-large.gr", "grammars/agreement-large-linear.gr", 210, 120);
}

/* A linear grammar is regular: a word class, then at most one other symbol. */
static void linear_grammars_are_regular(void **state) {
    (void)state;
    static const char *const paths[] = {"grammars/agreement-small-linear.gr",
                                        "grammars/agreement-large-linear.gr"};
    for (int k = 0; k < 2; k++) {
        struct grammar *g = drawing_read(paths[k]);
        for (int i = 0; i < g->n_productions; i++) {
            const struct production *p = &g->productions[i];
            if (is_preterminal(g, p->left))
                continue;
            assert_true(p->n_source <= 2);
            assert_true(is_preterminal(g, p->source[0]));
            assert_true(p->n_source == 1 ||
                        (!grammar_is_word(g, p->source[1]) && !is_preterminal(g, p->source[1])));
        }
        grammar_free(g);
    }
}

/* The tags of a grammar's sentences say whether the other grammar has them. */
static void check_tags(const char *path, const char *other_path, const char *own_tag) {
    struct drawing d;
    struct grammar *other = drawing_read(other_path);
    struct parser *p = parser_new(other);
    struct err err = {0};
    int n_shared = 0;
    drawing_begin(&d, path);
    for (int i = 0; i < 4000; i++) {
        drawing_next(&d);
        bool shared = parser_parse(p, d.source.data, d.source.len, NULL, &err) == 1;
        drawing_check_tag(&d, "shared", shared);
        drawing_check_tag(&d, own_tag, !shared);
        n_shared += shared;
    }
    assert_true(n_shared > 0 && n_shared < 4000);
    parser_free(p);
    grammar_free(other);
    drawing_end(&d);
}

static void tags_tell_the_shared_types(void **state) {
    (void)state;
    static const char *const small = "grammars/agreement-small.gr",
                             *const small_linear = "grammars/agreement-small-linear.gr",
                             *const large = "grammars/agreement-large.gr",
                             *const large_linear = "grammars/agreement-large-linear.gr";
    check_tags(small, small_linear, "hierarchical_only");
    check_tags(small_linear, small, "linear_only");
    check_tags(large, large_linear, "hierarchical_only");
    check_tags(large_linear, large, "linear_only");
}

/* Every sentence of a published file is in the grammars that it should be in. */
static void check_published(const char *part, int lines, int in_hierarchical, int in_linear) {
    const char *data = getenv("ESPALIER_DATA");
    char path[2048];
    snprintf(path, sizeof path, "%s/ahuja/agreement_hr_agreement_linear.%s.zst",
             data ? data : "../shared/data", part);
    if (access(path, R_OK) != 0) {
        print_message("%s is absent: passed over\n", path);
        skip();
    }
    struct err err = {0};
    struct corpus_reader *c = corpus_open(path, &err);
    if (!c)
        fail_msg("%s", err.text);
    struct grammar *g[2] = {drawing_read("grammars/agreement-small.gr"),
                            drawing_read("grammars/agreement-small-linear.gr")};
    struct parser *p[2] = {parser_new(g[0]), parser_new(g[1])};
    char **fields;
    int n = 0, got;
    while ((got = corpus_next(c, &fields, &err)) > 0) {
        n++;
        if (parser_parse(p[0], fields[0], strlen(fields[0]), NULL, &err) != in_hierarchical ||
            parser_parse(p[1], fields[0], strlen(fields[0]), NULL, &err) != in_linear)
            fail_msg("%s: line %d: '%s' is in the wrong grammar", path, n, fields[0]);
    }
    if (got < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n, lines);
    for (int k = 0; k < 2; k++) {
        parser_free(p[k]);
        grammar_free(g[k]);
    }
    corpus_close(c);
}

static void published_train_and_val(void **state) {
    (void)state;
    check_published("train", 50000, 1, 1);
    check_published("val", 1000, 1, 1);
}

static void published_tests(void **state) {
    (void)state;
    check_published("g1_test", 10000, 1, 0);
    check_published("g2_test", 10000, 0, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_types),
        cmocka_unit_test(large_types),
        cmocka_unit_test(linear_grammars_are_regular),
        cmocka_unit_test(tags_tell_the_shared_types),
        cmocka_unit_test(published_train_and_val),
        cmocka_unit_test(published_tests),
    };
    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
