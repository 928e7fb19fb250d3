/* A seeded permutation of 0 .. n-1 that can be asked both ways.
 *
 * Up to PERMUTATION_HELD elements it is a uniformly drawn one, held in memory (8 bytes an element).
 * Above, it is keyed, in constant memory: eight rounds of a Feistel network on a rectangle of a * b
 * >= n points, walked until a point below n is met (Black and Rogaway 2002, "Ciphers with arbitrary
 * finite domains", doi:10.1007/3-540-45760-7_9). That is not one of all n! permutations drawn
 * evenly, but looks so to any statistic of few elements. */
#ifndef ESPALIER_PERMUTATION_H
#define ESPALIER_PERMUTATION_H

#include <stdint.h>

#include "lib/rng.h"

enum { PERMUTATION_HELD = 1 << 20 };

struct permutation;

/* n from 0 to 2^62; takes its random numbers from *r. */
struct permutation *permutation_new(uint64_t n, struct rng *r);

/* The element at a place, and the place of an element; both below n. */
uint64_t permutation_at(const struct permutation *p, uint64_t place);
uint64_t permutation_place(const struct permutation *p, uint64_t element);

/* NULL is allowed. */
void permutation_free(struct permutation *p);

#endif
