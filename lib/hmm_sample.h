/* Drawing from a hidden Markov model: one 64-bit random number a symbol, whatever its size. */
#ifndef ESPALIER_HMM_SAMPLE_H
#define ESPALIER_HMM_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/alias.h"
#include "lib/hmm.h"

/* A state's alias table: columns from `offset` on. */
struct hmm_row {
    uint32_t offset, bits;
};

/* Zero-initialise it. It refers to the model, which must not change meanwhile. */
struct hmm_sampler {
    const struct hmm *hmm;
    struct alias_column *columns; /* items are edges; of the start, states */
    struct hmm_row *rows;         /* [state] */
    struct hmm_row *next;         /* [edge]: the row of the state it enters */
    struct hmm_row start;
    size_t cap_columns, cap_rows, cap_next;
};

/* Prepare draws from a model (another than before: the memory is used again). Draws are exact but
 * for the rounding of alias.h. */
void hmm_sampler_set(struct hmm_sampler *s, const struct hmm *h);
void hmm_sampler_free(struct hmm_sampler *s);

/* Draw the state before the first symbol. */
uint32_t hmm_sample_start(const struct hmm_sampler *s, uint64_t random);

/* Draw n symbols from a state on, with the uniform numbers random[0..n): fills edges[0..n) with the
 * edges taken, whose symbols and targets are those of hmm->edges[...]. */
void hmm_sample(const struct hmm_sampler *s, uint32_t state, const uint64_t *random,
                uint32_t *edges, size_t n);

#endif
