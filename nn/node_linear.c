#include "nn/node.h"

enum { WEIGHT, BIAS };

/* The part of the weight that the node is made of. */
static const real *weight(const struct call *c, const struct node *n) {
    return node_tensor(c, n, WEIGHT) +
           (size_t)n->option[NODE_FIRST_ROW] * (size_t)node_input(c, n, 0)->width;
}

static void forward(const struct call *c, const struct node *n) {
    const real *bias = node_tensor(c, n, BIAS);
    op_linear_forward(graph_products(c->graph), c->rows[n->rows], node_input(c, n, 0)->width,
                      n->width, node_input_value(c, n, 0), weight(c, n),
                      node_packed_weight(c, n, false),
                      bias ? bias + n->option[NODE_FIRST_ROW] : NULL,
                      n->inputs > 1 ? node_input_value(c, n, 1) : NULL, node_value(c, n));
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind == EDGE_NONE)
        return;
    op_linear_backward_input(graph_products(c->graph), c->rows[n->rows], node_input(c, n, 0)->width,
                             n->width, node_gradient(c, n), weight(c, n),
                             node_packed_weight(c, n, true), n->edge[0].kind == EDGE_ADD,
                             node_input_gradient(c, n, 0));
}

static const struct node_kind linear = {.shares = true,
                                        .name = "linear",
                                        .by_row = true,
                                        .forward = forward,
                                        .backward = backward,
                                        .packs = true,
                                        .wide = true};

int graph_linear_rows(struct graph *g, int x, int weight, int bias, int first, int rows,
                      int residual) {
    int node = graph_add(g, &(struct node){.kind = &linear,
                                           .rows = graph_node(g, x)->rows,
                                           .width = rows,
                                           .input = {x, residual},
                                           .inputs = residual < 0 ? 1 : 2,
                                           .passed = 2,
                                           .option = {first},
                                           .tensor = {weight, bias}});
    graph_contribute(g, (struct contribution){
                            .tensor = weight, .node = node, .cut = CUT_TILES, .make = grad_weight});
    graph_contribute(g, (struct contribution){.tensor = bias, .node = node, .make = grad_bias});
    return node;
}

int graph_linear(struct graph *g, int x, int weight, int bias, int residual) {
    return graph_linear_rows(g, x, weight, bias, 0, (int)graph_param(g, weight)->shape[0],
                             residual);
}
