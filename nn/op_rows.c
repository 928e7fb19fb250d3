#include "nn/op_rows.h"

#include <string.h>

#include "nn/vector.h"

void op_rows_pick(int n, int width, const real *x, const int *row, real *y) {
    for (int i = 0; i < n; i++)
        memcpy(y + (size_t)i * (size_t)width, x + (size_t)row[i] * (size_t)width,
               (size_t)width * sizeof *y);
}

CLONED void op_rows_put(int n, int width, const real *x, int ld, const int *row, bool add,
                        real *y) {
    for (int i = 0; i < n; i++) {
        const real *from = x + (size_t)i * (size_t)ld;
        real *to = y + (size_t)row[i] * (size_t)ld;
        if (!add) {
            memcpy(to, from, (size_t)width * sizeof *to);
            continue;
        }
        INDEPENDENT
        for (int k = 0; k < width; k++)
            to[k] += from[k];
    }
}

int op_tokens_differ(int n, const int32_t *token, int vocabulary, int *mark, int *number,
                     int32_t *different) {
    int count = 0;
    memset(mark, 0, (size_t)vocabulary * sizeof *mark);
    for (int i = 0; i < n; i++) {
        int *seen = &mark[token[i]];
        if (!*seen) {
            different[count++] = token[i];
            *seen = count;
        }
        number[i] = *seen - 1;
    }
    return count;
}
