#include "lib/derivation.h"

#include <math.h>
#include <stdlib.h>

struct sampler {
    const struct grammar *grammar;
    bool *uniform;       /* [symbol]: its productions weigh the same */
    uint64_t *threshold; /* [production]: below it (of 2^32) the slot keeps its own */
    int *alias;          /* [production] */
    double *log_probability;
};

/* Vose's method for the productions first .. first + n. */
static void make_alias_table(struct sampler *s, int first, int n) {
    const struct production *p = s->grammar->productions + first;
    double *scaled = mem_alloc((size_t)n, sizeof *scaled);
    int *small = mem_alloc((size_t)n, sizeof *small), *large = mem_alloc((size_t)n, sizeof *large);
    int n_small = 0, n_large = 0;
    for (int i = 0; i < n; i++) {
        scaled[i] = p[i].probability * n;
        if (scaled[i] < 1)
            small[n_small++] = i;
        else
            large[n_large++] = i;
    }
    while (n_small && n_large) {
        int low = small[--n_small], high = large[--n_large];
        s->threshold[first + low] = (uint64_t)(scaled[low] * 0x1p32);
        s->alias[first + low] = first + high;
        scaled[high] -= 1 - scaled[low];
        if (scaled[high] < 1)
            small[n_small++] = high;
        else
            large[n_large++] = high;
    }
    /* What is left differs from 1 by rounding alone. */
    while (n_small + n_large) {
        int i = n_large ? large[--n_large] : small[--n_small];
        s->threshold[first + i] = (uint64_t)1 << 32;
        s->alias[first + i] = first + i;
    }
    free(scaled);
    free(small);
    free(large);
}

struct sampler *sampler_new(const struct grammar *g) {
    struct sampler *s = mem_alloc(1, sizeof *s);
    size_t n = (size_t)g->n_productions;
    s->grammar = g;
    s->uniform = mem_alloc(g->symbols.n, sizeof *s->uniform);
    s->threshold = mem_alloc(n, sizeof *s->threshold);
    s->alias = mem_alloc(n, sizeof *s->alias);
    s->log_probability = mem_alloc(n, sizeof *s->log_probability);
    for (size_t i = 0; i < n; i++)
        s->log_probability[i] = log(g->productions[i].probability);
    for (size_t symbol = 0; symbol < g->symbols.n; symbol++) {
        int first = g->first[symbol], count = g->count[symbol];
        if (count == 0)
            continue;
        s->uniform[symbol] = true;
        for (int i = 1; i < count; i++)
            s->uniform[symbol] &= g->productions[first + i].weight == g->productions[first].weight;
        make_alias_table(s, first, count);
    }
    return s;
}

void sampler_free(struct sampler *s) {
    if (!s)
        return;
    free(s->uniform);
    free(s->threshold);
    free(s->alias);
    free(s->log_probability);
    free(s);
}

static int draw_production(const struct sampler *s, int symbol, struct rng *r) {
    int first = s->grammar->first[symbol], count = s->grammar->count[symbol];
    if (count == 1)
        return first;
    int slot = first + (int)rng_below(r, (uint32_t)count);
    if (s->uniform[symbol])
        return slot;
    return rng_u32(r) < s->threshold[slot] ? slot : s->alias[slot];
}

/* Returns the node of `symbol`, or -1 beyond the bounds. */
static int expand(const struct sampler *s, int symbol, int depth, struct rng *r,
                  struct derivation *d) {
    if (depth > DERIVATION_MAX_DEPTH || d->n_nodes >= DERIVATION_MAX_NODES ||
        d->n_children > 64 * (size_t)DERIVATION_MAX_NODES)
        return -1;
    int production = draw_production(s, symbol, r);
    const struct production *p = &s->grammar->productions[production];
    d->nodes = mem_grow(d->nodes, &d->cap_nodes, d->n_nodes + 1, sizeof *d->nodes);
    d->children = mem_grow(d->children, &d->cap_children, d->n_children + (size_t)p->n_source,
                           sizeof *d->children);
    int node = (int)d->n_nodes++, children = (int)d->n_children;
    d->nodes[node] = (struct derivation_node){production, children};
    d->n_children += (size_t)p->n_source;
    d->tags |= p->tags;
    d->log_probability += s->log_probability[production];
    for (int i = 0; i < p->n_source; i++) {
        int child = -1;
        if (!grammar_is_word(s->grammar, p->source[i])) {
            child = expand(s, p->source[i], depth + 1, r, d);
            if (child < 0)
                return -1;
        }
        d->children[children + i] = child;
    }
    return node;
}

int derivation_sample(const struct sampler *s, struct rng *r, struct derivation *d,
                      struct err *err) {
    d->n_nodes = d->n_children = 0;
    d->tags = 0;
    d->log_probability = 0;
    if (expand(s, s->grammar->start, 0, r, d) < 0)
        return err_set(err, STATUS_DATA,
                       "%s: a tree grew past %d nodes or %d levels; give the recursive productions "
                       "less weight",
                       s->grammar->path, DERIVATION_MAX_NODES, DERIVATION_MAX_DEPTH);
    return 0;
}

static void put_word(const struct grammar *g, int symbol, struct buf *out, size_t begin) {
    if (out->len > begin)
        buf_putc(out, ' ');
    buf_puts(out, g->symbols.words[symbol]);
}

static void put_side(const struct grammar *g, const struct derivation *d, int node, bool target,
                     struct buf *out, size_t begin) {
    const struct production *p = &g->productions[d->nodes[node].production];
    const int *children = d->children + d->nodes[node].children;
    if (target) {
        for (int i = 0; i < p->n_target; i++) {
            const struct target_item *t = &p->target[i];
            if (t->child < 0)
                put_word(g, t->word, out, begin);
            else
                put_side(g, d, children[t->child], !t->copy, out, begin);
        }
        return;
    }
    for (int i = 0; i < p->n_source; i++) {
        if (children[i] < 0)
            put_word(g, p->source[i], out, begin);
        else
            put_side(g, d, children[i], false, out, begin);
    }
}

void derivation_put_source(const struct grammar *g, const struct derivation *d, struct buf *out) {
    put_side(g, d, 0, false, out, out->len);
}

void derivation_put_target(const struct grammar *g, const struct derivation *d, struct buf *out) {
    put_side(g, d, 0, true, out, out->len);
}

static void put_subtree(const struct grammar *g, const struct derivation *d, int node,
                        struct buf *out) {
    const struct production *p = &g->productions[d->nodes[node].production];
    const int *children = d->children + d->nodes[node].children;
    buf_putc(out, '(');
    buf_puts(out, g->symbols.words[p->left]);
    for (int i = 0; i < p->n_source; i++) {
        buf_putc(out, ' ');
        if (children[i] < 0)
            buf_puts(out, g->symbols.words[p->source[i]]);
        else
            put_subtree(g, d, children[i], out);
    }
    buf_putc(out, ')');
}

void derivation_put_tree(const struct grammar *g, const struct derivation *d, struct buf *out) {
    put_subtree(g, d, 0, out);
}

void derivation_free(struct derivation *d) {
    free(d->nodes);
    free(d->children);
    *d = (struct derivation){0};
}
