#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/components.h"
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
    for (int i = 0; i < g->n_productions; i++) {
        struct production *p = &g->productions[i];
        p->lexical = true;
        for (int j = 0; j < p->n_source; j++)
            p->lexical &= grammar_is_word(g, p->source[j]);
        g->preterminal[p->left] &= p->lexical;
    }
}

/* Productions with one source side (two targets, two tags) are told apart by their order. */
static void make_signatures(struct grammar *g) {
    struct buf text = {0};
    struct vocab known = {0};
    int *times = mem_alloc((size_t)g->n_productions, sizeof *times);
    for (int i = 0; i < g->n_productions; i++) {
        struct production *p = &g->productions[i];
        buf_clear(&text);
        buf_puts(&text, grammar_name(g, p->left));
        for (int j = 0; j < p->n_source; j++)
            buf_printf(&text, " %s", grammar_name(g, p->source[j]));
        int before = times[vocab_add(&known, text.data, text.len)]++;
        if (before)
            buf_printf(&text, "\t%d", before);
        p->signature = hash_bytes(text.data, text.len);
    }
    free(times);
    vocab_free(&known);
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

/* The nonterminals that each nonterminal's productions mention. */
static void make_graph(const struct grammar *g, struct graph *mentions) {
    size_t n = g->symbols.n, edges = 0;
    for (int i = 0; i < g->n_productions; i++)
        edges += (size_t)g->productions[i].n_source;
    mentions->n = n;
    mentions->first = mem_alloc(n + 1, sizeof *mentions->first);
    mentions->to = mem_alloc(edges, sizeof *mentions->to);
    edges = 0;
    for (size_t s = 0; s < n; s++) {
        for (int i = 0; i < g->count[s]; i++) {
            const struct production *p = &g->productions[g->first[s] + i];
            for (int j = 0; j < p->n_source; j++)
                if (!grammar_is_word(g, p->source[j]))
                    mentions->to[edges++] = p->source[j];
        }
        mentions->first[s + 1] = edges;
    }
}

/* Mark the first symbol of a component of nonterminals that derive one another. */
static void mark_recursion(struct grammar *g, const struct graph *mentions, const int *members,
                           size_t n) {
    int first = members[0];
    for (size_t i = 1; i < n; i++)
        first = members[i] < first ? members[i] : first;
    if (n > 1 || components_has_loop(mentions, first))
        g->level[first] = true;
}

/* A component embeds when one of its members counts or mentions a symbol that embeds. */
static void mark_embedding(struct grammar *g, const struct graph *mentions, const int *members,
                           size_t n) {
    bool embeds = false;
    for (size_t i = 0; i < n; i++) {
        embeds |= g->level[members[i]];
        for (size_t k = mentions->first[members[i]]; k < mentions->first[members[i] + 1]; k++)
            embeds |= g->embeds[mentions->to[k]];
    }
    for (size_t i = 0; i < n; i++)
        g->embeds[members[i]] = embeds;
}

static void find_embedding(struct grammar *g, bool levels_are_given) {
    struct graph mentions;
    make_graph(g, &mentions);
    size_t n = mentions.n;
    int *order = mem_alloc(n, sizeof *order), *component = mem_alloc(n, sizeof *component);
    components_find(&mentions, -1, order, component);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && component[order[end]] == component[order[i]];)
            end++;
        if (!levels_are_given)
            mark_recursion(g, &mentions, order + i, end - i);
        mark_embedding(g, &mentions, order + i, end - i);
    }
    free(order);
    free(component);
    free(mentions.first);
    free(mentions.to);
}

int grammar_find_shape(struct grammar *g, struct err *err) {
    const struct vocab *levels = &g->private->levels;
    g->preterminal = mem_alloc(g->symbols.n, sizeof *g->preterminal);
    g->level = mem_alloc(g->symbols.n, sizeof *g->level);
    g->embeds = mem_alloc(g->symbols.n, sizeof *g->embeds);
    find_preterminals(g);
    make_signatures(g);
    for (size_t i = 0; i < levels->n; i++) {
        const char *name = levels->words[i];
        int symbol = vocab_find(&g->symbols, name, strlen(name));
        if (symbol < 0 || !g->count[symbol])
            return grammar_bad(g, g->private->level_lines[i], err,
                               "%%depth: no nonterminal is called '%s'", name);
        g->level[symbol] = true;
    }
    find_embedding(g, levels->n > 0);
    return 0;
}
