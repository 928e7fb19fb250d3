/* Draw different numbers below n, again and again, in time that depends on how many alone. */
#ifndef ESPALIER_CHOOSE_H
#define ESPALIER_CHOOSE_H

#include <stdint.h>

#include "lib/rng.h"

/* Zero-initialise it. */
struct choose {
    uint32_t *order, *undo; /* order[i] = i between draws */
    uint32_t n;
};

void choose_start(struct choose *c, uint32_t n);

/* out[0..k) = k different numbers below n, in an order drawn evenly from all; k <= n. Takes k draws
 * from *r. */
void choose_draw(struct choose *c, struct rng *r, uint32_t k, uint32_t *out);

void choose_free(struct choose *c);

#endif
