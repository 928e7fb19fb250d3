/* Laws over the even lengths from a shortest to a longest, and draws from them: the same bits on
 * every machine. */
#ifndef ESPALIER_LENGTHS_H
#define ESPALIER_LENGTHS_H

#include <stdint.h>

#include "lib/rng.h"

struct lengths {
    uint32_t shortest, n; /* lengths shortest, shortest + 2, ..., n of them */
    double *share;        /* [i]: probability of shortest + 2i */
    uint64_t *below;      /* [i]: 2^64 times the probability of the lengths up to that, but for the
                             last, which takes the rest */
};

/* shortest + 2 Binomial((longest - shortest) / 2, p). Both ends even, shortest <= longest; p from 0
 * to 1. */
void lengths_binomial(struct lengths *l, uint32_t shortest, uint32_t longest, double p);

/* Each length with the same probability. */
void lengths_uniform(struct lengths *l, uint32_t shortest, uint32_t longest);

void lengths_free(struct lengths *l);

/* A length: takes one rng_u64. */
uint32_t lengths_draw(const struct lengths *l, struct rng *r);

#endif
