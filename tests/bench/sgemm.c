/* The rate of a 1024^3 cblas_sgemm on one thread, by which a training step is judged.
 *
 *     sgemm [SECONDS]    products for about so long [0.3]; prints GFLOP/s and OpenBLAS's core */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/mem.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    enum { N = 1024 };
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    float *a = mem_alloc(N * N, sizeof *a), *b = mem_alloc(N * N, sizeof *b),
          *c = mem_alloc(N * N, sizeof *c);
    for (int i = 0; i < N * N; i++) {
        a[i] = (float)(i % 7) - 3;
        b[i] = (float)(i % 5) - 2;
    }
    openblas_set_num_threads(1);
    double began = 0, took = 0;
    int products = -2; /* warm up */
    for (; products < 1 || took < seconds; products++) {
        if (products == 0)
            began = now();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, a, N, b, N, 0, c, N);
        took = now() - began;
    }
    printf("%.1f %s\n", 2e-9 * N * N * N * products / took, openblas_get_corename());
    free(a);
    free(b);
    free(c);
    return 0;
}
