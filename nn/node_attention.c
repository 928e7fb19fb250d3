#include "nn/node.h"

static void forward(const struct call *c, const struct node *n) {
    int heads = n->option[0];
    op_attention_forward(c->sequences, c->offset, heads, n->width / heads,
                         node_input_value(c, n, 0), node_kept(c, n, 0), node_value(c, n),
                         c->scratch);
}

static void backward(const struct call *c, const struct node *n) {
    int heads = n->option[0];
    op_attention_backward(c->sequences, c->offset, heads, n->width / heads,
                          node_input_value(c, n, 0), node_kept(c, n, 0), node_gradient(c, n),
                          node_input_gradient(c, n, 0), c->scratch);
}

static void size(struct node *n, const struct graph_room *room) {
    n->kept_width[0] = (size_t)room->longest * (size_t)n->option[0];
    n->scratch = op_attention_scratch(room->longest, n->width / n->option[0]);
}

static const struct node_kind attention = {
    .name = "attention", .forward = forward, .backward = backward, .size = size};

int graph_attention(struct graph *g, int qkv, int heads) {
    return graph_add(g, &(struct node){.kind = &attention,
                                       .rows = graph_node(g, qkv)->rows,
                                       .width = graph_node(g, qkv)->width / 3,
                                       .input = {qkv},
                                       .inputs = 1,
                                       .option = {heads}});
}
