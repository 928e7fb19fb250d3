#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grammar_private.h"
#include "lib/hash.h"

void grammar_normalise(struct grammar *g) {
    for (size_t s = 0; s < g->symbols.n; s++) {
        double sum = 0;
        struct production *p = g->productions + (g->count[s] ? g->first[s] : 0);
        for (int i = 0; i < g->count[s]; i++)
            sum += p[i].weight;
        for (int i = 0; i < g->count[s]; i++) {
            p[i].probability = p[i].weight / sum;
            p[i].log_probability = log(p[i].probability);
        }
    }
}

static void find_preterminals(struct grammar *g) {
    for (size_t s = 0; s < g->symbols.n; s++)
        g->preterminal[s] = g->count[s] > 0;
    struct buf text = {0};
    for (int i = 0; i < g->n_productions; i++) {
        struct production *p = &g->productions[i];
        p->lexical = true;
        for (int j = 0; j < p->n_source; j++)
            p->lexical &= grammar_is_word(g, p->source[j]);
        g->preterminal[p->left] &= p->lexical;
        buf_clear(&text);
        buf_puts(&text, grammar_name(g, p->left));
        for (int j = 0; j < p->n_source; j++)
            buf_printf(&text, " %s", grammar_name(g, p->source[j]));
        p->signature = hash_bytes(text.data, text.len);
    }
    buf_free(&text);
}

static struct spaced_text keep_text(struct grammar *g, const struct buf *b) {
    enum { SLACK = 16 };
    char *text = arena_alloc(&g->private->arena, b->len + SLACK, 1);
    if (b->len)
        memcpy(text, b->data, b->len);
    return (struct spaced_text){text, (unsigned)b->len};
}

void grammar_prepare_texts(struct grammar *g) {
    struct buf text = {0};
    g->spaced = mem_alloc(g->symbols.n, sizeof *g->spaced);
    for (size_t s = 0; s < g->symbols.n; s++) {
        buf_clear(&text);
        buf_printf(&text, "%s ", grammar_name(g, (int)s));
        g->spaced[s] = keep_text(g, &text);
    }
    for (int i = 0; i < g->n_productions; i++) {
        struct production *p = &g->productions[i];
        if (!p->lexical)
            continue;
        buf_clear(&text);
        for (int j = 0; j < p->n_source; j++)
            buf_printf(&text, "%s ", grammar_name(g, p->source[j]));
        p->source_text = keep_text(g, &text);
        buf_clear(&text);
        for (int j = 0; j < p->n_target; j++)
            buf_printf(&text, "%s ", grammar_name(g, p->target[j].word));
        p->target_text = keep_text(g, &text);
    }
    buf_free(&text);
}

/* Tarjan's search for strongly connected components (1972, doi:10.1137/0201010), with a stack of
 * its own. Marks the first symbol of each component that derives itself. */
struct visit {
    int symbol, production, place;
};

struct search {
    struct grammar *g;
    int *number, *low; /* [symbol]; number 0: not met */
    bool *open;
    int *component; /* the open symbols */
    size_t n_component;
    struct visit *path;
    size_t depth;
    int met;
};

static void enter(struct search *t, int symbol) {
    t->number[symbol] = t->low[symbol] = ++t->met;
    t->open[symbol] = true;
    t->component[t->n_component++] = symbol;
    t->path[t->depth++] = (struct visit){.symbol = symbol};
}

static bool derives_itself(const struct grammar *g, int symbol) {
    for (int i = 0; i < g->count[symbol]; i++) {
        const struct production *p = &g->productions[g->first[symbol] + i];
        for (int j = 0; j < p->n_source; j++)
            if (p->source[j] == symbol)
                return true;
    }
    return false;
}

static void leave(struct search *t) {
    int symbol = t->path[--t->depth].symbol;
    if (t->depth) {
        int *low = &t->low[t->path[t->depth - 1].symbol];
        *low = t->low[symbol] < *low ? t->low[symbol] : *low;
    }
    if (t->low[symbol] != t->number[symbol])
        return;
    int first = symbol, size = 0, member;
    do {
        member = t->component[--t->n_component];
        t->open[member] = false;
        first = member < first ? member : first;
        size++;
    } while (member != symbol);
    if (size > 1 || derives_itself(t->g, symbol))
        t->g->level[first] = true;
}

static void search_from(struct search *t, int symbol) {
    const struct grammar *g = t->g;
    enter(t, symbol);
    while (t->depth) {
        struct visit *v = &t->path[t->depth - 1];
        if (v->production == g->count[v->symbol]) {
            leave(t);
            continue;
        }
        const struct production *p = &g->productions[g->first[v->symbol] + v->production];
        if (v->place == p->n_source) {
            v->production++;
            v->place = 0;
            continue;
        }
        int child = p->source[v->place++];
        if (grammar_is_word(g, child))
            continue;
        if (!t->number[child])
            enter(t, child);
        else if (t->open[child] && t->number[child] < t->low[v->symbol])
            t->low[v->symbol] = t->number[child];
    }
}

static void find_recursion(struct grammar *g) {
    size_t n = g->symbols.n;
    struct search t = {.g = g};
    t.number = mem_alloc(n, sizeof *t.number);
    t.low = mem_alloc(n, sizeof *t.low);
    t.open = mem_alloc(n, sizeof *t.open);
    t.component = mem_alloc(n, sizeof *t.component);
    t.path = mem_alloc(n, sizeof *t.path);
    for (size_t s = 0; s < n; s++)
        if (g->count[s] && !t.number[s])
            search_from(&t, (int)s);
    free(t.number);
    free(t.low);
    free(t.open);
    free(t.component);
    free(t.path);
}

int grammar_find_shape(struct grammar *g, struct err *err) {
    const struct vocab *levels = &g->private->levels;
    g->preterminal = mem_alloc(g->symbols.n, sizeof *g->preterminal);
    g->level = mem_alloc(g->symbols.n, sizeof *g->level);
    find_preterminals(g);
    for (size_t i = 0; i < levels->n; i++) {
        const char *name = levels->words[i];
        int symbol = vocab_find(&g->symbols, name, strlen(name));
        if (symbol < 0 || !g->count[symbol])
            return grammar_bad(g, g->private->levels_line, err,
                               "%%depth: no nonterminal is called '%s'", name);
        g->level[symbol] = true;
    }
    if (levels->n == 0)
        find_recursion(g);
    return 0;
}
