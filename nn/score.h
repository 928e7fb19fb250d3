/* How well does a model do on a corpus, and which rule's answers does it give? Teacher-forced,
 * under the objective the model was trained for (layout.h).
 *
 * A corpus tells, for each example, the answer of each competing rule. Where the answers part for
 * the first time (an ended answer continues with <eos>), the model's next-word distribution shows
 * its choice; and greedy decoding equals an answer exactly if every word of the answer is the most
 * likely one after those before it, so one forward pass an answer gives every measure. Of equally
 * likely words the one with the lower number counts as most likely.
 *
 *     words (OBJECTIVE_ALL, OBJECTIVE_TARGET)  as above, for every shape
 *     classes  an answer is the one class that its rule's column names
 *     cloze    an answer is its masked words, all predicted at once; the rules' answers must agree
 *              elsewhere and be masked at the same places
 *     random masks and values  no rules: loss and accuracy. The mask of example i is the same at
 *              every step (item i of RNG_MASK, seed layout->masking.seed)
 * Among vectors the accuracy is the share of those that are right (value_accuracy.h), NaN where the
 * corpus does not tell. */
#ifndef ESPALIER_SCORE_H
#define ESPALIER_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/grammar.h"
#include "lib/msg.h"
#include "nn/feed_row.h"
#include "nn/model.h"

struct score_set;

/* All that is zero or NULL: a decoder that predicts every token. Strings, layout and columns need
 * not outlive score_open. */
struct score_options {
    const struct layout *layout;   /* NULL: layout_default() */
    const struct columns *columns; /* NULL: the default ones */
    const struct vocab *classes;   /* OBJECTIVE_CLASS: the model's; must outlive the set */
    int features, outputs;         /* of the model: of a vector of features, of values */
    int tokens;                    /* of every example, if the model reads one length; or 0 */
    const char *mask_words;        /* the cloze (feed.h); or NULL */
    enum loss loss;                /* of classes and values; of words always the cross entropy */
    int max_length;                /* of the model; 0: no bound */
    uint64_t limit;                /* score only the first examples; 0: all */
    bool answers_only;             /* where there are rules, leave out what comes before answers:
                                      losses are then of answers alone, and none by position */
    struct grammar *grammar;       /* string rules for a corpus without rule columns; or NULL */
    const char *among; /* words (by commas) or a class that `choice` is made among; or NULL:
                          the words that the rules propose */
    bool new_words;    /* a word outside the vocabulary, which must not be const then, is added to
                          it: for answers that no model gave (score_answers) */
    bool keep_columns; /* for score_column */
    struct corpus_digest *digest; /* where to put what tells the corpus from others, all of it for
                                     all of a limit; or NULL */
};

/* What a model's task (task.h) and its facts say of these options; strings, layout and classes are
 * the model's. */
struct score_options score_options_of(const struct model *m);

/* Load a corpus to be scored. A corpus with rule columns has the rules of its header (##rules; the
 * target is the first's answer); one without gets them from the grammar, or has the one rule
 * "target"; one without a target column has none and only its loss is measured. NULL on error:
 * unreadable, empty, a word outside the vocabulary, a sequence too long, an unknown class; and what
 * shows that the corpus is another task's: no target where the objective needs one, another number
 * of features, values or tokens, a class the model has not. */
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

/* Example i, by the corpus: the words of its source, and of a rule's answer (without <eos>; of a
 * class, its number; of a cloze, the masked words). Borrowed. A set of whole examples (a class,
 * values) tells no words of the source. */
struct score_words {
    const int32_t *words;
    size_t n;
};
struct score_words score_source(const struct score_set *s, size_t i);
struct score_words score_answer(const struct score_set *s, size_t rule, size_t i);

/* Where its answers part, in words; -1: nowhere. Whether it has a tag, by its number. */
int score_parting(const struct score_set *s, size_t i);
bool score_has_tag(const struct score_set *s, size_t i, int tag);

/* Its text in a column, of sets opened with keep_columns; NULL: the corpus has no such column. */
enum score_column { SCORE_TREE, SCORE_DEPTH, SCORE_COLUMNS };
const char *score_column(const struct score_set *s, enum score_column column, size_t i);

/* Examples; words and their numbers; what is asked of a model; the words of --among. Borrowed. */
size_t score_examples(const struct score_set *s);
const struct vocab *score_vocab(const struct score_set *s);
const struct layout *score_layout(const struct score_set *s);
struct score_words score_among(const struct score_set *s);

/* The room that a run of the model needs; bytes of memory that the set takes. */
struct graph_room score_room(const struct score_set *s, const struct model *model,
                             const struct pool *pool);
size_t score_bytes(const struct score_set *s);

/* Run the model over the set; replaces the results of any run before. */
void score_run(struct score_set *s, struct model *model, struct pool *pool);

/* The same with any predictor. `forward` must call visit as model_forward does: for each wanted row
 * of ROWS_INPUT, or under OBJECTIVE_CLASS and OBJECTIVE_VALUE each of ROWS_EXAMPLE, once, with so
 * many outputs as there are words, classes or values. */
typedef void score_visit(void *context, int worker, int rows, const int *row, const real *outputs);
typedef void score_forward(void *predictor, struct pool *pool, const struct batch *batch,
                           score_visit *visit, void *context);
void score_run_by(struct score_set *s, score_forward *forward, void *predictor, struct pool *pool);

/* Take these for a model's answers, one an example, in place of a run: `first` is the word of the
 * answer at the place where the rules part, whatever stands before it; `choice` is known where that
 * word is a candidate; there is no loss and no log-probability. Only for layouts of words. */
struct answer_list {
    struct tokens words;
    size_t *begin; /* [n + 1], into words */
    size_t n, cap;
};
void score_answers(struct score_set *s, const struct answer_list *answers);

/* Begin a list, and append an answer whose words were added to answers->words. */
void answer_list_start(struct answer_list *answers);
void answer_list_end_one(struct answer_list *answers);
struct score_words answer_list_get(const struct answer_list *answers, size_t i);
void answer_list_free(struct answer_list *answers);

/* The model's own answers, free running: each word the most likely one after those before it, to
 * <eos>, or to a bound: twice the longest answer of the example's rules and SCORE_DECODE_MORE words
 * more, and what the model can read; without <eos> to the length of the first rule's answer. Only
 * if score_can_decode: a set with rules, of a layout of words, read by a model that reads sequences
 * of any length. They do not depend on the threads; where two words are
 * equally likely to rounding, an answer need not be that of another batch. */
enum { SCORE_DECODE_MORE = 8 };
bool score_can_decode(const struct score_set *s);
void score_decode(const struct score_set *s, struct model *model, struct pool *pool,
                  struct answer_list *out);
void score_decode_by(const struct score_set *s, score_forward *forward, void *predictor,
                     struct pool *pool, struct answer_list *out);

/* After a run: the most likely word of example i where its answers part (where they agree, at the
 * first word); -1: none, the answer ended before. */
int32_t score_first(const struct score_set *s, size_t i);

/* Over all examples, or those with a tag (its number; -1: all): loss as in training, a mean over
 * what is counted: tokens (nats), or examples; how many of them are predicted right. Of a corpus
 * with rules it is the first rule's answers that count. NaN where nothing does. */
struct score_fit {
    uint64_t examples, counted;
    double loss, accuracy;
};
struct score_fit score_fit(const struct score_set *s, int tag);

/* The loss of score_fit(s, -1). */
double score_loss(const struct score_set *s);

/* OBJECTIVE_ALL: the mean loss at the k-th word of the source, in nats, NaN where no example is so
 * long (or has it predicted): *n numbers, the set's. And the mean, over the words at places whose
 * least possible loss the corpus tells (a column `loss`, or the header's ##optimal_loss), of what
 * the loss exceeds it by: NaN where it tells none; and the same at one place alone. */
const double *score_positions(const struct score_set *s, size_t *n);
double score_excess(const struct score_set *s);
double score_excess_at(const struct score_set *s, size_t place);

/* What to summarise beside a rule's number: the examples on which all rules agree, and the answers
 * that follow no rule where they part; of these, with --among, those that give a word of it
 * (another candidate), and those that do not. */
enum { SCORE_AGREED = -1, SCORE_NONE = -2, SCORE_OTHER = -3, SCORE_NO_CANDIDATE = -4 };

struct score_summary {
    uint64_t n;      /* examples: those where the rules part, or, for SCORE_AGREED, agree */
    uint64_t first;  /* ... where the most likely word at the parting is this rule's (for
                        SCORE_NONE: no rule's); for SCORE_AGREED, at the first word */
    uint64_t choice; /* ... the same among the words proposed, or the class given */
    uint64_t exact;  /* ... where greedy decoding gives this rule's answer (no rule's) */
    double logp;     /* mean log-probability of the answer with its <eos>; NaN for no rule's */
    /* What `choice` would be, drawn evenly among the candidates of an example (--among, or the
     * words that its rules propose), and among those of them that stand in its source. NaN where an
     * example has none, and for SCORE_AGREED. */
    double chance, chance_present;
    bool has_choice, has_exact; /* whether these mean anything */
};

/* Over all examples, or those with a tag (its number; -1: all). */
struct score_summary score_summarise(const struct score_set *s, int rule, int tag);

/* Over the examples of a list. */
struct score_summary score_summarise_some(const struct score_set *s, int rule,
                                          const uint32_t *examples, size_t n);

/* score_fit of one example, from 0 to score_facts(s).examples - 1. */
struct score_fit score_fit_of(const struct score_set *s, size_t example);

#endif
