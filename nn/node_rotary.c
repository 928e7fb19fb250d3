#include "lib/mem.h"
#include "nn/node.h"

enum { HEADS, INTERLEAVED, LENGTH };

static void turn(const struct call *c, const struct node *n, bool back, const real *x, real *y) {
    int heads = n->option[HEADS];
    op_rotary(c->sequences, node_offset(c, n->rows), heads, n->width / (3 * heads),
              n->option[INTERLEAVED], back, n->table, x, y);
}

static void forward(const struct call *c, const struct node *n) {
    turn(c, n, false, node_input_value(c, n, 0), node_value(c, n));
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind != EDGE_NONE)
        turn(c, n, true, node_gradient(c, n), node_input_gradient(c, n, 0));
}

static void prepare(struct node *n) {
    int head_width = n->width / (3 * n->option[HEADS]);
    n->table = mem_aligned((size_t)n->option[LENGTH] * (size_t)head_width, sizeof(real));
    op_rotary_table(n->option[LENGTH], head_width, n->table);
}

/* qkv is read by nothing else, so that its gradient is written and never added to. */
static const struct node_kind rotary = {.name = "rotary",
                                        .forward = forward,
                                        .backward = backward,
                                        .prepare = prepare,
                                        .in_place = true};

int graph_rotary(struct graph *g, int qkv, int heads, bool interleaved, int length) {
    return graph_add(g, &(struct node){.kind = &rotary,
                                       .rows = graph_node(g, qkv)->rows,
                                       .width = graph_node(g, qkv)->width,
                                       .input = {qkv},
                                       .inputs = 1,
                                       .option = {heads, interleaved, length}});
}
