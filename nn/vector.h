/* What the hot loops share: instruction-set clones, and sums whose order is written down.
 *
 * Without contraction and reassociation (see the Makefile) every clone of a loop gives the same
 * bits, so the choice between them at load time is free. */
#ifndef ESPALIER_VECTOR_H
#define ESPALIER_VECTOR_H

#include <string.h>

#include "nn/real.h"

/* The sanitizers' run-time is not ready when the loader resolves clones. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__)
#    define CLONED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#    define CLONED
#endif

/* Before a loop whose outputs either are an input element for element or do not touch it. */
#ifdef __clang__
#    define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#    define INDEPENDENT _Pragma("GCC ivdep")
#endif

#define INLINE static inline __attribute__((always_inline))

/* 32 bytes: one register of AVX2, two of SSE2. Never passed or returned, so that its place in the
 * calling convention, which depends on the instruction set, does not matter. */
typedef real lanes __attribute__((vector_size(32)));
enum { LANES = 32 / sizeof(real) };

/* v: lanes; p: real *. */
#define LANES_LOAD(v, p)  memcpy(&(v), (p), sizeof(lanes))
#define LANES_STORE(p, v) memcpy((p), &(v), sizeof(lanes))

/* The sum of the lanes in one fixed order. */
INLINE real lanes_sum(const lanes *v) {
    real a[LANES];
    memcpy(a, v, sizeof a);
    for (int half = LANES / 2; half >= 1; half /= 2)
        for (int l = 0; l < half; l++)
            a[l] += a[l + half];
    return a[0];
}

#endif
