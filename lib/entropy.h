/* Entropy of a distribution of which a sample of n observations is known, in nats.
 *
 * The plug-in estimate takes the sample for the distribution and is too low, by much when many
 * types were seen once. Miller and Madow add (types - 1) / 2n, the first term of the bias (Miller
 * 1955, "Note on the bias of information estimates"). Chao, Wang and Jost estimate what the unseen
 * types add from the numbers of types seen once and twice (2013, doi:10.1111/2041-210X.12108). The
 * coverage says how far to trust any of them: the share of the distribution that the types seen
 * make up, estimated by 1 - once / n (Good 1953, doi:10.1093/biomet/40.3-4.237). */
#ifndef ESPALIER_ENTROPY_H
#define ESPALIER_ENTROPY_H

#include <stdint.h>

/* Zero-initialise it, then add the count of each type. */
struct entropy {
    uint64_t n, types, once, twice;
    double c_log_c, c_digamma_c; /* sums over types */
};

/* A type that was seen so often; 0 adds nothing. */
void entropy_add(struct entropy *e, uint64_t count);

/* NaN when n = 0. */
double entropy_plug_in(const struct entropy *e);
double entropy_miller_madow(const struct entropy *e);
double entropy_chao(const struct entropy *e);
double entropy_coverage(const struct entropy *e);

#endif
