#include "gen/pairs.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"

static struct permutation *shuffled(uint64_t n, uint64_t seed, uint64_t item) {
    struct rng r = rng_at(seed, RNG_CHOICE, item);
    return permutation_new(n, &r);
}

void pairs_init(struct pairs *p, const struct operation *operation, uint64_t seed) {
    uint32_t n = operation_elements(operation);
    *p = (struct pairs){.operation = operation, .elements = n};
    for (uint32_t y = 0; y < n; y++)
        p->n_taken += operation_takes(operation, y);
    if (p->n_taken < n) {
        uint32_t own = 0, others = 0;
        p->taken = mem_alloc(p->n_taken, sizeof *p->taken);
        p->place = mem_alloc(n, sizeof *p->place);
        for (uint32_t y = 0; y < n; y++) {
            bool takes = operation_takes(operation, y);
            if (takes)
                p->taken[own] = y;
            p->place[y] = takes ? own++ : others++;
        }
    }
    p->rows = p->elements * p->n_taken;
    p->order = shuffled(p->rows, seed, 0);
}

static uint64_t share_of(uint64_t n, double fraction) {
    return (uint64_t)floor(fraction * (double)n + 0.5);
}

void pairs_split(struct pairs *p, double fraction, bool unordered, uint64_t seed) {
    p->split = true;
    p->unordered = unordered;
    if (!unordered) {
        p->train_rows = share_of(p->rows, fraction);
        return;
    }
    uint64_t n = p->n_taken;
    p->n_twofold = n * (n - 1) / 2;
    p->n_single = p->rows - 2 * p->n_twofold;
    p->train_twofold = share_of(p->n_twofold, fraction);
    p->train_single = share_of(p->n_single, fraction);
    p->train_rows = 2 * p->train_twofold + p->train_single;
    p->twofold = shuffled(p->n_twofold, seed, 1);
    p->single = shuffled(p->n_single, seed, 2);
}

void pairs_free(struct pairs *p) {
    free(p->taken);
    free(p->place);
    permutation_free(p->order);
    permutation_free(p->twofold);
    permutation_free(p->single);
}

void pairs_of_row(const struct pairs *p, uint64_t row, uint32_t *x, uint32_t *y) {
    *x = (uint32_t)(row / p->n_taken);
    *y = (uint32_t)(row % p->n_taken);
    if (p->taken)
        *y = p->taken[*y];
}

static uint64_t place_of(const struct pairs *p, uint32_t y) {
    return p->place ? p->place[y] : y;
}

static bool takes(const struct pairs *p, uint32_t y) {
    return !p->taken || (p->place[y] < p->n_taken && p->taken[p->place[y]] == y);
}

uint64_t pairs_mirror(const struct pairs *p, uint32_t x, uint32_t y) {
    return x == y || !takes(p, x) ? PAIRS_NONE : (uint64_t)y * p->n_taken + place_of(p, x);
}

bool pairs_is_train(const struct pairs *p, uint64_t row) {
    if (!p->unordered)
        return permutation_place(p->order, row) < p->train_rows;
    uint32_t x, y;
    pairs_of_row(p, row, &x, &y);
    uint64_t a = place_of(p, x), b = place_of(p, y);
    if (!takes(p, x)) /* after the n_taken rows with x = y */
        return permutation_place(p->single, p->n_taken + a * p->n_taken + b) < p->train_single;
    if (x == y)
        return permutation_place(p->single, a) < p->train_single;
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return permutation_place(p->twofold, high * (high - 1) / 2 + low) < p->train_twofold;
}

uint64_t pairs_count(const struct pairs *p, enum pairs_side side) {
    return side == PAIRS_ALL     ? p->rows
           : side == PAIRS_TRAIN ? p->train_rows
                                 : p->rows - p->train_rows;
}

struct pairs_facts pairs_facts(const struct pairs *p, double noise) {
    struct pairs_facts facts = {.commutes = true};
    double n = (double)p->elements;
    uint64_t *counts = mem_alloc(p->elements, sizeof *counts);
    for (uint32_t x = 0; x < p->elements; x++)
        for (uint32_t i = 0; i < p->n_taken; i++) {
            uint32_t y = p->taken ? p->taken[i] : i, answer = operation_apply(p->operation, x, y);
            counts[answer]++;
            if (facts.commutes && y < x && takes(p, x))
                facts.commutes = answer == operation_apply(p->operation, y, x);
        }
    for (uint64_t c = 0; c < p->elements; c++) {
        double share = (1 - noise) * (double)counts[c] / (double)p->rows + noise / n;
        facts.most_frequent = fmax(facts.most_frequent, share);
        facts.entropy -= share > 0 ? share * log(share) : 0;
    }
    free(counts);
    return facts;
}

void pairs_leak(const struct pairs *p, uint64_t *mirrored, uint64_t *same) {
    *mirrored = *same = 0;
    for (uint64_t row = 0; row < p->rows && !p->unordered; row++) {
        uint32_t x, y;
        pairs_of_row(p, row, &x, &y);
        uint64_t mirror = pairs_mirror(p, x, y);
        if (mirror == PAIRS_NONE || !pairs_is_train(p, mirror) || pairs_is_train(p, row))
            continue;
        ++*mirrored;
        *same += operation_apply(p->operation, x, y) == operation_apply(p->operation, y, x);
    }
}
