/* What the author of an operator of the graph needs: the node, and the call it is run in. */
#ifndef ESPALIER_NODE_H
#define ESPALIER_NODE_H

#include "nn/graph.h"

enum { NODE_INPUTS = 6, NODE_TENSORS = 8, NODE_KEPT = 8 };

/* The option in which a node that has its gradients made by grad_weight or grad_bias says at which
 * row of the tensors its part begins. */
enum { NODE_FIRST_ROW };

/* How a backward function gives the gradient of an input: not at all; write it; add to what is
 * there; write it plus the rows of node_skip (only kinds with takes_skip are asked to). */
enum edge_kind { EDGE_NONE, EDGE_STORE, EDGE_ADD, EDGE_SKIP };
struct edge {
    enum edge_kind kind;
    int from; /* the node whose gradient is passed on: of EDGE_SKIP, or to be copied first */
};

struct node {
    const struct node_kind *kind;
    enum rows rows;
    int width;
    int input[NODE_INPUTS], inputs;
    unsigned passed; /* bit k: the gradient goes to input k as it is, which the graph sees to */
    int tensor[NODE_TENSORS];
    /* Settings, whose meaning is the kind's. */
    int option[6];
    double number[2];
    real *table;                        /* owned */
    struct overridden_head *overridden; /* owned, one a head of attention; NULL: no override yet */
    char name[48];
    int draws; /* names what it draws */

    /* Set by kind->size for a given room. */
    size_t kept_width[NODE_KEPT]; /* columns of memory kept from forward to backward, and on to the
                                     gradients of parameters: rows x columns each */
    size_t scratch;               /* elements of a worker's scratch memory */
    size_t partial; /* elements that each chunk sums up for the gradients of parameters, zeroed
                       before its backward pass; grad_partial adds the chunks' */

    /* Planned by the graph. */
    bool needed; /* its gradient is */
    struct edge edge[NODE_INPUTS];
    int copied; /* its gradient is that of this node, to be copied before its backward; or -1 */
    real *value, *kept[NODE_KEPT];
    real *packed[2]; /* its weight, if the kind packs: towards its outputs, its inputs; or NULL */
    real *gradient;  /* of all rows; NULL: in the worker's local memory, from `local` on */
    int slot;        /* of a local gradient; -1 */
    size_t local, partial_at;
    bool shared; /* its gradient has the memory of its value */
};

struct call;

struct node_kind {
    const char *name;
    void (*forward)(const struct call *c, const struct node *n);
    void (*backward)(const struct call *c, const struct node *n); /* NULL: a leaf, or all passed */
    void (*size)(struct node *n, const struct graph_room *room);  /* may be NULL */
    void (*prepare)(struct node *n); /* makes its table before the first batch; may be NULL */
    bool shares;                     /* forward understands batch.shared */
    bool packs;      /* of y = x w^T: option NODE_FIRST_ROW, tensor 0 as in grad_weight */
    bool by_row;     /* backward, and the gradients of parameters, read nothing but values and kept
                        memory, and sum over rows: rows whose gradient is 0 can be left out */
    bool wide;       /* the gradients of parameters are made from the node's gradient */
    bool takes_skip; /* backward understands EDGE_SKIP for input 0 */
    bool in_place;   /* backward may write the gradient of input 0 over its own */
    bool overwrites; /* when learning, forward or backward makes the memory of input 0's value its
                        own: input 0's gradient is to be there */
};

/* One chunk on one worker. */
struct call {
    const struct graph *graph;
    const struct batch *batch;
    bool learning;
    real scale; /* of the loss of one row: 1 / counted */
    int sequences, first_sequence;
    const int *offset;        /* of the chunk's first example, in ROWS_INPUT */
    const int *memory_offset; /* ... in ROWS_MEMORY */
    int rows[ROWS_KINDS];
    size_t first[ROWS_KINDS]; /* first row in the batch */
    size_t at[ROWS_KINDS];    /* first row in memory */
    const int *output_row;    /* ROWS_OUTPUT: the input row of each, in the batch */
    const int *output_place;  /* ... and its place in its example, shared beginning included */
    const int *output_offset; /* of the chunk's first example, in ROWS_OUTPUT */
    const int32_t *output_target;
    real *scratch, *local, *partial;
    double *loss; /* the chunk's: a loss adds to it */
};

/* A node's inputs, and the chunk's first row of what it holds. */
const struct node *node_input(const struct call *c, const struct node *n, int k);
real *node_value(const struct call *c, const struct node *n);
real *node_gradient(const struct call *c, const struct node *n);
real *node_kept(const struct call *c, const struct node *n, int k);
const real *node_input_value(const struct call *c, const struct node *n, int k);
real *node_input_gradient(const struct call *c, const struct node *n, int k);
const real *node_skip(const struct call *c, const struct node *n, int k);
real *node_partial(const struct call *c, const struct node *n);
const real *node_tensor(const struct call *c, const struct node *n, int k); /* NULL: tensor -1 */

/* The chunk's offsets in rows of this kind, any but ROWS_EXAMPLE. */
const int *node_offset(const struct call *c, enum rows rows);
/* The row of the batch, of ROWS_INPUT for ROWS_OUTPUT, that is row `row` of the chunk. */
size_t node_batch_row(const struct call *c, enum rows rows, int row);

/* The tensor that has a node's rows as they are, picked by token; or -1. */
int node_by_token(const struct node *n);

/* Dropout's multipliers for `count` numbers: 0 with probability `share`, 1 / (1 - share) otherwise.
 * They are a function of the batch's seed and number, the node, and the block of draws, of which
 * (count + 3) / 4 are taken from `block` on. */
void node_draw(const struct call *c, const struct node *n, double share, uint32_t block, int count,
               real *multiplier);

/* Put what overrides a head (graph_attention_override) in the place of its probabilities and of
 * what they make of the values, laid out as op_attend_forward leaves them. The node has overridden
 * heads. */
void node_override(const struct node *n, const struct attention *a, real *probability, real *y);

/* The gradients of parameters: one pass over the rows of a part of the batch. */
struct pass {
    const struct batch *batch;
    int first_sequence, last_sequence, chunks;
    size_t rows[ROWS_KINDS];
    size_t first[ROWS_KINDS]; /* first row in the batch */
};

/* The part of a tensor that a task makes. */
struct tile {
    int row_first, row_last, column_first, column_last;
};

/* How a tensor may be cut into tiles: in both directions, by rows, not at all. */
enum cut { CUT_TILES, CUT_ROWS, CUT_NONE };

struct contribution {
    int tensor, node, part;
    enum cut cut;
    /* Add the node's part of the gradient of the tile to `gradient` (the whole tensor's), or store
     * it there. */
    void (*make)(const struct graph *g, const struct pass *p, const struct contribution *c,
                 const struct tile *t, bool add, real *gradient);
};

/* Append a node (a copy of *n with its number of inputs filled in) and return its number. */
int graph_add(struct graph *g, const struct node *n);
/* Declare that a node's parameter gets a gradient by this function; tensor -1 is passed over. */
void graph_contribute(struct graph *g, struct contribution c);
const struct node *graph_node(const struct graph *g, int i);
int graph_closing_rows(const struct graph *g); /* rows at which a chunk is closed */
/* The node's weight packed for its products towards its outputs, or back to its inputs; NULL if it
 * is not. */
const real *node_packed_weight(const struct call *c, const struct node *n, bool back);
/* What operators multiply with their weights by. */
const struct product_kernels *graph_products(const struct graph *g);
const struct param *graph_param(const struct graph *g, int tensor);
/* Declare the loss and the output, its input. */
void graph_end(struct graph *g, int loss);

/* The weight and bias of y = x w^T + b; x is the value of input 0, and w and b are the tensors'
 * rows from the node's option NODE_FIRST_ROW on, as many as the node is wide. */
void grad_weight(const struct graph *g, const struct pass *p, const struct contribution *c,
                 const struct tile *t, bool add, real *gradient);
void grad_bias(const struct graph *g, const struct pass *p, const struct contribution *c,
               const struct tile *t, bool add, real *gradient);
/* The sum over chunks of the node's partial gradients from element `part` on. */
void grad_partial(const struct graph *g, const struct pass *p, const struct contribution *c,
                  const struct tile *t, bool add, real *gradient);

/* Whole-pass matrices, for contributions. */
const real *pass_value(const struct graph *g, int node);
const real *pass_gradient(const struct graph *g, int node);
const real *pass_kept(const struct graph *g, int node, int k);
/* Chunk by chunk: a chunk's rows of a kind and the first of them in memory; and what a node has
 * summed up in it. */
int pass_chunk_rows(const struct graph *g, int chunk, enum rows rows, size_t *first);
const real *pass_partial(const struct graph *g, int node, int chunk);

#endif
