#include <math.h>

#include "nn/elementary.h"
#include "nn/op.h"
#include "nn/small_product.h"

size_t op_attention_scratch(int longest, int head_dim) {
    return ((size_t)head_dim + longest) * padded(longest);
}

INLINE void head_forward(int n, int head_dim, int ld, real scale, const real *q, const real *k,
                         const real *v, real *p, real *y, int ldy, real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    int width = padded(n);
    real *kt = scratch, *score = scratch + (size_t)head_dim * width;
    kernels->transpose(n, head_dim, k, ld, width, kt);
    kernels->small(n, width, head_dim, q, ld, 1, kt, width, BAND_ALL, score, width);
    for (int i = 0; i < n; i++) {
        real *restrict s = score + (size_t)i * width;
        real *restrict out = p + (size_t)i * n;
        real max = s[0];
        for (int j = 1; j <= i; j++)
            max = s[j] > max ? s[j] : max;
        for (int j = 0; j <= i; j++)
            s[j] = real_exp((s[j] - max) * scale);
        real sum = 0;
        for (int j = 0; j <= i; j++)
            sum += s[j];
        real inverse = 1 / sum;
        for (int j = 0; j <= i; j++)
            out[j] = s[j] * inverse;
        for (int j = i + 1; j < n; j++)
            out[j] = 0;
    }
    kernels->small(n, head_dim, n, p, n, 1, v, ld, BAND_LOWER, y, ldy);
}

INLINE void head_backward(int n, int head_dim, int ld, real scale, const real *q, const real *k,
                          const real *v, const real *p, const real *dy, int ldy, real *dq, real *dk,
                          real *dv, real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    int width = padded(n);
    real *vt = scratch, *ds = scratch + (size_t)head_dim * width;
    kernels->small(n, head_dim, n, p, 1, n, dy, ldy, BAND_UPPER, dv, ld);
    kernels->transpose(n, head_dim, v, ld, width, vt);
    kernels->small(n, width, head_dim, dy, ldy, 1, vt, width, BAND_ALL, ds, width);
    /* Through the softmax, row by row: ds = p (dp - sum p dp), times the scale of the scores. */
    for (int i = 0; i < n; i++) {
        real *restrict d = ds + (size_t)i * width;
        const real *pr = p + (size_t)i * n;
        real dot = 0;
        for (int j = 0; j <= i; j++)
            dot += pr[j] * d[j];
        for (int j = 0; j <= i; j++)
            d[j] = scale * pr[j] * (d[j] - dot);
        for (int j = i + 1; j < width; j++)
            d[j] = 0;
    }
    kernels->small(n, head_dim, n, ds, width, 1, k, ld, BAND_LOWER, dq, ld);
    kernels->small(n, head_dim, n, ds, 1, width, q, ld, BAND_UPPER, dk, ld);
}

CLONED void op_attention_forward(int sequences, const int *offset, int heads, int head_dim,
                                 const real *qkv, real *probability, real *y, real *scratch) {
    int dim = heads * head_dim;
    real scale = (real)(1 / sqrt(head_dim));
    for (int s = 0; s < sequences; s++) {
        int n = offset[s + 1] - offset[s];
        size_t row = offset[s] - offset[0];
        for (int h = 0; h < heads; h++) {
            const real *q = qkv + row * 3 * dim + (size_t)h * head_dim;
            head_forward(n, head_dim, 3 * dim, scale, q, q + dim, q + 2 * dim, probability,
                         y + row * dim + (size_t)h * head_dim, dim, scratch);
            probability += (size_t)n * n;
        }
    }
}

CLONED void op_attention_backward(int sequences, const int *offset, int heads, int head_dim,
                                  const real *qkv, const real *probability, const real *dy,
                                  real *dqkv, real *scratch) {
    int dim = heads * head_dim;
    real scale = (real)(1 / sqrt(head_dim));
    for (int s = 0; s < sequences; s++) {
        int n = offset[s + 1] - offset[s];
        size_t row = offset[s] - offset[0];
        for (int h = 0; h < heads; h++) {
            size_t at = row * 3 * dim + (size_t)h * head_dim;
            const real *q = qkv + at;
            real *dq = dqkv + at;
            head_backward(n, head_dim, 3 * dim, scale, q, q + dim, q + 2 * dim, probability,
                          dy + row * dim + (size_t)h * head_dim, dim, dq, dq + dim, dq + 2 * dim,
                          scratch);
            probability += (size_t)n * n;
        }
    }
}
