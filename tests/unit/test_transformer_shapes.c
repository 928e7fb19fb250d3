/* Every shape of transformer: who sees what, dropout, attention's probabilities, learning. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nn/optim.h"
#include "tests/unit/transformers.h"

static const struct transformer_config sizes = {
    .vocabulary = 13, .dim = 32, .layers = 2, .heads = 4, .feedforward = 64, .max_length = 20};

static struct transformer_config config_of(int task, int norm, int positions) {
    const int v[FACTORS] = {
        [TASK] = task, [NORM] = norm, [POSITIONS] = positions, [FEED] = ACTIVATION_GELU};
    return variant_config(v, sizes);
}

static struct model *new_model(const struct architecture *a, const struct transformer_config *c) {
    struct err err;
    struct model *m = model_new(a, c, &err);
    if (!m)
        fail_msg("%s", err.text);
    model_init(m, 3);
    return m;
}

struct outputs {
    int width;
    size_t rows;
    real *value;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    for (int i = 0; i < rows; i++)
        memcpy(o->value + (size_t)row[i] * o->width, output + (size_t)i * o->width,
               (size_t)o->width * sizeof *output);
}

static struct outputs forward(struct model *m, struct pool *pool, const struct batch *b) {
    struct outputs o = {m->facts.outputs, (size_t)(b->label ? b->sequences : b->tokens), NULL};
    o.value = mem_alloc(o.rows * (size_t)o.width, sizeof(real));
    model_forward(m, pool, b, keep, &o);
    return o;
}

static bool same_row(const struct outputs *a, const struct outputs *b, size_t row) {
    size_t bytes = (size_t)a->width * sizeof(real);
    return memcmp(a->value + row * (size_t)a->width, b->value + row * (size_t)a->width, bytes) == 0;
}

/* Change one token of one example, at every place in turn: the rows that see it change, no others
 * do. memory: the token is one that an encoder reads. */
static void check_sight(int task, int norm, int positions, bool memory) {
    struct transformer_config c = config_of(task, norm, positions);
    struct model *m = new_model(&transformer_architecture, &c);
    struct rng r = rng_at(1, RNG_EVAL, (uint64_t)task);
    static struct examples e;
    struct batch b = draw_examples(&c, &e, 6, &r);
    struct outputs before = forward(m, NULL, &b);
    enum { CHANGED = 4 };
    const int *offset = memory ? e.memory_offset : e.offset;
    int32_t *token = memory ? e.memory : e.input;
    for (int at = offset[CHANGED]; at < offset[CHANGED + 1]; at++) {
        token[at] = (token[at] + 1) % c.vocabulary;
        struct outputs after = forward(m, NULL, &b);
        token[at] = (token[at] + c.vocabulary - 1) % c.vocabulary;
        int place = at - offset[CHANGED];
        for (int s = 0; s < b.sequences; s++)
            for (int t = e.offset[s]; t < e.offset[s + 1]; t++) {
                int row = t - e.offset[s];
                bool whole = c.objective == OBJECTIVE_CLASS, sees = true;
                if (!memory && c.shape != SHAPE_ENCODER && !whole)
                    sees = place <= row || (c.bidirectional_prefix && place < e.prefix[s]);
                bool changed = !same_row(&before, &after, whole ? (size_t)s : (size_t)t);
                assert_int_equal(changed, s == CHANGED && sees);
            }
        free(after.value);
    }
    free(before.value);
    model_free(m);
}

static void test_sight(void **state) {
    (void)state;
    for (int task = 0; task < TASKS; task++)
        for (int positions = 0; positions < 7; positions++) {
            check_sight(task, (task + positions) % 3, positions, false);
            if (tasks[task].shape == SHAPE_ENCODER_DECODER)
                check_sight(task, (task + positions) % 3, positions, true);
        }
}

/* Without positions the order of the other tokens is nothing to an encoder; every kind of positions
 * tells it. */
static void test_positions(void **state) {
    (void)state;
    const int offset[] = {0, 6};
    int32_t input[] = {3, 4, 5, 6, 7, 8}, turned[] = {4, 3, 5, 6, 7, 8};
    for (int positions = 0; positions < 7; positions++) {
        struct transformer_config c = config_of(8, NORM_PRE, positions);
        struct model *m = new_model(&transformer_architecture, &c);
        struct params *p = m->params;
        struct rng r = rng_at(9, RNG_EVAL, 0);
        for (size_t i = 0; i < p->tensors; i++)
            for (size_t j = 0; j < p->table[i].count; j++)
                p->value[p->table[i].offset + j] += (real)(0.1 * rng_normal(&r));
        struct batch a = {.sequences = 1, .tokens = 6, .offset = offset, .input = input};
        struct batch b = {.sequences = 1, .tokens = 6, .offset = offset, .input = turned};
        struct outputs x = forward(m, NULL, &a), y = forward(m, NULL, &b);
        double apart = 0;
        for (int k = 0; k < x.width; k++)
            apart = fmax(apart,
                         fabs((double)(x.value[5 * x.width + k] - y.value[5 * x.width + k])));
        if (positions == POSITIONS_NONE)
            assert_true(apart < 1e-5);
        else
            assert_true(apart > 1e-3);
        free(x.value), free(y.value);
        model_free(m);
    }
}

/* The same losses and gradients on 1, 2 and 3 threads, with dropout everywhere; chunks of another
 * size draw the same masks, so that only rounding differs. */
static void test_dropout(void **state) {
    (void)state;
    for (int task = 0; task < TASKS; task++) {
        int v[FACTORS] = {[TASK] = task, [POSITIONS] = task % 7, [FEED] = 1, [DROPOUT] = 1};
        struct transformer_config c = variant_config(v, sizes);
        struct architecture small = transformer_architecture;
        small.chunk_rows = 16;
        struct rng r = rng_at(2, RNG_EVAL, (uint64_t)task);
        static struct examples e;
        struct batch b = draw_examples(&c, &e, 40, &r);
        real *first = NULL;
        double loss[5];
        for (int k = 0; k < 5; k++) {
            struct model *m = new_model(k == 3 ? &small : &transformer_architecture, &c);
            struct pool *pool = pool_new(k < 3 ? k + 1 : 1);
            b.number = k == 4 ? 4 : 3;
            loss[k] = model_gradient(m, pool, &b, NULL);
            size_t bytes = m->params->size * sizeof *first;
            double apart = 0, size = 0;
            for (size_t i = 0; k > 2 && i < m->params->size; i++) {
                apart += pow((double)(m->params->gradient[i] - first[i]), 2);
                size += pow((double)first[i], 2);
            }
            if (k == 0)
                first = memcpy(mem_alloc(m->params->size, sizeof *first), m->params->gradient,
                               bytes);
            else if (k < 3)
                assert_memory_equal(first, m->params->gradient, bytes);
            else if (k == 3) /* other chunks */
                assert_true(apart < 1e-8 * size);
            else /* another step */
                assert_true(apart > 1e-3 * size);
            pool_free(pool);
            model_free(m);
        }
        assert_true(loss[0] == loss[1] && loss[0] == loss[2] && loss[0] != loss[4]);
        assert_true(fabs(loss[3] - loss[0]) < 1e-5);
        free(first);

        /* Nothing is dropped in evaluation. */
        struct model *m = new_model(&transformer_architecture, &c);
        v[DROPOUT] = 0;
        struct transformer_config without = variant_config(v, sizes);
        struct model *plain = new_model(&transformer_architecture, &without);
        struct outputs x = forward(m, NULL, &b), y = forward(plain, NULL, &b);
        for (size_t i = 0; i < x.rows * (size_t)x.width; i++)
            assert_true(fabs((double)(x.value[i] - y.value[i])) < 1e-4);
        free(x.value), free(y.value);
        model_free(m);
        model_free(plain);
    }
}

/* Attention's dropout keeps the mean: over many masks, y is what it is without. */
static void test_dropout_mean(void **state) {
    (void)state;
    enum { DIM = 6, WORDS = 5, MASKS = 4000, ROWS = 5 };
    struct params params = {0};
    struct graph *g = graph_new(&params, 0);
    int table = (int)params_add(&params, 2, WORDS, 3 * DIM, "table");
    int x = graph_embedding(g, ROWS_INPUT, table, 1, -1, 0);
    int qkv = graph_scale(g, x, 0.5);
    int y = graph_attend(g, qkv, -1,
                         &(struct attention_form){.mask = ATTENTION_FULL,
                                                  .heads = 2,
                                                  .relative_key = -1,
                                                  .relative_bias = -1,
                                                  .dropout = 0.25,
                                                  .longest = ROWS});
    graph_cross_entropy(g, graph_outputs(g, graph_scale(g, y, 2)), 0);
    params_allocate(&params);
    for (int i = 0; i < WORDS * 3 * DIM; i++)
        params.value[i] = (real)(0.1 * (i * 7 % 23) - 1);
    const int offset[] = {0, ROWS};
    const int32_t input[] = {0, 1, 2, 3, 4}, target[] = {0, 1, 2, 3, 4};
    struct batch b = {.sequences = 1,
                      .tokens = ROWS,
                      .offset = offset,
                      .input = input,
                      .target = target,
                      .seed_dropout = 5};
    size_t rows;
    graph_forward(g, NULL, &b, NULL, NULL);
    double expected[ROWS * DIM], sum[ROWS * DIM] = {0}, squares[ROWS * DIM] = {0};
    for (int i = 0; i < ROWS * DIM; i++)
        expected[i] = (double)graph_value(g, y, &rows)[i];
    for (b.number = 0; b.number < MASKS; b.number++) {
        graph_gradient(g, NULL, &b, 1, NULL);
        for (int i = 0; i < ROWS * DIM; i++) {
            double value = (double)graph_value(g, y, &rows)[i];
            sum[i] += value;
            squares[i] += value * value;
        }
    }
    for (int i = 0; i < ROWS * DIM; i++) {
        double mean = sum[i] / MASKS, deviation = sqrt(squares[i] / MASKS - mean * mean);
        assert_true(deviation > 0);
        assert_true(fabs(mean - expected[i]) < 4.5 * deviation / sqrt(MASKS));
    }
    graph_free(g);
    params_free(&params);
}

static void check_probabilities(const struct model *m, const char *part, int heads,
                                const struct batch *b, bool causal) {
    int node = transformer_attention(m, part, 1);
    assert_true(node >= 0);
    for (int s = 0; s < b->sequences; s++)
        for (int h = 0; h < heads; h++) {
            int n, k;
            const real *p = graph_attention_probability(m->graph, node, s, h, &n, &k);
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int j = 0; j < k; j++) {
                    double q = (double)p[(size_t)i * k + j];
                    assert_true(causal && j > i ? q == 0 : q > 0);
                    sum += q;
                }
                assert_true(fabs(sum - 1) < 1e-5);
            }
        }
}

static void test_probabilities(void **state) {
    (void)state;
    struct rng r = rng_at(3, RNG_EVAL, 0);
    static struct examples e;
    for (int k = 0; k < 3; k++) {
        struct transformer_config c = config_of(k == 0 ? 0 : k == 1 ? 8 : 9, NORM_PRE, k);
        struct model *m = new_model(&transformer_architecture, &c);
        struct batch b = draw_examples(&c, &e, 50, &r);
        free(forward(m, NULL, &b).value);
        if (k < 2) {
            check_probabilities(m, "", c.heads, &b, k == 0);
        } else {
            check_probabilities(m, "encoder", c.heads, &b, false);
            check_probabilities(m, "decoder", c.heads, &b, true);
            check_probabilities(m, "cross", c.heads, &b, false);
        }
        assert_int_equal(transformer_attention(m, "", 2), -1);
        model_free(m);
    }
}

/* Eight examples whose answers their first tokens tell are learnt by heart. */
static void test_overfit(void **state) {
    (void)state;
    for (int task = 0; task < TASKS; task++) {
        struct transformer_config c = config_of(task, task % 2, task % 6);
        struct model *m = new_model(&transformer_architecture, &c);
        struct rng r = rng_at(4, RNG_EVAL, (uint64_t)task);
        static struct examples e;
        struct batch b = draw_examples(&c, &e, 8, &r);
        for (int s = 0; s < 8; s++)
            e.input[e.offset[s]] = e.memory[e.memory_offset[s]] = s;
        struct optim *optim = optim_new(m->params, &optim_default, NULL);
        double loss = INFINITY;
        int step = 0;
        while (loss >= 0.05 && step < 500) {
            loss = model_gradient(m, NULL, &b, NULL);
            assert_int_equal(optim_step(optim, NULL, ++step, 3e-3, NULL), 0);
        }
        if (!(loss < 0.05))
            fail_msg("%s: loss %.3f after %d steps", tasks[task].name, loss, step);
        optim_free(optim);
        model_free(m);
    }
}

/* Contradictions, each with its sentence. */
static void test_refusals(void **state) {
    (void)state;
    const int v[FACTORS] = {0};
    struct transformer_config base = variant_config(v, sizes), c;
    struct err err;
#define REFUSED(change, words)                                                                     \
    do {                                                                                           \
        c = base;                                                                                  \
        change;                                                                                    \
        assert_int_equal(transformer_check_config(&c, &err), -1);                                  \
        assert_int_equal(err.status, STATUS_USAGE);                                                \
        assert_non_null(strstr(err.text, words));                                                  \
    } while (0)
    REFUSED(c.shape = SHAPE_ENCODER, "an encoder sees");
    REFUSED(c.shape = SHAPE_ENCODER_DECODER, "predicts targets");
    REFUSED(c.objective = OBJECTIVE_MASKED, "an encoder's");
    REFUSED(c.objective = OBJECTIVE_VALUE, "not real numbers");
    REFUSED(c.objective = OBJECTIVE_CLASS, "0 classes");
    REFUSED((c.objective = OBJECTIVE_CLASS, c.classes = 2, c.readout = READOUT_FIRST), "first");
    REFUSED((c.objective = OBJECTIVE_CLASS, c.classes = 2, c.tied = true), "tied");
    REFUSED(c.classes = 2, "classes");
    REFUSED(c.bidirectional_prefix = true, "prefix");
    REFUSED((c.head_width = 3, c.positions = POSITIONS_ROTARY), "odd");
    REFUSED(c.relative_distance = 2, "relative");
    REFUSED((c.relative_distance = 20, c.positions = POSITIONS_RELATIVE), "distance 20");
    REFUSED((c.feedforward = 0, c.gated = true), "gate");
    REFUSED(c.decoder_layers = 2, "encoder-decoder");
    REFUSED(c.dropout_attention = 1, "dropout_attention");
    REFUSED(c.label_smoothing = NAN, "label_smoothing");
#undef REFUSED
    /* What a batch may not hold. */
    struct rng r = rng_at(6, RNG_EVAL, 0);
    static struct examples e;
    c = config_of(9, NORM_PRE, 0);
    struct batch b = draw_examples(&c, &e, 4, &r);
    assert_int_equal(transformer_check_batch(&c, &b, &err), 0);
    e.memory[2] = 13;
    assert_int_equal(transformer_check_batch(&c, &b, &err), -1);
    e.memory[2] = -1;
    assert_int_equal(transformer_check_batch(&c, &b, &err), -1);
    c = config_of(3, NORM_PRE, 0);
    b = draw_examples(&c, &e, 4, &r);
    e.label[3] = 3;
    assert_int_equal(transformer_check_batch(&c, &b, &err), -1);
    c = config_of(2, NORM_PRE, 0);
    b = draw_examples(&c, &e, 4, &r);
    e.prefix[1] = 2;
    assert_int_equal(transformer_check_batch(&c, &b, &err), -1);
}

/* A configuration survives being written, and one written before there were shapes still reads. */
static void test_configuration(void **state) {
    (void)state;
    struct err err;
    const char *old = "{\"architecture\": \"transformer\", \"vocabulary\": 13, \"dim\": 32, "
                      "\"layers\": 2, \"heads\": 4, \"feedforward\": 64, \"max_length\": 20, "
                      "\"norm\": \"post\", \"positions\": \"learned\", \"activation\": \"gelu\", "
                      "\"tied\": true, \"scale_embedding\": false}";
    int v[FACTORS] = {[NORM] = NORM_POST, [POSITIONS] = POSITIONS_LEARNED, [FEED] = 1, [TIED] = 1};
    struct transformer_config c = variant_config(v, sizes);
    struct model *m = new_model(&transformer_architecture, &c);
    struct model *n = model_from_config_text(old, params_count(m->params), &err);
    assert_non_null(n);
    assert_memory_equal(n->config, m->config, sizeof c);
    model_free(m);
    model_free(n);
    int(*variant)[FACTORS], count = pairwise(sizes, true, &variant);
    for (int i = 0; i < count; i++) {
        c = variant_config(variant[i], sizes);
        m = new_model(&transformer_architecture, &c);
        char *text = model_config_text(m);
        n = model_from_config_text(text, params_count(m->params), &err);
        assert_non_null(n);
        char *again = model_config_text(n);
        assert_string_equal(text, again);
        free(text), free(again);
        model_free(m);
        model_free(n);
    }
    free(variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sight),         cmocka_unit_test(test_positions),
        cmocka_unit_test(test_dropout),       cmocka_unit_test(test_dropout_mean),
        cmocka_unit_test(test_probabilities), cmocka_unit_test(test_overfit),
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
