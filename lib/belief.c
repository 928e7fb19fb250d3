#include "lib/belief.h"

#include <stdlib.h>

#include "lib/ieee.h"
#include "lib/mem.h"

void belief_set(struct belief *b, const struct hmm *h, const double *row) {
    size_t n = h->n_states;
    b->hmm = h;
    b->state = mem_grow(b->state, &b->cap_state, n, sizeof *b->state);
    b->share = mem_grow(b->share, &b->cap_share, n, sizeof *b->share);
    b->next = mem_grow(b->next, &b->cap_next, n, sizeof *b->next);
    b->sum = mem_grow(b->sum, &b->cap_sum, n, sizeof *b->sum);
    b->n = 0;
    for (size_t i = 0; i < n; i++)
        if (row[i] > 0) {
            b->state[b->n] = (uint32_t)i;
            b->share[b->n++] = row[i];
        }
    b->work += n;
}

void belief_start(struct belief *b, const struct hmm *h) {
    belief_set(b, h, h->start);
}

/* The first edge of state i that emits `symbol` or a later one. */
static size_t first_of_symbol(const struct hmm *h, uint32_t i, uint32_t symbol) {
    size_t low = h->first[i], high = h->first[i + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->edges[middle].symbol < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double belief_observe(struct belief *b, uint32_t symbol) {
    const struct hmm *h = b->hmm;
    size_t n = 0;
    double total = 0;
    for (size_t a = 0; a < b->n; a++) {
        uint32_t i = b->state[a];
        size_t first = first_of_symbol(h, i, symbol), k = first;
        for (; k < h->first[i + 1] && h->edges[k].symbol == symbol; k++) {
            uint32_t j = h->edges[k].to;
            double add = b->share[a] * h->edges[k].probability;
            if (b->sum[j] == 0 && add > 0)
                b->next[n++] = j;
            b->sum[j] += add;
        }
        b->work += k - first;
    }
    b->work += b->n + n;
    for (size_t a = 0; a < n; a++)
        total += b->sum[b->next[a]];
    for (size_t a = 0; a < n; a++) {
        b->share[a] = b->sum[b->next[a]] / total;
        b->sum[b->next[a]] = 0;
    }
    uint32_t *swap = b->state;
    b->state = b->next;
    b->next = swap;
    size_t cap = b->cap_state;
    b->cap_state = b->cap_next;
    b->cap_next = cap;
    b->n = n;
    return total;
}

void belief_predict(struct belief *b, double *p) {
    const struct hmm *h = b->hmm;
    for (size_t s = 0; s < h->n_symbols; s++)
        p[s] = 0;
    for (size_t a = 0; a < b->n; a++) {
        uint32_t i = b->state[a];
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
            p[h->edges[k].symbol] += b->share[a] * h->edges[k].probability;
        b->work += h->first[i + 1] - h->first[i];
    }
    b->work += h->n_symbols;
}

void belief_row(const struct belief *b, double *row) {
    for (size_t i = 0; i < b->hmm->n_states; i++)
        row[i] = 0;
    for (size_t a = 0; a < b->n; a++)
        row[b->state[a]] = b->share[a];
}

void belief_components(const struct belief *b, double *p) {
    for (size_t c = 0; c < b->hmm->n_components; c++)
        p[c] = 0;
    for (size_t a = 0; a < b->n; a++)
        p[hmm_component_of(b->hmm, b->state[a])] += b->share[a];
}

void belief_free(struct belief *b) {
    free(b->state);
    free(b->share);
    free(b->next);
    free(b->sum);
    *b = (struct belief){0};
}

double entropy_of(const double *p, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (p[i] > 0)
            sum -= p[i] * ieee_log(p[i]);
    return sum > 0 ? sum : 0; /* a certain event may have probability 1 + 1e-16 */
}
