/* What a grammar says of one sentence, as the columns of a corpus: gen-grammar asks it of sentences
 * it has drawn, gen-label of sentences it has parsed. */
#ifndef ESPALIER_EXAMPLE_H
#define ESPALIER_EXAMPLE_H

#include "gen/columns.h"
#include "lib/derivation.h"
#include "lib/grammar.h"

/* A sentence with its tree; buffers are reused. Made by example_new for one grammar. */
struct example {
    const struct grammar *grammar;
    struct derivation tree;
    struct buf source;
    struct buf *answers; /* [rule] */
    uint64_t tags;       /* of the tree and of the patterns */
    const char *class_name;
    int answer_for_target; /* the rule whose answer is the target: 0 unless a leak says otherwise */
};

struct example *example_new(const struct grammar *g);
void example_free(struct example *e);

/* Fill in the answers of all rules to e->source. -1: a pattern's limit (STATUS_DATA). */
int example_find_answers(struct example *e, struct err *err) NODISCARD;

/* Whether two rules' answers are the same text. */
bool example_same_answer(const struct example *e, size_t rule, size_t other);

/* The columns there can be: fixed ones, then rule:NAME for each rule of the grammar. */
enum example_column {
    EXAMPLE_SOURCE,
    EXAMPLE_TARGET,
    EXAMPLE_TAGS,
    EXAMPLE_TREE,
    EXAMPLE_TREE_ID,
    EXAMPLE_DEPTH,
    EXAMPLE_LENGTH,
    EXAMPLE_LOGP,
    EXAMPLE_CLASS,
    EXAMPLE_RULES /* + number of the rule */
};

/* Their names, in that order; *n of them. Freed by example_free_names. */
const char **example_column_names(const struct grammar *g, size_t *n);
void example_free_names(const char **names, size_t n);

/* A list of columns with `rules` replaced by rule:NAME of all rules but the first, whose answer is
 * the target. NULL list: source, target, rules, tags, as far as the grammar has them, and then the
 * first rule too where some targets are another's (`leaks`). The caller frees it. */
char *example_expand_columns(const struct grammar *g, const char *list, bool leaks);

/* Append the text of a column. */
void example_put(const struct example *e, int column, struct buf *out);

/* Header lines that tell of a grammar: ##grammar, ##vocab, ##class, ##rules, ##tags. */
int example_put_headers(struct grammar *g, struct corpus_writer *out, struct err *err) NODISCARD;

/* The same where the header of a section of `in` was passed on, as far as that does not say it
 * already. Not ##vocab: what else the corpus holds is not known yet. `target_rule` is named first
 * in
 * ##rules; -1: no such line. */
int example_add_headers(struct grammar *g, const struct corpus_reader *in, size_t section,
                        int target_rule, struct corpus_writer *out, struct err *err) NODISCARD;

#endif
