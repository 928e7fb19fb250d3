/* What a census found, written for people and for programs. */
#ifndef ESPALIER_CENSUS_PAGE_H
#define ESPALIER_CENSUS_PAGE_H

#include "gen/census.h"
#include "lib/mem.h"

/* What is said of the corpora themselves. */
struct census_origin {
    struct corpus_reader *const *inputs; /* read to the end */
    size_t n;
};

/* Append a page. `top` of the most frequent words are told. */
void census_put_page(const struct census *c, const struct census_origin *origin, int top,
                     struct buf *out);

/* Append a table in long form: what, of, value, n, low, high, separated by TABs; nan where there is
 * nothing to tell. */
void census_put_table(const struct census *c, const struct census_origin *origin, int top,
                      struct buf *out);

/* The numbers of the most frequent words of a census, at most `top`, the most frequent first, equal
 * ones in the order of the bytes; how many they are. */
size_t census_top_words(const struct word_census *w, int top, int32_t *words);

/* How the words that the headers declare (##vocab) compare with those of the rows. */
struct declared_words {
    bool any;                      /* there is a ##vocab */
    uint64_t declared, used;       /* words */
    uint64_t outside, outside_run; /* words that are not declared: different ones, all */
};
struct declared_words census_declared(const struct census *c, const struct census_origin *origin);

/* The same for another corpus: words of this one that are not in it. */
struct declared_words census_unshared(const struct census *c, const struct overlap *o);

#endif
