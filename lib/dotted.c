#include "lib/dotted.h"

#include <stdlib.h>

#include "lib/mem.h"

static int by_right_side(const void *a, const void *b) {
    const struct production *p = *(const struct production *const *)a,
                            *q = *(const struct production *const *)b;
    for (int i = 0; i < p->n_source && i < q->n_source; i++)
        if (p->source[i] != q->source[i])
            return p->source[i] < q->source[i] ? -1 : 1;
    if (p->n_source != q->n_source)
        return p->n_source < q->n_source ? -1 : 1;
    return (p > q) - (p < q);
}

/* The productions in use that the start symbol reaches, by right side. The caller frees the list.
 */
static const struct production **sorted_productions(const struct grammar *g, size_t *n) {
    bool *reached = mem_alloc(g->symbols.n, sizeof *reached);
    grammar_mark_reached(g, g->start, reached);
    const struct production **list = mem_alloc((size_t)g->n_productions, sizeof *list);
    *n = 0;
    for (int i = 0; i < g->n_productions; i++)
        if (reached[g->productions[i].left] && g->productions[i].probability > 0)
            list[(*n)++] = &g->productions[i];
    qsort(list, *n, sizeof *list, by_right_side);
    free(reached);
    return list;
}

static int symbols_in_common(const struct production *p, const struct production *q) {
    int n = 0;
    while (n < p->n_source && n < q->n_source && p->source[n] == q->source[n])
        n++;
    return n;
}

/* Lay the edges in groups of equal key, the order within a group kept: group k is
 * to[first[k] .. first[k + 1]). */
static void group_edges(const struct dotted_edge *edges, size_t n, bool by_symbol, int *first,
                        size_t n_keys, struct dotted_edge *to) {
    for (size_t i = 0; i < n; i++)
        first[(by_symbol ? edges[i].symbol : edges[i].from) + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        first[k + 1] += first[k];
    int *next = mem_alloc(n_keys, sizeof *next);
    for (size_t k = 0; k < n_keys; k++)
        next[k] = first[k];
    for (size_t i = 0; i < n; i++)
        to[next[by_symbol ? edges[i].symbol : edges[i].from]++] = edges[i];
    free(next);
}

static void order_edges(struct dotted *d, const struct dotted_edge *edges, size_t n,
                        size_t n_symbols) {
    size_t n_states = (size_t)d->n_states;
    int *first = mem_alloc(n_states + 1, sizeof *first);
    d->edges = mem_alloc(n, sizeof *d->edges);
    group_edges(edges, n, false, first, n_states, d->edges);
    for (size_t s = 0; s < n_states; s++) {
        d->states[s].first_edge = first[s];
        d->states[s].n_edges = first[s + 1] - first[s];
    }
    free(first);
    size_t n_root = (size_t)d->states[0].n_edges; /* they come first */
    d->inner = mem_alloc(n - n_root, sizeof *d->inner);
    d->first_inner = mem_alloc(n_symbols + 1, sizeof *d->first_inner);
    group_edges(d->edges + n_root, n - n_root, true, d->first_inner, n_symbols, d->inner);
    d->first_state = mem_alloc(n_symbols, sizeof *d->first_state);
    for (size_t s = 0; s < n_symbols; s++)
        d->first_state[s] = -1;
    for (size_t i = 0; i < n_root; i++)
        d->first_state[d->edges[i].symbol] = d->edges[i].to;
}

/* Productions sorted by their right sides meet the nodes of the trie in preorder. */
static void make_trie(struct dotted *d, const struct grammar *g) {
    size_t n, longest = 0, cap_states = 0, n_edges = 0, cap_edges = 0;
    const struct production **list = sorted_productions(g, &n);
    for (size_t i = 0; i < n; i++)
        if ((size_t)list[i]->n_source > longest)
            longest = (size_t)list[i]->n_source;
    int *path = mem_alloc(longest + 1, sizeof *path); /* states on the way of the last production */
    struct dotted_edge *edges = NULL;
    d->ends = mem_alloc(n, sizeof *d->ends);
    d->states = mem_grow(NULL, &cap_states, 1, sizeof *d->states);
    d->n_states = 1;
    for (size_t i = 0; i < n; i++) {
        const struct production *p = list[i];
        for (int k = i ? symbols_in_common(p, list[i - 1]) : 0; k < p->n_source; k++) {
            d->states = mem_grow(d->states, &cap_states, (size_t)d->n_states + 1,
                                 sizeof *d->states);
            edges = mem_grow(edges, &cap_edges, n_edges + 1, sizeof *edges);
            edges[n_edges++] = (struct dotted_edge){path[k], p->source[k], d->n_states};
            path[k + 1] = d->n_states++;
        }
        d->ends[i] = (int)(p - g->productions);
        struct dotted_state *end = &d->states[path[p->n_source]];
        if (end->n_ends++ == 0)
            end->first_end = (int)i;
    }
    order_edges(d, edges, n_edges, g->symbols.n);
    free(edges);
    free(path);
    free(list);
}

/* Symbols are numbered when all their productions of a single symbol start from numbered ones
 * (Kahn 1962). grammar_read has seen to it that these productions make no cycle. */
static void number_symbols(struct dotted *d, const struct grammar *g) {
    int *waits_for = mem_alloc(g->symbols.n, sizeof *waits_for);
    int *ready = mem_alloc(g->symbols.n, sizeof *ready);
    d->height = mem_alloc(g->symbols.n, sizeof *d->height);
    for (size_t s = 0; s < g->symbols.n; s++) {
        const struct dotted_state *above = d->first_state[s] < 0 ? NULL
                                                                 : &d->states[d->first_state[s]];
        for (int i = 0; above && i < above->n_ends; i++)
            waits_for[g->productions[d->ends[above->first_end + i]].left]++;
    }
    size_t n = 0;
    for (size_t s = 0; s < g->symbols.n; s++)
        if (!waits_for[s])
            ready[n++] = (int)s;
    for (size_t i = 0; i < n; i++) {
        int s = ready[i];
        d->height[s] = (int)i;
        if (d->first_state[s] < 0)
            continue;
        const struct dotted_state *above = &d->states[d->first_state[s]];
        for (int k = 0; k < above->n_ends; k++) {
            int left = g->productions[d->ends[above->first_end + k]].left;
            if (--waits_for[left] == 0)
                ready[n++] = left;
        }
    }
    free(waits_for);
    free(ready);
}

struct dotted *dotted_new(const struct grammar *g) {
    struct dotted *d = mem_alloc(1, sizeof *d);
    make_trie(d, g);
    number_symbols(d, g);
    return d;
}

void dotted_free(struct dotted *d) {
    if (!d)
        return;
    free(d->states);
    free(d->edges);
    free(d->inner);
    free(d->first_inner);
    free(d->first_state);
    free(d->ends);
    free(d->height);
    free(d);
}

int dotted_next(const struct dotted *d, int state, int symbol) {
    int low = d->states[state].first_edge, high = low + d->states[state].n_edges;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (d->edges[middle].symbol < symbol)
            low = middle + 1;
        else if (d->edges[middle].symbol > symbol)
            high = middle;
        else
            return d->edges[middle].to;
    }
    return -1;
}
