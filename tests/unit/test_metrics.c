/* lib/metrics: the format, resuming to the same bytes, and reading back. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/metrics.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/child.h"
#include "tests/unit/scratch.h"

#define HEADER "step\tsplit\tmetric\tvalue\n"

static void format(void **state) {
    (void)state;
    struct err err = {0};
    scratch_put_text("whatever was here\n");
    struct metrics *m = metrics_open(scratch_file, -1, &err);
    assert_non_null(m);
    assert_content(scratch_file, HEADER);
    assert_int_equal(metrics_add(m, 0, "train", "loss", 4.25, &err), 0);
    assert_int_equal(metrics_add(m, 0, "ood", "rule:linear", 0.1f, &err), 0);
    assert_content(scratch_file, HEADER);
    assert_int_equal(metrics_sync(m, &err), 0);
    assert_content(scratch_file, HEADER "0\ttrain\tloss\t4.25\n0\tood\trule:linear\t0.100000001\n");
    assert_int_equal(metrics_sync(m, &err), 0);
    assert_int_equal(metrics_add(m, 3000, "a b", "x", NAN, &err), 0);
    assert_int_equal(metrics_add(m, 3000, "a b", "x", copysign(NAN, -1), &err), 0);
    assert_int_equal(metrics_add(m, 3000, "a b", "x", INFINITY, &err), 0);
    assert_int_equal(metrics_add(m, INT64_MAX, "a b", "x", -INFINITY, &err), 0);
    assert_int_equal(metrics_close(m, &err), 0);
    assert_content(scratch_file, HEADER "0\ttrain\tloss\t4.25\n0\tood\trule:linear\t0.100000001\n"
                                        "3000\ta b\tx\tnan\n3000\ta b\tx\tnan\n3000\ta b\tx\tinf\n"
                                        "9223372036854775807\ta b\tx\t-inf\n");
    assert_int_equal(metrics_close(NULL, &err), 0);
    metrics_abandon(NULL);
}

static void refused_rows(void **state) {
    (void)state;
    struct err err = {0};
    struct metrics *m = metrics_open(scratch_file, -1, &err);
    assert_non_null(m);
    static const char *const bad[] = {"", "a\tb", "a\nb", "a\rb", "\"a\"", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(metrics_add(m, 1, bad[i], "loss", 1, &err), -1);
        assert_int_equal(metrics_add(m, 1, "train", bad[i], 1, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
    }
    assert_int_equal(metrics_add(m, -1, "train", "loss", 1, &err), -1);
    assert_int_equal(metrics_add(m, 7, "train", "loss", 1, &err), 0);
    assert_int_equal(metrics_add(m, 6, "train", "loss", 1, &err), -1);
    assert_non_null(strstr(err.text, "step 6 after step 7"));
    assert_int_equal(metrics_close(m, &err), 0);
    assert_content(scratch_file, HEADER "7\ttrain\tloss\t1\n");
}

/* A run of 12 steps with two rows each; its checkpoints are at every fourth step. */
static void add_steps(struct metrics *m, int64_t after) {
    for (int64_t step = after + 1; step <= 12; step++) {
        assert_int_equal(metrics_add(m, step, "train", "loss", 10 / (double)step, NULL), 0);
        assert_int_equal(metrics_add(m, step, "ood", "accuracy", (double)step / 12, NULL), 0);
        if (step % 4 == 0)
            assert_int_equal(metrics_sync(m, NULL), 0);
    }
    assert_int_equal(metrics_close(m, NULL), 0);
}

/* Cut the finished file at every byte at which the checkpoint of step 4 or 8 can be the last one,
 * and continue: always the same bytes. */
static void resumed_runs_have_the_same_bytes(void **state) {
    (void)state;
    struct err err = {0};
    add_steps(metrics_open(scratch_file, -1, &err), 0);
    struct buf whole = {0};
    scratch_get(scratch_file, &whole);
    for (int64_t last = 0; last <= 12; last += 4) {
        char next[32];
        snprintf(next, sizeof next, "\n%d\t", (int)last + 1);
        const char *found = strstr(whole.data, next);
        size_t kept = found ? (size_t)(found + 1 - whole.data) : whole.len;
        for (size_t len = kept; len <= whole.len; len++) {
            scratch_put(whole.data, len);
            struct metrics *m = metrics_open(scratch_file, last, &err);
            assert_string_equal(err.text, "");
            assert_non_null(m);
            add_steps(m, last);
            assert_content(scratch_file, whole.data);
        }
    }
    buf_free(&whole);
}

static void resume_edges(void **state) {
    (void)state;
    struct err err = {0};
    assert_null(metrics_open(scratch_file, 0, &err)); /* nothing to continue */
    assert_int_equal(err.status, STATUS_NOINPUT);
    assert_int_not_equal(access(scratch_file, F_OK), 0);
    static const char *const torn[] = {"", "s", "step\tsplit\tmetric\tvalue", HEADER,
                                       HEADER "9\ttr"};
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        scratch_put_text(torn[i]);
        struct metrics *m = metrics_open(scratch_file, 0, &err);
        assert_non_null(m);
        assert_int_equal(metrics_close(m, &err), 0);
        assert_content(scratch_file, HEADER);
    }
    scratch_put_text(HEADER "1\ta\tb\t1\n5\ta\tb\t2\n9\ta\tb\t3\n");
    struct metrics *m = metrics_open(scratch_file, 6, &err);
    assert_non_null(m);
    assert_int_equal(metrics_add(m, 4, "a", "b", 1, &err), -1); /* the order goes on */
    metrics_abandon(m);
    assert_content(scratch_file, HEADER "1\ta\tb\t1\n5\ta\tb\t2\n");
    assert_null(metrics_open("/nonexistent/metrics.tsv", -1, &err));
    assert_int_equal(err.status, STATUS_CANTCREATE);
}

static void malformed_files_are_left_alone(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"step,split,metric,value\n1,a,b,1\n", "line 1"},
        {"x", "line 1"},
        {HEADER "1\ta\tb\t1\nx\ta\tb\t1\n2\ta\tb\t1\n", "line 3"},
        {HEADER "1\ta\tb\n", "line 2"},
        {HEADER "1\ta\tb\t1\t2\n", "line 2"},
        {HEADER "\n", "line 2"},
        {HEADER "-1\ta\tb\t1\n", "line 2"},
        {HEADER "99999999999999999999\ta\tb\t1\n", "line 2"},
        {HEADER "2\ta\tb\t1\n1\ta\tb\t1\n", "line 3: step 1 after step 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_put_text(rows[i].text);
        struct err err = {0};
        assert_null(metrics_open(scratch_file, 1, &err));
        assert_error(&err, STATUS_DATA, scratch_file, rows[i].says);
        assert_content(scratch_file, rows[i].text);
    }
}

/* In a child whose files may have 4096 bytes, the disk is full after them. */
static void fill_up(void *unused) {
    (void)unused;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
    struct err err = {0};
    struct metrics *m = metrics_open(scratch_file, -1, &err);
    for (int64_t step = 0; m && step < 1000; step++)
        if (metrics_add(m, step, "train", "loss", 1, &err) != 0)
            _exit(1);
    if (!m || metrics_sync(m, &err) != -1 || err.status != STATUS_IO)
        _exit(2);
    if (metrics_sync(m, &err) != -1 || metrics_close(m, &err) != -1 || err.status != STATUS_IO)
        _exit(3);
}

static void full_disk(void **state) {
    (void)state;
    assert_int_equal(child_run(fill_up, NULL, NULL), 0);
    struct err err = {0}; /* and the torn file can be continued */
    struct metrics *m = metrics_open(scratch_file, 10, &err);
    assert_non_null(m);
    assert_int_equal(metrics_close(m, &err), 0);
    if (access("/dev/full", W_OK) == 0) {
        assert_null(metrics_open("/dev/full", -1, &err));
        assert_int_equal(err.status, STATUS_IO);
    }
}

static void read_ours(void **state) {
    (void)state;
    struct err err = {0};
    struct metrics *m = metrics_open(scratch_file, -1, &err);
    assert_non_null(m);
    assert_int_equal(metrics_add(m, 3000, "ood", "rule:linear", 0.326f, &err), 0);
    assert_int_equal(metrics_add(m, 6000, "ood", "loss", FLT_MIN, &err), 0);
    assert_int_equal(metrics_add(m, 6000, "ood", "loss", NAN, &err), 0);
    assert_int_equal(metrics_add(m, 6000, "ood", "loss", -INFINITY, &err), 0);
    assert_int_equal(metrics_close(m, &err), 0);
    struct metrics_data d;
    assert_int_equal(metrics_read(scratch_file, &d, &err), 0);
    assert_int_equal(d.n, 4);
    assert_false(d.torn);
    assert_int_equal(d.rows[0].step, 3000);
    assert_string_equal(d.rows[0].split, "ood");
    assert_string_equal(d.rows[0].metric, "rule:linear");
    assert_true((float)d.rows[0].value == 0.326f);
    assert_true((float)d.rows[1].value == FLT_MIN);
    assert_true(isnan(d.rows[2].value));
    assert_true(d.rows[3].value == -INFINITY);
    metrics_data_free(&d);

    scratch_put_text(HEADER "1\ta\tb\t0.5\n2\ta\tb\t0.5"); /* perhaps 0.57 */
    assert_int_equal(metrics_read(scratch_file, &d, &err), 0);
    assert_int_equal(d.n, 1);
    assert_true(d.torn);
    metrics_data_free(&d);
}

static void read_foreign(void **state) {
    (void)state;
    struct err err = {0};
    struct metrics_data d;
    scratch_put_text(
        "run,metric,value,step,split\r\n1,\"acc, all\",.5,3e3,ood\r\n2,acc,NA,4000.0,ood");
    assert_int_equal(metrics_read(scratch_file, &d, &err), 0);
    assert_int_equal(d.n, 2);
    assert_false(d.torn);
    assert_int_equal(d.rows[0].step, 3000);
    assert_string_equal(d.rows[0].metric, "acc, all");
    assert_true(isnan(d.rows[1].value));
    assert_string_equal(table_cell(d.table, 1, 0), "2");
    metrics_data_free(&d);

    static const struct {
        const char *text, *says;
    } rows[] = {
        {"step,split,metric\n1,a,b\n", "no column 'value'"},
        {"step,split,metrics,value\n1,a,b,1\n", "did you mean 'metrics'"},
        {"step,split,metric,value,step\n1,a,b,1,1\n", "both named 'step'"},
        {"step,split,metric,value\n1.5,a,b,1\n", "line 2: step '1.5'"},
        {"step,split,metric,value\n,a,b,1\n", "line 2: step ''"},
        {"step,split,metric,value\n1,a,b,x\n", "line 2: column 'value': 'x'"},
        {"step,split,metric,value\n1,a,b\n", "line 2: 3 columns"},
        {"", "empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_put_text(rows[i].text);
        assert_int_equal(metrics_read(scratch_file, &d, &err), -1);
        assert_error(&err, STATUS_DATA, NULL, rows[i].says);
        assert_null(d.rows);
        assert_null(d.table);
    }
    unlink(scratch_file);
    assert_int_equal(metrics_read(scratch_file, &d, &err), -1);
    assert_int_equal(err.status, STATUS_NOINPUT);
}

#define TEST(f) cmocka_unit_test_teardown(f, scratch_empty)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(format),
        TEST(refused_rows),
        TEST(resumed_runs_have_the_same_bytes),
        TEST(resume_edges),
        TEST(malformed_files_are_left_alone),
        TEST(full_disk),
        TEST(read_ours),
        TEST(read_foreign),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
