#include "gen/keyed.h"

#include <stdbool.h>

enum { FEW = 24 };

static bool before(const struct keyed *a, const struct keyed *b) {
    return a->key < b->key || (a->key == b->key && a->place < b->place);
}

static void sort_few(struct keyed *items, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct keyed moved = items[i];
        size_t k = i;
        for (; k > 0 && before(&moved, &items[k - 1]); k--)
            items[k] = items[k - 1];
        items[k] = moved;
    }
}

/* The digit number `level` of an item: the bytes of its key from the top, then those of its place.
 */
static unsigned digit(const struct keyed *item, int level) {
    uint64_t word = level < 8 ? item->key : item->place;
    return (unsigned)(word >> (56 - 8 * (level % 8))) & 255;
}

static void sort_from(struct keyed *items, size_t n, int level) {
    if (n <= FEW || level == 16) {
        sort_few(items, n);
        return;
    }
    size_t count[256] = {0}, next[256], end[256], at = 0;
    for (size_t i = 0; i < n; i++)
        count[digit(&items[i], level)]++;
    for (int d = 0; d < 256; d++) {
        next[d] = at;
        at += count[d];
        end[d] = at;
    }
    for (unsigned d = 0; d < 256; d++)
        while (next[d] < end[d]) {
            /* Carry items to where they belong until one belongs here. */
            struct keyed carried = items[next[d]];
            for (unsigned to; (to = digit(&carried, level)) != d;) {
                struct keyed displaced = items[next[to]];
                items[next[to]++] = carried;
                carried = displaced;
            }
            items[next[d]++] = carried;
        }
    for (int d = 0; d < 256; d++)
        sort_from(items + end[d] - count[d], count[d], level + 1);
}

void keyed_sort(struct keyed *items, size_t n) {
    sort_from(items, n, 0);
}
