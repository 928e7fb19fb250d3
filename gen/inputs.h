/* The inputs of a command line, looked at before any work begins. */
#ifndef ESPALIER_INPUTS_H
#define ESPALIER_INPUTS_H

#include <stddef.h>

/* Paths gathered from operands and options. Zero-initialise it. */
struct inputs {
    const char **paths;
    size_t n, cap;
};

void inputs_add(struct inputs *in, const char *path);

/* End the tool when one is missing or a folder (STATUS_NOINPUT), or when standard input (-) is
 * named twice (STATUS_USAGE). */
void inputs_check(const struct inputs *in);

void inputs_free(struct inputs *in);

#endif
