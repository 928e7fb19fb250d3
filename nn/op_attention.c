#include <math.h>

#include "nn/elementary.h"
#include "nn/op.h"
#include "nn/vector.h"

/* The matrices of one head of one sentence are a few dozen rows: too small for BLAS, whose packing
 * would cost more than the product. */

/* Which k of row i of A may be nonzero: all, k <= i, k >= i. */
enum band { BAND_ALL, BAND_LOWER, BAND_UPPER };

/* C (m x n) = A (m x k) B (k x n), sums over k in rising order. Element (i, j) of A is
 * a[i * a_row + j * a_column]. A must hold zeros outside its band. */
INLINE void product(int m, int n, int k, const real *a, int a_row, int a_column, const real *b,
                    int ldb, enum band band, real *c, int ldc) {
    for (int i = 0; i < m; i += 4) {
        int rows = m - i < 4 ? m - i : 4;
        int k0 = band == BAND_UPPER ? i : 0;
        int k1 = band == BAND_LOWER ? i + rows : k;
        /* Rows past the last repeat it: their sums are made and not stored. */
        const real *a0 = a + (size_t)i * a_row;
        const real *a1 = rows > 1 ? a0 + a_row : a0;
        const real *a2 = rows > 2 ? a1 + a_row : a1;
        const real *a3 = rows > 3 ? a2 + a_row : a2;
        real *out = c + (size_t)i * ldc;
        int j = 0;
        for (; j + LANES <= n; j += LANES) {
            lanes c0 = {0}, c1 = {0}, c2 = {0}, c3 = {0};
            for (int l = k0; l < k1; l++) {
                lanes v;
                LANES_LOAD(v, b + (size_t)l * ldb + j);
                size_t at = (size_t)l * a_column;
                c0 += a0[at] * v;
                c1 += a1[at] * v;
                c2 += a2[at] * v;
                c3 += a3[at] * v;
            }
            LANES_STORE(out + j, c0);
            if (rows > 1)
                LANES_STORE(out + ldc + j, c1);
            if (rows > 2)
                LANES_STORE(out + 2 * (size_t)ldc + j, c2);
            if (rows > 3)
                LANES_STORE(out + 3 * (size_t)ldc + j, c3);
        }
        for (; j < n; j++)
            for (int r = 0; r < rows; r++) {
                real sum = 0;
                for (int l = k0; l < k1; l++)
                    sum += a0[(size_t)r * a_row + (size_t)l * a_column] * b[(size_t)l * ldb + j];
                out[(size_t)r * ldc + j] = sum;
            }
    }
}

static int padded(int n) {
    return (n + LANES - 1) / LANES * LANES;
}

size_t op_attention_scratch(int longest, int head_dim) {
    return ((size_t)head_dim + longest) * padded(longest);
}

/* columns x width = the transpose of rows x columns, with zeros from column `rows` to width. */
INLINE void transpose(int rows, int columns, const real *x, int ldx, int width, real *y) {
    for (int c = 0; c < columns; c++) {
        for (int i = 0; i < rows; i++)
            y[(size_t)c * width + i] = x[(size_t)i * ldx + c];
        for (int i = rows; i < width; i++)
            y[(size_t)c * width + i] = 0;
    }
}

INLINE void head_forward(int n, int head_dim, int ld, real scale, const real *q, const real *k,
                         const real *v, real *p, real *y, int ldy, real *scratch) {
    int width = padded(n);
    real *kt = scratch, *score = scratch + (size_t)head_dim * width;
    transpose(n, head_dim, k, ld, width, kt);
    product(n, width, head_dim, q, ld, 1, kt, width, BAND_ALL, score, width);
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
    product(n, head_dim, n, p, n, 1, v, ld, BAND_LOWER, y, ldy);
}

INLINE void head_backward(int n, int head_dim, int ld, real scale, const real *q, const real *k,
                          const real *v, const real *p, const real *dy, int ldy, real *dq, real *dk,
                          real *dv, real *scratch) {
    int width = padded(n);
    real *vt = scratch, *ds = scratch + (size_t)head_dim * width;
    product(n, head_dim, n, p, 1, n, dy, ldy, BAND_UPPER, dv, ld);
    transpose(n, head_dim, v, ld, width, vt);
    product(n, width, head_dim, dy, ldy, 1, vt, width, BAND_ALL, ds, width);
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
    product(n, head_dim, n, ds, width, 1, k, ld, BAND_LOWER, dq, ld);
    product(n, head_dim, n, ds, 1, width, q, ld, BAND_UPPER, dk, ld);
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
