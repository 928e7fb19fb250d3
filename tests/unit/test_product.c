/* Every set of product kernels against the definition, bit by bit. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/product.h"

static const struct product_kernels *const sets[] = {
    &product_portable,
#ifdef __x86_64__
    &product_avx2,
    &product_avx512,
#endif
};
enum { SETS = sizeof sets / sizeof *sets };

static real fused(real a, real b, real c) {
#ifdef REAL_IS_DOUBLE
    return fma(a, b, c);
#else
    return fmaf(a, b, c);
#endif
}

static struct rng rng;

#ifdef __x86_64__
#    ifndef REAL_IS_DOUBLE
#        define HAVE_BF16 1
#    endif
#endif

static int below(int n) {
    return (int)rng_below(&rng, (uint32_t)n);
}

/* A matrix whose rows end in guards. */
struct matrix {
    int rows, columns, ld;
    real *at;
};

static struct matrix new_matrix(int rows, int columns) {
    struct matrix m = {rows, columns, columns + below(4), NULL};
    m.at = mem_alloc((size_t)(rows * m.ld) + 1, sizeof *m.at);
    for (int i = 0; i < rows * m.ld; i++)
        m.at[i] = (real)(rng_uniform(&rng) - 0.5);
    return m;
}

static struct matrix copy_of(const struct matrix *from) {
    struct matrix m = *from;
    size_t n = (size_t)(m.rows * m.ld) + 1;
    m.at = mem_alloc(n, sizeof *m.at);
    memcpy(m.at, from->at, n * sizeof *m.at);
    return m;
}

static void same(const struct matrix *a, const struct matrix *b) {
    assert_memory_equal(a->at, b->at, (size_t)(a->rows * a->ld) * sizeof *a->at);
}

enum start { START_ZERO, START_SELF, START_ROW, START_MATRIX, STARTS };

static void check_product(enum product_form form, enum start kind, int m, int n, int k) {
    struct matrix a = form == PRODUCT_TN ? new_matrix(k, m) : new_matrix(m, k);
    struct matrix b = form == PRODUCT_NT ? new_matrix(n, k) : new_matrix(k, n);
    struct matrix from = new_matrix(m + 1, n), c = new_matrix(m, n);
    struct matrix expected = copy_of(&c);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            real sum = kind == START_ZERO   ? 0
                       : kind == START_SELF ? c.at[i * c.ld + j]
                       : kind == START_ROW  ? from.at[j]
                                            : from.at[i * from.ld + j];
            for (int l = 0; l < k; l++)
                sum = fused(form == PRODUCT_TN ? a.at[l * a.ld + i] : a.at[i * a.ld + l],
                            form == PRODUCT_NT ? b.at[j * b.ld + l] : b.at[l * b.ld + j], sum);
            expected.at[i * c.ld + j] = sum;
        }
    for (int s = 0; s < SETS; s++) {
        if (!sets[s]->runs_here())
            continue;
        struct matrix made = copy_of(&c);
        struct product_start start = {kind == START_ZERO   ? NULL
                                      : kind == START_SELF ? made.at
                                                           : from.at,
                                      (size_t)(kind == START_SELF  ? made.ld
                                               : kind == START_ROW ? 0
                                                                   : from.ld)};
        sets[s]->product(form, m, n, k, a.at, a.ld, b.at, b.ld, start, made.at, made.ld);
        same(&expected, &made);
        if (form != PRODUCT_TN) {
            free(made.at);
            made = copy_of(&c);
            start.from = kind == START_SELF ? made.at : start.from;
            real *packed = mem_aligned(sets[s]->packed_size(n, k) + 1, sizeof *packed);
            sets[s]->pack(form, n, k, b.at, b.ld, packed);
            sets[s]->product(PRODUCT_PACKED, m, n, k, a.at, a.ld, packed, 0, start, made.at,
                             made.ld);
            same(&expected, &made);
            free(packed);
        }
        free(made.at);
    }
    free(a.at);
    free(b.at);
    free(c.at);
    free(from.at);
    free(expected.at);
}

static void products_are_their_definition(void **state) {
    (void)state;
    rng = rng_at(1, RNG_GEN, 0);
    for (int form = PRODUCT_NN; form <= PRODUCT_TN; form++)
        for (int start = 0; start < STARTS; start++) {
            for (int t = 0; t < 60; t++)
                check_product((enum product_form)form, (enum start)start, below(50), below(80),
                              below(70));
            check_product((enum product_form)form, (enum start)start, 300, 70, 5);
            check_product((enum product_form)form, (enum start)start, 13, 33, 1100);
            check_product((enum product_form)form, (enum start)start, 530, 5, 260);
            check_product((enum product_form)form, (enum start)start, 5, 400, 300);
            check_product((enum product_form)form, (enum start)start, 40, 261, 30);
        }
}

static void check_small(enum band band, int m, int n, int k) {
    struct matrix a = new_matrix(m, k), b = new_matrix(k, n), c = new_matrix(m, n);
    bool turned = below(2);
    if (turned) {
        free(a.at);
        a = new_matrix(k, m);
    }
    int row = turned ? 1 : a.ld, column = turned ? a.ld : 1;
    for (int i = 0; i < m; i++)
        for (int l = 0; l < k; l++)
            if ((band == BAND_LOWER && l > i) || (band == BAND_UPPER && l < i))
                a.at[i * row + l * column] = 0;
    struct matrix expected = copy_of(&c);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            real sum = 0;
            for (int l = 0; l < k; l++)
                sum = fused(a.at[i * row + l * column], b.at[l * b.ld + j], sum);
            expected.at[i * c.ld + j] = sum;
        }
    for (int s = 0; s < SETS; s++) {
        if (!sets[s]->runs_here())
            continue;
        struct matrix made = copy_of(&c);
        sets[s]->small(m, n, k, a.at, row, column, b.at, b.ld, band, made.at, made.ld);
        same(&expected, &made);
        free(made.at);
    }
    free(a.at);
    free(b.at);
    free(c.at);
    free(expected.at);
}

static void small_products_are_their_definition(void **state) {
    (void)state;
    rng = rng_at(2, RNG_GEN, 0);
    for (int band = BAND_ALL; band <= BAND_UPPER; band++)
        for (int t = 0; t < 200; t++)
            check_small((enum band)band, below(40), below(90), below(40));
}

static void transposes_have_zeros_behind(void **state) {
    (void)state;
    rng = rng_at(3, RNG_GEN, 0);
    for (int t = 0; t < 200; t++) {
        struct matrix x = new_matrix(below(40), below(70));
        int width = x.rows + below(20);
        real *y = mem_alloc((size_t)(width * x.columns) + 1, sizeof *y);
        for (int s = 0; s < SETS; s++) {
            if (!sets[s]->runs_here())
                continue;
            y[width * x.columns] = 7;
            sets[s]->transpose(x.rows, x.columns, x.at, x.ld, width, y);
            for (int j = 0; j < x.columns; j++)
                for (int i = 0; i < width; i++)
                    assert_true(y[j * width + i] == (i < x.rows ? x.at[i * x.ld + j] : 0));
            assert_true(y[width * x.columns] == 7);
        }
        free(y);
        free(x.at);
    }
}

#ifdef HAVE_BF16
/* The nearest number with 8 bits of mantissa, ties to even. */
static float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    bits &= 0xffff0000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void check_bf16(enum product_form form, int m, int n, int k) {
    struct matrix a = form == PRODUCT_TN ? new_matrix(k, m) : new_matrix(m, k);
    struct matrix b = form == PRODUCT_NT ? new_matrix(n, k) : new_matrix(k, n);
    struct matrix c = new_matrix(m, n), made = copy_of(&c);
    product_bf16.product(form, m, n, k, a.at, a.ld, b.at, b.ld,
                         (struct product_start){made.at, (size_t)made.ld}, made.at, made.ld);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            float sum = c.at[i * c.ld + j];
            for (int l = 0; l < k + k % 2; l++) {
                int at = l ^ 1;
                if (at < k)
                    sum = fmaf(
                        rounded(form == PRODUCT_TN ? a.at[at * a.ld + i] : a.at[i * a.ld + at]),
                        rounded(form == PRODUCT_NT ? b.at[j * b.ld + at] : b.at[at * b.ld + j]),
                        sum);
            }
            c.at[i * c.ld + j] = sum;
        }
    same(&c, &made);
    free(a.at);
    free(b.at);
    free(c.at);
    free(made.at);
}
#endif

static void bf16_products_are_their_definition(void **state) {
    (void)state;
#ifdef HAVE_BF16
    if (!product_bf16.runs_here())
        skip();
    rng = rng_at(4, RNG_GEN, 0);
    for (int form = PRODUCT_NN; form <= PRODUCT_TN; form++) {
        for (int t = 0; t < 100; t++)
            check_bf16((enum product_form)form, below(50), below(80), below(70));
        check_bf16((enum product_form)form, 13, 200, 1101);
        check_bf16((enum product_form)form, 530, 5, 260);
    }
#else
    skip();
#endif
}

/* A processor has some set, and it is the best of those that run. */
static void the_best_set_runs_here(void **state) {
    (void)state;
    assert_true(product_kernels()->runs_here());
    int best = 0;
    for (int s = 0; s < SETS; s++)
        if (sets[s]->runs_here())
            best = s;
    assert_ptr_equal(product_kernels(), sets[best]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_their_definition),
        cmocka_unit_test(small_products_are_their_definition),
        cmocka_unit_test(transposes_have_zeros_behind),
        cmocka_unit_test(bf16_products_are_their_definition),
        cmocka_unit_test(the_best_set_runs_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
