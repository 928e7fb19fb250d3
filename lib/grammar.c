#include "lib/grammar.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/hash.h"
#include "lib/opt.h"
#include "lib/pattern.h"
#include "lib/rewrite.h"
#include "lib/zio.h"

enum { MAX_TAGS = 64 };

struct tag_pattern {
    int tag;
    struct pattern *pattern;
};

struct word_class {
    bool known;
    const char **words;
    size_t n;
};

/* A directive waits until all productions are read, since it may name any class. */
struct directive {
    char *text;
    int line;
};

struct grammar_private {
    struct arena arena;
    struct rewrite **rewrites; /* [rule]; NULL for the tree rule */
    size_t cap_rewrites;
    struct tag_pattern *patterns;
    size_t n_patterns, cap_patterns;
    struct word_class *classes; /* [symbol] */
    struct vocab mentioned;     /* classes that patterns and rules name */
    struct vocab declared;      /* capitalised words (%words) */
    bool all_declared;
    struct directive *directives;
    size_t n_directives, cap_directives, cap_productions;
    char *start_name, *target_name;
};

static int bad(const struct grammar *g, int line, struct err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);
static int bad(const struct grammar *g, int line, struct err *err, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, STATUS_DATA, "%s: line %d: %s", g->path, line, text);
}

static const char *name_of(const struct grammar *g, int symbol) {
    return g->symbols.words[symbol];
}

static char *strip(char *text) {
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
    return text;
}

static int count_words(const char *text) {
    int n = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " "), n++)
        text += strcspn(text, " ");
    return n;
}

/* The place of the k-th (from 1) `symbol` on the source side, or -1. */
static int find_child(const struct production *p, int symbol, int k) {
    for (int i = 0; i < p->n_source; i++)
        if (p->source[i] == symbol && --k == 0)
            return i;
    return -1;
}

static void read_source(struct grammar *g, struct production *p, const char *text) {
    p->n_source = count_words(text);
    p->source = arena_alloc(&g->private->arena, (size_t)p->n_source, sizeof *p->source);
    for (int i = 0; i < p->n_source; i++) {
        text += strspn(text, " ");
        size_t len = strcspn(text, " ");
        p->source[i] = vocab_add(&g->symbols, text, len);
        text += len;
    }
}

/* The k of X[k]: from 1; -1 for 0 and what no int holds. */
static int read_place(const char *digits) {
    long k = strtol(digits, NULL, 10);
    return k >= 1 && k < INT_MAX ? (int)k : -1;
}

/* The raw target side: the symbols, their marks =X and X[k] taken off. Which symbols are
 * nonterminals is known only at the end of the file: link_target finishes the work. `child` holds
 * k meanwhile (0: none given; -1: an impossible one). */
static void read_target(struct grammar *g, struct production *p, const char *text) {
    p->n_target = count_words(text);
    p->target = arena_alloc(&g->private->arena, (size_t)p->n_target, sizeof *p->target);
    for (int i = 0; i < p->n_target; i++) {
        text += strspn(text, " ");
        size_t len = strcspn(text, " ");
        const char *end = text + len;
        struct target_item *t = &p->target[i];
        const char *name = text;
        size_t name_len = len;
        if (len > 1 && *name == '=') {
            t->copy = true;
            name++, name_len--;
        }
        if (name_len > 3 && name[name_len - 1] == ']') {
            const char *open = name + name_len - 1;
            while (open > name && isdigit((unsigned char)open[-1]))
                open--;
            if (open > name + 1 && open[-1] == '[' && open < name + name_len - 1) {
                t->child = read_place(open);
                name_len = (size_t)(open - 1 - name);
            }
        }
        t->word = vocab_add(&g->symbols, name, name_len);
        text = end;
    }
}

static int read_tags(struct grammar *g, struct production *p, const char *text, struct err *err) {
    for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
        size_t len = strcspn(text, " ,");
        if (*text != '@' || len < 2)
            return bad(g, p->line, err, "'%.*s' is no tag (tags are written @name)", (int)len,
                       text);
        if (strpbrk(text, "=&!|") && strpbrk(text, "=&!|") < text + len)
            return bad(g, p->line, err, "tag '%.*s' holds one of = & ! |", (int)len, text);
        int32_t tag = vocab_add(&g->tags, text + 1, len - 1);
        if (tag >= MAX_TAGS)
            return bad(g, p->line, err, "more than %d tags", MAX_TAGS);
        p->tags |= (uint64_t)1 << tag;
        text += len;
    }
    return 0;
}

static int read_production(struct grammar *g, char *text, int line, struct err *err) {
    char *parts[6] = {text};
    int n = 0;
    for (char *p = text, *tab; p; p = tab) {
        tab = strchr(p, '\t');
        if (tab)
            *tab++ = '\0';
        p = strip(p);
        if (n < 6)
            parts[n++] = p;
        else if (*p)
            return bad(g, line, err, "a field too many: '%s'", p);
    }
    while (n > 0 && !*parts[n - 1])
        n--;
    struct production p = {.weight = 1, .line = line};
    int at = 0;
    /* The weight is optional, so a first field that is a number, or looks as if it were meant as
     * one, is it. */
    char *first = parts[0];
    if (strchr("+-.0123456789", *first) || !strcasecmp(first, "nan") || !strcasecmp(first, "inf")) {
        if (opt_read_number(first, &p.weight) != 0 || !(p.weight > 0))
            return bad(g, line, err, "weight '%s' is no positive number", first);
        at = 1;
    }
    if (n - at < 2)
        return bad(g, line, err,
                   "expected [weight TAB] left TAB right [TAB target] [TAB @tags], "
                   "found %d field%s",
                   n, n == 1 ? "" : "s");
    if (strchr(parts[at], ' '))
        return bad(g, line, err,
                   "the left side '%s' is more than one symbol (fields are separated "
                   "by TABs)",
                   parts[at]);
    p.left = vocab_add(&g->symbols, parts[at], strlen(parts[at]));
    if (!*parts[at + 1])
        return bad(g, line, err, "the right side of %s is empty", parts[at]);
    read_source(g, &p, parts[at + 1]);
    at += 2;
    if (at < n && parts[at][0] != '@') {
        if (*parts[at]) {
            read_target(g, &p, parts[at]);
            g->has_target = true;
        }
        at++;
    }
    if (at < n && read_tags(g, &p, parts[at++], err) != 0)
        return -1;
    if (at < n)
        return bad(g, line, err, "a field too many: '%s'", parts[at]);
    g->productions = mem_grow(g->productions, &g->private->cap_productions,
                              (size_t)g->n_productions + 1, sizeof *g->productions);
    g->productions[g->n_productions++] = p;
    return 0;
}

/* Cut a word off the front of *text. */
static char *cut_word(char **text) {
    char *word = *text + strspn(*text, " \t");
    char *end = word + strcspn(word, " \t");
    *text = end + strspn(end, " \t");
    *end = '\0';
    return word;
}

static int read_directive(struct grammar *g, char *text, int line, struct err *err) {
    static const char *const known[] = {"start", "target", "rule", "tag", "words"};
    struct grammar_private *v = g->private;
    char *rest = strip(text) + 1;
    rest += strspn(rest, " \t");
    if (strncmp(rest, "rule", 4) == 0 || strncmp(rest, "tag", 3) == 0) {
        v->directives = mem_grow(v->directives, &v->cap_directives, v->n_directives + 1,
                                 sizeof *v->directives);
        v->directives[v->n_directives++] = (struct directive){
            arena_strndup(&v->arena, rest, strlen(rest)), line};
    }
    char *key = cut_word(&rest);
    char **slot = strcmp(key, "start") == 0    ? &v->start_name
                  : strcmp(key, "target") == 0 ? &v->target_name
                                               : NULL;
    if (slot) {
        if (!*rest || strpbrk(rest, " \t"))
            return bad(g, line, err, "%%%s takes one name", key);
        *slot = arena_strndup(&v->arena, rest, strlen(rest));
    } else if (strcmp(key, "words") == 0) {
        if (strcmp(rest, "*") == 0)
            v->all_declared = true;
        else
            for (char *word = cut_word(&rest); *word; word = cut_word(&rest))
                vocab_add(&v->declared, word, strlen(word));
    } else if (strcmp(key, "rule") != 0 && strcmp(key, "tag") != 0) {
        const char *near = msg_nearest(key, known, sizeof known / sizeof *known);
        return bad(g, line, err, "unknown directive %%%s%s%s", key, near ? "; did you mean %" : "",
                   near ? near : "");
    }
    return 0;
}

static int read_lines(struct grammar *g, struct err *err) {
    struct zio_reader *z = zio_open(g->path, err);
    if (!z)
        return -1;
    /* The hash is of the text, so that compression and line ends do not matter. */
    struct hash_stream *hash = hash_begin();
    char *line;
    size_t len;
    int got;
    while ((got = zio_getline(z, &line, &len, err)) > 0) {
        int number = (int)zio_line(z);
        hash_add(hash, line, len);
        hash_add(hash, "\n", 1);
        char *text = line + strspn(line, " \t");
        if (!*text || *text == '#')
            continue;
        got = *text == '%' ? read_directive(g, text, number, err)
                           : read_production(g, text, number, err);
        if (got < 0)
            break;
    }
    g->hash = hash_end(hash);
    zio_close(z);
    if (got == 0 && g->n_productions == 0)
        return err_set(err, STATUS_DATA, "%s: holds no production", g->path);
    return got;
}

static int by_left_then_line(const void *a, const void *b) {
    const struct production *p = a, *q = b;
    return p->left != q->left ? (p->left < q->left ? -1 : 1)
                              : (p->line > q->line) - (p->line < q->line);
}

static void group_by_left(struct grammar *g) {
    qsort(g->productions, (size_t)g->n_productions, sizeof *g->productions, by_left_then_line);
    g->first = mem_alloc(g->symbols.n, sizeof *g->first);
    g->count = mem_alloc(g->symbols.n, sizeof *g->count);
    for (size_t s = 0; s < g->symbols.n; s++)
        g->first[s] = -1;
    for (int i = 0; i < g->n_productions; i++) {
        int left = g->productions[i].left;
        if (g->count[left]++ == 0)
            g->first[left] = i;
    }
    for (size_t s = 0; s < g->symbols.n; s++) {
        double sum = 0;
        for (int i = 0; i < g->count[s]; i++)
            sum += g->productions[g->first[s] + i].weight;
        for (int i = 0; i < g->count[s]; i++)
            g->productions[g->first[s] + i].probability = g->productions[g->first[s] + i].weight /
                                                          sum;
    }
}

static const char *nearest_nonterminal(const struct grammar *g, const char *word) {
    const char **names = mem_alloc(g->symbols.n, sizeof *names);
    for (size_t s = 0; s < g->symbols.n; s++)
        if (g->count[s])
            names[s] = g->symbols.words[s];
    const char *near = msg_nearest(word, names, g->symbols.n);
    free(names);
    return near;
}

/* A capitalised symbol without a production is most likely a misspelt nonterminal. */
static int check_defined(const struct grammar *g, int symbol, int line, struct err *err) {
    const char *name = name_of(g, symbol);
    const struct grammar_private *v = g->private;
    if (g->count[symbol] || !isupper((unsigned char)*name) || v->all_declared ||
        vocab_find(&v->declared, name, strlen(name)) >= 0)
        return 0;
    const char *near = nearest_nonterminal(g, name);
    return bad(g, line, err,
               "symbol '%s' has no production%s%s%s; if it is a word, declare it: "
               "%%words %s",
               name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", name);
}

/* Link the nonterminals of a target side to the children of the source side. */
static int link_target(struct grammar *g, struct production *p, struct err *err) {
    if (!p->target) {
        p->n_target = p->n_source;
        p->target = arena_alloc(&g->private->arena, (size_t)p->n_target, sizeof *p->target);
        for (int i = 0; i < p->n_source; i++) {
            bool word = grammar_is_word(g, p->source[i]);
            p->target[i] = (struct target_item){.child = word ? -1 : i, .word = p->source[i]};
        }
        return 0;
    }
    for (int i = 0; i < p->n_target; i++) {
        struct target_item *t = &p->target[i];
        int wanted = t->child;
        const char *name = name_of(g, t->word);
        if (check_defined(g, t->word, p->line, err) != 0)
            return -1;
        if (grammar_is_word(g, t->word)) {
            if (t->copy || wanted)
                return bad(g, p->line, err,
                           "'%s' on the target side is marked as a nonterminal, "
                           "but it is a word",
                           name);
            t->child = -1;
            continue;
        }
        /* Unmarked, the k-th X of the target side is the k-th X of the source side. */
        int k = wanted;
        if (k < 0)
            return bad(g, p->line, err, "the place in %s[...] is no number from 1 on", name);
        if (!k) {
            k = 1;
            for (int j = 0; j < i; j++)
                k += p->target[j].child >= 0 && p->target[j].word == t->word;
        }
        t->child = find_child(p, t->word, k);
        if (t->child < 0)
            return bad(g, p->line, err,
                       "the target side has %s number %d, but the source side has "
                       "no such child",
                       name, k);
        for (int j = 0; j < i; j++)
            if (p->target[j].child == t->child)
                return bad(g, p->line, err, "the target side uses %s number %d twice", name, k);
    }
    for (int i = 0; i < p->n_source; i++) {
        bool used = grammar_is_word(g, p->source[i]);
        for (int j = 0; j < p->n_target; j++)
            used |= p->target[j].child == i;
        if (!used)
            return bad(g, p->line, err,
                       "%s of the source side is missing from the target side; in "
                       "a synchronous production both have the same children",
                       name_of(g, p->source[i]));
    }
    return 0;
}

/* Symbols that derive a finite string; the first that does not is an error. */
static int check_productive(const struct grammar *g, struct err *err) {
    bool *productive = mem_alloc(g->symbols.n, sizeof *productive);
    for (size_t s = 0; s < g->symbols.n; s++)
        productive[s] = g->count[s] == 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < g->n_productions; i++) {
            const struct production *p = &g->productions[i];
            bool all = !productive[p->left];
            for (int j = 0; all && j < p->n_source; j++)
                all = productive[p->source[j]];
            if (all)
                productive[p->left] = changed = true;
        }
    }
    int result = 0;
    for (int i = 0; i < g->n_productions && result == 0; i++)
        if (!productive[g->productions[i].left])
            result = bad(g, g->productions[i].line, err,
                         "%s derives no sentence: every way on comes back to a nonterminal",
                         name_of(g, g->productions[i].left));
    free(productive);
    return result;
}

/* The one symbol of a production that only renames its left side, or -1. */
static int renamed(const struct grammar *g, const struct production *p) {
    return p->n_source == 1 && !grammar_is_word(g, p->source[0]) ? p->source[0] : -1;
}

/* Whether renamings alone lead from one symbol to another. */
static bool renames_to(const struct grammar *g, int from, int to) {
    bool *seen = mem_alloc(g->symbols.n, sizeof *seen);
    int *stack = mem_alloc(g->symbols.n, sizeof *stack);
    size_t n = 0;
    stack[n++] = from;
    seen[from] = true;
    while (n && !seen[to]) {
        int s = stack[--n];
        for (int i = 0; i < g->count[s]; i++) {
            int next = renamed(g, &g->productions[g->first[s] + i]);
            if (next >= 0 && !seen[next]) {
                seen[next] = true;
                stack[n++] = next;
            }
        }
    }
    bool found = seen[to];
    free(seen);
    free(stack);
    return found;
}

/* No symbol may derive itself alone: take away symbols that no renaming points to until none is
 * left (Kahn 1962); what remains lies on or behind a cycle. */
static int check_cycles(const struct grammar *g, struct err *err) {
    size_t n = g->symbols.n, n_ready = 0;
    int *pointing = mem_alloc(n, sizeof *pointing), *ready = mem_alloc(n, sizeof *ready);
    for (int i = 0; i < g->n_productions; i++)
        if (renamed(g, &g->productions[i]) >= 0)
            pointing[renamed(g, &g->productions[i])]++;
    for (size_t s = 0; s < n; s++)
        if (!pointing[s])
            ready[n_ready++] = (int)s;
    for (size_t at = 0; at < n_ready; at++)
        for (int i = 0; i < g->count[ready[at]]; i++) {
            int next = renamed(g, &g->productions[g->first[ready[at]] + i]);
            if (next >= 0 && --pointing[next] == 0)
                ready[n_ready++] = next;
        }
    int result = 0;
    for (int i = 0; i < g->n_productions && result == 0 && n_ready < n; i++) {
        int next = renamed(g, &g->productions[i]);
        if (next >= 0 && pointing[next] && renames_to(g, next, g->productions[i].left))
            result = bad(g, g->productions[i].line, err,
                         "%s and %s derive one another through "
                         "single symbols: a cycle without words",
                         name_of(g, g->productions[i].left), name_of(g, next));
    }
    free(pointing);
    free(ready);
    return result;
}

static void mark_reached(const struct grammar *g, int symbol, bool *reached) {
    int *stack = mem_alloc(g->symbols.n, sizeof *stack);
    size_t n = 0;
    if (!reached[symbol])
        stack[n++] = symbol;
    reached[symbol] = true;
    while (n) {
        int s = stack[--n];
        for (int i = 0; i < g->count[s]; i++) {
            const struct production *p = &g->productions[g->first[s] + i];
            for (int j = 0; j < p->n_source; j++)
                if (!reached[p->source[j]]) {
                    reached[p->source[j]] = true;
                    stack[n++] = p->source[j];
                }
        }
    }
    free(stack);
}

static void warn_unreached(const struct grammar *g) {
    bool *reached = mem_alloc(g->symbols.n, sizeof *reached);
    mark_reached(g, g->start, reached);
    for (size_t i = 0; i < g->private->mentioned.n; i++) {
        const char *name = g->private->mentioned.words[i];
        mark_reached(g, vocab_find(&g->symbols, name, strlen(name)), reached);
    }
    for (int i = 0; i < g->n_productions; i++)
        if (!reached[g->productions[i].left]) {
            msg_warn("%s: line %d: %s is never reached from %s", g->path, g->productions[i].line,
                     name_of(g, g->productions[i].left), name_of(g, g->start));
            reached[g->productions[i].left] = true;
        }
    free(reached);
}

/* Expected lengths are the least solution of E[A] = sum over productions of probability times
 * (words + E of the children); iteration from zero climbs to it, or without bound when the grammar
 * is supercritical (Booth & Thompson 1973). */
static int find_mean_length(struct grammar *g, struct err *err) {
    size_t items = 1;
    for (int i = 0; i < g->n_productions; i++)
        items += (size_t)g->productions[i].n_source;
    /* Enough for a spectral radius of .9999, and no more than seconds for a huge file. */
    const int rounds = items < 10000 ? 200000 : (int)(2000000000 / items) + 10;
    double *mean = mem_alloc(g->symbols.n, sizeof *mean);
    bool *reached = mem_alloc(g->symbols.n, sizeof *reached);
    mark_reached(g, g->start, reached);
    double change = 1;
    int round = 0;
    for (; round < rounds && change > 1e-10 && mean[g->start] < 1e6; round++) {
        change = 0;
        for (size_t s = 0; s < g->symbols.n; s++) {
            double sum = 0;
            for (int i = 0; reached[s] && i < g->count[s]; i++) {
                const struct production *p = &g->productions[g->first[s] + i];
                double length = 0;
                for (int j = 0; j < p->n_source; j++)
                    length += grammar_is_word(g, p->source[j]) ? 1 : mean[p->source[j]];
                sum += p->probability * length;
            }
            change = fmax(change, fabs(sum - mean[s]) / fmax(1, sum));
            mean[s] = sum;
        }
    }
    g->mean_length = mean[g->start];
    free(mean);
    free(reached);
    if (g->mean_length >= 1e6 || round == rounds)
        return err_set(err, STATUS_DATA,
                       "%s: sentences have no finite expected length: the "
                       "recursive productions weigh too much",
                       g->path);
    return 0;
}

/* The productions that end the chains of renamings from a symbol, in the order of the file's
 * alternatives. The caller frees the list. */
static int *lexical_productions(const struct grammar *g, int symbol, size_t *n) {
    bool *seen = mem_alloc(g->symbols.n, sizeof *seen);
    int *stack = mem_alloc((size_t)g->n_productions + 1, sizeof *stack);
    int *list = mem_alloc((size_t)g->n_productions + 1, sizeof *list);
    size_t depth = 0;
    *n = 0;
    for (int i = g->count[symbol] - 1; i >= 0; i--)
        stack[depth++] = g->first[symbol] + i;
    seen[symbol] = true;
    while (depth) {
        int p = stack[--depth], next = renamed(g, &g->productions[p]);
        if (next < 0) {
            list[(*n)++] = p;
        } else if (!seen[next]) {
            seen[next] = true;
            for (int i = g->count[next] - 1; i >= 0; i--)
                stack[depth++] = g->first[next] + i;
        }
    }
    free(seen);
    free(stack);
    return list;
}

static int collect_class(struct grammar *g, int symbol, struct vocab *words, struct err *err) {
    size_t n;
    int *list = lexical_productions(g, symbol, &n), result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        const struct production *p = &g->productions[list[i]];
        if (p->n_source != 1)
            result = err_set(err, STATUS_DATA,
                             "%s is no word class: the production of line %d has %d symbols",
                             name_of(g, symbol), p->line, p->n_source);
        else
            vocab_add(words, name_of(g, p->source[0]), strlen(name_of(g, p->source[0])));
    }
    free(list);
    return result;
}

static int find_nonterminal(const struct grammar *g, const char *name, struct err *err) {
    int symbol = vocab_find(&g->symbols, name, strlen(name));
    if (symbol >= 0 && g->count[symbol])
        return symbol;
    const char *near = nearest_nonterminal(g, name);
    return err_set(err, STATUS_DATA, "no nonterminal is called '%s'%s%s%s", name,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

int grammar_class(struct grammar *g, const char *name, const char *const **words, size_t *n,
                  struct err *err) {
    int symbol = find_nonterminal(g, name, err);
    if (symbol < 0)
        return -1;
    struct word_class *c = &g->private->classes[symbol];
    if (!c->known) {
        struct vocab all = {0};
        if (collect_class(g, symbol, &all, err) != 0) {
            vocab_free(&all);
            return -1;
        }
        c->words = arena_alloc(&g->private->arena, all.n, sizeof *c->words);
        for (size_t i = 0; i < all.n; i++) /* borrow the grammar's own copies */
            c->words[i] = name_of(g, vocab_find(&g->symbols, all.words[i], strlen(all.words[i])));
        c->n = all.n;
        c->known = true;
        vocab_free(&all);
    }
    *words = c->words;
    *n = c->n;
    return 0;
}

static int class_words(void *context, const char *name, const char *const **words, size_t *n,
                       struct err *err) {
    struct grammar *g = context;
    if (grammar_class(g, name, words, n, err) != 0)
        return -1;
    vocab_add(&g->private->mentioned, name, strlen(name));
    return 0;
}

static int find_partner(const struct grammar *g, int symbol, int word, int *partner,
                        struct err *err) {
    size_t n;
    int *list = lexical_productions(g, symbol, &n), result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        const struct production *p = &g->productions[list[i]];
        if (p->source[0] != word)
            continue;
        if (p->n_target != 1 || (*partner >= 0 && *partner != p->target[0].word))
            result = err_set(err, STATUS_DATA, "the pair of '%s' in line %d is not one word",
                             name_of(g, word), p->line);
        else
            *partner = p->target[0].word;
    }
    free(list);
    return result;
}

static int class_partner(void *context, const char *class_name, const char *word,
                         const char **partner, struct err *err) {
    struct grammar *g = context;
    const char *const *words;
    size_t n;
    if (class_words(g, class_name, &words, &n, err) != 0)
        return -1;
    int found = -1;
    int symbol = vocab_find(&g->symbols, word, strlen(word));
    if (find_partner(g, find_nonterminal(g, class_name, err), symbol, &found, err) != 0)
        return -1;
    if (found < 0)
        return err_set(err, STATUS_DATA, "'%s' has no partner in class %s", word, class_name);
    *partner = name_of(g, found);
    return 0;
}

static int add_rule_line(struct grammar *g, const char *name, const char *body,
                         const struct word_classes *classes, struct err *err) {
    struct grammar_private *v = g->private;
    int32_t rule = vocab_add(&g->rules, name, strlen(name));
    v->rewrites = mem_grow(v->rewrites, &v->cap_rewrites, g->rules.n, sizeof *v->rewrites);
    if (rule == 0 && g->has_target)
        return err_set(err, STATUS_DATA,
                       "rule '%s' is the one that the target sides state; name the string rule "
                       "otherwise, or the target with %%target",
                       name);
    if (!v->rewrites[rule])
        v->rewrites[rule] = rewrite_new();
    return rewrite_add(v->rewrites[rule], body, classes, err);
}

static int add_tag_pattern(struct grammar *g, const char *name, const char *body,
                           const struct word_classes *classes, struct err *err) {
    struct grammar_private *v = g->private;
    size_t len = strlen(body);
    if (len < 2 || body[0] != '/' || body[len - 1] != '/')
        return err_set(err, STATUS_DATA, "expected %%tag name /pattern/");
    int32_t tag = vocab_add(&g->tags, name, strlen(name));
    if (tag >= MAX_TAGS)
        return err_set(err, STATUS_DATA, "more than %d tags", MAX_TAGS);
    char *inner = mem_strndup(body + 1, len - 2);
    struct buf text = {0};
    buf_puts(&text, "");
    struct pattern *p = NULL;
    if (rewrite_expand(&text, inner, classes, err) == 0)
        p = pattern_compile(text.data, err);
    buf_free(&text);
    free(inner);
    if (!p)
        return -1;
    v->patterns = mem_grow(v->patterns, &v->cap_patterns, v->n_patterns + 1, sizeof *v->patterns);
    v->patterns[v->n_patterns++] = (struct tag_pattern){tag, p};
    return 0;
}

static int finish_directives(struct grammar *g, struct err *err) {
    struct word_classes classes = {g, class_words, class_partner};
    struct grammar_private *v = g->private;
    const char *target = v->target_name ? v->target_name : "hierarchical";
    if (g->has_target)
        vocab_add(&g->rules, target, strlen(target));
    else if (v->target_name)
        return err_set(err, STATUS_DATA,
                       "%s: %%target names a rule, but no production has a target "
                       "side",
                       g->path);
    v->rewrites = mem_grow(v->rewrites, &v->cap_rewrites, g->rules.n + 1, sizeof *v->rewrites);
    for (size_t i = 0; i < v->n_directives; i++) {
        char *rest = v->directives[i].text;
        bool is_rule = strcmp(cut_word(&rest), "rule") == 0;
        char *name = cut_word(&rest);
        int result = !*name || strpbrk(name, "=&!|,/@")
                         ? err_set(err, STATUS_DATA, "'%s' is no name for a %s", name,
                                   is_rule ? "rule" : "tag")
                     : is_rule ? add_rule_line(g, name, rest, &classes, err)
                               : add_tag_pattern(g, name, rest, &classes, err);
        if (result != 0)
            return err_prefix(err, "%s: line %d", g->path, v->directives[i].line);
    }
    return 0;
}

static int find_start(struct grammar *g, struct err *err) {
    const char *name = g->private->start_name;
    int root = vocab_find(&g->symbols, "ROOT", 4);
    g->start = name                          ? vocab_find(&g->symbols, name, strlen(name))
               : root >= 0 && g->count[root] ? root
                                             : -1;
    if (name && (g->start < 0 || !g->count[g->start]))
        return err_set(err, STATUS_DATA, "%s: the start symbol '%s' has no production", g->path,
                       name);
    if (g->start < 0) { /* the left side of the file's first production */
        int best = 0;
        for (int i = 1; i < g->n_productions; i++)
            if (g->productions[i].line < g->productions[best].line)
                best = i;
        g->start = g->productions[best].left;
    }
    return 0;
}

static int check(struct grammar *g, struct err *err) {
    group_by_left(g);
    g->private->classes = mem_alloc(g->symbols.n, sizeof *g->private->classes);
    if (find_start(g, err) != 0)
        return -1;
    for (int i = 0; i < g->n_productions; i++) {
        struct production *p = &g->productions[i];
        if (!(p->probability > 0)) /* the sum overflows, or swallows it */
            return bad(g, p->line, err, "weight %g comes to nothing beside the others of %s",
                       p->weight, name_of(g, p->left));
        for (int j = 0; j < p->n_source; j++)
            if (check_defined(g, p->source[j], p->line, err) != 0)
                return -1;
        if (link_target(g, p, err) != 0)
            return -1;
    }
    if (check_productive(g, err) != 0 || check_cycles(g, err) != 0 ||
        find_mean_length(g, err) != 0 || finish_directives(g, err) != 0)
        return -1;
    warn_unreached(g);
    return 0;
}

struct grammar *grammar_read(const char *path, struct err *err) {
    struct grammar *g = mem_alloc(1, sizeof *g);
    g->private = mem_alloc(1, sizeof *g->private);
    g->path = mem_strdup(path);
    if (read_lines(g, err) != 0 || check(g, err) != 0) {
        grammar_free(g);
        return NULL;
    }
    return g;
}

void grammar_free(struct grammar *g) {
    if (!g)
        return;
    struct grammar_private *v = g->private;
    for (size_t i = 0; i < g->rules.n && i < v->cap_rewrites; i++)
        rewrite_free(v->rewrites[i]);
    for (size_t i = 0; i < v->n_patterns; i++)
        pattern_free(v->patterns[i].pattern);
    free(v->rewrites);
    free(v->patterns);
    free(v->classes);
    free(v->directives);
    vocab_free(&v->mentioned);
    vocab_free(&v->declared);
    arena_free(&v->arena);
    free(v);
    free(g->productions);
    free(g->first);
    free(g->count);
    vocab_free(&g->symbols);
    vocab_free(&g->tags);
    vocab_free(&g->rules);
    free(g->path);
    free(g);
}

char *grammar_vocabulary_text(const struct grammar *g) {
    bool *reached = mem_alloc(g->symbols.n, sizeof *reached);
    mark_reached(g, g->start, reached);
    bool *used = mem_alloc(g->symbols.n, sizeof *used);
    for (int i = 0; i < g->n_productions; i++) {
        const struct production *p = &g->productions[i];
        if (!reached[p->left])
            continue;
        for (int j = 0; j < p->n_source; j++)
            used[p->source[j]] |= grammar_is_word(g, p->source[j]);
        for (int j = 0; j < p->n_target; j++)
            used[p->target[j].word] |= p->target[j].child < 0;
    }
    struct vocab words = {0};
    for (size_t s = 0; s < g->symbols.n; s++)
        if (used[s])
            vocab_add(&words, g->symbols.words[s], strlen(g->symbols.words[s]));
    for (size_t r = 0; r < g->rules.n; r++)
        if (g->private->rewrites[r])
            rewrite_put_words(g->private->rewrites[r], &words);
    char *text = vocab_text(&words);
    vocab_free(&words);
    free(reached);
    free(used);
    return text;
}

bool grammar_is_string_rule(const struct grammar *g, int rule) {
    return g->private->rewrites[rule] != NULL;
}

int grammar_apply_rule(const struct grammar *g, int rule, const char *source, size_t len,
                       struct buf *out, struct err *err) {
    if (rewrite_apply(g->private->rewrites[rule], source, len, out, err) != 0)
        return err_prefix(err, "%s: rule %s", g->path, g->rules.words[rule]);
    return 0;
}

int grammar_pattern_tags(const struct grammar *g, const char *source, size_t len, uint64_t wanted,
                         uint64_t *tags, struct err *err) {
    for (size_t i = 0; i < g->private->n_patterns; i++) {
        const struct tag_pattern *t = &g->private->patterns[i];
        uint64_t bit = (uint64_t)1 << t->tag;
        if (!(wanted & bit) || (*tags & bit))
            continue;
        int found = pattern_search(t->pattern, source, len, err);
        if (found < 0)
            return err_prefix(err, "%s: tag %s", g->path, g->tags.words[t->tag]);
        if (found)
            *tags |= bit;
    }
    return 0;
}

uint64_t grammar_tags_by_pattern(const struct grammar *g) {
    uint64_t tags = 0;
    for (size_t i = 0; i < g->private->n_patterns; i++)
        tags |= (uint64_t)1 << g->private->patterns[i].tag;
    return tags;
}

const char *const *grammar_mentioned_classes(const struct grammar *g, size_t *n) {
    *n = g->private->mentioned.n;
    return g->private->mentioned.words;
}
