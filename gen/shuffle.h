/* Rows in a random order that depends on their number and a seed alone: row i of a sequence goes
 * where its key, the first 64 bits of item i of stream RNG_SHUFFLE, stands among all keys. Every
 * order is as likely as any other (equal keys, which keep their order, are expected once in 10^19
 * pairs). How much memory there is does not change the order: what does not fit is sorted in parts
 * in a temporary file, which are merged. */
#ifndef ESPALIER_SHUFFLE_H
#define ESPALIER_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

struct shuffle;

/* `memory` bounds the bytes held, more or less (tools ask for SHUFFLE_LEAST_MEMORY); `folder` is
 * for the temporary file. */
enum { SHUFFLE_LEAST_MEMORY = 1000000 };
struct shuffle *shuffle_new(uint64_t seed, size_t memory, const char *folder);

/* Append a row; it is copied. -1: STATUS_CANTCREATE, STATUS_IO. */
int shuffle_add(struct shuffle *s, const char *row, size_t len, struct err *err) NODISCARD;

/* The number of rows added; the bytes held for them now. */
uint64_t shuffle_rows(const struct shuffle *s);
size_t shuffle_held(const struct shuffle *s);

/* The next row in the new order, without LF; valid until the next call. After the first call
 * nothing may be added. 1: a row; 0: the end; -1: STATUS_CANTCREATE, STATUS_IO. */
int shuffle_next(struct shuffle *s, const char **row, size_t *len, struct err *err) NODISCARD;

/* NULL is allowed. */
void shuffle_free(struct shuffle *s);

#endif
