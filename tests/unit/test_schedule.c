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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_schedules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
