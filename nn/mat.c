#include "nn/mat.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/product.h"

/* LAPACK has no header in Debian's OpenBLAS. The last argument is the length of the text, which
 * Fortran passes behind the others. */
void dgesdd_(const char *job, const int *m, const int *n, double *a, const int *lda, double *s,
             double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork,
             int *iwork, int *info, size_t job_length);
void dgelqf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work,
             const int *lwork, int *info);
void dgelsd_(const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
             const int *ldb, double *s, const double *rcond, int *rank, double *work,
             const int *lwork, int *iwork, int *info);
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t job_length, size_t triangle_length);

void mat_init(void) {
    openblas_set_num_threads(1);
}

const char *mat_core_name(void) {
    return openblas_get_corename();
}

const char *mat_config(void) {
    return openblas_get_config();
}

static struct product_start start_of(bool add, const real *c, int ldc) {
    return (struct product_start){add ? c : NULL, (size_t)ldc};
}

void mat_nn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product_kernels()->product(PRODUCT_NN, m, n, k, a, lda, b, ldb, start_of(add, c, ldc), c, ldc);
}

void mat_nt(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product_kernels()->product(PRODUCT_NT, m, n, k, a, lda, b, ldb, start_of(add, c, ldc), c, ldc);
}

void mat_tn(int m, int n, int k, const real *a, int lda, const real *b, int ldb, bool add, real *c,
            int ldc) {
    product_kernels()->product(PRODUCT_TN, m, n, k, a, lda, b, ldb, start_of(add, c, ldc), c, ldc);
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

/* Rows read as Fortran's columns: A^T = L Q, so A = Q^T L^T, and L^T by columns is R by rows. */
void mat_qr(int rows, int columns, double *a) {
    int least = rows < columns ? rows : columns, ask = -1, info;
    if (least == 0)
        return;
    double *tau = mem_alloc((size_t)least, sizeof *tau), size;
    dgelqf_(&columns, &rows, a, &columns, tau, &size, &ask, &info);
    int length = (int)size;
    double *work = mem_aligned((size_t)length, sizeof *work);
    dgelqf_(&columns, &rows, a, &columns, tau, work, &length, &info);
    for (int i = 0; i < rows; i++)
        memset(a + (size_t)i * (size_t)columns, 0, (size_t)(i < columns ? i : columns) * sizeof *a);
    free(work);
    free(tau);
}

/* a (rows x columns, by rows) into b by columns, `room` apart. */
static void transpose(int rows, int columns, const double *a, int room, double *b) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            b[(size_t)j * (size_t)room + (size_t)i] = a[(size_t)i * (size_t)columns + (size_t)j];
}

int mat_least_squares(int rows, int columns, int outputs, const double *a, const double *b,
                      double tolerance, double *x, int *rank, struct err *err) {
    *rank = 0;
    memset(x, 0, (size_t)columns * (size_t)outputs * sizeof *x);
    if (rows == 0 || columns == 0 || outputs == 0)
        return 0;
    int least = rows < columns ? rows : columns, most = rows > columns ? rows : columns;
    double *left = mem_aligned((size_t)rows * (size_t)columns, sizeof *left);
    double *right = mem_aligned((size_t)most * (size_t)outputs, sizeof *right);
    double *singular = mem_alloc((size_t)least, sizeof *singular);
    transpose(rows, columns, a, rows, left);
    transpose(rows, outputs, b, most, right);
    int ask = -1, info, integers;
    double size;
    dgelsd_(&rows, &columns, &outputs, left, &rows, right, &most, singular, &tolerance, rank, &size,
            &ask, &integers, &info);
    int length = (int)size;
    double *work = mem_aligned((size_t)length, sizeof *work);
    int *integer_work = mem_alloc((size_t)integers, sizeof *integer_work);
    dgelsd_(&rows, &columns, &outputs, left, &rows, right, &most, singular, &tolerance, rank, work,
            &length, integer_work, &info);
    for (int i = 0; i < columns && info == 0; i++)
        for (int j = 0; j < outputs; j++)
            x[(size_t)i * (size_t)outputs + (size_t)j] =
                right[(size_t)j * (size_t)most + (size_t)i];
    free(integer_work);
    free(work);
    free(singular);
    free(right);
    free(left);
    if (info != 0)
        return err_set(err, STATUS_NONFINITE, "the singular values do not converge");
    return 0;
}

int mat_symmetric_eigen(int n, const double *a, double *values, double *vectors, struct err *err) {
    if (n == 0)
        return 0;
    /* The upper triangle by rows is the lower by columns. */
    memmove(vectors, a, (size_t)n * (size_t)n * sizeof *a);
    int ask = -1, info, integers;
    double size;
    dsyevd_("V", "L", &n, vectors, &n, values, &size, &ask, &integers, &ask, &info, 1, 1);
    int length = (int)size;
    double *work = mem_aligned((size_t)length, sizeof *work);
    int *integer_work = mem_alloc((size_t)integers, sizeof *integer_work);
    dsyevd_("V", "L", &n, vectors, &n, values, work, &length, integer_work, &integers, &info, 1, 1);
    free(integer_work);
    free(work);
    if (info != 0)
        return err_set(err, STATUS_NONFINITE, "the eigenvalues do not converge");
    return 0;
}
