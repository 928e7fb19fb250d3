/* What the files that make up the scorer share: score_set.c loads the examples, score.c runs the
 * model over them and sums up. */
#ifndef ESPALIER_SCORE_PRIVATE_H
#define ESPALIER_SCORE_PRIVATE_H

#include "nn/score.h"

struct example {
    size_t source; /* into tokens */
    int source_length;
    int part;       /* where the answers part, in words of the answer; -1: nowhere */
    size_t answers; /* into set->answers, one a rule */
    size_t tags;    /* into set->tag_lists */
    int n_tags;
};

struct answer {
    size_t begin; /* into tokens */
    int length;
    int same_as; /* the first rule with this answer */
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
    int counted;
};

struct score_set {
    const struct vocab *vocab;
    struct vocab rules, tags;
    size_t sources; /* distinct ones */
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

/* The k-th token of an answer; beyond its end, <eos>. */
static inline int32_t answer_token(const struct score_set *s, const struct answer *a, int k) {
    return k < a->length ? s->tokens.items[a->begin + (size_t)k] : TOKEN_EOS;
}

#endif
