#include "nn/mat.h"

#include <cblas.h>
#include <string.h>

void mat_init(void) {
    openblas_set_num_threads(1);
}

const char *mat_core_name(void) {
    return openblas_get_corename();
}

const char *mat_config(void) {
    return openblas_get_config();
}

static void product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const real *a,
                    int lda, const real *b, int ldb, bool add, real *c, int ldc) {
    if (m == 0 || n == 0)
        return;
    if (k == 0) {
        for (int i = 0; i < m && !add; i++)
            memset(c + (size_t)i * ldc, 0, n * sizeof *c);
        return;
    }
#ifdef REAL_IS_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, add, c, ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, add, c, ldc);
#endif
}

void mat_nn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product(CblasNoTrans, CblasNoTrans, m, n, k, a, lda, b, ldb, add, c, ldc);
}

void mat_nt(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product(CblasNoTrans, CblasTrans, m, n, k, a, lda, b, ldb, add, c, ldc);
}

void mat_tn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product(CblasTrans, CblasNoTrans, m, n, k, a, lda, b, ldb, add, c, ldc);
}
