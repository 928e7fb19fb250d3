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

CLONED static void tanh_of(size_t n, const real *x, real *y, real *slope) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = real_tanh(x[i]);
        y[i] = v;
        slope[i] = 1 - v * v;
    }
}

/* x (1 + tanh u) / 2 = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3). */
CLONED static void gelu_tanh(size_t n, const real *x, real *y, real *slope) {
    const real twice_root = (real)1.59576912160573071176, cubic = (real)0.044715;
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i];
        real p = real_sigmoid(twice_root * (v + cubic * v * v * v));
        y[i] = v * p;
        slope[i] = p + v * p * (1 - p) * twice_root * (1 + 3 * cubic * v * v);
    }
}

CLONED static void squared_relu(size_t n, const real *x, real *y, real *slope) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i] > 0 ? x[i] : 0;
        y[i] = v * v;
        slope[i] = 2 * v;
    }
}

CLONED static void quadratic(size_t n, const real *x, real *y, real *slope) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i];
        y[i] = v * v;
        slope[i] = 2 * v;
    }
}

CLONED static void silu(size_t n, const real *x, real *y, real *slope) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        real v = x[i], p = real_sigmoid(v);
        y[i] = v * p;
        slope[i] = p + v * p * (1 - p);
    }
}

void op_activation_forward(enum activation kind, size_t n, const real *x, real *y, real *slope) {
    switch (kind) {
    case ACTIVATION_RELU:
        relu(n, x, y, slope);
        return;
    case ACTIVATION_GELU:
        gelu(n, x, y, slope);
        return;
    case ACTIVATION_TANH:
        tanh_of(n, x, y, slope);
        return;
    case ACTIVATION_GELU_TANH:
        gelu_tanh(n, x, y, slope);
        return;
    case ACTIVATION_SQUARED_RELU:
        squared_relu(n, x, y, slope);
        return;
    case ACTIVATION_QUADRATIC:
        quadratic(n, x, y, slope);
        return;
    case ACTIVATION_SILU:
        silu(n, x, y, slope);
        return;
    }
}

CLONED void op_activation_backward(size_t n, const real *slope, const real *dy, real *dx) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * slope[i];
}
