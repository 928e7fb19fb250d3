#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/graph_private.h"

static void find_needed(struct graph *g) {
    for (size_t k = 0; k < g->contributions; k++)
        g->node[g->contribution[k].node].needed = true;
    for (size_t i = 0; i < g->nodes; i++) {
        struct node *n = &g->node[i];
        for (int k = 0; k < n->inputs; k++)
            n->needed |= g->node[n->input[k]].needed;
    }
}

/* The state of a node's gradient as the backward pass goes down the list: nothing there yet; all
 * that came is the gradient of another node, not yet copied; there. */
enum state { EMPTY, PENDING, FULL };

struct planner {
    struct graph *g;
    enum state *state;
    int *from; /* of PENDING */
    int *slot; /* of a local gradient; -1 */
    int *uses; /* pending references to a node's gradient, and its own */
    int *readers;
    bool *busy; /* [slot] */
    size_t cap_busy;
};

static bool is_local(const struct graph *g, int i) {
    return !g->node[i].kind->wide && !g->node[i].shared;
}

/* A slot for node i: the smallest free one that is wide enough, else the widest, widened. */
static void take_slot(struct planner *p, int i) {
    struct graph *g = p->g;
    size_t width = (size_t)g->node[i].width;
    int best = -1;
    for (size_t s = 0; s < g->slots; s++) {
        if (p->busy[s])
            continue;
        bool fits = g->slot[s] >= width;
        bool best_fits = best >= 0 && g->slot[best] >= width;
        if (best < 0 || (fits && (!best_fits || g->slot[s] < g->slot[best])) ||
            (!fits && !best_fits && g->slot[s] > g->slot[best]))
            best = (int)s;
    }
    if (best < 0) {
        g->slot = mem_grow(g->slot, &g->cap_slots, g->slots + 1, sizeof *g->slot);
        p->busy = mem_grow(p->busy, &p->cap_busy, g->slots + 1, sizeof *p->busy);
        best = (int)g->slots++;
        g->slot[best] = 0;
    }
    if (g->slot[best] < width)
        g->slot[best] = width;
    p->busy[best] = true;
    p->slot[i] = best;
}

static void hold(struct planner *p, int i) {
    p->uses[i]++;
}

static void release(struct planner *p, int i) {
    if (--p->uses[i] == 0 && p->slot[i] >= 0)
        p->busy[p->slot[i]] = false;
}

/* Memory for the gradient of node j, if it has none. giver: a node whose slot it may take over. */
static void begin(struct planner *p, int j, int giver) {
    if (p->state[j] == FULL)
        return;
    p->state[j] = FULL;
    hold(p, j);
    if (!is_local(p->g, j))
        return;
    if (giver >= 0 && p->slot[giver] >= 0 && p->uses[giver] == 1 &&
        p->g->slot[p->slot[giver]] >= (size_t)p->g->node[j].width) {
        p->slot[j] = p->slot[giver];
        p->slot[giver] = -1;
        return;
    }
    take_slot(p, j);
}

/* The gradient of node i reaches its input k. */
static void flow(struct planner *p, int i, int k) {
    struct node *n = &p->g->node[i];
    int j = n->input[k];
    struct edge *e = &n->edge[k];
    *e = (struct edge){EDGE_NONE, -1};
    if (!p->g->node[j].needed)
        return;
    bool passed = n->passed >> k & 1;
    switch (p->state[j]) {
    case EMPTY:
        if (passed) {
            p->state[j] = PENDING;
            p->from[j] = i;
            hold(p, i);
            return;
        }
        begin(p, j, n->kind->in_place && k == 0 && n->width == p->g->node[j].width ? i : -1);
        e->kind = EDGE_STORE;
        return;
    case PENDING: {
        int from = p->from[j];
        begin(p, j, -1);
        e->kind = !passed && k == 0 && n->kind->takes_skip ? EDGE_SKIP : EDGE_ADD;
        e->from = from;
        release(p, from);
        return;
    }
    case FULL:
        e->kind = EDGE_ADD;
        return;
    }
}

static void count_readers(struct planner *p) {
    for (size_t i = 0; i < p->g->nodes; i++)
        for (int k = 0; k < p->g->node[i].inputs; k++)
            p->readers[p->g->node[i].input[k]]++;
}

static void plan_flow(struct graph *g) {
    size_t n = g->nodes;
    struct planner p = {.g = g,
                        .state = mem_alloc(n, sizeof *p.state),
                        .from = mem_alloc(n, sizeof *p.from),
                        .slot = mem_alloc(n, sizeof *p.slot),
                        .uses = mem_alloc(n, sizeof *p.uses),
                        .readers = mem_alloc(n, sizeof *p.readers)};
    int *place = mem_alloc(n, sizeof *place);
    count_readers(&p);
    for (size_t i = 0; i < n; i++) {
        p.slot[i] = place[i] = -1;
        g->node[i].shared = false;
    }
    for (size_t i = 0; i < n; i++)
        if (g->node[i].kind->overwrites) {
            assert(p.readers[g->node[i].input[0]] == 1); /* others would read what it leaves */
            g->node[g->node[i].input[0]].shared = true;
        }
    for (int i = (int)n - 1; i >= 0; i--) {
        struct node *node = &g->node[i];
        if (!node->needed || (i != g->loss && p.state[i] == EMPTY)) {
            node->needed = false; /* nothing comes of it */
            continue;
        }
        if (p.state[i] == PENDING) {
            node->copied = p.from[i];
            begin(&p, i, -1);
            release(&p, node->copied);
        }
        place[i] = p.slot[i];
        for (int k = 0; k < node->inputs; k++)
            flow(&p, i, k);
        if (i != g->loss)
            release(&p, i);
    }
    for (size_t i = 0; i < n; i++)
        g->node[i].slot = place[i];
    free(p.state);
    free(p.from);
    free(p.slot);
    free(p.uses);
    free(p.readers);
    free(p.busy);
    free(place);
}

/* The most rows and columns of a tile: wide enough that packing its operands costs BLAS little,
 * and small enough that several workers find tasks in a small model. */
enum { TILE_ROWS = 256, TILE_COLUMNS = 512 };

static void add_task(struct graph *g, struct task t) {
    g->task = mem_grow(g->task, &g->cap_tasks, g->tasks + 1, sizeof *g->task);
    g->task[g->tasks++] = t;
}

static void cut_tensor(struct graph *g, int tensor, int first, int last) {
    const struct param *p = &g->params->table[tensor];
    int rows = (int)p->shape[0], columns = p->rank == 2 ? (int)p->shape[1] : 1;
    enum cut cut = CUT_TILES;
    for (int i = first; i < last; i++)
        if (g->contribution[i].cut > cut)
            cut = g->contribution[i].cut;
    int high = cut == CUT_NONE ? rows : p->rank == 2 ? TILE_ROWS : rows;
    int wide = cut == CUT_TILES ? TILE_COLUMNS : columns;
    for (int r = 0; r < rows; r += high)
        for (int c = 0; c < columns; c += wide)
            add_task(g, (struct task){.tile = {r, r + high < rows ? r + high : rows, c,
                                               c + wide < columns ? c + wide : columns},
                                      .tensor = tensor,
                                      .first = first,
                                      .last = last});
}

/* By tensor; within one, later nodes first, as the backward pass meets them. */
static int by_tensor(const void *a, const void *b) {
    const struct contribution *x = a, *y = b;
    if (x->tensor != y->tensor)
        return (x->tensor > y->tensor) - (x->tensor < y->tensor);
    if (x->node != y->node)
        return (x->node < y->node) - (x->node > y->node);
    return (x->part > y->part) - (x->part < y->part);
}

/* What nothing comes of has no gradient; its tensors keep the 0 they were made with. */
static void drop_unneeded(struct graph *g) {
    size_t kept = 0;
    for (size_t i = 0; i < g->contributions; i++)
        if (g->node[g->contribution[i].node].needed)
            g->contribution[kept++] = g->contribution[i];
    g->contributions = kept;
}

static void plan_tasks(struct graph *g) {
    drop_unneeded(g);
    if (g->contributions)
        qsort(g->contribution, g->contributions, sizeof *g->contribution, by_tensor);
    for (size_t i = 0; i < g->contributions;) {
        size_t last = i;
        while (last < g->contributions && g->contribution[last].tensor == g->contribution[i].tensor)
            last++;
        cut_tensor(g, g->contribution[i].tensor, (int)i, (int)last);
        i = last;
    }
}

void graph_plan(struct graph *g) {
    if (g->planned)
        return;
    g->planned = true;
    graph_find_by_row(g);
    find_needed(g);
    plan_flow(g);
    plan_tasks(g);
}

/* With from NULL only counts, so that one function both measures and hands out. */
struct cursor {
    real *from;
    size_t used;
};

static real *take(struct cursor *c, size_t rows, size_t columns) {
    size_t n = rows * columns;
    real *p = c->from ? c->from + c->used : NULL;
    c->used += (n + 15) / 16 * 16;
    return p;
}

static size_t total_weight(const struct graph_room *room) {
    size_t tokens = (size_t)room->rows[ROWS_INPUT] + (size_t)room->rows[ROWS_MEMORY];
    return tokens ? tokens : (size_t)room->rows[ROWS_EXAMPLE];
}

/* The most rows a chunk can have, and the most chunks. */
static size_t most_chunk_rows(const struct graph *g, const struct graph_room *room) {
    size_t heaviest = (size_t)room->longest + (size_t)room->longest_memory;
    if (heaviest < (size_t)room->family)
        heaviest = (size_t)room->family;
    size_t most = (size_t)g->chunk_rows + (heaviest ? heaviest : 1), all = total_weight(room);
    return most < all ? most : all;
}

int64_t graph_chunks(const struct graph *g, int64_t weight) {
    int64_t pair = 2 * (int64_t)g->chunk_rows;
    return weight <= pair / 4 ? 1 : 2 * ((weight + pair - 1) / pair);
}

static size_t most_chunks(const struct graph *g, const struct graph_room *room) {
    size_t most = (size_t)graph_chunks(g, (int64_t)total_weight(room));
    return most < (size_t)room->rows[ROWS_EXAMPLE] ? most : (size_t)room->rows[ROWS_EXAMPLE];
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* The room of batches of every kind, as if all of them were kept. */
static struct graph_room largest(const struct graph_room *room) {
    struct graph_room all = *room;
    for (int k = 0; k < ROWS_OUTPUT; k++)
        all.rows[k] = larger(room->rows[k], room->passing[k]);
    return all;
}

/* All rows of what is kept; of what passes, a chunk for each worker, or all if they are fewer. */
static size_t kept_rows(const struct graph *g, const struct graph_room *room, enum rows kind) {
    int k = kind == ROWS_OUTPUT ? ROWS_INPUT : kind;
    struct graph_room all = largest(room);
    size_t passing = (size_t)room->passing[k], kept = (size_t)room->rows[k],
           chunks = most_chunk_rows(g, &all) * (size_t)larger(room->workers, 1);
    passing = passing < chunks ? passing : chunks;
    return kept > passing ? kept : passing;
}

size_t graph_kept_rows(const struct graph *g, enum rows kind) {
    return kept_rows(g, &g->room, kind);
}

static void lay_out(struct graph *g, const struct graph_room *room, struct cursor *m,
                    struct worker_memory *worker) {
    graph_plan_packing(g);
    const struct graph_room all = largest(room);
    size_t chunk_rows = most_chunk_rows(g, &all), scratch = 0, partial = 0, local = 0;
    for (size_t i = 0; i < g->nodes; i++) {
        struct node *n = &g->node[i];
        size_t rows = kept_rows(g, room, n->rows);
        if (n->kind->size)
            n->kind->size(n, &all);
        n->value = take(m, rows, (size_t)n->width);
        n->gradient = n->shared                    ? n->value
                      : n->needed && n->kind->wide ? take(m, rows, (size_t)n->width)
                                                   : NULL;
        for (int k = 0; k < NODE_KEPT; k++)
            n->kept[k] = n->kept_width[k] ? take(m, rows, n->kept_width[k]) : NULL;
        for (int k = 0; k < 2; k++) {
            size_t size = graph_packed_size(g, n, k);
            n->packed[k] = size ? take(m, size, 1) : NULL;
        }
        n->partial_at = partial;
        partial += (n->partial + 15) / 16 * 16;
        scratch = n->scratch > scratch ? n->scratch : scratch;
    }
    g->partial_size = partial;
    g->partial = take(m, most_chunks(g, room), partial);
    for (size_t s = 0; s < g->slots; s++)
        local += (chunk_rows * g->slot[s] + 15) / 16 * 16;
    for (int w = 0; w < room->workers; w++) {
        struct worker_memory mine = {.scratch = take(m, scratch, 1), .local = take(m, local, 1)};
        if (worker)
            worker[w] = mine;
    }
}

/* Where each node's slot begins in a worker's local memory. */
static void place_slots(struct graph *g, size_t chunk_rows) {
    size_t *at = mem_alloc(g->slots + 1, sizeof *at);
    for (size_t s = 0; s < g->slots; s++)
        at[s + 1] = at[s] + (chunk_rows * g->slot[s] + 15) / 16 * 16;
    for (size_t i = 0; i < g->nodes; i++)
        g->node[i].local = g->node[i].slot < 0 ? 0 : at[g->node[i].slot];
    free(at);
}

static bool has_room(const struct graph_room *have, const struct graph_room *want) {
    for (int k = 0; k < ROWS_OUTPUT; k++)
        if (want->rows[k] > have->rows[k] ||
            want->passing[k] > larger(have->passing[k], have->rows[k]))
            return false;
    return want->longest <= have->longest && want->longest_memory <= have->longest_memory &&
           want->workers <= have->workers && want->family <= have->family;
}

size_t graph_room_bytes(struct graph *g, const struct graph_room *room) {
    return g->memory && has_room(&g->room, room) ? 0 : graph_room_whole_bytes(g, room);
}

size_t graph_room_whole_bytes(struct graph *g, const struct graph_room *room) {
    graph_plan(g);
    struct graph kept = *g;
    struct node *nodes = mem_alloc(g->nodes, sizeof *nodes);
    memcpy(nodes, g->node, g->nodes * sizeof *nodes);
    struct cursor measure = {0};
    lay_out(g, room, &measure, NULL);
    memcpy(g->node, nodes, g->nodes * sizeof *nodes);
    g->partial_size = kept.partial_size;
    g->partial = kept.partial;
    free(nodes);
    return measure.used * sizeof(real);
}

void graph_reserve(struct graph *g, const struct graph_room *room) {
    graph_plan(g);
    if (g->memory && has_room(&g->room, room))
        return;
    for (size_t i = 0; i < g->nodes && !g->memory; i++)
        if (g->node[i].kind->prepare)
            g->node[i].kind->prepare(&g->node[i]);
    struct graph_room *r = &g->room;
    for (int k = 0; k < ROWS_OUTPUT; k++)
        r->rows[k] = larger(r->rows[k], room->rows[k]),
        r->passing[k] = larger(r->passing[k], room->passing[k]);
    r->longest = larger(r->longest, room->longest);
    r->longest_memory = larger(r->longest_memory, room->longest_memory);
    r->family = larger(r->family, room->family);
    r->workers = larger(larger(r->workers, room->workers), 1);

    free(g->memory);
    free(g->worker);
    free(g->integers);
    free(g->chunk_loss);
    g->worker = mem_alloc((size_t)r->workers, sizeof *g->worker);
    struct cursor measure = {0};
    lay_out(g, r, &measure, g->worker);
    /* Larger batches than come leave their part of it untouched. */
    g->memory = mem_aligned_bare(measure.used, sizeof(real));
    struct cursor hand_out = {.from = g->memory};
    lay_out(g, r, &hand_out, g->worker);
    const struct graph_room all = largest(r);
    place_slots(g, most_chunk_rows(g, &all));

    size_t chunks = most_chunks(g, &all), outputs = (size_t)all.rows[ROWS_INPUT],
           examples = (size_t)all.rows[ROWS_EXAMPLE];
    g->integers = mem_alloc(2 * (chunks + 1) + 3 * outputs + 3 * examples + 1, sizeof *g->integers);
    g->chunk_first = g->integers;
    g->chunk_output = g->chunk_first + chunks + 1;
    g->output_row = g->chunk_output + chunks + 1;
    g->output_place = g->output_row + outputs;
    g->output_target = (int32_t *)(g->output_place + outputs);
    g->example_row = (int *)(g->output_target + outputs);
    g->kept_row = g->example_row + examples;
    g->output_offset = g->kept_row + examples;
    g->chunk_loss = mem_alloc(chunks, sizeof *g->chunk_loss);
}
