/* One step of one sequence of each recurrent cell (op_recurrent.h): n units, rows of n. */
#ifndef ESPALIER_OP_RECURRENT_CELL_H
#define ESPALIER_OP_RECURRENT_CELL_H

#include "nn/real.h"

/* y = a + b, or a where b is NULL. y may be a. */
void cell_add(int n, const real *a, const real *b, real *y);

/* u: the products of the state. gates: those of the input, replaced by the gates. state: h,
 * replaced by h'. */
void srn_forward(int n, const real *u, real *gates, real *state);
void srn_relu_forward(int n, const real *u, real *gates, real *state);
/* u2: gets the last block of u. */
void gru_forward(int n, const real *u, real *gates, real *state, real *u2);
/* cell: c, replaced by c'. */
void lstm_forward(int n, const real *u, real *gates, real *cell, real *state);

/* gates: those of the forward step, replaced by the gradient of x. dh: the gradient of h'; for the
 * GRU replaced by the part of that of h that comes by z h; for the others it is used up. */
void srn_backward(int n, real *gates, const real *dh);
void srn_relu_backward(int n, real *gates, const real *dh);
/* u2: that of the forward step, replaced by its gradient. before: h. */
void gru_backward(int n, real *gates, real *u2, const real *before, real *dh);
/* cell: c'; before: c, NULL: 0. dc: the gradient of c' that came from later steps, replaced by that
 * of c. */
void lstm_backward(int n, real *gates, const real *cell, const real *before, const real *dh,
                   real *dc);

#endif
