#include "gen/parity_pool.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/mem.h"

int parity_pool_fill(struct parity_pool *pool, const struct parities *p, enum parities_keep keep,
                     double noise, size_t n, uint64_t seed, uint64_t seed_noise, int64_t patience,
                     struct err *err) {
    size_t n_bytes = p->n_words * sizeof *pool->bits;
    pool->bits = mem_alloc(n, n_bytes);
    pool->flips = mem_alloc(n, 1);
    for (; pool->n < n; pool->n++) {
        uint64_t *bits = pool->bits + pool->n * p->n_words;
        struct rng r = rng_at(seed, RNG_CHOICE, 1 + pool->n);
        int64_t left = patience;
        do {
            if (left-- == 0)
                return err_set(err, STATUS_DATA,
                               "--samples %zu: found %zu different sources, then none in %" PRId64
                               " draws",
                               n, pool->n, patience);
            parities_draw(p, &r, bits);
        } while (!parities_keeps(p, keep, bits) ||
                 !seen_add(&pool->members, (const char *)bits, n_bytes));
        struct rng flip = rng_at(seed_noise, RNG_NOISE, UINT64_MAX - pool->n);
        pool->flips[pool->n] = noise > 0 && rng_uniform(&flip) < noise;
    }
    return 0;
}

bool parity_pool_has(const struct parity_pool *pool, const struct parities *p,
                     const uint64_t *bits) {
    return seen_has(&pool->members, (const char *)bits, p->n_words * sizeof *bits);
}

void parity_pool_free(struct parity_pool *pool) {
    free(pool->bits);
    free(pool->flips);
    seen_free(&pool->members);
}
