/* Rows of matrices picked, put and added up by number. */
#ifndef ESPALIER_OP_ROWS_H
#define ESPALIER_OP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* y[i] = x[row[i]]: n rows of `width`. */
void op_rows_pick(int n, int width, const real *x, const int *row, real *y);
/* y[row[i]] = x[i], or += with add; rows of both are ld apart. */
void op_rows_put(int n, int width, const real *x, int ld, const int *row, bool add, real *y);

/* The different ones among n tokens, in the order in which they first come, into `different`; of
 * each of the n its number among them into `number`. Returns how many. mark: `vocabulary` elements
 * to work with. */
int op_tokens_differ(int n, const int32_t *token, int vocabulary, int *mark, int *number,
                     int32_t *different);

#endif
