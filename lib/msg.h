/* Messages, exit codes and the error object that library code hands up.
 *
 * Library code never prints and never ends the process (allocation failure, mem.h, is the one
 * exception): it fills a struct err and returns -1. A tool's main turns that into one line on
 * standard error, "tool: path: line N: what is wrong", and an exit status of sysexits(3). */
#ifndef ESPALIER_MSG_H
#define ESPALIER_MSG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NODISCARD              __attribute__((warn_unused_result))

/* Exit statuses (DESIGN: command line). STATUS_CRITERION: the tool ran, but a criterion that was
 * asked for failed. STATUS_AGAIN: stopped by a signal with its state saved; run again to resume. */
enum status {
    STATUS_OK = 0,
    STATUS_CRITERION = 1,
    STATUS_USAGE = 64,
    STATUS_DATA = 65,
    STATUS_NOINPUT = 66,
    STATUS_NONFINITE = 70,
    STATUS_OS = 71,
    STATUS_CANTCREATE = 73,
    STATUS_IO = 74,
    STATUS_AGAIN = 75,
};

/* A failure on its way to main: the exit status it deserves and its sentence, without the tool's
 * name and without a newline. Zero-initialised means no error. */
struct err {
    enum status status;
    char text[2048];
};

/* Fill *err (which may be NULL) and return -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Put "PREFIX: " before the sentence of *err and return -1. */
int err_prefix(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Name the tool for all later messages; the pointer is kept. */
void msg_start(const char *tool);
const char *msg_tool(void);

/* Quiet: notes are dropped; warnings and errors are not. */
void msg_set_quiet(bool quiet);
bool msg_is_quiet(void);

/* One line on standard error, "tool: ...". Control characters in the text become '?'. */
void msg_note(const char *format, ...) PRINTF_LIKE(1, 2);
void msg_warn(const char *format, ...) PRINTF_LIKE(1, 2);
_Noreturn void msg_die(enum status status, const char *format, ...) PRINTF_LIKE(2, 3);
_Noreturn void msg_die_err(const struct err *err);

/* Whether standard error (or another stream's descriptor) may carry colour: a terminal, NO_COLOR
 * unset, TERM not "dumb". */
bool msg_colour(int fd);

/* The candidate nearest to word (optimal string alignment distance, at most one more than a third
 * of its length), or NULL. Candidates may contain NULL entries, which are passed over. */
const char *msg_nearest(const char *word, const char *const *candidates, size_t n);

#endif
