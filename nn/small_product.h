/* Products of the small matrices of attention, in fixed order of summation. */
#ifndef ESPALIER_SMALL_PRODUCT_H
#define ESPALIER_SMALL_PRODUCT_H

#include <stddef.h>

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

/* Columns of a row-major matrix rounded up to whole vectors. */
INLINE int padded(int n) {
    return (n + LANES - 1) / LANES * LANES;
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

#endif
