/* Compiled for AVX-512 with BF16 (see the Makefile): two values of k make one packed element. */
#include "nn/real.h"

#if defined(__x86_64__) && !defined(REAL_IS_DOUBLE)
#    include <immintrin.h>

#    define LANES_ 16
#    define ROWS_  12
#    define PAIR   2

typedef __m512 vector;
typedef __mmask16 mask;
#    define MASK(n)               ((mask)((1u << (n)) - 1))
#    define LOAD(p)               _mm512_loadu_ps(p)
#    define LOAD_MASKED(m, p)     _mm512_maskz_loadu_ps(m, p)
#    define STORE(p, v)           _mm512_storeu_ps(p, v)
#    define STORE_MASKED(m, p, v) _mm512_mask_storeu_ps(p, m, v)
#    define BROADCAST(x)          _mm512_set1_ps(x)
#    define ZERO()                _mm512_setzero_ps()

static inline __m512 multiply_add(__m512 a, __m512 b, __m512 c) {
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}
#    define MULTIPLY_ADD(a, b, c) multiply_add(a, b, c)

/* Pairs (0, 1), (2, 3), ... of n numbers. */
static inline __m512 load_along(const float *p, int n) {
    __m512 low = LOAD_MASKED(MASK(n < 16 ? n : 16), p);
    __m512 high = n > 16 ? LOAD_MASKED(MASK(n < 32 ? n - 16 : 16), p + 16) : ZERO();
    return (__m512)_mm512_cvtne2ps_pbh(high, low);
}
#    define LOAD_ALONG(p, n) load_along(p, n)

/* Pairs (p[j], q[j]). */
static inline __m512 load_across(const float *p, const float *q, int n) {
    __m512 first = LOAD_MASKED(MASK(n), p), second = q ? LOAD_MASKED(MASK(n), q) : ZERO();
    __m512i a = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
    __m512i b = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
    return (__m512)_mm512_or_si512(a, _mm512_slli_epi32(b, 16));
}
#    define LOAD_ACROSS(p, q, n) load_across(p, q, n)

#    include "nn/product_transpose.inc"
#    define TRANSPOSE(v) transpose_lanes(v)

#    include "nn/product_kernel.inc"

static bool runs_here(void) {
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
}

/* What is not rounded is the other set's. */
static void small_product(int m, int n, int k, const real *a, int a_row, int a_column,
                          const real *b, int ldb, enum band band, real *c, int ldc) {
    product_avx512.small(m, n, k, a, a_row, a_column, b, ldb, band, c, ldc);
}

static void transpose(int rows, int columns, const real *x, int ldx, int width, real *y) {
    product_avx512.transpose(rows, columns, x, ldx, width, y);
}

const struct product_kernels product_bf16 = {
    .name = "avx512-bf16",
    .runs_here = runs_here,
    .rounds = true,
    .product = whole_product,
    .packed_size = packed_size,
    .pack = pack,
    .small = small_product,
    .transpose = transpose,
};
#endif
