#include <string.h>

#include "lib/rng.h"
#include "nn/node.h"
#include "nn/vector.h"

void node_draw(const struct call *c, const struct node *n, double share, uint32_t block, int count,
               real *multiplier) {
    struct rng r = rng_at(c->batch->seed_dropout, RNG_DROPOUT,
                          c->batch->number << 20 | (uint64_t)n->draws);
    uint32_t limit = (uint32_t)(share * 4294967296.0);
    real kept = (real)(1 / (1 - share));
    uint32_t word[256];
    for (int first = 0; first < count; first += 256) {
        int more = count - first < 256 ? count - first : 256;
        r.block = block + (uint32_t)first / 4;
        r.have = 0;
        rng_fill_u32(&r, word, (size_t)more);
        for (int i = 0; i < more; i++)
            multiplier[first + i] = word[i] < limit ? 0 : kept;
    }
}

/* Every row has whole blocks of four draws, so that a row's mask depends on its place in the batch
 * and not on the chunk it is in. The multipliers are kept. */
static void draw(const struct call *c, const struct node *n, real *multiplier) {
    size_t blocks = ((size_t)n->width + 3) / 4;
    for (int row = 0; row < c->rows[n->rows]; row++)
        node_draw(c, n, n->number[0], (uint32_t)(node_batch_row(c, n->rows, row) * blocks),
                  n->width, multiplier + (size_t)row * n->width);
}

CLONED static void multiply(size_t n, const real *restrict m, const real *x, bool add, real *y) {
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = m[i] * x[i] + (add ? y[i] : 0);
}

static void forward(const struct call *c, const struct node *n) {
    size_t count = (size_t)c->rows[n->rows] * (size_t)n->width;
    if (!c->learning) {
        memcpy(node_value(c, n), node_input_value(c, n, 0), count * sizeof(real));
        return;
    }
    draw(c, n, node_kept(c, n, 0));
    multiply(count, node_kept(c, n, 0), node_input_value(c, n, 0), false, node_value(c, n));
}

static void backward(const struct call *c, const struct node *n) {
    if (n->edge[0].kind == EDGE_NONE)
        return;
    multiply((size_t)c->rows[n->rows] * (size_t)n->width, node_kept(c, n, 0), node_gradient(c, n),
             n->edge[0].kind == EDGE_ADD, node_input_gradient(c, n, 0));
}

static void size(struct node *n, const struct graph_room *room) {
    (void)room;
    n->kept_width[0] = (size_t)n->width;
}

static const struct node_kind dropout = {.shares = true,
                                         .name = "dropout",
                                         .by_row = true,
                                         .forward = forward,
                                         .backward = backward,
                                         .size = size,
                                         .in_place = true};

int graph_dropout(struct graph *g, int x, double share) {
    if (share == 0)
        return x;
    return graph_add(g, &(struct node){.kind = &dropout,
                                       .rows = graph_node(g, x)->rows,
                                       .width = graph_node(g, x)->width,
                                       .input = {x},
                                       .inputs = 1,
                                       .number = {share}});
}
