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

enum { VOCABULARY = 7, MAX_LENGTH = 6, MAX_SEQUENCES = 60 };

struct sentences {
    int offset[MAX_SEQUENCES + 1];
    int32_t input[MAX_SEQUENCES * MAX_LENGTH], target[MAX_SEQUENCES * MAX_LENGTH];
};

static struct batch draw_batch(struct rng *r, int sequences, struct sentences *s) {
    for (int i = 0; i < sequences; i++)
        s->offset[i + 1] = s->offset[i] + (i == 1 ? 1 : 1 + (int)rng_below(r, MAX_LENGTH - 1));
    int tokens = s->offset[sequences];
    for (int t = 0; t < tokens; t++) {
        s->input[t] = (int32_t)rng_below(r, VOCABULARY);
        s->target[t] = (int32_t)rng_below(r, VOCABULARY + 1) - 1;
    }
    s->target[0] = -1;
    s->target[tokens - 1] = 3;
    return (struct batch){sequences, tokens, s->offset, s->input, s->target, NULL};
}

/* h is small because a ReLU somewhere may lie near its kink; the fourth order leaves rounding,
 * about 1e-16 / h, as the only error. */
static void check_model(const struct transformer_config *config, int sequences, uint64_t seed) {
    struct err err;
    assert_int_equal(transformer_check_config(config, &err), 0);
    struct model *model = model_new(&transformer_architecture, config, NULL);
    model_init(model, seed);
    struct params *p = model->params;
    struct rng r = rng_at(seed, RNG_EVAL, 0);
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->value[p->table[i].offset + j] += (real)(0.3 * rng_normal(&r));
    struct sentences s = {0};
    struct batch batch = draw_batch(&r, sequences, &s);
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), 0);

    /* Gradients are set, not added to. */
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->gradient[p->table[i].offset + j] = 77;
    int counted;
    model_gradient(model, NULL, &batch, &counted);
    assert_true(counted > 0 && counted < batch.tokens);
    real *gradient = mem_alloc(p->size, sizeof *gradient);
    memcpy(gradient, p->gradient, p->size * sizeof *gradient);

    const double h = 5e-5, place[4] = {-2, -1, 1, 2};
    for (size_t i = 0; i < p->tensors; i++) {
        const struct param *t = &p->table[i];
        double largest = 1e-4;
        for (size_t j = 0; j < t->count; j++)
            largest = fmax(largest, fabs((double)gradient[t->offset + j]));
        for (size_t j = 0; j < t->count; j++) {
            real *x = &p->value[t->offset + j], at = *x;
            double f[4];
            for (int k = 0; k < 4; k++) {
                *x = (real)((double)at + place[k] * h);
                f[k] = model_gradient(model, NULL, &batch, NULL);
            }
            *x = at;
            double numeric = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
            double analytic = (double)gradient[t->offset + j];
            double size = fmax(fmax(fabs(numeric), fabs(analytic)), 0.01 * largest);
            if (!(fabs(numeric - analytic) < 1e-6 * size))
                fail_msg("%s[%zu] (norm %d positions %d activation %d tied %d): backward %.12g, "
                         "differences %.12g",
                         t->name, j, (int)config->norm, (int)config->positions,
                         (int)config->activation, config->tied, analytic, numeric);
        }
    }
    free(gradient);
    model_free(model);
}

static struct transformer_config tiny(int variant) {
    return (struct transformer_config){
        .vocabulary = VOCABULARY,
        .dim = 6,
        .layers = 2,
        .heads = 2,
        .feedforward = 5,
        .max_length = MAX_LENGTH,
        .norm = variant & 1 ? NORM_POST : NORM_PRE,
        .positions = variant & 2 ? POSITIONS_LEARNED : POSITIONS_SINUSOIDAL,
        .activation = variant & 4 ? ACTIVATION_GELU : ACTIVATION_RELU,
        .tied = variant & 8,
        .scale_embedding = variant & 16,
    };
}

static void test_variants(void **state) {
    (void)state;
    for (int variant = 0; variant < 32; variant++) {
        struct transformer_config config = tiny(variant);
        check_model(&config, 4, 1 + (uint64_t)variant);
    }
}

/* More tokens than one chunk holds: partial sums, tiles and selected rows across chunks. */
static void test_chunks(void **state) {
    (void)state;
    struct transformer_config pre = tiny(2 + 4 + 8 + 16), post = tiny(1);
    check_model(&pre, MAX_SEQUENCES, 50);
    check_model(&post, MAX_SEQUENCES, 51);
}

/* Matrices of more than one tile, by rows, by columns and by vocabulary. */
static void test_tiles(void **state) {
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        struct transformer_config config = tiny(2 + 4 + (tied ? 8 : 0));
        config.vocabulary = 300;
        config.dim = 4;
        config.layers = 1;
        config.feedforward = 520;
        check_model(&config, 4, 60);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
