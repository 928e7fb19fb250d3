/* Tensors in a file: safetensors, as in github.com/huggingface/safetensors (README "Format" and
 * safetensors/src/tensor.rs).
 *
 *     8 bytes  N, little-endian         N bytes  JSON header        rest  tensors, back to back
 *
 * Tensors are little-endian, row-major. What is read is validated whole before anything is
 * returned: a file from a stranger can be refused but cannot do harm. */
#ifndef ESPALIER_TENSORFILE_H
#define ESPALIER_TENSORFILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

/* In the order of the reference implementation: that is the order of tensors in a file, last first.
 * Never stored as a number. */
enum dtype {
    DTYPE_BOOL,
    DTYPE_U8,
    DTYPE_I8,
    DTYPE_F8_E5M2,
    DTYPE_F8_E4M3,
    DTYPE_I16,
    DTYPE_U16,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_I32,
    DTYPE_U32,
    DTYPE_F32,
    DTYPE_C64,
    DTYPE_F64,
    DTYPE_I64,
    DTYPE_U64,
};

/* Its name in the file ("F32"), and the bytes of one element. */
const char *dtype_name(enum dtype dtype);
size_t dtype_bytes(enum dtype dtype);

enum { TENSOR_MAX_RANK = 8 };

struct tensor {
    const char *name;
    enum dtype dtype;
    int rank; /* 0: a scalar, one element */
    size_t shape[TENSOR_MAX_RANK];
    const void *data; /* row-major; when read, aligned to its element */
};

/* Elements and bytes of a tensor whose sizes are known to be sound. */
size_t tensor_count(const struct tensor *t);
size_t tensor_bytes(const struct tensor *t);

/* An entry of the metadata. */
struct tensor_note {
    const char *key, *value;
};

/* Write n tensors, in any order, and n_notes metadata entries (in the order given) as one file that
 * appears whole or not at all. The file is ordered as the reference writer orders it (dtype,
 * largest alignment first, then name) and padded so that the tensors are aligned. Its bytes are a
 * function of the arguments alone. -1 on error: STATUS_DATA for a name given twice, "__metadata__"
 * as a name, text that is not UTF-8, a rank or size out of range; otherwise as outfile_open and
 * _commit. */
int tensorfile_write(const char *path, const struct tensor *tensors, size_t n,
                     const struct tensor_note *notes, size_t n_notes, struct err *err) NODISCARD;

/* A file read whole. Everything belongs to it, and lives until tensorfile_close. */
struct tensorfile {
    char *path;
    struct tensor *tensors; /* in the order of the file */
    size_t n;
    struct tensor_note *notes;
    size_t n_notes;
    void *header;          /* the parsed JSON, which owns the strings */
    unsigned char *memory; /* what data points into */
    void **copies;         /* tensors that the file did not align */
    size_t n_copies, copies_room;
};

/* NULL on error: STATUS_NOINPUT when it cannot be opened or is no regular file, STATUS_IO when
 * reading fails, STATUS_DATA when it is not a valid safetensors file (or has a tensor of rank > 8).
 */
struct tensorfile *tensorfile_open(const char *path, struct err *err) NODISCARD;

/* The same from bytes in memory, which are copied; NAME is used in messages. */
struct tensorfile *tensorfile_parse(const char *name, const void *bytes, size_t len,
                                    struct err *err) NODISCARD;

/* NULL is allowed. */
void tensorfile_close(struct tensorfile *f);

/* The tensor of that name, or NULL. */
const struct tensor *tensorfile_find(const struct tensorfile *f, const char *name);

/* The tensor of that name, which must have this dtype and shape. NULL otherwise: STATUS_DATA, with
 * what the file has and what was expected. */
const struct tensor *tensorfile_need(const struct tensorfile *f, const char *name, enum dtype dtype,
                                     int rank, const size_t *shape, struct err *err) NODISCARD;

/* The metadata entry of that key, or NULL. */
const char *tensorfile_note(const struct tensorfile *f, const char *key);

#endif
