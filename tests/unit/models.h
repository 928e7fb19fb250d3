/* Small random hidden Markov models, and the shipped ones. */
#ifndef ESPALIER_MODELS_H
#define ESPALIER_MODELS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "lib/dirichlet.h"
#include "lib/hmm.h"
#include "lib/process.h"
#include "lib/rng.h"

static inline void model_stationary(struct hmm *h) {
    size_t apart[2];
    struct err err = {0};
    if (hmm_stationary(h, h->start, apart, &err) != 0)
        fail_msg("no stationary distribution: %s", err.text);
}

/* Rows drawn from Dirichlet(alpha); each edge is left out with probability `gaps`. Stationary
 * start. Models that fall apart are drawn again. */
static inline void model_random(struct hmm *h, struct rng *r, size_t n_states, size_t n_symbols,
                                double alpha, double gaps) {
    double p[64];
    size_t cells = n_states * n_symbols, apart[2];
    assert_true(cells <= 64);
    do {
        hmm_clear(h, n_symbols);
        for (size_t i = 0; i < n_states; i++) {
            dirichlet_draw(r, alpha, p, cells);
            size_t kept = rng_below(r, (uint32_t)cells);
            for (size_t k = 0; k < cells; k++)
                if (k == kept || rng_uniform(r) >= gaps)
                    hmm_add_edge(h, (uint32_t)(k / n_states), (uint32_t)(k % n_states), p[k]);
            hmm_end_state(h);
        }
        hmm_end(h);
    } while (hmm_stationary(h, h->start, apart, NULL) != 0);
}

/* A file of processes/, from the root of the tree or a build folder of the tests. */
static inline struct process *model_shipped(const char *name, const char *const *set,
                                            size_t n_set) {
    char path[256];
    struct err err = {0};
    snprintf(path, sizeof path, "processes/%s.hmm", name);
    struct process *p = process_read(path, set, n_set, NULL, &err);
    if (!p)
        fail_msg("%s", err.text);
    return p;
}

#endif
