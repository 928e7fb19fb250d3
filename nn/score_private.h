/* What the files that make up the scorer share: score_set.c loads the examples, score.c runs the
 * model over them and sums up. */
#ifndef ESPALIER_SCORE_PRIVATE_H
#define ESPALIER_SCORE_PRIVATE_H

#include "nn/score.h"

struct answer {
    size_t begin; /* into tokens */
    int length;
    int same_as; /* the first rule with this answer */
};

struct example {
    size_t source; /* into tokens; whole examples: the number of the example in `base` */
    int source_length;
    struct answer target; /* where words are masked: all of the target */
    int part;             /* where the answers part, in words of the answer; -1: nowhere */
    size_t answers;       /* into set->answers, one a rule */
    size_t tags;          /* into set->tag_lists */
    int n_tags;
};

/* What the model makes of the answer of one rule ... */
struct cell {
    bool first, choice, exact;
    double logp;
};

/* ... and of an example. */
struct verdict {
    bool first_none, choice_none, exact_none;
    double loss;
    uint32_t counted, right;
};

/* The least possible loss at a place, and sums over the set. */
struct position {
    double optimal, loss; /* optimal: NaN, not known */
    double known_sum;     /* of a column `loss` */
    uint64_t n, known;
};

struct score_set {
    const struct vocab *vocab, *classes;
    struct layout layout;
    struct columns columns; /* while it is loaded */
    struct vocab rules, tags, cloze;
    uint8_t *cloze_set;
    enum loss loss;
    struct row_format format;
    struct example_store base; /* whole examples: tokens, features, values */
    int outputs;               /* numbers the model gives a row */
    struct position *positions;
    double *position_means;
    size_t n_positions, cap_positions;
    bool signs, halves, one_hot; /* what the values are: all of them */
    size_t sources;              /* distinct ones */
    struct tokens tokens;
    struct example *examples;
    struct answer *answers;
    int32_t *tag_lists;
    size_t n, cap_examples, n_answers, cap_answers, n_tag_lists, cap_tag_lists;
    int32_t *among;
    size_t n_among;
    struct cell *cells;       /* [example][rule] */
    struct verdict *verdicts; /* [example] */
};

/* The k-th token of an answer; beyond its end, <eos>, or -1 where no end is predicted. */
static inline int32_t answer_token(const struct score_set *s, const struct answer *a, int k) {
    if (k < a->length)
        return s->tokens.items[a->begin + (size_t)k];
    return layout_has_words(&s->layout) && s->layout.eos ? s->layout.token_eos : -1;
}

/* Make room for the first n places. */
void score_reserve_positions(struct score_set *s, size_t n);

#endif
