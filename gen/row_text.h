/* The row a filter writes for a row it reads: the same, or a choice of its columns. */
#ifndef ESPALIER_ROW_TEXT_H
#define ESPALIER_ROW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/corpus.h"
#include "lib/mem.h"

struct row_text {
    size_t n;
    int *which;           /* column of the input; -1: the constant */
    const char *constant; /* NUL-terminated; may be NULL when no column asks for it */
    bool whole;           /* the row as it is */
    struct buf text;
};

/* Rows with the columns of these names, in this order; the name `constant_name` (NULL: none) stands
 * for the constant. Names that the input lacks are the caller's to refuse: -1 is returned with the
 * first of them in *missing. */
int row_text_make(struct row_text *t, const struct corpus_reader *in, const char *const *names,
                  size_t n, const char *constant_name, const char *constant,
                  const char **missing) NODISCARD;

/* The text for the row that was read last, valid until the next call or the next row. -1: it would
 * open with '#', which no line of a corpus may (STATUS_DATA). */
int row_text_of(struct row_text *t, const struct corpus_reader *in, const char *row, size_t row_len,
                const char **text, size_t *len, struct err *err) NODISCARD;

void row_text_free(struct row_text *t);

#endif
