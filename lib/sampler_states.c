#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/components.h"
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
    struct vocab known;
    struct pending *pending;
    size_t cap_pending;
};

/* The number of a state; -1 when it can hold no tree. */
static int state_of(struct builder *b, int symbol, struct bounds bounds) {
    const struct grammar *g = b->s->grammar;
    if (!g->embeds[symbol]) {
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
    struct state t = {.symbol = from.symbol,
                      .first = (int)s->n_alternatives,
                      .whole = from.bounds.least == 0 && from.bounds.most < 0};
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

/* Drop the alternatives with a child that has no tree, such as a state that owes more depth than
 * its symbol can reach. Children mostly have higher numbers, so a pass from the end finds most. */
static void drop_treeless(struct sampler *s) {
    bool *has_tree = mem_alloc(s->n_states, sizeof *has_tree);
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t k = s->n_states; k-- > 0;)
            for (int i = 0; i < s->states[k].n && !has_tree[k]; i++) {
                const struct alternative *a = &s->alternatives[s->states[k].first + i];
                bool all = true;
                for (int j = 0; j < s->grammar->productions[a->production].n_source; j++)
                    all &= s->children[a->children + j] < 0 ||
                           has_tree[s->children[a->children + j]];
                grown |= has_tree[k] = all;
            }
    }
    for (size_t i = 0; i < s->n_alternatives; i++) {
        struct alternative *a = &s->alternatives[i];
        for (int j = 0; j < s->grammar->productions[a->production].n_source; j++)
            if (s->children[a->children + j] >= 0 && !has_tree[s->children[a->children + j]])
                a->probability = 0;
    }
    free(has_tree);
    sampler_drop_impossible(s);
}

static void make_graph(const struct sampler *s, struct graph *children) {
    size_t edges = 0;
    for (size_t i = 0; i < s->n_alternatives; i++)
        edges += (size_t)s->grammar->productions[s->alternatives[i].production].n_source;
    children->n = s->n_states;
    children->first = mem_alloc(s->n_states + 1, sizeof *children->first);
    children->to = mem_alloc(edges, sizeof *children->to);
    edges = 0;
    for (size_t k = 0; k < s->n_states; k++) {
        for (int i = 0; i < s->states[k].n; i++) {
            const struct alternative *a = &s->alternatives[s->states[k].first + i];
            for (int j = 0; j < s->grammar->productions[a->production].n_source; j++)
                if (s->children[a->children + j] >= 0)
                    children->to[edges++] = s->children[a->children + j];
        }
        children->first[k + 1] = edges;
    }
}

bool sampler_has_cycle(const struct sampler *s, size_t k) {
    const struct state *t = &s->states[k];
    bool found = t->end > (int)k + 1;
    for (int i = 0; i < t->n && !found; i++) {
        const struct alternative *a = &s->alternatives[t->first + i];
        for (int j = 0; j < s->grammar->productions[a->production].n_source; j++)
            found |= s->children[a->children + j] == (int)k;
    }
    return found;
}

/* Renumber the states that can be met: components children first. */
static void sort_states(struct sampler *s) {
    struct graph children;
    make_graph(s, &children);
    int *order = mem_alloc(s->n_states, sizeof *order);
    int *component = mem_alloc(s->n_states, sizeof *component);
    int *number = mem_alloc(s->n_states, sizeof *number);
    size_t n = components_find(&children, s->start, order, component);
    struct state *sorted = mem_alloc(n, sizeof *sorted);
    int end = (int)n;
    for (size_t i = n; i-- > 0;) {
        if (i + 1 < n && component[order[i]] != component[order[i + 1]])
            end = (int)i + 1;
        sorted[i] = s->states[order[i]];
        sorted[i].end = end;
        number[order[i]] = (int)i;
    }
    /* Children of states that are never met keep wrong numbers, and nobody looks at them. */
    for (size_t i = 0; i < s->n_children; i++)
        if (s->children[i] >= 0)
            s->children[i] = number[s->children[i]];
    free(s->states);
    s->states = sorted;
    s->n_states = s->cap_states = n;
    s->start = (int)n - 1;
    for (size_t k = 0; k < n; k = (size_t)s->states[k].end)
        s->recursive |= sampler_has_cycle(s, k);
    free(order);
    free(component);
    free(number);
    free(children.first);
    free(children.to);
}

/* The probability of an alternative's trees, from those of its children but the one at `without`
 * (-1: of all). */
static double product(const struct sampler *s, const struct alternative *a, const double *inside,
                      int without) {
    const struct production *p = &s->grammar->productions[a->production];
    double result = p->probability;
    for (int j = 0; j < p->n_source; j++)
        if (j != without && s->children[a->children + j] >= 0)
            result *= inside[s->children[a->children + j]];
    return result;
}

static double inside_of(const struct sampler *s, size_t k, const double *inside) {
    double sum = 0;
    for (int i = 0; i < s->states[k].n; i++)
        sum += product(s, &s->alternatives[s->states[k].first + i], inside, -1);
    return sum;
}

/* One step of Newton's method for x = F(x) over states k .. end-1: (I - F'(x)) change = F(x) - x.
 * Returns the greatest relative change. */
static double newton_step(const struct sampler *s, size_t k, size_t end, double *m,
                          double *inside) {
    size_t n = end - k, width = n + 1;
    memset(m, 0, n * width * sizeof *m);
    for (size_t row = 0; row < n; row++) {
        const struct state *t = &s->states[k + row];
        m[row * width + row] = 1;
        m[row * width + n] = inside_of(s, k + row, inside) - inside[k + row];
        for (int i = 0; i < t->n; i++) {
            const struct alternative *a = &s->alternatives[t->first + i];
            for (int j = 0; j < s->grammar->productions[a->production].n_source; j++) {
                int child = s->children[a->children + j];
                if (child >= (int)k && child < (int)end)
                    m[row * width + ((size_t)child - k)] -= product(s, a, inside, j);
            }
        }
    }
    sampler_solve(m, n, 1);
    double greatest = 0;
    for (size_t row = 0; row < n; row++) {
        double change = m[row * width + n];
        inside[k + row] += change;
        greatest = fmax(greatest, fabs(change) / fmax(inside[k + row], DBL_MIN));
    }
    return greatest;
}

static double iterate(const struct sampler *s, size_t k, size_t end, double *inside) {
    double greatest = 0;
    for (; k < end; k++) {
        double sum = inside_of(s, k, inside);
        greatest = fmax(greatest, fabs(sum - inside[k]) / fmax(sum, DBL_MIN));
        inside[k] = sum;
    }
    return greatest;
}

/* The probability that each state's symbol derives a tree within its bounds: the least solution of
 * polynomial equations, component by component. From zero Newton's method climbs to it (Etessami &
 * Yannakakis 2009, doi:10.1145/1462153.1462154), to full relative precision. */
static void find_inside(const struct sampler *s, double *inside) {
    for (size_t k = 0, end; k < s->n_states; k = end) {
        end = (size_t)s->states[k].end;
        size_t n = end - k;
        if (s->states[k].whole) {
            for (size_t i = k; i < end; i++)
                inside[i] = 1;
        } else if (!sampler_has_cycle(s, k)) {
            inside[k] = inside_of(s, k, inside);
        } else if (n > SAMPLER_MOST_SOLVED) {
            for (int round = 0; round < 100000 && iterate(s, k, end, inside) > 1e-15;)
                round++;
        } else {
            double *m = mem_alloc(n * (n + 1), sizeof *m);
            for (int round = 0; round < 200 && newton_step(s, k, end, m, inside) > 1e-15;)
                round++;
            free(m);
        }
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
    struct builder b = {.s = s};
    s->start = state_of(&b, g->start, bounds);
    for (size_t k = 0; k < b.known.n; k++)
        add_state(&b, b.pending[k]);
    free(b.pending);
    vocab_free(&b.known);
    if (s->start >= 0)
        drop_treeless(s);
    if (s->start < 0 || s->states[s->start].n == 0) {
        sampler_free(s);
        return NULL;
    }
    sort_states(s);
    return s;
}

struct sampler *sampler_new(const struct grammar *g) {
    struct sampler *s = build(g, (struct bounds){0, -1});
    sampler_make_tables(s);
    find_preterminal_states(s);
    return s;
}

/* Below it what a state's trees have in common could be lost to underflow. */
#define LEAST_MASS 1e-290

struct sampler *sampler_new_bounded(const struct grammar *g, int least, int most, struct err *err) {
    struct buf depth = {0};
    buf_printf(&depth, "%d", least);
    if (most != least)
        buf_printf(&depth, most < 0 ? " or more" : " to %d", most);
    struct sampler *s = build(g, (struct bounds){least, most});
    if (s)
        condition(s);
    if (!s) {
        err_set(err, STATUS_DATA, "%s: no sentence has depth %s", g->path, depth.data);
    } else if (!(s->mass >= LEAST_MASS)) {
        err_set(err, STATUS_DATA, "%s: sentences of depth %s have a probability below %g", g->path,
                depth.data, LEAST_MASS);
        sampler_free(s);
        s = NULL;
    }
    buf_free(&depth);
    if (!s)
        return NULL;
    sampler_make_tables(s);
    find_preterminal_states(s);
    return s;
}
