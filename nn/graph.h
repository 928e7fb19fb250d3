/* A model as a list of operators on packed rows: built once, run on any batch.
 *
 * A builder function appends an operator, a node, that reads the nodes given and returns its
 * number. A node's value is a matrix: rows of one kind (batch.h) x its width. The order of the
 * nodes is the order of the forward pass, its reverse that of the backward pass; memory for both
 * is planned from the list, and nothing is allocated in a step.
 *
 * Bits: a batch is cut into chunks of whole examples that depend on the batch alone. Each chunk
 * goes forward, and backward to the inputs, by itself; the gradients of parameters are then made
 * by fixed tiles over the whole batch. So neither the number of threads nor the order in which
 * they run changes a bit of the result, and a step has three barriers. */
#ifndef ESPALIER_GRAPH_H
#define ESPALIER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/msg.h"
#include "nn/batch.h"
#include "nn/op.h"
#include "nn/op_loss.h"
#include "nn/params.h"
#include "nn/pool.h"

struct graph;

/* An empty graph over parameters that are laid out or will be before it is run; *params is borrowed
 * and must outlive it. chunk_rows: rows at which a chunk is closed, 0 for GRAPH_CHUNK_ROWS; part of
 * what fixes the bits. Free with graph_free. */
enum { GRAPH_CHUNK_ROWS = 128 };
struct graph *graph_new(struct params *params, int chunk_rows);
void graph_free(struct graph *g);

/* How operators multiply with their weights, forward and back, from then on; PRECISION_F32 at
 * first. All else is done in the numbers of `real`, which parameters and gradients are kept in.
 * -1 with STATUS_USAGE: the processor has no instructions for it; nothing has changed. */
int graph_set_precision(struct graph *g, enum precision precision, struct err *err) NODISCARD;

/* Tensors are numbers of params_add; -1 stands for none where it is said. */

/* y = scale table[token] + position[place in its example]. rows: ROWS_INPUT or ROWS_MEMORY.
 * table: a tensor, vocabulary x width. position: a tensor (length x width), or -1 for none; or with
 * sinusoid > 0 the sinusoidal table of that length (op.h). */
int graph_embedding(struct graph *g, enum rows rows, int table, double scale, int position,
                    int sinusoid);
/* Of ROWS_EXAMPLE, from the words of an example, which has `places` of them, always (op_place.h):
 * y = (their one-hot vector) weight^T + bias, by adding up columns (weight: width x (places
 * vocabulary); bias: tensor or -1); y = their rows of a table, joined end to end (table: vocabulary
 * x dim, or with of_place (places vocabulary) x dim). */
int graph_columns(struct graph *g, int places, int vocabulary, int weight, int bias);
int graph_lookup(struct graph *g, int places, int vocabulary, int table, bool of_place);
/* y = scale batch.feature + shift: ROWS_EXAMPLE. */
int graph_features(struct graph *g, int width, double scale, double shift);
/* y = x weight^T + bias + residual; bias (tensor) and residual (node) may be -1. */
int graph_linear(struct graph *g, int x, int weight, int bias, int residual);
/* The same with `rows` rows of weight and bias from `first` on, such as the queries' of an
 * in_proj_weight. */
int graph_linear_rows(struct graph *g, int x, int weight, int bias, int first, int rows,
                      int residual);
/* gain and bias may be -1: 1 and 0. */
int graph_layernorm(struct graph *g, int x, int gain, int bias);
/* y = f(x). x must be read by nothing else. */
int graph_activation(struct graph *g, int x, enum activation kind);
/* Causal self-attention; qkv of width 3 x the node's (op.h). */
int graph_attention(struct graph *g, int qkv, int heads);
/* The same for queries q of ROWS_OUTPUT, with keys and values kv of ROWS_INPUT, twice as wide. q
 * and kv must be read by nothing else. */
int graph_attention_places(struct graph *g, int q, int kv, int heads);
/* Any attention. kv -1: self-attention, q of width 3 x the node's, queries, keys and values side by
 * side; otherwise q is as wide as the node, and kv, of rows of its own kind, twice as wide: keys
 * and values of the same example. With q of ROWS_OUTPUT and kv of ROWS_INPUT the queries are those
 * of some places of a self-attention. q and kv must be read by nothing else. */
struct attention_form {
    enum attention_mask mask; /* ATTENTION_PREFIX: with batch.prefix */
    int heads;
    double scale;                    /* of the scores; 0: 1 / sqrt(numbers of a head) */
    int relative_key, relative_bias; /* tensors, before + after + 1 rows (op.h); -1: none */
    int before, after;
    double dropout; /* share of the probabilities dropped in learning */
    int longest;    /* the most keys an example may have: part of what names dropout's draws */
};
int graph_attend(struct graph *g, int q, int kv, const struct attention_form *form);
/* After graph_forward: the probabilities of one head of an example (queries x keys, row-major,
 * before dropout), of a node made by graph_attention or graph_attend whose queries are not of
 * ROWS_OUTPUT. */
const real *graph_attention_probability(const struct graph *g, int node, int example, int head,
                                        int *queries, int *keys);
/* What a head's probabilities are replaced by in forward passes from then on, to see what hangs on
 * them: they are its own; 0, so that the head adds nothing; the same for each key that a query
 * sees; those of a table. */
enum attention_override { ATTENTION_OWN, ATTENTION_ZERO, ATTENTION_UNIFORM, ATTENTION_TABLE };
/* weight: queries x keys, of any example by its places. Of these a query takes those of the keys
 * it sees, divided by their sum; keys beyond the table have none; and a query beyond it, or whose
 * weights are all 0, sees all keys evenly. */
struct attention_table {
    const real *weight;
    int queries, keys;
};
/* Of a node of graph_attention or graph_attend. The struct of a table is copied, its weights are
 * borrowed until the head is overridden anew; NULL with the other kinds. As long as any head is
 * overridden there is no gradient: graph_gradient returns NaN, *counted is 0 and params.gradient
 * stays as it was. */
void graph_attention_override(struct graph *g, int node, int head, enum attention_override kind,
                              const struct attention_table *table);
/* Rotary positions (op.h) in the first `turned` heads of x, of which it has `heads`; the others
 * pass as they are. length: of the longest example. x must be read by nothing else. */
int graph_rotary(struct graph *g, int x, int heads, int turned, bool interleaved, int length);
int graph_sum(struct graph *g, int a, int b);
/* y = a b, number by number. */
int graph_product(struct graph *g, int a, int b);
/* Of each example the first or last row of x (of any kind but ROWS_EXAMPLE), or their mean:
 * ROWS_EXAMPLE. 0 for an example without rows. The names of --readout end with NULL. */
enum readout { READOUT_LAST, READOUT_FIRST, READOUT_MEAN };
extern const char *const readout_names[];
int graph_readout(struct graph *g, int x, enum readout kind);
/* In learning, y = x m / (1 - share) with m drawn 0 with probability `share`, 1 otherwise; else
 * y = x. The masks are a function of batch.seed_dropout, batch.number, the node and the place in
 * the batch. share 0 adds no node. */
int graph_dropout(struct graph *g, int x, double share);
/* What names the draws of the next node: its number, in a graph from which none is told otherwise.
 * Graphs that are built differently and give their nodes the same names, and the same rows, drop
 * the same. */
int graph_draws(const struct graph *g);
void graph_set_draws(struct graph *g, int next);
/* y = factor x; factor 1 adds no node. */
int graph_scale(struct graph *g, int x, double factor);
/* The rows of x (ROWS_INPUT) where something is predicted or wanted: ROWS_OUTPUT. */
int graph_outputs(struct graph *g, int x);
/* The first or last row of each example of x (ROWS_INPUT): ROWS_OUTPUT, which in this graph are
 * then those. kind: READOUT_FIRST or READOUT_LAST, the same in the whole graph. */
int graph_ends(struct graph *g, int x, enum readout kind);

/* End the graph with its output (logits) and its loss: cross entropy in nats against batch.target
 * (logits of ROWS_OUTPUT) or batch.label (of ROWS_EXAMPLE); with label smoothing e the target
 * distribution is (1 - e) one-hot + e / classes (Szegedy et al. 2016, arXiv:1512.00567, section 7).
 * The logits must be read by nothing else. */
void graph_cross_entropy(struct graph *g, int logits, double smoothing);

/* The same with any loss of op_loss.h, LOSS_CROSS_ENTROPY included; smoothing is of the first three
 * kinds. The others compare outputs of ROWS_EXAMPLE with batch.value where batch.label is NULL. */
void graph_loss(struct graph *g, int output, enum loss kind, double smoothing);

/* Name a node, for graph_find (-1: no such node). */
void graph_name(struct graph *g, int node, const char *format, ...) PRINTF_LIKE(3, 4);
int graph_find(const struct graph *g, const char *name);
int graph_width(const struct graph *g, int node);
/* Nodes are 0 .. graph_nodes - 1, in the order of the forward pass: a node's name, "" for most, and
 * the kind of its rows. */
int graph_nodes(const struct graph *g);
const char *graph_node_name(const struct graph *g, int node);
enum rows graph_node_rows(const struct graph *g, int node);

/* Sizes to make room for. */
struct graph_room {
    int rows[ROWS_KINDS];    /* ROWS_OUTPUT is taken from ROWS_INPUT */
    int passing[ROWS_KINDS]; /* the same of batches of graph_predict */
    int longest, longest_memory;
    int family; /* rows of a sequence and those that share its beginning (batch.shared), the most;
                   0: none shares */
    int workers;
};

/* Make room for batches of up to these sizes. Room never shrinks. Within it nothing is allocated in
 * a step; a batch beyond it makes more room by itself. */
void graph_reserve(struct graph *g, const struct graph_room *room);
/* Bytes that such room takes; 0: it is there. And whether or not it is. */
size_t graph_room_bytes(struct graph *g, const struct graph_room *room);
size_t graph_room_whole_bytes(struct graph *g, const struct graph_room *room);

/* Forward and backward: fills params.gradient with the gradient of the mean loss over what is
 * counted and returns that mean; *counted (may be NULL) gets the number. With none counted both are
 * 0. A loss that is not finite is returned as it is. The batch goes in `passes` parts of whole
 * examples one after the other, so that room is needed for one part only. */
double graph_gradient(struct graph *g, struct pool *pool, const struct batch *batch, int passes,
                      int *counted);

/* The room that this will need. */
struct graph_room graph_room_of(const struct pool *pool, const struct batch *batch, int passes);

/* What graph_forward hands out: output[i] (the width of the output) belongs to row[i] of the batch,
 * rows in rising order: of ROWS_INPUT, or of ROWS_EXAMPLE if those have the output; on the thread
 * of `worker`, valid during the call. Different workers call at the same time, in no fixed order;
 * every wanted row comes exactly once. */
typedef void graph_visit(void *context, int worker, int rows, const int *row, const real *output);

/* Forward only, by the same code as training. The outputs of a row have the same bits for every
 * number of threads; between different batches they agree to rounding. visit may be NULL. */
void graph_forward(struct graph *g, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context);

/* The same where only the outputs are wanted: what a chunk computes on the way is not kept, so that
 * graph_value may not be asked, and room is needed for one chunk a worker, whatever the batch. */
void graph_predict(struct graph *g, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context);

/* As graph_forward for the rows where the batch has something to predict (target or label not
 * negative; all with batch.value), and their mean loss, of the kind that training lowers, without
 * dropout. *counted (may be NULL) gets their number; with none the mean is 0. Overwrites the
 * output's value, after the visit. */
double graph_mean_loss(struct graph *g, struct pool *pool, const struct batch *batch, int *counted,
                       graph_visit *visit, void *context);

/* Whether graph_forward understands batch.shared: every node acts on rows one by one or knows where
 * a sequence that shares its beginning goes on. A sequence then has the outputs it would have
 * whole, to rounding. */
bool graph_can_share(const struct graph *g);

/* After graph_forward: a node's value, rows x width in the order of the batch. Learning overwrites
 * some of them. */
const real *graph_value(const struct graph *g, int node, size_t *rows);

#endif
