/* A batch under construction: examples laid out one after another (layout.h). */
#ifndef ESPALIER_PACKED_H
#define ESPALIER_PACKED_H

#include "nn/lexicon.h"

/* The most tokens, and the most sequences, a batch may have. */
enum { PACKED_MOST = INT32_MAX / 2 };

/* Zero-initialise it; packed_free. */
struct packed {
    struct tokens input, target, memory, label;
    struct tokens offset, memory_offset, prefix; /* int is 32 bits wherever this runs */
    real *feature, *value;
    size_t n_feature, cap_feature, n_value, cap_value;
    int sequences;
};

void packed_clear(struct packed *p);
void packed_free(struct packed *p);

/* Append an example: `item` names its draws of RNG_MASK, `features` and `values` the lengths of its
 * vectors. The caller sees to it that layout_check_example has nothing against it and that the
 * batch stays within PACKED_MOST. */
void packed_add(struct packed *p, const struct layout *l, const struct layout_example *e,
                uint64_t item, size_t features, size_t values);

/* Append a sequence as it stands: n rows, what they read and what they predict. */
void packed_add_rows(struct packed *p, const int32_t *input, const int32_t *target, size_t n);

/* The examples as a batch, whose arrays are those of *p: valid until it changes. Arrays of rows
 * that no example has are NULL. */
void packed_batch(const struct packed *p, struct batch *batch);

#endif
