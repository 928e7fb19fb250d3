/* Graphs drawn at random: whatever reads whatever, the gradient must be that of the loss. The
 * planner of the backward pass (which gradients are stored, added, passed on, made in place) has
 * more cases than the architectures use. */
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
#include "nn/graph.h"

enum { VOCABULARY = 5, WIDTH = 4, LONGEST = 5, SEQUENCES = 7 };

struct model {
    struct params params;
    struct graph *graph;
    char text[512]; /* what was built, for a failure */
};

static int tensor(struct model *m, int rank, int rows, int columns) {
    return (int)params_add(&m->params, rank, (size_t)rows, (size_t)columns, "t%zu",
                           m->params.tensors);
}

static void note(struct model *m, const char *format, ...) PRINTF_LIKE(2, 3);
static void note(struct model *m, const char *format, ...) {
    size_t used = strlen(m->text);
    va_list args;
    va_start(args, format);
    vsnprintf(m->text + used, sizeof m->text - used, format, args);
    va_end(args);
}

static int linear(struct model *m, int x, int out, bool bias, int residual) {
    int weight = tensor(m, 2, out, graph_width(m->graph, x));
    return graph_linear(m->graph, x, weight, bias ? tensor(m, 1, out, 1) : -1, residual);
}

/* One more node over nodes drawn from those there are, all of one width. */
static int draw_node(struct model *m, struct rng *r, const int *node, int n) {
    struct graph *g = m->graph;
    int a = (int)rng_below(r, (uint32_t)n), b = (int)rng_below(r, (uint32_t)n);
    if (rng_below(r, 2)) /* long chains as well as wide fans */
        a = n - 1;
    int kind = (int)rng_below(r, 8);
    note(m, " %d(%d,%d)", kind, a, b);
    int x = node[a], y = node[b];
    switch (kind) {
    case 0:
        return linear(m, x, WIDTH, true, -1);
    case 1:
        return linear(m, x, WIDTH, false, y);
    case 2:
        return graph_layernorm(g, x, tensor(m, 1, WIDTH, 1), tensor(m, 1, WIDTH, 1));
    case 3:
        return linear(m, graph_activation(g, linear(m, x, 6, true, -1), ACTIVATION_GELU), WIDTH,
                      true, y);
    case 4:
        return graph_sum(g, x, y);
    case 5:
        return graph_scale(g, x, -0.7);
    case 6:
        return graph_dropout(g, x, 0.3);
    default:
        return graph_attention(g, linear(m, x, 3 * WIDTH, true, -1), 2);
    }
}

static struct model *draw_model(struct rng *r) {
    struct model *m = mem_alloc(1, sizeof *m);
    m->graph = graph_new(&m->params, 8);
    int node[16], n = 0, wished = 2 + (int)rng_below(r, 12);
    int table = tensor(m, 2, VOCABULARY, WIDTH);
    node[n++] = graph_embedding(m->graph, ROWS_INPUT, table, 1.5, tensor(m, 2, LONGEST, WIDTH), 0);
    while (n < wished) {
        node[n] = draw_node(m, r, node, n);
        n++;
    }
    int last = graph_outputs(m->graph, node[n - 1]);
    bool tied = rng_below(r, 2);
    graph_cross_entropy(m->graph,
                        tied ? graph_linear(m->graph, last, table, -1, -1)
                             : linear(m, last, VOCABULARY, true, -1),
                        0.1);
    params_allocate(&m->params);
    for (size_t i = 0; i < m->params.tensors; i++)
        params_normal(&m->params, i, 0.6, 7);
    return m;
}

static void check_model(struct model *m, const struct batch *batch, int passes) {
    struct params *p = &m->params;
    for (size_t i = 0; i < p->size; i++)
        p->gradient[i] = 77;
    double loss = graph_gradient(m->graph, NULL, batch, passes, NULL);
    assert_true(isfinite(loss));
    real *gradient = mem_alloc(p->size, sizeof *gradient);
    memcpy(gradient, p->gradient, p->size * sizeof *gradient);
    const double h = 5e-5, place[4] = {-2, -1, 1, 2};
    double largest = 1e-3;
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            if (gradient[p->table[i].offset + j] != 77)
                largest = fmax(largest, fabs((double)gradient[p->table[i].offset + j]));
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j += 1 + p->table[i].count / 8) {
            size_t at = p->table[i].offset + j;
            real kept = p->value[at];
            double f[4];
            for (int k = 0; k < 4; k++) {
                p->value[at] = (real)((double)kept + place[k] * h);
                f[k] = graph_gradient(m->graph, NULL, batch, passes, NULL);
            }
            p->value[at] = kept;
            double numeric = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
            double analytic = (double)gradient[at];
            if (analytic == 77 && fabs(numeric) < 1e-9)
                continue; /* of a node that nothing comes of */
            if (!(fabs(numeric - analytic) < 1e-6 * fmax(0.01 * largest, fabs(numeric))))
                fail_msg("%s[%zu] in %d passes: backward %.12g, differences %.12g; graph%s",
                         p->table[i].name, j, passes, analytic, numeric, m->text);
        }
    free(gradient);
}

static void test_random_graphs(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct rng r = rng_at(seed, RNG_EVAL, 0);
        struct model *m = draw_model(&r);
        int offset[SEQUENCES + 1] = {0};
        int32_t input[SEQUENCES * LONGEST], target[SEQUENCES * LONGEST];
        for (int s = 0; s < SEQUENCES; s++)
            offset[s + 1] = offset[s] + 1 + (int)rng_below(&r, LONGEST);
        for (int t = 0; t < offset[SEQUENCES]; t++) {
            input[t] = (int32_t)rng_below(&r, VOCABULARY);
            target[t] = (int32_t)rng_below(&r, VOCABULARY + 2) - 2;
        }
        target[0] = 1;
        struct batch batch = {.sequences = SEQUENCES,
                              .tokens = offset[SEQUENCES],
                              .offset = offset,
                              .input = input,
                              .target = target,
                              .seed_dropout = 3,
                              .number = seed};
        check_model(m, &batch, 1 + (int)(seed % 3));
        graph_free(m->graph);
        params_free(&m->params);
        free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
