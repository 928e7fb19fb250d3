/* lib/vocab: numbers in order of addition, whatever the table does underneath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/vocab.h"

static void numbers_in_order(void **state) {
    (void)state;
    struct vocab v = {0};
    assert_int_equal(vocab_find(&v, "a", 1), -1); /* before the first word */
    assert_int_equal(vocab_add(&v, "do", 2), 0);
    assert_int_equal(vocab_add(&v, "don't", 5), 1);
    assert_int_equal(vocab_add(&v, "d", 1), 2);
    assert_int_equal(vocab_add(&v, "do", 2), 0);
    assert_int_equal(vocab_find(&v, "don't", 2), 0); /* len counts, not the NUL */
    assert_int_equal(vocab_find(&v, "don't", 1), 2);
    assert_int_equal(vocab_find(&v, "don't", 4), -1);
    assert_int_equal(vocab_add(&v, "", 0), 3);
    assert_int_equal(vocab_find(&v, "x", 0), 3);
    assert_int_equal(v.n, 4);
    vocab_free(&v);
    assert_int_equal(v.n, 0);
    vocab_free(&v);
}

static void many_words(void **state) {
    (void)state;
    struct vocab v = {0};
    enum { N = 100000 };
    char word[32];
    const char *early = NULL;
    for (int i = 0; i < N; i++) {
        int n = snprintf(word, sizeof word, "%x", i * 2654435761u);
        assert_int_equal(vocab_add(&v, word, (size_t)n), i);
        if (i == 0)
            early = v.words[0];
        if (i % 997 == 0) /* a word stays what it was while the table grows */
            for (int j = 0; j <= i; j += 1 + i / 50) {
                n = snprintf(word, sizeof word, "%x", j * 2654435761u);
                assert_int_equal(vocab_find(&v, word, (size_t)n), j);
                assert_string_equal(v.words[j], word);
            }
    }
    assert_ptr_equal(v.words[0], early);
    for (int i = 0; i < N; i++) {
        int n = snprintf(word, sizeof word, "%x-", i * 2654435761u);
        assert_int_equal(vocab_find(&v, word, (size_t)n), -1);
        assert_int_equal(vocab_find(&v, word, (size_t)n - 1), i);
    }
    vocab_free(&v);
}

/* Every word is the beginning of the next: whatever slots they meet in, they stay apart. */
static void words_within_words(void **state) {
    (void)state;
    enum { N = 3000 };
    static char run[N + 1];
    memset(run, 'a', N);
    struct vocab v = {0};
    for (int len = N; len >= 1; len--) /* the longest first */
        assert_int_equal(vocab_add(&v, run, (size_t)len), N - len);
    for (int len = 1; len <= N; len++)
        assert_int_equal(vocab_find(&v, run, (size_t)len), N - len);
    vocab_free(&v);
}

static void texts(void **state) {
    (void)state;
    struct vocab v = {0};
    char *text = vocab_text(&v);
    assert_string_equal(text, "");
    free(text);
    vocab_add_text(&v, "");
    vocab_add_text(&v, "   ");
    assert_int_equal(v.n, 0);
    vocab_add_text(&v, "  the   some the\tmy some ");
    text = vocab_text(&v);
    assert_string_equal(text, "the some the\tmy"); /* only spaces separate */
    free(text);
    vocab_free(&v);
    vocab_add_text(&v, "again");
    assert_int_equal(vocab_find(&v, "again", 5), 0);
    vocab_free(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_order),
        cmocka_unit_test(many_words),
        cmocka_unit_test(words_within_words),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("vocab", tests, NULL, NULL);
}
