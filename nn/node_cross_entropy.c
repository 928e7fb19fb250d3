#include "nn/node.h"

static const int32_t *target(const struct call *c, const struct node *n) {
    return n->rows == ROWS_OUTPUT ? c->output_target : c->batch->label + c->first[ROWS_EXAMPLE];
}

/* Probabilities take the place of the logits, and their gradients that of the probabilities. */
static void forward(const struct call *c, const struct node *n) {
    const struct node *x = node_input(c, n, 0);
    real *logits = node_value(c, x);
    *c->loss += op_cross_entropy_forward(c->rows[n->rows], x->width, logits, target(c, n),
                                         n->number[0], logits);
}

static void backward(const struct call *c, const struct node *n) {
    real *probability = node_input_gradient(c, n, 0);
    op_cross_entropy_backward(c->rows[n->rows], node_input(c, n, 0)->width, probability,
                              target(c, n), n->number[0], c->scale, probability);
}

static const struct node_kind cross_entropy = {
    .name = "cross entropy", .forward = forward, .backward = backward, .overwrites = true};

void graph_cross_entropy(struct graph *g, int logits, double smoothing) {
    graph_end(g, graph_add(g, &(struct node){.kind = &cross_entropy,
                                             .rows = graph_node(g, logits)->rows,
                                             .input = {logits},
                                             .inputs = 1,
                                             .number = {smoothing}}));
}
