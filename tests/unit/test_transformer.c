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
#include "nn/optim.h"
#include "nn/transformer.h"

enum { VOCABULARY = 13, MAX_LENGTH = 24, MAX_SEQUENCES = 40, MOST = MAX_LENGTH * MAX_SEQUENCES };

static struct transformer_config small(void) {
    return (struct transformer_config){
        .vocabulary = VOCABULARY,
        .dim = 32,
        .layers = 2,
        .heads = 4,
        .feedforward = 64,
        .max_length = MAX_LENGTH,
        .norm = NORM_PRE,
        .positions = POSITIONS_SINUSOIDAL,
        .activation = ACTIVATION_GELU,
        .tied = true,
        .scale_embedding = true,
    };
}

static struct model *new_model(const struct transformer_config *config, uint64_t seed) {
    struct err err;
    assert_int_equal(transformer_check_config(config, &err), 0);
    struct model *model = model_new(&transformer_architecture, config, NULL);
    model_init(model, seed);
    return model;
}

struct sentences {
    int offset[MAX_SEQUENCES + 1];
    int32_t input[MOST], target[MOST];
};

/* Each predicts the next token; the last of a sentence predicts nothing. */
static struct batch draw_batch(struct sentences *s, int sequences, uint64_t seed) {
    struct rng r = rng_at(seed, RNG_EVAL, 0);
    s->offset[0] = 0;
    for (int i = 0; i < sequences; i++) {
        int first = s->offset[i], n = i == 2 ? 1 : 2 + (int)rng_below(&r, MAX_LENGTH - 1);
        s->offset[i + 1] = first + n;
        for (int t = first; t < first + n; t++) {
            s->input[t] = t == first ? i % VOCABULARY : (int32_t)rng_below(&r, VOCABULARY);
            if (t > first)
                s->target[t - 1] = s->input[t];
        }
        s->target[first + n - 1] = -1;
    }
    return (struct batch){sequences, s->offset[sequences], s->offset, s->input, s->target, NULL};
}

struct logits {
    int vocabulary, visits[MOST];
    real *value;
};

static void keep_logits(void *ctx, int worker, int rows, const int *row, const real *logits) {
    (void)worker;
    struct logits *l = ctx;
    for (int i = 0; i < rows; i++) {
        l->visits[row[i]]++;
        memcpy(l->value + (size_t)row[i] * l->vocabulary, logits + (size_t)i * l->vocabulary,
               l->vocabulary * sizeof *logits);
    }
}

static struct logits forward(struct model *model, struct pool *pool, const struct batch *batch) {
    struct logits l = {.vocabulary = model->facts.vocabulary};
    l.value = mem_alloc((size_t)batch->tokens * l.vocabulary, sizeof(real));
    model_forward(model, pool, batch, keep_logits, &l);
    for (int t = 0; t < batch->tokens; t++)
        assert_int_equal(l.visits[t], !batch->wanted || batch->wanted[t]);
    return l;
}

static double largest_difference(size_t n, const real *a, const real *b) {
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
    return largest;
}

static void test_check_config(void **state) {
    (void)state;
    struct err err;
    struct transformer_config good = small(), c;
    assert_int_equal(transformer_check_config(&good, &err), 0);
    c = good, c.heads = 5;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_string_equal(err.text, "dim 32 is not a multiple of heads 5");
    c = good, c.layers = 0;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.vocabulary = -1;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.dim = 65536, c.heads = 1;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.feedforward = 1 << 28;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.max_length = 1 << 30;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.dim = 4096, c.layers = 1 << 30;
    assert_int_equal(transformer_check_config(&c, &err), -1);
    c = good, c.norm = (enum norm_place)7;
    assert_int_equal(transformer_check_config(&c, &err), -1);
}

static void test_names(void **state) {
    (void)state;
    struct transformer_config c = small();
    c.positions = POSITIONS_LEARNED;
    c.tied = false;
    struct model *model = new_model(&c, 1);
    const struct params *p = model->params;
    const struct {
        const char *name;
        size_t rows, columns;
    } expected[] = {
        {"embedding.weight", 13, 32},
        {"position.weight", 24, 32},
        {"transformer.layers.0.self_attn.in_proj_weight", 96, 32},
        {"transformer.layers.0.self_attn.in_proj_bias", 96, 1},
        {"transformer.layers.0.self_attn.out_proj.weight", 32, 32},
        {"transformer.layers.0.self_attn.out_proj.bias", 32, 1},
        {"transformer.layers.0.linear1.weight", 64, 32},
        {"transformer.layers.0.linear1.bias", 64, 1},
        {"transformer.layers.0.linear2.weight", 32, 64},
        {"transformer.layers.0.linear2.bias", 32, 1},
        {"transformer.layers.1.norm1.weight", 32, 1},
        {"transformer.layers.1.norm1.bias", 32, 1},
        {"transformer.layers.1.norm2.weight", 32, 1},
        {"transformer.layers.1.norm2.bias", 32, 1},
        {"transformer.norm.weight", 32, 1},
        {"transformer.norm.bias", 32, 1},
        {"output.weight", 13, 32},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct param *t = params_find(p, expected[i].name);
        assert_non_null(t);
        assert_int_equal(t->shape[0], expected[i].rows);
        assert_int_equal(t->shape[1], expected[i].columns);
        real first = p->value[t->offset];
        if (t->rank == 1)
            assert_true(first == (strstr(t->name, "norm") && strstr(t->name, "weight") ? 1 : 0));
        else
            assert_true(first != 0);
    }
    size_t layer = 4 * 32 * 32 + 4 * 32 + 2 * 32 * 64 + 64 + 32 + 4 * 32;
    assert_int_equal(params_count(p), 13 * 32 * 2 + 24 * 32 + 2 * layer + 64);
    model_free(model);

    c.norm = NORM_POST;
    c.positions = POSITIONS_SINUSOIDAL;
    c.tied = true;
    model = new_model(&c, 1);
    assert_null(params_find(model->params, "transformer.norm.weight"));
    assert_null(params_find(model->params, "position.weight"));
    assert_null(params_find(model->params, "output.weight"));
    assert_int_equal(params_count(model->params), 13 * 32 + 2 * layer);
    model_free(model);
}

static void test_check_batch(void **state) {
    (void)state;
    struct transformer_config c = small();
    struct model *model = new_model(&c, 1);
    static struct sentences s;
    struct batch batch = draw_batch(&s, 4, 1);
    struct err err;
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), 0);
    s.input[3] = VOCABULARY;
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    s.input[3] = 0;
    s.target[3] = -2;
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), -1);
    s.target[3] = 0;
    s.offset[1] = s.offset[2];
    assert_int_equal(transformer_check_batch(model->config, &batch, &err), -1);
    model_free(model);
}

/* With small weights the model knows nothing, and its loss is that of guessing. */
static void test_initial_loss(void **state) {
    (void)state;
    for (int norm = 0; norm < 2; norm++) {
        struct transformer_config c = small();
        c.norm = norm ? NORM_POST : NORM_PRE;
        struct model *model = new_model(&c, 3);
        real *e = model->params->value + params_find(model->params, "embedding.weight")->offset;
        for (int i = 0; i < VOCABULARY * c.dim; i++)
            e[i] *= (real)0.01;
        static struct sentences s;
        struct batch batch = draw_batch(&s, 20, 4);
        int counted;
        double loss = model_gradient(model, NULL, &batch, &counted);
        assert_int_equal(counted, batch.tokens - 20);
        assert_true(fabs(loss - log(VOCABULARY)) < 0.01);

        /* The loss is the mean over counted rows of what the forward's logits say. */
        struct logits l = forward(model, NULL, &batch);
        double sum = 0;
        for (int t = 0; t < batch.tokens; t++)
            if (batch.target[t] >= 0) {
                const real *row = l.value + (size_t)t * VOCABULARY;
                sum += op_log_sum_exp(VOCABULARY, row) - (double)row[batch.target[t]];
            }
        assert_true(fabs(sum / counted - loss) < 1e-5);
        free(l.value);

        /* Nothing counted: no loss and no gradient. */
        for (int t = 0; t < batch.tokens; t++)
            s.target[t] = -1;
        assert_true(model_gradient(model, NULL, &batch, &counted) == 0 && counted == 0);
        for (size_t i = 0; i < model->params->size; i++)
            assert_true(model->params->gradient[i] == 0);
        model_free(model);
    }
}

static void test_overfit(void **state) {
    (void)state;
    for (int norm = 0; norm < 2; norm++) {
        struct transformer_config c = small();
        c.norm = norm ? NORM_POST : NORM_PRE;
        struct model *model = new_model(&c, 7);
        struct optim *optim = optim_new(model->params, &optim_default, NULL);
        /* First tokens differ, so that every continuation is determined. */
        static struct sentences s;
        struct batch batch = draw_batch(&s, 8, 11);
        double loss = INFINITY;
        int step = 0;
        while (loss >= 0.02 && step < 400) {
            loss = model_gradient(model, NULL, &batch, NULL);
            assert_true(isfinite(loss));
            assert_int_equal(optim_step(optim, NULL, ++step, 3e-3, NULL), 0);
        }
        print_message("norm %s: mean loss %.4f after %d steps\n", norm ? "post" : "pre", loss,
                      step);
        assert_true(loss < 0.02);
        optim_free(optim);
        model_free(model);
    }
}

/* Gradients, and parameters after some steps on batches of different sizes. */
static void test_threads(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct model *model[3];
        for (int k = 0; k < 3; k++) {
            struct transformer_config c = small();
            c.norm = variant & 1 ? NORM_POST : NORM_PRE;
            c.tied = variant & 2;
            c.positions = variant & 2 ? POSITIONS_LEARNED : POSITIONS_SINUSOIDAL;
            model[k] = new_model(&c, 5);
            struct pool *pool = pool_new(1 << k);
            struct optim *optim = optim_new(model[k]->params, &optim_default, NULL);
            double loss = 0;
            for (int step = 1; step <= 5; step++) {
                static struct sentences s;
                struct batch batch = draw_batch(&s, 8 * step, (uint64_t)step);
                loss += model_gradient(model[k], pool, &batch, NULL);
                assert_int_equal(optim_step(optim, pool, step, 1e-3, NULL), 0);
            }
            if (k > 0) {
                const struct params *p = model[0]->params, *q = model[k]->params;
                assert_memory_equal(q->gradient, p->gradient, p->size * sizeof(real));
                assert_memory_equal(q->value, p->value, p->size * sizeof(real));
                assert_memory_equal(params_slot(q, "second"), params_slot(p, "second"),
                                    p->size * sizeof(real));
            }
            static struct sentences s;
            struct batch batch = draw_batch(&s, MAX_SEQUENCES, 77);
            struct logits l = forward(model[k], pool, &batch);
            static real first[MOST * VOCABULARY];
            if (k == 0)
                memcpy(first, l.value, (size_t)batch.tokens * VOCABULARY * sizeof(real));
            else
                assert_memory_equal(l.value, first,
                                    (size_t)batch.tokens * VOCABULARY * sizeof(real));
            free(l.value);
            assert_true(loss > 0);
            optim_free(optim);
            pool_free(pool);
        }
        for (int k = 0; k < 3; k++)
            model_free(model[k]);
    }
}

static void test_causality(void **state) {
    (void)state;
    for (int norm = 0; norm < 2; norm++) {
        struct transformer_config c = small();
        c.norm = norm ? NORM_POST : NORM_PRE;
        struct model *model = new_model(&c, 9);
        static struct sentences s;
        struct batch batch = draw_batch(&s, 12, 21);
        struct logits before = forward(model, NULL, &batch);
        int changed = s.offset[5] + (s.offset[6] - s.offset[5]) / 2;
        s.input[changed] = (s.input[changed] + 1) % VOCABULARY;
        struct logits after = forward(model, NULL, &batch);
        size_t row = sizeof(real) * VOCABULARY;
        for (int t = 0; t < batch.tokens; t++) {
            int same = memcmp((char *)before.value + t * row, (char *)after.value + t * row, row);
            if (t < changed || t >= s.offset[6])
                assert_int_equal(same, 0);
            else
                assert_int_not_equal(same, 0);
        }
        free(before.value), free(after.value);
        model_free(model);
    }
}

static void test_packing(void **state) {
    (void)state;
    struct transformer_config c = small();
    struct model *model = new_model(&c, 10);
    static struct sentences s;
    struct batch batch = draw_batch(&s, 25, 22);
    struct logits together = forward(model, NULL, &batch);
    for (int i = 0; i < 25; i++) {
        int first = s.offset[i], n = s.offset[i + 1] - first;
        const int offset[] = {0, n};
        struct batch alone = {1, n, offset, s.input + first, NULL, NULL};
        struct logits l = forward(model, NULL, &alone);
        assert_true(largest_difference((size_t)n * VOCABULARY, l.value,
                                       together.value + (size_t)first * VOCABULARY) < 1e-5);
        free(l.value);
    }

    /* Only the wanted rows, here one in three and none of the first sequences. */
    uint8_t wanted[MOST] = {0};
    for (int t = s.offset[15]; t < batch.tokens; t += 3)
        wanted[t] = 1;
    batch.wanted = wanted;
    struct logits some = forward(model, NULL, &batch);
    for (int t = 0; t < batch.tokens; t++)
        if (wanted[t])
            assert_true(largest_difference(VOCABULARY, some.value + (size_t)t * VOCABULARY,
                                           together.value + (size_t)t * VOCABULARY) < 1e-5);
    free(some.value), free(together.value);
    model_free(model);
}

/* Room made beforehand, larger than needed or grown later, changes nothing. */
static void test_reserve(void **state) {
    (void)state;
    struct transformer_config c = small();
    struct model *a = new_model(&c, 12), *b = new_model(&c, 12);
    static struct sentences s;
    struct batch batch = draw_batch(&s, 16, 23);
    model_reserve(b, 5, 1, 2, 1);
    model_reserve(b, 1000, 3, 0, 4);
    double la = model_gradient(a, NULL, &batch, NULL);
    double lb = model_gradient(b, NULL, &batch, NULL);
    assert_true(la == lb);
    assert_memory_equal(a->params->gradient, b->params->gradient, a->params->size * sizeof(real));

    /* Nor does what an earlier batch left there. */
    static struct sentences t;
    struct batch other = draw_batch(&t, 30, 24);
    model_gradient(b, NULL, &other, NULL);
    free(forward(b, NULL, &other).value);
    assert_true(model_gradient(b, NULL, &batch, NULL) == la);
    assert_memory_equal(a->params->gradient, b->params->gradient, a->params->size * sizeof(real));
    model_free(a);
    model_free(b);
    model_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_config), cmocka_unit_test(test_names),
        cmocka_unit_test(test_check_batch),  cmocka_unit_test(test_initial_loss),
        cmocka_unit_test(test_overfit),      cmocka_unit_test(test_threads),
        cmocka_unit_test(test_causality),    cmocka_unit_test(test_packing),
        cmocka_unit_test(test_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
