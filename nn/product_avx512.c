/* Compiled for AVX-512 (see the Makefile). */
#include "nn/real.h"

#ifdef __x86_64__
#    include <immintrin.h>

#    define SET           product_avx512
#    define SET_NAME      "avx512"
#    define PAIR          1
#    define SMALL_VECTORS 4

#    ifdef REAL_IS_DOUBLE
#        define LANES_ 8
#        define ROWS_  6
typedef __m512d vector;
typedef __mmask8 mask;
#        define LOAD(p)               _mm512_loadu_pd(p)
#        define LOAD_MASKED(m, p)     _mm512_maskz_loadu_pd(m, p)
#        define STORE(p, v)           _mm512_storeu_pd(p, v)
#        define STORE_MASKED(m, p, v) _mm512_mask_storeu_pd(p, m, v)
#        define BROADCAST(x)          _mm512_set1_pd(x)
#        define ZERO()                _mm512_setzero_pd()
#        define MULTIPLY_ADD(a, b, c) _mm512_fmadd_pd(a, b, c)
#    else
#        define LANES_                16
#        define ROWS_                 12
typedef __m512 vector;
typedef __mmask16 mask;
#        define LOAD(p)               _mm512_loadu_ps(p)
#        define LOAD_MASKED(m, p)     _mm512_maskz_loadu_ps(m, p)
#        define STORE(p, v)           _mm512_storeu_ps(p, v)
#        define STORE_MASKED(m, p, v) _mm512_mask_storeu_ps(p, m, v)
#        define BROADCAST(x)          _mm512_set1_ps(x)
#        define ZERO()                _mm512_setzero_ps()
#        define MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#    endif
#    define MASK(n)              ((mask)((1u << (n)) - 1))
#    define LOAD_ALONG(p, n)     LOAD_MASKED(MASK(least(n, LANES_)), p)
#    define LOAD_ACROSS(p, q, n) ((void)(q), LOAD_MASKED(MASK(n), p))

#    include "nn/product_transpose.inc"
#    define TRANSPOSE(v) transpose_lanes(v)

static _Bool runs_here(void) {
    return __builtin_cpu_supports("avx512f");
}

#    include "nn/product_kernel.inc"
#    include "nn/product_small.inc"
#endif
