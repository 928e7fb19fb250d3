/* How an example of a corpus becomes rows of a batch: the one place that knows where the marks
 * stand and what is predicted. Training and scoring lay out alike.
 *
 * With source s1..sm and target t1..tn, in brackets what the loss counts:
 *     decoder          input  <bos> s1 .. sm t1 .. tn      predicts s1 .. sm t1 .. tn <eos>
 *       OBJECTIVE_ALL       [every token]        OBJECTIVE_TARGET  [t1 .. tn <eos>]
 *       prefix: with bidirectional_prefix the rows <bos> s1 .. sm see each other (prefix-LM)
 *     encoder-decoder  memory s1 .. sm <eos>, input <bos> t1 .. tn, predicts [t1 .. tn <eos>]
 *     encoder          input <bos> s1 .. sm (t1 .. tn) <eos>
 *       OBJECTIVE_MASKED    [the masked tokens, at their own rows]
 *     any but encoder-decoder
 *       OBJECTIVE_CLASS     input <bos> s1 .. sm <eos>   [label: the class of the example]
 *       OBJECTIVE_VALUE     the same                     [value: real numbers]
 *       and without a source column no tokens at all: the features alone
 * Without `bos` or `eos` those marks are left out. A row predicts the token after it, so without
 * <bos> the first token is read and never predicted (of `a + b = c` with neither mark the rows are
 * a + b =, and the last of them predicts c), and without <eos> the last token is predicted and
 * never read. An encoder-decoder keeps its <bos>: it starts the answer. */
#ifndef ESPALIER_LAYOUT_H
#define ESPALIER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/batch.h"

enum shape { SHAPE_DECODER, SHAPE_ENCODER, SHAPE_ENCODER_DECODER };

/* OBJECTIVE_VALUE: regression on real-valued columns. */
enum objective {
    OBJECTIVE_ALL,
    OBJECTIVE_TARGET,
    OBJECTIVE_MASKED,
    OBJECTIVE_CLASS,
    OBJECTIVE_VALUE
};

/* Which tokens OBJECTIVE_MASKED hides. At random: each word of source and target with probability
 * `share`, and if none falls in an example, one of its words, uniformly. A hidden word becomes
 * <mask> with probability 1 - random - keep, a uniformly drawn word with `random`, and stays itself
 * with `keep` (BERT: 0.1 and 0.1, Devlin et al. 2019, arXiv:1810.04805, section 3.1). Cloze: the
 * words w of the target (of the source, when the target is empty) with cloze[w] nonzero, all
 * <mask>; an empty slot that is to be filled with nothing is a word of the corpus like any other.
 */
struct masking {
    double share, random, keep;
    uint64_t seed;
    const uint8_t *cloze; /* vocabulary; borrowed; or NULL */
};

struct layout {
    enum shape shape;
    enum objective objective;
    bool bos, eos;
    bool bidirectional_prefix;
    struct masking masking;
    /* Identities, set by lexicon_start (lexicon.h). */
    int32_t token_bos, token_eos, token_mask, vocabulary;
};

/* An example as its corpus gives it; what a layout does not read may be NULL. */
struct layout_example {
    const int32_t *source, *target;
    size_t n_source, n_target;
    int32_t label;
    const real *feature, *value;
};

/* Whether shape, objective and marks go together. -1: STATUS_USAGE. */
int layout_check(const struct layout *l, struct err *err) NODISCARD;

/* Whether something is predicted of an example with so many words. -1: STATUS_DATA. A cloze is not
 * looked into. */
int layout_check_example(const struct layout *l, size_t n_source, size_t n_target,
                         struct err *err) NODISCARD;

/* Rows of an example: of ROWS_INPUT, of ROWS_MEMORY. */
size_t layout_rows(const struct layout *l, size_t n_source, size_t n_target);
size_t layout_memory_rows(const struct layout *l, size_t n_source);

/* The row, from the example's first, that predicts the k-th word of its target, where k = n_target
 * is <eos>, if there is one. -1: no row does (the very first token without <bos>). Not for
 * OBJECTIVE_CLASS and OBJECTIVE_VALUE. */
int64_t layout_place(const struct layout *l, size_t n_source, size_t k);

/* Whether all of an answer's words, and so its end, are predicted: not where it is masked. */
static inline bool layout_has_words(const struct layout *l) {
    return l->objective == OBJECTIVE_ALL || l->objective == OBJECTIVE_TARGET;
}

/* Whether an example is predicted as a whole, on ROWS_EXAMPLE. */
static inline bool layout_is_whole(const struct layout *l) {
    return l->objective == OBJECTIVE_CLASS || l->objective == OBJECTIVE_VALUE;
}

/* The layout of a decoder that predicts every token, with both marks. */
struct layout layout_default(void);

/* A layout as text for a checkpoint ("shape=decoder objective=all bos=1 ..."), the caller's to
 * free, and back: all but the seed, the cloze words and the identities. -1: STATUS_DATA. */
char *layout_text(const struct layout *l);
int layout_read(const char *text, struct layout *l, struct err *err) NODISCARD;

/* The names of --shape and --objective, in the order of the enums, ending with NULL. */
extern const char *const layout_shapes[], *const layout_objectives[];

#endif
