/* lib/rewrite: string rules, on a small stand-in for a grammar's classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/pattern.h"
#include "lib/rewrite.h"
#include "tests/unit/assert_error.h"

static int stub_words(void *context, const char *name, const char *const **words, size_t *n,
                      struct err *err) {
    static const char *const det[] = {"the", "some"};
    static const char *const aux[] = {"do", "does", "don't", "doesn't"};
    static const char *const noun[] = {"newt", "yak"}, *const nouns[] = {"newts", "yaks"};
    static const char *const odd[] = {"a.c", "(", "x|y", "[", "{Det}", "?"};
    static const char *const bits[] = {"0", "1"};
    (void)context;
#define CLASS(text, list)                                                                          \
    if (strcmp(name, text) == 0) {                                                                 \
        *words = list;                                                                             \
        *n = sizeof list / sizeof *list;                                                           \
        return 0;                                                                                  \
    }
    CLASS("Det", det)
    CLASS("Aux", aux)
    CLASS("N_sg", noun)
    CLASS("N_pl", nouns)
    CLASS("Odd", odd)
    CLASS("Bit", bits)
    CLASS("Flip", bits)
#undef CLASS
    return err_set(err, STATUS_DATA, "no nonterminal is called '%s'", name);
}

static int stub_partner(void *context, const char *name, const char *word, const char **partner,
                        struct err *err) {
    (void)context;
    if (strcmp(name, "Flip") == 0 && strlen(word) == 1) {
        *partner = *word == '0' ? "1" : "0";
        return 0;
    }
    if (strcmp(name, "N_pl") == 0 && strncmp(word, "newt", 5) == 0)
        *partner = "newts";
    else if (strcmp(name, "N_pl") == 0 && strncmp(word, "yak", 4) == 0)
        *partner = "yaks";
    else
        return err_set(err, STATUS_DATA, "'%s' has no partner in class %s", word, name);
    return 0;
}

static const struct word_classes classes = {NULL, stub_words, stub_partner};

static void rule(const char *line, const char *sentence, const char *expected) {
    struct err err = {0};
    struct buf out = {0};
    struct rewrite *r = rewrite_new();
    if (rewrite_add(r, line, &classes, &err) != 0)
        fail_msg("%s: %s", line, err.text);
    buf_puts(&out, "old"); /* replaced, not appended to */
    if (rewrite_apply(r, sentence, strlen(sentence), &out, &err) != 0)
        fail_msg("%s: %s", line, err.text);
    if (strcmp(out.data, expected) != 0)
        fail_msg("%s makes '%s' of '%s', expected '%s'", line, out.data, sentence, expected);
    assert_int_equal(out.len, strlen(expected));
    buf_free(&out);
    rewrite_free(r);
}

static void refused(const char *line, const char *why) {
    struct err err = {0};
    struct buf out = {0};
    struct rewrite *r = rewrite_new();
    assert_int_equal(rewrite_add(r, "s/a/b/", &classes, &err), 0);
    assert_int_equal(rewrite_add(r, line, &classes, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, why);
    assert_int_equal(rewrite_apply(r, "a", 1, &out, &err), 0); /* the rule is as it was */
    assert_string_equal(out.data, "b");
    buf_free(&out);
    rewrite_free(r);
}

static void substitutions(void **state) {
    (void)state;
    rule("s/a/b/", "banana", "bbnana");
    rule("s/a/b/g", "banana", "bbnbnb");
    rule("s/x/b/", "banana", "banana");
    rule("s/x/b/", "", "");
    rule("s/^$/b/", "", "b");
    rule("s/.*//", "banana", "");
    rule("s|a|b|", "banana", "bbnana");
    rule("s,a,b,g", "banana", "bbnbnb");
    rule("s#a/n#o/#", "ba/na", "bo/a");
    rule("s/a\\/n/\\/o/", "ba/na", "b/oa"); /* \DELIMITER is the delimiter in both parts */
    rule("s/\\\\/b/", "a\\c", "abc");       /* other escapes stay with the pattern */
    rule("s/\\./!/", "a.c", "a!c");
    rule("s/(\\S+) (\\S+)/$2 $1/", "one two three", "two one three");
    rule("s/a/$$1/", "a", "$1");
}

static void classes_in_patterns(void **state) {
    (void)state;
    rule("s/{Aux}/X/g", "do don't does doesn't done undo do", "X X X X done undo X");
    rule("s/^(.*?) ({Aux}) (.*)$/$2 $1 $3/", "newts don't do it", "don't newts do it");
    rule("s/({Aux} ){2,3}/X /", "do don't does doesn't end", "X doesn't end");
    rule("s/^{Det}? ?{N_sg}/X/", "the newt ran", "X ran"); /* the quantifier is the word's */
    rule("s/^{Det}? ?{N_sg}/X/", "newt ran", "X ran");
    rule("s/{Det}{0}newt/X/", "newt ran", "X ran");
    rule("s/^(?:{Det} |{N_sg} )+/X /", "the newt some yak ran", "X ran");
    rule("s/({Aux}) \\1(?!\\S)/X/", "do don't don't", "do X");
    rule("s/{Odd}/X/g", "a.c abc ( x|y x y [ {Det} ? the", "X abc X X x y X X X the");
    rule("s/(?!{Det})\\S+/X/", "the newt", "tX newt"); /* a class is a whole word, \S+ is not */
    rule("s/(?<!\\S)(?!{Det})\\S+/X/", "the newt", "the X");
    rule("s/{Det} \\K{N_sg}/X/", "the newt", "the X");
}

static void braces_that_are_no_classes(void **state) {
    (void)state;
    rule("s/\\p{Lu}/X/", "aBc", "aXc");
    rule("s/\\P{Lu}/X/", "Abc", "AXc");
    rule("s/\\x{62}/X/", "abc", "aXc");
    rule("s/a{2}/X/", "aaa", "Xa");
    rule("s/a{2,}/X/", "aaa", "X");
    rule("s/[{}]/X/g", "a{b}", "aXbX");
    rule("s/[{Det}]/X/g", "{the}", "XXhXX"); /* inside brackets: characters */
    rule("s/\\{Det\\}/X/", "{Det}", "X");
    rule("s/(?<w>a)\\k{w}/X/", "aa", "X");
    rule("s/(a)\\g{1}/X/", "aa", "X");
    rule("s/\\s{Det}/ X/", "in the", "in X"); /* these braces are not the escape's */
    rule("s/\\b{Det}/X/", "in the", "in X");
    rule("s/\\d{2}/X/", "123", "X3");
}

static void bad_lines(void **state) {
    (void)state;
    refused("s/{Nope}/b/", "no nonterminal is called 'Nope'");
    refused("s/(/b/", "bad pattern");
    refused("s/(?<={Det}) a/b/", "lookbehind assertion is not fixed length");
    refused("s/a/b", "is no s/pattern/replacement/");
    refused("s/a", "is no s/pattern/replacement/");
    refused("s/", "is no s/pattern/replacement/");
    refused("s/a\\/b/", "is no s/pattern/replacement/");
    refused("s/a/b/i", "unknown flag 'i'");
    refused("s/a/b/gg", "unknown flag 'gg'");
    refused("s/a/b/ ", "unknown flag ' '");
    refused("s\xC2\xA7"
            "a\xC2\xA7"
            "b\xC2\xA7",
            ""); /* a delimiter of two bytes */
    refused("", "is neither");
    refused("s", "is neither");
    refused("N_sg", "is neither");
    refused("N_sg -> N_pl / {Det}", "is neither");
    refused("N_sg -> ", "has no partner in class");
    refused("Nope -> N_pl", "'Nope'");
    refused("N_sg -> Nope", "no partner");
    refused("N_sg -> N_sg", "no partner");
    refused("N_sg -> N_pl / {Nope} __", "'Nope'");
    refused("N_sg -> N_pl / __ {Nope}", "'Nope'");
    refused("N_sg -> N_pl / ( __", "bad pattern");
    refused("N_sg -> N_pl / __ )(", "bad pattern");
}

static void context_rules(void **state) {
    (void)state;
    rule("N_sg -> N_pl", "newt", "newts");
    rule("N_sg -> N_pl", "the newt newts yak renewt newt.", "the newts newts yaks renewt newt.");
    rule("N_sg -> N_pl / __", "a newt", "a newts");
    rule("N_sg -> N_pl / the __", "the newt a newt the yak", "the newts a newt the yaks");
    rule("N_sg -> N_pl / ^the __", "the newt the newt", "the newts the newt");
    rule("N_sg -> N_pl / ^ __", "newt newt", "newts newt");
    rule("N_sg -> N_pl / ^__$", "newt", "newts");
    rule("N_sg -> N_pl / __ $", "newt newt", "newt newts");
    rule("N_sg -> N_pl / __ ran", "newt ran yak sat", "newts ran yak sat");
    rule("N_sg -> N_pl / __ (?=ran)", "newt ran", "newts ran");
    rule("N_sg -> N_pl / {Det} __ {Aux}", "the newt do some yak go", "the newts do some yak go");
    rule("N_sg -> N_pl / a|the __", "the newt", "the newts"); /* alternatives stay together */
    rule("N_sg -> N_pl / __ a|b", "newt b", "newts b");
    rule("N_sg -> N_pl / x __", "newt", "newt");
    rule("N_sg -> N_pl", "", "");
    rule("N_sg -> N_pl", " newt  newt ", " newts  newts ");
    rule("N_sg->N_pl/the __", "the newt", "the newts");
}

/* All places are decided on the line's input: else the first flip would unmake the second. */
static void places_are_simultaneous(void **state) {
    (void)state;
    rule("Bit -> Flip / 0 __", "0 0 0 0", "0 1 1 1");
    rule("Bit -> Flip / __ 0", "0 0 0 0", "1 1 1 0");
    rule("Bit -> Flip / (^|0) __", "0 1 0", "1 0 0");
    rule("Bit -> Flip", "0 1 1", "1 0 0");
}

static void lines_follow_one_another(void **state) {
    (void)state;
    static const char *const lines[] = {"N_sg -> N_pl / the __", "s/newts/yak/", "N_sg -> N_pl",
                                        "s/ ?$/ ./"};
    struct err err = {0};
    struct buf out = {0};
    struct rewrite *r = rewrite_new();
    assert_int_equal(rewrite_apply(r, "a newt", 6, &out, &err), 0); /* no line: a copy */
    assert_string_equal(out.data, "a newt");
    assert_int_equal(rewrite_apply(r, "", 0, &out, &err), 0);
    assert_string_equal(out.data, "");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rewrite_add(r, lines[i], &classes, &err), 0);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(rewrite_apply(r, "the newt xx", 8, &out, &err), 0); /* len counts */
        assert_string_equal(out.data, "the yaks .");
    }
    rewrite_free(r);
    rewrite_free(NULL);
    buf_free(&out);
}

static void limits_are_errors(void **state) {
    (void)state;
    static const char *const lines[] = {"s/^(a+)+$/x/", "N_sg -> N_pl / ^(a+)+$ __",
                                        "N_sg -> N_pl / __ ^(a+)+$"};
    const char *const run = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    struct buf sentence = {0};
    buf_printf(&sentence, "%s newt %s", run, run);
    for (size_t i = 0; i < 3; i++) {
        struct err err = {0};
        struct buf out = {0};
        struct rewrite *r = rewrite_new();
        assert_int_equal(rewrite_add(r, lines[i], &classes, &err), 0);
        assert_int_equal(
            rewrite_apply(r, i ? sentence.data : run, i ? sentence.len : strlen(run), &out, &err),
            -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_int_equal(rewrite_apply(r, "b", 1, &out, &err), 0);
        assert_string_equal(out.data, "b");
        buf_free(&out);
        rewrite_free(r);
    }
    buf_free(&sentence);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(substitutions),
        cmocka_unit_test(classes_in_patterns),
        cmocka_unit_test(braces_that_are_no_classes),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(context_rules),
        cmocka_unit_test(places_are_simultaneous),
        cmocka_unit_test(lines_follow_one_another),
        cmocka_unit_test(limits_are_errors),
    };
    return cmocka_run_group_tests_name("rewrite", tests, NULL, NULL);
}
