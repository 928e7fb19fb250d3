/* Recurrent layers over packed sequences, the cells of torch.nn.RNN, GRU and LSTM: each a forward
 * and a backward, on buffers the caller owns (the conventions of op.h).
 *
 * With u = h W^T + b the product of the state h before a step, and x the products of the step's
 * input (with a bias of their own), side by side in blocks of `hidden`:
 *     SRN (Elman 1990)    h' = tanh(x + u), or max(0, x + u)
 *     GRU (Cho et al. 2014, arXiv:1406.1078, with the reset after the product, as cuDNN)
 *         r = s(x0 + u0), z = s(x1 + u1), n = tanh(x2 + r u2), h' = (1 - z) n + z h
 *     LSTM (Hochreiter and Schmidhuber 1997; Gers et al. 2000)
 *         i = s(x0 + u0), f = s(x1 + u1), g = tanh(x2 + u2), o = s(x3 + u3),
 *         c' = f c + i g, h' = o tanh(c')
 * The sequences go through time together, longest first, one matrix product a step. */
#ifndef ESPALIER_OP_RECURRENT_H
#define ESPALIER_OP_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/real.h"

enum cell { CELL_SRN, CELL_SRN_RELU, CELL_GRU, CELL_LSTM };

/* Blocks of `hidden` in the products: 1, 1, 3, 4. */
int op_cell_blocks(enum cell cell);

struct op_recurrent {
    enum cell cell;
    int hidden;
    bool reverse; /* from the last row of each sequence to its first */
    bool cells;   /* y is rows x 2 hidden: h', then the LSTM's c' */
    int sequences;
    const int *offset;  /* sequences + 1; a sequence may be empty */
    const real *weight; /* W: blocks hidden x hidden */
    const real *bias;   /* b: blocks hidden; or NULL */
    /* The state before the first step, sequences x hidden (2 hidden for the LSTM: h, then c); NULL:
     * zeros. */
    const real *initial;
    /* rows x blocks hidden: x comes in, what the backward pass needs goes out, and the backward
     * pass leaves the gradient of x. */
    real *gates;
    real *y;      /* rows x hidden, or as `cells` says */
    real *before; /* rows x hidden: the state before each row, for the gradient of W; NULL: not
                     wanted (then there is no backward pass) */
    /* rows x hidden: the LSTM's c'; the GRU's u2, which becomes the gradient of u2. Else not
     * used. */
    real *extra;
    real *scratch; /* op_recurrent_scratch elements */
};

/* For up to so many sequences that are not empty. */
size_t op_recurrent_scratch(enum cell cell, int hidden, size_t sequences);

void op_recurrent_forward(const struct op_recurrent *r);

/* dy: as y. dinitial: as initial; NULL: not wanted; with add it is added to. */
void op_recurrent_backward(const struct op_recurrent *r, const real *dy, real *dinitial, bool add);

/* The tile [out_first, out_last) x [in_first, in_last) of dW, from all the rows there are; with
 * add, added to what is there. dW: the whole. */
void op_recurrent_backward_weight(enum cell cell, int hidden, int rows, const real *gates,
                                  const real *before, const real *extra, int out_first,
                                  int out_last, int in_first, int in_last, bool add, real *dw);
void op_recurrent_backward_bias(enum cell cell, int hidden, int rows, const real *gates,
                                const real *extra, int first, int last, bool add, real *dbias);

#endif
