#include <string.h>

#include "nn/node.h"
#include "nn/vector.h"

const char *const readout_names[] = {
    [READOUT_LAST] = "last", [READOUT_FIRST] = "first", [READOUT_MEAN] = "mean", NULL};

/* The rows of example s that are read, and what each counts. */
struct span {
    size_t first, rows;
    real weight;
};

static struct span span_of(const struct call *c, const struct node *n, int s) {
    const int *offset = node_offset(c, node_input(c, n, 0)->rows);
    size_t first = (size_t)(offset[s] - offset[0]);
    size_t rows = (size_t)(offset[s + 1] - offset[s]);
    if (rows == 0)
        return (struct span){first, 0, 0};
    switch ((enum readout)n->option[0]) {
    case READOUT_FIRST:
        return (struct span){first, 1, 1};
    case READOUT_LAST:
        return (struct span){first + rows - 1, 1, 1};
    case READOUT_MEAN:
        break;
    }
    return (struct span){first, rows, (real)(1.0 / (double)rows)};
}

CLONED static void add_scaled(size_t n, real factor, const real *restrict x, real *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

static void forward(const struct call *c, const struct node *n) {
    size_t width = (size_t)n->width;
    const real *x = node_input_value(c, n, 0);
    real *y = node_value(c, n);
    memset(y, 0, (size_t)c->sequences * width * sizeof *y);
    for (int s = 0; s < c->sequences; s++) {
        struct span span = span_of(c, n, s);
        for (size_t r = 0; r < span.rows; r++)
            add_scaled(width, span.weight, x + (span.first + r) * width, y + (size_t)s * width);
    }
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind == EDGE_NONE)
        return;
    size_t width = (size_t)n->width;
    const real *dy = node_gradient(c, n);
    real *dx = node_input_gradient(c, n, 0);
    if (n->edge[0].kind == EDGE_STORE)
        memset(dx, 0, (size_t)c->rows[node_input(c, n, 0)->rows] * width * sizeof *dx);
    for (int s = 0; s < c->sequences; s++) {
        struct span span = span_of(c, n, s);
        for (size_t r = 0; r < span.rows; r++)
            add_scaled(width, span.weight, dy + (size_t)s * width, dx + (span.first + r) * width);
    }
}

static const struct node_kind readout = {
    .name = "readout", .forward = forward, .backward = backward};

int graph_readout(struct graph *g, int x, enum readout kind) {
    return graph_add(g, &(struct node){.kind = &readout,
                                       .rows = ROWS_EXAMPLE,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1,
                                       .option = {(int)kind}});
}
