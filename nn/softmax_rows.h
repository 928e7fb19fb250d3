/* The softmax of the rows of a matrix of scores of which a query sees only the first, forward and
 * back. Sums are of lanes (vector.h), so that they are made as fast as the rest. */
#ifndef ESPALIER_SOFTMAX_ROWS_H
#define ESPALIER_SOFTMAX_ROWS_H

#include <math.h>
#include <stdint.h>

#include "nn/elementary.h"
#include "nn/small_product.h"
#include "nn/vector.h"

/* How many numbers of a row are seen: 1 or more. */
typedef int seen_function(const void *context, int row);

#ifdef REAL_IS_DOUBLE
typedef int64_t lane_bits __attribute__((vector_size(32)));
#else
typedef int32_t lane_bits __attribute__((vector_size(32)));
#endif

/* Lanes j .. j + LANES - 1 of which those from `seen` on become `other`. */
INLINE void lanes_cut(lanes *v, int j, int seen, real other) {
    if (j + LANES <= seen)
        return;
    lanes fill = other - (lanes){0};
    lane_bits index, bits, rest;
    for (int l = 0; l < (int)LANES; l++)
        index[l] = j + l;
    memcpy(&bits, v, sizeof bits);
    memcpy(&rest, &fill, sizeof rest);
    lane_bits mask = index < seen;
    bits = (bits & mask) | (rest & ~mask);
    memcpy(v, &bits, sizeof bits);
}

/* The first n numbers, or as many as there are lanes; then 0. */
INLINE void lanes_load_some(lanes *v, const real *p, int n) {
    if (n >= (int)LANES) {
        LANES_LOAD(*v, p);
        return;
    }
    *v = (lanes){0};
    memcpy(v, p, (size_t)n * sizeof *p);
}

/* v = the larger of each lane. */
INLINE void lanes_larger(lanes *v, const lanes *w) {
    lane_bits a, b, mask = *w > *v;
    memcpy(&a, v, sizeof a);
    memcpy(&b, w, sizeof b);
    a = (b & mask) | (a & ~mask);
    memcpy(v, &a, sizeof a);
}

/* p (rows x n) = softmax(scale s), 0 where nothing is seen. s: rows x padded(n), made use of. */
INLINE void softmax_rows(seen_function *seen_by, const void *context, int rows, int n, real scale,
                         real *restrict s, real *restrict p) {
    int width = padded(n);
    lanes v;
    for (int i = 0; i < rows; i++) {
        real *row = s + (size_t)i * (size_t)width;
        int seen = seen_by(context, i);
        lanes most = -INFINITY - (lanes){0};
        for (int j = 0; j < seen; j += LANES) {
            LANES_LOAD(v, row + j);
            lanes_cut(&v, j, seen, -INFINITY);
            lanes_larger(&most, &v);
        }
        real max = most[0];
        for (int l = 1; l < (int)LANES; l++)
            max = most[l] > max ? most[l] : max;
        for (int j = 0; j < width; j += LANES) {
            LANES_LOAD(v, row + j);
            v = (v - max) * scale;
            LANES_STORE(row + j, v);
        }
    }
    /* In one long loop, those that are not seen too: shorter ones would end in numbers one by one.
     */
    size_t count = (size_t)rows * (size_t)width;
    for (size_t i = 0; i < count; i++)
        s[i] = real_exp(s[i]);
    for (int i = 0; i < rows; i++) {
        real *row = s + (size_t)i * (size_t)width, *to = p + (size_t)i * (size_t)n;
        int seen = seen_by(context, i);
        lanes sum = {0};
        for (int j = 0; j < seen; j += LANES) {
            LANES_LOAD(v, row + j);
            lanes_cut(&v, j, seen, 0);
            sum += v;
        }
        real inverse = 1 / lanes_sum(&sum);
        for (int j = 0; j < n; j += LANES) {
            LANES_LOAD(v, row + j);
            lanes_cut(&v, j, seen, 0);
            v *= inverse;
            if (j + (int)LANES <= n)
                LANES_STORE(to + j, v);
            else
                memcpy(to + j, &v, (size_t)(n - j) * sizeof *to);
        }
    }
}

/* slope (rows x padded(n)), the gradient of p, becomes that of s: scale p (slope - sum p slope), 0
 * where nothing is seen. */
INLINE void softmax_rows_backward(seen_function *seen_by, const void *context, int rows, int n,
                                  real scale, const real *restrict p, real *restrict slope) {
    int width = padded(n);
    for (int i = 0; i < rows; i++) {
        const real *from = p + (size_t)i * (size_t)n;
        real *row = slope + (size_t)i * (size_t)width;
        int seen = seen_by(context, i);
        lanes sum = {0}, v, w;
        for (int j = 0; j < seen; j += LANES) {
            LANES_LOAD(v, row + j);
            lanes_load_some(&w, from + j, n - j);
            /* What is not seen may be anything, and times 0 not a number. */
            lanes_cut(&v, j, seen, 0);
            sum += w * v;
            LANES_STORE(row + j, v);
        }
        real dot = lanes_sum(&sum);
        for (int j = 0; j < width; j += LANES) {
            LANES_LOAD(v, row + j);
            lanes_load_some(&w, from + j, n - j);
            v = scale * w * (v - dot);
            lanes_cut(&v, j, seen, 0);
            LANES_STORE(row + j, v);
        }
    }
}

#endif
