#include "nn/node_recurrent.h"

#include "nn/node.h"

enum { WEIGHT, BIAS };
enum { GATES, INITIAL };
enum { BEFORE, EXTRA };
enum { CELL, REVERSE, CELLS, CHUNK };

static int hidden_of(const struct node *n) {
    return n->option[CELLS] ? n->width / 2 : n->width;
}

static bool has_extra(const struct node *n) {
    return n->option[CELL] == CELL_LSTM || n->option[CELL] == CELL_GRU;
}

static struct op_recurrent operator(const struct call *c, const struct node *n) {
    return (struct op_recurrent){
        .cell = (enum cell)n->option[CELL],
        .hidden = hidden_of(n),
        .reverse = n->option[REVERSE],
        .cells = n->option[CELLS],
        .sequences = c->sequences,
        .offset = n->rows == ROWS_MEMORY ? c->memory_offset : c->offset,
        .weight = node_tensor(c, n, WEIGHT),
        .bias = node_tensor(c, n, BIAS),
        .initial = n->inputs > 1 ? node_input_value(c, n, INITIAL) : NULL,
        .gates = node_value(c, node_input(c, n, GATES)),
        .y = node_value(c, n),
        .before = c->learning ? node_kept(c, n, BEFORE) : NULL,
        .extra = has_extra(n) ? node_kept(c, n, EXTRA) : NULL,
        .scratch = c->scratch,
    };
}

static void forward(const struct call *c, const struct node *n) {
    struct op_recurrent r = operator(c, n);
    op_recurrent_forward(&r);
}

static void backward(const struct call *c, const struct node *n) {
    struct op_recurrent r = operator(c, n);
    enum edge_kind edge = n->inputs > 1 ? n->edge[INITIAL].kind : EDGE_NONE;
    op_recurrent_backward(&r, node_gradient(c, n),
                          edge == EDGE_NONE ? NULL : node_input_gradient(c, n, INITIAL),
                          edge == EDGE_ADD);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void size(struct node *n, const struct graph_room *room) {
    size_t longest = (size_t)room->longest + (size_t)room->longest_memory;
    size_t sequences = least(
        (size_t)room->rows[ROWS_EXAMPLE],
        least((size_t)n->option[CHUNK] + longest, (size_t)room->rows[n->rows]));
    n->kept_width[BEFORE] = (size_t)hidden_of(n);
    n->kept_width[EXTRA] = has_extra(n) ? (size_t)hidden_of(n) : 0;
    n->scratch = op_recurrent_scratch((enum cell)n->option[CELL], hidden_of(n), sequences);
}

/* The gradient of the products has the memory of their value (.overwrites). */
static void grad_hidden_weight(const struct graph *g, const struct pass *p,
                               const struct contribution *c, const struct tile *t, bool add,
                               real *gradient) {
    const struct node *n = graph_node(g, c->node);
    op_recurrent_backward_weight((enum cell)n->option[CELL], hidden_of(n), (int)p->rows[n->rows],
                                 pass_gradient(g, n->input[GATES]), pass_kept(g, c->node, BEFORE),
                                 pass_kept(g, c->node, EXTRA), t->row_first, t->row_last,
                                 t->column_first, t->column_last, add, gradient);
}

static void grad_hidden_bias(const struct graph *g, const struct pass *p,
                             const struct contribution *c, const struct tile *t, bool add,
                             real *gradient) {
    const struct node *n = graph_node(g, c->node);
    op_recurrent_backward_bias((enum cell)n->option[CELL], hidden_of(n), (int)p->rows[n->rows],
                               pass_gradient(g, n->input[GATES]), pass_kept(g, c->node, EXTRA),
                               t->row_first, t->row_last, add, gradient);
}

static const struct node_kind recurrent = {.name = "recurrent",
                                           .forward = forward,
                                           .backward = backward,
                                           .size = size,
                                           .overwrites = true};

int graph_recurrent(struct graph *g, int gates, int initial, const struct recurrent_layer *layer) {
    int hidden = (int)graph_param(g, layer->weight)->shape[1];
    int node = graph_add(g, &(struct node){.kind = &recurrent,
                                           .rows = graph_node(g, gates)->rows,
                                           .width = layer->cells ? 2 * hidden : hidden,
                                           .input = {gates, initial},
                                           .inputs = initial < 0 ? 1 : 2,
                                           .tensor = {layer->weight, layer->bias},
                                           .option = {(int)layer->cell, layer->reverse,
                                                      layer->cells, graph_closing_rows(g)}});
    graph_contribute(g, (struct contribution){.tensor = layer->weight,
                                              .node = node,
                                              .cut = CUT_TILES,
                                              .make = grad_hidden_weight});
    graph_contribute(
        g, (struct contribution){.tensor = layer->bias, .node = node, .make = grad_hidden_bias});
    return node;
}
