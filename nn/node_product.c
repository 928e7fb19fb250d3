#include "nn/node.h"
#include "nn/vector.h"

CLONED static void multiply(size_t n, const real *a, const real *b, bool add, real *y) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] * b[i] + (add ? y[i] : 0);
}

static size_t count(const struct call *c, const struct node *n) {
    return (size_t)c->rows[n->rows] * (size_t)n->width;
}

static void forward(const struct call *c, const struct node *n) {
    multiply(count(c, n), node_input_value(c, n, 0), node_input_value(c, n, 1), false,
             node_value(c, n));
}

static void backward(const struct call *c, const struct node *n) {
    for (int k = 0; k < 2; k++)
        if (n->edge[k].kind != EDGE_NONE)
            multiply(count(c, n), node_gradient(c, n), node_input_value(c, n, 1 - k),
                     n->edge[k].kind == EDGE_ADD, node_input_gradient(c, n, k));
}

static const struct node_kind product = {
    .shares = true, .name = "product", .by_row = true, .forward = forward, .backward = backward};

int graph_product(struct graph *g, int a, int b) {
    return graph_add(g, &(struct node){.kind = &product,
                                       .rows = graph_node(g, a)->rows,
                                       .width = graph_node(g, a)->width,
                                       .input = {a, b},
                                       .inputs = 2});
}
