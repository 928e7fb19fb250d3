#include <string.h>

#include "nn/op.h"
#include "nn/vector.h"

/* y = bias + residual. */
CLONED static void add_bias(int rows, int out, const real *bias, const real *residual, real *y) {
    for (int row = 0; row < rows; row++) {
        real *to = y + (size_t)row * out;
        const real *from = residual + (size_t)row * out;
        INDEPENDENT
        for (int c = 0; c < out; c++)
            to[c] = from[c] + bias[c];
    }
}

void op_linear_forward(const struct product_kernels *with, int rows, int in, int out, const real *x,
                       const real *w, const real *packed, const real *bias, const real *residual,
                       real *y) {
    struct product_start start = {residual ? residual : bias, residual ? (size_t)out : 0};
    if (bias && residual) {
        add_bias(rows, out, bias, residual, y);
        start.from = y;
    }
    if (out == 1) {
        /* One column would fill one lane of a vector: as a row of rows it fills all. */
        for (int row = 0; row < rows && start.from != y; row++)
            y[row] = residual ? residual[row] : bias ? *bias : 0;
        with->product(PRODUCT_NT, 1, rows, in, w, in, x, in, (struct product_start){y, 0}, y, rows);
        return;
    }
    with->product(packed ? PRODUCT_PACKED : PRODUCT_NT, rows, out, in, x, in, packed ? packed : w,
                  in, start, y, out);
}

void op_linear_backward_input(const struct product_kernels *with, int rows, int in, int out,
                              const real *dy, const real *w, const real *packed, bool add,
                              real *dx) {
    struct product_start start = {add ? dx : NULL, (size_t)in};
    with->product(packed ? PRODUCT_PACKED : PRODUCT_NN, rows, in, out, dy, out, packed ? packed : w,
                  in, start, dx, in);
}

void op_linear_backward_weight(const struct product_kernels *with, int rows, int in, int out,
                               const real *x, const real *dy, int out_first, int out_last,
                               int in_first, int in_last, bool add, real *dw) {
    real *tile = dw + (size_t)out_first * in + in_first;
    struct product_start start = {add ? tile : NULL, (size_t)in};
    with->product(PRODUCT_TN, out_last - out_first, in_last - in_first, rows, dy + out_first, out,
                  x + in_first, in, start, tile, in);
}

CLONED void op_linear_backward_bias(int rows, int out, const real *dy, int first, int last,
                                    bool add, real *dbias) {
    real *restrict sum = dbias;
    if (!add)
        memset(sum + first, 0, (last - first) * sizeof *sum);
    for (int row = 0; row < rows; row++) {
        const real *d = dy + (size_t)row * out;
        for (int c = first; c < last; c++)
            sum[c] += d[c];
    }
}
