/* Parities of independent bits: one of hidden bits, which is learnt, and its rivals.
 *
 * As characters chi_S(x) = prod over S of (-1)^x_i, parities multiply by symmetric difference of
 * their sets, and the mean of a character is the product of the means m_i = 1 - 2 P(x_i = 1) of its
 * bits (O'Donnell 2014, Analysis of Boolean Functions, ch. 1 and 8). So every share below is exact
 * but for rounding. */
#ifndef ESPALIER_PARITIES_H
#define ESPALIER_PARITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/rng.h"

enum { PARITIES_MOST = 9 };

/* Zero-initialise it. Sets of bits are bit masks of n_words words. */
struct parities {
    size_t n_bits, n_words;
    int n;               /* parity 0 is the target's */
    uint64_t *sets;      /* [n][n_words] */
    uint64_t *threshold; /* [n_bits]: P(bit = 1) * 2^32 */
    bool biased;         /* some threshold is not 2^31 */
};

void parities_start(struct parities *p, size_t n_bits);

/* Add a parity; n < PARITIES_MOST. Every bit is below n_bits. */
void parities_add(struct parities *p, const int64_t *bits, size_t n);

bool parities_holds_bit(const struct parities *p, int which, size_t bit);

/* Make bits show 1 with a probability, rounded to a multiple of 2^-32: those of parity 0, and the
 * others. */
void parities_bias(struct parities *p, double of_hidden, double of_others);

/* One draw of all bits: words of random bits, then, where there is a bias, one draw a biased bit.
 */
void parities_draw(const struct parities *p, struct rng *r, uint64_t *bits);

bool parities_value(const struct parities *p, int which, const uint64_t *bits);

/* Which draws are kept. */
enum parities_keep {
    PARITIES_ALL,
    PARITIES_AGREE,    /* every rival answers as the target does */
    PARITIES_DISAGREE, /* no rival does */
};

bool parities_keeps(const struct parities *p, enum parities_keep keep, const uint64_t *bits);

/* The share of draws that are kept; and among the kept, the share of targets that are 1 and that of
 * answers of each parity that equal the target's (agrees[n]). NaN when none is kept. */
void parities_shares(const struct parities *p, enum parities_keep keep, double *kept, double *ones,
                     double *agrees);

/* The entropy of a draw, in nats. */
double parities_entropy(const struct parities *p);

void parities_free(struct parities *p);

#endif
