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
 * The sequences go through time together, longest first, one matrix product a step, and what is
 * kept of the steps lies in that order: what one step needs is one block. */
#ifndef ESPALIER_OP_RECURRENT_H
#define ESPALIER_OP_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/product.h"
#include "nn/real.h"

enum cell { CELL_SRN, CELL_SRN_RELU, CELL_GRU, CELL_LSTM };

/* Blocks of `hidden` in the products: 1, 1, 3, 4. */
int op_cell_blocks(enum cell cell);

/* Elements from one row of products or gates to the next: a few more than blocks hidden where rows
 * would otherwise be so far apart that they share places in the processor's caches. */
int op_gates_stride(enum cell cell, int hidden);

/* The order of steps: first the first step of every sequence, then the second of those that have
 * one, and so on; within a step longer sequences first, and those of one length in their order. A
 * place is a number in this order. */
struct time_order {
    int rows, steps, sequences; /* sequences: those with rows */
    int *start;                 /* steps + 1: the place where a step begins */
    int *sequence;              /* which, in the order within the first step */
    int *row;                   /* of each place, counted from the first sequence's first */
};

/* Elements of the memory of an order of so many rows. */
size_t time_order_size(size_t rows);

/* offset: sequences + 1; a sequence may be empty. reverse: each goes from its last row to its
 * first. The order lies in `memory`, from which time_order_of gives it again. */
struct time_order time_order_make(int sequences, const int *offset, bool reverse, int *memory);
struct time_order time_order_of(int rows, int *memory);

struct op_recurrent {
    const struct product_kernels *with;
    enum cell cell;
    int hidden;
    bool cells;    /* y is rows x 2 hidden: h', then the LSTM's c' */
    int sequences; /* with the empty ones */
    const struct time_order *order;
    const real *weight; /* W: blocks hidden x hidden */
    const real *bias;   /* b: blocks hidden; or NULL */
    /* The state before the first step, sequences x hidden (2 hidden for the LSTM: h, then c); NULL:
     * zeros. */
    const real *initial;
    /* Products of the inputs, rows of blocks hidden, op_gates_stride apart: that of a place is row
     * pick[place], or with pick NULL row `place`. */
    const real *x;
    const int *pick;
    /* What follows, but y, has its rows in the order of places. gates: rows x blocks hidden,
     * op_gates_stride apart, what the backward pass needs and replaces by the gradient of the
     * place's x; may be x itself, without pick. */
    real *gates;
    real *before; /* rows x hidden: the state before each row */
    /* rows x hidden: the LSTM's c'; the GRU's u2, which becomes the gradient of u2. Else not
     * used. */
    real *extra;
    real *y;       /* rows x hidden, or as `cells` says */
    real *scratch; /* op_recurrent_scratch elements */
};

/* For up to so many sequences that are not empty. */
size_t op_recurrent_scratch(enum cell cell, int hidden, size_t sequences);

void op_recurrent_forward(const struct op_recurrent *r);

/* dy: as y. dinitial: as initial; NULL: not wanted; with add it is added to. */
void op_recurrent_backward(const struct op_recurrent *r, const real *dy, real *dinitial, bool add);

/* The tile [out_first, out_last) x [in_first, in_last) of dW, from these rows; with add, added to
 * what is there. dW: the whole. */
void op_recurrent_backward_weight(const struct product_kernels *with, enum cell cell, int hidden,
                                  int rows, const real *gates, const real *before,
                                  const real *extra, int out_first, int out_last, int in_first,
                                  int in_last, bool add, real *dw);
void op_recurrent_backward_bias(enum cell cell, int hidden, int rows, const real *gates,
                                const real *extra, int first, int last, bool add, real *dbias);

#endif
