/* gen/shuffle: every order equally likely, and the same whatever memory there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/keyed.h"
#include "gen/shuffle.h"
#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/zio.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

static int compare(const void *a, const void *b) {
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Keys of few bits make many equal ones; places come in any order. */
static void sorts(size_t n, uint64_t mask) {
    struct keyed *items = mem_alloc(n, sizeof *items), *expected = mem_alloc(n, sizeof *expected);
    struct rng r = rng_at(n, RNG_NOISE, mask);
    for (size_t i = 0; i < n; i++)
        items[i] = expected[i] = (struct keyed){rng_u64(&r) & mask, i * 2654435761u % 4294967291u};
    qsort(expected, n, sizeof *expected, compare);
    keyed_sort(items, n);
    assert_memory_equal(items, expected, n * sizeof *items);
    free(items);
    free(expected);
}

static void keys_are_sorted(void **state) {
    (void)state;
    const uint64_t masks[] = {UINT64_MAX, 0, 1, 255, 0xFF00000000000000u, 0x8000000000000001u};
    const size_t sizes[] = {1, 2, 3, 24, 25, 26, 300, 5000, 100000};
    for (size_t k = 0; k < sizeof masks / sizeof *masks; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            sorts(sizes[i], masks[k]);
    keyed_sort(NULL, 0);
}

/* Shuffle rows "0", "1", ...; where[i] is the place of row i. */
static void places(uint64_t seed, size_t n, size_t *where) {
    struct shuffle *s = shuffle_new(seed, 1 << 20, scratch_folder);
    struct err err = {0};
    char text[24];
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%zu", i);
        assert_int_equal(shuffle_add(s, text, strlen(text), &err), 0);
    }
    const char *row;
    size_t len;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(shuffle_next(s, &row, &len, &err), 1);
        assert_true(len < sizeof text);
        memcpy(text, row, len);
        text[len] = '\0';
        where[strtoul(text, NULL, 10)] = i;
    }
    assert_int_equal(shuffle_next(s, &row, &len, &err), 0);
    shuffle_free(s);
}

/* Chi-square against equal counts lies within five deviations of its mean. */
static void even(const unsigned *count, size_t cells, double total) {
    double chi = 0, expected = total / (double)cells, free = (double)cells - 1;
    for (size_t i = 0; i < cells; i++)
        chi += (count[i] - expected) * (count[i] - expected) / expected;
    if ((chi - free) * (chi - free) > 25 * 2 * free)
        fail_msg("chi-square %g on %g degrees of freedom", chi, free);
}

static void all_orders_are_equally_likely(void **state) {
    (void)state;
    for (size_t n = 2; n <= 5; n++) {
        unsigned count[120] = {0};
        size_t where[5], orders = 1;
        for (size_t i = 2; i <= n; i++)
            orders *= i;
        for (uint64_t seed = 0; seed < 60 * orders; seed++) {
            places(seed, n, where);
            size_t number = 0; /* in the order of Lehmer codes */
            for (size_t i = 0; i < n; i++) {
                size_t smaller = 0;
                for (size_t k = i + 1; k < n; k++)
                    smaller += where[k] < where[i];
                number = number * (n - i) + smaller;
            }
            count[number]++;
        }
        even(count, orders, 60 * (double)orders);
    }
}

/* In a long corpus: where the rows of each tenth go, and where the rows go that were neighbours. */
static void long_orders_are_even(void **state) {
    (void)state;
    enum { N = 100000 };
    size_t *where = mem_alloc(N, sizeof *where);
    for (uint64_t seed = 0; seed < 3; seed++) {
        places(seed, N, where);
        unsigned tenths[100] = {0}, apart[20] = {0};
        for (size_t i = 0; i < N; i++)
            tenths[i / (N / 10) * 10 + where[i] / (N / 10)]++;
        for (int k = 0; k < 100; k++) /* hypergeometric: 1000 expected, deviation 28.5 */
            assert_true(tenths[k] > 1000 - 5 * 29 && tenths[k] < 1000 + 5 * 29);
        for (size_t i = 0; i + 1 < N; i += 2) {
            size_t distance = (where[i + 1] + N - where[i]) % N; /* 1 .. N-1 */
            apart[(distance - 1) * 20 / (N - 1)]++;
        }
        even(apart, 20, N / 2);
    }
    free(where);
}

/* Rows of every length, some of them long. */
static void add_rows(struct shuffle *s, size_t n) {
    struct err err = {0};
    struct buf row = {0};
    for (size_t i = 0; i < n; i++) {
        struct rng r = rng_at(1, RNG_NOISE, i);
        buf_clear(&row);
        buf_printf(&row, i % 10 ? "%zu " : "", i);
        size_t len = i % 997 == 5 ? 100000 : i == 4321 ? ZIO_LINE_MAX - 10 : rng_below(&r, 80);
        for (size_t k = 0; k < len; k++)
            buf_putc(&row, (char)('a' + (i + k) % 26));
        if (shuffle_add(s, row.data, row.len, &err) != 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(shuffle_rows(s), n);
    buf_free(&row);
}

static void memory_does_not_matter(void **state) {
    (void)state;
    enum { N = 8000 };
    const size_t memories[] = {1, 100000, 300000, 1000000, 20000000};
    struct shuffle *all = shuffle_new(9, SIZE_MAX, "no/such/folder");
    add_rows(all, N);
    struct shuffle *parts[5];
    for (int k = 0; k < 5; k++) {
        parts[k] = shuffle_new(9, memories[k], scratch_folder);
        add_rows(parts[k], k ? N : 300); /* every row a run of its own */
    }
    const char *row, *other;
    size_t len, other_len;
    struct err err = {0};
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(shuffle_next(all, &row, &len, &err), 1);
        for (int k = 1; k < 5; k++) {
            if (shuffle_next(parts[k], &other, &other_len, &err) != 1)
                fail_msg("memory %zu, row %zu: %s", memories[k], i, err.text);
            if (len != other_len || memcmp(row, other, len) != 0)
                fail_msg("memory %zu: row %zu differs", memories[k], i);
        }
    }
    for (int k = 1; k < 5; k++) {
        assert_int_equal(shuffle_next(parts[k], &other, &other_len, &err), 0);
        assert_int_equal(shuffle_next(parts[k], &other, &other_len, &err), 0);
    }
    shuffle_free(all);
    all = shuffle_new(9, SIZE_MAX, scratch_folder);
    add_rows(all, 300);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(shuffle_next(all, &row, &len, &err), 1);
        assert_int_equal(shuffle_next(parts[0], &other, &other_len, &err), 1);
        assert_int_equal(len, other_len);
        assert_memory_equal(row, other, len);
    }
    shuffle_free(all);
    for (int k = 0; k < 5; k++)
        shuffle_free(parts[k]);
}

/* Whatever rows went before, the memory holds either what was allowed or one row that is larger. */
static void long_rows_leave_no_memory(void **state) {
    (void)state;
    enum { MEMORY = 1000000, LONG = 2000000, STEP = 50000, N = 40 };
    struct shuffle *s = shuffle_new(3, MEMORY, scratch_folder);
    struct err err = {0};
    char *row = mem_alloc(LONG + N * STEP, 1);
    memset(row, 'x', LONG + N * STEP);
    for (size_t i = 0; i < N; i++) {
        size_t len = LONG + i * STEP;
        assert_int_equal(shuffle_add(s, row, len, &err), 0);
        assert_in_range(shuffle_held(s), len, len + MEMORY);
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(shuffle_add(s, row, 100, &err), 0);
    assert_in_range(shuffle_held(s), 100, MEMORY);
    free(row);
    shuffle_free(s);
}

static void nothing_and_half(void **state) {
    (void)state;
    struct err err = {0};
    const char *row;
    size_t len;
    struct shuffle *s = shuffle_new(0, 1, scratch_folder);
    assert_int_equal(shuffle_next(s, &row, &len, &err), 0);
    assert_int_equal(shuffle_next(s, &row, &len, &err), 0);
    shuffle_free(s);
    for (size_t read = 0; read <= 100; read += 50) { /* not read to the end */
        s = shuffle_new(0, read ? 1 : 1 << 20, scratch_folder);
        add_rows(s, 200);
        for (size_t i = 0; i < read; i++)
            assert_int_equal(shuffle_next(s, &row, &len, &err), 1);
        shuffle_free(s);
    }
    shuffle_free(NULL);
    s = shuffle_new(0, 1, "no/such/folder");
    assert_int_equal(shuffle_add(s, "a", 1, &err), 0);
    assert_int_equal(shuffle_add(s, "b", 1, &err), -1);
    assert_error(&err, STATUS_CANTCREATE, "no/such/folder", "cannot create a temporary file");
    shuffle_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_sorted),
        cmocka_unit_test(all_orders_are_equally_likely),
        cmocka_unit_test(long_orders_are_even),
        cmocka_unit_test(memory_does_not_matter),
        cmocka_unit_test(long_rows_leave_no_memory),
        cmocka_unit_test(nothing_and_half),
    };
    return cmocka_run_group_tests_name("shuffle", tests, scratch_make, scratch_remove);
}
