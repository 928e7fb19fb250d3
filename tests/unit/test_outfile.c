/* lib/outfile: whole or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/outfile.h"

static char folder[1024];

static const char *at(const char *name) {
    static char path[4][2048];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof *path, "%s/%s", folder, name);
    return p;
}

static int make_folder(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/espalier-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static size_t count_files(bool removing) {
    DIR *d = opendir(folder);
    size_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') {
            n++;
            if (removing)
                unlink(at(e->d_name));
        }
    closedir(d);
    return n;
}

static int empty_folder(void **state) {
    (void)state;
    count_files(true);
    return 0;
}

static int remove_folder(void **state) {
    empty_folder(state);
    return rmdir(folder);
}

static void assert_content(const char *path, const char *expected) {
    char text[256];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void commit_replaces(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(outfile_put(at("a"), "old", 3, &err), 0);
    struct outfile *f = outfile_open(at("a"), &err);
    assert_non_null(f);
    assert_string_equal(outfile_name(f), at("a"));
    assert_int_equal(outfile_write(f, "ne", 2, &err), 0);
    assert_int_equal(outfile_write(f, "", 0, &err), 0);
    assert_int_equal(outfile_write(f, "w", 1, &err), 0);
    assert_content(at("a"), "old");
    assert_int_equal(outfile_commit(f, &err), 0);
    assert_content(at("a"), "new");
    assert_int_equal(count_files(false), 1);
}

static void discard_leaves_the_old(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(outfile_put(at("a"), "old", 3, &err), 0);
    struct outfile *f = outfile_open(at("a"), &err), *g = outfile_open(at("b"), &err);
    assert_non_null(f);
    assert_non_null(g);
    assert_int_equal(outfile_write(f, "new", 3, &err), 0);
    outfile_discard(f);
    outfile_discard(g);
    outfile_discard(NULL);
    assert_content(at("a"), "old");
    assert_int_equal(count_files(false), 1);
}

static void symbolic_link_stays(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(outfile_put(at("real"), "old", 3, &err), 0);
    assert_int_equal(symlink("real", at("link")), 0);
    assert_int_equal(outfile_put(at("link"), "new", 3, &err), 0);
    assert_content(at("real"), "new");
    struct stat st;
    assert_int_equal(lstat(at("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void devices_are_written_directly(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(outfile_put("/dev/null", "x", 1, &err), 0);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    if (access("/dev/full", W_OK) != 0)
        return;
    assert_int_equal(outfile_put("/dev/full", "x", 1, &err), -1);
    assert_int_equal(err.status, STATUS_IO);
    assert_int_equal(strncmp(err.text, "/dev/full: ", 11), 0);
}

static void cannot_create(void **state) {
    (void)state;
    struct err err = {0};
    assert_null(outfile_open(at("missing/a"), &err));
    assert_int_equal(err.status, STATUS_CANTCREATE);
    assert_int_equal(strncmp(err.text, at("missing/a"), strlen(at("missing/a"))), 0);
    assert_null(outfile_open(folder, &err));
    assert_int_equal(err.status, STATUS_CANTCREATE);
}

static void unwritable_folder(void **state) {
    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may write anywhere\n");
        skip();
    }
    struct err err = {0};
    chmod(folder, 0500);
    struct outfile *f = outfile_open(at("a"), &err);
    chmod(folder, 0700);
    assert_null(f);
    assert_int_equal(err.status, STATUS_CANTCREATE);
}

/* A child opens two files, then ends as `how` says: nothing of them may be left. */
static int child_ending(void (*how)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        struct outfile *f = outfile_open(at("a"), NULL), *g = outfile_open(at("b"), NULL);
        if (!f || !g || outfile_write(f, "half", 4, NULL) != 0)
            _exit(1);
        how();
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void by_message(void) {
    msg_die(STATUS_DATA, "enough");
}
static void by_sigterm(void) {
    raise(SIGTERM);
}
static void by_sigint(void) {
    raise(SIGINT);
}

static void dying_leaves_nothing(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(outfile_put(at("a"), "old", 3, &err), 0);
    int status = child_ending(by_sigterm);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    status = child_ending(by_sigint);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    status = child_ending(by_message);
    assert_true(WIFEXITED(status));
    assert_content(at("a"), "old");
    assert_int_equal(count_files(false), 1);
}

/* Standard output of a child is what `to` names; the child's exit status is that of the commit. */
static int write_standard_output(const char *to) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(open(to, O_WRONLY | O_CREAT, 0666), STDOUT_FILENO);
        struct err err = {0};
        struct outfile *f = outfile_open("-", &err);
        if (!f || strcmp(outfile_name(f), "standard output") != 0)
            _exit(1);
        if (outfile_write(f, "words", 5, &err) != 0) {
            outfile_discard(f);
            _exit(err.status);
        }
        _exit(outfile_commit(f, &err) == 0 ? 0 : (int)err.status);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void standard_output(void **state) {
    (void)state;
    assert_int_equal(write_standard_output(at("out")), 0);
    assert_content(at("out"), "words");
    if (access("/dev/full", W_OK) == 0)
        assert_int_equal(write_standard_output("/dev/full"), STATUS_IO);
}

static void many_at_once(void **state) {
    (void)state;
    struct outfile *f[100]; /* more than there are slots for the signal handler */
    struct err err = {0};
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        f[i] = outfile_open(at(name), &err);
        assert_non_null(f[i]);
        assert_int_equal(outfile_write(f[i], name, strlen(name), &err), 0);
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(outfile_commit(f[i], &err), 0);
    assert_content(at("f99"), "f99");
    assert_int_equal(count_files(false), 100);
}

#define TEST(f) cmocka_unit_test_teardown(f, empty_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(commit_replaces),      TEST(discard_leaves_the_old),
        TEST(symbolic_link_stays),  TEST(devices_are_written_directly),
        TEST(cannot_create),        TEST(unwritable_folder),
        TEST(dying_leaves_nothing), TEST(standard_output),
        TEST(many_at_once),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
