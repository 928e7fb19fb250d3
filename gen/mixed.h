/* One input of a mix: its rows in their own order, or drawn at random without replacement. */
#ifndef ESPALIER_MIXED_H
#define ESPALIER_MIXED_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/row_text.h"
#include "gen/shuffle.h"
#include "lib/corpus.h"

/* How rows are drawn at random; NULL stands for their own order. */
struct mixed_draw {
    uint64_t seed;
    size_t memory; /* for one input */
    const char *folder;
};

struct mixed {
    const char *path;
    double share;
    struct corpus_reader *in; /* open, nothing read */
    struct row_text text;
    uint64_t taken, rows; /* in all passes; in this pass, so far as read */
    /* drawn at random */
    const struct mixed_draw *draw;
    uint64_t seed, pass;
    struct shuffle *drawn;
};

/* Begin to take rows. For rows drawn at random (number tells the inputs apart) the input is read to
 * its end. The draw depends on the seed, the number and the share: that of the same input with
 * another share is another, independent one. -1: as corpus_next_row and shuffle_add. */
int mixed_start(struct mixed *m, size_t number, const struct mixed_draw *draw,
                struct err *err) NODISCARD;

/* The next row to write, valid until the next call. 1: a row; 0: there is none left, and m->rows
 * tells how many the input has; -1: error. */
int mixed_next(struct mixed *m, const char **row, size_t *len, struct err *err) NODISCARD;

/* Begin the input again; rows drawn at random come in another order. -1: it is no file that can be
 * read twice, holds nothing, or has other columns than before (STATUS_DATA). */
int mixed_again(struct mixed *m, struct err *err) NODISCARD;

void mixed_free(struct mixed *m);

#endif
