#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nn/params.h"

static struct params two_tensors(size_t rows, size_t columns, size_t vector) {
    struct params p = {0};
    params_add(&p, 2, rows, columns, "matrix.%s", "weight");
    params_add(&p, 1, vector, 1, "matrix.bias");
    params_allocate(&p);
    return p;
}

static void test_params(void **state) {
    (void)state;
    struct params p = two_tensors(3, 7, 5);
    assert_int_equal(p.tensors, 2);
    assert_int_equal(params_count(&p), 26);
    assert_int_equal(p.table[0].count, 21);
    assert_int_equal(p.table[1].offset * sizeof(real) % 64, 0);
    assert_int_equal((uintptr_t)p.value % 64, 0);
    assert_ptr_equal(params_find(&p, "matrix.bias"), &p.table[1]);
    assert_null(params_find(&p, "matrix"));
    params_xavier_uniform(&p, 0, 5);
    params_fill(&p, 1, (real)2);
    double bound = sqrt(6.0 / 10), largest = 0, sum = 0;
    for (size_t i = 0; i < 21; i++) {
        largest = fmax(largest, fabs((double)p.value[i]));
        sum += (double)p.value[i];
    }
    assert_true(largest <= bound && largest > 0.7 * bound && fabs(sum) < 21 * 0.3 * bound);
    assert_true(p.value[21] == 0 && p.value[p.table[1].offset + 4] == 2);
    real first = p.value[0];
    params_xavier_uniform(&p, 0, 6);
    assert_true(p.value[0] != first);
    params_xavier_uniform(&p, 0, 5);
    assert_true(p.value[0] == first);
    params_free(&p);
    assert_null(p.value);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_params)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
