#include "lib/hmm_sample.h"

#include <stdlib.h>

#include "lib/mem.h"

static struct hmm_row add_row(struct hmm_sampler *s, size_t *n_columns, const double *p,
                              const uint32_t *items, size_t n) {
    struct hmm_row row = {(uint32_t)*n_columns, alias_bits(n)};
    *n_columns += (size_t)1 << row.bits;
    s->columns = mem_grow(s->columns, &s->cap_columns, *n_columns, sizeof *s->columns);
    alias_build(s->columns + row.offset, row.bits, p, items, n);
    return row;
}

void hmm_sampler_set(struct hmm_sampler *s, const struct hmm *h) {
    size_t n_columns = 0, most = h->n_states, n_edges = hmm_n_edges(h);
    for (size_t i = 0; i < h->n_states; i++)
        if (h->first[i + 1] - h->first[i] > most)
            most = h->first[i + 1] - h->first[i];
    double *p = mem_alloc(most, sizeof *p);
    uint32_t *items = mem_alloc(most, sizeof *items);
    s->hmm = h;
    s->rows = mem_grow(s->rows, &s->cap_rows, h->n_states, sizeof *s->rows);
    s->next = mem_grow(s->next, &s->cap_next, n_edges, sizeof *s->next);
    for (size_t i = 0; i < h->n_states; i++) {
        size_t n = h->first[i + 1] - h->first[i];
        for (size_t k = 0; k < n; k++) {
            items[k] = (uint32_t)(h->first[i] + k);
            p[k] = h->edges[items[k]].probability;
        }
        s->rows[i] = add_row(s, &n_columns, p, items, n);
    }
    for (size_t k = 0; k < n_edges; k++)
        s->next[k] = s->rows[h->edges[k].to];
    size_t n = 0;
    for (size_t i = 0; i < h->n_states; i++)
        if (h->start[i] > 0) {
            items[n] = (uint32_t)i;
            p[n++] = h->start[i];
        }
    s->start = add_row(s, &n_columns, p, items, n);
    free(p);
    free(items);
}

void hmm_sampler_free(struct hmm_sampler *s) {
    free(s->columns);
    free(s->rows);
    free(s->next);
    *s = (struct hmm_sampler){0};
}

uint32_t hmm_sample_start(const struct hmm_sampler *s, uint64_t random) {
    return alias_draw(s->columns + s->start.offset, s->start.bits, random);
}

void hmm_sample(const struct hmm_sampler *s, uint32_t state, const uint64_t *random,
                uint32_t *edges, size_t n) {
    const struct alias_column *columns = s->columns;
    struct hmm_row row = s->rows[state];
    for (size_t t = 0; t < n; t++) {
        uint32_t edge = alias_draw(columns + row.offset, row.bits, random[t]);
        edges[t] = edge;
        row = s->next[edge];
    }
}
