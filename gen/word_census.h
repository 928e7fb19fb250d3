/* The words of one column of a corpus: how many, which, how often, and how they follow one another.
 *
 * Words are what spaces separate. An n-gram is n words of one sentence that stand side by side;
 * none reaches beyond its sentence. */
#ifndef ESPALIER_WORD_CENSUS_H
#define ESPALIER_WORD_CENSUS_H

#include "gen/tally.h"
#include "lib/vocab.h"

enum { WORD_CENSUS_ORDERS = 8 };

struct word_census {
    const char *column;
    struct vocab *words; /* shared by all columns */
    uint64_t *count;     /* [number of the word] */
    size_t cap_count;
    uint64_t tokens;
    uint64_t *lengths; /* [number of words of a sentence] */
    size_t n_lengths, cap_lengths;
    int orders;
    struct tally ngrams[WORD_CENSUS_ORDERS + 1]; /* [n], from 2 on */
    uint32_t *sentence;                          /* the numbers of its words */
    size_t cap_sentence;
};

/* Count n-grams up to n = orders. `words` and `memory` (of the tallies) must outlive it. */
void word_census_start(struct word_census *w, const char *column, struct vocab *words, int orders,
                       size_t *memory);

/* Count the words of a sentence. */
void word_census_add(struct word_census *w, const char *sentence, size_t len);

/* Of all words: how many different ones there are, and their entropy. Of n-grams: tally_entropy. */
struct entropy word_census_entropy(const struct word_census *w, int n);

/* How often a word came. */
uint64_t word_census_count(const struct word_census *w, int32_t word);

void word_census_free(struct word_census *w);

#endif
