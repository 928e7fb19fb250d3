#include "lib/seen.h"

#include <stdlib.h>

#include "lib/mem.h"

static bool is_free(struct hash128 h) {
    return (h.low | h.high) == 0;
}

static struct hash128 key(const char *text, size_t len) {
    struct hash128 h = hash_bytes128(text, len);
    h.low |= is_free(h);
    return h;
}

/* The slot that holds the hash, or the free one where it belongs. */
static size_t slot_of(const struct seen *s, struct hash128 h) {
    size_t slot = (size_t)h.low & (s->n_slots - 1);
    while (!is_free(s->slots[slot]) &&
           (s->slots[slot].low != h.low || s->slots[slot].high != h.high))
        slot = (slot + 1) & (s->n_slots - 1);
    return slot;
}

static void enlarge(struct seen *s) {
    struct seen old = *s;
    s->n_slots = old.n_slots ? 2 * old.n_slots : 1024;
    s->slots = mem_alloc(s->n_slots, sizeof *s->slots);
    for (size_t i = 0; i < old.n_slots; i++)
        if (!is_free(old.slots[i]))
            s->slots[slot_of(s, old.slots[i])] = old.slots[i];
    free(old.slots);
}

bool seen_add(struct seen *s, const char *text, size_t len) {
    if (s->n + s->n / 4 >= s->n_slots)
        enlarge(s);
    struct hash128 h = key(text, len);
    size_t slot = slot_of(s, h);
    if (!is_free(s->slots[slot]))
        return false;
    s->slots[slot] = h;
    s->n++;
    return true;
}

bool seen_has(const struct seen *s, const char *text, size_t len) {
    return s->n > 0 && !is_free(s->slots[slot_of(s, key(text, len))]);
}

void seen_free(struct seen *s) {
    free(s->slots);
    *s = (struct seen){0};
}
