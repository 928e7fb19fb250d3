/* Dense matrix products, by product.h, and the only door to LAPACK.
 *
 * All matrices are row-major with a leading dimension (elements from one row to the next, at least
 * the number of columns). Products never fail; sizes may be zero. LAPACK runs on one thread:
 * parallelism belongs to pool.h, so that the bits of a run do not depend on it. */
#ifndef ESPALIER_MAT_H
#define ESPALIER_MAT_H

#include <stdbool.h>

#include "lib/msg.h"
#include "nn/real.h"

/* Pin LAPACK's BLAS to one thread. Call before the first of its functions; calling again is
 * harmless. */
void mat_init(void);

/* The processor core whose kernels BLAS chose ("SkylakeX"), and how BLAS was built: what LAPACK
 * returns agrees to the bit between two machines only if the core name does. Static strings. */
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

/* What follows is for statistics on models: in double whatever `real` is, by LAPACK. Arguments must
 * be finite. Matrices are row-major without gaps. */

/* A (rows x columns) becomes the R of its QR factorisation, by Householder reflections: upper
 * triangular (A^T A = R^T R) in the first min(rows, columns) rows, 0 below; the signs of its rows
 * are LAPACK's. */
void mat_qr(int rows, int columns, double *a);

/* The X (columns x outputs) of least |X| among those that minimise |A X - B|, where A (rows x
 * columns) has the rank that it has when singular values not above tolerance times the largest
 * count as 0: LAPACK's dgelsd (singular value decomposition). B is rows x outputs; A and B are not
 * changed. *rank gets the rank. -1 with STATUS_NONFINITE when the iteration does not converge. */
int mat_least_squares(int rows, int columns, int outputs, const double *a, const double *b,
                      double tolerance, double *x, int *rank, struct err *err) NODISCARD;

/* The eigenvalues of a symmetric matrix (n x n; its upper triangle is read), smallest first, and
 * their unit eigenvectors, one a row: LAPACK's dsyevd. vectors may be the matrix itself. -1 with
 * STATUS_NONFINITE when the iteration does not converge. For matrices of hundreds of rows:
 * lib/symmetric.h does tens, where lib needs them and the bits must be those of every machine, but
 * by rotations, whose time makes 1000 rows a matter of half a minute. */
int mat_symmetric_eigen(int n, const double *a, double *values, double *vectors,
                        struct err *err) NODISCARD;

#endif
