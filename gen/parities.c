#include "gen/parities.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/truth.h"
#include "lib/mem.h"

static const uint64_t ONE = (uint64_t)1 << 32;

void parities_start(struct parities *p, size_t n_bits) {
    p->n_bits = n_bits;
    p->n_words = (n_bits + 63) / 64;
    p->sets = mem_alloc(PARITIES_MOST * p->n_words, sizeof *p->sets);
    p->threshold = mem_alloc(n_bits, sizeof *p->threshold);
    for (size_t i = 0; i < n_bits; i++)
        p->threshold[i] = ONE / 2;
}

void parities_add(struct parities *p, const int64_t *bits, size_t n) {
    uint64_t *set = p->sets + (size_t)p->n++ * p->n_words;
    for (size_t i = 0; i < n; i++)
        set[bits[i] / 64] |= (uint64_t)1 << bits[i] % 64;
}

bool parities_holds_bit(const struct parities *p, int which, size_t bit) {
    return p->sets[(size_t)which * p->n_words + bit / 64] >> bit % 64 & 1;
}

void parities_bias(struct parities *p, double of_hidden, double of_others) {
    for (size_t i = 0; i < p->n_bits; i++) {
        double share = parities_holds_bit(p, 0, i) ? of_hidden : of_others;
        p->threshold[i] = (uint64_t)(share * (double)ONE + 0.5);
        p->biased |= p->threshold[i] != ONE / 2;
    }
}

void parities_draw(const struct parities *p, struct rng *r, uint64_t *bits) {
    for (size_t w = 0; w < p->n_words; w++)
        bits[w] = rng_u64(r);
    if (p->n_bits % 64)
        bits[p->n_words - 1] &= ((uint64_t)1 << p->n_bits % 64) - 1;
    for (size_t i = 0; p->biased && i < p->n_bits; i++)
        if (p->threshold[i] != ONE / 2) {
            uint64_t bit = rng_u32(r) < p->threshold[i];
            bits[i / 64] = (bits[i / 64] & ~((uint64_t)1 << i % 64)) | bit << i % 64;
        }
}

bool parities_value(const struct parities *p, int which, const uint64_t *bits) {
    const uint64_t *set = p->sets + (size_t)which * p->n_words;
    uint64_t sum = 0;
    for (size_t w = 0; w < p->n_words; w++)
        sum ^= bits[w] & set[w];
    return __builtin_parityll(sum);
}

bool parities_keeps(const struct parities *p, enum parities_keep keep, const uint64_t *bits) {
    if (keep == PARITIES_ALL)
        return true;
    bool target = parities_value(p, 0, bits);
    for (int k = 1; k < p->n; k++)
        if ((parities_value(p, k, bits) == target) != (keep == PARITIES_AGREE))
            return false;
    return true;
}

/* The mean of the product of the characters in a subset of the parities. */
static double mean_of(const struct parities *p, unsigned subset) {
    double mean = 1;
    for (size_t w = 0; w < p->n_words; w++) {
        uint64_t set = 0;
        for (int k = 0; k < p->n; k++)
            if (subset >> k & 1)
                set ^= p->sets[(size_t)k * p->n_words + w];
        for (; set; set &= set - 1) {
            uint64_t threshold = p->threshold[64 * w + (size_t)__builtin_ctzll(set)];
            mean *= 1 - 2 * ((double)threshold / (double)ONE);
        }
    }
    return mean;
}

/* The share of draws on which the parities take the values of a pattern (bit k: that of parity k):
 * the mean of prod (1 + s_k chi_k) / 2, where s_k = -1 for the value 1, multiplied out. */
static double share_of(const struct parities *p, const double *means, unsigned pattern) {
    double sum = 0;
    for (unsigned subset = 0; subset < 1u << p->n; subset++)
        sum += __builtin_parity(subset & pattern) ? -means[subset] : means[subset];
    return sum / (1u << p->n);
}

void parities_shares(const struct parities *p, enum parities_keep keep, double *kept, double *ones,
                     double *agrees) {
    unsigned n_patterns = 1u << p->n, all = n_patterns - 1;
    double *means = mem_alloc(n_patterns, sizeof *means);
    for (unsigned subset = 0; subset < n_patterns; subset++)
        means[subset] = mean_of(p, subset);
    *kept = *ones = 0;
    memset(agrees, 0, (size_t)p->n * sizeof *agrees);
    for (unsigned pattern = 0; pattern < n_patterns; pattern++) {
        unsigned target = pattern & 1, differs = target ? ~pattern & all : pattern;
        if (keep != PARITIES_ALL && differs != (keep == PARITIES_AGREE ? 0 : all - 1))
            continue;
        /* What rounding leaves of a share that is 0 is no share. */
        double share = share_of(p, means, pattern);
        share = share < 1e-12 ? 0 : share;
        *kept += share;
        *ones += target ? share : 0;
        for (int k = 0; k < p->n; k++)
            agrees[k] += differs >> k & 1 ? 0 : share;
    }
    *ones = *kept > 0 ? *ones / *kept : NAN;
    for (int k = 0; k < p->n; k++)
        agrees[k] = *kept > 0 ? agrees[k] / *kept : NAN;
    free(means);
}

double parities_entropy(const struct parities *p) {
    double sum = 0;
    for (size_t i = 0; i < p->n_bits; i++)
        sum += truth_coin_entropy((double)p->threshold[i] / (double)ONE);
    return sum;
}

void parities_free(struct parities *p) {
    free(p->sets);
    free(p->threshold);
}
