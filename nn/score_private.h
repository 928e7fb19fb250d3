/* What the files that make up the scorer share: score_set.c loads the examples, score.c runs the
 * model over them and sums up. */
#ifndef ESPALIER_SCORE_PRIVATE_H
#define ESPALIER_SCORE_PRIVATE_H

#include "nn/score.h"
#include "nn/value_accuracy.h"

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
    uint32_t candidates, present; /* for `choice`: how many there are; and stand in the source */
};

/* What the model makes of the answer of one rule ... */
struct cell {
    bool first, choice, exact;
    bool candidate,
        present; /* the rule's word is a candidate; and stands in the source. As loaded */
    double logp;
};

/* ... and of an example. */
struct verdict {
    bool first_none, choice_none, exact_none;
    bool chosen; /* the choice among the candidates is known */
    int32_t top; /* the most likely word where the answers part */
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
    bool answers_only;
    struct row_format format;
    struct example_store base; /* whole examples: tokens, features, values */
    int outputs;               /* numbers the model gives a row */
    struct position *positions;
    double *position_means;
    size_t n_positions, cap_positions;
    enum value_kind values;
    size_t sources; /* distinct ones */
    struct tokens tokens;
    struct example *examples;
    struct answer *answers;
    int32_t *tag_lists;
    size_t n, cap_examples, n_answers, cap_answers, n_tag_lists, cap_tag_lists;
    int32_t *among;
    size_t n_among, cap_among;
    uint8_t *is_among; /* [n_is_among]: of words or classes; the vocabulary may have grown since */
    size_t n_is_among;
    int32_t *column[SCORE_COLUMNS]; /* [example]: number of the text in column_text; or NULL */
    size_t cap_column[SCORE_COLUMNS];
    struct vocab column_text;
    bool new_words;
    struct cell *cells;       /* [example][rule] */
    struct verdict *verdicts; /* [example] */
};

/* The k-th token of an answer; beyond its end, <eos>, or -1 where no end is predicted. */
static inline int32_t answer_token(const struct score_set *s, const struct answer *a, int k) {
    if (k < a->length)
        return s->tokens.items[a->begin + (size_t)k];
    return layout_has_words(&s->layout) && s->layout.eos ? s->layout.token_eos : -1;
}

static inline bool score_is_among(const struct score_set *s, int32_t word) {
    return word >= 0 && (size_t)word < s->n_is_among && s->is_among[word];
}

/* What is said of an example before anything is found. */
static inline void score_clear_verdict(struct verdict *v) {
    *v = (struct verdict){.first_none = true, .choice_none = true, .exact_none = true, .top = -1};
}

/* The greatest of n numbers; of equals the first. */
int32_t score_largest(int n, const real *z);

/* model_predict, as score_run_by wants it. */
void score_forward_model(void *model, struct pool *pool, const struct batch *batch,
                         score_visit *visit, void *context);

/* Make room for the first n places. */
void score_reserve_positions(struct score_set *s, size_t n);

#endif
