#include <assert.h>
#include <string.h>

#include "nn/graph_private.h"

static void forward(const struct call *c, const struct node *n) {
    size_t bytes = (size_t)n->width * sizeof(real);
    const real *x = node_input_value(c, n, 0);
    real *y = node_value(c, n);
    for (int i = 0; i < c->rows[ROWS_OUTPUT]; i++)
        memcpy(y + (size_t)i * n->width,
               x + ((size_t)c->output_row[i] - c->first[ROWS_INPUT]) * n->width, bytes);
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind == EDGE_NONE)
        return;
    const real *dy = node_gradient(c, n);
    real *dx = node_input_gradient(c, n, 0);
    if (n->edge[0].kind == EDGE_STORE)
        memset(dx, 0, (size_t)c->rows[ROWS_INPUT] * n->width * sizeof *dx);
    for (int i = 0; i < c->rows[ROWS_OUTPUT]; i++) {
        real *to = dx + ((size_t)c->output_row[i] - c->first[ROWS_INPUT]) * n->width;
        for (int k = 0; k < n->width; k++)
            to[k] += dy[(size_t)i * n->width + k];
    }
}

static const struct node_kind outputs = {
    .shares = true, .name = "outputs", .forward = forward, .backward = backward};

int graph_outputs(struct graph *g, int x) {
    return graph_add(g, &(struct node){.kind = &outputs,
                                       .rows = ROWS_OUTPUT,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1});
}

int graph_ends(struct graph *g, int x, enum readout kind) {
    assert(kind != READOUT_MEAN);
    g->ends = (int)kind;
    return graph_outputs(g, x);
}
