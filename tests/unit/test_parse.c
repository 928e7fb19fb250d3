/* lib/parse: against a parser made the slow way on every string of small languages, against the
 * trees that sentences were sampled with, and against closed forms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/derivation.h"
#include "lib/parse.h"
#include "lib/sampler.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

static struct grammar *try_text(const char *text, struct err *err) {
    scratch_put_text(text);
    return grammar_read(scratch_file, err);
}

static struct grammar *good(const char *text) {
    struct err err = {0};
    struct grammar *g = try_text(text, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

static struct parse parse(struct parser *p, const char *sentence) {
    struct err err = {0};
    struct parse result;
    int got = parser_parse(p, sentence, strlen(sentence), &result, &err);
    if (got < 0)
        fail_msg("%s", err.text);
    assert_int_equal(got, result.derivations > 0);
    assert_int_equal(got, isfinite(result.log_probability));
    return result;
}

static int accepts(struct parser *p, const char *sentence) {
    return parse(p, sentence).derivations > 0;
}

static void best(struct parser *p, struct derivation *d) {
    struct err err = {0};
    if (parser_best(p, d, &err) != 0)
        fail_msg("%s", err.text);
}

/* The slow way, by the definitions: try every production and every way to cut a part of the
 * sentence into its children, from the first production on and from the longest last child on, so
 * that of equally probable derivations the first that is met is the one to be preferred. */
enum { LONGEST = 9, MOST_CHILDREN = 5, MOST_SYMBOLS = 12 };

struct part {
    bool known;
    double number, inside, best;
    int production, cuts[MOST_CHILDREN + 1];
};

struct slow {
    const struct grammar *grammar;
    int words[LONGEST];
    struct part parts[MOST_SYMBOLS][LONGEST][LONGEST + 1];
};

static struct part *slow_part(struct slow *slow, int symbol, int from, int to);

/* Children 0 .. child of a production make the words from .. cuts[child + 1]; the later ones are
 * dealt with, in `number` and so on. */
static void slow_children(struct slow *slow, int production, int child, int from, int *cuts,
                          struct part product, struct part *sum) {
    const struct production *p = &slow->grammar->productions[production];
    if (child < 0) {
        sum->number += product.number;
        sum->inside += product.inside;
        if (product.best > sum->best * (1 + 1e-9)) {
            sum->best = product.best;
            sum->production = production;
            memcpy(sum->cuts, cuts, sizeof sum->cuts);
        }
        return;
    }
    for (cuts[child] = from + child; cuts[child] < cuts[child + 1]; cuts[child]++) {
        if (child == 0 && cuts[child] > from)
            break;
        const struct part *c = slow_part(slow, p->source[child], cuts[child], cuts[child + 1]);
        if (c->number)
            slow_children(slow, production, child - 1, from, cuts,
                          (struct part){.number = product.number * c->number,
                                        .inside = product.inside * c->inside,
                                        .best = product.best * c->best},
                          sum);
    }
}

static struct part *slow_part(struct slow *slow, int symbol, int from, int to) {
    struct part *part = &slow->parts[symbol][from][to];
    const struct grammar *g = slow->grammar;
    if (part->known)
        return part;
    if (grammar_is_word(g, symbol)) {
        bool is = to == from + 1 && slow->words[from] == symbol;
        part->number = part->inside = part->best = is;
        part->production = -1;
    }
    for (int i = 0; i < g->count[symbol]; i++) {
        const struct production *p = &g->productions[g->first[symbol] + i];
        int cuts[MOST_CHILDREN + 1] = {0};
        assert_true(p->n_source <= MOST_CHILDREN);
        cuts[p->n_source] = to;
        slow_children(slow, g->first[symbol] + i, p->n_source - 1, from, cuts,
                      (struct part){.number = 1, .inside = p->probability, .best = p->probability},
                      part);
    }
    part->known = true;
    return part;
}

static void put_slow_tree(struct slow *slow, int symbol, int from, int to, struct buf *out) {
    const struct part *part = slow_part(slow, symbol, from, to);
    buf_puts(out, part->production < 0 ? "" : "(");
    buf_puts(out, slow->grammar->symbols.words[symbol]);
    if (part->production < 0)
        return;
    const struct production *p = &slow->grammar->productions[part->production];
    for (int i = 0; i < p->n_source; i++) {
        buf_puts(out, " ");
        put_slow_tree(slow, p->source[i], part->cuts[i], part->cuts[i + 1], out);
    }
    buf_puts(out, ")");
}

struct language {
    int in, ambiguous;
    double probability;
};

/* Ask both about every string of up to `longest` words. */
static struct language compare_on_all_strings(const struct grammar *g, int longest) {
    int alphabet[8], letters = 0;
    struct language language = {0};
    assert_true(g->symbols.n <= MOST_SYMBOLS && longest <= LONGEST);
    for (size_t s = 0; s < g->symbols.n && letters < 8; s++)
        if (grammar_is_word(g, (int)s))
            alphabet[letters++] = (int)s;
    struct parser *p = parser_new(g);
    struct slow *slow = mem_alloc(1, sizeof *slow);
    struct derivation d = {0};
    struct buf text = {0}, tree = {0}, expected = {0};
    for (int len = 1; len <= longest; len++) {
        long strings = 1;
        for (int i = 0; i < len; i++)
            strings *= letters;
        for (long string = 0; string < strings; string++) {
            *slow = (struct slow){.grammar = g};
            buf_clear(&text);
            long rest = string;
            for (int i = 0; i < len; i++, rest /= letters) {
                slow->words[i] = alphabet[rest % letters];
                buf_printf(&text, "%s%s", i ? " " : "", g->symbols.words[slow->words[i]]);
            }
            const struct part *whole = slow_part(slow, g->start, 0, len);
            struct parse got = parse(p, text.data);
            if ((double)got.derivations != whole->number)
                fail_msg("'%s' has %.0f derivations, not %.0f", text.data, (double)got.derivations,
                         whole->number);
            if (!got.derivations)
                continue;
            language.in++;
            language.ambiguous += got.derivations > 1;
            language.probability += exp(got.log_probability);
            if (fabs(got.log_probability - log(whole->inside)) > 1e-12)
                fail_msg("'%s': %.17g, not %.17g", text.data, got.log_probability,
                         log(whole->inside));
            best(p, &d);
            if (fabs(d.log_probability - log(whole->best)) > 1e-12)
                fail_msg("'%s': best %.17g, not %.17g", text.data, d.log_probability,
                         log(whole->best));
            buf_clear(&tree);
            buf_clear(&expected);
            derivation_put_tree(g, &d, &tree);
            put_slow_tree(slow, g->start, 0, len, &expected);
            assert_string_equal(tree.data, expected.data);
        }
    }
    buf_free(&text);
    buf_free(&tree);
    buf_free(&expected);
    derivation_free(&d);
    free(slow);
    parser_free(p);
    return language;
}

static void small_languages(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int longest, in, ambiguous;
        bool finite; /* no string is longer */
    } language[] = {
        {"S\ta\n", 3, 1, 0, true},
        {"S\ta b a\n", 4, 1, 0, true},
        {"S\ta\n2\tS\ta b\nS\ta b a\n", 4, 3, 0, true},       /* prefixes of one another */
        {"S\tA\nA\tB\nB\tC\nC\ta\nC\tb S\n", 6, 6, 0, false}, /* chains of single symbols */
        {"3\tS\ta\nS\tS b\n", 7, 7, 0, false},                /* left recursion */
        {"3\tS\ta\nS\tb S\n", 7, 7, 0, false},                /* right recursion */
        {"3\tS\ta b\nS\ta S b\n", 8, 4, 0, false},            /* centre recursion */
        {"3\tS\ta\nS\tS S\n", 8, 8, 6, false},                /* ambiguity */
        {"9\tS\ta\nS\tS S S\n", 9, 5, 3, false},              /* odd lengths */
        {"3\tS\ta a\nS\ta S a\n3\tS\tb b\nS\tb S b\n", 8, 30, 0, false}, /* palindromes */
        {"9\tS\ta b\n3\tS\ta S b\nS\tS S\n", 8, 22, 6, false}, /* Dyck words: 1 + 2 + 5 + 14 */
        {"S\tA B\nA\ta\nA\ta a\nB\ta\nB\ta a a\n", 6, 4, 0, true},
        {"S\tA A A\n2\tA\ta\nA\ta a\n5\tA\tb\n", 6, 21, 4, true},
        {"S\tA\n2\tS\tB\n4\tS\ta\n8\tS\ta\nA\ta\nA\tB\nB\ta\nB\tb\n", 2, 2, 2, true},
        {"S\tX Y Z\n3\tX\ta\nX\ta X\n3\tY\tb\nY\tb Y\nZ\tX\nZ\tY\n", 6, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof language / sizeof *language; i++) {
        struct grammar *g = good(language[i].text);
        struct language got = compare_on_all_strings(g, language[i].longest);
        if (language[i].in && (got.in != language[i].in || got.ambiguous != language[i].ambiguous))
            fail_msg("language %zu has %d strings, %d ambiguous; expected %d and %d", i, got.in,
                     got.ambiguous, language[i].in, language[i].ambiguous);
        if (language[i].finite ? fabs(got.probability - 1) > 1e-12
                               : got.probability < .5 || got.probability >= 1)
            fail_msg("language %zu: the probabilities add up to %.17g", i, got.probability);
        grammar_free(g);
    }
}

/* Grammars drawn blindly; those that grammar_read accepts are compared on all short strings. */
static void random_grammars(void **state) {
    (void)state;
    int tried = 0, with_strings = 0, ambiguous = 0;
    for (uint64_t item = 0; tried < 150 && item < 5000; item++) {
        struct rng r = rng_at(17, RNG_NOISE, item);
        struct buf text = {0};
        int nonterminals = 1 + (int)rng_below(&r, 4);
        for (int left = 0; left < nonterminals; left++)
            for (uint32_t k = 0, n = 1 + rng_below(&r, 4); k < n; k++) {
                uint32_t symbols = 1 + rng_below(&r, 4);
                buf_printf(&text, "%d\tN%d\t", symbols == 1 ? 6 : 1, left);
                for (uint32_t s = 0; s < symbols; s++) {
                    uint32_t which = rng_below(&r, (uint32_t)nonterminals + 3);
                    if (which < 3)
                        buf_printf(&text, "%c ", (char)('a' + which));
                    else
                        buf_printf(&text, "N%d ", (int)which - 3);
                }
                buf_puts(&text, "\n");
            }
        struct err err = {0};
        struct grammar *g = try_text(text.data, &err);
        if (g) {
            struct language language = compare_on_all_strings(g, 6);
            tried++;
            with_strings += language.in > 1;
            ambiguous += language.ambiguous > 0;
            assert_true(language.probability < 1 + 1e-9);
            grammar_free(g);
        }
        buf_free(&text);
    }
    assert_int_equal(tried, 150);
    assert_true(with_strings > 50);
    assert_true(ambiguous > 25);
}

/* The tree that a sentence was sampled with is found again, with the bits of its probability. */
static void sampled_sentences(void **state) {
    (void)state;
    static const char *const paths[] = {"grammars/question.gr", "grammars/tense.gr"};
    for (int k = 0; k < 2; k++) {
        struct err err = {0};
        struct grammar *g = grammar_read(paths[k], &err);
        assert_non_null(g);
        struct sampler *s = sampler_new(g);
        struct parser *p = parser_new(g);
        struct derivation d = {0}, again = {0};
        struct buf b = {0}, tree = {0}, tree_again = {0};
        for (uint64_t i = 0; i < 3000; i++) {
            struct rng draws = rng_at(1, RNG_GEN, i);
            assert_int_equal(sampler_draw(s, &draws, &(struct word_draws){.all = &draws}, &d, &err),
                             0);
            buf_clear(&b);
            buf_clear(&tree);
            buf_clear(&tree_again);
            derivation_put_source(g, &d, &b);
            struct parse got = parse(p, b.data);
            if (got.derivations != 1)
                fail_msg("'%s' has %d derivations", b.data, (int)got.derivations);
            best(p, &again);
            derivation_put_tree(g, &d, &tree);
            derivation_put_tree(g, &again, &tree_again);
            assert_string_equal(tree.data, tree_again.data);
            assert_int_equal(d.tags, again.tags);
            assert_memory_equal(&d.log_probability, &again.log_probability, sizeof(double));
            assert_int_equal(d.n_nodes, again.n_nodes);
            assert_memory_equal(d.nodes, again.nodes, d.n_nodes * sizeof *d.nodes);
            assert_true(fabs(got.log_probability - d.log_probability) < 1e-11);
            /* without its first word, without its last, and twice over it is no sentence */
            assert_int_equal(accepts(p, strchr(b.data, ' ') + 1), 0);
            size_t len = b.len;
            buf_puts(&b, " ");
            assert_int_equal(accepts(p, b.data), 0);
            char *copy = mem_strndup(b.data, len);
            buf_puts(&b, copy);
            assert_int_equal(accepts(p, b.data), 0);
            *strrchr(copy, ' ') = '\0';
            assert_int_equal(accepts(p, copy), 0);
            free(copy);
        }
        buf_free(&b);
        buf_free(&tree);
        buf_free(&tree_again);
        derivation_free(&d);
        derivation_free(&again);
        parser_free(p);
        sampler_free(s);
        grammar_free(g);
    }
}

static void agreement_is_seen(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/question.gr", &err);
    assert_non_null(g);
    struct parser *p = parser_new(g);
    assert_int_equal(accepts(p, "her newt that doesn't read does move . quest"), 1);
    assert_int_equal(accepts(p, "her newt that doesn't read does move . decl"), 1);
    assert_int_equal(accepts(p, "her newt that don't read does move . quest"), 0);
    assert_int_equal(accepts(p, "her newt that doesn't read do move . quest"), 0);
    assert_int_equal(accepts(p, "her newt that her yaks do amuse does move . quest"), 1);
    assert_int_equal(accepts(p, "her newt that her yaks does amuse does move . quest"), 0);
    assert_int_equal(accepts(p, "her newt does move . quest"), 1);
    assert_int_equal(accepts(p, "her newt does amuse . quest"), 0);
    assert_int_equal(accepts(p, "her newt does move ."), 0);
    assert_int_equal(accepts(p, "does her newt move ?"),
                     0); /* the target side is another language */
    parser_free(p);
    grammar_free(g);
}

static void what_is_no_sentence(void **state) {
    (void)state;
    struct grammar *g = good("S\ta B\nB\tb\tB2\nB\tS c\n%words B2\n");
    struct parser *p = parser_new(g);
    struct parse got;
    struct err err = {0};
    assert_int_equal(accepts(p, "a b"), 1);
    static const char *const none[] = {"",     " ",   "a",       "a  b",       " a b", "a b ",
                                       "a\tb", "a B", "S",       "a B2",       "A b",  "a unknown",
                                       "b a",  "ab",  "a b c c", "\xff\xfe a", "a\nb"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (accepts(p, none[i]))
            fail_msg("'%s' is accepted", none[i]);
    assert_int_equal(parser_parse(p, "a b c", 3, &got, &err), 1); /* len counts */
    assert_int_equal(parser_parse(p, "a b", 0, &got, &err), 0);
    assert_int_equal(parser_parse(p, "a\0b", 3, &got, &err), 0);
    assert_int_equal(accepts(p, "a a b c"), 1);
    assert_int_equal(accepts(p, "a b"), 1);
    assert_null(parse(p, "b a").unknown);
    got = parse(p, "a B c zz");
    assert_int_equal(got.unknown_len, 1); /* a nonterminal is no word */
    assert_int_equal(*got.unknown, 'B');
    got = parse(p, "a b c zz ");
    assert_int_equal(got.unknown_len, 2);
    assert_memory_equal(got.unknown, "zz", 2);
    got = parse(p, "a b ");
    assert_non_null(got.unknown);
    assert_int_equal(got.unknown_len, 0);
    parser_free(p);
    parser_free(NULL);
    grammar_free(g);
}

static char *repeated(const char *word, int n) {
    struct buf b = {0};
    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? " " : "", word);
    return b.data;
}

/* S -> S S | a derives a^n in as many ways as there are binary trees with n leaves, all with the
 * same probability; the first of them branches to the right. */
static void catalan_numbers(void **state) {
    (void)state;
    struct grammar *g = good("3\tS\ta\nS\tS S\n");
    struct parser *p = parser_new(g);
    struct derivation d = {0};
    struct buf tree = {0};
    uint64_t catalan = 1; /* C(n - 1) */
    double log_catalan = 0;
    for (int n = 1; n <= 400; n += n < 40 ? 1 : 97) {
        char *sentence = repeated("a", n);
        struct parse got = parse(p, sentence);
        double each = n * log(.75) + (n - 1) * log(.25);
        if (n <= 37)
            assert_true(got.derivations == catalan);
        else
            assert_true(got.derivations == UINT64_MAX);
        log_catalan = lgamma(2 * n - 1) - lgamma(n) - lgamma(n + 1);
        assert_true(fabs(got.log_probability - log_catalan - each) < 1e-9 * n);
        best(p, &d);
        assert_true(fabs(d.log_probability - each) < 1e-11 * n);
        assert_int_equal(d.n_nodes, 2 * n - 1);
        for (size_t i = 0; i < d.n_nodes; i++) /* preorder: leaf after leaf */
            assert_int_equal(g->productions[d.nodes[i].production].n_source,
                             i % 2 == 0 && i + 1 < d.n_nodes ? 2 : 1);
        if (n == 4) {
            derivation_put_tree(g, &d, &tree);
            assert_string_equal(tree.data, "(S (S a) (S (S a) (S (S a) (S a))))");
        }
        if (n < 37) /* C(n) = C(n - 1) 2 (2 n - 1) / (n + 1), without overflow */
            catalan = (uint64_t)((__extension__(unsigned __int128) catalan *
                                  (uint64_t)(2 * (2 * n - 1))) /
                                 (uint64_t)(n + 1));
        free(sentence);
    }
    buf_free(&tree);
    derivation_free(&d);
    parser_free(p);
    grammar_free(g);
}

/* Which of equally probable derivations is the best one. */
static void ties(void **state) {
    (void)state;
    static const struct {
        const char *text, *sentence, *tree;
    } tie[] = {
        /* the production that comes first, even where it is found last */
        {"S\tA B\nS\tB A\nA\ta\nB\ta\n", "a a", "(S (A a) (B a))"},
        {"S\tB A\nS\tA B\nA\ta\nB\ta\n", "a a", "(S (B a) (A a))"},
        {"S\tA\nS\tB\nA\ta\nB\ta\n", "a", "(S (A a))"},
        {"S\tB\nS\tA\nA\ta\nB\ta\n", "a", "(S (B a))"},
        {"S\ta X\nS\tX a\nX\ta\nX\ta a\n", "a a a", "(S a (X a a))"},
        {"S\tX a\nS\ta X\nX\ta\nX\ta a\n", "a a a", "(S (X a a) a)"},
        /* then the last child as long as can be, then the one before */
        {"S\tA A A\nA\ta\nA\ta a\nA\ta a a\n", "a a a a a", "(S (A a) (A a) (A a a a))"},
        {"S\tA A A\nA\ta\nA\ta a\n", "a a a a", "(S (A a) (A a) (A a a))"},
        {"S\tA A A b\nA\ta\nA\ta a\n", "a a a a a b", "(S (A a) (A a a) (A a a) b)"},
        /* but a better one is better */
        {"S\tA A A\nA\ta\n2\tA\ta a\nA\ta a a\n", "a a a a a", "(S (A a) (A a a) (A a a))"},
        {"S\tA B\n1.000001\tS\tB A\nA\ta\nB\ta\n", "a a", "(S (B a) (A a))"},
    };
    for (size_t i = 0; i < sizeof tie / sizeof *tie; i++) {
        struct grammar *g = good(tie[i].text);
        struct parser *p = parser_new(g);
        struct derivation d = {0};
        struct buf tree = {0};
        assert_true(parse(p, tie[i].sentence).derivations > 1);
        best(p, &d);
        derivation_put_tree(g, &d, &tree);
        assert_string_equal(tree.data, tie[i].tree);
        buf_free(&tree);
        derivation_free(&d);
        parser_free(p);
        grammar_free(g);
    }
}

/* Probabilities far below the smallest double, and far apart. */
static void tiny_probabilities(void **state) {
    (void)state;
    struct derivation d = {0};
    struct grammar *g = good("S\ta S\nS\tb S\n2\tS\ta\n");
    struct parser *p = parser_new(g);
    char *sentence = repeated("a", 2000);
    struct parse got = parse(p, sentence);
    assert_int_equal(got.derivations, 1);
    assert_true(fabs(got.log_probability - (1999 * log(.25) + log(.5))) < 1e-9);
    best(p, &d);
    assert_true(fabs(d.log_probability - got.log_probability) < 1e-9);
    parser_free(p);
    grammar_free(g);
    free(sentence);

    /* 10^-600 beside 1: nothing; where it is all there is, itself */
    g = good("S\tA A\nS\tB B\n1e-300\tA\ta\nA\tc\nB\ta\n");
    p = parser_new(g);
    got = parse(p, "a a");
    assert_int_equal(got.derivations, 2);
    assert_true(fabs(got.log_probability - log(.5)) < 1e-15);
    parser_free(p);
    grammar_free(g);
    g = good("S\tA A\n1e-300\tS\ta C\n1e-300\tA\ta\nA\tc\nC\ta\n1e300\tC\tc\n");
    p = parser_new(g);
    got = parse(p, "a a");
    assert_int_equal(got.derivations, 2);
    assert_true(fabs(got.log_probability - (log(2) - 600 * log(10))) < 1e-9);
    best(p, &d);
    assert_true(fabs(d.log_probability + 600 * log(10)) < 1e-9);
    parser_free(p);
    grammar_free(g);
    derivation_free(&d);
}

/* The hardest sentences: every span is derived in every way. */
static void hostile_sentences(void **state) {
    (void)state;
    static const char *const texts[] = {"3\tS\ta\nS\tS S\n",
                                        "9\tS\ta\nS\tS S S\nS\tS S\nS\ta S S a\n",
                                        "9\tS\ta\nS\tS a\nS\ta S\n"};
    for (int k = 0; k < 3; k++) {
        struct grammar *g = good(texts[k]);
        struct parser *p = parser_new(g);
        struct err err = {0};
        struct parse got;
        char *sentence = repeated("a", 301), *longest = repeated("a", 2000);
        clock_t begin = clock();
        assert_int_equal(accepts(p, sentence), 1);
        if (k == 0) {
            assert_int_equal(parser_parse(p, longest, strlen(longest), &got, &err), -1);
            assert_error(&err, STATUS_DATA, "a sentence of 2000 words", "too ambiguous to parse");
        }
        assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 40);
        got = parse(p, "a a a"); /* usable afterwards */
        assert_true(got.derivations > 1);
        free(sentence);
        free(longest);
        parser_free(p);
        grammar_free(g);
    }
}

/* Words and spaces at random, some of them none: whatever is accepted has a tree that says it. */
static void random_sentences(void **state) {
    (void)state;
    static const char *const pieces[] = {"a",  "b",  "c", " ",    " ",  " ",
                                         "  ", "ab", "S", "\xff", "\t", "'"};
    struct grammar *g = good("9\tS\ta\nS\tS S\nS\ta B\nB\tb\nB\tS c S\nB\tB b\n");
    struct parser *p = parser_new(g);
    struct derivation d = {0};
    struct buf text = {0}, source = {0};
    int in = 0;
    for (uint64_t item = 0; item < 20000; item++) {
        struct rng r = rng_at(3, RNG_NOISE, item);
        uint32_t n = 1 + rng_below(&r, 20), kinds = item % 2 ? 12 : 3;
        buf_clear(&text);
        for (uint32_t i = 0; i < n; i++) {
            buf_puts(&text, pieces[rng_below(&r, kinds)]);
            buf_puts(&text, item % 2 || i + 1 == n ? "" : " ");
        }
        if (!accepts(p, text.data))
            continue;
        in++;
        best(p, &d);
        buf_clear(&source);
        derivation_put_source(g, &d, &source);
        assert_string_equal(source.data, text.data);
    }
    assert_true(in > 500);
    buf_free(&text);
    buf_free(&source);
    derivation_free(&d);
    parser_free(p);
    grammar_free(g);
}

static void bounds(void **state) {
    (void)state;
    struct err err = {0};
    struct parse got;
    struct derivation d = {0};
    struct grammar *g = good("3\tS\ta\nS\ta S\n");
    struct parser *p = parser_new(g);
    char *longest = repeated("a", PARSER_MAX_WORDS), *longer = repeated("a", PARSER_MAX_WORDS + 1);
    assert_int_equal(accepts(p, longest), 1);
    assert_int_equal(parser_parse(p, longer, strlen(longer), &got, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "2001 words is too long");
    assert_int_equal(parser_parse(p, longer, strlen(longer), &got, NULL), -1);
    assert_int_equal(accepts(p, "a a"), 1); /* usable afterwards */
    longer[strlen(longer) - 1] = 'b';       /* outside, however long */
    assert_int_equal(accepts(p, longer), 0);
    parser_free(p);
    grammar_free(g);

    /* after each of 900 beginnings, 20,000 words may follow */
    struct buf text = {0};
    buf_puts(&text, "9\tS\ta\nA\ta\nA\tA a\nB\tb\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "S\tA B w%d\n", i);
    g = good(text.data);
    p = parser_new(g);
    char *many = repeated("a", 901);
    many[strlen(many) - 1] = 'b';
    assert_int_equal(accepts(p, many), 0);
    buf_clear(&text);
    buf_printf(&text, "%s w19999", many);
    assert_int_equal(accepts(p, text.data), 1);
    parser_free(p);
    grammar_free(g);

    /* every word is 30,000 symbols, one above the other */
    buf_clear(&text);
    for (int i = 0; i < 30000; i++)
        buf_printf(&text, "A%d\tA%d\n", i, i + 1);
    buf_puts(&text, "A30000\ta\nS\tA0\nS\tA0 A0\n1e-9\tS\tA0 S\n%start S\n");
    g = good(text.data);
    p = parser_new(g);
    assert_int_equal(accepts(p, "a a"), 1);
    assert_int_equal(parser_best(p, &d, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "5000 levels");
    assert_int_equal(parser_parse(p, longest, strlen(longest), &got, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "too ambiguous");
    free(many);
    free(longest);
    free(longer);
    buf_free(&text);
    derivation_free(&d);
    parser_free(p);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_languages),
        cmocka_unit_test(random_grammars),
        cmocka_unit_test(sampled_sentences),
        cmocka_unit_test(agreement_is_seen),
        cmocka_unit_test(what_is_no_sentence),
        cmocka_unit_test(catalan_numbers),
        cmocka_unit_test(ties),
        cmocka_unit_test(tiny_probabilities),
        cmocka_unit_test(hostile_sentences),
        cmocka_unit_test(random_sentences),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests_name("parse", tests, scratch_make, scratch_remove);
}
