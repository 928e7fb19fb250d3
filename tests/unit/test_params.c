#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static const struct param *add(struct params *p, int rank, size_t rows, size_t columns,
                               enum param_role role) {
    size_t i = params_add(p, rank, rows, columns, "tensor.%d", (int)p->tensors);
    params_set_role(p, i, role);
    return &p->table[i];
}

static void assert_fans(const struct param *t, size_t in, size_t out, enum param_role owner) {
    assert_int_equal(t->fan_in, in);
    assert_int_equal(t->fan_out, out);
    assert_int_equal(t->owner, owner);
}

/* A bias belongs to the matrix before it, two of them too; after anything else to a normalisation.
 */
static void test_roles(void **state) {
    (void)state;
    struct params p = {0};
    params_add(&p, 2, 3, 7, "plain matrix");
    params_add(&p, 1, 3, 1, "plain vector");
    assert_int_equal(p.table[0].role, ROLE_MATRIX);
    assert_int_equal(p.table[1].role, ROLE_VECTOR);
    assert_fans(&p.table[0], 7, 3, ROLE_MATRIX);
    assert_fans(add(&p, 2, 30, 8, ROLE_EMBEDDING), 30, 8, ROLE_EMBEDDING);
    assert_fans(add(&p, 2, 20, 8, ROLE_POSITION), 20, 8, ROLE_POSITION);
    assert_fans(add(&p, 2, 24, 8, ROLE_MATRIX), 8, 24, ROLE_MATRIX);
    assert_fans(add(&p, 1, 24, 1, ROLE_BIAS), 8, 24, ROLE_MATRIX);
    assert_fans(add(&p, 1, 24, 1, ROLE_BIAS), 8, 24, ROLE_MATRIX);
    assert_fans(add(&p, 1, 8, 1, ROLE_GAIN), 0, 8, ROLE_GAIN);
    assert_fans(add(&p, 1, 8, 1, ROLE_BIAS), 0, 8, ROLE_GAIN);
    assert_fans(add(&p, 2, 8, 40, ROLE_INPUT), 40, 8, ROLE_INPUT);
    assert_fans(add(&p, 1, 8, 1, ROLE_BIAS), 40, 8, ROLE_INPUT);
    assert_fans(add(&p, 2, 5, 8, ROLE_READOUT), 8, 5, ROLE_READOUT);
    assert_fans(add(&p, 1, 5, 1, ROLE_BIAS), 8, 5, ROLE_READOUT);
    for (int r = 0; r < ROLES; r++)
        for (int q = 0; q < r; q++)
            assert_string_not_equal(param_role_name((enum param_role)r),
                                    param_role_name((enum param_role)q));
    params_free(&p);
    add(&p, 1, 5, 1, ROLE_BIAS);
    assert_fans(&p.table[0], 0, 5, ROLE_GAIN);
    params_free(&p);
}

/* A slot is made once, aligned, and stays where it is while others are made. */
static void test_slots(void **state) {
    (void)state;
    struct params p = two_tensors(3, 7, 5);
    assert_null(params_slot(&p, "first"));
    real *first = params_add_slot(&p, "first");
    double *numbers = params_add_numbers(&p, "count", 3, 2);
    assert_true(numbers[0] == 2 && numbers[2] == 2);
    assert_int_equal((uintptr_t)first % 64, 0);
    first[3] = 5;
    numbers[1] = 9;
    for (int i = 0; i < 200; i++) {
        char name[24];
        snprintf(name, sizeof name, "window.%d", i);
        params_add_slot(&p, name)[0] = (real)i;
        params_add_numbers(&p, name, 1, 0);
    }
    assert_int_equal(p.slots, 201);
    assert_ptr_equal(params_add_slot(&p, "first"), first);
    assert_ptr_equal(params_slot(&p, "first"), first);
    assert_ptr_equal(params_add_numbers(&p, "count", 3, 7), numbers);
    assert_true(first[3] == 5 && params_slot(&p, "window.117")[0] == 117 && numbers[1] == 9);
    params_clear_state(&p);
    assert_true(first[3] == 0 && params_slot(&p, "window.117")[0] == 0 && numbers[1] == 2);
    params_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
