/* lib/arithmetic: values and mistakes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/arithmetic.h"
#include "lib/mem.h"
#include "tests/unit/assert_error.h"

static struct vocab names;
static const double values[] = {0.05, 0.85, -3};

static int make_names(void **state) {
    (void)state;
    vocab_add_text(&names, "x alpha n_1");
    return 0;
}

static int free_names(void **state) {
    (void)state;
    vocab_free(&names);
    return 0;
}

/* In memory of its own, so that reading past the end is found. */
static int evaluate(const char *text, double *value, struct err *err) {
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    int result = arithmetic_read(copy, len, &names, values, value, err);
    free(copy);
    return result;
}

static void right(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"0", 0},
        {" 1/3 ", 1.0 / 3},
        {"1 - 2*x", 1 - 2 * 0.05},
        {"(1-alpha)/2", (1 - 0.85) / 2},
        {"8/4/2", 1},
        {"8-4-2", 2},
        {"2+3*4", 14},
        {"(2+3)*4", 20},
        {"-x", -0.05},
        {"--x", 0.05},
        {"2*-n_1", 6},
        {"+.5", 0.5},
        {"1e-3*1E+3", 1},
        {"5.", 5},
        {"x\t*\t2", 0.1},
        {"((((x))))", 0.05},
        {"1e-320", 1e-320},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        double value = NAN;
        if (evaluate(rows[i].text, &value, &err) != 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_true(fabs(value - rows[i].value) < 1e-15);
    }
}

static void wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "missing at the end"},
        {"1+", "missing at the end"},
        {"1+*2", "expected before '*2'"},
        {"(1", "not closed"},
        {"(1))", "operator is expected before ')'"},
        {"1 2", "operator is expected before '2'"},
        {"2x", "'2x' is no number"},
        {"1.2.3", "'1.2.3' is no number"},
        {"0x10", "'0x' is no number"},
        {"1e", "'1e' is no number"},
        {"1e999", "is no number"},
        {"1/0", "'1/0' is no finite number"},
        {"0/0", "no finite number"},
        {"1e300*1e300", "no finite number"},
        {"alhpa", "'alhpa' is no parameter; did you mean 'alpha'?"},
        {"nan", "'nan' is no parameter"},
        {"inf", "'inf' is no parameter"},
        {"zzzzzz", "'zzzzzz' is no parameter"},
        {"x$", "operator is expected"},
        {"\xc3\xa4", "expected before"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        double value;
        assert_int_equal(evaluate(rows[i].text, &value, &err), -1);
        assert_error(&err, STATUS_DATA, NULL, rows[i].why);
    }
    struct err err = {0};
    double value;
    assert_int_equal(arithmetic_read("x", 1, NULL, NULL, &value, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "'x' is no parameter");
}

/* A hostile text cannot exhaust the stack. */
static void deep(void **state) {
    (void)state;
    struct buf text = {0};
    struct err err = {0};
    double value;
    for (int i = 0; i < 1000000; i++)
        buf_putc(&text, i % 2 ? '-' : '(');
    assert_int_equal(arithmetic_read(text.data, text.len, NULL, NULL, &value, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "parentheses");
    buf_clear(&text);
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "1-");
    buf_putc(&text, '1');
    assert_int_equal(arithmetic_read(text.data, text.len, NULL, NULL, &value, &err), 0);
    assert_true(value == -99999);
    buf_free(&text);
}

static void names_of_parameters(void **state) {
    (void)state;
    assert_true(arithmetic_is_name("x", 1) && arithmetic_is_name("_a1", 3));
    assert_false(arithmetic_is_name("", 0) || arithmetic_is_name("1a", 2) ||
                 arithmetic_is_name("a-b", 3) || arithmetic_is_name("a b", 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
        cmocka_unit_test(deep),
        cmocka_unit_test(names_of_parameters),
    };
    return cmocka_run_group_tests(tests, make_names, free_names);
}
