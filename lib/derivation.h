/* Derivations: the trees of a grammar, and what can be read off them. sampler.h draws them, the
 * parser finds them. */
#ifndef ESPALIER_DERIVATION_H
#define ESPALIER_DERIVATION_H

#include <stdint.h>

#include "lib/grammar.h"
#include "lib/mem.h"

/* A tree: its nodes in preorder, the root first. Zero-initialise; reuse at will. */
struct derivation {
    struct derivation_node *nodes;
    int *children; /* of node i from nodes[i].children on: a node for each source symbol, or -1 for
                      a word; none are kept for a production of words alone */
    size_t n_nodes, cap_nodes, n_children, cap_children;
    uint64_t tags;          /* of all its productions */
    double log_probability; /* natural logarithm of the product of the production probabilities */
};

struct derivation_node {
    int production;
    int children;
};

/* Add a node, with room for its children, which the caller fills in. Returns its number. Tags and
 * log-probability are left to derivation_sum_up. */
int derivation_add(const struct grammar *g, struct derivation *d, int production);

/* Make the tags and the log-probability those of the nodes. */
void derivation_sum_up(const struct grammar *g, struct derivation *d);

/* Append the words of the source side, or of the target side, joined by single spaces. */
void derivation_put_source(const struct grammar *g, const struct derivation *d, struct buf *out);
void derivation_put_target(const struct grammar *g, const struct derivation *d, struct buf *out);

/* Append the source tree as (ROOT (S (NP ...)) . quest). */
void derivation_put_tree(const struct grammar *g, const struct derivation *d, struct buf *out);

/* Append the syntax tree: the same with preterminals for leaves, as (ROOT (S (NP Det N)) . quest).
 */
void derivation_put_syntax(const struct grammar *g, const struct derivation *d, struct buf *out);

/* A number that tells syntax trees apart: a hash of the productions in preorder, preterminals
 * without their words. It is a function of what the productions say, not of their place in the
 * file. */
uint64_t derivation_tree_id(const struct grammar *g, const struct derivation *d);

/* The greatest number of nodes on one path from the root whose symbol counts as a level of
 * embedding (%depth in the grammar). */
int derivation_depth(const struct grammar *g, const struct derivation *d);

void derivation_free(struct derivation *d);

#endif
