#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "nn/elementary.h"
#include "nn/op_rows.h"
#include "nn/optim.h"
#include "rnn_batches.h"

static const struct rnn_config small = {
    .vocabulary = 9, .dim = 12, .hidden = 16, .layers = 2, .max_length = LONGEST};

static struct model *new_model(const struct rnn_config *config, uint64_t seed) {
    struct err err = {0};
    struct model *model = model_new(&rnn_architecture, config, &err);
    if (!model)
        fail_msg("%s", err.text);
    model_init(model, seed);
    return model;
}

struct outputs {
    int width;
    real *value;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    for (int i = 0; i < rows; i++)
        memcpy(o->value + (size_t)row[i] * (size_t)o->width, output + (size_t)i * o->width,
               (size_t)o->width * sizeof *output);
}

/* Rows of tokens, or of examples. */
static real *forward(struct model *m, struct pool *pool, const struct batch *b) {
    int rows = b->label ? b->sequences : b->tokens;
    struct outputs o = {m->facts.outputs,
                        mem_alloc((size_t)rows * (size_t)m->facts.outputs, sizeof(real))};
    model_forward(m, pool, b, keep, &o);
    struct outputs passing = {o.width, mem_alloc((size_t)rows * (size_t)o.width, sizeof(real))};
    model_predict(m, pool, b, keep, &passing);
    assert_memory_equal(passing.value, o.value, (size_t)rows * (size_t)o.width * sizeof(real));
    free(passing.value);
    return o.value;
}

static double largest_difference(size_t n, const real *a, const real *b) {
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
    return largest;
}

/* The float approximations against libm, in units of the last place. */
static void test_elementary(void **state) {
    (void)state;
    double worst_tanh = 0, worst_sigmoid = 0;
    for (double x = -20; x < 20; x += 1.37e-4) {
        real at = (real)x;
        double t = tanh((double)at), s = 1 / (1 + exp(-(double)at));
        worst_tanh = fmax(worst_tanh, fabs((double)real_tanh(at) - t) / fmax(fabs(t), 1e-30));
        worst_sigmoid = fmax(worst_sigmoid, fabs((double)real_sigmoid(at) - s) / s);
    }
    for (double x = 1e-30; x < 1; x *= 1.01) {
        real at = (real)x;
        worst_tanh = fmax(worst_tanh, fabs((double)real_tanh(at) / tanh((double)at) - 1));
        assert_true(real_tanh(-at) == -real_tanh(at));
    }
    print_message("tanh %.3g, logistic %.3g (relative)\n", worst_tanh, worst_sigmoid);
    assert_true(worst_tanh < 4 * 1.2e-7 && worst_sigmoid < 4 * 1.2e-7);
    assert_true(real_tanh(INFINITY) <= 1 && real_tanh(-INFINITY) >= -1);
    assert_true(real_sigmoid(-1000) >= 0 && real_sigmoid(1000) == 1);
    assert_true(isnan(real_tanh(NAN)) && isnan(real_sigmoid(NAN)));
}

static void refused(struct rnn_config c, const char *text) {
    struct err err = {0};
    assert_int_equal(rnn_check_config(&c, &err), -1);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_string_equal(err.text, text);
}

static void test_check_config(void **state) {
    (void)state;
    struct err err;
    struct rnn_config c = small;
    assert_int_equal(rnn_check_config(&c, &err), 0);
    c = small, c.objective = OBJECTIVE_MASKED;
    refused(c, "a recurrent decoder has no objective 'masked'");
    c = small, c.objective = OBJECTIVE_CLASS;
    refused(c, "a classifier needs at least one class");
    c.classes = 2, c.tied = true;
    refused(c, "a classifier's output cannot be tied to the embeddings");
    c = small, c.classes = 2;
    refused(c, "2 classes mean nothing without objective 'class'");
    c = small, c.attention = RNN_ATTENTION_DOT;
    refused(c, "attention needs an encoder-decoder");
    c = small, c.separate_embeddings = true;
    refused(c, "separate embeddings need an encoder-decoder");
    c = small, c.cell = CELL_GRU, c.forget_bias = 1;
    refused(c, "only an LSTM has a bias of forget gates");
    c = small, c.layers = 1, c.dropout = 0.5;
    refused(c, "dropout between layers needs more than one layer");
    c = small, c.hidden = 1 << 14, c.cell = CELL_LSTM, c.max_length = 1 << 20;
    assert_int_equal(rnn_check_config(&c, &err), -1);
    c = small, c.vocabulary = 1 << 30;
    assert_int_equal(rnn_check_config(&c, &err), -1);
    c = small, c.dropout = 1;
    assert_int_equal(rnn_check_config(&c, &err), -1);
    c = small, c.cell = (enum cell)9;
    assert_int_equal(rnn_check_config(&c, &err), -1);
    c = small, c.shape = SHAPE_ENCODER;
    assert_int_equal(rnn_check_config(&c, &err), -1);
    c = small, c.shape = SHAPE_ENCODER_DECODER;
    assert_int_equal(rnn_check_config(&c, &err), -1);
}

static void expect(const struct model *m, const char *name, size_t rows, size_t columns) {
    const struct param *t = params_find(m->params, name);
    if (!t)
        fail_msg("%s is not there", name);
    assert_int_equal(t->shape[0], rows);
    assert_int_equal(t->shape[1], columns);
}

static void test_names(void **state) {
    (void)state;
    struct rnn_config c = small;
    c.cell = CELL_LSTM;
    c.output_bias = true;
    struct model *m = new_model(&c, 1);
    expect(m, "embedding.weight", 9, 12);
    expect(m, "rnn.weight_ih_l0", 64, 12);
    expect(m, "rnn.weight_hh_l1", 64, 16);
    expect(m, "rnn.bias_ih_l1", 64, 1);
    expect(m, "rnn.bias_hh_l0", 64, 1);
    expect(m, "output.weight", 9, 16);
    expect(m, "output.bias", 9, 1);
    assert_int_equal(m->params->tensors, 11);
    model_free(m);
    c.cell = CELL_GRU;
    c.shape = SHAPE_ENCODER_DECODER;
    c.objective = OBJECTIVE_TARGET;
    c.attention = RNN_ATTENTION_CONCAT;
    c.tied = c.separate_embeddings = true;
    m = new_model(&c, 1);
    expect(m, "source_embedding.weight", 9, 12);
    expect(m, "encoder.weight_ih_l0", 48, 12);
    expect(m, "decoder.weight_hh_l1", 48, 16);
    expect(m, "attention.query.weight", 16, 16);
    expect(m, "attention.score.weight", 1, 16);
    expect(m, "combine.weight", 16, 32);
    expect(m, "projection.weight", 12, 16);
    assert_null(params_find(m->params, "output.weight"));
    model_free(m);
    c = small;
    c.cell = CELL_SRN;
    c.shape = SHAPE_ENCODER;
    c.objective = OBJECTIVE_CLASS;
    c.classes = 4;
    m = new_model(&c, 1);
    expect(m, "rnn.weight_ih_l1_reverse", 16, 32);
    expect(m, "output.weight", 4, 32);
    model_free(m);
}

/* The draws have the bounds of PyTorch's, nearly reached, and a mean near 0. */
static void drawn(const struct model *m, const char *name, double bound) {
    const struct param *t = params_find(m->params, name);
    double largest = 0, sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        double x = (double)m->params->value[t->offset + i];
        largest = fmax(largest, fabs(x));
        sum += x;
    }
    assert_true(largest <= bound * (1 + 1e-6) && largest > 0.9 * bound);
    assert_true(fabs(sum / (double)t->count) < 4 * bound / sqrt(3.0 * (double)t->count));
}

static void test_initial(void **state) {
    (void)state;
    struct rnn_config c = small;
    c.hidden = 64;
    c.dim = 25;
    c.cell = CELL_LSTM;
    c.output_bias = true;
    c.vocabulary = 200;
    struct model *m = new_model(&c, 3);
    drawn(m, "rnn.weight_ih_l0", 0.125);
    drawn(m, "rnn.weight_hh_l1", 0.125);
    drawn(m, "rnn.bias_ih_l0", 0.125);
    drawn(m, "rnn.bias_hh_l1", 0.125);
    drawn(m, "output.weight", 0.125);
    drawn(m, "output.bias", 0.125);
    const struct param *t = params_find(m->params, "embedding.weight");
    double squares = 0;
    for (size_t i = 0; i < t->count; i++)
        squares += pow((double)m->params->value[t->offset + i], 2);
    assert_true(fabs(squares / (double)t->count - 1) < 5 * sqrt(2.0 / (double)t->count));
    struct model *again = new_model(&c, 3);
    c.forget_bias = 1;
    struct model *open = new_model(&c, 3);
    for (size_t i = 0; i < m->params->tensors; i++) {
        const struct param *p = &m->params->table[i];
        const real *a = m->params->value + p->offset, *b = open->params->value + p->offset;
        assert_memory_equal(a, again->params->value + p->offset, p->count * sizeof *a);
        bool ih = strstr(p->name, "bias_ih"), hh = strstr(p->name, "bias_hh");
        for (size_t k = 0; k < p->count; k++)
            if ((ih || hh) && k >= 64 && k < 128)
                assert_true(b[k] == (ih ? 1 : 0));
            else
                assert_true(b[k] == a[k]);
    }
    model_free(m), model_free(again), model_free(open);
    c.forget_bias = 0;
    c.tied = true;
    m = new_model(&c, 3);
    drawn(m, "embedding.weight", 0.2);
    drawn(m, "projection.weight", 0.125);
    drawn(m, "output.bias", 0.2);
    model_free(m);
}

/* Every variant learns one batch by heart: first tokens tell the sentences apart, and the rest of a
 * target is given by the input. */
static void test_overfit(void **state) {
    (void)state;
    struct rnn_config c, sizes = small;
    char name[100];
    sizes.layers = 1;
    sizes.hidden = 24;
    for (int n = 0; rnn_variant(n, &sizes, &c, name, sizeof name); n++) {
        struct model *m = new_model(&c, 5);
        struct optim *optim = optim_new(m->params, &optim_default, NULL);
        static struct sentences s;
        struct batch batch = draw_batch(&s, &c, 6, 6, true, 11);
        double loss = INFINITY;
        int step = 0;
        while (loss >= 0.05 && step < 600) {
            loss = model_gradient(m, NULL, &batch, NULL);
            assert_true(isfinite(loss));
            assert_int_equal(optim_step(optim, NULL, ++step, 1e-2, NULL), 0);
        }
        if (loss >= 0.05)
            fail_msg("%s: loss %.4f after %d steps", name, loss, step);
        optim_free(optim);
        model_free(m);
    }
}

/* Gradients, weights after some steps, and outputs, on 1, 2 and 3 threads. */
static void test_threads(void **state) {
    (void)state;
    struct rnn_config c, sizes = small;
    char name[100];
    sizes.dropout = 0.1;
    for (int n = 0; rnn_variant(n, &sizes, &c, name, sizeof name); n++) {
        struct model *m[3];
        real *first = NULL;
        for (int k = 0; k < 3; k++) {
            m[k] = new_model(&c, 5);
            struct pool *pool = pool_new(1 + k);
            struct optim *optim = optim_new(m[k]->params, &optim_default, NULL);
            static struct sentences s;
            struct batch batch;
            for (int step = 1; step <= 2; step++) {
                batch = draw_batch(&s, &c, 60 * step, LONGEST, false, (uint64_t)step);
                model_gradient(m[k], pool, &batch, NULL);
                assert_int_equal(optim_step(optim, pool, step, 1e-3, NULL), 0);
            }
            const struct params *p = m[0]->params, *q = m[k]->params;
            assert_memory_equal(q->gradient, p->gradient, p->size * sizeof(real));
            assert_memory_equal(q->value, p->value, p->size * sizeof(real));
            real *y = forward(m[k], pool, &batch);
            if (k == 0)
                first = y;
            else {
                size_t rows = (size_t)(batch.label ? batch.sequences : batch.tokens);
                assert_memory_equal(y, first, rows * (size_t)m[k]->facts.outputs * sizeof *y);
                free(y);
            }
            optim_free(optim);
            pool_free(pool);
        }
        free(first);
        for (int k = 0; k < 3; k++)
            model_free(m[k]);
    }
}

/* A sentence has the outputs it has alone; a decoder's do not depend on what follows. */
static void test_packing(void **state) {
    (void)state;
    struct rnn_config c;
    char name[100];
    for (int n = 0; rnn_variant(n, &small, &c, name, sizeof name); n++) {
        struct model *m = new_model(&c, 10);
        static struct sentences s;
        struct batch batch = draw_batch(&s, &c, 40, LONGEST, false, 22);
        batch.target = NULL;
        real *together = forward(m, NULL, &batch);
        size_t width = (size_t)m->facts.outputs;
        for (int i = 0; i < 40; i += 3) {
            int first = s.offset[i], rows = s.offset[i + 1] - first;
            int from = s.memory_offset[i], memory = s.memory_offset[i + 1] - from;
            const int offset[] = {0, rows}, memory_offset[] = {0, memory};
            struct batch alone = {.sequences = 1,
                                  .tokens = rows,
                                  .offset = offset,
                                  .input = s.input + first,
                                  .label = batch.label ? batch.label + i : NULL};
            if (batch.memory) {
                alone.memory_tokens = memory;
                alone.memory_offset = memory_offset;
                alone.memory = s.memory + from;
            }
            real *y = forward(m, NULL, &alone);
            size_t at = batch.label ? (size_t)i : (size_t)first;
            if (!(largest_difference((batch.label ? 1 : (size_t)rows) * width, y,
                                     together + at * width) < 1e-5))
                fail_msg("%s: sentence %d differs alone", name, i);
            free(y);
        }
        int changed = (s.offset[1] + s.offset[2]) / 2;
        s.input[changed] = (s.input[changed] + 1) % c.vocabulary;
        real *after = forward(m, NULL, &batch);
        for (int t = 0; !batch.label && t < batch.tokens; t++) {
            bool may = c.shape == SHAPE_ENCODER ? t >= s.offset[1] && t < s.offset[2]
                                                : t >= changed && t < s.offset[2];
            bool same = memcmp(after + (size_t)t * width, together + (size_t)t * width,
                               width * sizeof *after) == 0;
            if (c.cell == CELL_SRN_RELU ? !may && !same : may == same)
                fail_msg("%s: row %d, changed %d, same %d", name, t, changed, same);
        }
        free(together), free(after);
        model_free(m);
    }
}

static void test_json(void **state) {
    (void)state;
    struct rnn_config c;
    char name[100];
    for (int n = 0; rnn_variant(n, &small, &c, name, sizeof name); n++) {
        c.dropout = 0.25;
        c.label_smoothing = 0.1;
        struct model *m = new_model(&c, 1);
        char *text = model_config_text(m);
        struct err err;
        struct model *back = model_from_config_text(text, params_count(m->params), &err);
        assert_non_null(back);
        char *again = model_config_text(back);
        assert_string_equal(again, text);
        assert_int_equal(back->params->tensors, m->params->tensors);
        free(text), free(again);
        model_free(m), model_free(back);
    }
}

/* Sequences of 2, 0, 3, 2 and 1 rows from row 4 on. */
static void test_time_order(void **state) {
    (void)state;
    const int offset[] = {4, 6, 6, 9, 11, 12}, sequence[] = {2, 0, 3, 4}, start[] = {0, 4, 7, 8};
    const int forward[] = {2, 0, 5, 7, 3, 1, 6, 4}, backward[] = {4, 1, 6, 7, 3, 0, 5, 2};
    int *memory = mem_alloc(time_order_size(8), sizeof *memory);
    for (int reverse = 0; reverse < 2; reverse++) {
        time_order_make(5, offset, reverse, memory);
        struct time_order o = time_order_of(8, memory);
        assert_int_equal(o.steps, 3);
        assert_int_equal(o.sequences, 4);
        assert_memory_equal(o.start, start, sizeof start);
        assert_memory_equal(o.sequence, sequence, sizeof sequence);
        assert_memory_equal(o.row, reverse ? backward : forward, sizeof forward);
    }
    struct time_order none = time_order_make(1, offset + 1, false, memory);
    assert_int_equal(none.steps + none.sequences + none.rows, 0);
    free(memory);
}

static void test_tokens_differ(void **state) {
    (void)state;
    const int32_t token[] = {3, 0, 3, 5, 0, 1}, expected[] = {3, 0, 5, 1};
    const int numbers[] = {0, 1, 0, 2, 1, 3};
    int mark[6], number[6];
    int32_t different[6];
    for (int again = 0; again < 2; again++) {
        assert_int_equal(op_tokens_differ(6, token, 6, mark, number, different), 4);
        assert_memory_equal(different, expected, sizeof expected);
        assert_memory_equal(number, numbers, sizeof numbers);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementary), cmocka_unit_test(test_check_config),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_initial),
        cmocka_unit_test(test_overfit),    cmocka_unit_test(test_threads),
        cmocka_unit_test(test_packing),    cmocka_unit_test(test_json),
        cmocka_unit_test(test_time_order), cmocka_unit_test(test_tokens_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
