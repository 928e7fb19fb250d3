/* gen/numbers: lists in options, numbers in rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "gen/numbers.h"

static void lists(void **state) {
    (void)state;
    int64_t *counts;
    assert_int_equal(numbers_counts("--x", "3,1k,0", 0, 1000, &counts), 3);
    assert_true(counts[0] == 3 && counts[1] == 1000 && counts[2] == 0);
    free(counts);
    double *reals;
    assert_int_equal(numbers_reals("--x", "-1.5,2e3", -2, 1e6, &reals), 2);
    assert_true(reals[0] == -1.5 && reals[1] == 2000);
    free(reals);
}

static void decimal(void **state) {
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } rows[] = {
        {0, 6, "0"},
        {-0.0, 6, "0"},
        {-1e-9, 6, "0"},
        {1, 0, "1"},
        {0.5, 0, "1"},
        {-0.4, 0, "0"},
        {-2.5, 1, "-2.5"},
        {0.0625, 4, "0.0625"},
        {0.0625, 3, "0.063"},
        {0.000001, 6, "0.000001"},
        {-0.1, 9, "-0.1"},
        {4.1588830833596715, 8, "4.15888308"},
        {99.9999999, 3, "100"},
        {1e15, 0, "1000000000000000"},
        {-1e20, 3, "-100000000000000000000"},
        {9007199.25, 9, "9007199.25"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        numbers_put_decimal(&b, rows[i].value, rows[i].decimals);
        assert_string_equal(b.data, rows[i].text);
        buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
