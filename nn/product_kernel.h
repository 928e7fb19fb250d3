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

enum { DEPTH = 256, HEIGHT = 22 * 12, PANEL = 2 * LANES_, PANELS = 4 };

_Static_assert(ROWS_ <= LANES_, "a group of rows is transposed at once");

static _Thread_local real packed_a[HEIGHT * DEPTH] __attribute__((aligned(64)));
static _Thread_local real packed_b[DEPTH * PANELS * PANEL] __attribute__((aligned(64)));

/* Row i of A's block when its rows stand `row` apart. One pointer for three rows: the others are
 * what the processor's addresses can add, and so many registers are free. */
#define STRIDED_ROW(a, i, row) (a[(i) / 3] + (size_t)((i) % 3) * (row))

/* `rows` x `columns` of C, at most ROWS_ x 2 vectors; rows, vectors and strided are constants where
 * it is called. Element (i, l) of A is left[i * a_row + l * a_step], where a_step is 1 if strided
 * and else a_row is. The arguments are single numbers: a struct would be put together in memory,
 * and reading it whole waits for its parts, and for all that was to be stored before them. */
KERNEL void block(int rows, int vectors, bool strided, int depth, const real *left, size_t a_row,
                  size_t a_step, const real *b, size_t b_step, const real *start, size_t start_row,
                  real *c, size_t ldc, int columns) {
    vector sum[ROWS_][2];
    mask last = MASK(columns - (vectors - 1) * LANES_);
    mask m0 = vectors == 1 ? last : MASK(LANES_);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const real *from = start ? start + (size_t)i * start_row : NULL;
        sum[i][0] = from ? LOAD_MASKED(m0, from) : ZERO();
        sum[i][1] = from && vectors == 2 ? LOAD_MASKED(last, from + LANES_) : ZERO();
    }
    const real *a[(ROWS_ + 2) / 3];
#pragma GCC unroll 16
    for (int i = 0; i < (rows + 2) / 3; i++)
        a[i] = left + (strided ? (size_t)(3 * i) * a_row : (size_t)(3 * i));
    for (int l = 0; l < depth; l++) {
        vector b0 = LOAD(b), b1 = vectors == 2 ? LOAD(b + LANES_) : ZERO();
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vector x = BROADCAST(*STRIDED_ROW(a, i, strided ? a_row : 1));
            sum[i][0] = MULTIPLY_ADD(x, b0, sum[i][0]);
            if (vectors == 2)
                sum[i][1] = MULTIPLY_ADD(x, b1, sum[i][1]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < (rows + 2) / 3; i++)
            a[i] += strided ? 1 : a_step;
        b += b_step;
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        STORE_MASKED(m0, c + (size_t)i * ldc, sum[i][0]);
        if (vectors == 2)
            STORE_MASKED(last, c + (size_t)i * ldc + LANES_, sum[i][1]);
    }
}

typedef void block_function(int depth, const real *left, size_t a_row, size_t a_step, const real *b,
                            size_t b_step, const real *start, size_t start_row, real *c, size_t ldc,
                            int columns);

#define BLOCK(rows, vectors, strided)                                                              \
    static void block_##rows##_##vectors##_##strided(                                              \
        int depth, const real *left, size_t a_row, size_t a_step, const real *b, size_t b_step,    \
        const real *start, size_t start_row, real *c, size_t ldc, int columns) {                   \
        block(rows, vectors, strided, depth, left, a_row, a_step, b, b_step, start, start_row, c,  \
              ldc, columns);                                                                       \
    }
#define BLOCKS(rows) BLOCK(rows, 1, 0) BLOCK(rows, 2, 0) BLOCK(rows, 1, 1) BLOCK(rows, 2, 1)
#define ENTRY(rows)                                                                                \
    [rows] = {{block_##rows##_1_0, block_##rows##_2_0}, {block_##rows##_1_1, block_##rows##_2_1}}

BLOCKS(1)
BLOCKS(2)
BLOCKS(3)
BLOCKS(4)
#if ROWS_ >= 6
BLOCKS(5)
BLOCKS(6)
#endif
#if ROWS_ >= 12
BLOCKS(7)
BLOCKS(8)
BLOCKS(9)
BLOCKS(10)
BLOCKS(11)
BLOCKS(12)
#endif

/* By rows, strided, vectors. */
static block_function *const blocks[ROWS_ + 1][2][2] = {
    ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4),
#if ROWS_ >= 6
    ENTRY(5), ENTRY(6),
#endif
#if ROWS_ >= 12
    ENTRY(7), ENTRY(8), ENTRY(9), ENTRY(10), ENTRY(11), ENTRY(12),
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

/* Columns of packed memory that n columns of B take. */
KERNEL int packed_columns(int n) {
    return (n + LANES_ - 1) / LANES_ * LANES_;
}

/* Columns j0 .. j0 + n - 1 and k of a slice of B, of which bb is the first element, panel after
 * panel: [depth][PANEL] each, the last [depth][LANES_] if that is enough. */
static void pack_b(enum product_form form, int n, int k, const real *bb, size_t ldb, real *to) {
    size_t depth = (size_t)(k + PAIR - 1) / PAIR;
    for (int j = 0; j < n; j += PANEL) {
        int columns = least(n - j, PANEL), width = packed_columns(columns);
        real *panel = to + (size_t)j * depth;
        if (form != PRODUCT_NT) {
            pack_lines(columns, width, k, bb + j, ldb, (size_t)width, panel);
            continue;
        }
        for (int at = 0; at < width; at += LANES_) {
            int lines = least(columns - at, LANES_);
            if (lines < LANES_)
                for (size_t l = 0; l < depth; l++)
                    STORE(panel + l * (size_t)width + at, ZERO());
            pack_transposed(lines, k, bb + (size_t)(j + at) * ldb, ldb, (size_t)width, panel + at);
        }
    }
}

/* C = start. */
static void fill(int m, int n, struct product_start start, real *c, size_t ldc) {
    for (int i = 0; i < m; i++) {
        const real *from = start.from ? start.from + (size_t)i * start.row : NULL;
        real *to = c + (size_t)i * ldc;
        if (!from)
            memset(to, 0, (size_t)n * sizeof *c);
        else if (from != to)
            memcpy(to, from, (size_t)n * sizeof *c);
    }
}

/* Rows of A from which on packing B pays: before, where B's rows stand as the kernel reads them,
 * they are read where they are. Columns from which on packing the transpose of A does. */
enum { ROWS_PAY = 3 * ROWS_, COLUMNS_PAY = 8 * PANEL };

/* A slice of k of a block of rows of A, and what it is multiplied with. */
struct slice {
    enum product_form form;
    int m, n, k, depth, groups;
    const real *a, *b; /* the first elements; b of PRODUCT_PACKED: of the packed slice */
    size_t lda, ldb;
    bool packs_a;
    struct product_start start;
    real *c;
    size_t ldc;
};

/* What of B is packed next, fetched from memory while its predecessors are multiplied with: `lines`
 * rows of `width` numbers; the first `fetched` are on their way. */
struct ahead {
    const real *at;
    size_t ld;
    int lines, width, fetched;
};

KERNEL void fetch(struct ahead *next, int last) {
    for (; next->fetched < last; next->fetched++)
        for (int j = 0; j < next->width; j += 64 / (int)sizeof(real))
            __builtin_prefetch(next->at + (size_t)next->fetched * next->ld + j);
}

/* One panel of C. b: its panel of B, `step` elements from one k to the next. share: the part of
 * *next that is fetched meanwhile, one in so many. */
static void slice_panel(const struct slice *s, int j, const real *b, size_t step,
                        struct ahead *next, int share) {
    int columns = least(s->n - j, PANEL), vectors = columns > LANES_ ? 2 : 1;
    bool strided = !s->packs_a && s->form != PRODUCT_TN;
    const real *start = s->start.from ? s->start.from + j : NULL;
    int fetched = next->fetched, most = least(next->lines - fetched, next->lines / share + 1);
    for (int g = 0, i = 0; g < s->groups; g++) {
        int rows = group_first(s->m, s->groups, g + 1) - i;
        const real *left = s->packs_a ? packed_a + (size_t)i * (size_t)s->depth
                                      : s->a + (strided ? (size_t)i * s->lda : (size_t)i);
        fetch(next, fetched + group_first(most, s->groups, g + 1));
        blocks[rows][strided][vectors - 1](
            s->depth, left, strided ? s->lda : 1, s->packs_a ? (size_t)rows : s->lda, b, step,
            start ? start + (size_t)i * s->start.row : NULL, s->start.row,
            s->c + (size_t)i * s->ldc + j, s->ldc, columns);
        i += rows;
    }
}

/* The columns from j on that are packed at once. */
static struct ahead stretch_at(const struct slice *s, int j, int most) {
    int n = least(s->n - j, most);
    if (s->form == PRODUCT_NT)
        return (struct ahead){s->b + (size_t)j * s->ldb, s->ldb, n, s->k, 0};
    return (struct ahead){s->b + j, s->ldb, s->k, n, 0};
}

static void slice_product(const struct slice *s) {
    bool in_place = PAIR == 1 && s->m < ROWS_PAY &&
                    (s->form == PRODUCT_NN || s->form == PRODUCT_TN);
    bool packs = !in_place && s->form != PRODUCT_PACKED;
    if (s->packs_a)
        pack_a(s->form, s->m, s->groups, s->k, s->a, s->lda);
    int most = s->form == PRODUCT_NT ? PANEL : PANELS * PANEL;
    for (int j0 = 0; j0 < s->n; j0 += most) {
        int stretch = least(s->n - j0, most);
        const real *packed = packed_b;
        /* A last panel that is not whole vectors is packed in any case. */
        int whole = in_place ? stretch / LANES_ * LANES_ : 0;
        whole = whole == stretch ? stretch : whole / PANEL * PANEL;
        if (s->form == PRODUCT_PACKED)
            packed = s->b + (size_t)j0 * (size_t)s->depth;
        else if (whole < stretch)
            pack_b(s->form, stretch - whole, s->k,
                   s->form == PRODUCT_NT ? s->b + (size_t)(j0 + whole) * s->ldb
                                         : s->b + (j0 + whole),
                   s->ldb, packed_b + (size_t)whole * (size_t)s->depth);
        struct ahead next = {0};
        if (packs && j0 + stretch < s->n)
            next = stretch_at(s, j0 + stretch, most);
        int panels = (stretch + PANEL - 1) / PANEL;
        for (int j = 0; j < stretch; j += PANEL)
            if (j < whole)
                slice_panel(s, j0 + j, s->b + j0 + j, s->ldb, &next, panels);
            else
                slice_panel(s, j0 + j, packed + (size_t)j * (size_t)s->depth,
                            (size_t)packed_columns(least(stretch - j, PANEL)), &next, panels);
    }
}

static void whole_product(enum product_form form, int m, int n, int k, const real *a, int lda,
                          const real *b, int ldb, struct product_start start, real *c, int ldc) {
    if (k == 0) {
        fill(m, n, start, c, (size_t)ldc);
        return;
    }
    size_t la = (size_t)lda, lb = (size_t)ldb, lc = (size_t)ldc;
    /* A is read where it is unless its rows stand so far apart that those of a group would share
     * the few places of the first cache that their addresses allow. */
    bool packs_a = PAIR > 1 || la * sizeof *a % 4096 == 0 ||
                   (form == PRODUCT_TN && n >= COLUMNS_PAY);
    int parts = (m + HEIGHT - 1) / HEIGHT;
    for (int part = 0; part < parts; part++) {
        int i = group_first(m, parts, part), height = group_first(m, parts, part + 1) - i;
        struct slice s = {
            .form = form,
            .m = height,
            .n = n,
            .groups = (height + ROWS_ - 1) / ROWS_,
            .lda = la,
            .ldb = lb,
            .packs_a = packs_a,
            .start = {start.from ? start.from + (size_t)i * start.row : NULL, start.row},
            .c = c + (size_t)i * lc,
            .ldc = lc};
        for (int l = 0; l < k; l += PAIR * DEPTH) {
            s.k = least(k - l, PAIR * DEPTH);
            s.depth = (s.k + PAIR - 1) / PAIR;
            s.a = form == PRODUCT_TN ? a + (size_t)l * la + i : a + (size_t)i * la + l;
            s.b = form == PRODUCT_NT       ? b + l
                  : form == PRODUCT_PACKED ? b + (size_t)(l / PAIR) * (size_t)packed_columns(n)
                                           : b + (size_t)l * lb;
            slice_product(&s);
            s.start = (struct product_start){s.c, lc};
        }
    }
}

static size_t packed_size(int n, int k) {
    return (size_t)packed_columns(n) * (size_t)((k + PAIR - 1) / PAIR);
}

static void pack(enum product_form form, int n, int k, const real *b, int ldb, real *to) {
    for (int l = 0; l < k; l += PAIR * DEPTH)
        pack_b(form, n, least(k - l, PAIR * DEPTH),
               form == PRODUCT_NT ? b + l : b + (size_t)l * (size_t)ldb, (size_t)ldb,
               to + (size_t)(l / PAIR) * (size_t)packed_columns(n));
}
