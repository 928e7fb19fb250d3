/* lib/pattern: users' patterns, those that never end included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/pattern.h"
#include "tests/unit/assert_error.h"

static int search(const char *text, const char *subject) {
    struct err err = {0};
    struct pattern *p = pattern_compile(text, &err);
    if (!p)
        fail_msg("%s", err.text);
    int found = pattern_search(p, subject, strlen(subject), &err);
    assert_int_equal(found, pattern_search(p, subject, strlen(subject), &err)); /* no state */
    pattern_free(p);
    return found;
}

static void replaces(const char *text, const char *replacement, bool all, const char *subject,
                     int times, const char *expected) {
    struct err err = {0};
    struct buf out = {0};
    buf_puts(&out, "before ");
    struct pattern *p = pattern_compile(text, &err);
    if (!p)
        fail_msg("%s", err.text);
    struct replacement *by = replacement_new(p, replacement, &err);
    if (!by)
        fail_msg("%s", err.text);
    int n = pattern_replace(p, subject, strlen(subject), by, all, &out, &err);
    if (n < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n, times);
    if (n == 0) /* nothing is appended */
        buf_puts(&out, subject);
    replacement_free(by);
    assert_memory_equal(out.data, "before ", 7); /* appended */
    assert_string_equal(out.data + 7, expected);
    assert_int_equal(strlen(out.data), out.len);
    pattern_free(p);
    buf_free(&out);
}

static void searches(void **state) {
    (void)state;
    assert_int_equal(search("b+", "abbc"), 1);
    assert_int_equal(search("^b", "abbc"), 0);
    assert_int_equal(search("", ""), 1);
    assert_int_equal(search("^.$", "\xE2\x82\xAC"), 1); /* a character, not a byte */
    assert_int_equal(search("\\p{Lu}", "na\xC3\x8Fve"), 1);
    assert_int_equal(search("\\p{Lu}", "na\xC3\xAFve"), 0);
    assert_int_equal(search("^(\\w+) \\1$", "do do"), 1);
    assert_int_equal(search("a$", "a"), 1);
}

static void length_counts(void **state) {
    (void)state;
    struct err err = {0};
    struct pattern *p = pattern_compile("do$", &err);
    assert_non_null(p);
    assert_int_equal(pattern_search(p, "do not", 2, &err), 1);
    assert_int_equal(pattern_search(p, "do not", 6, &err), 0);
    assert_int_equal(pattern_search(p, "do not", 0, &err), 0);
    pattern_free(p);
    pattern_free(NULL);
}

static void replacements(void **state) {
    (void)state;
    replaces("a", "b", false, "banana", 1, "bbnana");
    replaces("a", "b", true, "banana", 3, "bbnbnb");
    replaces("x", "b", true, "banana", 0, "banana");
    replaces("(\\w+) (\\w+)", "$2 $1", false, "one two three", 1, "two one three");
    replaces("(?<first>\\w+)", "<${first}>", false, "one two", 1, "<one> two");
    replaces("n(x)?", "[$1]", true, "one", 1, "o[]e"); /* a group that took no part is empty */
    replaces("e", "$$$0", false, "one", 1, "on$e");
    replaces("^", "x", true, "", 1, "x");
    replaces("", "-", true, "ab", 3, "-a-b-");
    replaces(".", "", true, "abc", 3, "");
    char wide[3000], subject[1001];
    memset(subject, 'a', 1000);
    subject[1000] = '\0';
    for (int i = 0; i < 1000; i++)
        memcpy(wide + 2 * i, "ab", 2);
    wide[2000] = '\0';
    replaces("a", "ab", true, subject, 1000, wide); /* outgrows its first room */
}

static void bad_patterns(void **state) {
    (void)state;
    static const char *const bad[] = {
        "(",       ")",   "[a",        "*",    "a{3,2}", "(?<n>a)(?<n>b)", "\\1",
        "(?<=a+)", "\\C", "\\p{Nope}", "(?z)", "\\",     "\xC3",           "a\xFFz"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct pattern *p = pattern_compile(bad[i], &err);
        if (p)
            fail_msg("/%s/ compiles", bad[i]);
        assert_int_equal(err.status, STATUS_DATA);
        assert_memory_equal(err.text, "bad pattern /", 13);
        assert_non_null(strstr(err.text, " at character "));
    }
    struct err err = {0};
    char deep[4001];
    memset(deep, '(', 2000);
    memset(deep + 2000, ')', 2000);
    deep[4000] = '\0';
    assert_null(pattern_compile(deep, &err));
    assert_null(pattern_compile("(?:a{65535}){65535}", &err));
    assert_null(pattern_compile(bad[0], NULL));
}

/* A pattern that backtracks without end is an error, and soon. */
static void endless_patterns(void **state) {
    (void)state;
    static const char *const endless[] = {"^(a+)+$", "^(a|aa)+$",      "^(a*)*b",
                                          "(.*)*x",  "^(?:(a+)+)+\\z", "(?<r>a(?&r)?a?)+$"};
    char subject[60];
    memset(subject, 'a', 50);
    strcpy(subject + 50, " !");
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct err err = {0};
        struct buf out = {0};
        clock_t begin = clock();
        struct pattern *p = pattern_compile(endless[i], &err);
        assert_non_null(p);
        int found = pattern_search(p, subject, strlen(subject), &err);
        if (found > 0)
            fail_msg("/%s/ is found", endless[i]);
        if (found < 0) {
            assert_error(&err, STATUS_DATA, NULL, "cannot be matched on 'aaaa");
            struct replacement *nothing = replacement_new(p, "", NULL);
            assert_int_equal(
                pattern_replace(p, subject, strlen(subject), nothing, true, &out, &err), -1);
            replacement_free(nothing);
        }
        /* PCRE2 sees through some of them. The first is the classic. */
        if (i == 0)
            assert_int_equal(found, -1);
        assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
        assert_int_equal(pattern_search(p, "b", 1, &err) < 0, 0); /* usable afterwards */
        pattern_free(p);
        buf_free(&out);
    }
}

/* A pattern that ends in plain words and $ is looked for only where the subject ends so. */
static void endings(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *subject;
        int found;
    } cases[] = {
        {"^(.*) quest$", "a quest", 1},
        {"^(.*) quest$", "a decl", 0},
        {"quest$", "quest\n", 1},
        {"quest$", "quest", 1},
        {"a|b quest$", "a", 1},
        {"(a|b) quest$", "b quest", 1},
        {"(a|b quest)$", "a", 1},
        {"quest?$", "ques", 1},
        {"qu*$", "q", 1},
        {"ab{0}$", "a", 1},
        {"\\x41$", "A", 1},
        {"\\101$", "A", 1},
        {"\\bquest$", "a quest", 1},
        {"a\\$", "a$", 1},
        {"(?i)QUEST$", "quest", 1},
        {"(?i:q)UEST$", "qUEST", 1},
        {"(?x)a b$", "ab", 1},
        {"[|]b$", "|b", 1},
        {"\\Qa|\\Eb$", "a|b", 1},
        {"a\\|b$", "a|b", 1},
        {"(?#)ab$", "ab", 1},
        {"(?|(a)|(b))c$", "bc", 1},
        {"(?<=a)b$", "ab", 1},
        {"(?<!a)b$", "ab", 0},
        {"(?(?=a)ab|c)d$", "cd", 1},
        {"(*ANYCRLF)a$", "a\r", 1},
        {"\\. quest$", "x . quest", 1},
        {"x\\. quest$", "x quest", 0},
        {"\\cA1$",
         "\x01"
         "1",
         1},
        {"(a)\\g1$", "aa", 1},
        {"(?P<n>a)b$", "ab", 1},
        {"(?<n>a)b$", "ab", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (search(cases[i].pattern, cases[i].subject) != cases[i].found)
            fail_msg("/%s/ on '%s'", cases[i].pattern, cases[i].subject);
}

static void deep_recursion_ends(void **state) {
    (void)state;
    struct err err = {0};
    struct buf subject = {0};
    for (int i = 0; i < 1000000; i++)
        buf_putc(&subject, '(');
    struct pattern *p = pattern_compile("^(\\((?1)*\\))$", &err);
    assert_non_null(p);
    assert_true(pattern_search(p, subject.data, subject.len, &err) <= 0);
    pattern_free(p);
    p = pattern_compile("^(?:(.)|z)*y", &err);
    assert_non_null(p);
    assert_true(pattern_search(p, subject.data, subject.len, &err) <= 0);
    pattern_free(p);
    buf_free(&subject);
}

static void replacements_that_fail(void **state) {
    (void)state;
    static const char *const bad[] = {"$2", "${nope}", "$", "${1", "$x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct pattern *p = pattern_compile("(a)", &err);
        assert_non_null(p);
        assert_null(replacement_new(p, bad[i], &err));
        assert_int_equal(err.status, STATUS_DATA);
        pattern_free(p);
    }
    /* and one that would fill the memory */
    struct err err = {0};
    struct buf out = {0}, subject = {0};
    for (int i = 0; i < 20000; i++)
        buf_putc(&subject, 'a');
    struct pattern *p = pattern_compile("a", &err);
    assert_non_null(p);
    struct replacement *long_one = replacement_new(p, subject.data, &err);
    assert_non_null(long_one);
    assert_int_equal(pattern_replace(p, subject.data, subject.len, long_one, true, &out, &err), -1);
    replacement_free(long_one);
    assert_non_null(strstr(err.text, "grows past 64 MiB"));
    pattern_free(p);
    buf_free(&out);
    buf_free(&subject);
}

static void quoted_words_match_themselves(void **state) {
    (void)state;
    static const char *const words[] = {
        ".",  "?", "don't", "a.b", "(", "[x]", "{N}",          "a|b",  "\\",      "$1", "^",
        "+*", "/", "#",     "-",   "_", "\\E", "na\xC3\xAFve", "x\ty", "\\Qa\\E", " "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct buf b = {0};
        buf_puts(&b, "\\A");
        pattern_quote(&b, words[i]);
        buf_puts(&b, "\\z");
        assert_int_equal(search(b.data, words[i]), 1);
        assert_int_equal(search(b.data, "ab"), 0);
        buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches),
        cmocka_unit_test(length_counts),
        cmocka_unit_test(replacements),
        cmocka_unit_test(bad_patterns),
        cmocka_unit_test(endless_patterns),
        cmocka_unit_test(endings),
        cmocka_unit_test(deep_recursion_ends),
        cmocka_unit_test(replacements_that_fail),
        cmocka_unit_test(quoted_words_match_themselves),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
