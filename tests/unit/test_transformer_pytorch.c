/* Every variant of the model against PyTorch, where it is installed: the same weights give the same
 * logits, and two steps of gradient descent the same weights (tests/interop/variants.py). (Of the
 * presets ten steps of their optimisers are compared, by tests/cli/presets-pytorch.sh.) */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/tensorfile.h"
#include "tests/unit/scratch.h"
#include "tests/unit/transformers.h"

/* Of the variants those that cover the most pairs of settings, for time's sake. */
enum { STEPS = 2, EXAMPLES = 3, MOST_VARIANTS = 48 };
static const double rate = 0.02;

static const struct transformer_config sizes = {
    .vocabulary = 11, .dim = 8, .layers = 2, .heads = 2, .feedforward = 12, .max_length = 9};

struct kept {
    real *row;
    int width;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct kept *k = context;
    for (int i = 0; i < rows; i++)
        memcpy(k->row + (size_t)row[i] * k->width, output + (size_t)i * k->width,
               (size_t)k->width * sizeof *output);
}

struct file {
    struct tensor tensor[400];
    char name[400][100];
    size_t n;
};

static void put(struct file *f, const char *before, const char *name, enum dtype dtype, size_t rows,
                size_t columns, const void *data) {
    snprintf(f->name[f->n], sizeof f->name[f->n], "%s%s", before, name);
    f->tensor[f->n] = (struct tensor){.name = f->name[f->n],
                                      .dtype = dtype,
                                      .rank = columns ? 2 : 1,
                                      .shape = {rows, columns},
                                      .data = data};
    f->n++;
}

static void put_weights(struct file *f, const char *before, const struct params *p,
                        const real *value) {
    for (size_t i = 0; i < p->tensors; i++)
        put(f, before, p->table[i].name, DTYPE_F32, p->table[i].shape[0],
            p->table[i].rank == 2 ? p->table[i].shape[1] : 0, value + p->table[i].offset);
}

static void put_batch(struct file *f, const struct batch *b) {
    size_t tokens = (size_t)b->tokens, sequences = (size_t)b->sequences;
    put(f, "batch.", "offset", DTYPE_I32, sequences + 1, 0, b->offset);
    put(f, "batch.", "input", DTYPE_I32, tokens, 0, b->input);
    put(f, "batch.", "target", DTYPE_I32, tokens, 0, b->target);
    if (b->prefix)
        put(f, "batch.", "prefix", DTYPE_I32, sequences, 0, b->prefix);
    if (b->label)
        put(f, "batch.", "label", DTYPE_I32, sequences, 0, b->label);
    if (!b->memory)
        return;
    put(f, "batch.", "memory_offset", DTYPE_I32, sequences + 1, 0, b->memory_offset);
    put(f, "batch.", "memory", DTYPE_I32, (size_t)b->memory_tokens, 0, b->memory);
}

/* What a variant makes of a batch, and what the steps make of its weights. */
static void write_case(const struct transformer_config *config, int number, const char *name) {
    struct err err;
    struct model *m = model_new(&transformer_architecture, config, &err);
    assert_non_null(m);
    struct params *p = m->params;
    struct rng r = rng_at(5, RNG_EVAL, (uint64_t)number);
    double noise = config->norm == NORM_NONE ? 0.15 : 0.3;
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->value[p->table[i].offset + j] = (real)((p->table[i].role == ROLE_GAIN) +
                                                      noise * rng_normal(&r));
    static struct examples e;
    struct batch b = draw_examples(config, &e, EXAMPLES, &r);
    assert_int_equal(transformer_check_batch(config, &b, &err), 0);

    size_t rows = (size_t)(config->classes ? b.sequences : b.tokens);
    struct kept logits = {mem_alloc(rows * (size_t)m->facts.outputs, sizeof(real)),
                          m->facts.outputs};
    model_forward(m, NULL, &b, keep, &logits);
    real *before = mem_alloc(p->size, sizeof *before);
    memcpy(before, p->value, p->size * sizeof *before);
    double first = 0;
    for (int step = 0; step < STEPS; step++) {
        double loss = model_gradient(m, NULL, &b, NULL);
        first = step ? first : loss;
        for (size_t i = 0; i < p->size; i++)
            p->value[i] -= (real)rate * p->gradient[i];
    }

    static struct file f;
    f.n = 0;
    put_weights(&f, "", p, before);
    put_weights(&f, "after.", p, p->value);
    put_batch(&f, &b);
    put(&f, "our.", "logits", DTYPE_F32, rows, (size_t)m->facts.outputs, logits.row);
    char path[1200], text[3][32], *configuration = model_config_text(m);
    snprintf(path, sizeof path, "%s/%03d.safetensors", scratch_folder, number);
    snprintf(text[0], sizeof text[0], "%.9g", first);
    snprintf(text[1], sizeof text[1], "%.9g", rate);
    snprintf(text[2], sizeof text[2], "%d", STEPS);
    const struct tensor_note notes[] = {{"espalier.config", configuration},
                                        {"name", name},
                                        {"loss", text[0]},
                                        {"rate", text[1]},
                                        {"steps", text[2]}};
    assert_int_equal(tensorfile_write(path, f.tensor, f.n, notes, 5, &err), 0);
    free(configuration);
    free(logits.row);
    free(before);
    model_free(m);
}

static const char *python(void) {
    static const char *const candidates[] = {"python3", "/usr/bin/python3"};
    for (int i = 0; i < 2; i++) {
        char command[100];
        snprintf(command, sizeof command, "%s -c 'import torch, numpy' 2>/dev/null", candidates[i]);
        if (system(command) == 0)
            return candidates[i];
    }
    return NULL;
}

static void test_variants(void **state) {
    (void)state;
    if (sizeof(real) != sizeof(float) || !python() || access("tests/interop/variants.py", R_OK))
        skip();
    int(*variant)[FACTORS], n = pairwise(sizes, false, &variant);
    n = n < MOST_VARIANTS ? n : MOST_VARIANTS;
    for (int i = 0; i < n; i++) {
        char text[100];
        variant_text(variant[i], text, sizeof text);
        struct transformer_config config = variant_config(variant[i], sizes);
        write_case(&config, i, text);
    }
    free(variant);
    for (int task = 0; task < TASKS; task++) {
        const int v[FACTORS] = {
            [TASK] = task, [NORM] = task % 2, [POSITIONS] = task / 2 % 2, [FEED] = task / 4 % 2};
        struct transformer_config config = variant_config(v, sizes);
        write_case(&config, n++, tasks[task].name);
    }
    char command[1300], line[400];
    snprintf(command, sizeof command, "%s tests/interop/variants.py %s", python(), scratch_folder);
    FILE *f = popen(command, "r");
    int lines = 0, standard = 0;
    double worst[3] = {0};
    while (fgets(line, sizeof line, f)) {
        char *number = strchr(line, '\t');
        assert_non_null(number);
        for (int k = 0; k < 3; k++) {
            double value = strtod(number + 1, &number);
            worst[k] = value > worst[k] ? value : worst[k];
            if (!(value < (k < 2 ? 1e-5 : 1e-3)))
                print_message("%s", line);
        }
        standard += strstr(line, "\ttorch") != NULL;
        lines++;
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(lines, n);
    print_message(
        "%d variants, %d of them PyTorch's own modules: logits within %.2g, weights after "
        "%d steps within %.2g, their movement within %.2g\n",
        n, standard, worst[0], STEPS, worst[1], worst[2]);
    assert_true(standard >= TASKS && worst[0] < 1e-5 && worst[1] < 1e-5 && worst[2] < 1e-3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_variants)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
