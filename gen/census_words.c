#include <stdlib.h>
#include <string.h>

#include "gen/census_page.h"

/* qsort hands its comparison no context. */
struct counted_word {
    uint64_t count;
    const char *text;
    int32_t number;
};

static int more_frequent(const void *a, const void *b) {
    const struct counted_word *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->text, y->text);
}

size_t census_top_words(const struct word_census *w, int top, int32_t *words) {
    size_t n = 0, n_words = w->words->n;
    struct counted_word *all = mem_alloc(n_words, sizeof *all);
    for (size_t i = 0; i < n_words; i++) {
        uint64_t count = word_census_count(w, (int32_t)i);
        if (count)
            all[n++] = (struct counted_word){count, w->words->words[i], (int32_t)i};
    }
    qsort(all, n, sizeof *all, more_frequent);
    n = n < (size_t)top ? n : (size_t)top;
    for (size_t i = 0; i < n; i++)
        words[i] = all[i].number;
    free(all);
    return n;
}

static uint64_t count_everywhere(const struct census *c, int32_t word) {
    uint64_t count = 0;
    for (size_t i = 0; i < c->n_sentences; i++)
        count += word_census_count(&c->sentences[i], word);
    return count;
}

static struct declared_words compare(const struct census *c, const struct vocab *declared) {
    struct declared_words d = {.any = true, .declared = declared->n};
    for (size_t i = 0; i < c->words.n; i++) {
        const char *word = c->words.words[i];
        if (vocab_find(declared, word, strlen(word)) >= 0) {
            d.used++;
            continue;
        }
        d.outside++;
        d.outside_run += count_everywhere(c, (int32_t)i);
    }
    return d;
}

struct declared_words census_declared(const struct census *c, const struct census_origin *origin) {
    struct vocab declared = {0};
    const char *words;
    bool any = false;
    for (size_t i = 0; i < origin->n; i++)
        for (size_t k = 0; (words = corpus_header(origin->inputs[i], "vocab", k)); k++) {
            vocab_add_text(&declared, words);
            any = true;
        }
    struct declared_words d = compare(c, &declared);
    d.any = any;
    vocab_free(&declared);
    return d;
}

struct declared_words census_unshared(const struct census *c, const struct overlap *o) {
    return compare(c, &o->words);
}
