#include "nn/node.h"

/* The slope takes the place of x, and the gradient of x that of the slope. */
static size_t count(const struct call *c, const struct node *n) {
    return (size_t)c->rows[n->rows] * (size_t)n->width;
}

static void forward(const struct call *c, const struct node *n) {
    real *x = node_value(c, node_input(c, n, 0));
    op_activation_forward((enum activation)n->option[0], count(c, n), x, node_value(c, n), x);
}

static void backward(const struct call *c, const struct node *n) {
    real *slope = node_input_gradient(c, n, 0);
    op_activation_backward(count(c, n), slope, node_gradient(c, n), slope);
}

static const struct node_kind activation = {.shares = true,
                                            .name = "activation",
                                            .by_row = true,
                                            .forward = forward,
                                            .backward = backward,
                                            .overwrites = true};

int graph_activation(struct graph *g, int x, enum activation kind) {
    return graph_add(g, &(struct node){.kind = &activation,
                                       .rows = graph_node(g, x)->rows,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1,
                                       .option = {(int)kind}});
}
