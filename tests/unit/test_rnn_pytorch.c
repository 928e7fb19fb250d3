/* Recurrent models of every kind against PyTorch: writes them, a batch and ten steps for
 * tests/interop/rnn.py, and reads its verdict. Skipped where PyTorch is not installed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "nn/checkpoint.h"
#include "nn/optim.h"
#include "rnn_batches.h"
#include "scratch.h"

enum { STEPS = 10 };

static const char *python(void) {
    static const char *const candidates[] = {"python3", "/usr/bin/python3"};
    for (size_t i = 0; i < 2; i++) {
        char command[200];
        snprintf(command, sizeof command, "%s -c 'import torch, numpy' >/dev/null 2>&1",
                 candidates[i]);
        if (system(command) == 0)
            return candidates[i];
    }
    return NULL;
}

static void put_integers(FILE *f, const char *name, const int32_t *x, int n) {
    fprintf(f, ", \"%s\": [", name);
    for (int i = 0; i < n; i++)
        fprintf(f, "%s%d", i ? ", " : "", (int)x[i]);
    fprintf(f, "]");
}

static void put_numbers(FILE *f, const char *name, const double *x, size_t n) {
    fprintf(f, ", \"%s\": [", name);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%.9g", i ? ", " : "", x[i]);
    fprintf(f, "]");
}

struct outputs {
    size_t width;
    double *value;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    for (int i = 0; i < rows; i++)
        for (size_t k = 0; k < o->width; k++)
            o->value[(size_t)row[i] * o->width + k] = (double)output[(size_t)i * o->width + k];
}

static void save(const char *folder, int64_t step, const struct model *m) {
    struct vocab vocab = {0};
    vocab_add(&vocab, "<bos>", 5);
    vocab_add(&vocab, "<eos>", 5);
    for (int i = 2; i < m->facts.vocabulary; i++) {
        char word[20];
        snprintf(word, sizeof word, "w%d", i);
        vocab_add(&vocab, word, strlen(word));
    }
    struct err err = {0};
    if (checkpoint_write(folder, step, m, &vocab, &(struct checkpoint_state){0}, &err) != 0)
        fail_msg("%s", err.text);
    vocab_free(&vocab);
}

static void write_model(const char *name, const struct rnn_config *config, uint64_t seed) {
    const char *folder = scratch_path(name);
    char path[1400];
    assert_int_equal(mkdir(folder, 0777), 0);
    struct err err = {0};
    struct model *m = model_new(&rnn_architecture, config, &err);
    if (!m)
        fail_msg("%s: %s", name, err.text);
    model_init(m, seed);
    static struct sentences s;
    struct batch b = draw_batch(&s, config, 5, 9, false, seed);
    save(folder, 0, m);
    size_t rows = (size_t)(b.label ? b.sequences : b.tokens);
    struct outputs o = {(size_t)m->facts.outputs, NULL};
    o.value = mem_alloc(rows * o.width, sizeof *o.value);
    model_forward(m, NULL, &b, keep, &o);
    struct optim *optim = optim_new(m->params, &optim_default, NULL);
    double loss[STEPS];
    for (int step = 0; step < STEPS; step++) {
        loss[step] = model_gradient(m, NULL, &b, NULL);
        assert_int_equal(optim_step(optim, NULL, step + 1, 1e-3, NULL), 0);
    }
    save(folder, STEPS, m);
    snprintf(path, sizeof path, "%s/batch.json", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "{\"name\": \"%s\"", name);
    put_integers(f, "offset", b.offset, b.sequences + 1);
    put_integers(f, "input", b.input, b.tokens);
    put_integers(f, "target", b.label ? b.label : b.target, (int)rows);
    if (b.memory) {
        put_integers(f, "memory_offset", b.memory_offset, b.sequences + 1);
        put_integers(f, "memory", b.memory, b.memory_tokens);
    }
    put_numbers(f, "output", o.value, rows * o.width);
    put_numbers(f, "loss", loss, STEPS);
    fprintf(f, "}\n");
    assert_int_equal(fclose(f), 0);
    free(o.value);
    optim_free(optim);
    model_free(m);
}

static void test_pytorch(void **state) {
    (void)state;
    const char *interpreter = python();
    if (!interpreter)
        skip();
    const struct rnn_config small = {.vocabulary = 11,
                                     .dim = 12,
                                     .hidden = 16,
                                     .layers = 2,
                                     .max_length = LONGEST,
                                     .label_smoothing = 0.1};
    struct rnn_config c;
    char name[100], command[2600], line[300];
    int models = 0, lines = 0;
    for (; rnn_variant(models, &small, &c, name, sizeof name); models++) {
        if (models % 2)
            c.label_smoothing = 0;
        write_model(name, &c, 1 + (uint64_t)models);
    }
    snprintf(command, sizeof command, "%s tests/interop/rnn.py %s", interpreter, scratch_folder);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    double worst[3] = {0};
    for (; fgets(line, sizeof line, f); lines++) {
        double off[3];
        const char *tab = strchr(line, '\t');
        if (!tab || sscanf(tab, "%lf %lf %lf", &off[0], &off[1], &off[2]) != 3)
            fail_msg("not a verdict: %s", line);
        for (int k = 0; k < 3; k++) {
            worst[k] = fmax(worst[k], off[k]);
            if (!(off[k] < 1e-5))
                fail_msg("differs from PyTorch: %s", line);
        }
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(lines, models);
    print_message("%d models: outputs %.2g, losses %.2g, weights after %d steps %.2g\n", models,
                  worst[0], worst[1], STEPS, worst[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pytorch)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
