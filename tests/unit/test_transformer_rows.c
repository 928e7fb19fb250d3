/* A transformer that computes only the rows that matter: the same bits as one that computes all. */
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
    .vocabulary = 13, .dim = 24, .layers = 2, .heads = 3, .feedforward = 40, .max_length = 20};

enum { SEQUENCES = 40, STEPS = 3 };

static struct model *new_model(const struct transformer_config *c, enum model_rows rows) {
    struct err err;
    struct model *m = model_new(&transformer_architecture, c, &err);
    if (!m)
        fail_msg("%s", err.text);
    model_set_rows(m, rows);
    model_init(m, 3);
    /* Biases and relative positions too. */
    struct rng r = rng_at(4, RNG_EVAL, 0);
    for (size_t i = 0; i < m->params->tensors; i++)
        for (size_t j = 0; j < m->params->table[i].count; j++)
            m->params->value[m->params->table[i].offset + j] += (real)(0.1 * rng_normal(&r));
    return m;
}

static int count_kind(const struct graph *g, enum rows rows) {
    int n = 0;
    for (int i = 0; i < graph_nodes(g); i++)
        n += graph_node_rows(g, i) == rows;
    return n;
}

struct learned {
    double loss[STEPS];
    real *value;
    size_t size;
};

static struct learned learn(struct model *m, int threads, int passes) {
    struct err err;
    static struct examples e;
    struct pool *pool = threads > 1 ? pool_new(threads) : NULL;
    struct optim_config config = optim_default;
    config.weight_decay = 0.01;
    struct optim *o = optim_new(m->params, &config, &err);
    assert_non_null(o);
    struct learned l = {.size = m->params->size};
    m->passes = passes;
    for (int step = 0; step < STEPS; step++) {
        struct rng r = rng_at(5, RNG_EVAL, (uint64_t)step);
        struct batch b = draw_examples(m->config, &e, SEQUENCES, &r);
        b.number = (uint64_t)step;
        l.loss[step] = model_gradient(m, pool, &b, NULL);
        struct optim_report report = {0};
        assert_int_equal(optim_step(o, pool, step + 1, 0.01, &report), 0);
    }
    optim_free(o);
    pool_free(pool);
    l.value = mem_alloc(l.size, sizeof *l.value);
    memcpy(l.value, m->params->value, l.size * sizeof *l.value);
    return l;
}

static void assert_same(const struct learned *a, const struct learned *b, const char *what) {
    for (int step = 0; step < STEPS; step++)
        if (a->loss[step] != b->loss[step])
            fail_msg("%s: the losses of step %d differ: %.17g, %.17g", what, step, a->loss[step],
                     b->loss[step]);
    size_t differ = 0;
    for (size_t i = 0; i < a->size; i++)
        differ += memcmp(&a->value[i], &b->value[i], sizeof(real)) != 0;
    if (differ)
        fail_msg("%s: %zu of %zu weights differ", what, differ, a->size);
}

static bool is_narrow(const struct model *m) {
    return count_kind(m->graph, ROWS_OUTPUT) > 1 + (m->facts.max_memory > 0) &&
           graph_find(m->graph, "norm") < 0 && graph_find(m->graph, "layers.1") < 0 &&
           graph_find(m->graph, "decoder.layers.1") < 0;
}

/* Training: every pair of settings that can go together, some of them on threads and in parts. */
static void test_learning(void **state) {
    (void)state;
    int(*variant)[FACTORS], n = pairwise(sizes, true, &variant), narrow_ones = 0;
    for (int i = 0; i < n; i++) {
        char text[100];
        variant_text(variant[i], text, sizeof text);
        struct transformer_config c = variant_config(variant[i], sizes);
        int threads = i % 5 == 0 ? 1 + i % 4 : 1, passes = i % 7 == 0 ? 3 : 1;
        struct model *whole = new_model(&c, MODEL_ROWS_ALL);
        struct learned all = learn(whole, 1, passes);
        for (enum model_rows rows = MODEL_ROWS_PREDICTED; rows <= MODEL_ROWS_WANTED; rows++) {
            struct model *narrow = new_model(&c, rows);
            narrow_ones += is_narrow(narrow);
            struct learned some = learn(narrow, threads, passes);
            assert_same(&all, &some, text);
            free(some.value);
            model_free(narrow);
        }
        free(all.value);
        model_free(whole);
    }
    assert_true(narrow_ones > n / 2);
    print_message("%d variants, %d of %d graphs narrow\n", n, narrow_ones, 2 * n);
    free(variant);
}

static struct transformer_config config_of(int task, int norm, int positions) {
    const int v[FACTORS] = {
        [TASK] = task, [NORM] = norm, [POSITIONS] = positions, [FEED] = ACTIVATION_GELU};
    return variant_config(v, sizes);
}

/* Where every row is predicted, or read, there is nothing to leave out. */
static void test_which_are_narrow(void **state) {
    (void)state;
    for (int task = 0; task < TASKS; task++) {
        struct transformer_config c = config_of(task, NORM_PRE, POSITIONS_LEARNED);
        bool class = c.objective == OBJECTIVE_CLASS, mean = class && c.readout == READOUT_MEAN;
        struct model *m = new_model(&c, MODEL_ROWS_ALL);
        const char *last = c.shape == SHAPE_ENCODER_DECODER ? "decoder.norm" : "norm";
        assert_true(graph_find(m->graph, last) >= 0);
        int nodes = graph_nodes(m->graph);
        model_set_rows(m, MODEL_ROWS_PREDICTED);
        bool some = !mean && c.objective != OBJECTIVE_ALL && c.shape != SHAPE_ENCODER_DECODER;
        assert_int_equal(graph_find(m->graph, last) < 0, some);
        assert_int_equal(graph_nodes(m->graph) > nodes, some);
        model_set_rows(m, MODEL_ROWS_WANTED);
        assert_int_equal(graph_find(m->graph, last) < 0, !mean);
        model_set_rows(m, MODEL_ROWS_ALL);
        assert_int_equal(graph_nodes(m->graph), nodes);
        model_free(m);
    }
}

struct outputs {
    int width, visited;
    size_t rows;
    real *value;
};

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    o->visited += rows;
    for (int i = 0; i < rows; i++)
        memcpy(o->value + (size_t)row[i] * o->width, output + (size_t)i * o->width,
               (size_t)o->width * sizeof *output);
}

/* Outputs and mean loss: some rows wanted, of most examples none; all; what has a target. */
static void test_outputs(void **state) {
    (void)state;
    int narrow_ones = 0;
    for (int task = 0; task < TASKS; task++)
        for (int norm = 0; norm < 3; norm++) {
            struct transformer_config c = config_of(task, norm, (task + norm) % POSITIONS_NONE);
            struct model *m[] = {new_model(&c, MODEL_ROWS_ALL), new_model(&c, MODEL_ROWS_WANTED)};
            narrow_ones += is_narrow(m[1]);
            static struct examples e;
            struct rng r = rng_at(6, RNG_EVAL, (uint64_t)task);
            struct batch b = draw_examples(&c, &e, SEQUENCES, &r);
            static uint8_t wanted[MOST_EXAMPLES * LONGEST];
            for (int t = 0; t < b.tokens; t++)
                wanted[t] = t < 30 || t > b.tokens - 3 ? rng_below(&r, 3) == 0 : 0;
            for (int kind = 0; kind < 3; kind++) {
                struct outputs o[2];
                double loss[2];
                int counted[2];
                b.wanted = kind == 0 ? wanted : NULL;
                for (int k = 0; k < 2; k++) {
                    o[k] = (struct outputs){.width = m[k]->facts.outputs};
                    o[k].rows = (size_t)(b.label ? b.sequences : b.tokens) * (size_t)o[k].width;
                    o[k].value = mem_alloc(o[k].rows, sizeof(real));
                    if (kind < 2)
                        model_forward(m[k], NULL, &b, keep, &o[k]);
                    else
                        loss[k] = graph_mean_loss(m[k]->graph, NULL, &b, &counted[k], keep, &o[k]);
                }
                assert_true(o[0].visited > 0);
                assert_int_equal(o[0].visited, o[1].visited);
                assert_memory_equal(o[0].value, o[1].value, o[0].rows * sizeof(real));
                if (kind == 2) {
                    assert_int_equal(counted[0], counted[1]);
                    assert_true(counted[0] > 0 && loss[0] == loss[1]);
                }
                free(o[0].value);
                free(o[1].value);
            }
            model_free(m[0]);
            model_free(m[1]);
        }
    assert_true(narrow_ones > 20);
}

/* Examples, whole chunks of them, in which nothing is predicted. */
static void test_little_is_predicted(void **state) {
    (void)state;
    for (int task = 1; task < 9; task += task == 2 ? 6 : 1) {
        struct transformer_config c = config_of(task, NORM_POST, POSITIONS_RELATIVE);
        static struct examples e;
        struct rng r = rng_at(7, RNG_EVAL, (uint64_t)task);
        struct batch b = draw_examples(&c, &e, SEQUENCES, &r);
        assert_true(b.tokens > 2 * GRAPH_CHUNK_ROWS);
        for (int predicted = 0; predicted < 2; predicted++) {
            for (int t = 0; t < b.tokens; t++)
                e.target[t] = predicted && t == b.tokens / 2 ? 1 : -1;
            struct model *m[] = {new_model(&c, MODEL_ROWS_ALL),
                                 new_model(&c, MODEL_ROWS_PREDICTED)};
            assert_true(is_narrow(m[1]));
            int counted;
            double loss = model_gradient(m[0], NULL, &b, &counted);
            assert_int_equal(counted, predicted);
            assert_true(loss == model_gradient(m[1], NULL, &b, &counted));
            assert_int_equal(counted, predicted);
            for (size_t i = 0; i < m[0]->params->size; i++)
                assert_true(m[0]->params->gradient[i] == m[1]->params->gradient[i]);
            model_free(m[0]);
            model_free(m[1]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_which_are_narrow),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_little_is_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
