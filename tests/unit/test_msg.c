/* lib/msg: the error object, and the near miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/msg.h"
#include "tests/unit/child.h"

static void errors(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set(&err, STATUS_DATA, "line %d: odd", 3), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_string_equal(err.text, "line 3: odd");
    assert_int_equal(err_prefix(&err, "%s", "a.tsv"), -1);
    assert_string_equal(err.text, "a.tsv: line 3: odd");
    assert_int_equal(err.status, STATUS_DATA);
    assert_int_equal(err_set(NULL, STATUS_DATA, "nobody asks"), -1);
    assert_int_equal(err_prefix(NULL, "nobody asks"), -1);
}

static void long_errors_are_cut(void **state) {
    (void)state;
    char word[3000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    struct err err = {0};
    err_set(&err, STATUS_DATA, "%s", word);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    err_prefix(&err, "a");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(strncmp(err.text, "a: xxx", 6), 0);
    err_prefix(&err, "%s", word);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void nearest(void **state) {
    (void)state;
    static const char *const options[] = {"steps", NULL, "seed-init", "seed-data", "quiet", "eval"};
    size_t n = sizeof options / sizeof *options;
    assert_string_equal(msg_nearest("setps", options, n), "steps");         /* a swap is one edit */
    assert_string_equal(msg_nearest("step", options, n), "steps");          /* a letter left out */
    assert_string_equal(msg_nearest("quiett", options, n), "quiet");        /* one too many */
    assert_string_equal(msg_nearest("seed-inot", options, n), "seed-init"); /* one wrong */
    assert_string_equal(msg_nearest("seed-dat", options, n), "seed-data");
    assert_string_equal(msg_nearest("eval", options, n), "eval");
    assert_null(msg_nearest("completely-other", options, n));
    assert_null(msg_nearest("xyzzy", options, n));
    assert_null(msg_nearest("steps", options, 0));
    char word[200];
    memset(word, 'e', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(msg_nearest(word, options, n));
}

static void die(void *unused) {
    (void)unused;
    msg_start("tool");
    msg_note("a\tb\033[31m");
    msg_set_quiet(true);
    msg_note("not seen");
    msg_warn("seen");
    struct err err = {0};
    err_set(&err, STATUS_NOINPUT, "x: 100%% gone");
    msg_die_err(&err);
}

static void lines_on_standard_error(void **state) {
    (void)state;
    struct buf said = {0};
    assert_int_equal(child_run(die, NULL, &said), STATUS_NOINPUT);
    assert_string_equal(said.data, "tool: a?b?[31m\ntool: warning: seen\ntool: x: 100% gone\n");
    buf_free(&said);
}

static void note_long(void *unused) {
    (void)unused;
    char word[9000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    msg_start("tool");
    msg_note("%s", word);
}

static void long_lines_keep_their_end(void **state) {
    (void)state;
    struct buf said = {0};
    assert_int_equal(child_run(note_long, NULL, &said), 0);
    size_t len = said.len;
    assert_true(len > 1000 && len <= 4096);
    assert_int_equal(said.data[len - 1], '\n');
    assert_int_equal(said.data[len - 2], 'x');
    buf_free(&said);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(long_errors_are_cut),
        cmocka_unit_test(nearest),
        cmocka_unit_test(lines_on_standard_error),
        cmocka_unit_test(long_lines_keep_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
