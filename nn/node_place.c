#include <string.h>

#include "nn/node.h"
#include "nn/op_place.h"

enum { WEIGHT, BIAS };
enum { PLACES = NODE_FIRST_ROW + 1, VOCABULARY, OF_PLACE };

static const int32_t *tokens(const struct call *c) {
    return c->batch->input + c->first[ROWS_INPUT];
}

static const int32_t *pass_tokens(const struct pass *p) {
    return p->batch->input + p->first[ROWS_INPUT];
}

static void columns_forward(const struct call *c, const struct node *n) {
    op_columns_forward(c->rows[ROWS_EXAMPLE], n->option[PLACES], n->option[VOCABULARY], n->width,
                       tokens(c), node_tensor(c, n, WEIGHT), node_tensor(c, n, BIAS),
                       node_value(c, n));
}

static void grad_columns(const struct graph *g, const struct pass *p, const struct contribution *c,
                         const struct tile *t, bool add, real *gradient) {
    const struct node *n = graph_node(g, c->node);
    op_columns_backward((int)p->rows[ROWS_EXAMPLE], n->option[PLACES], n->option[VOCABULARY],
                        n->width, pass_tokens(p), n->gradient, t->row_first, t->row_last, add,
                        gradient);
}

static void lookup_forward(const struct call *c, const struct node *n) {
    op_lookup_forward(c->rows[ROWS_EXAMPLE], n->option[PLACES], n->option[VOCABULARY],
                      n->option[OF_PLACE], n->width / n->option[PLACES], tokens(c),
                      node_tensor(c, n, WEIGHT), node_value(c, n));
}

static void grad_lookup(const struct graph *g, const struct pass *p, const struct contribution *c,
                        const struct tile *t, bool add, real *gradient) {
    const struct node *n = graph_node(g, c->node);
    int dim = n->width / n->option[PLACES];
    if (!add)
        memset(gradient + (size_t)t->row_first * dim, 0,
               (size_t)(t->row_last - t->row_first) * dim * sizeof *gradient);
    op_lookup_backward((int)p->rows[ROWS_EXAMPLE], n->option[PLACES], n->option[VOCABULARY],
                       n->option[OF_PLACE], dim, pass_tokens(p), n->gradient, t->row_first,
                       t->row_last, gradient);
}

static const struct node_kind columns_kind = {
    .name = "columns", .forward = columns_forward, .wide = true};
static const struct node_kind lookup_kind = {
    .name = "lookup", .forward = lookup_forward, .wide = true};

int graph_columns(struct graph *g, int places, int vocabulary, int weight, int bias) {
    int node = graph_add(g, &(struct node){.kind = &columns_kind,
                                           .rows = ROWS_EXAMPLE,
                                           .width = (int)graph_param(g, weight)->shape[0],
                                           .tensor = {weight, bias},
                                           .option = {[PLACES] = places, vocabulary}});
    graph_contribute(g, (struct contribution){
                            .tensor = weight, .node = node, .cut = CUT_ROWS, .make = grad_columns});
    graph_contribute(g, (struct contribution){.tensor = bias, .node = node, .make = grad_bias});
    return node;
}

int graph_lookup(struct graph *g, int places, int vocabulary, int table, bool of_place) {
    int node = graph_add(g, &(struct node){.kind = &lookup_kind,
                                           .rows = ROWS_EXAMPLE,
                                           .width = places * (int)graph_param(g, table)->shape[1],
                                           .tensor = {table},
                                           .option = {[PLACES] = places, vocabulary, of_place}});
    graph_contribute(g, (struct contribution){
                            .tensor = table, .node = node, .cut = CUT_ROWS, .make = grad_lookup});
    return node;
}
