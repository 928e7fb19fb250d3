/* Which rule's answers does a model give? Teacher-forced scores of every rule on a corpus.
 *
 * A corpus tells, for each example, the answer of each competing rule. Where the answers part for
 * the first time (an ended answer continues with <eos>), the model's next-word distribution shows
 * its choice; and greedy decoding equals an answer exactly if every word of the answer is the most
 * likely one after those before it, so one forward pass an answer gives every measure. Of equally
 * likely words the one with the lower number counts as most likely. */
#ifndef ESPALIER_SCORE_H
#define ESPALIER_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/grammar.h"
#include "lib/msg.h"
#include "nn/lexicon.h"
#include "nn/model.h"

struct score_set;

struct score_options {
    int max_length;          /* of the model */
    uint64_t limit;          /* score only the first examples; 0: all */
    struct grammar *grammar; /* string rules for a corpus without rule columns; or NULL */
    const char *among;       /* words (by commas) or a class that `choice` is made among; or NULL:
                                the words that the rules propose */
};

/* Load a corpus to be scored. A corpus with rule columns has the rules of its header (##rules; the
 * target is the first's answer); one without gets them from the grammar, or has the one rule
 * "target"; one without a target column has none and only its loss is measured. NULL on error:
 * unreadable, empty, a word outside the vocabulary, a sequence too long, an unknown class. */
struct score_set *score_open(const char *path, const struct vocab *vocab,
                             const struct score_options *options, struct err *err) NODISCARD;
void score_free(struct score_set *s);

/* What a reader of the figures should know of a set: examples, and distinct sources among them (an
 * interval takes examples for independent); examples where the rules part, and those of them where
 * they part at the answer's first word (elsewhere a share says what the model does in the midst of
 * an answer). */
struct score_facts {
    size_t examples, sources, parting, at_first_word;
};
struct score_facts score_facts(const struct score_set *s);

size_t score_rules(const struct score_set *s);
const char *score_rule_name(const struct score_set *s, size_t rule);

/* The distinct tags of the corpus in order of first appearance. */
const struct vocab *score_tags(const struct score_set *s);

/* Run the model over the set; replaces the results of any run before. */
void score_run(struct score_set *s, struct model *model, struct pool *pool);

/* Mean loss in nats a token over <bos> source target <eos>, as in training. */
double score_loss(const struct score_set *s);

/* What to summarise beside a rule's number: the examples on which all rules agree, and the answers
 * that follow no rule where they part. */
enum { SCORE_AGREED = -1, SCORE_NONE = -2 };

struct score_summary {
    uint64_t n;      /* examples: those where the rules part, or, for SCORE_AGREED, agree */
    uint64_t first;  /* ... where the most likely word at the parting is this rule's (for
                        SCORE_NONE: no rule's); for SCORE_AGREED, at the first word */
    uint64_t choice; /* ... the same among the words proposed, or the class given */
    uint64_t exact;  /* ... where greedy decoding gives this rule's answer (no rule's) */
    double logp;     /* mean log-probability of the answer with its <eos>; NaN for SCORE_NONE */
    bool has_choice; /* whether choice means anything */
};

/* Over all examples, or those with a tag (its number; -1: all). */
struct score_summary score_summarise(const struct score_set *s, int rule, int tag);

#endif
