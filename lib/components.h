/* Strongly connected components of a directed graph (Tarjan 1972, doi:10.1137/0201010). */
#ifndef ESPALIER_COMPONENTS_H
#define ESPALIER_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Nodes 0 .. n-1; the edges of node i lead to to[first[i] .. first[i + 1]). */
struct graph {
    size_t n, *first;
    int *to;
};

/* Put the nodes that can be reached from `root` (root < 0: all nodes) into order[0..): component
 * after component, each behind all those it leads to, so that a graph without cycles comes children
 * first; the root stands last. component[i] becomes the number of node i's component, counted in
 * that order, or -1 when the node is not reached. Both have room for n. Returns how many nodes are
 * in `order`. */
size_t components_find(const struct graph *g, int root, int *order, int *component);

/* Whether a node has an edge to itself. */
bool components_has_loop(const struct graph *g, int node);

#endif
