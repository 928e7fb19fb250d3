/* Dotted productions (Earley 1970): how far a production's right side has been read.
 *
 * The right sides of a grammar form a trie, so that productions with a common beginning share their
 * dotted forms, called states here, and the work of a parser (Moore 2000, "Improved left-corner
 * chart parsing for large context-free grammars", IWPT). State 0, the root, has read nothing.
 * Productions that the start symbol never reaches are left out. */
#ifndef ESPALIER_DOTTED_H
#define ESPALIER_DOTTED_H

#include "lib/grammar.h"

struct dotted_state {
    int first_edge, n_edges; /* edges[first_edge ..]: the symbols that may follow, ascending */
    int first_end, n_ends;   /* ends[first_end ..]: the productions read to their end, ascending */
};

struct dotted_edge {
    int from, symbol, to;
};

struct dotted {
    struct dotted_state *states;
    int n_states;
    struct dotted_edge *edges; /* by the state they leave */
    struct dotted_edge *inner; /* those that do not leave the root, by symbol, then from */
    int *first_inner;          /* [symbol .. symbol + 1]: the range in `inner` */
    int *first_state;          /* [symbol]: where the root's edge leads, -1: no right side opens
                                  with the symbol */
    int *ends;                 /* productions */
    int *height;               /* [symbol]: all different; a production of a single symbol has a
                                  higher number on its left than on its right */
};

struct dotted *dotted_new(const struct grammar *g);
void dotted_free(struct dotted *d);

/* Where the edge of a symbol leads from a state, -1 if there is none. */
int dotted_next(const struct dotted *d, int state, int symbol);

#endif
