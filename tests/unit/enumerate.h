/* Every tree of a small grammar, found by recursion on the productions alone: what samplers, counts
 * and identifiers are held against. */
#ifndef ESPALIER_ENUMERATE_H
#define ESPALIER_ENUMERATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/derivation.h"
#include "lib/mem.h"

/* A tree is the list of its productions in preorder. */
struct known_tree {
    int *productions;
    size_t n;
    double probability; /* in the grammar */
    int words, depth;
};

struct known_trees {
    struct known_tree *all;
    size_t n, cap;
};

static inline void known_add(struct known_trees *to, const struct known_tree *a,
                             const struct known_tree *b, int words, int depth) {
    to->all = mem_grow(to->all, &to->cap, to->n + 1, sizeof *to->all);
    struct known_tree *t = &to->all[to->n++];
    size_t more = b ? b->n : 0;
    *t = *a;
    t->productions = mem_alloc(a->n + more, sizeof *t->productions);
    memcpy(t->productions, a->productions, a->n * sizeof *t->productions);
    if (b)
        memcpy(t->productions + a->n, b->productions, b->n * sizeof *t->productions);
    t->n = a->n + more;
    t->probability *= b ? b->probability : 1;
    t->words += words + (b ? b->words : 0);
    t->depth = depth;
}

static inline void known_free(struct known_trees *k) {
    for (size_t i = 0; i < k->n; i++)
        free(k->all[i].productions);
    free(k->all);
    *k = (struct known_trees){0};
}

/* Add the trees of `symbol` with at most `levels` levels, which must be finitely many. False, and
 * the list is not complete, when there are more than `most`. */
static inline bool enumerate(const struct grammar *g, int symbol, int levels, size_t most,
                             struct known_trees *out) {
    int own = g->level[symbol];
    if (own > levels)
        return true;
    bool good = true;
    for (int i = 0; i < g->count[symbol] && good; i++) {
        int number = g->first[symbol] + i;
        const struct production *p = &g->productions[number];
        if (!(p->probability > 0))
            continue;
        struct known_trees made = {0};
        known_add(&made, &(struct known_tree){&number, 1, p->probability, 0, 0}, NULL, 0, 0);
        for (int j = 0; j < p->n_source && good; j++) {
            struct known_trees next = {0}, children = {0};
            bool word = grammar_is_word(g, p->source[j]);
            if (!word)
                good = enumerate(g, p->source[j], levels - own, most, &children);
            for (size_t a = 0; a < made.n; a++) {
                if (word)
                    known_add(&next, &made.all[a], NULL, 1, made.all[a].depth);
                for (size_t b = 0; b < children.n && next.n <= most; b++)
                    known_add(&next, &made.all[a], &children.all[b], 0,
                              children.all[b].depth > made.all[a].depth ? children.all[b].depth
                                                                        : made.all[a].depth);
            }
            known_free(&made);
            known_free(&children);
            made = next;
            good &= made.n <= most;
        }
        for (size_t a = 0; a < made.n; a++)
            known_add(out, &made.all[a], NULL, 0, made.all[a].depth + own);
        known_free(&made);
        good &= out->n <= most;
    }
    return good;
}

/* The productions as text, those of preterminals left out on request. */
static inline void known_key(const struct grammar *g, const struct known_tree *t, bool words,
                             struct buf *key) {
    buf_clear(key);
    buf_puts(key, "t");
    for (size_t i = 0; i < t->n; i++)
        if (words || !g->preterminal[g->productions[t->productions[i]].left])
            buf_printf(key, " %d", t->productions[i]);
}

static inline void derivation_key(const struct grammar *g, const struct derivation *d, bool words,
                                  struct buf *key) {
    buf_clear(key);
    buf_puts(key, "t");
    for (size_t i = 0; i < d->n_nodes; i++)
        if (words || !g->preterminal[g->productions[d->nodes[i].production].left])
            buf_printf(key, " %d", d->nodes[i].production);
}

static inline int known_build(const struct grammar *g, const struct known_tree *t, size_t *at,
                              struct derivation *d) {
    const struct production *p = &g->productions[t->productions[*at]];
    int node = derivation_add(g, d, t->productions[(*at)++]);
    for (int j = 0; j < p->n_source && !p->lexical; j++) {
        int child = grammar_is_word(g, p->source[j]) ? -1 : known_build(g, t, at, d);
        d->children[d->nodes[node].children + j] = child;
    }
    return node;
}

/* Make *d the tree. */
static inline void known_derivation(const struct grammar *g, const struct known_tree *t,
                                    struct derivation *d) {
    size_t at = 0;
    d->n_nodes = d->n_children = 0;
    known_build(g, t, &at, d);
    assert_int_equal(at, t->n);
    derivation_sum_up(g, d);
}

#endif
