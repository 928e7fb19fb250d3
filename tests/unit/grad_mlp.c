/* The losses, the operators on words at places, and whole multilayer perceptrons against signed
 * differences, every coordinate, in double; and deep linear networks against the closed form of
 * their gradient flow. */
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
#include "nn/mlp.h"
#include "nn/op_place.h"

static const double place[4] = {-2, -1, 1, 2};

static double difference(const double *f, double h) {
    return (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
}

/* A row loss of whichever kind, of labels or values. */
static double loss_of(enum loss kind, int rows, int width, const real *x, const int32_t *label,
                      const real *value, double smoothing, real *d) {
    switch (kind) {
    case LOSS_CROSS_ENTROPY:
        break;
    case LOSS_CROSS_ENTROPY_DOUBLE:
        return op_softmax_double(rows, width, x, label, smoothing, d);
    case LOSS_STABLEMAX:
        return op_stablemax(rows, width, x, label, smoothing, d);
    case LOSS_MSE:
    case LOSS_HALF_SQUARE:
        return op_square(kind, rows, width, x, label, value, d);
    case LOSS_HINGE:
    case LOSS_LOGISTIC:
        return op_margin(kind, rows, width, x, label, value, d);
    }
    return NAN;
}

static void check_loss(enum loss kind, int width, bool values, double smoothing, double spread) {
    enum { ROWS = 7, MOST = 70 };
    const double h = 1e-3;
    struct rng r = rng_at((uint64_t)kind, RNG_EVAL, (uint64_t)width);
    real x[ROWS * MOST], d[ROWS * MOST], scratch[ROWS * MOST], value[ROWS * MOST];
    int32_t label[ROWS];
    for (int i = 0; i < ROWS; i++)
        label[i] = i == 3 ? -1 : (int32_t)rng_below(&r, (uint32_t)(width > 1 ? width : 2));
    for (int i = 0; i < ROWS * width; i++) {
        /* Away from the kinks of hinge (+-1) and stablemax (whose second derivative jumps at 0). */
        do
            x[i] = (real)(spread * rng_normal(&r));
        while (fabs(fabs((double)x[i]) - 1) < 0.01 || fabs((double)x[i]) < 0.01);
        value[i] = kind == LOSS_HINGE || kind == LOSS_LOGISTIC ? (rng_below(&r, 2) ? 1 : -1)
                                                               : (real)rng_normal(&r);
    }
    const real *targets = values ? value : NULL;
    double at = loss_of(kind, ROWS, width, x, label, targets, smoothing, d);
    memcpy(scratch, x, sizeof x);
    assert_true(at == loss_of(kind, ROWS, width, scratch, label, targets, smoothing, scratch));
    assert_memory_equal(scratch, d, (size_t)(ROWS * width) * sizeof *d); /* in place */
    for (int i = 0; i < ROWS * width; i++) {
        if (!values && i / width == 3) {
            assert_true(d[i] == 0);
            continue;
        }
        double f[4];
        real was = x[i];
        for (int k = 0; k < 4; k++) {
            x[i] = (real)((double)was + place[k] * h);
            f[k] = loss_of(kind, ROWS, width, x, label, targets, smoothing, scratch);
        }
        x[i] = was;
        double numeric = difference(f, h), size = fmax(fabs(numeric), 1e-3);
        if (!(fabs(numeric - (double)d[i]) < 1e-7 * size))
            fail_msg("loss %s width %d values %d smoothing %g [%d]: backward %.12g, differences "
                     "%.12g",
                     loss_names[kind], width, values, smoothing, i, (double)d[i], numeric);
    }
}

static void test_losses(void **state) {
    (void)state;
    static const int widths[] = {2, 3, 17, 70};
    for (int w = 0; w < 4; w++)
        for (int s = 0; s < 2; s++) {
            check_loss(LOSS_CROSS_ENTROPY_DOUBLE, widths[w], false, s * 0.1, 2);
            check_loss(LOSS_STABLEMAX, widths[w], false, s * 0.1, 2);
        }
    static const enum loss kinds[] = {LOSS_MSE, LOSS_HALF_SQUARE, LOSS_HINGE, LOSS_LOGISTIC};
    static const int any[] = {1, 2, 5};
    for (int k = 0; k < 4; k++)
        for (int w = 0; w < 3; w++)
            for (int values = 0; values < 2; values++)
                check_loss(kinds[k], any[w], values, 0, 1);
}

/* Where the model is sure, the gradient is that of the exact arithmetic: -exp(-x) of a label whose
 * logit is x above the others, which single precision, and 1 - p in double, round to 0. */
static void test_sure(void **state) {
    (void)state;
    for (double x = 20; x < 400; x *= 2) {
        real logits[3] = {(real)x, 0, 0}, d[3];
        const int32_t label = 0;
        double loss = op_softmax_double(1, 3, logits, &label, 0, d), exact = 2 * exp(-x);
        assert_true(fabs(loss / exact - 1) < 1e-8 && fabs((double)d[0] / -exact - 1) < 1e-8);
        assert_true(fabs((double)d[1] / exp(-x) - 1) < 1e-8);
    }
}

static void test_places(void **state) {
    (void)state;
    /* More outputs than a strip, more columns than fit one, a strip that ends within a place. */
    static const int sizes[][4] = {{5, 1, 3, 2}, {9, 2, 7, 16}, {30, 3, 150, 19}, {4, 2, 500, 33}};
    for (int k = 0; k < 4; k++) {
        int rows = sizes[k][0], places = sizes[k][1], words = sizes[k][2], out = sizes[k][3];
        size_t in = (size_t)places * (size_t)words;
        struct rng r = rng_at(3, RNG_EVAL, (uint64_t)k);
        int32_t *token = mem_alloc((size_t)(rows * places), sizeof *token);
        real *w = mem_alloc((size_t)out * in, sizeof *w), *bias = mem_alloc((size_t)out, sizeof *w);
        real *y = mem_alloc((size_t)(rows * out), sizeof *y);
        real *dy = mem_alloc((size_t)(rows * out), sizeof *y);
        real *dw = mem_alloc((size_t)out * in, sizeof *w);
        for (int i = 0; i < rows * places; i++)
            token[i] = (int32_t)rng_below(&r, (uint32_t)words);
        for (size_t i = 0; i < (size_t)out * in; i++)
            w[i] = (real)rng_normal(&r), dw[i] = 2;
        for (int i = 0; i < out; i++)
            bias[i] = (real)rng_normal(&r);
        for (int i = 0; i < rows * out; i++)
            dy[i] = (real)rng_normal(&r);
        op_columns_forward(rows, places, words, out, token, w, k % 2 ? bias : NULL, y);
        op_columns_backward(rows, places, words, out, token, dy, 0, out / 2, true, dw);
        op_columns_backward(rows, places, words, out, token, dy, out / 2, out, false, dw);
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < rows; i++) {
                double sum = k % 2 ? (double)bias[o] : 0;
                for (int t = 0; t < places; t++)
                    sum += (double)w[(size_t)o * in + (size_t)(t * words + token[i * places + t])];
                assert_true(fabs(sum - (double)y[i * out + o]) < 1e-12);
            }
            for (size_t c = 0; c < in; c++) {
                double sum = o < out / 2 ? 2 : 0;
                for (int i = 0; i < rows; i++)
                    if ((size_t)token[i * places + (int)(c / (size_t)words)] == c % (size_t)words)
                        sum += (double)dy[i * out + o];
                assert_true(fabs(sum - (double)dw[(size_t)o * in + c]) < 1e-12);
            }
        }
        free(token), free(w), free(bias), free(y), free(dy), free(dw);
    }
}

enum { VOCABULARY = 5, PLACES = 3, FEATURES = 4, MOST_OUTPUTS = 4, MOST_EXAMPLES = 700 };

struct examples {
    int offset[MOST_EXAMPLES + 1];
    int32_t input[MOST_EXAMPLES * PLACES], label[MOST_EXAMPLES];
    real feature[MOST_EXAMPLES * FEATURES], value[MOST_EXAMPLES * MOST_OUTPUTS];
};

static struct batch draw_batch(struct rng *r, const struct mlp_config *c, int n,
                               struct examples *e) {
    bool words = c->input != MLP_FEATURES,
         signs = c->loss == LOSS_HINGE || c->loss == LOSS_LOGISTIC;
    for (int i = 0; i < n; i++) {
        e->offset[i + 1] = e->offset[i] + PLACES;
        e->label[i] = (int32_t)rng_below(r, (uint32_t)(c->outputs > 1 ? c->outputs : 2));
        for (int k = 0; k < PLACES; k++)
            e->input[i * PLACES + k] = (int32_t)rng_below(r, VOCABULARY);
        for (int k = 0; k < FEATURES; k++)
            e->feature[i * FEATURES + k] = (real)rng_normal(r);
        for (int k = 0; k < c->outputs; k++)
            e->value[i * c->outputs + k] = signs ? (rng_below(r, 2) ? 1 : -1) : (real)rng_normal(r);
    }
    if (n > 1)
        e->label[1] = -1;
    return (struct batch){.sequences = n,
                          .tokens = words ? n * PLACES : 0,
                          .offset = words ? e->offset : NULL,
                          .input = words ? e->input : NULL,
                          .label = c->values ? NULL : e->label,
                          .feature = words ? NULL : e->feature,
                          .value = c->values ? e->value : NULL,
                          .seed_dropout = 4,
                          .number = 9};
}

static void check_model(const struct mlp_config *config, int n, uint64_t seed) {
    struct err err = {0};
    struct model *m = model_new(&mlp_architecture, config, &err);
    if (!m)
        fail_msg("%s", err.text);
    model_init(m, seed);
    struct params *p = m->params;
    struct examples *e = mem_alloc(1, sizeof *e);
    struct rng r = rng_at(seed, RNG_EVAL, 0);
    struct batch batch = draw_batch(&r, config, n, e);
    for (size_t i = 0; i < p->size; i++)
        p->gradient[i] = 77; /* set, not added to */
    int counted;
    double loss = model_gradient(m, NULL, &batch, &counted);
    assert_int_equal(counted, config->values || n == 1 ? n : n - 1);
    if (config->dropout == 0) {
        double again = graph_mean_loss(m->graph, NULL, &batch, &counted, NULL, NULL);
        assert_true(again == loss && counted > 0);
    }
    real *gradient = mem_alloc(p->size, sizeof *gradient);
    memcpy(gradient, p->gradient, p->size * sizeof *gradient);
    const double h = 2e-5;
    for (size_t i = 0; i < p->tensors; i++) {
        const struct param *t = &p->table[i];
        double largest = 1e-3;
        for (size_t j = 0; j < t->count; j++)
            largest = fmax(largest, fabs((double)gradient[t->offset + j]));
        for (size_t j = 0; j < t->count; j++) {
            real *x = &p->value[t->offset + j], at = *x;
            double f[4];
            for (int k = 0; k < 4; k++) {
                *x = (real)((double)at + place[k] * h);
                f[k] = model_gradient(m, NULL, &batch, NULL);
            }
            *x = at;
            double numeric = difference(f, h), analytic = (double)gradient[t->offset + j];
            double size = fmax(fmax(fabs(numeric), fabs(analytic)), 0.01 * largest);
            if (!(fabs(numeric - analytic) < 1e-6 * size))
                fail_msg("%s[%zu] (input %s activation %s loss %s): backward %.12g, differences "
                         "%.12g",
                         t->name, j, mlp_inputs[config->input], mlp_activations[config->activation],
                         loss_names[config->loss], analytic, numeric);
        }
    }
    free(gradient);
    free(e);
    model_free(m);
}

static struct mlp_config small(enum mlp_input input, enum mlp_activation activation,
                               enum loss loss) {
    bool words = input != MLP_FEATURES;
    bool entropy = loss <= LOSS_STABLEMAX;
    return (struct mlp_config){.input = input,
                               .vocabulary = words ? VOCABULARY : 0,
                               .places = words ? PLACES : 0,
                               .embedding = input == MLP_EMBEDDING ? 3 : 0,
                               .features = words ? 0 : FEATURES,
                               .scale = words ? 1 : 1.5,
                               .shift = words ? 0 : -0.2,
                               .hidden = {2, {6, 5}},
                               .activation = activation,
                               .bias = true,
                               .outputs = entropy ? 4 : 1,
                               .loss = loss};
}

static void test_models(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int input = 0; input < 3; input++)
        for (int activation = 0; activation < 5; activation++)
            for (int loss = 0; loss < 7; loss++) {
                struct mlp_config c = small((enum mlp_input)input, (enum mlp_activation)activation,
                                            (enum loss)loss);
                c.table_of_place = input == MLP_EMBEDDING && loss % 2;
                c.bias = seed % 3 != 0;
                if (loss <= LOSS_STABLEMAX && seed % 2)
                    c.smoothing = 0.1;
                check_model(&c, 6, seed++);
                if (loss > LOSS_STABLEMAX) {
                    c.outputs = 3;
                    check_model(&c, 6, seed++);
                    c.values = true;
                    check_model(&c, 6, seed++);
                }
            }
}

/* No hidden layer, many, dropout; several chunks, several tiles. */
static void test_shapes(void **state) {
    (void)state;
    for (int input = 0; input < 3; input++) {
        struct mlp_config c = small((enum mlp_input)input, MLP_TANH, LOSS_MSE);
        c.hidden.n = 0;
        check_model(&c, 5, 70);
        c.hidden = (struct setting_list){7, {4, 3, 4, 3, 4, 3, 4}};
        check_model(&c, 5, 71);
        c.hidden = (struct setting_list){1, {5}};
        check_model(&c, MOST_EXAMPLES, 72);
        c.dropout = 0.3;
        check_model(&c, MOST_EXAMPLES, 73);
        c.base_width = 2;
        check_model(&c, 5, 75);
        c.base_width = 0;
        c.hidden = (struct setting_list){1, {300}};
        check_model(&c, 5, 74);
    }
}

/* Saxe, McClelland and Ganguli 2014 (arXiv:1312.6120), equations 5 to 8: whitened inputs, Sigma_yx
 * = U diag(s) V^T, W_1 = R diag(b) V^T and W_2 = U diag(b) R^T with b^2 = a0: each mode's strength
 * a follows tau a' = 2 a (s - a), a(t) = s e^(2st/tau) / (e^(2st/tau) - 1 + s / a0). Half the
 * square error as the mean over examples and gradient steps of rate r make t / tau = r step. Depth
 * 2; the rotations U, R, V are random. */
enum { WIDTH = 4 };

static void rotation(struct rng *r, double q[WIDTH][WIDTH]) {
    for (int i = 0; i < WIDTH; i++) {
        for (int c = 0; c < WIDTH; c++)
            q[i][c] = rng_normal(r);
        for (int round = 0; round < 2; round++)
            for (int j = 0; j < i; j++) {
                double dot = 0;
                for (int c = 0; c < WIDTH; c++)
                    dot += q[i][c] * q[j][c];
                for (int c = 0; c < WIDTH; c++)
                    q[i][c] -= dot * q[j][c];
            }
        double norm = 0;
        for (int c = 0; c < WIDTH; c++)
            norm += q[i][c] * q[i][c];
        for (int c = 0; c < WIDTH; c++)
            q[i][c] /= sqrt(norm);
    }
}

/* sum_k left[k][i] d_k right[k][j]. */
static double sandwich(double left[WIDTH][WIDTH], const double *d, double right[WIDTH][WIDTH],
                       int i, int j) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++)
        sum += left[k][i] * d[k] * right[k][j];
    return sum;
}

static double largest_deviation(double rate) {
    const double s[WIDTH] = {4, 3, 1.5, 1}, a0 = 1e-3, time = 6;
    struct mlp_config config = {.input = MLP_FEATURES,
                                .features = WIDTH,
                                .scale = 1,
                                .hidden = {1, {WIDTH}},
                                .activation = MLP_LINEAR,
                                .outputs = WIDTH,
                                .values = true,
                                .loss = LOSS_HALF_SQUARE};
    struct model *m = model_new(&mlp_architecture, &config, NULL);
    struct params *p = m->params;
    struct rng r = rng_at(8, RNG_EVAL, 0);
    double u[WIDTH][WIDTH], v[WIDTH][WIDTH], q[WIDTH][WIDTH];
    rotation(&r, u), rotation(&r, v), rotation(&r, q);
    /* As many examples as inputs, x = sqrt(n) e_i: the second moment is 1. */
    real feature[WIDTH * WIDTH], value[WIDTH * WIDTH];
    double root[WIDTH];
    for (int k = 0; k < WIDTH; k++)
        root[k] = sqrt(a0);
    real *w1 = p->value + params_find(p, "layers.0.weight")->offset;
    real *w2 = p->value + params_find(p, "layers.1.weight")->offset;
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++) {
            feature[i * WIDTH + j] = i == j ? (real)sqrt(WIDTH) : 0;
            value[i * WIDTH + j] = (real)(sqrt(WIDTH) * sandwich(u, s, v, j, i));
            w1[i * WIDTH + j] = (real)sandwich(q, root, v, i, j);
            w2[i * WIDTH + j] = (real)sandwich(u, root, q, i, j);
        }
    struct batch batch = {.sequences = WIDTH, .feature = feature, .value = value};
    double worst = 0;
    int64_t steps = (int64_t)(time / rate + 0.5);
    for (int64_t step = 0; step <= steps; step++) {
        for (int k = 0; k < WIDTH && step % (steps / 60) == 0; k++) {
            double a = 0, e = exp(2 * s[k] * rate * (double)step);
            for (int i = 0; i < WIDTH; i++)
                for (int j = 0; j < WIDTH; j++)
                    for (int h = 0; h < WIDTH; h++)
                        a += u[k][i] * (double)w2[i * WIDTH + h] * (double)w1[h * WIDTH + j] *
                             v[k][j];
            worst = fmax(worst, fabs(a - s[k] * e / (e - 1 + s[k] / a0)) / s[k]);
        }
        model_gradient(m, NULL, &batch, NULL);
        for (size_t i = 0; i < p->size; i++)
            p->value[i] -= (real)rate * p->gradient[i];
    }
    model_free(m);
    return worst;
}

/* Within a thousandth of s at rate 1e-3 times the time of the fastest mode, and the deviation is of
 * the order of the rate, so that the limit is the closed form. */
static void test_deep_linear(void **state) {
    (void)state;
    double coarse = largest_deviation(4e-4), fine = largest_deviation(1e-4);
    print_message("deviation from the closed form: %.3g at rate 4e-4, %.3g at 1e-4\n", coarse,
                  fine);
    assert_true(fine < 2e-3);
    assert_true(coarse / fine > 3.6 && coarse / fine < 4.4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses), cmocka_unit_test(test_sure),
        cmocka_unit_test(test_places), cmocka_unit_test(test_models),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_deep_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
