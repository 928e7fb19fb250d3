/* lib/split: buckets are a partition of all sources. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/split.h"

static void read_good(struct split *s, const char *text) {
    struct err err = {0};
    if (split_read(s, text, &err) != 0)
        fail_msg("%s: %s", text ? text : "NULL", err.text);
}

static int source(char *text, size_t room, int i) {
    return snprintf(text, room, "the newt %d does move . quest", i);
}

/* Each source is in exactly one of 0/k .. (k-1)/k, in sizes that a fair draw allows. */
static void buckets_are_a_partition(void **state) {
    (void)state;
    const int counts[] = {1, 2, 3, 7, 10, 64, 1000};
    enum { N = 20000 };
    static int bucket[N];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        int k = counts[c];
        double chi_square = 0;
        memset(bucket, -1, sizeof bucket);
        for (int b = 0; b < k; b++) {
            char text[64];
            snprintf(text, sizeof text, "%d/%d", b, k);
            struct split s;
            read_good(&s, text);
            assert_true(fabs(split_share(&s) - 1.0 / k) < 1e-12);
            int kept = 0;
            for (int i = 0; i < N; i++) {
                int n = source(text, sizeof text, i);
                if (!split_keeps(&s, text, (size_t)n))
                    continue;
                assert_int_equal(bucket[i], -1);
                bucket[i] = b;
                kept++;
            }
            chi_square += pow(kept - (double)N / k, 2) / ((double)N / k);
        }
        for (int i = 0; i < N; i++)
            assert_true(bucket[i] >= 0);
        /* k - 1 degrees of freedom; five standard deviations of its normal approximation */
        assert_true(fabs(chi_square - (k - 1)) <= 5 * sqrt(2.0 * k));
    }
}

static void lists_and_ranges(void **state) {
    (void)state;
    static const char *const same[][2] = {{"1-9/10", "1,2,3,4,5,6,7,8,9/10"},
                                          {"0-0/3", "0/3"},
                                          {"0,2,5-7/8", "5-7,2,0,0-0,6/8"},
                                          {"0-9999/10000", "0/1"},
                                          {"007/010", "7/10"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct split a, b;
        read_good(&a, same[i][0]);
        read_good(&b, same[i][1]);
        assert_true(split_share(&a) == split_share(&b));
        for (int k = 0; k < 2000; k++) {
            char text[64];
            size_t n = (size_t)source(text, sizeof text, k);
            assert_int_equal(split_keeps(&a, text, n), split_keeps(&b, text, n));
        }
    }
    struct split train, test;
    read_good(&train, "1-9/10");
    read_good(&test, "0/10");
    for (int k = 0; k < 2000; k++) {
        char text[64];
        size_t n = (size_t)source(text, sizeof text, k);
        assert_int_equal(split_keeps(&train, text, n), !split_keeps(&test, text, n));
    }
    assert_true(fabs(split_share(&train) - 0.9) < 1e-12);
}

static void no_split_keeps_all(void **state) {
    (void)state;
    struct split s;
    memset(&s, 0xFF, sizeof s);
    read_good(&s, NULL);
    assert_true(split_share(&s) == 1);
    assert_true(split_keeps(&s, "", 0));
    read_good(&s, "0/1");
    assert_true(split_keeps(&s, "", 0));
    assert_true(split_keeps(&s, "x", 1));
}

/* The bucket is a function of the bytes and must stay so: published splits hang on it. */
static void buckets_are_for_ever(void **state) {
    (void)state;
    static const char *const texts[] = {"", "a", "her newt that doesn't read does move . quest"};
    static const int bucket[] = {175, 901, 294};
    for (int i = 0; i < 3; i++)
        for (int b = 0; b < 1000; b++) {
            char text[32];
            snprintf(text, sizeof text, "%d/1000", b);
            struct split s;
            read_good(&s, text);
            if (split_keeps(&s, texts[i], strlen(texts[i])) != (b == bucket[i]))
                fail_msg("'%s' against bucket %d", texts[i], b);
        }
}

static void errors(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "/",
                                      "1",
                                      "0/",
                                      "/10",
                                      "10/10",
                                      "0/0",
                                      "-1/10",
                                      "0--1/10",
                                      "3-2/10",
                                      "0,/10",
                                      ",0/10",
                                      "0,,1/10",
                                      "0-/10",
                                      "-/10",
                                      "0/10/2",
                                      "0/10 ",
                                      " 0/10",
                                      "0 /10",
                                      "0/+10",
                                      "+0/10",
                                      "0/-10",
                                      "0/1e1",
                                      "0.5/10",
                                      "a/10",
                                      "0/10001",
                                      "0/99999999999999999999",
                                      "99999999999999999999/10",
                                      "0-99999999999999999999/10",
                                      "1-9\\10"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct split s;
        if (split_read(&s, bad[i], &err) != -1)
            fail_msg("'%s' is read", bad[i]);
        assert_int_equal(err.status, STATUS_USAGE);
        char start[64];
        snprintf(start, sizeof start, "--split is '%s'; it must be", bad[i]);
        assert_memory_equal(err.text, start, strlen(start));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_a_partition),
        cmocka_unit_test(lists_and_ranges),
        cmocka_unit_test(no_split_keeps_all),
        cmocka_unit_test(buckets_are_for_ever),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
