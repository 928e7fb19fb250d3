/* lib/group: the axioms, the names, conjugacy classes and dimensions against the known ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/group.h"
#include "lib/rng.h"
#include "tests/unit/assert_error.h"

static struct group *read_good(const char *text) {
    struct err err = {0};
    struct group *g = group_read(text, &err);
    if (!g)
        fail_msg("%s: %s", text, err.text);
    return g;
}

static void identity_and_inverses(const struct group *g) {
    uint32_t n = group_order(g);
    for (uint32_t x = 0; x < n; x++) {
        uint32_t back = group_inverse(g, x);
        assert_int_equal(group_product(g, 0, x), x);
        assert_int_equal(group_product(g, x, 0), x);
        assert_true(back < n);
        assert_int_equal(group_product(g, x, back), 0);
        assert_int_equal(group_product(g, back, x), 0);
    }
}

static void assert_associative(const struct group *g, uint32_t x, uint32_t y, uint32_t z) {
    assert_int_equal(group_product(g, group_product(g, x, y), z),
                     group_product(g, x, group_product(g, y, z)));
}

/* Every triple; every row of the table is a permutation; abelian is what is said to be. */
static void axioms(void **state) {
    (void)state;
    static const char *const names[] = {
        "C1", "C2",    "C7",    "D1",    "D2",    "D3",       "D8", "D13",   "S1",
        "S2", "S3",    "S4",    "S5",    "A1",    "A2",       "A3", "A4",    "A5",
        "c6", "C2xC4", "S3xC2", "D4xD3", "A4XC3", "C2xC2xC2", "D5", "S3xS3", "C3xS3xC2"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct group *g = read_good(names[k]);
        uint32_t n = group_order(g);
        size_t commuting = 0;
        identity_and_inverses(g);
        for (uint32_t x = 0; x < n; x++) {
            unsigned char seen[120] = {0};
            for (uint32_t y = 0; y < n; y++) {
                uint32_t xy = group_product(g, x, y);
                assert_true(xy < n && !seen[xy]);
                seen[xy] = 1;
                commuting += xy == group_product(g, y, x);
                for (uint32_t z = 0; z < n; z++)
                    assert_associative(g, x, y, z);
            }
        }
        if (group_is_abelian(g) != (commuting == (size_t)n * n))
            fail_msg("%s: abelian or not", names[k]);
        group_free(g);
    }
}

static void axioms_of_large_groups(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t order;
    } rows[] = {{"S6", 720},        {"A6", 360},          {"S7", 5040},
                {"A7", 2520},       {"S9", 362880},       {"A9", 181440},
                {"D59", 118},       {"D500000", 1000000}, {"C1000000", 1000000},
                {"S6xC113", 81360}, {"D61xA5xC2", 14640}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct group *g = read_good(rows[k].name);
        assert_int_equal(group_order(g), rows[k].order);
        identity_and_inverses(g);
        struct rng r = rng_at(k, RNG_GEN, 0);
        for (int i = 0; i < 20000; i++) {
            uint32_t x = rng_below(&r, rows[k].order), y = rng_below(&r, rows[k].order);
            assert_associative(g, x, y, rng_below(&r, rows[k].order));
        }
        group_free(g);
    }
}

static uint32_t find(const struct group *g, const char *name) {
    int64_t x = group_find(g, name, strlen(name));
    if (x < 0)
        fail_msg("%s has no element %s", group_name(g), name);
    return (uint32_t)x;
}

static void assert_product(const struct group *g, const char *x, const char *y, const char *xy) {
    assert_int_equal(group_product(g, find(g, x), find(g, y)), find(g, xy));
}

/* The conventions: from the left, x y maps i to y[x[i]]; s r s = r^-1. */
static void conventions(void **state) {
    (void)state;
    struct group *g = read_good("S5");
    assert_product(g, "10234", "12340", "21340"); /* 0 -> 1 -> 2, 1 -> 0 -> 1, 2 -> 3 ... */
    assert_product(g, "12340", "10234", "02341");
    assert_int_equal(group_power(g, find(g, "12340"), 2), find(g, "23401"));
    assert_int_equal(group_power(g, find(g, "12340"), -1), find(g, "40123"));
    assert_int_equal(group_power(g, find(g, "12340"), INT64_MIN), find(g, "23401")); /* -8 = 2 */
    assert_int_equal(group_power(g, find(g, "12340"), 0), 0);
    group_free(g);
    g = read_good("D7");
    assert_product(g, "s0", "r1", "s6");
    assert_product(g, "r1", "s0", "s1");
    assert_product(g, "s3", "s5", "r5");
    assert_product(g, "r5", "r4", "r2");
    group_free(g);
    g = read_good("S3xC4");
    assert_product(g, "102,3", "021,2", "201,1");
    group_free(g);
}

/* Names and numbers are the same thing; permutations come in lexicographic order. */
static void names(void **state) {
    (void)state;
    static const char *const groups[] = {"S5", "A5", "D12", "C11", "S3xC12xD3", "S1", "C2xC2"};
    for (size_t k = 0; k < sizeof groups / sizeof *groups; k++) {
        struct group *g = read_good(groups[k]);
        struct buf name = {0}, before = {0};
        assert_string_equal(group_name(g), groups[k]);
        for (uint32_t x = 0; x < group_order(g); x++) {
            buf_clear(&name);
            group_put_element(g, x, &name);
            assert_int_equal(group_find(g, name.data, name.len), x);
            if (k < 2 && x)
                assert_true(strcmp(before.data, name.data) < 0);
            buf_clear(&before);
            buf_puts(&before, name.data);
        }
        buf_free(&name);
        buf_free(&before);
        group_free(g);
    }
    static const char *const none[][2] = {
        {"S3", ""},      {"S3", "01"},
        {"S3", "0123"},  {"S3", "011"},
        {"S3", "013"},   {"S3", "0 2"},
        {"A3", "102"},   {"C7", "7"},
        {"C7", "01"},    {"C7", "-1"},
        {"C7", ""},      {"D3", "t0"},
        {"D3", "r3"},    {"D3", "r"},
        {"D3", "s"},     {"D3", ""},
        {"D3", "r00"},   {"C2xC2", "0"},
        {"C2xC2", "0,"}, {"C2xC2", "0,1,0"},
        {"C2xC2", ",0"}, {"C7", "99999999999999999999"},
    };
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
        struct group *g = read_good(none[k][0]);
        if (group_find(g, none[k][1], strlen(none[k][1])) != -1)
            fail_msg("%s takes '%s' for an element", none[k][0], none[k][1]);
        group_free(g);
    }
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Known class sizes and dimensions of irreducible representations. */
static void classes_and_dimensions(void **state) {
    (void)state;
    static const struct {
        const char *name, *sizes, *dimensions;
    } rows[] = {
        {"S3", "1 2 3", "1:2 2:1"},
        {"S4", "1 3 6 6 8", "1:2 2:1 3:2"},
        {"S5", "1 10 15 20 20 24 30", "1:2 4:2 5:2 6:1"},
        {"S6", "1 15 15 40 40 45 90 90 120 120 144", "1:2 5:4 9:2 10:2 16:1"},
        {"A3", "1 1 1", "1:3"},
        {"A4", "1 3 4 4", "1:3 3:1"},
        {"A5", "1 12 12 15 20", "1:1 3:2 4:1 5:1"},
        {"A6", "1 40 40 45 72 72 90", "1:1 5:2 8:2 9:1 10:1"},
        {"D1", "1 1", "1:2"},
        {"D2", "1 1 1 1", "1:4"},
        {"D4", "1 1 2 2 2", "1:4 2:1"},
        {"D5", "1 2 2 5", "1:2 2:2"},
        {"C4", "1 1 1 1", "1:4"},
        {"S1", "1", "1:1"},
        {"A2", "1", "1:1"},
        {"S3xC2", "1 1 2 2 3 3", "1:4 2:2"},
        {"S3xS3", "1 2 2 3 3 4 6 6 9", "1:4 2:4 4:1"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct group *g = read_good(rows[k].name);
        uint32_t class_of[720], sizes[720] = {0}, n = group_classes(g, class_of);
        struct buf text = {0};
        buf_puts(&text, "");
        for (uint32_t x = 0; x < group_order(g); x++)
            sizes[class_of[x]]++;
        qsort(sizes, n, sizeof *sizes, ascending);
        for (uint32_t i = 0; i < n; i++)
            buf_printf(&text, "%s%u", i ? " " : "", sizes[i]);
        assert_string_equal(text.data, rows[k].sizes);
        struct group_dimension *list;
        size_t n_list = group_dimensions(g, &list);
        buf_clear(&text);
        for (size_t i = 0; i < n_list; i++)
            buf_printf(&text, "%s%u:%u", i ? " " : "", list[i].dimension, list[i].count);
        assert_string_equal(text.data, rows[k].dimensions);
        free(list);
        buf_free(&text);
        group_free(g);
    }
}

/* As many representations as classes, and the squares of their dimensions sum to the order. */
static void representations_fill_the_group(void **state) {
    (void)state;
    static const char *const names[] = {"S7",  "S8",  "A7",     "A8",    "S9",       "A9",   "D59",
                                        "D60", "C97", "D61xC3", "S5xS4", "A5xD6xC2", "S4xA6"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct group *g = read_good(names[k]);
        uint32_t *class_of = mem_alloc(group_order(g), sizeof *class_of);
        uint32_t classes = group_classes(g, class_of);
        for (uint32_t x = 1; x < group_order(g); x++) /* numbered in the order of first elements */
            assert_true(class_of[x] > 0 && class_of[x] < classes);
        struct group_dimension *list;
        size_t n = group_dimensions(g, &list);
        uint64_t count = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            count += list[i].count;
            squares += (uint64_t)list[i].count * list[i].dimension * list[i].dimension;
        }
        assert_int_equal(count, classes);
        assert_int_equal(squares, group_order(g));
        free(list);
        free(class_of);
        group_free(g);
    }
}

static void no_groups(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "S",
                                      "5",
                                      "S0",
                                      "S10",
                                      "A10",
                                      "Z5",
                                      "S5x",
                                      "xS5",
                                      "S5xx",
                                      "S5 ",
                                      "S-5",
                                      "S5.0",
                                      "C1000001",
                                      "D500001",
                                      "S9xC3",
                                      "S05",
                                      "C01",
                                      "S99999999999",
                                      "C1xC1xC1xC1xC1xC1xC1xC1xC1xC1xC1xC1xC1xC1xC1x"
                                      "C1xC1xC1xC1xC1xC1"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct err err = {0};
        assert_null(group_read(bad[k], &err));
        assert_error(&err, STATUS_USAGE, NULL, "is no group; it must be");
    }
    group_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axioms),
        cmocka_unit_test(axioms_of_large_groups),
        cmocka_unit_test(conventions),
        cmocka_unit_test(names),
        cmocka_unit_test(classes_and_dimensions),
        cmocka_unit_test(representations_fill_the_group),
        cmocka_unit_test(no_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
