#include <math.h>
#include <string.h>

#include "nn/graph_private.h"
#include "nn/vector.h"

/* What the tasks of one list share. */
struct run {
    struct graph *g;
    const struct batch *batch;
    bool learning, add;
    bool lossy; /* not learning: the loss too */
    /* Each worker has all its chunks in the same rows: of these kinds, so many each. */
    bool passing[ROWS_KINDS];
    size_t stride[ROWS_KINDS];
    real scale;
    graph_visit *visit;
    void *context;
};

static void copy_gradient(const struct call *c, const struct node *to, const struct node *from) {
    memcpy(node_gradient(c, to), node_gradient(c, from),
           (size_t)c->rows[to->rows] * (size_t)to->width * sizeof(real));
}

CLONED static void add_rows(size_t n, const real *restrict x, real *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

/* The gradient that passes a node unchanged. */
static void pass_on(const struct call *c, const struct node *n, int k) {
    const struct node *to = node_input(c, n, k);
    const struct edge *e = &n->edge[k];
    if (e->kind == EDGE_STORE)
        copy_gradient(c, to, n);
    else if (e->kind == EDGE_ADD)
        add_rows((size_t)c->rows[to->rows] * (size_t)to->width, node_gradient(c, n),
                 node_gradient(c, to));
}

static void backward(const struct call *c) {
    const struct graph *g = c->graph;
    memset(c->partial, 0, g->partial_size * sizeof(real));
    for (int i = g->loss; i >= 0; i--) {
        const struct node *n = &g->node[i];
        if (!n->needed)
            continue;
        if (n->copied >= 0)
            copy_gradient(c, n, &g->node[n->copied]);
        for (int k = 0; k < n->inputs; k++)
            if (n->edge[k].kind == EDGE_ADD && n->edge[k].from >= 0)
                copy_gradient(c, node_input(c, n, k), &g->node[n->edge[k].from]);
        if (n->kind->backward)
            n->kind->backward(c, n);
        for (int k = 0; k < n->inputs; k++)
            if (n->passed >> k & 1)
                pass_on(c, n, k);
    }
}

/* First list: one chunk, forward, and backward when learning. */
static void chunk_task(void *context, int index, int worker) {
    const struct run *run = context;
    struct graph *g = run->g;
    const struct batch *b = run->batch;
    const struct pass *p = &g->pass;
    int first = g->chunk_first[index], last = g->chunk_first[index + 1];
    struct call c = {
        .graph = g,
        .batch = b,
        .learning = run->learning,
        .scale = run->scale,
        .sequences = last - first,
        .first_sequence = first,
        .offset = b->offset ? b->offset + first : NULL,
        .memory_offset = b->memory_offset ? b->memory_offset + first : NULL,
        .output_row = g->output_row + g->chunk_output[index],
        .output_place = g->output_place + g->chunk_output[index],
        .output_offset = g->output_offset + (first - p->first_sequence),
        .output_target = g->output_target + g->chunk_output[index],
        .scratch = g->worker[worker].scratch,
        .local = g->worker[worker].local,
        .partial = g->partial + (size_t)index * g->partial_size,
        .loss = &g->chunk_loss[index],
    };
    if (b->offset) {
        c.first[ROWS_INPUT] = (size_t)b->offset[first];
        c.rows[ROWS_INPUT] = b->offset[last] - b->offset[first];
    }
    if (b->memory_offset) {
        c.first[ROWS_MEMORY] = (size_t)b->memory_offset[first];
        c.rows[ROWS_MEMORY] = b->memory_offset[last] - b->memory_offset[first];
    }
    c.first[ROWS_EXAMPLE] = (size_t)first;
    c.rows[ROWS_EXAMPLE] = last - first;
    c.first[ROWS_OUTPUT] = (size_t)g->chunk_output[index];
    c.rows[ROWS_OUTPUT] = g->chunk_output[index + 1] - g->chunk_output[index];
    for (int k = 0; k < ROWS_KINDS; k++)
        c.at[k] = run->passing[k] ? (size_t)worker * run->stride[k] : c.first[k] - p->first[k];

    *c.loss = 0;
    for (int i = 0; i < (run->learning ? g->loss + 1 : g->loss); i++)
        g->node[i].kind->forward(&c, &g->node[i]);
    if (run->learning) {
        if (g->by_row && p->chunks == 1)
            graph_leave_out(g, &c);
        backward(&c);
        return;
    }
    const struct node *output = &g->node[g->output];
    int rows = c.rows[output->rows];
    if (run->visit && rows > 0)
        run->visit(run->context, worker, rows,
                   output->rows == ROWS_OUTPUT ? c.output_row
                                               : g->example_row + (first - p->first_sequence),
                   node_value(&c, output));
    if (run->lossy)
        g->node[g->loss].kind->forward(&c, &g->node[g->loss]);
}

/* Second list: one tile of a parameter's gradient, over the whole part of the batch. */
static void tile_task(void *context, int index, int worker) {
    (void)worker;
    const struct run *run = context;
    struct graph *g = run->g;
    const struct task *t = &g->task[index];
    real *gradient = g->params->gradient + g->params->table[t->tensor].offset;
    for (int i = t->first; i < t->last; i++) {
        const struct contribution *c = &g->contribution[i];
        c->make(g, &g->pass, c, &t->tile, run->add || i > t->first, gradient);
    }
}

/* The rows that an example weighs when a batch is cut into chunks of about equal weight. */
static int64_t weight_before(const struct batch *b, int example) {
    if (!b->offset && !b->memory_offset)
        return example;
    return (b->offset ? b->offset[example] : 0) +
           (b->memory_offset ? b->memory_offset[example] : 0);
}

/* Whether row t of example s is one of ROWS_OUTPUT: it has a target, or else is wanted. */
static bool is_output(const struct graph *g, const struct batch *b, int s, int t, bool targets) {
    if (g->ends >= 0)
        return t == (g->ends == READOUT_FIRST ? b->offset[s] : b->offset[s + 1] - 1);
    return targets ? b->target[t] >= 0 : !b->wanted || b->wanted[t];
}

/* Cut examples first .. last-1 into chunks, each closed at the end of an example; list the rows
 * where something is predicted. Depends on the batch alone. */
static void plan_pass(struct graph *g, const struct batch *b, int first, int last, bool targets) {
    struct pass *p = &g->pass;
    *p = (struct pass){.batch = b, .first_sequence = first, .last_sequence = last};
    int64_t before = weight_before(b, first), weight = weight_before(b, last) - before;
    int64_t wished = graph_chunks(g, weight);
    int outputs = 0;
    for (int s = first; s < last; s++) {
        bool follows = b->shared && b->shared[s]; /* stays in the chunk of what it shares */
        if (s == first ||
            (!follows && p->chunks < wished &&
             (weight_before(b, s) - before) * wished >= (int64_t)p->chunks * weight)) {
            g->chunk_first[p->chunks] = s;
            g->chunk_output[p->chunks] = outputs;
            p->chunks++;
        }
        g->example_row[s - first] = s;
        g->output_offset[s - first] = outputs;
        for (int t = g->picks ? b->offset[s] : 0; g->picks && t < b->offset[s + 1]; t++) {
            if (!is_output(g, b, s, t, targets))
                continue;
            g->output_row[outputs] = t;
            g->output_place[outputs] = t - b->offset[s] + (b->shared ? b->shared[s] : 0);
            if (targets && g->ends < 0)
                g->output_target[outputs] = b->target[t];
            outputs++;
        }
    }
    g->output_offset[last - first] = outputs;
    g->chunk_first[p->chunks] = last;
    g->chunk_output[p->chunks] = outputs;
    if (b->offset) {
        p->first[ROWS_INPUT] = (size_t)b->offset[first];
        p->rows[ROWS_INPUT] = (size_t)(b->offset[last] - b->offset[first]);
    }
    if (b->memory_offset) {
        p->first[ROWS_MEMORY] = (size_t)b->memory_offset[first];
        p->rows[ROWS_MEMORY] = (size_t)(b->memory_offset[last] - b->memory_offset[first]);
    }
    p->first[ROWS_EXAMPLE] = (size_t)first;
    p->rows[ROWS_EXAMPLE] = (size_t)(last - first);
    p->rows[ROWS_OUTPUT] = (size_t)outputs;
}

static int part_border(const struct batch *b, int passes, int part) {
    return (int)((int64_t)b->sequences * part / passes);
}

static int count_passes(const struct batch *b, int passes) {
    if (passes > b->sequences)
        passes = b->sequences;
    return passes < 1 ? 1 : passes;
}

struct graph_room graph_room_of(const struct pool *pool, const struct batch *b, int passes) {
    passes = count_passes(b, passes);
    struct graph_room room = {.workers = pool_workers(pool)};
    for (int part = 0; part < passes; part++) {
        int first = part_border(b, passes, part), last = part_border(b, passes, part + 1);
        int tokens = b->offset ? b->offset[last] - b->offset[first] : 0;
        int memory = b->memory_offset ? b->memory_offset[last] - b->memory_offset[first] : 0;
        if (tokens > room.rows[ROWS_INPUT])
            room.rows[ROWS_INPUT] = tokens;
        if (memory > room.rows[ROWS_MEMORY])
            room.rows[ROWS_MEMORY] = memory;
        if (last - first > room.rows[ROWS_EXAMPLE])
            room.rows[ROWS_EXAMPLE] = last - first;
    }
    int family = 0;
    for (int s = 0; s < b->sequences; s++) {
        int n = b->offset ? b->offset[s + 1] - b->offset[s] : 0;
        if (b->shared) {
            family = (b->shared[s] ? family : 0) + n;
            room.family = family > room.family ? family : room.family;
            n += b->shared[s];
        }
        int m = b->memory_offset ? b->memory_offset[s + 1] - b->memory_offset[s] : 0;
        room.longest = n > room.longest ? n : room.longest;
        room.longest_memory = m > room.longest_memory ? m : room.longest_memory;
    }
    return room;
}

static void make_room(struct graph *g, const struct pool *pool, const struct batch *b, int passes) {
    struct graph_room room = graph_room_of(pool, b, passes);
    graph_reserve(g, &room);
}

/* How many predictions a batch asks for. */
static int count_targets(const struct graph *g, const struct batch *b) {
    if (g->node[g->output].rows == ROWS_OUTPUT) {
        int n = 0;
        for (int t = 0; t < b->tokens; t++)
            n += b->target[t] >= 0;
        return n;
    }
    if (!b->label)
        return b->sequences;
    int n = 0;
    for (int s = 0; s < b->sequences; s++)
        n += b->label[s] >= 0;
    return n;
}

double graph_gradient(struct graph *g, struct pool *pool, const struct batch *batch, int passes,
                      int *counted) {
    if (counted)
        *counted = 0;
    if (g->overridden)
        return NAN;
    passes = count_passes(batch, passes);
    make_room(g, pool, batch, passes);
    int n = count_targets(g, batch);
    struct run run = {.g = g, .batch = batch, .learning = true, .scale = n ? (real)(1.0 / n) : 0};
    double loss = 0;
    for (int part = 0; part < passes; part++) {
        plan_pass(g, batch, part_border(batch, passes, part), part_border(batch, passes, part + 1),
                  true);
        run.add = part > 0;
        if (part == 0)
            graph_pack(g, pool);
        pool_run(pool, g->pass.chunks, chunk_task, &run);
        pool_run(pool, (int)g->tasks, tile_task, &run);
        for (int i = 0; i < g->pass.chunks; i++)
            loss += g->chunk_loss[i];
    }
    if (counted)
        *counted = n;
    return n ? loss / n : 0;
}

void graph_forward(struct graph *g, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context) {
    make_room(g, pool, batch, 1);
    plan_pass(g, batch, 0, batch->sequences, false);
    graph_pack(g, pool);
    struct run run = {.g = g, .batch = batch, .visit = visit, .context = context};
    pool_run(pool, g->pass.chunks, chunk_task, &run);
}

/* The rows of the chunk that has most. */
static void find_strides(const struct graph *g, const struct batch *b, size_t *stride) {
    for (int i = 0; i < g->pass.chunks; i++) {
        int first = g->chunk_first[i], last = g->chunk_first[i + 1];
        const int rows[ROWS_KINDS] = {
            [ROWS_INPUT] = b->offset ? b->offset[last] - b->offset[first] : 0,
            [ROWS_MEMORY] = b->memory_offset ? b->memory_offset[last] - b->memory_offset[first] : 0,
            [ROWS_EXAMPLE] = last - first,
            [ROWS_OUTPUT] = g->chunk_output[i + 1] - g->chunk_output[i]};
        for (int k = 0; k < ROWS_KINDS; k++)
            stride[k] = (size_t)rows[k] > stride[k] ? (size_t)rows[k] : stride[k];
    }
}

/* Let all chunks of a worker have the same rows, unless that takes more than rows of their own. If
 * there is not room for that, as when examples have no rows and a chunk any number of them: false,
 * and what is needed added to *room. */
static bool place_chunks(const struct graph *g, const struct pool *pool, struct run *run,
                         struct graph_room *room) {
    size_t stride[ROWS_KINDS] = {0};
    bool placed = true;
    find_strides(g, run->batch, stride);
    for (int k = 0; k < ROWS_KINDS; k++) {
        size_t have = graph_kept_rows(g, (enum rows)k), all = g->pass.rows[k],
               need = stride[k] * (size_t)pool_workers(pool);
        run->passing[k] = need < all;
        need = need < all ? need : all;
        run->stride[k] = stride[k];
        if (need > have) {
            room->rows[k] = (int)need;
            placed = false;
        }
    }
    return placed;
}

void graph_predict(struct graph *g, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context) {
    struct run run = {.g = g, .batch = batch, .visit = visit, .context = context};
    struct graph_room room = graph_room_of(pool, batch, 1);
    memcpy(room.passing, room.rows, sizeof room.passing);
    memset(room.rows, 0, sizeof room.rows);
    graph_reserve(g, &room);
    plan_pass(g, batch, 0, batch->sequences, false);
    if (!place_chunks(g, pool, &run, &room)) {
        graph_reserve(g, &room);
        plan_pass(g, batch, 0, batch->sequences, false);
        (void)place_chunks(g, pool, &run, &room);
    }
    graph_pack(g, pool);
    pool_run(pool, g->pass.chunks, chunk_task, &run);
}

double graph_mean_loss(struct graph *g, struct pool *pool, const struct batch *batch, int *counted,
                       graph_visit *visit, void *context) {
    make_room(g, pool, batch, 1);
    plan_pass(g, batch, 0, batch->sequences, true);
    graph_pack(g, pool);
    struct run run = {.g = g, .batch = batch, .lossy = true, .visit = visit, .context = context};
    pool_run(pool, g->pass.chunks, chunk_task, &run);
    double loss = 0;
    for (int i = 0; i < g->pass.chunks; i++)
        loss += g->chunk_loss[i];
    int n = count_targets(g, batch);
    if (counted)
        *counted = n;
    return n ? loss / n : 0;
}

bool graph_can_share(const struct graph *g) {
    for (size_t i = 0; (int)i < g->loss; i++)
        if (!g->node[i].kind->shares || g->node[i].overridden)
            return false;
    return g->node[g->output].rows == ROWS_OUTPUT;
}

const real *graph_value(const struct graph *g, int node, size_t *rows) {
    *rows = g->pass.rows[g->node[node].rows];
    return g->node[node].value;
}
