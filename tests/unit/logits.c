/* A model file's outputs on a batch that another program made: not a test, but what
 * tests/interop/presets.py asks for our side of the logits.
 *
 *     logits MODEL BATCH OUTPUT ...    threes of safetensors files
 *
 * A BATCH has the arrays of struct batch under their names; OUTPUT gets one tensor, "logits". */
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/tensorfile.h"
#include "nn/checkpoint.h"

struct outputs {
    real *value;
    size_t width;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    for (int i = 0; i < rows; i++)
        memcpy(o->value + (size_t)row[i] * o->width, output + (size_t)i * o->width,
               o->width * sizeof *output);
}

static const void *integers(const struct tensorfile *f, const char *name) {
    const struct tensor *t = tensorfile_find(f, name);
    return t && t->dtype == DTYPE_I32 ? t->data : NULL;
}

static int count(const struct tensorfile *f, const char *name) {
    const struct tensor *t = tensorfile_find(f, name);
    return t ? (int)t->shape[0] : 0;
}

static int write_outputs(const char *model, const char *batch, const char *path, struct err *err) {
    struct model *m = checkpoint_read(model, NULL, NULL, err);
    struct tensorfile *f = m ? tensorfile_open(batch, err) : NULL;
    if (!f) {
        model_free(m);
        return -1;
    }
    struct batch b = {.sequences = count(f, "sequence"),
                      .tokens = count(f, "input"),
                      .offset = integers(f, "offset"),
                      .input = integers(f, "input"),
                      .prefix = integers(f, "prefix"),
                      .memory_tokens = count(f, "memory"),
                      .memory_offset = integers(f, "memory_offset"),
                      .memory = integers(f, "memory")};
    const struct tensor *feature = tensorfile_find(f, "feature");
    real *features = NULL;
    if (feature && feature->dtype == DTYPE_F64) {
        size_t n = tensor_count(feature);
        features = mem_alloc(n, sizeof *features);
        for (size_t i = 0; i < n; i++)
            features[i] = (real)((const double *)feature->data)[i];
        b.feature = features;
    }
    size_t rows = (size_t)(layout_is_whole(&m->task.layout) ? b.sequences : b.tokens);
    struct outputs o = {NULL, (size_t)m->facts.outputs};
    o.value = mem_alloc(rows * o.width, sizeof *o.value);
    model_forward(m, NULL, &b, keep, &o);
    const struct tensor logits = {.name = "logits",
                                  .dtype = sizeof(real) == 8 ? DTYPE_F64 : DTYPE_F32,
                                  .rank = 2,
                                  .shape = {rows, o.width},
                                  .data = o.value};
    int result = tensorfile_write(path, &logits, 1, NULL, 0, err);
    free(o.value);
    free(features);
    tensorfile_close(f);
    model_free(m);
    return result;
}

int main(int argc, char **argv) {
    struct err err = {0};
    msg_start("logits");
    for (int i = 1; i + 2 < argc; i += 3)
        if (write_outputs(argv[i], argv[i + 1], argv[i + 2], &err) != 0)
            msg_die_err(&err);
    return 0;
}
