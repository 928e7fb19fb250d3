/* The rest of a set of product kernels, for vectors of whole numbers of `real` (PAIR 1): included
 * after product_kernel.h. */

/* `rows` rows of C, `vectors` vectors of its columns, of which the last may be partial. */
KERNEL void small_block(int rows, int vectors, int k0, int k1, const real *a, size_t a_row,
                        size_t a_column, const real *b, size_t ldb, real *c, size_t ldc,
                        int columns) {
    vector sum[8][SMALL_VECTORS];
    mask last = MASK(columns - (vectors - 1) * LANES_);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            sum[i][v] = ZERO();
    for (int l = k0; l < k1; l++) {
        const real *line = b + (size_t)l * ldb, *left = a + (size_t)l * a_column;
        vector y[SMALL_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            y[v] = v == vectors - 1 ? LOAD_MASKED(last, line + v * LANES_)
                                    : LOAD(line + v * LANES_);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            vector x = BROADCAST(left[(size_t)i * a_row]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                sum[i][v] = MULTIPLY_ADD(x, y[v], sum[i][v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            real *to = c + (size_t)i * ldc + v * LANES_;
            if (v == vectors - 1)
                STORE_MASKED(last, to, sum[i][v]);
            else
                STORE(to, sum[i][v]);
        }
}

/* All columns of some rows. */
KERNEL void small_rows(int rows, int n, int k0, int k1, const real *a, size_t a_row,
                       size_t a_column, const real *b, size_t ldb, real *c, size_t ldc) {
    for (int j = 0; j < n; j += SMALL_VECTORS * LANES_) {
        int columns = least(n - j, SMALL_VECTORS * LANES_);
        int vectors = (columns + LANES_ - 1) / LANES_;
        if (vectors == 1)
            small_block(rows, 1, k0, k1, a, a_row, a_column, b + j, ldb, c + j, ldc, columns);
        else if (vectors == 2)
            small_block(rows, 2, k0, k1, a, a_row, a_column, b + j, ldb, c + j, ldc, columns);
#if SMALL_VECTORS == 4
        else if (vectors == 3)
            small_block(rows, 3, k0, k1, a, a_row, a_column, b + j, ldb, c + j, ldc, columns);
        else
            small_block(rows, 4, k0, k1, a, a_row, a_column, b + j, ldb, c + j, ldc, columns);
#endif
    }
}

/* The same of at most half the vectors. */
KERNEL void small_few(int rows, int n, int k0, int k1, const real *a, size_t a_row, size_t a_column,
                      const real *b, size_t ldb, real *c, size_t ldc) {
    if (SMALL_VECTORS == 4 && n > LANES_)
        small_block(rows, 2, k0, k1, a, a_row, a_column, b, ldb, c, ldc, n);
    else
        small_block(rows, 1, k0, k1, a, a_row, a_column, b, ldb, c, ldc, n);
}

static void small_product(int m, int n, int k, const real *a, int a_row, int a_column,
                          const real *b, int ldb, enum band band, real *c, int ldc) {
    size_t ar = (size_t)a_row, ac = (size_t)a_column, lb = (size_t)ldb, lc = (size_t)ldc;
    /* Few columns leave registers for more rows, whose sums the processor makes side by side. */
    bool narrow = n <= SMALL_VECTORS / 2 * LANES_;
    for (int i = 0, rows; i < m; i += rows) {
        rows = narrow && m - i >= 8 ? 8 : least(m - i, 4);
        int k0 = band == BAND_UPPER ? least(i, k) : 0;
        int k1 = band == BAND_LOWER ? least(i + rows, k) : k;
        const real *at = a + (size_t)i * ar;
        real *to = c + (size_t)i * lc;
        if (rows == 8)
            small_few(8, n, k0, k1, at, ar, ac, b, lb, to, lc);
        else if (rows == 4)
            small_rows(4, n, k0, k1, at, ar, ac, b, lb, to, lc);
        else if (rows == 3)
            small_rows(3, n, k0, k1, at, ar, ac, b, lb, to, lc);
        else if (rows == 2)
            small_rows(2, n, k0, k1, at, ar, ac, b, lb, to, lc);
        else
            small_rows(1, n, k0, k1, at, ar, ac, b, lb, to, lc);
    }
}

static void transpose(int rows, int columns, const real *x, int ldx, int width, real *y) {
    for (int i = 0; i < width; i += LANES_) {
        int lines = rows - i < 0 ? 0 : least(rows - i, LANES_);
        mask wide = MASK(least(width - i, LANES_));
        for (int j = 0; j < columns; j += LANES_) {
            int count = least(columns - j, LANES_);
            vector v[LANES_];
            for (int r = 0; r < LANES_; r++)
                v[r] = r < lines
                           ? LOAD_MASKED(MASK(count), x + (size_t)(i + r) * (size_t)ldx + (size_t)j)
                           : ZERO();
            TRANSPOSE(v);
            for (int r = 0; r < count; r++)
                STORE_MASKED(wide, y + (size_t)(j + r) * (size_t)width + i, v[r]);
        }
    }
}

const struct product_kernels SET = {
    .name = SET_NAME,
    .runs_here = runs_here,
    .product = whole_product,
    .packed_size = packed_size,
    .pack = pack,
    .small = small_product,
    .transpose = transpose,
};
