/* lib/ieee: against libm in long double, and by their bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/ieee.h"
#include "lib/rng.h"

/* Units in the last place of y between x and y. */
static double ulps(double x, long double y) {
    double unit = nextafter(fabs((double)y), INFINITY) - fabs((double)y);
    return (double)(fabsl(x - y) / unit);
}

static void within_two_units(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        struct rng r = rng_at(5, RNG_EVAL, i);
        double u = rng_uniform(&r), any = ldexp(0.5 + u, (int)rng_below(&r, 2000) - 1000);
        assert_true(ulps(ieee_log(any), logl(any)) < 2);
        double near = 0.5 + u; /* where rounding hurts most */
        assert_true(near == 1 || ulps(ieee_log(near), logl(near)) < 2);
        double x = (u - 0.5) * 1400, small = u - 0.5;
        assert_true(ulps(ieee_exp(x), expl(x)) < 2);
        assert_true(ulps(ieee_exp(small), expl(small)) < 2);
    }
}

static void special_values(void **state) {
    (void)state;
    assert_true(ieee_log(1) == 0);
    assert_true(ieee_log(0) == -INFINITY);
    assert_true(ieee_log(INFINITY) == INFINITY);
    assert_true(isnan(ieee_log(-1)) && isnan(ieee_log(NAN)));
    assert_true(ulps(ieee_log(5e-324), logl((long double)5e-324)) < 2);
    assert_true(ieee_exp(0) == 1);
    assert_true(ieee_exp(710) == INFINITY && ieee_exp(INFINITY) == INFINITY);
    assert_true(ieee_exp(-746) == 0 && ieee_exp(-INFINITY) == 0);
    assert_true(isnan(ieee_exp(NAN)));
    assert_true(fabs(ieee_exp(-740) / 4.1999e-322 - 1) < 0.01); /* subnormal: 85 units */
}

static uint64_t bits(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

/* Corpora rest on these bits, on any machine. */
static void bits_are_for_ever(void **state) {
    (void)state;
    assert_true(bits(ieee_log(0.3)) == 0xbff34378fcbda721u);
    assert_true(bits(ieee_log(1e-9)) == 0xc034b927f32bffb8u);
    assert_true(bits(ieee_log(12345.678)) == 0x4022d79559791e31u);
    assert_true(bits(ieee_exp(-3.7)) == 0x3f99511fc6871044u);
    assert_true(bits(ieee_exp(0.1)) == 0x3ff1aec7b35a00d4u);
    assert_true(bits(ieee_exp(100.25)) == 0x48f8c39b9134bac4u);
}

static void digamma(void **state) {
    (void)state;
    const double euler = 0.57721566490153286061;
    assert_true(fabs(ieee_digamma(1) + euler) < 1e-13);
    assert_true(fabs(ieee_digamma(0.5) + euler + 2 * log(2)) < 1e-13);
    assert_true(fabs(ieee_digamma(0.25) + euler + acos(-1) / 2 + 3 * log(2)) < 1e-13);
    double harmonic = 0;
    for (int n = 1; n < 200; n++) {
        assert_true(fabs(ieee_digamma(n) - (harmonic - euler)) < 1e-13);
        harmonic += 1.0 / n;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_two_units),
        cmocka_unit_test(special_values),
        cmocka_unit_test(bits_are_for_ever),
        cmocka_unit_test(digamma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
