/* A fixed set of different sources for parities, each with the flip of its target. */
#ifndef ESPALIER_PARITY_POOL_H
#define ESPALIER_PARITY_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/parities.h"
#include "lib/msg.h"
#include "lib/seen.h"

/* Zero-initialise it: an empty pool. */
struct parity_pool {
    uint64_t *bits;       /* [n][n_words] */
    unsigned char *flips; /* [n] */
    size_t n;
    struct seen members;
};

/* Draw n different sources that are kept; each is flipped with probability `noise`. Member k comes
 * from item k + 1 of stream RNG_CHOICE and its flip from item 2^64 - 1 - k of RNG_NOISE, so that a
 * pool of 100 opens that of 200. -1 when `patience`
 * draws in a row bring none (STATUS_DATA). */
int parity_pool_fill(struct parity_pool *pool, const struct parities *p, enum parities_keep keep,
                     double noise, size_t n, uint64_t seed, uint64_t seed_noise, int64_t patience,
                     struct err *err) NODISCARD;

bool parity_pool_has(const struct parity_pool *pool, const struct parities *p,
                     const uint64_t *bits);

void parity_pool_free(struct parity_pool *pool);

#endif
