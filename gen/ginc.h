/* Delimited documents for in-context learning in the manner of GINC (Xie et al. 2021,
 * arXiv:2111.02080): sequences of hidden (entity, property) pairs, each shown by the word that one
 * memory table holds for it. Property 0 of every entity is the delimiter. Concepts are hidden
 * Markov models that share the memory and how entities change, and differ in how properties do.
 *
 * As published: the memory's words are uniform; a transition matrix is a mixture of as many random
 * permutations as it has rows, with weights softmax(u / transition_temperature), u uniform on
 * (-1/2, 1/2); the entities' is mixed with the identity; a concept's start is softmax(u /
 * start_temperature) over all pairs. */
#ifndef ESPALIER_GINC_H
#define ESPALIER_GINC_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hmm.h"
#include "lib/vocab.h"

struct ginc {
    size_t n_entities, n_properties, n_words;
    double transition_temperature, start_temperature, persistence;
    uint64_t seed;
    uint32_t *memory; /* [entity * n_properties + property]: the word */
    double *entities; /* n_entities x n_entities */
};

/* Draw what concepts share (RNG_CHOICE); needs everything above `memory`. */
void ginc_begin(struct ginc *g);
void ginc_free(struct ginc *g);

/* Concept c, a function of the seed and c alone. State entity * n_properties + property is the pair
 * whose word was emitted last; one more, the last, comes before the first word. */
void ginc_concept(const struct ginc *g, size_t c, struct hmm *out);

/* How many edges a concept has at most. */
double ginc_edges(const struct ginc *g);

/* The words: / and then a, b, ..., z, ab, ac, ... as published; the states: ENTITY.PROPERTY, and
 * ^. At most GINC_MOST_WORDS words. */
enum { GINC_MOST_WORDS = 1 + 26 + 26 * 25 + 26 * 25 * 24 };
void ginc_names(const struct ginc *g, struct vocab *states, struct vocab *symbols);

#endif
