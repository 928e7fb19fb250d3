#include "lib/grammar_vary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grammar_private.h"
#include "lib/opt.h"
#include "lib/rng.h"

int grammar_set_temperature(struct grammar *g, double temperature, struct err *err) {
    if (!(temperature > 0) || !isfinite(temperature))
        return err_set(err, STATUS_USAGE, "--temperature: %g is no positive number", temperature);
    if (temperature == 1)
        return 0;
    for (size_t s = 0; s < g->symbols.n; s++) {
        double greatest = 0;
        for (int i = 0; i < g->count[s]; i++)
            greatest = fmax(greatest, g->productions[g->first[s] + i].weight);
        for (int i = 0; i < g->count[s]; i++) {
            double *weight = &g->productions[g->first[s] + i].weight;
            *weight = pow(*weight / greatest, 1 / temperature);
        }
    }
    grammar_normalise(g);
    if (grammar_find_mean_length(g, err) != 0)
        return err_prefix(err, "--temperature %g", temperature);
    return 0;
}

/* Keep `count` of the symbol's productions by the seed's order of places. */
static void keep_words(struct grammar *g, int symbol, int64_t count, uint64_t seed) {
    int n = g->count[symbol];
    if (count >= n)
        return;
    uint32_t *order = mem_alloc((size_t)n, sizeof *order);
    struct rng r = rng_at(seed, RNG_CHOICE, (uint64_t)n);
    rng_permutation(&r, order, (uint32_t)n);
    for (int i = (int)count; i < n; i++)
        g->productions[g->first[symbol] + (int)order[i]].weight = 0;
    free(order);
}

static int read_count(const char *text, int64_t *count, struct err *err) {
    int64_t number;
    if (opt_read_count(text, &number) != 0 || number < 1)
        return err_set(err, STATUS_USAGE, "--words: '%s' is no count from 1 on", text);
    if (*count)
        return err_set(err, STATUS_USAGE, "--words: '%s' is a second count for the same words",
                       text);
    *count = number;
    return 0;
}

static const char *nearest_preterminal(const struct grammar *g, const char *word) {
    const char **names = mem_alloc(g->symbols.n, sizeof *names);
    for (size_t s = 0; s < g->symbols.n; s++)
        if (g->preterminal[s])
            names[s] = g->symbols.words[s];
    const char *near = msg_nearest(word, names, g->symbols.n);
    free(names);
    return near;
}

/* One item of the list: fill in counts[symbol], or *general. */
static int read_item(const struct grammar *g, char *item, int64_t *counts, int64_t *general,
                     struct err *err) {
    char *equals = strchr(item, '=');
    if (!equals)
        return read_count(item, general, err);
    *equals = '\0';
    int symbol = vocab_find(&g->symbols, item, strlen(item));
    if (symbol < 0 || !g->preterminal[symbol]) {
        const char *near = nearest_preterminal(g, item);
        return err_set(err, STATUS_USAGE, "--words: %s has no preterminal '%s'%s%s%s", g->path,
                       item, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return read_count(equals + 1, &counts[symbol], err);
}

int grammar_limit_words(struct grammar *g, const char *list, uint64_t seed, struct err *err) {
    int64_t *counts = mem_alloc(g->symbols.n, sizeof *counts), general = 0;
    int result = 0;
    for (bool more = true; more && result == 0;) {
        size_t len = strcspn(list, ",");
        char *item = mem_strndup(list, len);
        more = list[len] == ',';
        list += len + more;
        result = read_item(g, item, counts, &general, err);
        free(item);
    }
    for (size_t s = 0; s < g->symbols.n && result == 0; s++) {
        int64_t count = counts[s] ? counts[s] : general;
        if (g->preterminal[s] && count)
            keep_words(g, (int)s, count, seed);
    }
    if (result == 0)
        grammar_normalise(g);
    free(counts);
    return result;
}
