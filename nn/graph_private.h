/* What the files that make up the graph share: graph.c builds, graph_plan.c finds memory,
 * graph_run.c runs it. */
#ifndef ESPALIER_GRAPH_PRIVATE_H
#define ESPALIER_GRAPH_PRIVATE_H

#include "nn/node.h"

/* A tile of a tensor's gradient, with the contributions first .. last-1 that make it. */
struct task {
    struct tile tile;
    int tensor;
    int first, last;
};

struct worker_memory {
    real *scratch, *local;
};

struct graph {
    struct params *params;
    struct node *node;
    size_t nodes, cap_nodes;
    struct contribution *contribution;
    size_t contributions, cap_contributions;
    const struct product_kernels *products; /* of operators that have a weight */
    int loss, output, chunk_rows;
    int overridden; /* heads of attention */
    int draws;      /* of the next node */
    bool by_row;    /* all nodes are of ROWS_EXAMPLE and act on rows one by one */
    bool picks;     /* has nodes of ROWS_OUTPUT: */
    int ends;       /* READOUT_FIRST or READOUT_LAST of each example; -1: predicted or wanted */

    bool packs, packed; /* weights may be packed ahead; those of this batch are */

    /* graph_plan.c */
    bool planned;
    struct graph_room room; /* what there is room for */
    struct task *task;
    size_t tasks, cap_tasks;
    size_t *slot; /* worker-local gradients: columns of each */
    size_t slots, cap_slots;
    real *memory, *partial;
    size_t partial_size; /* of one chunk */
    struct worker_memory *worker;
    int *integers;
    double *chunk_loss;

    /* graph_run.c: the part of the batch at hand */
    struct pass pass;
    int *chunk_first;  /* example, in the batch; chunks + 1 */
    int *chunk_output; /* first output row, in memory; chunks + 1 */
    int *output_row;   /* the input row of each, in the batch */
    int *output_place;
    int *output_offset; /* output rows before each example; examples + 1 */
    int32_t *output_target;
    int *example_row; /* 0, 1, 2, ...: the rows of ROWS_EXAMPLE */
    int *kept_row;    /* of ROWS_EXAMPLE, those that the backward pass is of */
};

/* Find what flows where; once, before the first room is made. */
void graph_plan(struct graph *g);
/* Rows of a kind whose values there is room for. */
size_t graph_kept_rows(const struct graph *g, enum rows kind);

/* Weights packed for all chunks of a batch: whether there is to be room for it, and how much a node
 * takes towards its outputs (0) and its inputs (1); and doing it, once the batch is cut. */
void graph_plan_packing(struct graph *g);
size_t graph_packed_size(const struct graph *g, const struct node *n, int direction);
void graph_pack(struct graph *g, struct pool *pool);

/* graph_leave_out.c: whether examples may be left out of a backward pass; and after the forward
 * pass of a part of the batch that is one chunk, leave out those whose loss has gradient 0. */
void graph_find_by_row(struct graph *g);
void graph_leave_out(struct graph *g, struct call *c);
/* Into how many chunks rows of this weight are cut: as many as closing at chunk_rows needs, made
 * even, so that two threads have the same to do, or one of up to half of chunk_rows. */
int64_t graph_chunks(const struct graph *g, int64_t weight);

#endif
