/* The columns of gen-hmm: sequences, and what is true of them. */
#ifndef ESPALIER_HMM_COLUMNS_H
#define ESPALIER_HMM_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "gen/columns.h"
#include "gen/system.h"
#include "lib/belief.h"
#include "lib/mem.h"

enum hmm_column {
    COLUMN_SOURCE,
    COLUMN_STATES,
    COLUMN_START,
    COLUMN_BELIEFS,
    COLUMN_PREDICTIONS,
    COLUMN_LOSS,
    COLUMN_LOGP,
    COLUMN_COMPONENT,
    COLUMN_POSTERIOR,
    COLUMN_MATRIX,
    N_HMM_COLUMNS,
};
extern const char *const hmm_column_names[N_HMM_COLUMNS];

/* Refuse columns that the system does not have: -1, STATUS_USAGE. */
int hmm_columns_check(const struct columns *c, const struct system *s, struct err *err) NODISCARD;

/* The most bytes that a row of so many symbols may have. */
size_t hmm_columns_bytes(const struct columns *c, const struct system *s, size_t length);

/* A sequence: the edges taken from the start state on. */
struct hmm_sequence {
    const struct hmm *hmm;
    uint32_t start;
    const uint32_t *edges;
    size_t n;
};

/* Append the sequence's words, separated by spaces. */
struct hmm_words;
struct hmm_words *hmm_words_new(const struct vocab *symbols);
void hmm_words_free(struct hmm_words *w);
void hmm_words_put(const struct hmm_words *w, const struct hmm_sequence *q, struct buf *out);

/* What one thread needs to fill the columns. */
struct hmm_truth {
    struct belief belief;
    double *row, *prediction, *posterior;
    uint32_t *counts, *totals; /* of a fresh chain's transitions */
    struct buf text[N_HMM_COLUMNS];
};
void hmm_truth_begin(struct hmm_truth *t, const struct system *s);
void hmm_truth_free(struct hmm_truth *t);

/* Append the row of a sequence whose source is given. -1 (STATUS_DATA): its probability is too
 * small for a number. */
int hmm_columns_put(const struct columns *c, const struct system *s, struct hmm_truth *t,
                    const struct hmm_sequence *q, const struct buf *source, struct buf *row,
                    struct err *err) NODISCARD;

/* Append a number with at most 8 decimals, trailing zeros left out. */
void hmm_number_put(struct buf *out, double x);

#endif
