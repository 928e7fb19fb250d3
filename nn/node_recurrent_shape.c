#include <string.h>

#include "nn/node.h"
#include "nn/node_recurrent.h"
#include "nn/vector.h"

/* y = factor x, rows x width each, with leading dimensions; or y += factor x with add. */
CLONED static void copy(size_t rows, size_t width, real factor, const real *x, size_t ldx, bool add,
                        real *y, size_t ldy) {
    for (size_t row = 0; row < rows; row++) {
        const real *from = x + row * ldx;
        real *to = y + row * ldy;
        INDEPENDENT
        for (size_t i = 0; i < width; i++)
            to[i] = factor * from[i] + (add ? to[i] : 0);
    }
}

static void columns_forward(const struct call *c, const struct node *n) {
    copy((size_t)c->rows[n->rows], (size_t)n->width, 1, node_input_value(c, n, 0) + n->option[0],
         (size_t)node_input(c, n, 0)->width, false, node_value(c, n), (size_t)n->width);
}

static void columns_backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind == EDGE_NONE)
        return;
    size_t rows = (size_t)c->rows[n->rows], width = (size_t)node_input(c, n, 0)->width;
    real *dx = node_input_gradient(c, n, 0);
    if (n->edge[0].kind == EDGE_STORE)
        memset(dx, 0, rows * width * sizeof *dx);
    copy(rows, (size_t)n->width, 1, node_gradient(c, n), (size_t)n->width, true, dx + n->option[0],
         width);
}

static const struct node_kind columns = {
    .name = "columns", .forward = columns_forward, .backward = columns_backward};

int graph_slice(struct graph *g, int x, int first, int width) {
    return graph_add(g, &(struct node){.kind = &columns,
                                       .rows = graph_node(g, x)->rows,
                                       .width = width,
                                       .input = {x},
                                       .inputs = 1,
                                       .option = {first}});
}

static void concat_forward(const struct call *c, const struct node *n) {
    size_t first = 0, width = (size_t)n->width;
    for (int k = 0; k < 2; k++) {
        size_t mine = (size_t)node_input(c, n, k)->width;
        copy((size_t)c->rows[n->rows], mine, 1, node_input_value(c, n, k), mine, false,
             node_value(c, n) + first, width);
        first += mine;
    }
}

static void concat_backward(const struct call *c, const struct node *n) {
    size_t first = 0, width = (size_t)n->width;
    for (int k = 0; k < 2; k++) {
        size_t mine = (size_t)node_input(c, n, k)->width;
        if (n->edge[k].kind != EDGE_NONE)
            copy((size_t)c->rows[n->rows], mine, 1, node_gradient(c, n) + first, width,
                 n->edge[k].kind == EDGE_ADD, node_input_gradient(c, n, k), mine);
        first += mine;
    }
}

static const struct node_kind concat = {
    .name = "concat", .forward = concat_forward, .backward = concat_backward};

int graph_concat(struct graph *g, int a, int b) {
    return graph_add(g, &(struct node){.kind = &concat,
                                       .rows = graph_node(g, a)->rows,
                                       .width = graph_node(g, a)->width + graph_node(g, b)->width,
                                       .input = {a, b},
                                       .inputs = 2});
}
