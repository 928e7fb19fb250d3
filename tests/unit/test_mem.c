/* lib/mem: sizes that overflow, buffers, arenas. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "tests/unit/child.h"

/* The compiler shall not see through it. */
static volatile size_t endless = SIZE_MAX;

static void overflow(void *which) {
    size_t capacity = 0;
    struct buf b = {0};
    struct arena a = {0};
    switch (*(const int *)which) {
    case 0:
        mem_alloc(SIZE_MAX / 2, 3);
        break;
    case 1:
        mem_aligned(SIZE_MAX / 2, 3);
        break;
    case 2:
        mem_aligned(SIZE_MAX - 10, 1);
        break;
    case 3:
        mem_grow(NULL, &capacity, SIZE_MAX / 8, 16);
        break;
    case 4:
        mem_grow(NULL, &capacity, SIZE_MAX, 1);
        break;
    case 5:
        buf_add(&b, "", endless);
        break;
    case 6:
        arena_alloc(&a, SIZE_MAX / 2, 3);
        break;
    case 7:
        arena_alloc(&a, SIZE_MAX - 8, 1);
        break;
    }
}

/* Each ends its process with status 71 before it asks the system for anything. */
static void overflow_ends_the_process(void **state) {
    (void)state;
    for (int which = 0; which < 8; which++)
        assert_int_equal(child_run(overflow, &which, NULL), STATUS_OS);
}

static bool is_zero(const void *p, size_t len) {
    const unsigned char *bytes = p;
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

static void zeroed_and_aligned(void **state) {
    (void)state;
    void *empty = mem_alloc(0, 8), *also = mem_alloc(8, 0);
    assert_non_null(empty);
    assert_non_null(also);
    free(empty);
    free(also);
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *p = mem_aligned(n, 3);
        assert_int_equal((uintptr_t)p % 64, 0);
        assert_true(is_zero(p, 3 * n));
        free(p);
    }
    char *copy = mem_strndup("espalier", 3);
    assert_string_equal(copy, "esp");
    free(copy);
    copy = mem_strdup("");
    assert_string_equal(copy, "");
    free(copy);
}

static void grow(void **state) {
    (void)state;
    int *x = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        size_t before = capacity;
        x = mem_grow(x, &capacity, (size_t)i + 1, sizeof *x);
        assert_true(capacity > (size_t)i);
        assert_true(capacity == before || capacity >= 2 * before);
        assert_true(is_zero(x + i, (capacity - (size_t)i) * sizeof *x));
        x[i] = i + 1;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(x[i], i + 1);
    free(x);
}

static void buffers(void **state) {
    (void)state;
    struct buf b = {0};
    buf_clear(&b);
    buf_add(&b, NULL, 0);
    assert_string_equal(b.data, "");
    buf_puts(&b, "a");
    buf_putc(&b, 'b');
    buf_printf(&b, "%d-%s", 42, "c");
    buf_printf(&b, "%s", "");
    assert_string_equal(b.data, "ab42-c");
    assert_int_equal(b.len, 6);
    buf_add(&b, "\0z", 2);
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.data, "ab42-c\0z", 9);
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    for (int i = 0; i < 5000; i++)
        buf_printf(&b, "%04d", i);
    assert_int_equal(b.len, 20000);
    assert_int_equal(strlen(b.data), 20000);
    assert_int_equal(strncmp(b.data + 4 * 4321, "4321", 4), 0);
    buf_free(&b);
    assert_null(b.data);
    buf_free(&b);
}

static void arenas(void **state) {
    (void)state;
    struct arena a = {0};
    arena_reset(&a);
    /* Three rounds over the same blocks, dirtied each time, with one piece larger than a block. */
    for (int round = 0; round < 3; round++) {
        static unsigned char *pieces[400], *before[400];
        size_t sizes[400];
        for (size_t i = 0; i < 400; i++) {
            sizes[i] = i == 200 ? 500000 : i * 37 % 1900;
            pieces[i] = arena_alloc(&a, sizes[i], 1);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            assert_true(is_zero(pieces[i], sizes[i]));
            memset(pieces[i], (int)(i % 255) + 1, sizes[i]);
            if (round > 0) /* the blocks are used again */
                assert_ptr_equal(pieces[i], before[i]);
            before[i] = pieces[i];
        }
        for (size_t i = 0; i < 400; i++) /* nobody wrote into another's piece */
            for (size_t j = 0; j < sizes[i]; j++)
                assert_true(pieces[i][j] == i % 255 + 1);
        arena_reset(&a);
    }
    const struct arena_block *first = a.first;
    char *word = arena_strndup(&a, "treelet", 4);
    assert_string_equal(word, "tree");
    assert_ptr_equal(a.first, first);
    arena_free(&a);
    assert_null(a.first);
    arena_free(&a);
}

static void integers(void **state) {
    (void)state;
    static const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 123456789, INT64_MAX, INT64_MIN};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%" PRId64, numbers[i]);
        buf_clear(&b);
        buf_put_integer(&b, numbers[i]);
        assert_string_equal(b.data, expected);
    }
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_ends_the_process),
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(grow),
        cmocka_unit_test(buffers),
        cmocka_unit_test(integers),
        cmocka_unit_test(arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
