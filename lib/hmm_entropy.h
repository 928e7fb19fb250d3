/* The least loss that any predictor of a hidden Markov model's symbols can have, in nats: by
 * position, and in the long run. Everything here is a function of the model and the budget alone;
 * a budget counts multiplications, so that it does not depend on the machine's speed. */
#ifndef ESPALIER_HMM_ENTROPY_H
#define ESPALIER_HMM_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hmm.h"

/* How well a number is known. */
enum known {
    KNOWN_NOT,
    KNOWN_EXACT,    /* value, to rounding */
    KNOWN_BOUNDS,   /* proven: low <= it <= high, value half-way */
    KNOWN_ESTIMATE, /* value, the mean of n sequences drawn, with its standard error */
};
struct known_number {
    enum known how;
    double value, low, high, error;
    uint64_t n;
};

/* The entropy rate: the limit for t to infinity of h(t) = H(X_t+1 | X_1 .. X_t). Where state and
 * symbol determine the next state (unifilar) it is exact: the sum over states of the stationary
 * probability times the entropy of leaving. Else, from a stationary start,
 *     H(X_t+1 | X_1 .. X_t, S_0) <= rate <= H(X_t+1 | X_1 .. X_t)
 * (Cover & Thomas 2006, theorem 4.5.1), where both sides are enumerated (mixedstate.h) until they
 * are within 4e-7, or two thirds of the budget are spent. If they are still more than 1e-5 apart,
 * the rate is estimated with the last third; it counts as bounded all the same if the bounds are
 * within four standard errors of each other, and low and high are kept in any case. The estimate is
 * the entropy of the prediction, averaged over positions 257 to 1024 of sequences drawn (stream
 * RNG_EVAL, seed 0) from the stationary distribution, as many as there is budget for, from 8 to
 * 4096. Where there are several closed classes, each counts with the probability of ending in it.
 */
struct known_number entropy_rate(const struct hmm *h, uint64_t budget);

/* h(t) for t = 0 .. n - 1, as far as the budget goes: first those enumerated, then those that
 * bounds give, then those drawn. */
struct loss_curve {
    size_t n_exact, n_bounded, n; /* the ends of the three parts */
    double *loss;                 /* [n] */
    double *error;                /* [n]: the standard error of those drawn; 0 for the others */
    double within;                /* those that bounds give are that near */
    uint64_t n_drawn;             /* sequences drawn */
};

/* By enumeration with half the budget. From a stationary start h(t) never rises and never falls
 * below the rate: once it is as near to a proven lower bound of the rate as the rate's own bounds
 * are to each other (4e-7 to 1e-5), all later ones lie between, and are taken half-way; where that
 * is nothing but rounding they count as enumerated. The other half of the budget goes to drawing
 * sequences (RNG_EVAL, seed 0), from 8 to 4096, for the positions that are missing; where it does
 * not suffice for 8 they stay unknown. */
struct loss_curve optimal_losses(const struct hmm *h, const struct known_number *rate, size_t n,
                                 uint64_t budget);
void loss_curve_free(struct loss_curve *c); /* what it points to */

#endif
