/* What a test demands of an error. */
#ifndef ESPALIER_ASSERT_ERROR_H
#define ESPALIER_ASSERT_ERROR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/msg.h"

/* An error has this status, begins with PATH and says WHY; NULL for either: anything. */
#define assert_error(err, status, path, why)                                                       \
    assert_error_at(err, status, path, why, __FILE__, __LINE__)

static inline void assert_error_at(const struct err *err, enum status status, const char *path,
                                   const char *why, const char *file, int line) {
    if (err->status == status && (!path || strncmp(err->text, path, strlen(path)) == 0) &&
        (!why || strstr(err->text, why)))
        return;
    print_error("status %d, '%s': not status %d, '%s...%s'\n", (int)err->status, err->text,
                (int)status, path ? path : "", why ? why : "");
    _fail(file, line);
}

#endif
