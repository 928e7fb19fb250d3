#include <math.h>
#include <string.h>

#include "nn/node.h"

/* Causal self-attention whose queries stand at some places of their examples: what graph_attention
 * computes in those rows, with the same bits. Input 0: queries, of ROWS_OUTPUT; input 1: keys and
 * values. */

static int head_width(const struct node *n) {
    return n->width / n->option[0];
}

static struct attention describe(const struct call *c, const struct node *n) {
    const real *kv = node_input_value(c, n, 1);
    return (struct attention){
        .heads = n->option[0],
        .head_dim = head_width(n),
        .scale = (real)(1 / sqrt(head_width(n))),
        .sequences = c->sequences,
        .query_offset = c->output_offset,
        .key_offset = c->offset,
        .query_place = c->output_place,
        .q = node_input_value(c, n, 0),
        .k = kv,
        .v = kv + n->width,
        .ldq = n->width,
        .ldkv = 2 * n->width,
    };
}

/* The keys and values of a sequence that shares its beginning are put behind it. */
static void forward_shared(const struct call *c, const struct node *n) {
    const int *shared = c->batch->shared + c->first_sequence;
    size_t width = (size_t)n->width, row = 2 * width, leader = 0;
    struct attention all = describe(c, n);
    real *whole = c->scratch + op_attention_scratch(n->option[1], head_width(n));
    real *y = node_value(c, n), *probability = node_kept(c, n, 0);
    for (int s = 0; s < c->sequences; s++) {
        size_t own = (size_t)(c->offset[s + 1] - c->offset[s]), before = (size_t)shared[s],
               at = (size_t)(c->offset[s] - c->offset[0]),
               query = (size_t)(c->output_offset[s] - c->output_offset[0]);
        int keys[] = {0, (int)(before + own)};
        leader = before ? leader : at;
        if (before) {
            memcpy(whole, all.k + leader * row, before * row * sizeof *whole);
            memcpy(whole + before * row, all.k + at * row, own * row * sizeof *whole);
        }
        struct attention a = all;
        a.sequences = 1;
        a.query_offset += s;
        a.query_place += query;
        a.key_offset = keys;
        a.q += query * width;
        a.k = before ? whole : all.k + at * row;
        a.v = a.k + width;
        op_attention_places_forward(&a, probability, y + query * width, c->scratch);
        probability += (size_t)(c->output_offset[s + 1] - c->output_offset[s]) * (before + own) *
                       (size_t)a.heads;
    }
}

static void forward(const struct call *c, const struct node *n) {
    if (c->batch->shared) {
        forward_shared(c, n);
        return;
    }
    struct attention a = describe(c, n);
    op_attention_places_forward(&a, node_kept(c, n, 0), node_value(c, n), c->scratch);
}

static void backward(const struct call *c, const struct node *n) {
    struct attention a = describe(c, n);
    real *kv = node_input_gradient(c, n, 1);
    struct attention_gradient d = {.q = node_input_gradient(c, n, 0), .k = kv, .v = kv + n->width};
    op_attention_places_backward(&a, node_kept(c, n, 0), node_gradient(c, n), &d, c->scratch);
}

static void size(struct node *n, const struct graph_room *room) {
    n->option[1] = room->longest;
    n->kept_width[0] = (size_t)room->longest * (size_t)n->option[0];
    n->scratch = op_attention_scratch(room->longest, head_width(n));
    if (room->family)
        n->scratch += 2 * (size_t)room->longest * (size_t)n->width;
}

static const struct node_kind attention_places = {.name = "attention at places",
                                                  .shares = true,
                                                  .forward = forward,
                                                  .backward = backward,
                                                  .size = size};

int graph_attention_places(struct graph *g, int q, int kv, int heads) {
    return graph_add(g, &(struct node){.kind = &attention_places,
                                       .rows = ROWS_OUTPUT,
                                       .width = graph_node(g, q)->width,
                                       .input = {q, kv},
                                       .inputs = 2,
                                       .option = {heads}});
}
