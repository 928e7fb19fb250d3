/* The time of a forward pass and nothing else, beside which an evaluation is judged.
 *
 *     forward MODEL BATCH [PASSES]    one thread; prints the least and the median seconds of a pass
 *
 * BATCH is a safetensors file with the arrays of struct batch, `offset` (int32) and `input`. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/tensorfile.h"
#include "nn/checkpoint.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void look_away(void *context, int worker, int rows, const int *row, const real *output) {
    (void)context, (void)worker, (void)rows, (void)row, (void)output;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    struct err err = {0};
    msg_start("forward");
    if (argc < 3)
        msg_die(STATUS_USAGE, "forward MODEL BATCH [PASSES]");
    int passes = argc > 3 ? atoi(argv[3]) : 5;
    struct model *m = checkpoint_read(argv[1], NULL, NULL, &err);
    struct tensorfile *f = m ? tensorfile_open(argv[2], &err) : NULL;
    if (!f)
        msg_die_err(&err);
    const struct tensor *offset = tensorfile_find(f, "offset"),
                        *input = tensorfile_find(f, "input");
    if (passes < 1 || !offset || !input || offset->dtype != DTYPE_I32 || input->dtype != DTYPE_I32)
        msg_die(STATUS_DATA, "%s: no int32 tensors offset and input", argv[2]);
    const struct batch b = {.sequences = (int)offset->shape[0] - 1,
                            .tokens = (int)input->shape[0],
                            .offset = offset->data,
                            .input = input->data};
    double *seconds = mem_alloc((size_t)passes, sizeof *seconds);
    model_forward(m, NULL, &b, look_away, NULL); /* makes its room */
    for (int i = 0; i < passes; i++) {
        double began = now();
        model_forward(m, NULL, &b, look_away, NULL);
        seconds[i] = now() - began;
    }
    qsort(seconds, (size_t)passes, sizeof *seconds, rising);
    printf("%.6f %.6f\n", seconds[0], seconds[passes / 2]);
    free(seconds);
    tensorfile_close(f);
    model_free(m);
    return 0;
}
