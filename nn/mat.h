/* Dense matrix products: the only door to BLAS.
 *
 * All matrices are row-major with a leading dimension (elements from one row to the next, at least
 * the number of columns). Products never fail; sizes may be zero. BLAS, and LAPACK in the same
 * library, run on one thread: parallelism belongs to pool.h, so that the bits of a run do not
 * depend on it. */
#ifndef ESPALIER_MAT_H
#define ESPALIER_MAT_H

#include <stdbool.h>

#include "lib/msg.h"
#include "nn/real.h"

/* Pin BLAS to one thread. Call before the first product; calling again is harmless. */
void mat_init(void);

/* The processor core whose kernels BLAS chose ("SkylakeX"), and how BLAS was built. Bits agree
 * between two machines only if the core name does. Static strings. */
const char *mat_core_name(void);
const char *mat_config(void);

/* C (m x n) = A (m x k) B (k x n), or C += A B with add. C must not overlap A or B. */
void mat_nn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc);

/* The same with B transposed: B is n x k, C = A B^T. */
void mat_nt(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc);

/* The same with A transposed: A is k x m, C = A^T B. */
void mat_tn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc);

/* The min(rows, columns) singular values of A, largest first, in double: LAPACK's dgesdd, accurate
 * to about 1e-15 times the largest, which is also the size of what an exact zero may come out as.
 * Makes a copy in double while it runs. -1 with STATUS_NONFINITE when A holds NaN or infinity, or
 * when the iteration does not converge; singular is then undefined. */
int mat_singular_values(int rows, int columns, const real *a, int lda, double *singular,
                        struct err *err) NODISCARD;

#endif
