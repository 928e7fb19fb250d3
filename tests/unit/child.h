/* Parts of tests that run in a child process, because they end it or change it. */
#ifndef ESPALIER_CHILD_H
#define ESPALIER_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"

/* Run f(context) in a child. Returns its exit status (0 when f returns), or, as shells do, 128 and
 * the number of the signal that ended it. What it says on standard output and standard error
 * replaces *said; NULL: nobody hears it. */
static inline int child_run(void (*f)(void *), void *context, struct buf *said) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        f(context);
        _exit(0);
    }
    close(ends[1]);
    if (said) {
        buf_clear(said);
        buf_puts(said, "");
    }
    char piece[1024];
    for (ssize_t n; (n = read(ends[0], piece, sizeof piece)) > 0;)
        if (said)
            buf_add(said, piece, (size_t)n);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
