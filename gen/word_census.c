#include "gen/word_census.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void word_census_start(struct word_census *w, const char *column, struct vocab *words, int orders,
                       size_t *memory) {
    *w = (struct word_census){.column = column, .words = words, .orders = orders};
    for (int n = 2; n <= orders; n++)
        w->ngrams[n].memory = memory;
}

/* Up to four words the key is their numbers, beyond that a hash of them. */
static struct hash128 ngram_key(const uint32_t *words, int n) {
    if (n > 4)
        return hash_bytes128(words, (size_t)n * sizeof *words);
    uint32_t four[4] = {0};
    memcpy(four, words, (size_t)n * sizeof *words);
    return (struct hash128){(uint64_t)four[0] << 32 | four[1], (uint64_t)four[2] << 32 | four[3]};
}

static size_t read_words(struct word_census *w, const char *sentence, size_t len) {
    const char *end = sentence + len;
    size_t n = 0;
    while (sentence < end) {
        const char *space = memchr(sentence, ' ', (size_t)(end - sentence));
        size_t length = (size_t)((space ? space : end) - sentence);
        if (length) {
            int32_t word = vocab_add(w->words, sentence, length);
            w->count = mem_grow(w->count, &w->cap_count, (size_t)word + 1, sizeof *w->count);
            w->count[word]++;
            w->sentence = mem_grow(w->sentence, &w->cap_sentence, n + 1, sizeof *w->sentence);
            w->sentence[n++] = (uint32_t)word;
        }
        sentence += length + 1;
    }
    return n;
}

void word_census_add(struct word_census *w, const char *sentence, size_t len) {
    size_t length = read_words(w, sentence, len);
    w->tokens += length;
    w->lengths = mem_grow(w->lengths, &w->cap_lengths, length + 1, sizeof *w->lengths);
    if (length >= w->n_lengths)
        w->n_lengths = length + 1;
    w->lengths[length]++;
    for (int n = 2; n <= w->orders; n++)
        for (size_t i = 0; i + (size_t)n <= length; i++)
            tally_add(&w->ngrams[n], ngram_key(w->sentence + i, n));
}

uint64_t word_census_count(const struct word_census *w, int32_t word) {
    return (size_t)word < w->cap_count ? w->count[word] : 0;
}

struct entropy word_census_entropy(const struct word_census *w, int n) {
    if (n >= 2 && n <= WORD_CENSUS_ORDERS)
        return tally_entropy(&w->ngrams[n]);
    struct entropy e = {0};
    for (size_t i = 0; i < w->words->n; i++)
        entropy_add(&e, word_census_count(w, (int32_t)i));
    return e;
}

void word_census_free(struct word_census *w) {
    free(w->count);
    free(w->lengths);
    free(w->sentence);
    for (int n = 2; n <= w->orders; n++)
        tally_free(&w->ngrams[n]);
    *w = (struct word_census){0};
}
