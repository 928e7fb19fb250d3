/* What the files of the sampler share: sampler_states.c makes the states, sampler.c draws,
 * sampler_census.c counts. */
#ifndef ESPALIER_SAMPLER_PRIVATE_H
#define ESPALIER_SAMPLER_PRIVATE_H

#include "lib/sampler.h"

struct alternative {
    int production;
    int children;       /* its children's states begin here in `children` */
    double probability; /* given the state */
    uint32_t alias;     /* number of an alternative */
    uint64_t threshold; /* below it (of 2^32) the slot keeps its own */
};

struct state {
    int symbol;
    int first, n; /* its alternatives */
    bool even;    /* they are equally likely */
    bool whole;   /* no tree of the symbol is out of bounds */
    int end;      /* of its component: the first state of the next */
};

/* States that can be met inside one another make up a component. Components stand children first;
 * the start state is last. */
struct sampler {
    const struct grammar *grammar;
    struct state *states;
    size_t n_states, cap_states;
    struct alternative *alternatives;
    size_t n_alternatives, cap_alternatives;
    int *children; /* a state for each symbol of a source side, -1 for words */
    size_t n_children, cap_children;
    int start;
    bool recursive; /* some component has a cycle */
    int *of_symbol; /* [symbol]: a state of a preterminal, for redrawing words */
    double mass;
};

/* Fill in the alias tables from the probabilities, dropping alternatives of probability 0. */
void sampler_make_tables(struct sampler *s);
void sampler_drop_impossible(struct sampler *s);

/* Whether the states k .. states[k].end - 1, a component, can be met inside themselves. */
bool sampler_has_cycle(const struct sampler *s, size_t k);

/* Components of more states are not solved by elimination but by iteration. */
enum { SAMPLER_MOST_SOLVED = 1000 };

/* Solve M X = R by elimination, where row i of m[n][n + columns] is M's row and then R's; X
 * replaces R. M is I minus the expected children of a subcritical grammar, so an M-matrix, and
 * needs no pivoting (Funderlic & Plemmons 1981, doi:10.1016/0024-3795(81)90005-9). */
void sampler_solve(double *m, size_t n, size_t columns);

#endif
