/* A .hmm file, and everything that is done with one: draws, beliefs, entropies, writing it. */
#include <math.h>

#include "lib/belief.h"
#include "lib/hmm_entropy.h"
#include "lib/hmm_sample.h"
#include "lib/process.h"
#include "lib/rng.h"
#include "tests/fuzz/fuzz_input.h"

enum { LENGTH = 20, BUDGET = 200000 };

/* What is drawn is possible. */
static void draw(const struct hmm *h) {
    struct hmm_sampler sampler = {0};
    struct belief belief = {0};
    uint64_t random[LENGTH];
    uint32_t edges[LENGTH];
    hmm_sampler_set(&sampler, h);
    for (uint64_t i = 0; i < 3; i++) {
        struct rng r = rng_at(1, RNG_GEN, i);
        uint32_t start = hmm_sample_start(&sampler, rng_u64(&r));
        rng_fill_u64(&r, random, LENGTH);
        hmm_sample(&sampler, start, random, edges, LENGTH);
        if (!(h->start[start] > 0))
            abort();
        belief_start(&belief, h);
        for (int t = 0; t < LENGTH; t++)
            if (!(belief_observe(&belief, h->edges[edges[t]].symbol) >= 0))
                abort();
    }
    hmm_sampler_free(&sampler);
    belief_free(&belief);
}

static void measure(const struct hmm *h) {
    struct known_number rate = entropy_rate(h, BUDGET);
    struct loss_curve curve = optimal_losses(h, &rate, LENGTH, BUDGET);
    double most = log((double)h->n_symbols) + 1e-9;
    for (size_t t = 0; t < curve.n; t++)
        if (!(curve.loss[t] >= 0 && curve.loss[t] <= most))
            abort();
    if (rate.how != KNOWN_NOT && !(rate.value >= 0 && rate.value <= most))
        abort();
    loss_curve_free(&curve);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct err err = {0};
    struct buf text = {0};
    if (size > 20000)
        return 0;
    struct process *p = process_read(fuzz_path(bytes, size), NULL, 0, NULL, &err);
    if (!p) {
        if (!*err.text)
            abort();
        return 0;
    }
    draw(&p->hmm);
    measure(&p->hmm);
    process_put(&p->hmm, &p->states, &p->symbols, &text);
    struct process *again = process_read(fuzz_path((uint8_t *)text.data, text.len), NULL, 0, NULL,
                                         &err);
    if (!again || hmm_n_edges(&again->hmm) != hmm_n_edges(&p->hmm))
        abort();
    process_free(p);
    process_free(again);
    buf_free(&text);
    return 0;
}
