/* One step of one sequence of each recurrent cell (op_recurrent.h): n units, rows of n. */
#ifndef ESPALIER_OP_RECURRENT_CELL_H
#define ESPALIER_OP_RECURRENT_CELL_H

#include "nn/real.h"

/* y += x. */
void cell_add(int n, const real *x, real *y);

/* u: the products of the state. x: those of the input. gates: get the gates; may be x. y: gets h'.
 * before: h, of the LSTM c. */
void srn_forward(int n, const real *u, const real *x, real *gates, real *y);
void srn_relu_forward(int n, const real *u, const real *x, real *gates, real *y);
/* u2: gets the last block of u. */
void gru_forward(int n, const real *u, const real *x, const real *before, real *gates, real *u2,
                 real *y);
/* cell: gets c'. */
void lstm_forward(int n, const real *u, const real *x, const real *before, real *gates, real *cell,
                  real *y);

/* gates: those of the forward step, replaced by the gradient of x. dy and dh: the parts of the
 * gradient of h' that came from the outputs and from later steps; for the GRU dh is replaced by the
 * part of that of h that comes by z h. */
void srn_backward(int n, real *gates, const real *dy, const real *dh);
void srn_relu_backward(int n, real *gates, const real *dy, const real *dh);
/* u2: that of the forward step, replaced by its gradient. */
void gru_backward(int n, real *gates, real *u2, const real *before, const real *dy, real *dh);
/* cell: c'. dz and dc: the parts of its gradient that came from the outputs and from later steps;
 * dc is replaced by the gradient of c. */
void lstm_backward(int n, real *gates, const real *cell, const real *before, const real *dy,
                   const real *dz, const real *dh, real *dc);

#endif
