#include <string.h>

#include "lib/mem.h"
#include "nn/node.h"

enum { TABLE, POSITION };

static const int32_t *tokens(const struct batch *b, enum rows rows) {
    return rows == ROWS_MEMORY ? b->memory : b->input;
}

/* A sequence that shares its beginning stands behind it. */
static void forward_shared(const struct call *c, const struct node *n, const real *position) {
    const int *shared = c->batch->shared + c->first_sequence;
    const int32_t *token = tokens(c->batch, n->rows) + c->first[n->rows];
    for (int s = 0; s < c->sequences; s++) {
        size_t at = (size_t)(c->offset[s] - c->offset[0]), width = (size_t)n->width;
        op_embedding_forward(
            1, c->offset + s, n->width, token + at, (real)n->number[0], node_tensor(c, n, TABLE),
            position ? position + (size_t)shared[s] * width : NULL, node_value(c, n) + at * width);
    }
}

static void forward(const struct call *c, const struct node *n) {
    const real *position = n->table ? n->table : node_tensor(c, n, POSITION);
    if (c->batch->shared) {
        forward_shared(c, n, position);
        return;
    }
    op_embedding_forward(c->sequences, n->rows == ROWS_MEMORY ? c->memory_offset : c->offset,
                         n->width, tokens(c->batch, n->rows) + c->first[n->rows],
                         (real)n->number[0], node_tensor(c, n, TABLE), position, node_value(c, n));
}

static void grad_table(const struct graph *g, const struct pass *p, const struct contribution *c,
                       const struct tile *t, bool add, real *gradient) {
    const struct node *n = graph_node(g, c->node);
    if (!add)
        memset(gradient + (size_t)t->row_first * n->width, 0,
               (size_t)(t->row_last - t->row_first) * n->width * sizeof *gradient);
    op_embedding_backward((int)p->rows[n->rows], n->width,
                          tokens(p->batch, n->rows) + p->first[n->rows], (real)n->number[0],
                          n->gradient, t->row_first, t->row_last, gradient);
}

static void grad_position(const struct graph *g, const struct pass *p, const struct contribution *c,
                          const struct tile *t, bool add, real *gradient) {
    const struct node *n = graph_node(g, c->node);
    const int *offset = n->rows == ROWS_MEMORY ? p->batch->memory_offset : p->batch->offset;
    if (!add)
        memset(gradient, 0, (size_t)t->row_last * n->width * sizeof *gradient);
    op_position_backward(p->last_sequence - p->first_sequence, offset + p->first_sequence, n->width,
                         n->gradient, gradient);
}

static void prepare(struct node *n) {
    int length = n->option[0];
    if (!length)
        return;
    n->table = mem_aligned((size_t)length * (size_t)n->width, sizeof(real));
    op_sinusoid(length, n->width, n->table);
}

static const struct node_kind embedding = {
    .shares = true, .name = "embedding", .forward = forward, .prepare = prepare, .wide = true};

int node_by_token(const struct node *n) {
    bool plain = n->kind == &embedding && n->tensor[POSITION] < 0 && n->option[0] == 0;
    return plain && n->number[0] == 1 ? n->tensor[TABLE] : -1;
}

int graph_embedding(struct graph *g, enum rows rows, int table, double scale, int position,
                    int sinusoid) {
    int node = graph_add(g, &(struct node){.kind = &embedding,
                                           .rows = rows,
                                           .width = (int)graph_param(g, table)->shape[1],
                                           .tensor = {table, position},
                                           .option = {sinusoid},
                                           .number = {scale}});
    graph_contribute(g, (struct contribution){
                            .tensor = table, .node = node, .cut = CUT_ROWS, .make = grad_table});
    graph_contribute(g,
                     (struct contribution){
                         .tensor = position, .node = node, .cut = CUT_NONE, .make = grad_position});
    return node;
}
