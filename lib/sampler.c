#include <stdlib.h>
#include <string.h>

#include "lib/sampler_private.h"

/* Vose's method for the alternatives of one state. */
static void make_alias_table(struct alternative *a, int first, int n) {
    double *scaled = mem_alloc((size_t)n, sizeof *scaled);
    int *small = mem_alloc((size_t)n, sizeof *small), *large = mem_alloc((size_t)n, sizeof *large);
    int n_small = 0, n_large = 0;
    for (int i = 0; i < n; i++) {
        scaled[i] = a[i].probability * n;
        if (scaled[i] < 1)
            small[n_small++] = i;
        else
            large[n_large++] = i;
    }
    while (n_small && n_large) {
        int low = small[--n_small], high = large[--n_large];
        a[low].threshold = (uint64_t)(scaled[low] * 0x1p32);
        a[low].alias = (uint32_t)(first + high);
        scaled[high] -= 1 - scaled[low];
        if (scaled[high] < 1)
            small[n_small++] = high;
        else
            large[n_large++] = high;
    }
    /* What is left differs from 1 by rounding alone. */
    while (n_small + n_large) {
        int i = n_large ? large[--n_large] : small[--n_small];
        a[i].threshold = (uint64_t)1 << 32;
        a[i].alias = (uint32_t)(first + i);
    }
    free(scaled);
    free(small);
    free(large);
}

/* Alternatives of probability 0 (words out of use, trees out of bounds) leave the table; those that
 * stay stand in the order of their states. */
void sampler_drop_impossible(struct sampler *s) {
    struct alternative *kept = mem_alloc(s->n_alternatives, sizeof *kept);
    size_t n = 0;
    for (size_t k = 0; k < s->n_states; k++) {
        struct state *t = &s->states[k];
        const struct alternative *a = s->alternatives + t->first;
        t->first = (int)n;
        for (int i = 0; i < t->n; i++)
            if (a[i].probability > 0)
                kept[n++] = a[i];
        t->n = (int)n - t->first;
    }
    free(s->alternatives);
    s->alternatives = kept;
    s->n_alternatives = s->cap_alternatives = n;
}

void sampler_make_tables(struct sampler *s) {
    sampler_drop_impossible(s);
    for (size_t k = 0; k < s->n_states; k++) {
        struct state *t = &s->states[k];
        struct alternative *a = s->alternatives + t->first;
        t->even = true;
        for (int i = 1; i < t->n; i++)
            t->even &= a[i].probability == a[0].probability;
        if (!t->even)
            make_alias_table(a, t->first, t->n);
    }
}

void sampler_free(struct sampler *s) {
    if (!s)
        return;
    free(s->states);
    free(s->alternatives);
    free(s->children);
    free(s->of_symbol);
    free(s);
}

double sampler_mass(const struct sampler *s) {
    return s->mass;
}

static const struct alternative *draw(const struct sampler *s, const struct state *t,
                                      struct rng *r) {
    if (t->n == 1)
        return &s->alternatives[t->first];
    uint32_t slot = (uint32_t)t->first + rng_below(r, (uint32_t)t->n);
    const struct alternative *a = &s->alternatives[slot];
    if (t->even || rng_u32(r) < a->threshold)
        return a;
    return &s->alternatives[a->alias];
}

static struct rng *words_of(const struct word_draws *words, int symbol) {
    return words->by_symbol ? &words->by_symbol[symbol] : words->all;
}

struct growth {
    const struct sampler *sampler;
    struct rng *structure;
    const struct word_draws *words;
    struct derivation *d;
};

/* Returns the node of a state, or -1 beyond the bounds. */
static int expand(const struct growth *w, int state, int depth) {
    const struct sampler *s = w->sampler;
    const struct grammar *g = s->grammar;
    const struct state *t = &s->states[state];
    struct derivation *d = w->d;
    if (depth > DERIVATION_MAX_DEPTH || d->n_nodes >= DERIVATION_MAX_NODES ||
        d->n_children > 64 * (size_t)DERIVATION_MAX_NODES)
        return -1;
    bool lexical = g->preterminal[t->symbol];
    const struct alternative *a = draw(s, t,
                                       lexical ? words_of(w->words, t->symbol) : w->structure);
    const struct production *p = &g->productions[a->production];
    int node = derivation_add(g, d, a->production);
    d->tags |= p->tags;
    d->log_probability += p->log_probability;
    if (p->lexical)
        return node;
    int children = d->nodes[node].children;
    for (int i = 0; i < p->n_source; i++) {
        int child = s->children[a->children + i];
        if (child >= 0) {
            child = expand(w, child, depth + 1);
            if (child < 0)
                return -1;
        }
        d->children[children + i] = child;
    }
    return node;
}

int sampler_draw(const struct sampler *s, struct rng *structure, const struct word_draws *words,
                 struct derivation *d, struct err *err) {
    d->n_nodes = d->n_children = 0;
    d->tags = 0;
    d->log_probability = 0;
    struct growth w = {s, structure, words, d};
    if (expand(&w, s->start, 0) < 0)
        return err_set(err, STATUS_DATA,
                       "%s: a tree grew past %d nodes or %d levels; give the recursive productions "
                       "less weight",
                       s->grammar->path, DERIVATION_MAX_NODES, DERIVATION_MAX_DEPTH);
    return 0;
}

void sampler_redraw_words(const struct sampler *s, const struct word_draws *words,
                          struct derivation *d) {
    const struct grammar *g = s->grammar;
    for (size_t i = 0; i < d->n_nodes; i++) {
        int symbol = g->productions[d->nodes[i].production].left;
        if (g->preterminal[symbol])
            d->nodes[i].production =
                draw(s, &s->states[s->of_symbol[symbol]], words_of(words, symbol))->production;
    }
    derivation_sum_up(g, d);
}
