/* lib/seen: a set of texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/rng.h"
#include "lib/seen.h"

static void texts_are_remembered(void **state) {
    (void)state;
    struct seen s = {0};
    assert_false(seen_has(&s, "", 0));
    assert_true(seen_add(&s, "", 0));
    assert_true(seen_has(&s, "", 0));
    assert_false(seen_add(&s, "", 0));
    assert_true(seen_add(&s, "a", 1));
    assert_true(seen_add(&s, "a", 2)); /* "a\0" is another text */
    assert_true(seen_add(&s, "ab", 2));
    assert_false(seen_add(&s, "abc", 2));
    assert_false(seen_has(&s, "abc", 3));
    assert_int_equal(s.n, 4);
    seen_free(&s);
    assert_int_equal(s.n, 0);
    assert_false(seen_has(&s, "a", 1));
    assert_true(seen_add(&s, "a", 1)); /* it can be used again */
    seen_free(&s);
    seen_free(&s);
}

/* Numbers in random order, each many times, against a table of which were there. */
static void against_a_table(void **state) {
    (void)state;
    enum { NUMBERS = 50000, ADDS = 200000 };
    static unsigned char there[NUMBERS];
    memset(there, 0, sizeof there);
    struct rng r = rng_at(1, RNG_NOISE, 0);
    struct seen s = {0};
    size_t n = 0;
    char text[32];
    for (int i = 0; i < ADDS; i++) {
        uint32_t k = rng_below(&r, NUMBERS);
        size_t len = (size_t)snprintf(text, sizeof text, "number %u", k);
        assert_int_equal(seen_has(&s, text, len), there[k]);
        assert_int_equal(seen_add(&s, text, len), !there[k]);
        n += !there[k];
        there[k] = 1;
        assert_int_equal(s.n, n);
        assert_true(s.n < s.n_slots);
    }
    assert_true(n > 40000);
    for (uint32_t k = 0; k < NUMBERS; k++) {
        size_t len = (size_t)snprintf(text, sizeof text, "number %u", k);
        assert_int_equal(seen_has(&s, text, len), there[k]);
    }
    seen_free(&s);
}

/* The bytes a text takes are those that the header promises. */
static void memory_is_bounded(void **state) {
    (void)state;
    struct seen s = {0};
    for (uint64_t i = 0; i < 300000; i++) {
        assert_true(seen_add(&s, (const char *)&i, sizeof i));
        double bytes = (double)(s.n_slots * sizeof *s.slots) / (double)s.n;
        assert_true(s.n < 1024 || (bytes > 19.5 && bytes < 40.5));
    }
    seen_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_remembered),
        cmocka_unit_test(against_a_table),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
