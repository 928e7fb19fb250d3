/* Rates of matrix products on one thread, in turns: OpenBLAS's sgemm, ours, ours with the right
 * operand packed ahead, the same in bfloat16, and, where its header was there, oneDNN's with the
 * right operand reordered ahead and the left one converted from f32 each time, as a step needs it.
 *
 * The products of a chunk of 128 rows with weights of widths 64, 128 and 512; medians of 9 turns.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef HAVE_DNNL
#    include <dnnl.h>
#endif

#include "lib/mem.h"
#include "nn/mat.h"
#include "nn/product.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct job {
    int m, n, k;
    float *a, *b, *c, *packed;
    const struct product_kernels *with;
#ifdef HAVE_DNNL
    dnnl_primitive_t multiply, convert;
    dnnl_exec_arg_t multiply_args[3], convert_args[2];
    dnnl_stream_t stream;
#endif
};

static void blas(struct job *j) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, j->m, j->n, j->k, 1, j->a, j->k, j->b,
                j->k, 0, j->c, j->n);
}

static void ours(struct job *j) {
    j->with->product(PRODUCT_NT, j->m, j->n, j->k, j->a, j->k, j->b, j->k,
                     (struct product_start){0}, j->c, j->n);
}

static void ours_packed(struct job *j) {
    j->with->product(PRODUCT_PACKED, j->m, j->n, j->k, j->a, j->k, j->packed, 0,
                     (struct product_start){0}, j->c, j->n);
}

#ifdef HAVE_DNNL
static void must(dnnl_status_t status) {
    if (status != dnnl_success) {
        fprintf(stderr, "oneDNN: status %d\n", (int)status);
        exit(1);
    }
}

static dnnl_memory_t memory(dnnl_engine_t engine, const dnnl_memory_desc_t *d) {
    dnnl_memory_t m;
    must(dnnl_memory_create(&m, d, engine, DNNL_MEMORY_ALLOCATE));
    return m;
}

static void set_up_dnnl(struct job *j, dnnl_engine_t engine, dnnl_data_type_t type) {
    dnnl_dims_t da = {j->m, j->k}, db = {j->k, j->n}, dc = {j->m, j->n};
    dnnl_memory_desc_t from, a, b, c, plain;
    must(dnnl_memory_desc_init_by_tag(&from, 2, da, dnnl_f32, dnnl_ab));
    must(dnnl_memory_desc_init_by_tag(&a, 2, da, type, dnnl_ab));
    must(dnnl_memory_desc_init_by_tag(&b, 2, db, type, dnnl_format_tag_any));
    must(dnnl_memory_desc_init_by_tag(&plain, 2, db, dnnl_f32, dnnl_ba));
    must(dnnl_memory_desc_init_by_tag(&c, 2, dc, dnnl_f32, dnnl_ab));
    dnnl_matmul_desc_t d;
    dnnl_primitive_desc_t p;
    must(dnnl_matmul_desc_init(&d, &a, &b, NULL, &c));
    must(dnnl_primitive_desc_create(&p, &d, NULL, engine, NULL));
    must(dnnl_primitive_create(&j->multiply, p));
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(p, dnnl_query_weights_md, 0);
    dnnl_memory_t x = memory(engine, &a), w = memory(engine, wanted), y = memory(engine, &c);
    dnnl_memory_t source, weights;
    must(dnnl_memory_create(&source, &from, engine, j->a));
    must(dnnl_memory_create(&weights, &plain, engine, j->b));
    dnnl_primitive_desc_t r;
    dnnl_primitive_t ahead;
    must(dnnl_reorder_primitive_desc_create(&r, &plain, engine, wanted, engine, NULL));
    must(dnnl_primitive_create(&ahead, r));
    must(dnnl_primitive_execute(ahead, j->stream, 2,
                                (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, weights}, {DNNL_ARG_TO, w}}));
    must(dnnl_reorder_primitive_desc_create(&r, &from, engine, &a, engine, NULL));
    must(dnnl_primitive_create(&j->convert, r));
    j->convert_args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, source};
    j->convert_args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, x};
    j->multiply_args[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, type == dnnl_f32 ? source : x};
    j->multiply_args[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, w};
    j->multiply_args[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, y};
    if (type == dnnl_f32)
        j->convert = NULL;
}

static void onednn(struct job *j) {
    if (j->convert)
        must(dnnl_primitive_execute(j->convert, j->stream, 2, j->convert_args));
    must(dnnl_primitive_execute(j->multiply, j->stream, 3, j->multiply_args));
    must(dnnl_stream_wait(j->stream));
}
#endif

static double rate(void (*run)(struct job *), struct job *j) {
    double flop = 2.0 * j->m * j->n * j->k;
    int times = (int)(2e8 / flop) + 1;
    double begin = now();
    for (int i = 0; i < times; i++)
        run(j);
    return 1e-9 * flop * times / (now() - begin);
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { TURNS = 9, KINDS = 7 };

int main(void) {
    static const int sizes[][3] = {{128, 192, 64},   {128, 256, 64},   {128, 64, 256},
                                   {128, 384, 128},  {128, 512, 128},  {128, 128, 512},
                                   {128, 1536, 512}, {128, 2048, 512}, {128, 512, 2048}};
    struct err err = {0};
    const struct product_kernels *f32 = product_kernels(),
                                 *bf16 = product_kernels_of(PRECISION_BF16, &err);
    mat_init();
    printf("OpenBLAS: %s; ours: %s, %s; GFLOP/s of one thread, medians of %d turns\n\n",
           mat_core_name(), f32->name, bf16 ? bf16->name : "no bf16 here", TURNS);
    printf(
        "| m x n x k | OpenBLAS | ours | packed ahead | oneDNN | ours bf16 | packed ahead | oneDNN "
        "bf16 |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        struct job j = {.m = m, .n = n, .k = k};
        j.a = mem_aligned((size_t)m * (size_t)k, sizeof *j.a);
        j.b = mem_aligned((size_t)n * (size_t)k, sizeof *j.b);
        j.c = mem_aligned((size_t)m * (size_t)n, sizeof *j.c);
        for (int i = 0; i < m * k; i++)
            j.a[i] = (float)(i % 7) - 3;
        for (int i = 0; i < n * k; i++)
            j.b[i] = (float)(i % 5) - 2;
        struct job jobs[KINDS] = {j, j, j, j, j, j, j};
        void (*runs[KINDS])(struct job *) = {blas, ours,        ours_packed, NULL,
                                             ours, ours_packed, NULL};
        for (int i = 0; i < KINDS; i++)
            jobs[i].with = i < 4 ? f32 : bf16;
        for (int i = 2; i < KINDS; i += 3) {
            if (!jobs[i].with)
                continue;
            jobs[i].packed = mem_aligned(jobs[i].with->packed_size(n, k), sizeof(float));
            jobs[i].with->pack(PRODUCT_NT, n, k, j.b, k, jobs[i].packed);
        }
#ifdef HAVE_DNNL
        dnnl_engine_t engine;
        must(dnnl_engine_create(&engine, dnnl_cpu, 0));
        for (int i = 3; i < KINDS; i += 3) {
            if (!jobs[i].with)
                continue;
            must(dnnl_stream_create(&jobs[i].stream, engine, dnnl_stream_default_flags));
            set_up_dnnl(&jobs[i], engine, i == 3 ? dnnl_f32 : dnnl_bf16);
            runs[i] = onednn;
        }
#endif
        double rates[KINDS][TURNS];
        for (int t = 0; t < TURNS; t++)
            for (int i = 0; i < KINDS; i++)
                rates[i][t] = runs[i] && jobs[i].with ? rate(runs[i], &jobs[i]) : 0;
        printf("| %d x %d x %d |", m, n, k);
        for (int i = 0; i < KINDS; i++) {
            qsort(rates[i], TURNS, sizeof(double), rising);
            if (rates[i][TURNS / 2] > 0)
                printf(" %.0f |", rates[i][TURNS / 2]);
            else
                printf(" |");
        }
        putchar('\n');
    }
    return 0;
}
