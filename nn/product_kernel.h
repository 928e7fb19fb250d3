/* The body of a set of product kernels (product.h), included by the file of each instruction set
 * after it has defined:
 *
 * SET            name of the struct product_kernels
 * SET_NAME       its name as text
 * LANES_         numbers in a vector
 * ROWS_          rows of a block of C held in registers, which is two vectors wide; at most LANES_
 * PAIR           values of k in one packed element: 1, or 2 of half the size
 * vector, mask   types
 * MASK(n)        the first n lanes, 0 <= n <= LANES_
 * LOAD(p), LOAD_MASKED(m, p), STORE(p, v), STORE_MASKED(m, p, v), BROADCAST(x), ZERO()
 * MULTIPLY_ADD(a, b, c)  a b + c
 * LOAD_ALONG(p, n)       n packed elements made of PAIR n values of k that stand side by side
 * LOAD_ACROSS(p, q, n)   n packed elements made of n columns of row p and (PAIR 2) row q of B or
 * A^T TRANSPOSE(v)           of LANES_ vectors, in place runs_here()
 *
 * Blocks: B is cut into slices of DEPTH packed elements of k and 2 LANES_ columns, a panel, packed
 * so that it is read in order and stays in the first cache; A into blocks of at most HEIGHT rows,
 * packed likewise in groups of ROWS_ rows, which stay in the second. (Goto and van de Geijn 2008,
 * "Anatomy of high-performance matrix multiplication".) */
#include <stdint.h>
#include <string.h>

#include "nn/product.h"

#define KERNEL static inline __attribute__((always_inline))

enum { DEPTH = 256, HEIGHT = 22 * 12, PANEL = 2 * LANES_ };

_Static_assert(ROWS_ <= LANES_, "a group of rows is transposed at once");

static _Thread_local real packed_a[HEIGHT * DEPTH] __attribute__((aligned(64)));
static _Thread_local real packed_b[DEPTH * PANEL] __attribute__((aligned(64)));

/* `rows` x `columns` of C, at most ROWS_ x 2 vectors; rows and vectors are constants where it is
 * called. a: [depth][rows]. b: `step` elements from one k to the next. */
KERNEL void block(int rows, int vectors, int depth, const real *a, const real *b, size_t step,
                  struct product_start start, real *c, size_t ldc, int columns) {
    vector sum[ROWS_][2];
    mask last = MASK(columns - (vectors - 1) * LANES_);
    mask m0 = vectors == 1 ? last : MASK(LANES_);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const real *from = start.from ? start.from + (size_t)i * start.row : NULL;
        sum[i][0] = from ? LOAD_MASKED(m0, from) : ZERO();
        sum[i][1] = from && vectors == 2 ? LOAD_MASKED(last, from + LANES_) : ZERO();
    }
    for (int l = 0; l < depth; l++) {
        vector b0 = LOAD(b), b1 = vectors == 2 ? LOAD(b + LANES_) : ZERO();
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vector x = BROADCAST(a[i]);
            sum[i][0] = MULTIPLY_ADD(x, b0, sum[i][0]);
            if (vectors == 2)
                sum[i][1] = MULTIPLY_ADD(x, b1, sum[i][1]);
        }
        a += rows;
        b += step;
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        STORE_MASKED(m0, c + (size_t)i * ldc, sum[i][0]);
        if (vectors == 2)
            STORE_MASKED(last, c + (size_t)i * ldc + LANES_, sum[i][1]);
    }
}

typedef void block_function(int depth, const real *a, const real *b, size_t step,
                            struct product_start start, real *c, size_t ldc, int columns);

#define BLOCK(rows)                                                                                \
    static void block_##rows##_1(int depth, const real *a, const real *b, size_t step,             \
                                 struct product_start start, real *c, size_t ldc, int columns) {   \
        block(rows, 1, depth, a, b, step, start, c, ldc, columns);                                 \
    }                                                                                              \
    static void block_##rows##_2(int depth, const real *a, const real *b, size_t step,             \
                                 struct product_start start, real *c, size_t ldc, int columns) {   \
        block(rows, 2, depth, a, b, step, start, c, ldc, columns);                                 \
    }
#define BLOCKS(rows) [rows] = {block_##rows##_1, block_##rows##_2}

BLOCK(1)
BLOCK(2)
BLOCK(3)
BLOCK(4)
#if ROWS_ >= 6
BLOCK(5)
BLOCK(6)
#endif
#if ROWS_ >= 12
BLOCK(7)
BLOCK(8)
BLOCK(9)
BLOCK(10)
BLOCK(11)
BLOCK(12)
#endif

static block_function *const blocks[ROWS_ + 1][2] = {
    BLOCKS(1), BLOCKS(2), BLOCKS(3), BLOCKS(4),
#if ROWS_ >= 6
    BLOCKS(5), BLOCKS(6),
#endif
#if ROWS_ >= 12
    BLOCKS(7), BLOCKS(8), BLOCKS(9), BLOCKS(10), BLOCKS(11), BLOCKS(12),
#endif
};

KERNEL int least(int a, int b) {
    return a < b ? a : b;
}

/* Rows `first` .. of group g when m rows are cut into groups of nearly the same number of rows. */
KERNEL int group_first(int m, int groups, int g) {
    return (int)((int64_t)m * g / groups);
}

/* n vectors of lines that stand ld apart, side by side: [depth][n], `step` apart, n <= LANES_. */
KERNEL void pack_transposed(int n, int k, const real *x, size_t ld, size_t step, real *to) {
    for (int l = 0; l < k; l += PAIR * LANES_) {
        int count = least(k - l, PAIR * LANES_), depth = (count + PAIR - 1) / PAIR;
        vector v[LANES_];
        for (int i = 0; i < LANES_; i++)
            v[i] = i < n ? LOAD_ALONG(x + (size_t)i * ld + l, count) : ZERO();
        TRANSPOSE(v);
        for (int i = 0; i < depth; i++)
            STORE_MASKED(MASK(n), to + (size_t)i * step, v[i]);
        to += (size_t)depth * step;
    }
}

/* k lines of n numbers, `step` apart in the packed memory, 0 from n on to width. */
KERNEL void pack_lines(int n, int width, int k, const real *x, size_t ld, size_t step, real *to) {
    for (int l = 0; l < k; l += PAIR) {
        const real *p = x + (size_t)l * ld, *q = l + 1 < k ? p + ld : NULL;
        for (int j = 0; j < width; j += LANES_) {
            int count = n - j < 0 ? 0 : least(n - j, LANES_);
            vector v = LOAD_ACROSS(p + j, q ? q + j : NULL, count);
            STORE_MASKED(MASK(least(width - j, LANES_)), to + j, v);
        }
        to += step;
    }
}

/* Rows first .. first + m - 1 and k of slice k0 .. k0 + k - 1 of A. */
static void pack_a(enum product_form form, int m, int groups, int k, const real *a, size_t lda) {
    real *to = packed_a;
    size_t depth = (size_t)(k + PAIR - 1) / PAIR;
    for (int g = 0; g < groups; g++) {
        int i = group_first(m, groups, g), rows = group_first(m, groups, g + 1) - i;
        if (form == PRODUCT_TN)
            pack_lines(rows, rows, k, a + i, lda, (size_t)rows, to);
        else
            pack_transposed(rows, k, a + (size_t)i * lda, lda, (size_t)rows, to);
        to += depth * (size_t)rows;
    }
}

static void pack_b(enum product_form form, int columns, int width, int k, const real *b,
                   size_t ldb) {
    if (form != PRODUCT_NT) {
        pack_lines(columns, width, k, b, ldb, (size_t)width, packed_b);
        return;
    }
    for (int j = 0; j < width; j += LANES_) {
        int n = least(columns - j, LANES_);
        if (n < LANES_)
            for (int l = 0; l < (k + PAIR - 1) / PAIR; l++)
                STORE(packed_b + (size_t)l * (size_t)width + j, ZERO());
        pack_transposed(n, k, b + (size_t)j * ldb, ldb, (size_t)width, packed_b + j);
    }
}

static void fill(int m, int n, struct product_start start, real *c, size_t ldc) {
    for (int i = 0; i < m; i++) {
        if (!start.from)
            memset(c + (size_t)i * ldc, 0, (size_t)n * sizeof *c);
        else if (start.from + (size_t)i * start.row != c + (size_t)i * ldc)
            memcpy(c + (size_t)i * ldc, start.from + (size_t)i * start.row, (size_t)n * sizeof *c);
    }
}

/* Rows of A from which on packing B pays: before, where B's rows stand as the kernel reads them,
 * they are read where they are. */
enum { PACKING_PAYS = 3 * ROWS_ };

static void whole_product(enum product_form form, int m, int n, int k, const real *a, int lda,
                          const real *b, int ldb, struct product_start start, real *c, int ldc) {
    if (k == 0) {
        fill(m, n, start, c, (size_t)ldc);
        return;
    }
    size_t la = (size_t)lda, lb = (size_t)ldb, lc = (size_t)ldc;
    int parts = (m + HEIGHT - 1) / HEIGHT;
    for (int part = 0; part < parts; part++) {
        int i0 = group_first(m, parts, part), height = group_first(m, parts, part + 1) - i0;
        int groups = (height + ROWS_ - 1) / ROWS_;
        struct product_start from = start;
        if (from.from)
            from.from += (size_t)i0 * from.row;
        for (int l = 0; l < k; l += PAIR * DEPTH) {
            int slice = least(k - l, PAIR * DEPTH), depth = (slice + PAIR - 1) / PAIR;
            const real *aa = form == PRODUCT_TN ? a + (size_t)l * la + i0 : a + (size_t)i0 * la + l;
            pack_a(form, height, groups, slice, aa, la);
            for (int j = 0; j < n; j += PANEL) {
                int columns = least(n - j, PANEL), vectors = columns > LANES_ ? 2 : 1;
                const real *bb = form == PRODUCT_NT ? b + (size_t)j * lb + l
                                                    : b + (size_t)l * lb + j;
                bool direct = PAIR == 1 && form != PRODUCT_NT && height < PACKING_PAYS &&
                              columns == vectors * LANES_;
                if (!direct)
                    pack_b(form, columns, vectors * LANES_, slice, bb, lb);
                const real *group = packed_a;
                for (int g = 0; g < groups; g++) {
                    int i = group_first(height, groups, g);
                    int rows = group_first(height, groups, g + 1) - i;
                    struct product_start mine = from;
                    if (mine.from)
                        mine.from += (size_t)i * mine.row + (size_t)j;
                    blocks[rows][vectors - 1](depth, group, direct ? bb : packed_b,
                                              direct ? lb : (size_t)(vectors * LANES_), mine,
                                              c + (size_t)(i0 + i) * lc + j, lc, columns);
                    group += (size_t)depth * (size_t)rows;
                }
            }
            from = (struct product_start){c + (size_t)i0 * lc, lc};
        }
    }
}
