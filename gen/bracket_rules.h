/* Rule choice on strings of brackets (Li, Kaufmann et al. 2025, arXiv:2507.06445): is a string true
 * because it is nested, or because it has as many openers as closers? In ambiguous data the two
 * rules say the same.
 *
 * A length is drawn from the law, then a string of that length evenly from those of the example's
 * class: so every class has the same lengths, but for those at which it has no string. */
#ifndef ESPALIER_BRACKET_RULES_H
#define ESPALIER_BRACKET_RULES_H

#include <stdbool.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/leaks.h"
#include "lib/brackets.h"
#include "lib/lengths.h"
#include "lib/selection.h"

/* Rule i says true of the kinds that have bit i (lib/brackets.h). */
enum { BRACKET_RULES = 4 };

/* A class of examples: one that gives a rule away, or one of the selection. */
struct bracket_class {
    char *name;
    double share;   /* of the corpus */
    unsigned kinds; /* bit k: strings of kind k belong to it */
    int rule;       /* whose answer is the target */
    void (*draw)(uint64_t *bits, uint32_t length, struct rng *r); /* from the kinds, and others */
    bool *possible; /* [length]: whether there is such a string */
};

struct bracket_rules {
    struct lengths *law;
    struct vocab rules, tags;
    struct selection selection;
    struct leaks leaks;
    struct buf mark;               /* the word behind a string, with a space before it */
    struct bracket_class *classes; /* leaks first */
    size_t n_classes;
    struct columns columns;
    struct buf *fixed; /* [class][kind][column]: text that the kind decides, with its TAB; for a
                          column that follows such a one it stands there already */
};

struct bracket_rules_options {
    struct lengths *law;
    const char *where, *leak; /* NULL: the defaults */
    bool ood;
    const char *mark; /* the word behind a string, "" for none */
    const char *columns;
    int64_t count, skip; /* of examples, for leaks */
};

/* Settle what is asked for; what cannot be had ends the tool (STATUS_USAGE). The law must outlive
 * it. */
void bracket_rules_start(struct bracket_rules *b, const struct bracket_rules_options *options);

struct maker bracket_rules_maker(struct bracket_rules *b);

/* Write what is known, the vocabulary and the columns. */
int bracket_rules_put_header(const struct bracket_rules *b, struct corpus_writer *out,
                             struct err *err) NODISCARD;

void bracket_rules_free(struct bracket_rules *b);

#endif
