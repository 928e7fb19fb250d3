#include "gen/random_system.h"

#include <math.h>
#include <stdlib.h>

#include "lib/dirichlet.h"
#include "lib/mem.h"

enum { MOST_ROUNDS = 100000 };

static void balance(double *p, size_t n) {
    for (int round = 0; round < MOST_ROUNDS; round++) {
        double worst = 0;
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += p[i * n + j];
            worst = fmax(worst, fabs(sum - 1));
            for (size_t i = 0; i < n; i++)
                p[i * n + j] /= sum;
        }
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += p[i * n + j];
            for (size_t j = 0; j < n; j++)
                p[i * n + j] /= sum;
        }
        if (worst <= 1e-13)
            return;
    }
}

static int start_stationary(const struct random_system *s, struct hmm *h, struct err *err) {
    size_t a[2];
    if (hmm_stationary(h, h->start, a, NULL) == 0)
        return 0;
    return err_set(err, STATUS_DATA,
                   "a random system fell apart into parts that never meet (alpha is %g); a greater "
                   "--alpha or --start uniform makes do",
                   s->alpha);
}

int random_system_draw(const struct random_system *s, struct rng *r, struct hmm *out,
                       struct err *err) {
    size_t n = s->n_states, cells = s->is_chain ? n : n * s->n_symbols;
    double *p = mem_alloc(n * cells, sizeof *p);
    for (size_t i = 0; i < n; i++)
        dirichlet_draw(r, s->alpha, p + i * cells, cells);
    if (s->doubly_stochastic)
        balance(p, n);
    hmm_clear(out, s->n_symbols);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < cells; k++)
            hmm_add_edge(out, (uint32_t)(s->is_chain ? k : k / n), (uint32_t)(k % n),
                         p[i * cells + k]);
        hmm_end_state(out);
    }
    hmm_end(out);
    int result = 0;
    for (size_t i = 0; i < n; i++)
        p[i] = 1.0 / (double)n;
    if (!s->uniform_start)
        result = start_stationary(s, out, err);
    else if (s->is_chain)
        hmm_start_outside(out, p);
    else
        for (size_t i = 0; i < n; i++)
            out->start[i] = p[i];
    free(p);
    return result;
}

double random_system_edges(const struct random_system *s) {
    double n = (double)s->n_states;
    return n * n * (s->is_chain ? 1 : (double)s->n_symbols) + n;
}

void random_system_names(const struct random_system *s, struct vocab *states,
                         struct vocab *symbols) {
    struct buf name = {0};
    for (size_t i = 0; i < s->n_states || i < s->n_symbols; i++) {
        buf_clear(&name);
        buf_printf(&name, "%zu", i);
        if (i < s->n_states)
            vocab_add(states, name.data, name.len);
        if (i < s->n_symbols)
            vocab_add(symbols, name.data, name.len);
    }
    buf_free(&name);
    if (s->is_chain && s->uniform_start)
        vocab_add(states, "^", 1);
}
