/* Labelling: every sentence of a corpus is parsed, what the grammar says of it becomes columns, and
 * what was seen on the way is counted. */
#ifndef ESPALIER_LABEL_H
#define ESPALIER_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/example.h"
#include "lib/corpus.h"
#include "lib/seen.h"

/* Columns that a parser alone knows, behind those of example.h and the rules': label_column_names.
 */
enum { LABEL_INSIDE, LABEL_DERIVATIONS, LABEL_OWN };

/* A column of the output. */
struct label_column {
    int passed; /* the input's column of this index; -1: made anew */
    int made;   /* which one, of label_column_names */
};

struct label {
    const struct grammar *grammar;
    const struct corpus_reader *in;
    int source, target; /* columns of the input; target -1: it has none */
    int target_rule;    /* whose answer a target is that is made anew */
    struct label_column *columns;
    size_t n_columns;
    bool strict; /* a sentence outside the grammar is an error */
    bool report; /* count trees and the rules' agreement with the target */
    bool check;  /* count the agreement of target_rule */
    /* Begin section 1, 2, ... of the output, when one of the input has begun. -1: error. */
    int (*begin_section)(void *context, size_t section, struct corpus_writer *out, struct err *err);
    void *context;
};

struct label_report {
    uint64_t sentences, parsed;
    uint64_t unknown;         /* outside the grammar for a word that it does not have */
    uint64_t first_outside;   /* line, 0: none; so below */
    uint64_t ambiguous, most; /* more than one derivation; the greatest number of them */
    uint64_t first_ambiguous;
    uint64_t *equal;     /* [rule]: parsed sentences whose target is its answer */
    struct seen trees;   /* distinct syntax trees, */
    bool too_many_trees; /* counted up to LABEL_MAX_TREES */
};
enum { LABEL_MAX_TREES = 1 << 24 };

/* The names of the columns of example.h, rule:NAME for each rule, inside, derivations; *n of them.
 * Freed by label_free_names. */
const char **label_column_names(const struct grammar *g, size_t *n);
void label_free_names(const char **names, size_t n);

/* Read the rest of `in`, write rows to `out`, on so many threads; they change no byte and no count.
 * -1 on error (STATUS_DATA, STATUS_IO). The report is zeroed by label_report_new; after an error
 * its counts mean nothing. */
int label_rows(const struct label *label, struct corpus_reader *in, struct corpus_writer *out,
               int threads, struct label_report *report, struct err *err) NODISCARD;

struct label_report label_report_new(const struct grammar *g);
void label_report_free(struct label_report *r);

#endif
