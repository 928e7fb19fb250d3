/* Sequences whose words can be recalled from what went before: where they come from, and what the
 * best predictor loses at each place. */
#ifndef ESPALIER_RECALL_H
#define ESPALIER_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/range.h"
#include "lib/rng.h"

#define RECALL_NO_ANSWER UINT32_MAX

/* A sequence; arrays of the law's length. */
struct recall_sequence {
    size_t length;
    uint32_t *word;
    uint32_t *answer; /* the word that is due here, RECALL_NO_ANSWER where none is */
    double *loss;     /* -ln of the best predictor's probability of the word */
    size_t cut;       /* where the part begins that can be answered: the last answer, or the first
                         word that repeats */
    uint32_t *gap;    /* [n_gaps]: for each answer in order, how many words back its pair gave it;
                         for a repetition the one period */
    size_t n_gaps;
};

/* Zeroed but for the length. */
void recall_sequence_start(struct recall_sequence *s, size_t length);
void recall_sequence_free(struct recall_sequence *s);

/* Multi-query associative recall (Arora et al. 2023, arXiv:2312.04927): `pairs` keys with a value
 * each, then places of two words for `queries` of the keys, each with its answer, and fillers. All
 * keys of a sequence differ. Words are numbered keys first, then values, then fillers. */
struct recall_law {
    uint32_t keys, values, fillers; /* how many; no fillers: any key or value fills */
    uint32_t pairs, queries;
    size_t length;  /* even, at least 2 (pairs + queries) */
    bool distinct;  /* values are drawn without replacement */
    bool hidden;    /* the word after a query is a filler too */
    double power;   /* 1: places of queries are drawn evenly; below, the i-th place (from 1) with
                       weight i^(power - 1), one query after the other */
    double *weight; /* sums of the weights, made by recall_start when power < 1 */
};

struct recall_scratch; /* what one thread works with */

void recall_start(struct recall_law *law);
void recall_end(struct recall_law *law);
struct recall_scratch *recall_scratch_new(const struct recall_law *law);
void recall_scratch_free(struct recall_scratch *s);

/* Whether the losses are known: power 1, and fillers of their own. */
bool recall_knows_losses(const struct recall_law *law);

/* `with_losses`: only when they are known. */
void recall_draw(const struct recall_law *law, struct recall_scratch *scratch, struct rng *r,
                 bool with_losses, struct recall_sequence *s);

/* The mean of the loss at each place, when losses are known. */
void recall_mean_losses(const struct recall_law *law, double *mean);

/* A random sequence that repeats with a period drawn evenly from a range. */
struct repeat_law {
    uint32_t words;
    size_t length;       /* more than the longest period */
    struct range period; /* at least 1 */
    bool distinct;       /* no word twice within a period */
};

struct repeat_scratch;

struct repeat_scratch *repeat_scratch_new(const struct repeat_law *law);
void repeat_scratch_free(struct repeat_scratch *s);

/* Losses cost length times periods when there are several periods. */
void repeat_draw(const struct repeat_law *law, struct repeat_scratch *scratch, struct rng *r,
                 bool with_losses, struct recall_sequence *s);

/* The mean of the loss at each place: known for one period, or for distinct words, whose first
 * repetition gives the period away. False: it has no closed form. */
bool repeat_mean_losses(const struct repeat_law *law, double *mean);

/* How a predictor does that guesses among the words of a context, n of them drawn from `words`,
 * one of which is right: accuracy, and loss in nats. */
void recall_guess(uint32_t n, uint32_t words, bool distinct, double *accuracy, double *loss);

#endif
