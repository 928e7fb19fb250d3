/* The structured identity map (Yang et al. 2024, arXiv:2410.08309): points of Gaussian clusters, of
 * which cluster p is centred on axis p at distance mean[p], with a deviation of its own along every
 * axis; to be mapped to themselves. Out of distribution lies the corner, the sum of all centres. */
#ifndef ESPALIER_IDENTITY_H
#define ESPALIER_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/corpus.h"
#include "lib/rng.h"

struct identity_law {
    size_t dimension, clusters;
    double *mean;      /* [clusters] */
    double *deviation; /* [dimension] */
    int decimals;
};

/* Settle the law from two lists of numbers, which it keeps: n_deviations is 1 (the same along every
 * axis), `clusters` (0 along the others) or `dimension`. -1: STATUS_USAGE. */
int identity_start(struct identity_law *law, double *means, size_t n_means, double *deviations,
                   size_t n_deviations, size_t dimension, struct err *err) NODISCARD;
void identity_end(struct identity_law *law);

/* Point number `index`, of cluster `index` modulo the number of clusters; returns the cluster. By
 * inversion of the normal distribution function, one draw an axis: its bits are the same on every
 * machine. */
size_t identity_draw(const struct identity_law *law, uint64_t index, struct rng *r, double *x);

void identity_corner(const struct identity_law *law, double *x);

/* The header: ##means, ##deviations, ##moments (the second moments a_p = mean[p]^2 / clusters +
 * deviation[p]^2 of each axis: gradient flow from a small start learns axis p at the rate a_p),
 * ##order (the axes by falling moment), ##corner, and what output 0 loses on the part. */
int identity_put_truth(const struct identity_law *law, int test, struct corpus_writer *out,
                       struct err *err) NODISCARD;

#endif
