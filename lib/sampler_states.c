#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sampler_private.h"

/* A state is a symbol with the depth its tree must have: least .. most, most < 0 for no bound. A
 * child of a symbol that counts as a level has one level less to give. Where a tree owes depth, the
 * alternatives of a production are told apart by the first child that reaches it: children before
 * it stay below, children after it are free. So every tree has one derivation of states. */
struct bounds {
    int least, most;
};

struct pending {
    int symbol;
    struct bounds bounds;
};

/* While states are made they have numbers in the order in which they were met. */
struct builder {
    struct sampler *s;
    bool *embeds; /* [symbol]: a level can be met in its trees */
    struct vocab known;
    struct pending *pending;
    size_t cap_pending;
};

static void find_embedding(struct builder *b) {
    const struct grammar *g = b->s->grammar;
    for (bool grown = true; grown;) {
        grown = false;
        for (int i = 0; i < g->n_productions; i++) {
            const struct production *p = &g->productions[i];
            bool embeds = g->level[p->left];
            for (int j = 0; j < p->n_source; j++)
                embeds |= b->embeds[p->source[j]];
            if (embeds && !b->embeds[p->left])
                grown = b->embeds[p->left] = true;
        }
    }
}

/* The number of a state; -1 when it can hold no tree. */
static int state_of(struct builder *b, int symbol, struct bounds bounds) {
    const struct grammar *g = b->s->grammar;
    if (!b->embeds[symbol]) {
        if (bounds.least > 0)
            return -1;
        bounds.most = -1;
    }
    if (bounds.most >= 0 && (bounds.least > bounds.most || g->level[symbol] > bounds.most))
        return -1;
    char key[64];
    int len = snprintf(key, sizeof key, "%d %d %d", symbol, bounds.least, bounds.most);
    size_t before = b->known.n;
    int32_t state = vocab_add(&b->known, key, (size_t)len);
    if (b->known.n > before) {
        b->pending = mem_grow(b->pending, &b->cap_pending, b->known.n, sizeof *b->pending);
        b->pending[state] = (struct pending){symbol, bounds};
    }
    return state;
}

/* Add the alternative in which child `reaching` is the first that reaches the depth owed (-1: none
 * is owed); nothing if it can hold no tree. */
static void add_alternative(struct builder *b, int production, struct bounds inner, int reaching) {
    struct sampler *s = b->s;
    const struct production *p = &s->grammar->productions[production];
    size_t n = (size_t)p->n_source;
    s->children = mem_grow(s->children, &s->cap_children, s->n_children + n, sizeof *s->children);
    for (int i = 0; i < p->n_source; i++) {
        int child = -1;
        if (!grammar_is_word(s->grammar, p->source[i])) {
            struct bounds c = {0, inner.most};
            if (i < reaching)
                c.most = inner.least - 1;
            if (i == reaching)
                c.least = inner.least;
            child = state_of(b, p->source[i], c);
            if (child < 0)
                return;
        }
        s->children[s->n_children + (size_t)i] = child;
    }
    s->alternatives = mem_grow(s->alternatives, &s->cap_alternatives, s->n_alternatives + 1,
                               sizeof *s->alternatives);
    s->alternatives[s->n_alternatives++] = (struct alternative){
        .production = production, .children = (int)s->n_children, .probability = p->probability};
    s->n_children += n;
}

static void add_state(struct builder *b, struct pending from) {
    struct sampler *s = b->s;
    const struct grammar *g = s->grammar;
    int own = g->level[from.symbol];
    struct bounds inner = {from.bounds.least > own ? from.bounds.least - own : 0,
                           from.bounds.most < 0 ? -1 : from.bounds.most - own};
    struct state t = {.symbol = from.symbol, .first = (int)s->n_alternatives};
    for (int i = 0; i < g->count[from.symbol]; i++) {
        int production = g->first[from.symbol] + i;
        const struct production *p = &g->productions[production];
        if (!(p->probability > 0))
            continue;
        if (inner.least == 0)
            add_alternative(b, production, inner, -1);
        for (int j = 0; j < p->n_source && inner.least > 0; j++)
            if (!grammar_is_word(g, p->source[j]))
                add_alternative(b, production, inner, j);
    }
    t.n = (int)s->n_alternatives - t.first;
    s->states = mem_grow(s->states, &s->cap_states, s->n_states + 1, sizeof *s->states);
    s->states[s->n_states++] = t;
}

struct visit {
    int state, alternative, place;
};

/* Renumber the states so that children come first (depth first), and learn whether a state can be
 * met inside itself. */
static void put_children_first(struct sampler *s) {
    size_t n = s->n_states, depth = 0, done = 0;
    struct visit *path = mem_alloc(n, sizeof *path);
    int *number = mem_alloc(n, sizeof *number), *order = mem_alloc(n, sizeof *order);
    enum { NEW = 0, OPEN = -1 }; /* else its new number + 1 */
    path[depth++] = (struct visit){.state = s->start};
    number[s->start] = OPEN;
    while (depth) {
        struct visit *v = &path[depth - 1];
        const struct state *t = &s->states[v->state];
        if (v->alternative == t->n) {
            order[done++] = v->state;
            number[v->state] = (int)done;
            depth--;
            continue;
        }
        const struct alternative *a = &s->alternatives[t->first + v->alternative];
        if (v->place == s->grammar->productions[a->production].n_source) {
            v->alternative++;
            v->place = 0;
            continue;
        }
        int child = s->children[a->children + v->place++];
        if (child < 0)
            continue;
        s->recursive |= number[child] == OPEN;
        if (number[child] == NEW) {
            number[child] = OPEN;
            path[depth++] = (struct visit){.state = child};
        }
    }
    struct state *sorted = mem_alloc(done, sizeof *sorted);
    for (size_t i = 0; i < done; i++)
        sorted[i] = s->states[order[i]];
    for (size_t i = 0; i < s->n_children; i++)
        if (s->children[i] >= 0)
            s->children[i] = number[s->children[i]] - 1;
    free(s->states);
    s->states = sorted;
    s->n_states = s->cap_states = done;
    s->start = (int)done - 1;
    free(path);
    free(number);
    free(order);
}

/* The probability that each state's symbol derives a tree within its bounds: the least solution, by
 * iteration from zero; without recursion one round is all. */
static void find_inside(const struct sampler *s, double *inside) {
    double change = 1;
    for (int round = 0; round < 100000 && change > 1e-15; round++) {
        change = 0;
        for (size_t k = 0; k < s->n_states; k++) {
            const struct state *t = &s->states[k];
            double sum = 0;
            for (int i = 0; i < t->n; i++) {
                const struct alternative *a = &s->alternatives[t->first + i];
                const struct production *p = &s->grammar->productions[a->production];
                double product = p->probability;
                for (int j = 0; j < p->n_source; j++)
                    if (s->children[a->children + j] >= 0)
                        product *= inside[s->children[a->children + j]];
                sum += product;
            }
            change = fmax(change, fabs(sum - inside[k]));
            inside[k] = sum;
        }
        if (!s->recursive)
            break;
    }
}

/* Make the probabilities of the alternatives conditional on the bounds. */
static void condition(struct sampler *s) {
    double *inside = mem_alloc(s->n_states, sizeof *inside);
    find_inside(s, inside);
    for (size_t k = 0; k < s->n_states; k++)
        for (int i = 0; i < s->states[k].n; i++) {
            struct alternative *a = &s->alternatives[s->states[k].first + i];
            const struct production *p = &s->grammar->productions[a->production];
            for (int j = 0; j < p->n_source; j++)
                if (s->children[a->children + j] >= 0)
                    a->probability *= inside[s->children[a->children + j]];
            if (inside[k] > 0)
                a->probability /= inside[k];
        }
    s->mass = inside[s->start];
    free(inside);
}

static void find_preterminal_states(struct sampler *s) {
    s->of_symbol = mem_alloc(s->grammar->symbols.n, sizeof *s->of_symbol);
    for (size_t k = 0; k < s->n_states; k++)
        s->of_symbol[s->states[k].symbol] = (int)k;
}

/* NULL: the start state can hold no tree. */
static struct sampler *build(const struct grammar *g, struct bounds bounds) {
    struct sampler *s = mem_alloc(1, sizeof *s);
    s->grammar = g;
    s->mass = 1;
    struct builder b = {.s = s, .embeds = mem_alloc(g->symbols.n, sizeof *b.embeds)};
    if (bounds.least > 0 || bounds.most >= 0)
        find_embedding(&b);
    s->start = state_of(&b, g->start, bounds);
    for (size_t k = 0; k < b.known.n; k++)
        add_state(&b, b.pending[k]);
    free(b.embeds);
    free(b.pending);
    vocab_free(&b.known);
    if (s->start < 0) {
        sampler_free(s);
        return NULL;
    }
    put_children_first(s);
    return s;
}

struct sampler *sampler_new(const struct grammar *g) {
    struct sampler *s = build(g, (struct bounds){0, -1});
    sampler_make_tables(s);
    find_preterminal_states(s);
    return s;
}

struct sampler *sampler_new_bounded(const struct grammar *g, int least, int most, struct err *err) {
    struct sampler *s = build(g, (struct bounds){least, most});
    if (s)
        condition(s);
    if (!s || !(s->mass > 0)) {
        sampler_free(s);
        if (most < 0)
            err_set(err, STATUS_DATA, "%s: no sentence has depth %d or more", g->path, least);
        else
            err_set(err, STATUS_DATA, "%s: no sentence has depth %d to %d", g->path, least, most);
        return NULL;
    }
    sampler_make_tables(s);
    find_preterminal_states(s);
    return s;
}
