#include "lib/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/outfile.h"

static const char *tool_name = "espalier";
static bool quiet_mode;

int err_set(struct err *err, enum status status, const char *format, ...) {
    if (err) {
        err->status = status;
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return -1;
}

int err_prefix(struct err *err, const char *format, ...) {
    if (!err)
        return -1;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    /* A sentence that grows too long is cut; to test the result tells the compiler that we know. */
    if (n >= 0 && (size_t)n < sizeof err->text &&
        snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", old) < 0)
        err->text[n] = '\0';
    return -1;
}

/* A standard descriptor that the parent has closed would be given to the next file opened, and
 * messages would land in it. Hold its place with one on which reading, or writing, fails. */
static void hold_standard_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            _exit(STATUS_OS);
}

void msg_start(const char *tool) {
    tool_name = tool;
    hold_standard_descriptors();
}

const char *msg_tool(void) {
    return tool_name;
}

void msg_set_quiet(bool quiet) {
    quiet_mode = quiet;
}

bool msg_is_quiet(void) {
    return quiet_mode;
}

/* One write(2) a message, so that lines of parallel runs do not mix. */
static void emit(const char *kind, const char *format, va_list args) {
    char line[4096];
    int n = snprintf(line, sizeof line - 1, "%s: %s", tool_name, kind);
    if (n < 0)
        return;
    int m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, format, args);
    if (m < 0)
        return;
    size_t len = (size_t)n + (size_t)m;
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    fflush(stdout);
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}

void msg_note(const char *format, ...) {
    if (quiet_mode)
        return;
    va_list args;
    va_start(args, format);
    emit("", format, args);
    va_end(args);
}

void msg_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    emit("warning: ", format, args);
    va_end(args);
}

void msg_die(enum status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    emit("", format, args);
    va_end(args);
    outfile_discard_all();
    exit(status);
}

void msg_die_err(const struct err *err) {
    msg_die(err->status ? err->status : STATUS_OS, "%s", err->text);
}

bool msg_colour(int fd) {
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
static size_t edit_distance(const char *a, const char *b) {
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MAX || m >= MAX)
        return SIZE_MAX;
    size_t d[MAX][MAX];
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            d[i][j] = smaller(smaller(d[i - 1][j] + 1, d[i][j - 1] + 1),
                              d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

const char *msg_nearest(const char *word, const char *const *candidates, size_t n) {
    size_t best = strlen(word) / 3 + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!candidates[i])
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance <= best && (!nearest || distance < best)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
