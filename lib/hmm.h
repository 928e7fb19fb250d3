/* Hidden Markov models that emit on their edges: T^(s)[i][j] is the probability, in state i, of
 * emitting symbol s and going to state j. For each i the sum over s and j is 1. Markov chains and
 * models that emit in their states are special cases; so is a mixture, whose components are parts
 * of the states that no edge joins. */
#ifndef ESPALIER_HMM_H
#define ESPALIER_HMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

struct hmm_edge {
    uint32_t symbol, to;
    double probability;
};

struct hmm {
    size_t n_states, n_symbols;
    size_t *first; /* [n_states + 1]: the edges of state i are edges[first[i]] .. [first[i + 1]] */
    struct hmm_edge *edges; /* of a state: by symbol, then by target; every probability > 0 */
    double *start;          /* [n_states]: the state before the first symbol; sum 1 */
    size_t n_components;
    size_t *component; /* [n_components + 1]: states component[c] .. [c + 1] are those of c */
    size_t cap_first, cap_edges, cap_start, cap_component;
};

/* The most states of a closed class whose stationary distribution is asked for, so that n^2 numbers
 * fit into memory; the most edges. */
enum { HMM_MOST_STATES = 4096, HMM_MOST_EDGES = 1 << 25 };

static inline size_t hmm_n_edges(const struct hmm *h) {
    return h->n_states ? h->first[h->n_states] : 0;
}

/* Building: the edges of state 0, hmm_end_state, those of state 1, and so on, then hmm_end. The
 * model is zero-initialised, or cleared: cleared memory is used again. Edges of probability 0 are
 * dropped, edges given twice are added up. hmm_end_state divides the probabilities of the state by
 * their sum, which must be positive. hmm_end makes one component and a start of zeros, which the
 * caller fills. */
void hmm_clear(struct hmm *h, size_t n_symbols);
void hmm_add_edge(struct hmm *h, uint32_t symbol, uint32_t to, double probability);
void hmm_end_state(struct hmm *h);
void hmm_end(struct hmm *h);
void hmm_free(struct hmm *h);

/* Append a copy of the states, edges and start of a model, its start multiplied by `weight`, as a
 * further component (or components) of `joint`: after hmm_clear, without hmm_end. Symbol s of the
 * model is symbol symbols[s] of joint; NULL: the same. */
void hmm_join(struct hmm *joint, const struct hmm *part, const uint32_t *symbols, double weight);

/* Append a state from which the first symbol leads to state i with the probability first[i],
 * emitting symbol i, and make it the start: so `first` is the law of the first symbol of a Markov
 * chain whose states are its symbols. The model must have one component. */
void hmm_start_outside(struct hmm *h, const double *first);

/* The closed classes: sets of states that reach each other and nothing else. Fills class_of[i]: the
 * number of the class, or -1 for a state that can be left for ever. Returns how many there are, at
 * least 1. */
size_t hmm_closed_classes(const struct hmm *h, int32_t *class_of);

/* The stationary distribution that is positive on closed class c alone: unique, also for periodic
 * classes. By the algorithm of Grassmann, Taksar & Heyman 1985 (doi:10.1287/opre.33.5.1107), which
 * subtracts nothing and so is exact to rounding in every entry. n^2 doubles, n^3 / 3 steps where
 * the class is dense. -1 (STATUS_DATA) when the class has more than HMM_MOST_STATES states or its
 * probabilities are too small to be told from 0. */
int hmm_class_stationary(const struct hmm *h, const int32_t *class_of, int32_t c,
                         double *distribution, struct err *err) NODISCARD;

/* The stationary distribution of a model with one closed class. -1 with two states of different
 * classes in a[0], a[1] when there are more, with a[0] = a[1] and *err when it cannot be computed.
 */
int hmm_stationary(const struct hmm *h, double *distribution, size_t a[2],
                   struct err *err) NODISCARD;

/* Whether the start is stationary: no entry changes by more than 1e-12 in a step. */
bool hmm_is_stationary(const struct hmm *h);

/* Whether state and symbol always determine the next state (unifilar, or deterministic as an
 * automaton). */
bool hmm_is_unifilar(const struct hmm *h);

/* Mark the states that sequences visit, from the start on. */
void hmm_reached(const struct hmm *h, bool *reached);

/* The entropy in nats of what state i emits and where it goes. */
double hmm_state_entropy(const struct hmm *h, size_t i);

/* The component of a state. */
size_t hmm_component_of(const struct hmm *h, size_t state);

#endif
