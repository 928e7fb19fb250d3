#include <assert.h>
#include <math.h>
#include <string.h>

#include "nn/graph_private.h"

enum { HEADS, MASK, BEFORE, AFTER, LONGEST, KEYS };
enum { SCALE, DROPOUT };
enum { RELATIVE_KEY, RELATIVE_BIAS };
enum { PROBABILITY, MULTIPLIER };

static int head_width(const struct node *n) {
    return n->width / n->option[HEADS];
}

static bool is_self(const struct node *n) {
    return n->inputs == 1;
}

static enum rows key_rows(const struct node *n) {
    return (enum rows)n->option[KEYS];
}

/* The places of q, k and v, or of their gradients, from those of the inputs. */
static void split(const struct node *n, real *first, real *second, real **q, real **k, real **v) {
    *q = first;
    *k = is_self(n) ? first + n->width : second;
    *v = *k + n->width;
}

static struct attention describe(const struct call *c, const struct node *n) {
    struct attention a = {
        .mask = (enum attention_mask)n->option[MASK],
        .heads = n->option[HEADS],
        .head_dim = head_width(n),
        .scale = (real)(n->number[SCALE] > 0 ? n->number[SCALE] : 1 / sqrt(head_width(n))),
        .sequences = c->sequences,
        .query_offset = node_offset(c, n->rows),
        .key_offset = node_offset(c, key_rows(n)),
        .query_place = n->rows == ROWS_OUTPUT && key_rows(n) == ROWS_INPUT ? c->output_place : NULL,
        .prefix = c->batch->prefix ? c->batch->prefix + c->first_sequence : NULL,
        .ldq = is_self(n) ? 3 * n->width : n->width,
        .ldkv = is_self(n) ? 3 * n->width : 2 * n->width,
        .relative_key = node_tensor(c, n, RELATIVE_KEY),
        .relative_bias = node_tensor(c, n, RELATIVE_BIAS),
        .before = n->option[BEFORE],
        .after = n->option[AFTER],
        .multiplier = c->learning && n->number[DROPOUT] > 0 ? node_kept(c, n, MULTIPLIER) : NULL,
    };
    real *q, *k, *v;
    split(n, (real *)node_input_value(c, n, 0),
          is_self(n) ? NULL : (real *)node_input_value(c, n, 1), &q, &k, &v);
    a.q = q;
    a.k = k;
    a.v = v;
    return a;
}

/* A query's draws are named by its place in the batch and the head: `longest` numbers each. */
static void draw(const struct call *c, const struct node *n, const struct attention *a) {
    size_t blocks = ((size_t)n->option[LONGEST] + 3) / 4;
    real *m = node_kept(c, n, MULTIPLIER);
    for (int s = 0; s < a->sequences; s++) {
        int queries = a->query_offset[s + 1] - a->query_offset[s];
        int keys = a->key_offset[s + 1] - a->key_offset[s];
        int first = a->query_offset[s] - a->query_offset[0];
        for (int h = 0; h < a->heads; h++)
            for (int i = 0; i < queries; i++, m += keys) {
                size_t row = node_batch_row(c, n->rows, first + i);
                int place = a->query_place ? a->query_place[first + i] : i;
                int seen = op_attend_seen(a, s, place, keys);
                node_draw(c, n, n->number[DROPOUT],
                          (uint32_t)((row * (size_t)a->heads + (size_t)h) * blocks), seen, m);
                memset(m + seen, 0, (size_t)(keys - seen) * sizeof *m);
            }
    }
}

static void forward(const struct call *c, const struct node *n) {
    struct attention a = describe(c, n);
    if (a.multiplier)
        draw(c, n, &a);
    op_attend_forward(&a, node_kept(c, n, PROBABILITY), node_value(c, n), c->scratch);
    if (n->overridden)
        node_override(n, &a, node_kept(c, n, PROBABILITY), node_value(c, n));
}

static size_t count_of(const struct node *n, int tensor, int columns) {
    return n->tensor[tensor] < 0
               ? 0
               : (size_t)(n->option[BEFORE] + n->option[AFTER] + 1) * (size_t)columns;
}

static void backward(const struct call *c, const struct node *n) {
    struct attention a = describe(c, n);
    real *partial = node_partial(c, n);
    struct attention_gradient d = {.relative_key = partial,
                                   .relative_bias = partial + count_of(n, RELATIVE_KEY, n->width)};
    split(n, node_input_gradient(c, n, 0), is_self(n) ? NULL : node_input_gradient(c, n, 1), &d.q,
          &d.k, &d.v);
    op_attend_backward(&a, node_kept(c, n, PROBABILITY), node_gradient(c, n), &d, c->scratch);
}

static int longest_of(const struct graph_room *room, enum rows rows) {
    return rows == ROWS_MEMORY ? room->longest_memory : room->longest;
}

static void size(struct node *n, const struct graph_room *room) {
    int queries = longest_of(room, n->rows), keys = longest_of(room, key_rows(n));
    n->kept_width[PROBABILITY] = (size_t)keys * (size_t)n->option[HEADS];
    n->kept_width[MULTIPLIER] = n->number[DROPOUT] > 0 ? n->kept_width[PROBABILITY] : 0;
    n->scratch = op_attend_scratch(queries, keys, head_width(n));
    n->partial = count_of(n, RELATIVE_KEY, n->width) + count_of(n, RELATIVE_BIAS, n->option[HEADS]);
}

static const struct node_kind attend = {
    .name = "attention", .forward = forward, .backward = backward, .size = size};

int graph_attend(struct graph *g, int q, int kv, const struct attention_form *form) {
    bool plain = form->mask == ATTENTION_CAUSAL && form->scale == 0 && form->relative_key < 0 &&
                 form->relative_bias < 0 && form->dropout == 0;
    if (plain && kv < 0 && graph_node(g, q)->rows == ROWS_INPUT)
        return graph_attention(g, q, form->heads);
    if (plain && kv >= 0 && graph_node(g, kv)->rows == ROWS_INPUT)
        return graph_attention_places(g, q, kv, form->heads);
    int width = graph_node(g, q)->width / (kv < 0 ? 3 : 1);
    int node = graph_add(
        g, &(struct node){.kind = &attend,
                          .rows = graph_node(g, q)->rows,
                          .width = width,
                          .input = {q, kv},
                          .inputs = kv < 0 ? 1 : 2,
                          .tensor = {form->relative_key, form->relative_bias},
                          .option = {[HEADS] = form->heads,
                                     [MASK] = (int)form->mask,
                                     [BEFORE] = form->before,
                                     [AFTER] = form->after,
                                     [LONGEST] = form->longest,
                                     [KEYS] = (int)graph_node(g, kv < 0 ? q : kv)->rows},
                          .number = {[SCALE] = form->scale, [DROPOUT] = form->dropout}});
    graph_contribute(
        g, (struct contribution){
               .tensor = form->relative_key, .node = node, .cut = CUT_ROWS, .make = grad_partial});
    graph_contribute(
        g, (struct contribution){
               .tensor = form->relative_bias,
               .node = node,
               .part = form->relative_key < 0 ? 0 : (form->before + form->after + 1) * width,
               .cut = CUT_ROWS,
               .make = grad_partial});
    return node;
}

static int length_of(const int *offset, int example) {
    return offset[example + 1] - offset[example];
}

const real *graph_attention_probability(const struct graph *g, int node, int example, int head,
                                        int *queries, int *keys) {
    const struct node *n = &g->node[node];
    const struct batch *b = g->pass.batch;
    assert(n->rows != ROWS_OUTPUT);
    const int *query_offset = n->rows == ROWS_MEMORY ? b->memory_offset : b->offset;
    const int *key_offset = is_self(n) ? query_offset : b->memory_offset;
    *queries = length_of(query_offset, example);
    *keys = length_of(key_offset, example);
    /* Within its chunk an example follows those before it. */
    int chunk = 0;
    while (g->chunk_first[chunk + 1] <= example)
        chunk++;
    int first = g->chunk_first[chunk];
    size_t at = ((size_t)query_offset[first] - g->pass.first[n->rows]) * n->kept_width[PROBABILITY];
    for (int s = first; s < example; s++)
        at += (size_t)n->option[HEADS] * (size_t)length_of(query_offset, s) *
              (size_t)length_of(key_offset, s);
    return n->kept[PROBABILITY] + at + (size_t)head * (size_t)*queries * (size_t)*keys;
}
