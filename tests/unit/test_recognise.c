/* lib/recognise: against every string of small languages and a recogniser made the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/sampler.h"
#include "lib/recognise.h"
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

static int accepts(struct recogniser *r, const char *sentence) {
    struct err err = {0};
    int got = recogniser_accepts(r, sentence, strlen(sentence), &err);
    if (got < 0)
        fail_msg("%s", err.text);
    return got;
}

/* Whether symbols[0..n) derive words[0..len), by the definition: the first symbol takes a first
 * part, the others the rest. No production is empty and no symbol derives itself alone, so the
 * recursion ends. */
static bool derives(const struct grammar *g, const int *symbols, int n, const int *words, int len) {
    if (n == 0 || len < n)
        return n == 0 && len == 0;
    if (grammar_is_word(g, symbols[0]))
        return words[0] == symbols[0] && derives(g, symbols + 1, n - 1, words + 1, len - 1);
    for (int part = n == 1 ? len : 1; part <= len - n + 1; part++) {
        if (!derives(g, symbols + 1, n - 1, words + part, len - part))
            continue;
        for (int i = 0; i < g->count[symbols[0]]; i++) {
            const struct production *p = &g->productions[g->first[symbols[0]] + i];
            if (derives(g, p->source, p->n_source, words, part))
                return true;
        }
    }
    return false;
}

/* Ask both about every string of up to `longest` words; returns how many are in the language. */
static int compare_on_all_strings(const struct grammar *g, int longest) {
    int alphabet[8], letters = 0, in = 0;
    for (size_t s = 0; s < g->symbols.n && letters < 8; s++)
        if (grammar_is_word(g, (int)s))
            alphabet[letters++] = (int)s;
    struct recogniser *r = recogniser_new(g);
    struct buf text = {0};
    for (int len = 1; len <= longest; len++) {
        long strings = 1;
        for (int i = 0; i < len; i++)
            strings *= letters;
        for (long string = 0; string < strings; string++) {
            int words[16];
            buf_clear(&text);
            long rest = string;
            for (int i = 0; i < len; i++, rest /= letters) {
                words[i] = alphabet[rest % letters];
                buf_printf(&text, "%s%s", i ? " " : "", g->symbols.words[words[i]]);
            }
            bool expected = derives(g, &g->start, 1, words, len);
            if (accepts(r, text.data) != expected)
                fail_msg("'%s' is %sin the language", text.data, expected ? "" : "not ");
            in += expected;
        }
    }
    buf_free(&text);
    recogniser_free(r);
    return in;
}

static void small_languages(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int longest, in;
    } language[] = {
        {"S\ta\n", 3, 1},
        {"S\ta b a\n", 4, 1},
        {"S\ta\n2\tS\ta b\nS\ta b a\n", 4, 3},                 /* prefixes of one another */
        {"S\tA\nA\tB\nB\tC\nC\ta\nC\tb S\n", 6, 6},            /* chains of single symbols */
        {"3\tS\ta\nS\tS b\n", 7, 7},                           /* left recursion */
        {"3\tS\ta\nS\tb S\n", 7, 7},                           /* right recursion */
        {"3\tS\ta b\nS\ta S b\n", 8, 4},                       /* centre recursion */
        {"3\tS\ta\nS\tS S\n", 8, 8},                           /* ambiguity */
        {"9\tS\ta\nS\tS S S\n", 9, 5},                         /* odd lengths */
        {"3\tS\ta a\nS\ta S a\n3\tS\tb b\nS\tb S b\n", 8, 30}, /* even palindromes */
        {"9\tS\ta b\n3\tS\ta S b\nS\tS S\n", 8, 22},           /* Dyck words: 1 + 2 + 5 + 14 */
        {"S\tA B\nA\ta\nA\ta a\nB\ta\nB\ta a a\n", 6, 4},
        {"S\tX Y Z\n3\tX\ta\nX\ta X\n3\tY\tb\nY\tb Y\nZ\tX\nZ\tY\n", 6, 0},
    };
    for (size_t i = 0; i < sizeof language / sizeof *language; i++) {
        struct grammar *g = good(language[i].text);
        int in = compare_on_all_strings(g, language[i].longest);
        if (language[i].in && in != language[i].in)
            fail_msg("language %zu has %d strings, expected %d", i, in, language[i].in);
        grammar_free(g);
    }
}

/* Grammars drawn blindly; those that grammar_read accepts are compared on all short strings. */
static void random_grammars(void **state) {
    (void)state;
    int tried = 0, with_strings = 0;
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
            tried++;
            with_strings += compare_on_all_strings(g, 6) > 1;
            grammar_free(g);
        }
        buf_free(&text);
    }
    assert_int_equal(tried, 150);
    assert_true(with_strings > 50);
}

static void sampled_sentences(void **state) {
    (void)state;
    static const char *const paths[] = {"grammars/question.gr", "grammars/tense.gr"};
    for (int k = 0; k < 2; k++) {
        struct err err = {0};
        struct grammar *g = grammar_read(paths[k], &err);
        assert_non_null(g);
        struct sampler *s = sampler_new(g);
        struct recogniser *r = recogniser_new(g);
        struct derivation d = {0};
        struct buf b = {0};
        for (uint64_t i = 0; i < 3000; i++) {
            struct rng draws = rng_at(1, RNG_GEN, i);
            assert_int_equal(sampler_draw(s, &draws, &(struct word_draws){.all = &draws}, &d, &err),
                             0);
            buf_clear(&b);
            derivation_put_source(g, &d, &b);
            if (!accepts(r, b.data))
                fail_msg("'%s' is refused", b.data);
            /* without its first word, without its last, and twice over it is no sentence */
            assert_int_equal(accepts(r, strchr(b.data, ' ') + 1), 0);
            size_t len = b.len;
            buf_puts(&b, " ");
            assert_int_equal(accepts(r, b.data), 0);
            char *copy = mem_strndup(b.data, len);
            buf_puts(&b, copy);
            assert_int_equal(accepts(r, b.data), 0);
            *strrchr(copy, ' ') = '\0';
            assert_int_equal(accepts(r, copy), 0);
            free(copy);
        }
        buf_free(&b);
        derivation_free(&d);
        recogniser_free(r);
        sampler_free(s);
        grammar_free(g);
    }
}

static void agreement_is_seen(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = grammar_read("grammars/question.gr", &err);
    assert_non_null(g);
    struct recogniser *r = recogniser_new(g);
    assert_int_equal(accepts(r, "her newt that doesn't read does move . quest"), 1);
    assert_int_equal(accepts(r, "her newt that doesn't read does move . decl"), 1);
    assert_int_equal(accepts(r, "her newt that don't read does move . quest"), 0);
    assert_int_equal(accepts(r, "her newt that doesn't read do move . quest"), 0);
    assert_int_equal(accepts(r, "her newt that her yaks do amuse does move . quest"), 1);
    assert_int_equal(accepts(r, "her newt that her yaks does amuse does move . quest"), 0);
    assert_int_equal(accepts(r, "her newt does move . quest"), 1);
    assert_int_equal(accepts(r, "her newt does amuse . quest"), 0);
    assert_int_equal(accepts(r, "her newt does move ."), 0);
    assert_int_equal(accepts(r, "does her newt move ?"),
                     0); /* the target side is another language */
    recogniser_free(r);
    grammar_free(g);
}

static void what_is_no_sentence(void **state) {
    (void)state;
    struct grammar *g = good("S\ta B\nB\tb\tB2\nB\tS c\n%words B2\n");
    struct recogniser *r = recogniser_new(g);
    struct err err = {0};
    assert_int_equal(accepts(r, "a b"), 1);
    static const char *const none[] = {"",    " ", "a",    "a  b", " a b",      "a b ", "a\tb",
                                       "a B", "S", "a B2", "A b",  "a unknown", "b a",  "ab"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (accepts(r, none[i]))
            fail_msg("'%s' is accepted", none[i]);
    assert_int_equal(recogniser_accepts(r, "a b c", 3, &err), 1); /* len counts */
    assert_int_equal(recogniser_accepts(r, "a b", 0, &err), 0);
    assert_int_equal(accepts(r, "a a b c"), 1);
    assert_int_equal(accepts(r, "a b"), 1);
    recogniser_free(r);
    recogniser_free(NULL);
    grammar_free(g);
}

static char *repeated(const char *word, int n) {
    struct buf b = {0};
    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? " " : "", word);
    return b.data;
}

/* The hardest sentences: every span is derived in every way. */
static void hostile_sentences(void **state) {
    (void)state;
    static const char *const texts[] = {"3\tS\ta\nS\tS S\n",
                                        "9\tS\ta\nS\tS S S\nS\tS S\nS\ta S S a\n",
                                        "9\tS\ta\nS\tS a\nS\ta S\n"};
    for (int k = 0; k < 3; k++) {
        struct grammar *g = good(texts[k]);
        struct recogniser *r = recogniser_new(g);
        char *sentence = repeated("a", 301);
        clock_t begin = clock();
        assert_int_equal(accepts(r, sentence), 1);
        assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 20);
        free(sentence);
        recogniser_free(r);
        grammar_free(g);
    }
}

static void bounds(void **state) {
    (void)state;
    struct err err = {0};
    struct grammar *g = good("3\tS\ta\nS\ta S\n");
    struct recogniser *r = recogniser_new(g);
    char *longest = repeated("a", RECOGNISER_MAX_WORDS),
         *longer = repeated("a", RECOGNISER_MAX_WORDS + 1);
    assert_int_equal(accepts(r, longest), 1);
    assert_int_equal(recogniser_accepts(r, longer, strlen(longer), &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "2001 words is too long");
    assert_int_equal(recogniser_accepts(r, longer, strlen(longer), NULL), -1);
    assert_int_equal(accepts(r, "a a"), 1); /* usable afterwards */
    recogniser_free(r);
    grammar_free(g);

    /* behind the b, 20,000 words may follow after each of 900 beginnings */
    struct buf text = {0};
    buf_puts(&text, "9\tS\ta\nA\ta\nA\tA a\nB\tb\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "S\tA B w%d\n", i);
    g = good(text.data);
    r = recogniser_new(g);
    char *many = repeated("a", 901);
    many[strlen(many) - 1] = 'b';
    assert_int_equal(recogniser_accepts(r, many, strlen(many), &err), -1);
    assert_non_null(strstr(err.text, "partial readings"));
    assert_int_equal(accepts(r, "a"), 1);
    free(many);
    free(longest);
    free(longer);
    buf_free(&text);
    recogniser_free(r);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_languages),
        cmocka_unit_test(random_grammars),
        cmocka_unit_test(sampled_sentences),
        cmocka_unit_test(agreement_is_seen),
        cmocka_unit_test(what_is_no_sentence),
        cmocka_unit_test(hostile_sentences),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests_name("recognise", tests, scratch_make, scratch_remove);
}
