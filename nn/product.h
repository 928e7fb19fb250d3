/* Products of matrices whose bits are those of their definition.
 *
 * Every element of C is one chain of fused multiply-adds (IEEE 754 fusedMultiplyAdd, one rounding
 * each) from a starting value over k in rising order. How the matrices are cut into blocks, how
 * many rows there are and which instructions the processor has do not change a bit. The same
 * functions exist for several instruction sets; product_kernels() is the best that runs here.
 *
 * Row-major matrices; a leading dimension counts elements from one row to the next. C must not
 * overlap A or B. Products never fail; sizes may be zero. */
#ifndef ESPALIER_PRODUCT_H
#define ESPALIER_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/msg.h"
#include "nn/real.h"

/* How A (m x k) and B (k x n) stand in memory: as they are; B as its transpose (n x k); A as its
 * transpose (k x m); B as `pack` left it, which is quicker when it is multiplied with many times
 * (its leading dimension is then of no account). */
enum product_form { PRODUCT_NN, PRODUCT_NT, PRODUCT_TN, PRODUCT_PACKED };

/* What the chains start from: the rows of a matrix, which may be C itself; with row 0 the same row
 * for every row of C (a bias); NULL: 0. */
struct product_start {
    const real *from;
    size_t row;
};

/* Which k of row i of A may be nonzero: all, k <= i, k >= i. */
enum band { BAND_ALL, BAND_LOWER, BAND_UPPER };

/* One set of instructions. */
struct product_kernels {
    const char *name; /* "avx512", "avx2", "portable"; of bf16 "avx512-bf16" */
    bool (*runs_here)(void);
    bool rounds; /* operands, as they are packed, which therefore costs more */

    /* C (m x n) = start + A B. Blocks are packed into memory of the calling thread. */
    void (*product)(enum product_form form, int m, int n, int k, const real *a, int lda,
                    const real *b, int ldb, struct product_start start, real *c, int ldc);

    /* B (k x n), which stands as in PRODUCT_NN or PRODUCT_NT, for PRODUCT_PACKED of this set:
     * packed_size elements, on a boundary of 64 bytes for speed. */
    size_t (*packed_size)(int n, int k);
    void (*pack)(enum product_form form, int n, int k, const real *b, int ldb, real *to);

    /* C = A B for the matrices of one head of attention: a few dozen rows and columns, nothing is
     * packed. Element (i, l) of A is a[i * a_row + l * a_column]; it must be 0 outside its band. */
    void (*small)(int m, int n, int k, const real *a, int a_row, int a_column, const real *b,
                  int ldb, enum band band, real *c, int ldc);

    /* y (columns x width) = the transpose of x (rows x columns), 0 from column `rows` to width. */
    void (*transpose)(int rows, int columns, const real *x, int ldx, int width, real *y);
};

extern const struct product_kernels product_portable;
#ifdef __x86_64__
extern const struct product_kernels product_avx2, product_avx512;
#    ifndef REAL_IS_DOUBLE
/* The operands of `product` rounded to bfloat16, to nearest, ties to even; products and sums as the
 * processor's VDPBF16PS makes them: for each element a chain over pairs of k, of which the second
 * is added first, each sum rounded to float once, numbers too small to be normal taken for 0.
 * `small` and `transpose` are those of product_avx512. */
extern const struct product_kernels product_bf16;
#    endif
#endif

/* Of what the operands of products are rounded to; the names of --precision end with NULL. */
enum precision { PRECISION_F32, PRECISION_BF16 };
extern const char *const precision_names[];

/* The set for a precision. NULL with STATUS_USAGE: this processor has none. */
const struct product_kernels *product_kernels_of(enum precision precision,
                                                 struct err *err) NODISCARD;

/* The fastest that runs on this processor and rounds nothing; the same on every call. */
const struct product_kernels *product_kernels(void);

#endif
