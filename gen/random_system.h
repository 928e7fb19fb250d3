/* Random hidden Markov models and Markov chains: rows drawn from a symmetric Dirichlet
 * distribution. With concentration 1, chains are those of Edelman et al. 2024 (arXiv:2402.11004)
 * and Park et al. 2024 (arXiv:2412.01003). */
#ifndef ESPALIER_RANDOM_SYSTEM_H
#define ESPALIER_RANDOM_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hmm.h"
#include "lib/rng.h"
#include "lib/vocab.h"

struct random_system {
    size_t n_states, n_symbols;
    bool is_chain; /* the state is the last symbol */
    bool doubly_stochastic, uniform_start;
    double alpha;
};

/* Draw a system. In a state of a hidden Markov model, symbol and next state together have one of
 * n_symbols * n_states probabilities, a Dirichlet(alpha, ..., alpha) draw; in a chain the next
 * symbol has. A doubly stochastic chain is such a draw whose columns and rows are divided by their
 * sums in turn until the columns sum to 1 within 1e-13 (Sinkhorn 1964). The start is stationary, or
 * uniform: over the states of a hidden Markov model, over the first symbol of a chain. -1
 * (STATUS_DATA): alpha was so small that no single stationary distribution can be told. */
int random_system_draw(const struct random_system *s, struct rng *r, struct hmm *out,
                       struct err *err) NODISCARD;

/* The edges of such a system, at most. */
double random_system_edges(const struct random_system *s);

/* The names of its states and symbols: numbers from 0, and ^ before a chain's first symbol. */
void random_system_names(const struct random_system *s, struct vocab *states,
                         struct vocab *symbols);

#endif
