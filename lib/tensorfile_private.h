/* What the files that make up tensorfile share: tensorfile.c knows the element types and sizes,
 * tensorfile_write.c writes, tensorfile_read.c reads. */
#ifndef ESPALIER_TENSORFILE_PRIVATE_H
#define ESPALIER_TENSORFILE_PRIVATE_H

#include <stdbool.h>

#include "lib/tensorfile.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#    error "tensorfile copies tensors as they are in memory, which must be little-endian"
#endif

/* The limit of the reference implementation. */
#define MAX_HEADER_BYTES 100000000u

enum { N_DTYPES = DTYPE_U64 + 1 };

/* The size in bytes; false when it does not fit. A size of 0 does not excuse an overflow: the
 * reference implementation multiplies from the left, and so do we. */
bool tensor_checked_bytes(const struct tensor *t, size_t *bytes);

#endif
