#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "nn/milestones.h"

/* The listed steps up to `steps`, joined by spaces. */
static char *listed(const char *at, int64_t log, int64_t steps) {
    struct milestones m = {0};
    struct err err = {0};
    struct buf b = {0};
    buf_puts(&b, "");
    assert_int_equal(
        milestones_read(&m, &(struct milestone_request){.at = at, .log = log}, "save", steps, &err),
        0);
    for (int64_t step = 0; step <= steps; step++)
        if (milestones_lists(&m, step))
            buf_printf(&b, "%s%lld", b.len ? " " : "", (long long)step);
    milestones_free(&m);
    return b.data;
}

static void expect(const char *at, int64_t log, int64_t steps, const char *expected) {
    char *got = listed(at, log, steps);
    assert_string_equal(got, expected);
    free(got);
}

static void lists_and_ranges(void **state) {
    (void)state;
    expect(NULL, 0, 20, "");
    expect("0", 0, 20, "0");
    expect("3,0,17", 0, 20, "0 3 17");
    expect("3-6", 0, 20, "3 4 5 6");
    expect("3-12:4", 0, 20, "3 7 11");
    expect("5-5:4,18-1k", 0, 20, "5 18 19 20");
    expect("1-512*2", 0, 600, "1 2 4 8 16 32 64 128 256 512");
    expect("3-100*3,0", 0, 100, "0 3 9 27 81");
    expect("1k", 0, 1000, "1000");
}

/* Rounded by hand: 10^(1/3) = 2.154, 10^(2/3) = 4.642, 10^(1/10) = 1.259, 1.585, 1.995, ... */
static void logarithmic(void **state) {
    (void)state;
    expect(NULL, 1, 1000, "0 1 10 100 1000");
    expect(NULL, 1, 999, "0 1 10 100");
    expect(NULL, 3, 500, "0 1 2 5 10 22 46 100 215 464");
    expect(NULL, 10, 30, "0 1 2 3 4 5 6 8 10 13 16 20 25");
    expect("7", 1, 10, "0 1 7 10");
    struct milestones m = {0};
    assert_int_equal(
        milestones_read(&m, &(struct milestone_request){.log = 1000}, "save", INT64_MAX, NULL), 0);
    assert_true(milestones_lists(&m, 1000000000000000000));
    milestones_free(&m);
}

static void every(void **state) {
    (void)state;
    struct milestones m = {.every = 7};
    assert_false(milestones_repeats(&m, 0));
    assert_true(milestones_repeats(&m, 14));
    assert_false(milestones_repeats(&m, 15));
    m.every = 0;
    assert_false(milestones_repeats(&m, 7));
}

static void large_ranges(void **state) {
    (void)state;
    struct milestones m = {0};
    assert_int_equal(
        milestones_read(
            &m, &(struct milestone_request){.at = "0-9000000000000000:3,5-9000000000000000*5"},
            "save", 100, NULL),
        0);
    assert_true(milestones_lists(&m, 8999999999999997));
    assert_true(milestones_lists(&m, 2384185791015625)); /* 5^22 */
    assert_false(milestones_lists(&m, INT64_MAX));
    milestones_free(&m);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",        ",",      "1,",    ",1",   "x",
                                      "-1",      "1-",     "-",     "5-4",  "1-9:",
                                      "1-9:0",   "1-9*1",  "0-9*2", "1--3", "1:3",
                                      "1-5:1:1", "1.5",    " 1",    "1 ",   "+1",
                                      "1-9*",    "1-9:-1", "1e3",   "1,,2", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct milestones m = {0};
        struct err err = {0};
        if (milestones_read(&m, &(struct milestone_request){.at = bad[i]}, "eval", 100, &err) == 0)
            fail_msg("'%s' was read", bad[i]);
        assert_int_equal(err.status, STATUS_USAGE);
        assert_non_null(strstr(err.text, "--eval-at"));
        milestones_free(&m);
    }
    struct milestones m = {0};
    struct err err = {0};
    assert_int_equal(
        milestones_read(&m, &(struct milestone_request){.at = "5,101"}, "save", 100, &err), -1);
    assert_string_equal(err.text, "--save-at names step 101, beyond the 100 of the run");
    milestones_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges),
        cmocka_unit_test(logarithmic),
        cmocka_unit_test(every),
        cmocka_unit_test(large_ranges),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
