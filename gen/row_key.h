/* What makes two rows the same: some of their columns (--by). */
#ifndef ESPALIER_ROW_KEY_H
#define ESPALIER_ROW_KEY_H

#include <stddef.h>

#include "lib/corpus.h"
#include "lib/mem.h"
#include "lib/seen.h"

struct row_key {
    size_t *columns;
    size_t n, cap;
    struct buf text;
};

/* Find the columns of a comma-separated list. -1: the corpus lacks one (STATUS_DATA), or one is
 * named twice (STATUS_USAGE). */
int row_key_read(struct row_key *k, const char *list, const struct corpus_reader *in,
                 struct err *err) NODISCARD;

/* The key of the row that was read last: its fields in the order of the list, joined by TABs. Valid
 * until the next call or the next row. */
const char *row_key_of(struct row_key *k, const struct corpus_reader *in, size_t *len);

void row_key_free(struct row_key *k);

/* Add the keys of all rows of a corpus to a set. *rows counts them; may be NULL. -1: as
 * row_key_read and corpus_next_row. */
int row_key_collect(struct seen *set, const char *list, const char *path, uint64_t *rows,
                    struct err *err) NODISCARD;

#endif
