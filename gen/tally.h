/* How often each of many things came, by their 128-bit keys: 30 to 60 bytes a thing. */
#ifndef ESPALIER_TALLY_H
#define ESPALIER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/entropy.h"
#include "lib/hash.h"

struct tally_slot {
    struct hash128 key;
    uint64_t count; /* 0: free */
};

/* Zero-initialise it but for `memory`: the bytes that it and other tallies together may still take.
 */
struct tally {
    struct tally_slot *slots;
    size_t n, n_slots; /* n: different keys */
    uint64_t total;    /* all keys, with their repetitions */
    size_t *memory;
    bool full; /* it outgrew the memory: there are more than n different keys, nobody knows how many
                */
};

/* Count a key; true when it is new. */
bool tally_add(struct tally *t, struct hash128 key);

/* What the counts tell of the entropy; nothing (n = 0) when it is full. */
struct entropy tally_entropy(const struct tally *t);

void tally_free(struct tally *t);

#endif
