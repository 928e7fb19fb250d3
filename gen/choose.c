#include "gen/choose.h"

#include <stdlib.h>

#include "lib/mem.h"

void choose_start(struct choose *c, uint32_t n) {
    *c = (struct choose){
        .order = mem_alloc(n, sizeof *c->order), .undo = mem_alloc(n, sizeof *c->undo), .n = n};
    for (uint32_t i = 0; i < n; i++)
        c->order[i] = i;
}

/* The first k steps of Fisher and Yates's shuffle, and the same backwards. */
void choose_draw(struct choose *c, struct rng *r, uint32_t k, uint32_t *out) {
    for (uint32_t i = 0; i < k; i++) {
        uint32_t j = i + rng_below(r, c->n - i);
        out[i] = c->order[j];
        c->order[j] = c->order[i];
        c->order[i] = out[i];
        c->undo[i] = j;
    }
    for (uint32_t i = k; i-- > 0;) {
        uint32_t j = c->undo[i], x = c->order[i];
        c->order[i] = c->order[j];
        c->order[j] = x;
    }
}

void choose_free(struct choose *c) {
    free(c->order);
    free(c->undo);
}
