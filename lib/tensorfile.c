#include "lib/tensorfile_private.h"

static const struct {
    const char *name;
    size_t bytes;
} dtypes[N_DTYPES] = {
    [DTYPE_BOOL] = {"BOOL", 1},       [DTYPE_U8] = {"U8", 1},           [DTYPE_I8] = {"I8", 1},
    [DTYPE_F8_E5M2] = {"F8_E5M2", 1}, [DTYPE_F8_E4M3] = {"F8_E4M3", 1}, [DTYPE_I16] = {"I16", 2},
    [DTYPE_U16] = {"U16", 2},         [DTYPE_F16] = {"F16", 2},         [DTYPE_BF16] = {"BF16", 2},
    [DTYPE_I32] = {"I32", 4},         [DTYPE_U32] = {"U32", 4},         [DTYPE_F32] = {"F32", 4},
    [DTYPE_C64] = {"C64", 8},         [DTYPE_F64] = {"F64", 8},         [DTYPE_I64] = {"I64", 8},
    [DTYPE_U64] = {"U64", 8},
};

const char *dtype_name(enum dtype dtype) {
    return dtypes[dtype].name;
}

size_t dtype_bytes(enum dtype dtype) {
    return dtypes[dtype].bytes;
}

size_t tensor_count(const struct tensor *t) {
    size_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->shape[i];
    return count;
}

size_t tensor_bytes(const struct tensor *t) {
    return tensor_count(t) * dtypes[t->dtype].bytes;
}

bool tensor_checked_bytes(const struct tensor *t, size_t *bytes) {
    size_t n = 1;
    for (int i = 0; i < t->rank; i++)
        if (__builtin_mul_overflow(n, t->shape[i], &n))
            return false;
    return !__builtin_mul_overflow(n, dtypes[t->dtype].bytes, bytes);
}
