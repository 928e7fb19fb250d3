#include "lib/recognise.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* A node of the trie of right sides: a production with the dot behind the symbols on the way here.
 * The root, state 0, is before all of them. */
struct state {
    int first_edge, n_edges; /* by symbol, ascending */
    int first_end, n_ends;   /* productions whose right side ends here */
};

struct edge {
    int from, symbol, to;
};

/* The words from `start` to the position at hand are the symbols on the way to `state`. */
struct active {
    int state, start;
    int below; /* the next to do of the same start, -1 at the last */
};

/* An active item that ends at some position, as a symbol that takes it further sees it. */
struct waiting {
    int symbol, state, start; /* the state is the one behind the symbol */
};

struct position {
    struct waiting *waiting; /* by symbol, ascending */
    size_t n, cap;
};

/* Room for the bits that tell which active items exist: 256 MiB. */
static const size_t MAX_BITS = (size_t)1 << 31;

struct recogniser {
    const struct grammar *grammar;
    struct state *states;
    struct edge *edges;
    const struct production **ends;
    int n_states;
    int *first_state; /* [symbol]: where the root's edge leads, -1 if there is none */

    /* the sentence at hand */
    int *words;
    size_t n_words, cap_words;
    struct position *positions; /* [0 .. n_words]: position p is before word p */
    size_t cap_positions, n_entries;

    /* what ends at the position at hand */
    struct active *actives;
    size_t n_actives, cap_actives;
    int *to_do; /* [start]: index of an active item, -1 if there is none */
    size_t cap_to_do;
    uint64_t *exists; /* bit state * n_words + start */
    size_t cap_exists;
    uint64_t *found, span; /* [symbol]: the last span in which it was found complete */
    bool full;             /* a bound is passed */
};

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

/* Group the edges by the state they leave; within a state they come by symbol already. */
static void group_edges(struct recogniser *r, const struct edge *edges, size_t n) {
    for (size_t i = 0; i < n; i++)
        r->states[edges[i].from].n_edges++;
    int next = 0;
    for (int s = 0; s < r->n_states; s++) {
        r->states[s].first_edge = next;
        next += r->states[s].n_edges;
        r->states[s].n_edges = 0;
    }
    r->edges = mem_alloc(n, sizeof *r->edges);
    for (size_t i = 0; i < n; i++) {
        struct state *s = &r->states[edges[i].from];
        r->edges[s->first_edge + s->n_edges++] = edges[i];
    }
}

/* Productions sorted by their right sides meet the nodes of the trie in preorder. */
static void make_trie(struct recogniser *r) {
    const struct grammar *g = r->grammar;
    size_t n = (size_t)g->n_productions, longest = 0, cap_states = 0, n_edges = 0, cap_edges = 0;
    r->ends = mem_alloc(n, sizeof *r->ends);
    for (size_t i = 0; i < n; i++) {
        r->ends[i] = &g->productions[i];
        if ((size_t)g->productions[i].n_source > longest)
            longest = (size_t)g->productions[i].n_source;
    }
    qsort(r->ends, n, sizeof *r->ends, by_right_side);
    int *path = mem_alloc(longest + 1, sizeof *path); /* states on the way of the last production */
    struct edge *edges = NULL;
    r->states = mem_grow(NULL, &cap_states, 1, sizeof *r->states);
    r->n_states = 1;
    for (size_t i = 0; i < n; i++) {
        const struct production *p = r->ends[i], *before = i ? r->ends[i - 1] : NULL;
        int common = 0;
        while (before && common < p->n_source && common < before->n_source &&
               p->source[common] == before->source[common])
            common++;
        for (int k = common; k < p->n_source; k++) {
            r->states = mem_grow(r->states, &cap_states, (size_t)r->n_states + 1,
                                 sizeof *r->states);
            edges = mem_grow(edges, &cap_edges, n_edges + 1, sizeof *edges);
            edges[n_edges++] = (struct edge){path[k], p->source[k], r->n_states};
            path[k + 1] = r->n_states++;
        }
        struct state *end = &r->states[path[p->n_source]];
        if (end->n_ends++ == 0)
            end->first_end = (int)i;
    }
    group_edges(r, edges, n_edges);
    free(edges);
    free(path);
}

struct recogniser *recogniser_new(const struct grammar *g) {
    struct recogniser *r = mem_alloc(1, sizeof *r);
    r->grammar = g;
    make_trie(r);
    r->first_state = mem_alloc(g->symbols.n, sizeof *r->first_state);
    r->found = mem_alloc(g->symbols.n, sizeof *r->found);
    for (size_t s = 0; s < g->symbols.n; s++)
        r->first_state[s] = -1;
    for (int i = 0; i < r->states[0].n_edges; i++) {
        const struct edge *e = &r->edges[r->states[0].first_edge + i];
        r->first_state[e->symbol] = e->to;
    }
    return r;
}

void recogniser_free(struct recogniser *r) {
    if (!r)
        return;
    for (size_t i = 0; i < r->cap_positions; i++)
        free(r->positions[i].waiting);
    free(r->positions);
    free(r->states);
    free(r->edges);
    free(r->ends);
    free(r->first_state);
    free(r->words);
    free(r->actives);
    free(r->to_do);
    free(r->exists);
    free(r->found);
    free(r);
}

/* 1: the words are in r->words; 0: one of them is no word of the grammar; -1: too many. */
static int read_words(struct recogniser *r, const char *sentence, size_t len, struct err *err) {
    const struct grammar *g = r->grammar;
    size_t n = 1;
    for (size_t i = 0; i < len; i++)
        n += sentence[i] == ' ';
    if (n > RECOGNISER_MAX_WORDS)
        return err_set(err, STATUS_DATA,
                       "a sentence of %zu words is too long to parse (at most %d)", n,
                       RECOGNISER_MAX_WORDS);
    if (n * (size_t)r->n_states > MAX_BITS)
        return err_set(err, STATUS_DATA,
                       "a sentence of %zu words is too long for a grammar as large as %s", n,
                       g->path);
    r->words = mem_grow(r->words, &r->cap_words, n, sizeof *r->words);
    r->n_words = n;
    const char *end = sentence + len;
    for (size_t i = 0; i < n; i++) {
        const char *space = memchr(sentence, ' ', (size_t)(end - sentence));
        const char *stop = space ? space : end;
        r->words[i] = vocab_find(&g->symbols, sentence, (size_t)(stop - sentence));
        if (r->words[i] < 0 || !grammar_is_word(g, r->words[i]))
            return 0;
        sentence = stop + 1;
    }
    return 1;
}

static void add_active(struct recogniser *r, int state, int start) {
    size_t bit = (size_t)state * r->n_words + (size_t)start;
    uint64_t mask = (uint64_t)1 << bit % 64;
    if (r->exists[bit / 64] & mask)
        return;
    if (r->n_actives == RECOGNISER_MAX_ENTRIES) {
        r->full = true;
        return;
    }
    r->exists[bit / 64] |= mask;
    r->actives = mem_grow(r->actives, &r->cap_actives, r->n_actives + 1, sizeof *r->actives);
    r->actives[r->n_actives] = (struct active){state, start, r->to_do[start]};
    r->to_do[start] = (int)r->n_actives++;
}

static size_t first_waiting(const struct position *p, int symbol) {
    size_t low = 0, high = p->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->waiting[middle].symbol < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* `symbol` derives the words from `start` to the position at hand. */
static void complete(struct recogniser *r, int symbol, int start) {
    if (r->found[symbol] == r->span)
        return;
    r->found[symbol] = r->span;
    if (r->first_state[symbol] >= 0)
        add_active(r, r->first_state[symbol], start);
    const struct position *p = &r->positions[start];
    for (size_t i = first_waiting(p, symbol); i < p->n && p->waiting[i].symbol == symbol; i++)
        add_active(r, p->waiting[i].state, p->waiting[i].start);
}

/* Everything that ends at `end`. What a span is extended to begins at or before the span's start:
 * going down, each start is finished when the next is taken. (Within one start a symbol may be
 * found before all its derivations are: who wants to add up their weights must take the symbols in
 * an order in which single-symbol productions go up.) Returns whether the start symbol derives all
 * words up to `end`. */
static bool find_spans(struct recogniser *r, int end) {
    r->n_actives = 0;
    for (int start = end - 1; start >= 0; start--) {
        r->span++;
        if (start == end - 1)
            complete(r, r->words[start], start);
        while (r->to_do[start] >= 0) {
            const struct active *a = &r->actives[r->to_do[start]];
            const struct state *s = &r->states[a->state];
            r->to_do[start] = a->below;
            for (int i = 0; i < s->n_ends; i++)
                complete(r, r->ends[s->first_end + i]->left, start);
        }
    }
    return r->found[r->grammar->start] == r->span;
}

static int by_symbol(const void *a, const void *b) {
    const struct waiting *p = a, *q = b;
    return (p->symbol > q->symbol) - (p->symbol < q->symbol);
}

/* Lay down what ended at `end` for the symbols that may begin there, and forget it. */
static int keep_waiting(struct recogniser *r, int end, struct err *err) {
    struct position *p = &r->positions[end];
    for (size_t i = 0; i < r->n_actives; i++) {
        const struct active *a = &r->actives[i];
        const struct state *s = &r->states[a->state];
        size_t bit = (size_t)a->state * r->n_words + (size_t)a->start;
        r->exists[bit / 64] &= ~((uint64_t)1 << bit % 64);
        r->n_entries += (size_t)s->n_edges;
        r->full |= r->n_entries > RECOGNISER_MAX_ENTRIES;
        if (r->full)
            continue;
        p->waiting = mem_grow(p->waiting, &p->cap, p->n + (size_t)s->n_edges, sizeof *p->waiting);
        for (int k = 0; k < s->n_edges; k++) {
            const struct edge *e = &r->edges[s->first_edge + k];
            p->waiting[p->n++] = (struct waiting){e->symbol, e->to, a->start};
        }
    }
    if (r->full)
        return err_set(err, STATUS_DATA,
                       "%s: a sentence of %zu words has more than %d partial readings",
                       r->grammar->path, r->n_words, RECOGNISER_MAX_ENTRIES);
    if (p->n)
        qsort(p->waiting, p->n, sizeof *p->waiting, by_symbol);
    return 0;
}

int recogniser_accepts(struct recogniser *r, const char *sentence, size_t len, struct err *err) {
    int known = read_words(r, sentence, len, err);
    if (known <= 0)
        return known;
    r->positions = mem_grow(r->positions, &r->cap_positions, r->n_words + 1, sizeof *r->positions);
    r->to_do = mem_grow(r->to_do, &r->cap_to_do, r->n_words, sizeof *r->to_do);
    r->exists = mem_grow(r->exists, &r->cap_exists, r->n_words * (size_t)r->n_states / 64 + 1,
                         sizeof *r->exists);
    r->n_entries = 0;
    r->full = false;
    for (size_t i = 0; i <= r->n_words; i++)
        r->positions[i].n = 0;
    for (size_t i = 0; i < r->n_words; i++)
        r->to_do[i] = -1;
    bool whole = false;
    for (int end = 1; end <= (int)r->n_words; end++) {
        whole = find_spans(r, end);
        if (keep_waiting(r, end, err) != 0)
            return -1;
    }
    return whole;
}
