#include "nn/mat.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* LAPACK has no header in Debian's OpenBLAS. The last argument is the length of the text, which
 * Fortran passes behind the others. */
void dgesdd_(const char *job, const int *m, const int *n, double *a, const int *lda, double *s,
             double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork,
             int *iwork, int *info, size_t job_length);

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

int mat_singular_values(int rows, int columns, const real *a, int lda, double *singular,
                        struct err *err) {
    if (rows == 0 || columns == 0)
        return 0;
    double *copy = mem_aligned((size_t)rows * (size_t)columns, sizeof *copy);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            double x = (double)a[(size_t)i * (size_t)lda + (size_t)j];
            copy[(size_t)i * (size_t)columns + (size_t)j] = x;
            if (!isfinite(x)) {
                free(copy);
                return err_set(err, STATUS_NONFINITE, "row %d, column %d is not a finite number",
                               i + 1, j + 1);
            }
        }
    }
    /* Fortran reads the rows as columns: the transpose, which has the same singular values. */
    int least = rows < columns ? rows : columns, one = 1, ask = -1, info;
    int *integers = mem_alloc(8 * (size_t)least, sizeof *integers);
    double unused, size;
    dgesdd_("N", &columns, &rows, copy, &columns, singular, &unused, &one, &unused, &one, &size,
            &ask, integers, &info, 1);
    int length = (int)size;
    double *work = mem_aligned((size_t)length, sizeof *work);
    dgesdd_("N", &columns, &rows, copy, &columns, singular, &unused, &one, &unused, &one, work,
            &length, integers, &info, 1);
    free(work);
    free(integers);
    free(copy);
    if (info != 0)
        return err_set(err, STATUS_NONFINITE, "the singular values do not converge");
    return 0;
}
