#include "gen/holdout.h"

#include <stdlib.h>
#include <string.h>

static bool derives(const struct grammar *g, const struct production *p, const char *word) {
    for (int i = 0; i < p->n_source; i++) {
        const char *own = g->symbols.words[p->source[i]];
        size_t len = strlen(own);
        if (strncmp(word, own, len) != 0)
            return false;
        word += len;
        if (i + 1 < p->n_source && *word++ != '_') /* words of a phrase are joined by _ */
            return false;
    }
    return !*word;
}

/* SYMBOL=word: set the literal's bit at the productions that make it true. */
static int read_literal(struct holdout *h, const char *text, const struct grammar *g,
                        struct err *err) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return err_set(err, STATUS_USAGE, "--hold-out: '%s' is not SYMBOL=word", text);
    if (h->n_literals == 64)
        return err_set(err, STATUS_USAGE, "--hold-out: more than 64 words");
    char *name = mem_strndup(text, (size_t)(equals - text));
    int symbol = vocab_find(&g->symbols, name, strlen(name)), result = 0;
    size_t n = 0, found = 0;
    if (symbol < 0 || grammar_is_word(g, symbol)) {
        const char *near = grammar_nearest(g, name);
        result = err_set(err, STATUS_USAGE, "--hold-out: %s has no nonterminal '%s'%s%s%s", g->path,
                         name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    } else {
        int *list = grammar_endings(g, symbol, &n);
        for (size_t i = 0; i < n; i++)
            if (g->productions[list[i]].lexical &&
                derives(g, &g->productions[list[i]], equals + 1)) {
                h->of_production[list[i]] |= (uint64_t)1 << h->n_literals;
                found++;
            }
        free(list);
        if (!found)
            result = err_set(err, STATUS_USAGE, "--hold-out: %s does not derive the word '%s'",
                             name, equals + 1);
    }
    free(name);
    h->combinations[h->n] |= (uint64_t)1 << h->n_literals++;
    return result;
}

int holdout_read(struct holdout *h, const char *text, const struct grammar *g, struct err *err) {
    *h = (struct holdout){0};
    if (!text)
        return 0;
    h->of_production = mem_alloc((size_t)g->n_productions, sizeof *h->of_production);
    char stop = ',';
    for (const char *at = text; stop; at++) {
        size_t len = strcspn(at, ",&");
        char *literal = mem_strndup(at, len);
        int result = read_literal(h, literal, g, err);
        free(literal);
        if (result != 0)
            return -1;
        at += len;
        stop = *at;
        h->n += stop != '&';
    }
    return 0;
}

bool holdout_holds(const struct holdout *h, const struct derivation *d) {
    uint64_t literals = 0;
    if (h->of_production)
        for (size_t i = 0; i < d->n_nodes; i++)
            literals |= h->of_production[d->nodes[i].production];
    for (size_t i = 0; i < h->n; i++)
        if ((h->combinations[i] & ~literals) == 0)
            return true;
    return false;
}

void holdout_free(struct holdout *h) {
    free(h->of_production);
}
