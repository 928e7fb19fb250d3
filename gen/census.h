/* Everything that gen-stat counts in a corpus, in one pass. */
#ifndef ESPALIER_CENSUS_H
#define ESPALIER_CENSUS_H

#include "gen/answers.h"
#include "gen/field_census.h"
#include "gen/overlap.h"
#include "gen/tally.h"
#include "gen/word_census.h"
#include "lib/corpus.h"

/* A pair of rules. */
struct rule_pair {
    size_t one, other;        /* answers */
    uint64_t same, same_word; /* rows on which the answers, their first words are the same */
};

struct census {
    uint64_t rows, sections;
    struct overlap_columns columns;
    struct tally distinct[OVERLAP_KINDS]; /* sources, pairs of source and target, trees */
    struct vocab words;                   /* of source and target */
    struct word_census sentences[2];      /* source, target, as far as there are such columns */
    size_t n_sentences;
    struct field_census *fields; /* of the other columns */
    size_t *field_columns, n_fields;
    struct answers answers;
    struct rule_pair *pairs;
    size_t n_pairs;
    struct overlap *against;
    size_t n_against;
    size_t memory; /* that tallies may still take */
    char **names;  /* of the columns */
    size_t n_names;
    struct buf text;
};

/* Prepare for a corpus that has just been opened. n-grams are counted up to n = orders; `against`
 * has n_against overlaps that were read, which stay the caller's. */
void census_start(struct census *c, const struct corpus_reader *in, int orders, size_t memory,
                  struct overlap *against, size_t n_against);

/* Count all rows of a corpus. -1: its columns are not those of the first (STATUS_DATA), and as
 * corpus_next_row. */
int census_add(struct census *c, struct corpus_reader *in, struct err *err) NODISCARD;

void census_free(struct census *c);

#endif
