#include <math.h>

#include "nn/op.h"
#include "nn/vector.h"

/* Sums run in two vectors of lanes side by side, a remainder after them in order. */
INLINE real row_sum(int n, const real *x) {
    lanes a = {0}, b = {0}, v;
    int i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        LANES_LOAD(v, x + i);
        a += v;
        LANES_LOAD(v, x + i + LANES);
        b += v;
    }
    a += b;
    real sum = lanes_sum(&a);
    for (; i < n; i++)
        sum += x[i];
    return sum;
}

INLINE real row_square_sum(int n, const real *x, real mean) {
    lanes a = {0}, b = {0}, v;
    int i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        LANES_LOAD(v, x + i);
        v -= mean;
        a += v * v;
        LANES_LOAD(v, x + i + LANES);
        v -= mean;
        b += v * v;
    }
    a += b;
    real sum = lanes_sum(&a);
    for (; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

CLONED void op_layernorm_forward(int rows, int dim, const real *x, const real *gain,
                                 const real *bias, real *y, real *mean, real *rstd) {
    for (int row = 0; row < rows; row++) {
        const real *in = x + (size_t)row * dim;
        real *restrict out = y + (size_t)row * dim;
        real m = row_sum(dim, in) / (real)dim;
        /* The second sum over deviations, not squares: no cancellation however large the mean. */
        double variance = (double)row_square_sum(dim, in, m) / dim;
        real r = (real)(1 / sqrt(variance + OP_LAYERNORM_EPSILON));
        for (int c = 0; c < dim; c++)
            out[c] = gain[c] * ((in[c] - m) * r) + bias[c];
        mean[row] = m;
        rstd[row] = r;
    }
}

CLONED void op_layernorm_backward(int rows, int dim, const real *x, const real *gain,
                                  const real *mean, const real *rstd, const real *dy,
                                  const real *skip, real *dx, real *dgain, real *dbias) {
    for (int row = 0; row < rows; row++) {
        const real *in = x + (size_t)row * dim;
        const real *d = dy + (size_t)row * dim;
        real *out = dx + (size_t)row * dim;
        real m = mean[row], r = rstd[row];

        /* With h the normalised row and g = gain dy: dx = r (g - mean(g) - h mean(g h)). */
        lanes sum_g = {0}, sum_gh = {0};
        int c = 0;
        for (; c + LANES <= dim; c += LANES) {
            lanes v, g, h, t;
            LANES_LOAD(v, d + c);
            LANES_LOAD(g, gain + c);
            LANES_LOAD(h, in + c);
            h = (h - m) * r;
            g *= v;
            sum_g += g;
            sum_gh += g * h;
            LANES_LOAD(t, dgain + c);
            t += v * h;
            LANES_STORE(dgain + c, t);
            LANES_LOAD(t, dbias + c);
            t += v;
            LANES_STORE(dbias + c, t);
        }
        real mean_g = lanes_sum(&sum_g), mean_gh = lanes_sum(&sum_gh);
        for (; c < dim; c++) {
            real h = (in[c] - m) * r, g = gain[c] * d[c];
            mean_g += g;
            mean_gh += g * h;
            dgain[c] += d[c] * h;
            dbias[c] += d[c];
        }
        mean_g /= (real)dim;
        mean_gh /= (real)dim;

        const real *round = skip ? skip + (size_t)row * dim : NULL;
        INDEPENDENT
        for (c = 0; c < dim; c++) {
            real h = (in[c] - m) * r;
            out[c] = (round ? round[c] : 0) + r * ((gain[c] * d[c] - mean_g) - h * mean_gh);
        }
    }
}
