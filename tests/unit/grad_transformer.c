/* The whole model's gradient against signed differences of its loss, every coordinate, in double,
 * for every variant of the model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/transformer.h"
#include "tests/unit/transformers.h"

enum { VOCABULARY = 7, MAX_LENGTH = 6, MAX_SEQUENCES = 60 };

/* Fourth-order central differences. h is small because a ReLU somewhere may lie near its kink; the
 * fourth order leaves rounding, about 1e-16 / h, as the only error. */
static double differences(struct model *model, const struct batch *batch, real *x, double h) {
    const double place[4] = {-2, -1, 1, 2};
    real at = *x;
    double f[4];
    for (int k = 0; k < 4; k++) {
        *x = (real)((double)at + place[k] * h);
        f[k] = model_gradient(model, NULL, batch, NULL);
    }
    *x = at;
    return (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
}

/* Where the activation has a kink and it falls between the differences, closer ones say. */
static bool agree(struct model *model, const struct batch *batch, real *x, double analytic,
                  double least, bool kinked, double *numeric) {
    double tolerance = 1e-6;
    for (double h = 5e-5; h > (kinked ? 1e-7 : 4e-5); h /= 20, tolerance *= 10) {
        *numeric = differences(model, batch, x, h);
        double size = fmax(fmax(fabs(*numeric), fabs(analytic)), least);
        if (fabs(*numeric - analytic) < tolerance * size)
            return true;
    }
    return false;
}

static void check_model(const struct transformer_config *config, int sequences, uint64_t seed,
                        const char *what) {
    struct err err;
    assert_int_equal(transformer_check_config(config, &err), 0);
    struct model *model = model_new(&transformer_architecture, config, NULL);
    model_init(model, seed);
    struct params *p = model->params;
    /* Without norms larger weights make the loss too crooked for differences. */
    double noise = config->norm == NORM_NONE ? 0.1 : 0.3;
    struct rng r = rng_at(seed, RNG_EVAL, 0);
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->value[p->table[i].offset + j] += (real)(noise * rng_normal(&r));
    static struct examples examples;
    struct batch batch = draw_examples(config, &examples, sequences, &r);
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), 0);

    /* Gradients are set, not added to. */
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->gradient[p->table[i].offset + j] = 77;
    int counted;
    model_gradient(model, NULL, &batch, &counted);
    assert_true(counted > 0);
    real *gradient = mem_alloc(p->size, sizeof *gradient);
    memcpy(gradient, p->gradient, p->size * sizeof *gradient);

    bool kinked = config->feedforward && (config->activation == ACTIVATION_RELU ||
                                          config->activation == ACTIVATION_SQUARED_RELU);
    for (size_t i = 0; i < p->tensors; i++) {
        const struct param *t = &p->table[i];
        double largest = 3e-3, numeric;
        for (size_t j = 0; j < t->count; j++)
            largest = fmax(largest, fabs((double)gradient[t->offset + j]));
        for (size_t j = 0; j < t->count; j++) {
            double analytic = (double)gradient[t->offset + j];
            if (!agree(model, &batch, &p->value[t->offset + j], analytic, 0.01 * largest, kinked,
                       &numeric))
                fail_msg("%s[%zu] (%s): backward %.12g, differences %.12g", t->name, j, what,
                         analytic, numeric);
        }
    }
    free(gradient);
    model_free(model);
}

static const struct transformer_config tiny = {
    .vocabulary = VOCABULARY,
    .dim = 4,
    .layers = 2,
    .heads = 2,
    .feedforward = 5,
    .max_length = MAX_LENGTH,
};

/* Every pair of settings that can go together. */
static void test_variants(void **state) {
    (void)state;
    int(*variant)[FACTORS], n = pairwise(tiny, true, &variant);
    assert_true(n > 70);
    for (int i = 0; i < n; i++) {
        char text[100];
        variant_text(variant[i], text, sizeof text);
        struct transformer_config config = variant_config(variant[i], tiny);
        check_model(&config, 4, 1 + (uint64_t)i, text);
    }
    print_message("%d variants\n", n);
    free(variant);
}

static struct transformer_config task_config(int task, int norm, int positions) {
    int v[FACTORS] = {[TASK] = task, [NORM] = norm, [POSITIONS] = positions, [FEED] = 1};
    return variant_config(v, tiny);
}

/* More tokens than one chunk holds: partial sums, tiles and selected rows across chunks. */
static void test_chunks(void **state) {
    (void)state;
    for (int task = 0; task < TASKS; task += 3) {
        struct transformer_config config = task_config(
            task, task % 3, task == 0 ? POSITIONS_LEARNED : POSITIONS_RELATIVE);
        config.layers = 1;
        config.dropout_attention = task ? 0.2 : 0;
        check_model(&config, MAX_SEQUENCES, 50 + (uint64_t)task, tasks[task].name);
    }
}

/* Matrices of more than one tile, by rows, by columns and by vocabulary; an in_proj_weight whose
 * parts several operators own. */
static void test_tiles(void **state) {
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        struct transformer_config config = task_config(0, NORM_PRE, POSITIONS_LEARNED);
        config.tied = tied;
        config.vocabulary = 300;
        config.layers = 1;
        config.feedforward = 520;
        check_model(&config, 4, 60, "tiles");
    }
    struct transformer_config cross = task_config(9, NORM_POST, POSITIONS_SINUSOIDAL);
    cross.layers = 1;
    cross.head_width = 50;
    check_model(&cross, 4, 61, "parts of tiles");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
