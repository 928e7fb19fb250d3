#include "lib/mem.h"
#include "nn/node.h"

enum { HEADS, TURNED, INTERLEAVED, LENGTH };

static int head_width(const struct node *n) {
    return n->width / n->option[HEADS];
}

static void turn(const struct call *c, const struct node *n, bool back, const real *x, real *y) {
    struct rotary r = {.heads = n->option[HEADS],
                       .turned = n->option[TURNED],
                       .head_dim = head_width(n),
                       .interleaved = n->option[INTERLEAVED],
                       .back = back,
                       .table = n->table};
    op_rotary(&r, c->sequences, node_offset(c, n->rows),
              n->rows == ROWS_OUTPUT ? c->output_place : NULL, x, y);
}

static void forward(const struct call *c, const struct node *n) {
    turn(c, n, false, node_input_value(c, n, 0), node_value(c, n));
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind != EDGE_NONE)
        turn(c, n, true, node_gradient(c, n), node_input_gradient(c, n, 0));
}

static void prepare(struct node *n) {
    int width = head_width(n);
    n->table = mem_aligned((size_t)n->option[LENGTH] * (size_t)width, sizeof(real));
    op_rotary_table(n->option[LENGTH], width, n->table);
}

/* x is read by nothing else, so that its gradient is written and never added to. */
static const struct node_kind rotary = {.name = "rotary",
                                        .forward = forward,
                                        .backward = backward,
                                        .prepare = prepare,
                                        .in_place = true};

int graph_rotary(struct graph *g, int x, int heads, int turned, bool interleaved, int length) {
    return graph_add(g, &(struct node){.kind = &rotary,
                                       .rows = graph_node(g, x)->rows,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1,
                                       .option = {heads, turned, interleaved, length}});
}
