/* Seeded noise on weights, and where in a run it comes. */
#ifndef ESPALIER_PERTURB_H
#define ESPALIER_PERTURB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "lib/pattern.h"
#include "nn/params.h"

/* Add Gaussian noise z to every tensor whose name has a match of the pattern (NULL: to all); value
 * k of tensor t is normal draw k of (seed, RNG_SHAKE, step 2^20 + t), so no tensor's noise
 * depends on another's.
 *     absolute    w += scale z                      scale is the deviation
 *     relative    w += scale |w| z / |z|            scale is the size of the noise over that of w,
 *                                                   Euclidean norms; a tensor of zeros stays
 * Returns how many tensors have a match, or -1 (STATUS_DATA): the pattern was too much work. */
int params_perturb(struct params *p, double scale, bool relative, const struct pattern *pattern,
                   uint64_t seed, int64_t step, struct err *err) NODISCARD;

/* What --perturb asks for: STEP:SCALE[:relative|absolute][:PATTERN]. */
struct perturbation {
    int64_t step;
    double scale;
    bool relative;
    struct pattern *pattern; /* or NULL */
};

/* Read one. -1 (STATUS_USAGE), *p as perturbation_free leaves it. */
int perturbation_read(struct perturbation *p, const char *text, struct err *err) NODISCARD;

/* How many tensors have a match; -1 as above. */
int perturbation_matches(const struct perturbation *perturbation, const struct params *p,
                         struct err *err) NODISCARD;
void perturbation_free(struct perturbation *p);

#endif
