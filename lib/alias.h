/* Draws from a fixed discrete distribution in constant time: the alias method (Walker 1977,
 * doi:10.1145/355744.355749; construction of Vose 1991, doi:10.1109/32.92917) with whole-number
 * masses, so that the tables and the draws have the same bits on every machine.
 *
 * Probabilities are rounded to multiples of 2^-62 (the rest goes to the largest); the draws follow
 * the rounded ones exactly. What has probability 0, or below 2^-63, is never drawn. */
#ifndef ESPALIER_ALIAS_H
#define ESPALIER_ALIAS_H

#include <stddef.h>
#include <stdint.h>

/* One of 2^bits columns of equal mass. */
struct alias_column {
    uint64_t threshold;
    uint32_t own, other;
};

/* The least bits, at least 1, such that 2^bits >= n; n <= 2^30. */
unsigned alias_bits(size_t n);

/* Fill columns[0 .. 2^bits) for the distribution that gives items[i] the probability p[i],
 * 0 <= i < n, n >= 1; items NULL: the numbers 0 .. n-1. p must be nonnegative, not all 0 and
 * finite; it is divided by its sum. bits as alias_bits(n) or more. */
void alias_build(struct alias_column *columns, unsigned bits, const double *p,
                 const uint32_t *items, size_t n);

/* The item that a uniform 64-bit number draws. */
static inline uint32_t alias_draw(const struct alias_column *columns, unsigned bits, uint64_t u) {
    const struct alias_column *c = &columns[u >> (64 - bits)];
    return u << bits < c->threshold ? c->own : c->other;
}

#endif
