/* Sort places by random keys, in place. */
#ifndef ESPALIER_KEYED_H
#define ESPALIER_KEYED_H

#include <stddef.h>
#include <stdint.h>

struct keyed {
    uint64_t key, place;
};

/* Put items[0..n) in the order of their keys, equal keys in the order of their places: radix sort
 * from the top byte (American flag sort; McIlroy, Bostic and McIlroy 1993, "Engineering radix
 * sort"), fast when the keys are spread evenly. */
void keyed_sort(struct keyed *items, size_t n);

#endif
