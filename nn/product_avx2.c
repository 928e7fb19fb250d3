/* Compiled for AVX2 and FMA (see the Makefile). */
#include "nn/real.h"

#ifdef __x86_64__
#    include <immintrin.h>
#    include <stdint.h>

#    define SET           product_avx2
#    define SET_NAME      "avx2"
#    define PAIR          1
#    define SMALL_VECTORS 2

typedef __m256i mask;

#    ifdef REAL_IS_DOUBLE
#        define LANES_ 4
#        define ROWS_  4
typedef __m256d vector;
#        define LOAD(p)               _mm256_loadu_pd(p)
#        define LOAD_MASKED(m, p)     _mm256_maskload_pd(p, m)
#        define STORE(p, v)           _mm256_storeu_pd(p, v)
#        define STORE_MASKED(m, p, v) _mm256_maskstore_pd(p, m, v)
#        define BROADCAST(x)          _mm256_set1_pd(x)
#        define ZERO()                _mm256_setzero_pd()
#        define MULTIPLY_ADD(a, b, c) _mm256_fmadd_pd(a, b, c)
static const int64_t mask_words[2 * LANES_] = {-1, -1, -1, -1};
#    else
#        define LANES_                8
#        define ROWS_                 6
typedef __m256 vector;
#        define LOAD(p)               _mm256_loadu_ps(p)
#        define LOAD_MASKED(m, p)     _mm256_maskload_ps(p, m)
#        define STORE(p, v)           _mm256_storeu_ps(p, v)
#        define STORE_MASKED(m, p, v) _mm256_maskstore_ps(p, m, v)
#        define BROADCAST(x)          _mm256_set1_ps(x)
#        define ZERO()                _mm256_setzero_ps()
#        define MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
static const int32_t mask_words[2 * LANES_] = {-1, -1, -1, -1, -1, -1, -1, -1};
#    endif
#    define MASK(n)              _mm256_loadu_si256((const __m256i *)(const void *)(mask_words + LANES_ - (n)))
#    define LOAD_ALONG(p, n)     LOAD_MASKED(MASK(least(n, LANES_)), p)
#    define LOAD_ACROSS(p, q, n) ((void)(q), LOAD_MASKED(MASK(n), p))

#    include "nn/product_transpose.inc"
#    define TRANSPOSE(v) transpose_lanes(v)

static _Bool runs_here(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#    include "nn/product_kernel.inc"
#    include "nn/product_small.inc"
#endif
