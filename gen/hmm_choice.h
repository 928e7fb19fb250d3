/* Where gen-hmm's systems take their random numbers from: items of stream RNG_CHOICE under the
 * seed of the task, so that system c does not depend on how many there are. */
#ifndef ESPALIER_HMM_CHOICE_H
#define ESPALIER_HMM_CHOICE_H

#include <stddef.h>

#include "lib/rng.h"

/* For ever: append only. */
enum hmm_choice {
    CHOICE_SYSTEM = 0, /* index: the component */
    CHOICE_PRIOR = 1,  /* index: the component */
    CHOICE_MEMORY = 2,
    CHOICE_ENTITIES = 3,
};

static inline struct rng hmm_choice(uint64_t seed, enum hmm_choice what, size_t index) {
    return rng_at(seed, RNG_CHOICE, (uint64_t)what << 56 | (uint64_t)index);
}

#endif
