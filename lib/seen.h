/* The set of texts that have been seen, by their 128-bit hashes: 20 to 40 bytes a text, whatever
 * its length. Two of 10^9 different texts share a hash with probability below 10^-20. */
#ifndef ESPALIER_SEEN_H
#define ESPALIER_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hash.h"

/* Zero-initialise it. */
struct seen {
    struct hash128 *slots; /* open addressing; all zero: free */
    size_t n, n_slots;
};

/* Remember a text; false if it was there. */
bool seen_add(struct seen *s, const char *text, size_t len);

bool seen_has(const struct seen *s, const char *text, size_t len);

void seen_free(struct seen *s);

#endif
