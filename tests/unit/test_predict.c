/* Forward passes that keep nothing: the outputs are bit for bit those of passes that keep all, in
 * the room of a chunk a worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nn/graph.h"
#include "nn/model.h"
#include "nn/pool.h"
#include "tests/unit/transformers.h"

struct outputs {
    size_t width, numbers;
    real *value;
    uint8_t *visited; /* [row] */
};

static struct outputs new_outputs(const struct model *m, const struct batch *b) {
    struct outputs o = {.width = (size_t)m->facts.outputs};
    size_t rows = (size_t)(b->label ? b->sequences : b->tokens);
    o.numbers = rows * o.width;
    o.value = mem_alloc(o.numbers, sizeof *o.value);
    o.visited = mem_alloc(rows, 1);
    return o;
}

static void free_outputs(struct outputs *o) {
    free(o->value);
    free(o->visited);
}

static void keep(void *context, int worker, int rows, const int *row, const real *output) {
    (void)worker;
    struct outputs *o = context;
    for (int i = 0; i < rows; i++) {
        o->visited[row[i]]++;
        memcpy(o->value + (size_t)row[i] * o->width, output + (size_t)i * o->width,
               o->width * sizeof *output);
    }
}

static struct model *new_model(const struct transformer_config *c) {
    struct err err = {0};
    struct model *m = model_new(&transformer_architecture, c, &err);
    if (!m)
        fail_msg("%s", err.text);
    model_init(m, 5);
    return m;
}

static const struct transformer_config sizes = {
    .vocabulary = 11, .max_length = LONGEST, .layers = 2, .dim = 8, .heads = 2, .feedforward = 12};

static void outputs_are_the_same(struct model *m, struct pool *pool, const struct batch *b,
                                 const struct outputs *expected) {
    struct outputs o = new_outputs(m, b);
    model_predict(m, pool, b, keep, &o);
    assert_memory_equal(o.value, expected->value, o.numbers * sizeof *o.value);
    assert_memory_equal(o.visited, expected->visited, o.numbers / o.width);
    free_outputs(&o);
}

static void what_is_not_kept_changes_nothing(void **state) {
    (void)state;
    struct pool *pools[] = {NULL, pool_new(2), pool_new(4)};
    int(*variants)[FACTORS], n = pairwise(sizes, false, &variants);
    assert_true(n > 50);
    for (int i = 0; i < n; i++) {
        struct transformer_config c = variant_config(variants[i], sizes);
        static struct examples e;
        struct rng r = rng_at(3, RNG_EVAL, (uint64_t)i);
        struct batch b = draw_examples(&c, &e, MOST_EXAMPLES, &r), few = b;
        static uint8_t wanted[MOST_EXAMPLES * LONGEST];
        for (int t = 0; t < b.tokens; t++)
            wanted[t] = (uint8_t)rng_below(&r, 2);
        b.wanted = i % 2 ? wanted : NULL;
        few.sequences = 5;
        few.tokens = b.offset[5];
        few.memory_tokens = b.memory_offset ? b.memory_offset[5] : 0;
        struct model *m = new_model(&c);
        struct outputs expected = new_outputs(m, &b);
        model_forward(m, NULL, &b, keep, &expected);
        model_free(m);
        for (int k = 0; k < 3; k++) {
            m = new_model(&c);
            for (int step = 0; step < 2; step++) {
                outputs_are_the_same(m, pools[k], &b, &expected);
                /* Learning takes other room between, and finds its own again. */
                int counted;
                (void)model_gradient(m, pools[k], &few, &counted);
            }
            model_free(m);
        }
        free_outputs(&expected);
    }
    free(variants);
    pool_free(pools[1]);
    pool_free(pools[2]);
}

/* The room of 64 examples, of which a chunk holds less than a quarter. */
static void the_room_is_that_of_a_chunk(void **state) {
    (void)state;
    struct transformer_config c = sizes;
    static struct examples e;
    struct rng r = rng_at(4, RNG_EVAL, 0);
    struct batch b = draw_examples(&c, &e, MOST_EXAMPLES, &r);
    struct model *m = new_model(&c);
    struct graph_room all = graph_room_of(NULL, &b, 1), chunk = all;
    memcpy(chunk.passing, all.rows, sizeof all.rows);
    memset(chunk.rows, 0, sizeof chunk.rows);
    assert_true(b.tokens > 4 * (GRAPH_CHUNK_ROWS + LONGEST));
    size_t whole = graph_room_bytes(m->graph, &all), passing = graph_room_bytes(m->graph, &chunk);
    assert_true(passing > 0 && passing * 3 < whole);
    chunk.workers = 2;
    assert_true(graph_room_bytes(m->graph, &chunk) < 2 * passing + 4096);
    chunk.workers = 1;
    struct outputs o = new_outputs(m, &b);
    model_predict(m, NULL, &b, keep, &o);
    assert_int_equal(graph_room_bytes(m->graph, &chunk), 0);
    assert_true(graph_room_bytes(m->graph, &all) > passing);
    model_forward(m, NULL, &b, keep, &o);
    assert_int_equal(graph_room_bytes(m->graph, &all), 0);
    free_outputs(&o);
    model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_kept_changes_nothing),
        cmocka_unit_test(the_room_is_that_of_a_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
