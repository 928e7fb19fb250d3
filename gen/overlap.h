/* What a corpus shares with another. */
#ifndef ESPALIER_OVERLAP_H
#define ESPALIER_OVERLAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/corpus.h"
#include "lib/mem.h"
#include "lib/seen.h"
#include "lib/vocab.h"

/* What two examples may have in common. */
enum overlap_kind { OVERLAP_SOURCE, OVERLAP_PAIR, OVERLAP_TREE, OVERLAP_KINDS };

/* The columns of a corpus that tell; -1: it lacks them. A pair is source and target. A tree is told
 * by the column tree_id, or else by the shape of the column `tree`. */
struct overlap_columns {
    int source, target, tree;
    bool by_id;
};

struct overlap_columns overlap_columns_of(const struct corpus_reader *in);

/* The text that two rows share when they have a kind in common, or NULL when the columns do not
 * tell or the tree is empty. May be put together in `text`. */
const char *overlap_key(const struct overlap_columns *c, enum overlap_kind kind,
                        const struct corpus_reader *in, struct buf *text, size_t *len);

struct overlap {
    const char *path;
    struct overlap_columns columns;
    uint64_t examples; /* of the other corpus */
    struct seen keys[OVERLAP_KINDS];
    struct vocab words;
    /* of the corpus itself, counted by overlap_count */
    uint64_t rows[OVERLAP_KINDS], distinct[OVERLAP_KINDS];
};

/* Read the other corpus. -1: as corpus_open and corpus_next_row. */
int overlap_read(struct overlap *o, const char *path, struct err *err) NODISCARD;

/* Whether both corpora tell of a kind, in the same way. */
bool overlap_tells(const struct overlap *o, const struct overlap_columns *own,
                   enum overlap_kind kind);

/* Count a row with this key; `first` when its key comes for the first time. */
void overlap_count(struct overlap *o, enum overlap_kind kind, const char *key, size_t len,
                   bool first);

void overlap_free(struct overlap *o);

#endif
