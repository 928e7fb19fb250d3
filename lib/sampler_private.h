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
};

/* Children come before those above them, where no recursion forbids it; the start state is last. */
struct sampler {
    const struct grammar *grammar;
    struct state *states;
    size_t n_states, cap_states;
    struct alternative *alternatives;
    size_t n_alternatives, cap_alternatives;
    int *children; /* a state for each symbol of a source side, -1 for words */
    size_t n_children, cap_children;
    int start;
    bool recursive; /* some state can be met inside itself */
    int *of_symbol; /* [symbol]: a state of a preterminal, for redrawing words */
    double mass;
};

/* Fill in the alias tables from the probabilities, dropping alternatives of probability 0. */
void sampler_make_tables(struct sampler *s);

#endif
