/* Numbers in options and rows.
 *
 * An option may be a list of numbers. A value that is none, a number out of bounds or an
 * empty list ends the tool (STATUS_USAGE) with a sentence that names the option. */
#ifndef ESPALIER_NUMBERS_H
#define ESPALIER_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"

/* Counts that commas separate, least to most each, into *list, which the caller frees; returns how
 * many. */
size_t numbers_counts(const char *option, const char *text, int64_t least, int64_t most,
                      int64_t **list);

/* The same for finite decimal numbers. */
size_t numbers_reals(const char *option, const char *text, double least, double most,
                     double **list);

/* Append a finite number with at most so many decimals (0 to 9), without zeros at the end; 0 has no
 * sign. Rounded by one multiplication, so that the text is the same on every machine. */
void numbers_put_decimal(struct buf *b, double value, int decimals);

#endif
