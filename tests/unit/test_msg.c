/* lib/msg: the error object, and the near miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/msg.h"

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

/* What a child that runs f says on standard error, and its exit status. */
static int said_by(void (*f)(void), char *text, size_t room) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        f();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; len < room - 1 && (n = read(ends[0], text + len, room - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void die(void) {
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
    char text[8192];
    assert_int_equal(said_by(die, text, sizeof text), STATUS_NOINPUT);
    assert_string_equal(text, "tool: a?b?[31m\ntool: warning: seen\ntool: x: 100% gone\n");
}

static void note_long(void) {
    char word[9000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    msg_start("tool");
    msg_note("%s", word);
}

static void long_lines_keep_their_end(void **state) {
    (void)state;
    char text[8192];
    assert_int_equal(said_by(note_long, text, sizeof text), 0);
    size_t len = strlen(text);
    assert_true(len > 1000 && len <= 4096);
    assert_int_equal(text[len - 1], '\n');
    assert_int_equal(text[len - 2], 'x');
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
