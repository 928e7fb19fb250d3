/* For processors without the instructions of the others: fused multiply-adds one by one. */
#include <math.h>

#include "nn/real.h"

#define SET           product_portable
#define SET_NAME      "portable"
#define LANES_        4
#define ROWS_         4
#define PAIR          1
#define SMALL_VECTORS 2

typedef struct {
    real x[LANES_];
} vector;
typedef int mask;

static inline vector load_masked(int n, const real *p) {
    vector v;
    for (int i = 0; i < LANES_; i++)
        v.x[i] = i < n ? p[i] : 0;
    return v;
}

static inline void store_masked(int n, real *p, vector v) {
    for (int i = 0; i < LANES_ && i < n; i++)
        p[i] = v.x[i];
}

static inline vector broadcast(real x) {
    vector v;
    for (int i = 0; i < LANES_; i++)
        v.x[i] = x;
    return v;
}

static inline vector multiply_add(vector a, vector b, vector c) {
    for (int i = 0; i < LANES_; i++)
#ifdef REAL_IS_DOUBLE
        c.x[i] = fma(a.x[i], b.x[i], c.x[i]);
#else
        c.x[i] = fmaf(a.x[i], b.x[i], c.x[i]);
#endif
    return c;
}

static inline void transpose_lanes(vector *v) {
    for (int i = 0; i < LANES_; i++)
        for (int j = 0; j < i; j++) {
            real x = v[i].x[j];
            v[i].x[j] = v[j].x[i];
            v[j].x[i] = x;
        }
}

static _Bool runs_here(void) {
    return 1;
}

#define MASK(n)               (n)
#define LOAD(p)               load_masked(LANES_, p)
#define LOAD_MASKED(m, p)     load_masked(m, p)
#define STORE(p, v)           store_masked(LANES_, p, v)
#define STORE_MASKED(m, p, v) store_masked(m, p, v)
#define BROADCAST(x)          broadcast(x)
#define ZERO()                broadcast(0)
#define MULTIPLY_ADD(a, b, c) multiply_add(a, b, c)
#define LOAD_ALONG(p, n)      load_masked(n, p)
#define LOAD_ACROSS(p, q, n)  ((void)(q), load_masked(n, p))
#define TRANSPOSE(v)          transpose_lanes(v)

#include "nn/product_kernel.inc"
#include "nn/product_small.inc"
