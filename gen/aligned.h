/* A small table for people: columns as wide as what they hold, the first flush left, the others
 * flush right. */
#ifndef ESPALIER_ALIGNED_H
#define ESPALIER_ALIGNED_H

#include "lib/mem.h"

enum { ALIGNED_COLUMNS = 12 };

/* Zero-initialise it. */
struct aligned {
    char **cells;
    size_t n, cap;
    size_t columns; /* of a row */
};

/* Begin a table of so many columns, at most ALIGNED_COLUMNS. */
void aligned_start(struct aligned *t, size_t columns);

/* The next cell. */
void aligned_cell(struct aligned *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* Append the table to a text, each line with two spaces before it, and free it. */
void aligned_put(struct aligned *t, struct buf *out);

#endif
