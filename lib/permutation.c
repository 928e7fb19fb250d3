#include "lib/permutation.h"

#include <stdlib.h>

#include "lib/mem.h"

enum { ROUNDS = 8 };

struct permutation {
    uint64_t n;
    uint32_t *at, *place; /* NULL: keyed */
    uint64_t sides[2];    /* of the rectangle */
    uint64_t keys[ROUNDS];
};

static void hold(struct permutation *p, struct rng *r) {
    p->at = mem_alloc(p->n, sizeof *p->at);
    p->place = mem_alloc(p->n, sizeof *p->place);
    rng_permutation(r, p->at, (uint32_t)p->n);
    for (uint32_t i = 0; i < p->n; i++)
        p->place[p->at[i]] = i;
}

struct permutation *permutation_new(uint64_t n, struct rng *r) {
    struct permutation *p = mem_alloc(1, sizeof *p);
    p->n = n;
    if (n <= PERMUTATION_HELD) {
        hold(p, r);
        return p;
    }
    /* The least square root from above, by Newton's rule in whole numbers. */
    uint64_t side = (uint64_t)1 << 31, next;
    while ((next = (side + n / side) / 2) < side)
        side = next;
    side += side * side < n;
    p->sides[0] = side;
    p->sides[1] = (n + side - 1) / side;
    for (int i = 0; i < ROUNDS; i++)
        p->keys[i] = rng_u64(r);
    return p;
}

/* A number below `side` that a key makes of x: the finaliser of SplitMix64 (Steele, Lea and Flood
 * 2014, doi:10.1145/2660193.2660195), reduced by a multiplication. */
static uint64_t scramble(uint64_t x, uint64_t key, uint64_t side) {
    x += key;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (x >> 32) * side >> 32;
}

/* Round i moves one coordinate by an amount that the other tells. */
static uint64_t forward(const struct permutation *p, uint64_t x) {
    uint64_t half[2] = {x % p->sides[0], x / p->sides[0]};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t side = p->sides[i & 1], *moved = &half[i & 1];
        *moved += scramble(half[~i & 1], p->keys[i], side);
        if (*moved >= side)
            *moved -= side;
    }
    return half[1] * p->sides[0] + half[0];
}

static uint64_t backward(const struct permutation *p, uint64_t x) {
    uint64_t half[2] = {x % p->sides[0], x / p->sides[0]};
    for (int i = ROUNDS - 1; i >= 0; i--) {
        uint64_t side = p->sides[i & 1], *moved = &half[i & 1];
        uint64_t amount = scramble(half[~i & 1], p->keys[i], side);
        *moved += *moved < amount ? side - amount : -amount;
    }
    return half[1] * p->sides[0] + half[0];
}

uint64_t permutation_at(const struct permutation *p, uint64_t place) {
    if (p->at)
        return p->at[place];
    do
        place = forward(p, place);
    while (place >= p->n);
    return place;
}

uint64_t permutation_place(const struct permutation *p, uint64_t element) {
    if (p->at)
        return p->place[element];
    do
        element = backward(p, element);
    while (element >= p->n);
    return element;
}

void permutation_free(struct permutation *p) {
    if (!p)
        return;
    free(p->at);
    free(p->place);
    free(p);
}
