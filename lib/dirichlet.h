/* Random distributions: symmetric Dirichlet draws with the same bits on every machine (ieee.h). */
#ifndef ESPALIER_DIRICHLET_H
#define ESPALIER_DIRICHLET_H

#include <stddef.h>

#include "lib/rng.h"

/* Fill p[0..n), n >= 1, with a draw of Dirichlet(alpha, ..., alpha): nonnegative, sum 1 up to
 * rounding. alpha > 0. With alpha 1 the draw is uniform on the simplex: normalised exponentials,
 * one rng_u64 each. Else normalised gamma variates (Marsaglia & Tsang 2000,
 * doi:10.1145/358407.358414), as logarithms, so that a small alpha loses only what is below
 * 1e-308. */
void dirichlet_draw(struct rng *r, double alpha, double *p, size_t n);

/* The mean Shannon entropy of such a draw, in nats: digamma(n alpha + 1) - digamma(alpha + 1). */
double dirichlet_mean_entropy(double alpha, size_t n);

#endif
