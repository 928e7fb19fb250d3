/* Multilayer perceptrons: what they refuse and keep, their losses where a model is sure, bits on
 * any number of threads, and problems whose answers are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/init.h"
#include "nn/mlp.h"
#include "nn/optim.h"

static struct model *make(const struct mlp_config *config) {
    struct err err = {0};
    struct model *m = model_new(&mlp_architecture, config, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

/* The table of a + b modulo p in a drawn order, as words or a class. */
struct table {
    int n;
    int *offset;
    int32_t *input, *label;
};

static struct table addition(int p, uint64_t seed) {
    struct table t = {.n = p * p,
                      .offset = mem_alloc((size_t)(p * p + 1), sizeof(int)),
                      .input = mem_alloc((size_t)(2 * p * p), sizeof(int32_t)),
                      .label = mem_alloc((size_t)(p * p), sizeof(int32_t))};
    uint32_t *order = mem_alloc((size_t)t.n, sizeof *order);
    struct rng r = rng_at(seed, RNG_EVAL, 1);
    rng_permutation(&r, order, (uint32_t)t.n);
    for (int i = 0; i < t.n; i++) {
        int a = (int)order[i] / p, b = (int)order[i] % p;
        t.offset[i + 1] = 2 * (i + 1);
        t.input[2 * i] = a;
        t.input[2 * i + 1] = b;
        t.label[i] = (a + b) % p;
    }
    free(order);
    return t;
}

/* Examples first .. first + n - 1. */
static struct batch part(const struct table *t, int first, int n) {
    return (struct batch){.sequences = n,
                          .tokens = 2 * n,
                          .offset = t->offset,
                          .input = t->input + 2 * first,
                          .label = t->label + first};
}

static void free_table(struct table *t) {
    free(t->offset);
    free(t->input);
    free(t->label);
}

struct count {
    const int32_t *label;
    int width;
    int right[4];
};

static void count_right(void *context, int worker, int rows, const int *row, const real *output) {
    struct count *c = context;
    for (int i = 0; i < rows; i++, output += c->width) {
        int best = c->width == 1 ? output[0] > 0 : 0;
        for (int k = 1; k < c->width; k++)
            best = output[k] > output[best] ? k : best;
        c->right[worker] += best == c->label[row[i]];
    }
}

static double accuracy(struct model *m, struct pool *pool, const struct batch *b) {
    struct count c = {.label = b->label, .width = m->facts.outputs};
    model_forward(m, pool, b, count_right, &c);
    return (double)(c.right[0] + c.right[1] + c.right[2] + c.right[3]) / b->sequences;
}

static struct mlp_config quadratic(int p, int width) {
    return (struct mlp_config){.input = MLP_ONE_HOT,
                               .vocabulary = p,
                               .places = 2,
                               .scale = 1,
                               .hidden = {1, {width}},
                               .activation = MLP_QUADRATIC,
                               .outputs = p,
                               .loss = LOSS_MSE};
}

static void test_names(void **state) {
    (void)state;
    struct mlp_config config = quadratic(7, 5);
    config.input = MLP_EMBEDDING;
    config.embedding = 3;
    config.table_of_place = config.bias = true;
    config.hidden = (struct setting_list){2, {5, 4}};
    struct model *m = make(&config);
    static const struct {
        const char *name;
        size_t rows, columns;
    } expected[] = {{"embedding.weight", 14, 3}, {"layers.0.weight", 5, 6},
                    {"layers.0.bias", 5, 1},     {"layers.1.weight", 4, 5},
                    {"layers.1.bias", 4, 1},     {"layers.2.weight", 7, 4},
                    {"layers.2.bias", 7, 1}};
    assert_int_equal(m->params->tensors, 7);
    for (size_t i = 0; i < 7; i++) {
        const struct param *t = &m->params->table[i];
        assert_string_equal(t->name, expected[i].name);
        assert_int_equal(t->shape[0], expected[i].rows);
        assert_int_equal(t->shape[1], expected[i].columns);
    }
    assert_true(graph_find(m->graph, "hidden.1") >= 0 && graph_find(m->graph, "embedding") >= 0);

    char *text = model_config_text(m);
    assert_non_null(strstr(text, "\"hidden\": [5, 4]"));
    struct model *again = model_from_config_text(text, params_count(m->params), NULL);
    assert_non_null(again);
    assert_memory_equal(again->config, &config, sizeof config);
    model_free(again);
    static const char *const hostile[] = {"[5, 4, 0]", "[5, \"4\"]", "7", "[5, 1e9]",
                                          "[5, 4000000]"};
    for (int i = 0; i < 5; i++) {
        struct err err = {0};
        char *at = strstr(text, "[5, 4]"), *bad = mem_alloc(strlen(text) + 20, 1);
        sprintf(bad, "%.*s%s%s", (int)(at - text), text, hostile[i], at + 6);
        assert_null(model_from_config_text(bad, params_count(m->params), &err));
        assert_non_null(strstr(err.text, "hidden cannot be"));
        free(bad);
    }
    free(text);
    model_free(m);
}

static void test_refusals(void **state) {
    (void)state;
    struct mlp_config good = quadratic(7, 5), c;
    struct err err = {0};
#define REFUSED(change, sentence)                                                                  \
    c = good;                                                                                      \
    change;                                                                                        \
    assert_null(model_new(&mlp_architecture, &c, &err));                                           \
    assert_int_equal(err.status, STATUS_USAGE);                                                    \
    assert_non_null(strstr(err.text, sentence))
    REFUSED(c.places = 0, "needs words");
    REFUSED(c.features = 3, "no real-valued columns");
    REFUSED(c.input = MLP_FEATURES, "needs real-valued columns");
    REFUSED(c.input = MLP_EMBEDDING, "needs the embedding's width");
    REFUSED(c.embedding = 3, "an embedding's width means nothing");
    REFUSED(c.table_of_place = true, "tables for each place mean nothing");
    REFUSED(c.shift = 1, "scale and shift mean nothing");
    REFUSED(c.smoothing = 0.1, "label smoothing means nothing");
    REFUSED(c.loss = LOSS_STABLEMAX; c.values = true, "needs classes");
    REFUSED(c.loss = LOSS_CROSS_ENTROPY; c.outputs = 1, "needs classes");
    REFUSED(c.hidden.item[0] = 0, "hidden is 0; it must be at least 1");
    REFUSED(c.hidden.n = 65, "a list of 65");
    REFUSED(c.places = 1 << 16; c.vocabulary = 1 << 30, "inputs are too many");
    REFUSED(c.hidden.item[0] = 1 << 20; c.vocabulary = 1 << 20, "a matrix of");
    REFUSED(c.outputs = 0, "outputs is 0");
}

/* Logits so far apart that the label's probability is 1 in single precision: the losses in double
 * still see the others, and the usual one gives a gradient of 0. */
static void test_collapse(void **state) {
    (void)state;
    for (double x = 20; x <= 80; x += 20) {
        real logits[3] = {0, (real)x, 0}, d[3], p[3];
        const int32_t label = 1;
        double exact = 2 * exp(-x);
        op_cross_entropy_forward(1, 3, logits, &label, 0, p);
        op_cross_entropy_backward(1, 3, p, &label, 0, 1, p);
        assert_true(sizeof(real) > 4 || p[1] == 0);
        double loss = op_softmax_double(1, 3, logits, &label, 0, d);
        assert_true(fabs(loss / exact - 1) < 1e-6);
        assert_true(fabs((double)d[1] / -exact - 1) < 1e-6);
        assert_true(fabs((double)d[0] / exp(-x) - 1) < 1e-6);
        loss = op_stablemax(1, 3, logits, &label, 0, d);
        assert_true(fabs(loss / log1p(2 / (x + 1)) - 1) < 1e-6);
        assert_true(fabs((double)d[1] / (1 / (x + 3) - 1 / (x + 1)) - 1) < 1e-6);
    }
    /* One row's loss alone, of labels and of values. */
    struct rng r = rng_at(5, RNG_EVAL, 0);
    for (int kind = LOSS_CROSS_ENTROPY; kind <= LOSS_LOGISTIC; kind++)
        for (int width = 1; width < 600; width = 3 * width + 1) {
            enum loss k = (enum loss)kind;
            bool entropy = k <= LOSS_STABLEMAX;
            real x[600], y[600], d[600];
            for (int i = 0; i < width; i++) {
                x[i] = (real)(3 * rng_normal(&r));
                y[i] = (real)rng_normal(&r);
            }
            const int32_t label = (int32_t)rng_below(&r, (uint32_t)width);
            for (int values = 0; values < (entropy ? 1 : 2); values++) {
                const real *v = values ? y : NULL;
                double loss = k == LOSS_CROSS_ENTROPY
                                  ? op_cross_entropy_forward(1, width, x, &label, 0, d)
                              : k == LOSS_CROSS_ENTROPY_DOUBLE
                                  ? op_softmax_double(1, width, x, &label, 0, d)
                              : k == LOSS_STABLEMAX   ? op_stablemax(1, width, x, &label, 0, d)
                              : k <= LOSS_HALF_SQUARE ? op_square(k, 1, width, x, &label, v, d)
                                                      : op_margin(k, 1, width, x, &label, v, d);
                assert_true(fabs(op_row_loss(k, width, x, label, v) - loss) <
                            (k == LOSS_CROSS_ENTROPY ? 1e-5 : 1e-11) * (1 + loss));
            }
        }
    /* What is not a number is not hidden. */
    for (int kind = LOSS_CROSS_ENTROPY_DOUBLE; kind <= LOSS_LOGISTIC; kind++) {
        real x[2] = {0, (real)NAN}, d[2];
        const int32_t label = 0;
        enum loss k = (enum loss)kind;
        double loss = k == LOSS_CROSS_ENTROPY_DOUBLE ? op_softmax_double(1, 2, x, &label, 0, d)
                      : k == LOSS_STABLEMAX          ? op_stablemax(1, 2, x, &label, 0, d)
                      : k <= LOSS_HALF_SQUARE        ? op_square(k, 1, 2, x, &label, NULL, d)
                                                     : op_margin(k, 1, 2, x, &label, NULL, d);
        assert_true(isnan(loss) && isnan(op_row_loss(k, 2, x, label, NULL)));
    }
}

/* The gradient and the outputs of a batch of many chunks, and one cut in parts. */
static void test_bits(void **state) {
    (void)state;
    struct table t = addition(59, 1);
    for (int input = MLP_ONE_HOT; input <= MLP_EMBEDDING; input++) {
        struct mlp_config config = quadratic(59, 40);
        config.input = (enum mlp_input)input;
        config.embedding = input == MLP_EMBEDDING ? 9 : 0;
        config.bias = true;
        config.dropout = 0.1;
        struct model *m = make(&config);
        model_init(m, 3);
        struct batch b = part(&t, 0, t.n);
        b.seed_dropout = 5;
        size_t bytes = m->params->size * sizeof(real);
        real *first = mem_alloc(m->params->size, sizeof(real));
        double loss = model_gradient(m, NULL, &b, NULL), right = accuracy(m, NULL, &b);
        memcpy(first, m->params->gradient, bytes);
        for (int threads = 2; threads <= 3; threads++) {
            struct pool *pool = pool_new(threads);
            assert_true(model_gradient(m, pool, &b, NULL) == loss);
            assert_memory_equal(first, m->params->gradient, bytes);
            assert_true(accuracy(m, pool, &b) == right);
            pool_free(pool);
        }
        free(first);
        model_free(m);
    }
    free_table(&t);
}

/* A batch of noise is learned by heart, under every loss. */
static void test_overfit(void **state) {
    (void)state;
    enum { N = 24, FEATURES = 10 };
    struct rng r = rng_at(2, RNG_EVAL, 0);
    real feature[N * FEATURES], value[N * 4];
    int32_t label[N];
    for (int i = 0; i < N * FEATURES; i++)
        feature[i] = (real)rng_normal(&r);
    for (int i = 0; i < N * 4; i++)
        value[i] = (real)rng_normal(&r);
    for (int loss = 0; loss <= LOSS_LOGISTIC; loss++)
        for (int values = 0; values < 2; values++) {
            bool one = loss >= LOSS_HINGE, square = loss == LOSS_MSE || loss == LOSS_HALF_SQUARE;
            if (values && !square)
                continue;
            for (int i = 0; i < N; i++)
                label[i] = (int32_t)rng_below(&r, one ? 2 : 4);
            struct mlp_config config = {.input = MLP_FEATURES,
                                        .features = FEATURES,
                                        .scale = 1,
                                        .hidden = {2, {48, 32}},
                                        .activation = values ? MLP_TANH : MLP_RELU,
                                        .bias = true,
                                        .outputs = one ? 1 : 4,
                                        .values = values,
                                        .loss = (enum loss)loss};
            struct model *m = make(&config);
            model_init(m, 1);
            struct batch b = {.sequences = N,
                              .feature = feature,
                              .label = values ? NULL : label,
                              .value = values ? value : NULL};
            struct optim_config o = optim_default;
            struct optim *optim = optim_new(m->params, &o, NULL);
            double at_last = 0;
            for (int step = 1; step <= 600; step++) {
                at_last = model_gradient(m, NULL, &b, NULL);
                assert_int_equal(optim_step(optim, NULL, step, 5e-3, NULL), 0);
            }
            if (!(at_last < (loss == LOSS_STABLEMAX ? 0.05 : 1e-2)))
                fail_msg("loss %s values %d: %g", loss_names[loss], values, at_last);
            if (!values)
                assert_true(accuracy(m, NULL, &b) == 1);
            optim_free(optim);
            model_free(m);
        }
}

/* The quadratic network on a + b modulo 31, N = 128, on 60 % of the pairs, full batch, AdamW at
 * 0.01: learned by heart at about epoch 20, generalised (95 % of the rest) by epoch 60 to 100, on
 * each of three seeds. */
static void test_addition_generalises(void **state) {
    (void)state;
    enum { P = 31, EPOCHS = 100 };
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct table t = addition(P, seed);
        int n = (int)(0.6 * t.n);
        struct batch train = part(&t, 0, n), test = part(&t, n, t.n - n);
        struct mlp_config config = quadratic(P, 128);
        struct model *m = make(&config);
        struct init_config init = init_default;
        init.scheme = INIT_GROMOV;
        assert_int_equal(init_params(m->params, &init, seed, NULL), 0);
        struct optim_config o = optim_default;
        o.beta2 = 0.98;
        o.clip = 0;
        struct optim *optim = optim_new(m->params, &o, NULL);
        int memorised = 0, generalised = 0;
        for (int epoch = 1; epoch <= EPOCHS && !generalised; epoch++) {
            model_gradient(m, NULL, &train, NULL);
            assert_int_equal(optim_step(optim, NULL, epoch, 0.01, NULL), 0);
            if (!memorised && accuracy(m, NULL, &train) >= 0.99)
                memorised = epoch;
            if (accuracy(m, NULL, &test) >= 0.95)
                generalised = epoch;
        }
        print_message("seed %d: 99%% of train at %d, 95%% of test at %d\n", (int)seed, memorised,
                      generalised);
        assert_true(memorised > 0 && memorised <= 40);
        assert_true(generalised > memorised);
        optim_free(optim);
        model_free(m);
        free_table(&t);
    }
}

/* Examples beyond the margin of a hinge are left out of the backward pass, some or all: what is
 * left has the gradient of a batch of the others. Numbers of examples are powers of 2, so that the
 * mean over more of them scales exactly. */
static void test_beyond_the_margin(void **state) {
    (void)state;
    enum { FEATURES = 5, OUTPUTS = 3, MOST = 64 };
    for (int variant = 0; variant < 8; variant++) {
        struct mlp_config config = {.input = MLP_FEATURES,
                                    .features = FEATURES,
                                    .outputs = OUTPUTS,
                                    .hidden = {.n = 2, .item = {17, 9}},
                                    .activation = variant & 1 ? MLP_TANH : MLP_RELU,
                                    .bias = true,
                                    .values = variant & 2,
                                    .dropout = variant & 4 ? 0.3 : 0,
                                    .scale = 1,
                                    .loss = LOSS_HINGE};
        struct model *m = make(&config);
        model_init(m, 5);
        struct rng r = rng_at(6, RNG_EVAL, (uint64_t)variant);
        struct params *p = m->params;
        real *all = mem_alloc(p->size, sizeof *all);
        for (int kept = 0; kept <= MOST; kept = kept ? 2 * kept : 1) {
            real feature[2][MOST * FEATURES], value[2][MOST * OUTPUTS];
            int32_t label[2][MOST];
            /* Among the others, or where dropout hangs on the place, before them. A value of 0 has
             * slope 0, and a negative class is not counted. */
            int step = config.dropout > 0 || !kept ? 1 : MOST / kept, some = 0;
            for (int i = 0; i < MOST; i++) {
                bool matters = some < kept && i % step == step - 1;
                label[0][i] = matters ? i % OUTPUTS : -1;
                for (int k = 0; k < FEATURES; k++)
                    feature[0][i * FEATURES + k] = (real)rng_normal(&r);
                for (int k = 0; k < OUTPUTS; k++)
                    value[0][i * OUTPUTS + k] = matters ? (rng_below(&r, 2) ? 0.1F : -0.1F) : 0;
                if (!matters)
                    continue;
                label[1][some] = label[0][i];
                memcpy(feature[1] + some * FEATURES, feature[0] + i * FEATURES,
                       FEATURES * sizeof(real));
                memcpy(value[1] + some * OUTPUTS, value[0] + i * OUTPUTS, OUTPUTS * sizeof(real));
                some++;
            }
            for (int k = 0; k < 2 && (k == 0 || kept); k++) {
                struct batch b = {.sequences = k ? kept : MOST,
                                  .feature = feature[k],
                                  .label = config.values ? NULL : label[k],
                                  .value = config.values ? value[k] : NULL,
                                  .seed_dropout = 3};
                model_gradient(m, NULL, &b, NULL);
                if (k == 0)
                    memcpy(all, p->gradient, p->size * sizeof *all);
            }
            real factor = config.values && kept ? (real)MOST / (real)kept : 1;
            size_t differ = 0, nonzero = 0;
            for (size_t i = 0; i < p->size; i++) {
                differ += p->gradient[i] != factor * all[i];
                nonzero += p->gradient[i] != 0;
            }
            assert_int_equal(differ, 0);
            assert_true(kept ? nonzero > 10 : nonzero == 0);
        }
        free(all);
        model_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_collapse),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_beyond_the_margin),
        cmocka_unit_test(test_overfit),
        cmocka_unit_test(test_addition_generalises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
