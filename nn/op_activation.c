#include "nn/elementary.h"
#include "nn/op.h"
#include "nn/vector.h"

CLONED static void relu(size_t n, const real *x, real *y, real *slope) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i];
        y[i] = v > 0 ? v : 0;
        slope[i] = v > 0 ? 1 : 0;
    }
}

CLONED static void gelu(size_t n, const real *x, real *y, real *slope) {
    const real sqrt_half = (real)0.70710678118654752440;
    const real density_at_0 = (real)0.39894228040143267794; /* 1 / sqrt(2 pi) */
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i];
        real below = (real)0.5 * (1 + real_erf(v * sqrt_half));
        y[i] = v * below;
        slope[i] = below + v * density_at_0 * real_exp((real)-0.5 * v * v);
    }
}

void op_activation_forward(enum activation kind, size_t n, const real *x, real *y, real *slope) {
    if (kind == ACTIVATION_GELU)
        gelu(n, x, y, slope);
    else
        relu(n, x, y, slope);
}

CLONED void op_activation_backward(size_t n, const real *slope, const real *dy, real *dx) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * slope[i];
}
