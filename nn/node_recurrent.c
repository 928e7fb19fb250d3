#include "nn/node_recurrent.h"

#include <string.h>

#include "nn/node.h"
#include "nn/op.h"
#include "nn/op_rows.h"

/* The products of weight_ih are made before the steps, all at once, of source rows: the rows of x
 * in the order of places; or, where x is rows of a table by token alone, one row for each of the
 * different tokens of the chunk, usually far fewer, from which the places pick. Backward, the
 * gradients of the products add up in the source rows before they meet a weight. */
enum { WEIGHT_HH, BIAS_HH, WEIGHT_IH, BIAS_IH, TABLE };
enum { CELL, REVERSE, CELLS, CHUNK, VOCABULARY, INPUT_WIDTH };
enum { BEFORE, EXTRA, GATES, SOURCE, PLACES };

static int hidden_of(const struct node *n) {
    return n->option[CELLS] ? n->width / 2 : n->width;
}

static int products_of(const struct node *n) {
    return op_cell_blocks((enum cell)n->option[CELL]) * hidden_of(n);
}

static int stride_of(const struct node *n) {
    return op_gates_stride((enum cell)n->option[CELL], hidden_of(n));
}

static bool has_extra(const struct node *n) {
    return n->option[CELL] == CELL_LSTM || n->option[CELL] == CELL_GRU;
}

static bool by_token(const struct node *n) {
    return n->option[VOCABULARY] > 0;
}

/* Which input is the state before the first row; -1: none. */
static int initial_input(const struct node *n) {
    int k = by_token(n) ? 0 : 1;
    return k < n->inputs ? k : -1;
}

/* The integers a chunk of so many rows keeps: at most PLACES_WIDTH for each, which are some. */
enum { PLACES_WIDTH = 10 };

struct places {
    struct time_order order;
    int *pick;      /* of each place, its source row */
    int *source;    /* of each row, its source row */
    int32_t *token; /* of each source row */
    int *sources;
};

static struct places places_of(int rows, const real *kept) {
    int *memory = (int *)(void *)kept;
    struct places p = {.pick = memory + time_order_size((size_t)rows)};
    p.source = p.pick + rows;
    p.token = p.source + rows;
    p.sources = p.token + rows;
    return p;
}

static const int32_t *tokens(const struct call *c, const struct node *n) {
    return (n->rows == ROWS_MEMORY ? c->batch->memory : c->batch->input) + c->first[n->rows];
}

/* Fill in the places of a chunk. */
static struct places set_places(const struct call *c, const struct node *n, int *mark) {
    int rows = c->rows[n->rows];
    real *kept = node_kept(c, n, PLACES);
    struct places p = places_of(rows, kept);
    p.order = time_order_make(c->sequences, node_offset(c, n->rows), n->option[REVERSE],
                              (int *)(void *)kept);
    if (by_token(n)) {
        *p.sources = op_tokens_differ(rows, tokens(c, n), n->option[VOCABULARY], mark, p.source,
                                      p.token);
        for (int i = 0; i < rows; i++)
            p.pick[i] = p.source[p.order.row[i]];
    }
    return p;
}

static struct places get_places(const struct call *c, const struct node *n) {
    int rows = c->rows[n->rows];
    real *kept = node_kept(c, n, PLACES);
    struct places p = places_of(rows, kept);
    p.order = time_order_of(rows, (int *)(void *)kept);
    return p;
}

static struct op_recurrent operator(const struct call *c, const struct node *n,
                                    const struct places *p) {
    int initial = initial_input(n);
    return (struct op_recurrent){
        .with = graph_products(c->graph),
        .cell = (enum cell)n->option[CELL],
        .hidden = hidden_of(n),
        .cells = n->option[CELLS],
        .sequences = c->sequences,
        .order = &p->order,
        .weight = node_tensor(c, n, WEIGHT_HH),
        .bias = node_tensor(c, n, BIAS_HH),
        .initial = initial < 0 ? NULL : node_input_value(c, n, initial),
        .gates = node_kept(c, n, GATES),
        .y = node_value(c, n),
        .before = node_kept(c, n, BEFORE),
        .extra = has_extra(n) ? node_kept(c, n, EXTRA) : NULL,
        .scratch = c->scratch,
    };
}

/* Behind the operator's scratch: forward the marks of tokens and the products of the source rows;
 * backward the gradients of the source rows. */
static size_t operator_scratch(const struct node *n, size_t sequences) {
    return (op_recurrent_scratch((enum cell)n->option[CELL], hidden_of(n), sequences) + 15) / 16 *
           16;
}

static size_t marks_size(const struct node *n) {
    return ((size_t)n->option[VOCABULARY] + 15) / 16 * 16;
}

static void forward(const struct call *c, const struct node *n) {
    int rows = c->rows[n->rows], in = n->option[INPUT_WIDTH], stride = stride_of(n);
    if (rows == 0)
        return;
    struct places p = set_places(c, n, (int *)(void *)c->scratch);
    struct op_recurrent r = operator(c, n, &p);
    real *source = node_kept(c, n, SOURCE), *products = r.gates;
    int sources = rows;
    if (by_token(n)) {
        sources = *p.sources;
        op_rows_pick(sources, in, node_tensor(c, n, TABLE), p.token, source);
        products = c->scratch + operator_scratch(n, (size_t)p.order.sequences);
        r.pick = p.pick;
    } else
        op_rows_pick(rows, in, node_input_value(c, n, 0), p.order.row, source);
    r.with->product(PRODUCT_NT, sources, products_of(n), in, source, in,
                    node_tensor(c, n, WEIGHT_IH), in,
                    (struct product_start){node_tensor(c, n, BIAS_IH), 0}, products, stride);
    r.x = products;
    op_recurrent_forward(&r);
}

/* The node's partial sums: the gradients of the biases, and by token those of the products of the
 * source rows, and of the source rows. */
struct sums {
    size_t bias_ih, bias_hh, products, source, end;
};

static struct sums sums_of(const struct node *n, size_t sources) {
    size_t width = (size_t)products_of(n), in = (size_t)n->option[INPUT_WIDTH];
    struct sums s = {.bias_hh = width, .products = 2 * width, .end = 2 * width};
    s.source = s.products + sources * (size_t)stride_of(n);
    if (by_token(n))
        s.end = s.source + sources * in;
    return s;
}

static void bias_backward(const struct node *n, const struct op_recurrent *r, int sources,
                          const real *dproducts, real *dbias_ih, real *dbias_hh) {
    int width = products_of(n);
    op_linear_backward_bias(sources, stride_of(n), dproducts, 0, width, false, dbias_ih);
    if (r->cell == CELL_GRU)
        op_recurrent_backward_bias(r->cell, r->hidden, r->order->rows, r->gates, r->extra, 0, width,
                                   false, dbias_hh);
    else
        memcpy(dbias_hh, dbias_ih, (size_t)width * sizeof *dbias_hh);
}

static void backward(const struct call *c, const struct node *n) {
    int rows = c->rows[n->rows], in = n->option[INPUT_WIDTH], width = products_of(n);
    int stride = stride_of(n), initial = initial_input(n);
    enum edge_kind edge = initial < 0 ? EDGE_NONE : n->edge[initial].kind;
    real *dinitial = edge == EDGE_NONE ? NULL : node_input_gradient(c, n, initial);
    if (rows == 0) {
        if (edge == EDGE_STORE)
            memset(dinitial, 0,
                   (size_t)c->sequences * (size_t)node_input(c, n, initial)->width * sizeof(real));
        return;
    }
    struct places p = get_places(c, n);
    struct op_recurrent r = operator(c, n, &p);
    op_recurrent_backward(&r, node_gradient(c, n), dinitial, edge == EDGE_ADD);

    real *partial = node_partial(c, n);
    struct sums at = sums_of(n, by_token(n) ? (size_t)*p.sources : 0);
    real *dproducts = r.gates, *dsource = c->scratch;
    int sources = rows;
    if (by_token(n)) {
        sources = *p.sources;
        dproducts = partial + at.products;
        op_rows_put(rows, width, r.gates, stride, p.pick, true, dproducts);
        dsource = partial + at.source;
    }
    if (by_token(n) || n->edge[0].kind != EDGE_NONE)
        r.with->product(PRODUCT_NN, sources, in, width, dproducts, stride,
                        node_tensor(c, n, WEIGHT_IH), in, (struct product_start){0}, dsource, in);
    if (!by_token(n) && n->edge[0].kind != EDGE_NONE)
        op_rows_put(rows, in, dsource, in, p.order.row, n->edge[0].kind == EDGE_ADD,
                    node_input_gradient(c, n, 0));
    bias_backward(n, &r, sources, dproducts, partial + at.bias_ih, partial + at.bias_hh);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static void size(struct node *n, const struct graph_room *room) {
    size_t longest = (size_t)room->longest + (size_t)room->longest_memory;
    size_t rows = least((size_t)n->option[CHUNK] + longest, (size_t)room->rows[n->rows]);
    size_t sequences = least((size_t)room->rows[ROWS_EXAMPLE], rows);
    size_t stride = (size_t)stride_of(n), in = (size_t)n->option[INPUT_WIDTH];
    size_t sources = by_token(n) ? least((size_t)n->option[VOCABULARY], rows) : rows;
    n->kept_width[BEFORE] = (size_t)hidden_of(n);
    n->kept_width[EXTRA] = has_extra(n) ? (size_t)hidden_of(n) : 0;
    n->kept_width[GATES] = stride;
    n->kept_width[SOURCE] = in;
    n->kept_width[PLACES] = PLACES_WIDTH;
    n->scratch = operator_scratch(n, sequences) + (by_token(n) ? sources * stride : 0);
    n->scratch = most(n->scratch, by_token(n) ? marks_size(n) : rows * in);
    n->partial = sums_of(n, sources).end;
}

/* What a chunk has for the gradients of the weights. */
struct chunk {
    struct places places;
    size_t first; /* row in memory */
    int rows, sources;
    const real *partial;
    struct sums at;
};

/* Whether the chunk has rows. */
static bool get_chunk(const struct graph *g, const struct contribution *c, int k,
                      struct chunk *chunk) {
    const struct node *n = graph_node(g, c->node);
    *chunk = (struct chunk){.partial = pass_partial(g, c->node, k)};
    chunk->rows = chunk->sources = pass_chunk_rows(g, k, n->rows, &chunk->first);
    if (chunk->rows == 0)
        return false;
    const real *kept = pass_kept(g, c->node, PLACES) + chunk->first * PLACES_WIDTH;
    chunk->places = places_of(chunk->rows, kept);
    chunk->places.order = time_order_of(chunk->rows, (int *)(void *)kept);
    if (by_token(n))
        chunk->sources = *chunk->places.sources;
    chunk->at = sums_of(n, (size_t)chunk->sources);
    return true;
}

static void start_tile(const struct tile *t, size_t columns, real *gradient) {
    for (int row = t->row_first; row < t->row_last; row++)
        memset(gradient + (size_t)row * columns + t->column_first, 0,
               (size_t)(t->column_last - t->column_first) * sizeof *gradient);
}

static void grad_hidden_weight(const struct graph *g, const struct pass *p,
                               const struct contribution *c, const struct tile *t, bool add,
                               real *gradient) {
    const struct node *n = graph_node(g, c->node);
    size_t h = (size_t)hidden_of(n), stride = (size_t)stride_of(n);
    const real *gates = pass_kept(g, c->node, GATES), *before = pass_kept(g, c->node, BEFORE);
    const real *extra = pass_kept(g, c->node, EXTRA);
    struct chunk chunk;
    for (int k = 0; k < p->chunks; k++) {
        if (!get_chunk(g, c, k, &chunk))
            continue;
        /* Without states before them the first steps have nothing to give. */
        int skipped = initial_input(n) < 0 ? chunk.places.order.start[1] : 0;
        size_t first = chunk.first + (size_t)skipped;
        op_recurrent_backward_weight(
            graph_products(g), (enum cell)n->option[CELL], (int)h, chunk.rows - skipped,
            gates + first * stride, before + first * h, extra ? extra + first * h : NULL,
            t->row_first, t->row_last, t->column_first, t->column_last, add, gradient);
        add = true;
    }
    if (!add)
        start_tile(t, h, gradient);
}

static void grad_input_weight(const struct graph *g, const struct pass *p,
                              const struct contribution *c, const struct tile *t, bool add,
                              real *gradient) {
    const struct node *n = graph_node(g, c->node);
    size_t in = (size_t)n->option[INPUT_WIDTH], stride = (size_t)stride_of(n);
    const real *gates = pass_kept(g, c->node, GATES), *source = pass_kept(g, c->node, SOURCE);
    struct chunk chunk;
    for (int k = 0; k < p->chunks; k++) {
        if (!get_chunk(g, c, k, &chunk))
            continue;
        op_linear_backward_weight(
            graph_products(g), chunk.sources, (int)in, (int)stride, source + chunk.first * in,
            by_token(n) ? chunk.partial + chunk.at.products : gates + chunk.first * stride,
            t->row_first, t->row_last, t->column_first, t->column_last, add, gradient);
        add = true;
    }
    if (!add)
        start_tile(t, in, gradient);
}

static void grad_table(const struct graph *g, const struct pass *p, const struct contribution *c,
                       const struct tile *t, bool add, real *gradient) {
    const struct node *n = graph_node(g, c->node);
    struct chunk chunk;
    if (!add)
        start_tile(t, (size_t)n->option[INPUT_WIDTH], gradient);
    for (int k = 0; k < p->chunks; k++)
        if (get_chunk(g, c, k, &chunk))
            op_embedding_backward(chunk.sources, n->option[INPUT_WIDTH], chunk.places.token, 1,
                                  chunk.partial + chunk.at.source, t->row_first, t->row_last,
                                  gradient);
}

static const struct node_kind recurrent = {
    .name = "recurrent", .forward = forward, .backward = backward, .size = size};

int graph_recurrent(struct graph *g, int x, int initial, const struct recurrent_layer *layer) {
    int hidden = (int)graph_param(g, layer->weight_hh)->shape[1];
    struct node n = {.kind = &recurrent,
                     .rows = graph_node(g, x)->rows,
                     .width = layer->cells ? 2 * hidden : hidden,
                     .tensor = {layer->weight_hh, layer->bias_hh, layer->weight_ih, layer->bias_ih,
                                node_by_token(graph_node(g, x))},
                     .option = {(int)layer->cell, layer->reverse, layer->cells,
                                graph_closing_rows(g), 0, graph_width(g, x)}};
    if (n.tensor[TABLE] >= 0)
        n.option[VOCABULARY] = (int)graph_param(g, n.tensor[TABLE])->shape[0];
    else
        n.input[n.inputs++] = x;
    if (initial >= 0)
        n.input[n.inputs++] = initial;
    int node = graph_add(g, &n), bias_hh = op_cell_blocks(layer->cell) * hidden;
    graph_contribute(g, (struct contribution){.tensor = layer->weight_hh,
                                              .node = node,
                                              .cut = CUT_TILES,
                                              .make = grad_hidden_weight});
    graph_contribute(g, (struct contribution){.tensor = layer->weight_ih,
                                              .node = node,
                                              .cut = CUT_TILES,
                                              .make = grad_input_weight});
    graph_contribute(
        g, (struct contribution){.tensor = layer->bias_ih, .node = node, .make = grad_partial});
    graph_contribute(
        g, (struct contribution){
               .tensor = layer->bias_hh, .node = node, .part = bias_hh, .make = grad_partial});
    graph_contribute(
        g, (struct contribution){
               .tensor = n.tensor[TABLE], .node = node, .cut = CUT_ROWS, .make = grad_table});
    return node;
}
