/* What the past symbols tell of the state of a hidden Markov model: a distribution over states, the
 * belief. Before the first symbol it is the start; symbol s changes b to b T^(s) / (b T^(s) 1).
 * Exact but for rounding (forward algorithm, Baum & Petrie 1966; "mixed states" in Crutchfield &
 * Young 1989). For a mixture it is the joint belief in component and state. */
#ifndef ESPALIER_BELIEF_H
#define ESPALIER_BELIEF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hmm.h"

/* Zero-initialise it; after belief_start, `state` and `share` hold the n states that are possible
 * and their probabilities, in an order that depends on the past alone. */
struct belief {
    const struct hmm *hmm;
    size_t n;
    uint32_t *state;
    double *share;
    uint64_t work; /* multiplications done since belief_start first saw it */
    uint32_t *next;
    double *sum; /* [n_states]: all 0 between calls */
    size_t cap_state, cap_share, cap_next, cap_sum;
};

/* The belief before the first symbol. The model must not change while it is in use. */
void belief_start(struct belief *b, const struct hmm *h);

/* Another belief to begin from: a row of n_states, of sum 1. */
void belief_set(struct belief *b, const struct hmm *h, const double *row);

/* Learn of a symbol; returns the probability that it had. If that is 0 nothing is possible any more
 * (n = 0), and all that follows has probability 0. */
double belief_observe(struct belief *b, uint32_t symbol);

/* The distribution of the next symbol: p[0..n_symbols). */
void belief_predict(struct belief *b, double *p);

/* The belief as a row of n_states; its sum over each component, a row of n_components. */
void belief_row(const struct belief *b, double *row);
void belief_components(const struct belief *b, double *p);

void belief_free(struct belief *b);

/* -sum p ln p, in nats, with the logarithm of ieee.h. */
double entropy_of(const double *p, size_t n);

#endif
