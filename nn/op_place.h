/* Words at fixed places: every example has the same number of them.
 *
 * token: rows x places identities, each below `vocabulary`. The one-hot vector of a row has
 * places x vocabulary numbers, of which place t's word w is number t vocabulary + w; it is never
 * made. */
#ifndef ESPALIER_OP_PLACE_H
#define ESPALIER_OP_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/real.h"

/* y = (one-hot vector) w^T + bias, by adding up the columns of w, places in rising order. w: out x
 * (places vocabulary); bias: out, or NULL; y: rows x out. */
void op_columns_forward(int rows, int places, int vocabulary, int out, const int32_t *token,
                        const real *w, const real *bias, real *y);
/* Rows first .. last-1 of dw, all their columns: sums over rows in rising order; with add, to what
 * is there. */
void op_columns_backward(int rows, int places, int vocabulary, int out, const int32_t *token,
                         const real *dy, int first, int last, bool add, real *dw);

/* y = the words' rows of a table, joined end to end: rows x (places dim). With of_place the table
 * has places x vocabulary rows, those of place t from t vocabulary on; else one for each word. */
void op_lookup_forward(int rows, int places, int vocabulary, bool of_place, int dim,
                       const int32_t *token, const real *table, real *y);
/* dtable[first .. last-1] += dy, in the order of rows and places. */
void op_lookup_backward(int rows, int places, int vocabulary, bool of_place, int dim,
                        const int32_t *token, const real *dy, int first, int last, real *dtable);

#endif
