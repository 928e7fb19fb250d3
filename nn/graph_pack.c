/* Weights packed once for all chunks of a batch (product.h). The bits are those of products that
 * pack for themselves, so when it is done is a matter of time and room alone. */
#include "nn/graph_private.h"

enum { TO_OUTPUTS, TO_INPUTS };

static size_t columns_of(const struct graph *g, const struct node *n) {
    return (size_t)g->node[n->input[0]].width;
}

static bool goes_back(const struct graph *g, const struct node *n) {
    return n->needed && g->node[n->input[0]].needed;
}

static size_t packed_size(const struct graph *g, const struct node *n, int direction) {
    int in = (int)columns_of(g, n);
    if (direction == TO_INPUTS && !goes_back(g, n))
        return 0;
    return direction == TO_OUTPUTS ? g->products->packed_size(n->width, in)
                                   : g->products->packed_size(in, n->width);
}

size_t graph_packed_size(const struct graph *g, const struct node *n, int direction) {
    return n->kind->packs && g->packs ? packed_size(g, n, direction) : 0;
}

/* Packed weights are worth little room beside large ones, and some beside those that fit into the
 * processor's caches. */
void graph_plan_packing(struct graph *g) {
    size_t size = 0, weights = 0;
    for (size_t i = 0; i < g->nodes; i++) {
        const struct node *n = &g->node[i];
        if (!n->kind->packs)
            continue;
        size += packed_size(g, n, TO_OUTPUTS) + packed_size(g, n, TO_INPUTS);
        weights += (size_t)n->width * columns_of(g, n);
    }
    g->packs = size * sizeof(real) <= (size_t)16 << 20 || size <= weights + weights / 8;
}

static void pack_task(void *context, int index, int worker) {
    (void)worker;
    const struct graph *g = context;
    const struct node *n = &g->node[index / 2];
    real *to = n->packed[index % 2];
    if (!to)
        return;
    const struct params *p = g->params;
    int in = (int)columns_of(g, n);
    const real *weight = p->value + p->table[n->tensor[0]].offset +
                         (size_t)n->option[NODE_FIRST_ROW] * (size_t)in;
    if (index % 2 == TO_OUTPUTS)
        g->products->pack(PRODUCT_NT, n->width, in, weight, in, to);
    else
        g->products->pack(PRODUCT_NN, in, n->width, weight, in, to);
}

/* Chunks for which packing ahead pays; and when it rounds. */
enum { CHUNKS_PAY = 3, ROUNDED_CHUNKS_PAY = 2 };

void graph_pack(struct graph *g, struct pool *pool) {
    int pay = g->products->rounds ? ROUNDED_CHUNKS_PAY : CHUNKS_PAY;
    g->packed = g->packs && g->pass.chunks >= pay;
    if (g->packed)
        pool_run(pool, 2 * (int)g->nodes, pack_task, g);
}

const real *node_packed_weight(const struct call *c, const struct node *n, bool back) {
    return c->graph->packed ? n->packed[back ? TO_INPUTS : TO_OUTPUTS] : NULL;
}
