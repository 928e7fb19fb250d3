/* The tags of rows as sets of bits, for those tags that a --where names. */
#ifndef ESPALIER_TAGSET_H
#define ESPALIER_TAGSET_H

#include "lib/corpus.h"
#include "lib/vocab.h"

struct tagset {
    struct vocab names; /* bit k stands for name k */
    int column;
};

/* Take the names out of an expression (selection.h). -1: the corpus has no column `tags`
 * (STATUS_DATA), or its header lists the tags and one of the names is none of them (with the
 * nearest), or there are more than 64 names (STATUS_USAGE). */
int tagset_read(struct tagset *t, const char *expression, const struct corpus_reader *in,
                struct err *err) NODISCARD;

/* The tags of the row that was read last. */
uint64_t tagset_of_row(const struct tagset *t, const struct corpus_reader *in);

void tagset_free(struct tagset *t);

#endif
