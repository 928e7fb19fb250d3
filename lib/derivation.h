/* Derivations: trees sampled from a grammar, and what can be read off them.
 *
 * Productions are drawn with alias tables (Walker 1977; Vose 1991, doi:10.1109/32.92917) made once
 * per grammar. */
#ifndef ESPALIER_DERIVATION_H
#define ESPALIER_DERIVATION_H

#include <stdint.h>

#include "lib/grammar.h"
#include "lib/mem.h"
#include "lib/rng.h"

/* Bounds on one derivation; a grammar that passes them is reported, not truncated. */
enum { DERIVATION_MAX_NODES = 1000000, DERIVATION_MAX_DEPTH = 5000 };

struct sampler;

/* Alias tables for a grammar, which must outlive the sampler. */
struct sampler *sampler_new(const struct grammar *g);
void sampler_free(struct sampler *s);

/* A tree: its nodes in preorder, the root first. Zero-initialise; reuse at will. */
struct derivation {
    struct derivation_node *nodes;
    int *children; /* of node i from nodes[i].children on: a node for each source symbol, or -1 */
    size_t n_nodes, cap_nodes, n_children, cap_children;
    uint64_t tags;          /* of all its productions */
    double log_probability; /* natural logarithm of the product of the production probabilities */
};

struct derivation_node {
    int production;
    int children;
};

/* Draw a tree from the start symbol. -1 (STATUS_DATA) when it passes the bounds. */
int derivation_sample(const struct sampler *s, struct rng *r, struct derivation *d,
                      struct err *err) NODISCARD;

/* Append the words of the source side, or of the target side, joined by single spaces. */
void derivation_put_source(const struct grammar *g, const struct derivation *d, struct buf *out);
void derivation_put_target(const struct grammar *g, const struct derivation *d, struct buf *out);

/* Append the source tree as (ROOT (S (NP ...)) . quest). */
void derivation_put_tree(const struct grammar *g, const struct derivation *d, struct buf *out);

void derivation_free(struct derivation *d);

#endif
