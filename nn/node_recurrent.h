/* Builders of the operators of recurrent models (graph.h says what a builder is). */
#ifndef ESPALIER_NODE_RECURRENT_H
#define ESPALIER_NODE_RECURRENT_H

#include "nn/graph.h"
#include "nn/op_recurrent.h"

struct recurrent_layer {
    enum cell cell;
    bool reverse;         /* from the last row of each example to the first */
    bool cells;           /* LSTM: the value is h, then c; else h alone */
    int weight_ih;        /* blocks hidden x the width of the input */
    int weight_hh;        /* blocks hidden x hidden */
    int bias_ih, bias_hh; /* -1: none */
};

/* The states of a recurrent layer over the rows x of each example, rows x hidden (2 hidden with
 * `cells`). initial: a node of ROWS_EXAMPLE, the state before the first row (of the LSTM h, then
 * c), or -1 for zeros. Where x is a table's rows by token alone, the products of the input are made
 * once for each token of a chunk. */
int graph_recurrent(struct graph *g, int x, int initial, const struct recurrent_layer *layer);

/* The columns first .. first + width - 1 of x. */
int graph_slice(struct graph *g, int x, int first, int width);
/* a and b side by side. */
int graph_concat(struct graph *g, int a, int b);

/* Attention of a decoder over its encoder (Luong et al. 2015, arXiv:1508.04025, section 3.1): for
 * every row of `query` the mean of the rows of `value` of its example, by the softmax of the
 * scores. query: ROWS_INPUT; key and value: ROWS_MEMORY, as wide as the query. The scores are the
 * products of queries and keys, unscaled (their "dot"; "general" when the keys went through W_a);
 * or with `score` >= 0, a tensor of 1 x width, "concat": score tanh(query + key), query and key
 * being their parts of W_a [h_t; h_s]. An example without memory gets zeros. */
int graph_attend_memory(struct graph *g, int query, int key, int value, int score);

#endif
