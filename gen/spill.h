/* A temporary file of records, each a key and a row: what does not fit into memory.
 *
 * The file has no name from the moment it is made, so nothing is left behind however the process
 * ends. */
#ifndef ESPALIER_SPILL_H
#define ESPALIER_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"
#include "lib/msg.h"

struct spill;

/* Make one in a folder. NULL on error (STATUS_CANTCREATE). */
struct spill *spill_new(const char *folder, struct err *err) NODISCARD;

/* Append a record. -1: STATUS_IO (a full disk, for one). */
int spill_put(struct spill *s, uint64_t key, const char *row, size_t len,
              struct err *err) NODISCARD;

/* Write what is buffered; returns the number of bytes in the file, or -1. */
int64_t spill_flush(struct spill *s, struct err *err) NODISCARD;

void spill_free(struct spill *s);

/* A reader of the records from byte `from` to `to` of a file, with a buffer of its own. */
struct spill_run {
    struct spill *file;
    int64_t from, to;
    struct buf buffer;
    size_t next, room;
    /* the record read last */
    uint64_t key;
    const char *row;
    size_t len;
};

/* `room` bounds the buffer unless a single row is longer. */
void spill_run_start(struct spill_run *r, struct spill *file, int64_t from, int64_t to,
                     size_t room);

/* Read a record; row is valid until the next call. 1; 0 at the end; -1: STATUS_IO. */
int spill_run_next(struct spill_run *r, struct err *err) NODISCARD;

void spill_run_free(struct spill_run *r);

#endif
