#include "nn/node.h"
#include "nn/vector.h"

/* The gradient of a row's loss takes the place of the outputs, and is scaled on the way back. */
static void forward(const struct call *c, const struct node *n) {
    int rows = c->rows[n->rows], width = node_input(c, n, 0)->width;
    real *x = node_value(c, node_input(c, n, 0));
    bool whole = n->rows == ROWS_EXAMPLE;
    const int32_t *label = !whole            ? c->output_target
                           : c->batch->label ? c->batch->label + c->first[ROWS_EXAMPLE]
                                             : NULL;
    const real *value = label ? NULL : c->batch->value + c->first[ROWS_EXAMPLE] * (size_t)width;
    enum loss kind = (enum loss)n->option[0];
    switch (kind) {
    case LOSS_CROSS_ENTROPY:
    case LOSS_CROSS_ENTROPY_DOUBLE:
        *c->loss += op_softmax_double(rows, width, x, label, n->number[0], x);
        return;
    case LOSS_STABLEMAX:
        *c->loss += op_stablemax(rows, width, x, label, n->number[0], x);
        return;
    case LOSS_MSE:
    case LOSS_HALF_SQUARE:
        *c->loss += op_square(kind, rows, width, x, label, value, x);
        return;
    case LOSS_HINGE:
    case LOSS_LOGISTIC:
        *c->loss += op_margin(kind, rows, width, x, label, value, x);
        return;
    }
}

CLONED static void multiply(size_t n, real factor, real *x) {
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

static void backward(const struct call *c, const struct node *n) {
    size_t count = (size_t)c->rows[n->rows] * (size_t)node_input(c, n, 0)->width;
    multiply(count, c->scale, node_input_gradient(c, n, 0));
}

static const struct node_kind loss_kind = {
    .name = "loss", .by_row = true, .forward = forward, .backward = backward, .overwrites = true};

void graph_loss(struct graph *g, int output, enum loss kind, double smoothing) {
    if (kind == LOSS_CROSS_ENTROPY) {
        graph_cross_entropy(g, output, smoothing);
        return;
    }
    graph_end(g, graph_add(g, &(struct node){.kind = &loss_kind,
                                             .rows = graph_node(g, output)->rows,
                                             .input = {output},
                                             .inputs = 1,
                                             .option = {(int)kind},
                                             .number = {smoothing}}));
}
