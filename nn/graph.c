#include "nn/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/graph_private.h"
#include "nn/mat.h"

struct graph *graph_new(struct params *params, int chunk_rows) {
    mat_init();
    struct graph *g = mem_alloc(1, sizeof *g);
    g->params = params;
    g->chunk_rows = chunk_rows > 0 ? chunk_rows : GRAPH_CHUNK_ROWS;
    g->products = product_kernels();
    g->loss = g->output = g->ends = -1;
    return g;
}

void graph_free(struct graph *g) {
    if (!g)
        return;
    for (size_t i = 0; i < g->nodes; i++) {
        free(g->node[i].table);
        free(g->node[i].overridden);
    }
    free(g->node);
    free(g->contribution);
    free(g->task);
    free(g->slot);
    free(g->memory);
    free(g->worker);
    free(g->integers);
    free(g->chunk_loss);
    free(g);
}

int graph_add(struct graph *g, const struct node *n) {
    g->node = mem_grow(g->node, &g->cap_nodes, g->nodes + 1, sizeof *g->node);
    struct node *mine = &g->node[g->nodes];
    *mine = *n;
    for (int k = 0; k < n->inputs; k++)
        mine->edge[k].from = -1;
    mine->copied = -1;
    mine->draws = g->draws++;
    g->picks |= mine->rows == ROWS_OUTPUT;
    return (int)g->nodes++;
}

void graph_contribute(struct graph *g, struct contribution c) {
    if (c.tensor < 0)
        return;
    g->contribution = mem_grow(g->contribution, &g->cap_contributions, g->contributions + 1,
                               sizeof *g->contribution);
    g->contribution[g->contributions++] = c;
}

void graph_end(struct graph *g, int loss) {
    g->loss = loss;
    g->output = g->node[loss].input[0];
}

int graph_draws(const struct graph *g) {
    return g->draws;
}

void graph_set_draws(struct graph *g, int next) {
    g->draws = next;
}

const struct node *graph_node(const struct graph *g, int i) {
    return &g->node[i];
}

int graph_set_precision(struct graph *g, enum precision precision, struct err *err) {
    const struct product_kernels *products = product_kernels_of(precision, err);
    if (!products)
        return -1;
    g->products = products;
    free(g->memory);
    g->memory = NULL; /* what is packed has another size now */
    return 0;
}

const struct product_kernels *graph_products(const struct graph *g) {
    return g->products;
}

int graph_closing_rows(const struct graph *g) {
    return g->chunk_rows;
}

const struct param *graph_param(const struct graph *g, int tensor) {
    return &g->params->table[tensor];
}

int graph_width(const struct graph *g, int node) {
    return g->node[node].width;
}

void graph_name(struct graph *g, int node, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(g->node[node].name, sizeof g->node[node].name, format, args);
    va_end(args);
}

int graph_find(const struct graph *g, const char *name) {
    for (size_t i = 0; i < g->nodes; i++)
        if (strcmp(g->node[i].name, name) == 0)
            return (int)i;
    return -1;
}

int graph_nodes(const struct graph *g) {
    return (int)g->nodes;
}

const char *graph_node_name(const struct graph *g, int node) {
    return g->node[node].name;
}

enum rows graph_node_rows(const struct graph *g, int node) {
    return g->node[node].rows;
}

const struct node *node_input(const struct call *c, const struct node *n, int k) {
    return &c->graph->node[n->input[k]];
}

real *node_value(const struct call *c, const struct node *n) {
    return n->value + c->at[n->rows] * (size_t)n->width;
}

real *node_gradient(const struct call *c, const struct node *n) {
    return n->gradient ? n->gradient + c->at[n->rows] * (size_t)n->width : c->local + n->local;
}

real *node_kept(const struct call *c, const struct node *n, int k) {
    return n->kept[k] + c->at[n->rows] * n->kept_width[k];
}

const real *node_input_value(const struct call *c, const struct node *n, int k) {
    return node_value(c, node_input(c, n, k));
}

real *node_input_gradient(const struct call *c, const struct node *n, int k) {
    return node_gradient(c, node_input(c, n, k));
}

const real *node_skip(const struct call *c, const struct node *n, int k) {
    if (n->edge[k].kind != EDGE_SKIP)
        return NULL;
    return node_gradient(c, &c->graph->node[n->edge[k].from]);
}

real *node_partial(const struct call *c, const struct node *n) {
    return c->partial + n->partial_at;
}

const real *node_tensor(const struct call *c, const struct node *n, int k) {
    const struct params *p = c->graph->params;
    return n->tensor[k] < 0 ? NULL : p->value + p->table[n->tensor[k]].offset;
}

const real *pass_value(const struct graph *g, int node) {
    return g->node[node].value;
}

const real *pass_gradient(const struct graph *g, int node) {
    return g->node[node].gradient;
}

const real *pass_kept(const struct graph *g, int node, int k) {
    return g->node[node].kept[k];
}

int pass_chunk_rows(const struct graph *g, int chunk, enum rows rows, size_t *first) {
    const int *at = rows == ROWS_OUTPUT ? g->chunk_output + chunk : g->chunk_first + chunk;
    int from = at[0], to = at[1];
    if (rows == ROWS_INPUT || rows == ROWS_MEMORY) {
        const struct batch *b = g->pass.batch;
        const int *offset = rows == ROWS_MEMORY ? b->memory_offset : b->offset;
        from = offset[from];
        to = offset[to];
    }
    *first = (size_t)from - g->pass.first[rows];
    return to - from;
}

const real *pass_partial(const struct graph *g, int node, int chunk) {
    return g->partial + (size_t)chunk * g->partial_size + g->node[node].partial_at;
}

const int *node_offset(const struct call *c, enum rows rows) {
    return rows == ROWS_MEMORY   ? c->memory_offset
           : rows == ROWS_OUTPUT ? c->output_offset
                                 : c->offset;
}

size_t node_batch_row(const struct call *c, enum rows rows, int row) {
    return rows == ROWS_OUTPUT ? (size_t)c->output_row[row] : c->first[rows] + (size_t)row;
}

/* Of the tile's rows those that the node's part of the tensor has. When storing, the others become
 * 0: a later contribution may add to them. */
static bool part_of(const struct node *n, const struct tile *t, bool add, size_t columns,
                    real *gradient, struct tile *mine) {
    int first = n->option[NODE_FIRST_ROW], last = first + n->width;
    *mine = *t;
    mine->row_first = t->row_first > first ? t->row_first : first;
    mine->row_last = t->row_last < last ? t->row_last : last;
    size_t width = (size_t)(t->column_last - t->column_first);
    for (int r = t->row_first; !add && r < t->row_last; r++)
        if (r < mine->row_first || r >= mine->row_last)
            memset(gradient + (size_t)r * columns + t->column_first, 0, width * sizeof(real));
    mine->row_first -= first;
    mine->row_last -= first;
    return mine->row_first < mine->row_last;
}

void grad_weight(const struct graph *g, const struct pass *p, const struct contribution *c,
                 const struct tile *t, bool add, real *gradient) {
    const struct node *n = &g->node[c->node], *x = &g->node[n->input[0]];
    struct tile mine;
    if (part_of(n, t, add, (size_t)x->width, gradient, &mine))
        op_linear_backward_weight(g->products, (int)p->rows[n->rows], x->width, n->width, x->value,
                                  n->gradient, mine.row_first, mine.row_last, mine.column_first,
                                  mine.column_last, add,
                                  gradient + (size_t)n->option[NODE_FIRST_ROW] * (size_t)x->width);
}

void grad_bias(const struct graph *g, const struct pass *p, const struct contribution *c,
               const struct tile *t, bool add, real *gradient) {
    const struct node *n = &g->node[c->node];
    struct tile mine;
    if (part_of(n, t, add, 1, gradient, &mine))
        op_linear_backward_bias((int)p->rows[n->rows], n->width, n->gradient, mine.row_first,
                                mine.row_last, add, gradient + n->option[NODE_FIRST_ROW]);
}

void grad_partial(const struct graph *g, const struct pass *p, const struct contribution *c,
                  const struct tile *t, bool add, real *gradient) {
    const struct param *tensor = &g->params->table[c->tensor];
    size_t columns = tensor->rank == 2 ? tensor->shape[1] : 1;
    size_t first = (size_t)t->row_first * columns, count = (size_t)t->row_last * columns - first;
    real *sum = gradient + first;
    if (!add)
        memset(sum, 0, count * sizeof *sum);
    for (int k = 0; k < p->chunks; k++) {
        const real *part = pass_partial(g, c->node, k) + (size_t)c->part + first;
        for (size_t i = 0; i < count; i++)
            sum[i] += part[i];
    }
}
