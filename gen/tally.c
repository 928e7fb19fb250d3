#include "gen/tally.h"

#include <stdlib.h>

#include "lib/mem.h"

/* Keys need not be hashes: n-grams are their words' numbers side by side. */
static size_t home(const struct tally *t, struct hash128 key) {
    uint64_t h = (key.low ^ (key.high * 0x9E3779B97F4A7C15u)) * 0xFF51AFD7ED558CCDu;
    h ^= h >> 32;
    return (size_t)(h * 0xC4CEB9FE1A85EC53u >> 20) & (t->n_slots - 1);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct tally_slot *slot_of(const struct tally *t, struct hash128 key) {
    size_t at = home(t, key);
    while (t->slots[at].count &&
           (t->slots[at].key.low != key.low || t->slots[at].key.high != key.high))
        at = (at + 1) & (t->n_slots - 1);
    return &t->slots[at];
}

static void release(struct tally *t) {
    *t->memory += t->n_slots * sizeof *t->slots;
    free(t->slots);
    t->slots = NULL;
    t->n_slots = 0;
}

static void enlarge(struct tally *t) {
    struct tally old = *t;
    size_t n_slots = old.n_slots ? 2 * old.n_slots : 1024;
    if (n_slots * sizeof *t->slots > *t->memory) { /* beside the old ones, which go then */
        t->full = true;
        release(t);
        return;
    }
    *t->memory -= n_slots * sizeof *t->slots;
    t->slots = mem_alloc(n_slots, sizeof *t->slots);
    t->n_slots = n_slots;
    for (size_t i = 0; i < old.n_slots; i++)
        if (old.slots[i].count)
            *slot_of(t, old.slots[i].key) = old.slots[i];
    *t->memory += old.n_slots * sizeof *old.slots;
    free(old.slots);
}

bool tally_add(struct tally *t, struct hash128 key) {
    t->total++;
    if (!t->full && t->n + t->n / 4 >= t->n_slots)
        enlarge(t);
    if (t->full)
        return false;
    struct tally_slot *slot = slot_of(t, key);
    slot->key = key;
    t->n += slot->count == 0;
    return slot->count++ == 0;
}

struct entropy tally_entropy(const struct tally *t) {
    struct entropy e = {0};
    for (size_t i = 0; i < t->n_slots; i++)
        entropy_add(&e, t->slots[i].count);
    return e;
}

void tally_free(struct tally *t) {
    free(t->slots);
    *t = (struct tally){0};
}
