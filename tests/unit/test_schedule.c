#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nn/schedule.h"
#include "tests/unit/assert_error.h"

static void assert_rate(const struct schedule *s, int64_t step, double expected) {
    double rate = schedule_rate(s, step);
    if (!(fabs(rate - expected) <= 1e-15))
        fail_msg("step %d: rate %.17g, expected %.17g", (int)step, rate, expected);
}

static void test_schedules(void **state) {
    (void)state;
    const struct schedule constant = {SCHEDULE_CONSTANT, 0.5, 4, 0, 0};
    assert_rate(&constant, 1, 0.125);
    assert_rate(&constant, 4, 0.5);
    assert_rate(&constant, 5, 0.5);
    assert_rate(&constant, 1000000, 0.5);

    const struct schedule linear = {SCHEDULE_LINEAR, 0.5, 10, 110, 0.2};
    assert_rate(&linear, 1, 0.05);
    assert_rate(&linear, 10, 0.5);
    assert_rate(&linear, 60, 0.3);
    assert_rate(&linear, 110, 0.1);
    assert_rate(&linear, 111, 0.1);

    const struct schedule cosine = {SCHEDULE_COSINE, 0.5, 10, 110, 0.2};
    assert_rate(&cosine, 5, 0.25);
    assert_rate(&cosine, 10, 0.5);
    assert_rate(&cosine, 35, 0.1 + 0.4 * (1 + sqrt(0.5)) / 2);
    assert_rate(&cosine, 60, 0.3);
    assert_rate(&cosine, 110, 0.1);
    assert_rate(&cosine, 500, 0.1);

    const struct schedule none = {SCHEDULE_LINEAR, 1, 0, 100, 0};
    assert_rate(&none, 1, 0.99);
    assert_rate(&none, 100, 0);
    const struct schedule all_warm = {SCHEDULE_COSINE, 1, 10, 10, 0.5};
    assert_rate(&all_warm, 9, 0.9);
    assert_rate(&all_warm, 10, 1);
    assert_rate(&all_warm, 11, 0.5);
}

/* Cycles: each runs to the final fraction at its last step and the next begins anew; the last is
 * cut by the end of the run. */
static void test_restarts(void **state) {
    (void)state;
    for (int64_t growth = 0; growth <= 3; growth++) {
        const struct schedule s = {.kind = SCHEDULE_COSINE,
                                   .peak = 2,
                                   .warmup = 3,
                                   .total = 60,
                                   .final_fraction = 0.1,
                                   .cycle = 4,
                                   .cycle_growth = growth};
        int64_t step = 3, length = 4;
        while (step < 60) {
            for (int64_t t = 1; t <= length && step < 60; t++)
                assert_rate(
                    &s, ++step,
                    2 * (0.1 + 0.9 * (1 + cos(acos(-1.0) * (double)t / (double)length)) / 2));
            length *= growth > 1 ? growth : 1;
        }
        assert_rate(&s, 1000, schedule_rate(&s, 60));
        assert_rate(&s, 7, 0.2);
    }
    /* One cycle of the whole run is no cycle; linear and triangle have cycles too. */
    struct schedule once = {SCHEDULE_LINEAR, 0.7, 5, 47, 0.3}, same = once;
    same.cycle = 42;
    for (int64_t step = 1; step < 60; step++)
        assert_true(schedule_rate(&once, step) == schedule_rate(&same, step));
    same.cycle = 21;
    assert_rate(&same, 26, 0.21);
    assert_rate(&same, 27, 0.7 * (1 - 0.7 / 21));
    assert_rate(&same, 47, 0.21);

    /* Lengths that overflow, and a number of cycles that must not be counted one by one. */
    const struct schedule huge = {SCHEDULE_LINEAR, 1, 0, INT64_MAX, 0, 1, 1000000};
    assert_true(schedule_rate(&huge, INT64_MAX - 1) >= 0);
    const struct schedule many = {SCHEDULE_LINEAR, 1, 0, INT64_MAX, 0, 1, 1};
    assert_rate(&many, INT64_MAX - 1, 0);
}

static void test_triangle(void **state) {
    (void)state;
    const struct schedule s = {SCHEDULE_TRIANGLE, 1, 2, 22, 0.2, 10};
    assert_rate(&s, 1, 0.5);
    assert_rate(&s, 2, 1);
    assert_rate(&s, 3, 0.2 + 0.8 * 0.2);
    assert_rate(&s, 7, 1);
    assert_rate(&s, 12, 0.2);
    assert_rate(&s, 17, 1);
    assert_rate(&s, 22, 0.2);
}

static void test_inverse_root(void **state) {
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_INVERSE_ROOT, .peak = 3, .warmup = 100};
    assert_rate(&s, 50, 1.5);
    assert_rate(&s, 100, 3);
    assert_rate(&s, 400, 1.5);
    assert_rate(&s, 10000, 0.3);
    const struct schedule cold = {.kind = SCHEDULE_INVERSE_ROOT, .peak = 3};
    assert_rate(&cold, 1, 3);
    assert_rate(&cold, 9, 1);
}

static void test_steps(void **state) {
    (void)state;
    const struct schedule s = {
        .kind = SCHEDULE_STEPS, .peak = 8, .warmup = 2, .every = 3, .factor = 0.5};
    const double expected[] = {4, 8, 8, 8, 8, 4, 4, 4, 2, 2, 2, 1};
    for (int step = 1; step <= 12; step++)
        assert_rate(&s, step, expected[step - 1]);
}

static void test_refusals(void **state) {
    (void)state;
    const struct {
        struct schedule schedule;
        const char *why;
    } bad[] = {
        {{SCHEDULE_CONSTANT, -1}, "learning rate"},
        {{SCHEDULE_CONSTANT, NAN}, "learning rate"},
        {{SCHEDULE_CONSTANT, INFINITY}, "learning rate"},
        {{SCHEDULE_CONSTANT, 1, -1}, "warm-up"},
        {{SCHEDULE_CONSTANT, 1, 11, 10}, "--warmup is longer than the run (11 against 10 steps)"},
        {{SCHEDULE_LINEAR, 1, 11, 10}, "--warmup is longer"},
        {{SCHEDULE_LINEAR, 1, 0, 10, 1.1}, "--final-fraction"},
        {{SCHEDULE_COSINE, 1, 0, 10, -0.1}, "--final-fraction"},
        {{SCHEDULE_COSINE, 1, 0, 10, 0, -1}, "less than 0"},
        {{SCHEDULE_COSINE, 1, 5, 10, 0, 6}, "--cycle 6 is longer than the 5"},
        {{SCHEDULE_CONSTANT, 1, 0, 10, 0, 5}, "--cycle means"},
        {{SCHEDULE_COSINE, 1, 0, 10, 0, 0, 2}, "--cycle-growth"},
        {{SCHEDULE_STEPS, 1, 0, 10}, "--decay-every"},
        {{SCHEDULE_STEPS, 1, 0, 10, 0, 0, 0, 5, -1}, "--decay-factor"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_int_equal(schedule_check(&bad[i].schedule, &err), -1);
        assert_error(&err, STATUS_USAGE, NULL, bad[i].why);
    }
    struct err err = {0};
    const struct schedule good = {SCHEDULE_COSINE, 1, 5, 10, 0.5, 5, 2};
    assert_int_equal(schedule_check(&good, &err), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules), cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_triangle),  cmocka_unit_test(test_inverse_root),
        cmocka_unit_test(test_steps),     cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
