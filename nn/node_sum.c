#include "nn/node.h"
#include "nn/vector.h"

CLONED static void sum(size_t n, const real *restrict a, const real *restrict b, real *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

CLONED static void multiply(size_t n, real factor, const real *x, bool add, real *y) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = factor * x[i] + (add ? y[i] : 0);
}

static size_t count(const struct call *c, const struct node *n) {
    return (size_t)c->rows[n->rows] * (size_t)n->width;
}

static void sum_forward(const struct call *c, const struct node *n) {
    sum(count(c, n), node_input_value(c, n, 0), node_input_value(c, n, 1), node_value(c, n));
}

static void scale_forward(const struct call *c, const struct node *n) {
    multiply(count(c, n), (real)n->number[0], node_input_value(c, n, 0), false, node_value(c, n));
}

static void scale_backward(const struct call *c, const struct node *n) {
    multiply(count(c, n), (real)n->number[0], node_gradient(c, n), n->edge[0].kind == EDGE_ADD,
             node_input_gradient(c, n, 0));
}

static const struct node_kind sum_kind = {
    .shares = true, .name = "sum", .by_row = true, .forward = sum_forward};
static const struct node_kind scale_kind = {.shares = true,
                                            .name = "scale",
                                            .by_row = true,
                                            .forward = scale_forward,
                                            .backward = scale_backward,
                                            .in_place = true};

int graph_sum(struct graph *g, int a, int b) {
    return graph_add(g, &(struct node){.kind = &sum_kind,
                                       .rows = graph_node(g, a)->rows,
                                       .width = graph_node(g, a)->width,
                                       .input = {a, b},
                                       .inputs = 2,
                                       .passed = 3});
}

int graph_scale(struct graph *g, int x, double factor) {
    if (factor == 1)
        return x;
    return graph_add(g, &(struct node){.kind = &scale_kind,
                                       .rows = graph_node(g, x)->rows,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1,
                                       .number = {factor}});
}
