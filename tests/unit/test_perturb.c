#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rng.h"
#include "nn/perturb.h"

enum { ROWS = 200, COLUMNS = 50 };

static struct params new_params(void) {
    struct params p = {0};
    params_add(&p, 2, ROWS, COLUMNS, "layers.0.weight");
    params_add(&p, 1, COLUMNS, 1, "layers.0.bias");
    params_add(&p, 2, ROWS, COLUMNS, "layers.1.weight");
    params_allocate(&p);
    params_normal(&p, 0, 0.3, 1);
    params_normal(&p, 2, 3, 1);
    return p;
}

/* The Euclidean norm of the difference of a tensor from that of q; of the tensor when q is NULL. */
static double distance(const struct params *p, const struct params *q, size_t tensor) {
    double sum = 0;
    const struct param *t = &p->table[tensor];
    for (size_t i = t->offset; i < t->offset + t->count; i++) {
        double d = (double)p->value[i] - (q ? (double)q->value[i] : 0);
        sum += d * d;
    }
    return sqrt(sum);
}

static void relative_noise_has_the_size_asked_for(void **state) {
    (void)state;
    struct params before = new_params(), after = new_params();
    assert_int_equal(params_perturb(&after, 0.01, true, NULL, 5, 100, NULL), 3);
    for (size_t t = 0; t < 3; t += 2) {
        double ratio = distance(&after, &before, t) / distance(&before, NULL, t);
        assert_true(fabs(ratio - 0.01) < 1e-5);
    }
    assert_true(distance(&after, NULL, 1) == 0); /* zeros have no size to be relative to */
    params_free(&before);
    params_free(&after);
}

/* |noise|^2 / deviation^2 is chi-square with ROWS x COLUMNS degrees: within 5 of its deviations. */
static void absolute_noise_has_the_deviation_asked_for(void **state) {
    (void)state;
    struct params before = new_params(), after = new_params();
    assert_int_equal(params_perturb(&after, 0.5, false, NULL, 5, 100, NULL), 3);
    double n = ROWS * COLUMNS, q = pow(distance(&after, &before, 0) / 0.5, 2);
    assert_true(fabs(q - n) < 5 * sqrt(2 * n));
    assert_true(distance(&after, NULL, 1) > 0);
    /* The draws are those the header names. */
    struct rng r = rng_at(5, RNG_SHAKE, ((uint64_t)100 << 20) + 1);
    for (size_t i = 0; i < COLUMNS; i++)
        assert_true(after.value[after.table[1].offset + i] == (real)(0.5 * rng_normal(&r)));
    params_free(&before);
    params_free(&after);
}

static void seed_and_step_and_pattern_decide(void **state) {
    (void)state;
    struct params plain = new_params(), a = new_params(), b = new_params();
    struct err err = {0};
    struct pattern *pattern = pattern_compile("^layers\\.1\\.", &err);
    assert_int_equal(params_perturb(&a, 0.01, true, NULL, 5, 100, NULL), 3);
    assert_int_equal(params_perturb(&b, 0.01, true, pattern, 5, 100, NULL), 1);
    assert_true(distance(&b, &plain, 0) == 0);
    assert_true(distance(&b, &a, 2) == 0); /* whatever becomes of the others */
    for (int change = 0; change < 2; change++) {
        struct params c = new_params();
        assert_int_equal(
            params_perturb(&c, 0.01, true, NULL, 5 + (change == 0), 100 + (change == 1), NULL), 3);
        assert_true(distance(&c, &a, 0) > 0);
        params_free(&c);
    }
    pattern_free(pattern);
    params_free(&plain);
    params_free(&a);
    params_free(&b);
}

static void requests_are_read(void **state) {
    (void)state;
    struct perturbation p;
    struct err err = {0};
    assert_int_equal(perturbation_read(&p, "1k:0.01", &err), 0);
    assert_true(p.step == 1000 && p.scale == 0.01 && p.relative && !p.pattern);
    assert_int_equal(perturbation_read(&p, "0:2:absolute", &err), 0);
    assert_true(p.step == 0 && p.scale == 2 && !p.relative && !p.pattern);
    assert_int_equal(perturbation_read(&p, "5:1e-3:absolute:a:b", &err), 0);
    assert_true(!p.relative && pattern_search(p.pattern, "xa:by", 5, &err) == 1);
    perturbation_free(&p);
    assert_int_equal(perturbation_read(&p, "5:1e-3:bias$", &err), 0);
    assert_true(p.relative && pattern_search(p.pattern, "x.bias", 6, &err) == 1);
    perturbation_free(&p);
    static const char *const bad[] = {"",    "5",     ":",     "5:",   "x:1",   "-1:1",  "5:-1",
                                      "5:x", "5:inf", "5:nan", "5: 1", "5:1:(", "1.5:1", ":0.1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct err){0};
        if (perturbation_read(&p, bad[i], &err) == 0)
            fail_msg("'%s' was read", bad[i]);
        assert_int_equal(err.status, STATUS_USAGE);
        assert_non_null(strstr(err.text, "--perturb"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relative_noise_has_the_size_asked_for),
        cmocka_unit_test(absolute_noise_has_the_deviation_asked_for),
        cmocka_unit_test(seed_and_step_and_pattern_decide),
        cmocka_unit_test(requests_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
