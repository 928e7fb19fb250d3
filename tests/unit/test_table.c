/* lib/table: CSV and TSV as they come, and the published data this project starts from. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/statistics.h"
#include "lib/table.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

/* Parse from an allocation of exactly that size, so that the sanitizer sees a read beyond it. */
static struct table *parse_bytes(const char *text, size_t len, char delimiter, struct err *err) {
    char *copy = mem_alloc(len, 1);
    memcpy(copy, text, len);
    struct table *t = table_parse("t.csv", copy, len, delimiter, err);
    free(copy);
    return t;
}

static struct table *parse(const char *text) {
    struct err err = {0};
    struct table *t = parse_bytes(text, strlen(text), 0, &err);
    assert_string_equal(err.text, "");
    assert_non_null(t);
    return t;
}

static void assert_row(const struct table *t, size_t row, const char *const *cells) {
    for (size_t i = 0; i < table_columns(t); i++)
        assert_string_equal(table_cell(t, row, i), cells[i]);
}

static void plain(void **state) {
    (void)state;
    struct table *t = parse("a,b,c\n1, 2 ,\n,,x\n");
    assert_string_equal(table_name(t), "t.csv");
    assert_int_equal(table_rows(t), 2);
    assert_int_equal(table_columns(t), 3);
    assert_string_equal(table_header(t, 2), "c");
    assert_row(t, 0, (const char *const[]){"1", " 2 ", ""}); /* blanks stay */
    assert_row(t, 1, (const char *const[]){"", "", "x"});
    assert_int_equal(table_line(t, 1), 3);
    assert_int_equal(table_column(t, "b"), 1);
    assert_int_equal(table_column(t, "d"), -1);
    table_free(t);
    table_free(NULL);
}

static void tabs_and_given_delimiters(void **state) {
    (void)state;
    struct table *t = parse("a,b\tc\n1,5\t 2 \n");
    assert_int_equal(table_columns(t), 2);
    assert_row(t, 0, (const char *const[]){"1,5", " 2 "});
    table_free(t);
    struct err err = {0};
    t = parse_bytes("a;b\tc\n1;2\n", 10, ';', &err);
    assert_non_null(t);
    assert_row(t, 0, (const char *const[]){"1", "2"});
    table_free(t);
    t = parse_bytes("a\tb,c\n1\t2,3\n", 12, ',', &err);
    assert_non_null(t);
    assert_row(t, 0, (const char *const[]){"1\t2", "3"});
    table_free(t);
}

/* Byte-order mark, comments, CRLF, quoted line ends, empty lines, no line end at the end. */
static void as_they_come(void **state) {
    (void)state;
    struct table *t = parse("\xef\xbb\xbf##espalier 1\r\n##cmd\tx\r\n\r\nname,\"a \"\"b\"\"\"\r\n"
                            "\"one\r\ntwo\n\",1\r\n\r\n##not a comment,2\r\n\"\",\"3,4\"");
    assert_int_equal(table_rows(t), 3);
    assert_string_equal(table_header(t, 1), "a \"b\"");
    assert_row(t, 0, (const char *const[]){"one\r\ntwo\n", "1"});
    assert_row(t, 1, (const char *const[]){"##not a comment", "2"});
    assert_row(t, 2, (const char *const[]){"", "3,4"});
    assert_int_equal(table_line(t, 0), 5);
    assert_int_equal(table_line(t, 1), 9);
    assert_int_equal(table_line(t, 2), 10);
    table_free(t);
    t = parse("a,b\r1,2\r3,4"); /* line ends of old */
    assert_int_equal(table_rows(t), 2);
    assert_int_equal(table_line(t, 1), 3);
    table_free(t);
    t = parse("a,b"); /* no rows is a table */
    assert_int_equal(table_rows(t), 0);
    struct err err = {0};
    double *none = table_numbers(t, 0, &err);
    assert_non_null(none);
    free(none);
    table_free(t);
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* 0: to the NUL */
        const char *says;
    } rows[] = {
        {"", 0, "t.csv: empty"},
        {"\n\r\n", 0, "t.csv: empty"},
        {"##only\n##comments", 0, "t.csv: empty"},
        {"a,b\n1,2\n1\n", 0, "t.csv: line 3: 1 columns, but the header line has 2"},
        {"a,b\n\"1\n\n\",2\n\n1,2,3\n", 0, "t.csv: line 6: 3 columns, but the header line has 2"},
        {"a,b\n1,2,3", 0, "t.csv: line 2: 3 columns"},
        {"a,b\n1,x\"y\n", 0, "t.csv: line 2: a double quote"},
        {"a,b\n1,\"x\"y\n", 0, "t.csv: line 2: a double quote"},
        {"a,b\n1,2\n1,\"x\n\n", 0, "t.csv: line 3: a quoted field that never ends"},
        {"a,b\n1,\0\n", 8, "t.csv: line 2: a NUL byte"},
        {"a\0,\0b\0", 6, "t.csv: line 1: a NUL byte"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
        assert_null(parse_bytes(rows[i].text, len, 0, &err));
        assert_int_equal(err.status, STATUS_DATA);
        if (strncmp(err.text, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
    }
}

static void columns_by_name(void **state) {
    (void)state;
    struct err err = {0};
    size_t column = 9;
    struct table *t = parse("step,value,step\n1,2,3\n");
    assert_int_equal(table_need_column(t, "value", &column, &err), 0);
    assert_int_equal(column, 1);
    assert_int_equal(table_need_column(t, "valeu", &column, &err), -1);
    assert_string_equal(err.text, "t.csv: no column 'valeu'; did you mean 'value'?");
    assert_int_equal(table_need_column(t, "zzzzzzzzz", &column, &err), -1);
    assert_string_equal(err.text, "t.csv: no column 'zzzzzzzzz'; the first of 3 is 'step'");
    assert_int_equal(table_need_column(t, "step", &column, &err), -1);
    assert_string_equal(err.text, "t.csv: columns 1 and 3 are both named 'step'");
    assert_int_equal(err.status, STATUS_DATA);
    assert_int_equal(column, 1);
    table_free(t);
}

static void numbers(void **state) {
    (void)state;
    struct table *t = parse("x\n1\n-2.5e-3\n+.5\n7.\n 8 \ninf\n-Infinity\n1e-310\n");
    static const double values[] = {1, -2.5e-3, .5, 7, 8, INFINITY, -INFINITY, 1e-310};
    struct err err = {0};
    double *x = table_numbers(t, 0, &err);
    assert_non_null(x);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(x[i] == values[i]);
    free(x);
    table_free(t);

    t = parse("x,y\n,1\n\"\",1\n  ,1\nNaN,1\nnan ,1\nNA,1\n");
    assert_int_equal(table_rows(t), 6);
    x = table_numbers(t, 0, &err);
    assert_non_null(x);
    for (size_t i = 0; i < 6; i++)
        assert_true(isnan(x[i]));
    free(x);
    table_free(t);

    static const char *const bad[] = {"a",   "1 2",   "0x10", "1,5",  "nan(1)", "--1",
                                      "1e",  "e1",    ".",    "+",    "infx",   "n/a",
                                      "1-2", "1e999", "None", "1_000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b = {0};
        buf_printf(&b, "name\tx\n1\t2\n1\t%s\n", bad[i]);
        t = parse(b.data);
        double value = 5;
        assert_int_equal(table_number(t, 0, 1, &value, &err), 0);
        assert_int_equal(table_number(t, 1, 1, &value, &err), -1);
        assert_true(value == 2);
        assert_null(table_numbers(t, 1, &err));
        assert_int_equal(err.status, STATUS_DATA);
        buf_clear(&b);
        buf_printf(&b, "t.csv: line 3: column 'x': '%s' is ", bad[i]);
        assert_int_equal(strncmp(err.text, b.data, b.len), 0);
        buf_free(&b);
        table_free(t);
    }
}

/* Whatever is put comes back. */
static void fields_round_trip(void **state) {
    (void)state;
    static const char *const fields[] = {"",       "a",    " a ",       "a,b",  "a\tb",       "\"",
                                         "a\"b\"", "a\nb", "line\r\nb", "##no", "caf\xc3\xa9"};
    enum { N = sizeof fields / sizeof *fields };
    for (int pass = 0; pass < 2; pass++) {
        char delimiter = pass ? '\t' : ',';
        struct buf b = {0};
        for (size_t row = 0; row < 3; row++)
            for (size_t i = 0; i < N; i++) {
                table_put_field(&b, fields[(i + row * 9) % N], delimiter);
                buf_putc(&b, i + 1 < N ? delimiter : '\n');
            }
        struct err err = {0};
        struct table *t = parse_bytes(b.data, b.len, delimiter, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(table_rows(t), 2);
        for (size_t i = 0; i < N; i++) {
            assert_string_equal(table_header(t, i), fields[i]);
            assert_string_equal(table_cell(t, 0, i), fields[(i + 9) % N]);
            assert_string_equal(table_cell(t, 1, i), fields[(i + 18) % N]);
        }
        table_free(t);
        buf_free(&b);
    }
    struct buf b = {0};
    table_put_field(&b, "plain words", ',');
    assert_string_equal(b.data, "plain words");
    buf_clear(&b);
    table_put_field(&b, "a\"b", ',');
    assert_string_equal(b.data, "\"a\"\"b\"");
    buf_free(&b);
}

static void files(void **state) {
    (void)state;
    struct buf b = {0}; /* more than one read */
    buf_puts(&b, "i,square\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&b, "%d,%d\n", i, i * i % 1000);
    struct err err = {0};
    scratch_put(b.data, b.len);
    buf_free(&b);
    struct table *t = table_read(scratch_file, 0, &err);
    assert_non_null(t);
    assert_int_equal(table_rows(t), 20000);
    assert_string_equal(table_cell(t, 19999, 0), "19999");
    table_free(t);
    unlink(scratch_file);
    assert_null(table_read(scratch_file, 0, &err));
    assert_error(&err, STATUS_NOINPUT, scratch_file, NULL);
    assert_null(table_read(scratch_folder, 0, &err));
    assert_int_equal(err.status, STATUS_IO);
}

static void standard_input(void **state) {
    (void)state;
    int ends[2], keep = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a\n1\n2,3\n", 8), 8);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct err err = {0};
    assert_null(table_read("-", 0, &err));
    assert_string_equal(err.text, "standard input: line 3: 2 columns, but the header line has 1");
    dup2(keep, STDIN_FILENO);
    close(keep);
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The wandb export of Murty et al. 2023 (arXiv:2305.18741): out-of-distribution accuracy of the
 * six-layer language models, twenty seeds. The means were computed apart, with Python's csv. */
static void murty(void **state) {
    (void)state;
    const char *data = getenv("ESPALIER_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/murty/all_test_scores_lm.csv", data ? data : "../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: no %s (set ESPALIER_DATA to the folder of data sets)\n", path);
        skip();
    }
    struct err err = {0};
    struct table *t = table_read(path, 0, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(table_rows(t), 100);
    assert_int_equal(table_column(t, "iteration"), 0);
    double *steps = table_numbers(t, 0, &err);
    assert_non_null(steps);
    for (size_t i = 0; i < 100; i++)
        assert_true(steps[i] == 3000 * (double)(i + 1));
    free(steps);
    double *series[20];
    size_t n = 0;
    for (size_t c = 0; c < table_columns(t); c++)
        if (ends_with(table_header(t, c), "test_aux")) {
            assert_true(n < 20);
            series[n] = table_numbers(t, c, &err);
            assert_non_null(series[n++]);
        }
    assert_int_equal(n, 20);
    static const double means[] = {.326, .038, .365, .570};
    for (size_t row = 0; row < 4; row++) {
        double at_row[20];
        for (size_t k = 0; k < 20; k++)
            at_row[k] = series[k][row];
        assert_true(fabs(statistics_mean(at_row, 20) - means[row]) <= 5e-4);
    }
    for (size_t k = 0; k < 20; k++)
        free(series[k]);
    table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(tabs_and_given_delimiters),
        cmocka_unit_test(as_they_come),
        cmocka_unit_test(refused),
        cmocka_unit_test(columns_by_name),
        cmocka_unit_test(numbers),
        cmocka_unit_test(fields_round_trip),
        cmocka_unit_test(files),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(murty),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
