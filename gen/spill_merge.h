/* Runs of records in a temporary file, each in the order of its keys, read as one. */
#ifndef ESPALIER_SPILL_MERGE_H
#define ESPALIER_SPILL_MERGE_H

#include <stdbool.h>

#include "gen/spill.h"

struct spill_merge {
    struct spill_run *runs;
    size_t n;
    size_t *heap; /* numbers of runs that have a record, the first record's on top */
    size_t n_heap;
    bool used; /* the record on top has been returned */
};

/* Runs 0 .. n-1, where run k has the bytes from bounds[k] to bounds[k + 1]; `room` bytes of buffer
 * for each. -1: STATUS_IO. */
int spill_merge_start(struct spill_merge *m, struct spill *file, const int64_t *bounds, size_t n,
                      size_t room, struct err *err) NODISCARD;

/* The next record in the order of keys, equal keys in the order of runs; valid until the next call.
 * 1; 0 at the end; -1: STATUS_IO. */
int spill_merge_next(struct spill_merge *m, const struct spill_run **record,
                     struct err *err) NODISCARD;

void spill_merge_free(struct spill_merge *m);

#endif
