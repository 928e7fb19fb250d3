#include "lib/lengths.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"

/* From weights to probabilities and thresholds. */
static void settle(struct lengths *l) {
    double sum = 0, up_to = 0;
    for (uint32_t i = 0; i < l->n; i++)
        sum += l->share[i];
    l->below = mem_alloc(l->n, sizeof *l->below);
    for (uint32_t i = 0; i < l->n; i++) {
        l->share[i] /= sum;
        up_to += l->share[i];
        l->below[i] = up_to >= 1 ? UINT64_MAX : (uint64_t)(up_to * 0x1p64);
    }
}

static void start(struct lengths *l, uint32_t shortest, uint32_t longest) {
    *l = (struct lengths){.shortest = shortest, .n = (longest - shortest) / 2 + 1};
    l->share = mem_alloc(l->n, sizeof *l->share);
}

/* Weights relative to that of the mode, by the ratios of neighbours: nothing overflows, what
 * underflows is 0, and nothing but sums, products and quotients is asked for. */
void lengths_binomial(struct lengths *l, uint32_t shortest, uint32_t longest, double p) {
    start(l, shortest, longest);
    uint32_t trials = l->n - 1, mode = (uint32_t)fmin(((double)trials + 1) * p, trials);
    l->share[mode] = 1;
    for (uint32_t k = mode; k < trials && p < 1; k++)
        l->share[k + 1] = l->share[k] * ((double)(trials - k) * p) / ((k + 1.0) * (1 - p));
    for (uint32_t k = mode; k > 0 && p > 0; k--)
        l->share[k - 1] = l->share[k] * (k * (1 - p)) / ((double)(trials - k + 1) * p);
    settle(l);
}

void lengths_uniform(struct lengths *l, uint32_t shortest, uint32_t longest) {
    start(l, shortest, longest);
    for (uint32_t i = 0; i < l->n; i++)
        l->share[i] = 1;
    settle(l);
}

void lengths_free(struct lengths *l) {
    free(l->share);
    free(l->below);
}

/* The number of thresholds that u is not below, among all but the last; the halves are chosen
 * without branches, which no processor could foresee. */
uint32_t lengths_draw(const struct lengths *l, struct rng *r) {
    uint64_t u = rng_u64(r);
    const uint64_t *at = l->below;
    for (uint32_t left = l->n - 1; left > 0;) {
        uint32_t half = (left + 1) / 2;
        at += u >= at[half - 1] ? half : 0;
        left -= half;
    }
    return l->shortest + 2 * (uint32_t)(at - l->below);
}
