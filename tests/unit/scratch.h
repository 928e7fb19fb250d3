/* A folder for the files of a unit test. The program gives scratch_make and scratch_remove to its
 * group of tests; scratch_empty may end each test. */
#ifndef ESPALIER_SCRATCH_H
#define ESPALIER_SCRATCH_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"

/* The folder, and the one file in it that most tests need. */
static char scratch_folder[1024], scratch_file[1100];

/* The path of a file in the folder; it stays for three more calls. */
static inline const char *scratch_path(const char *name) {
    static char paths[4][1280];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", scratch_folder, name);
    return path;
}

static inline int scratch_make(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(scratch_folder, sizeof scratch_folder, "%s/espalier-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(scratch_folder))
        return -1;
    snprintf(scratch_file, sizeof scratch_file, "%s/file", scratch_folder);
    return 0;
}

static inline int scratch_unlink(const char *path, const struct stat *st, int kind,
                                 struct FTW *where) {
    (void)st;
    (void)kind;
    return where->level > 0 ? remove(path) : 0;
}

/* Remove all that is in the folder, at any depth. */
static inline int scratch_empty(void **state) {
    (void)state;
    return nftw(scratch_folder, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int scratch_remove(void **state) {
    return scratch_empty(state) == 0 ? rmdir(scratch_folder) : -1;
}

/* Make scratch_file hold these bytes. Not by outfile, whose syncing takes longer than most tests;
 * and in a new file, since ext4 flushes one that is cut and written anew. */
static inline void scratch_put(const void *bytes, size_t n) {
    remove(scratch_file);
    FILE *f = fopen(scratch_file, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        fail_msg("%s cannot be written", scratch_file);
}

static inline void scratch_put_text(const char *text) {
    scratch_put(text, strlen(text));
}

/* The bytes of a file replace those of *out, with a NUL behind them. */
static inline void scratch_get(const char *path, struct buf *out) {
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    buf_clear(out);
    buf_puts(out, "");
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(out, piece, n);
    fclose(f);
}

static inline void assert_content(const char *path, const char *expected) {
    struct buf content = {0};
    scratch_get(path, &content);
    assert_string_equal(content.data, expected);
    buf_free(&content);
}

#endif
