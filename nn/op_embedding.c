#include <math.h>

#include "nn/op.h"
#include "nn/vector.h"

CLONED void op_embedding_forward(int sequences, const int *offset, int dim, const int32_t *input,
                                 real scale, const real *table, const real *position, real *y) {
    for (int s = 0; s < sequences; s++)
        for (int t = offset[s]; t < offset[s + 1]; t++) {
            size_t row = t - offset[0];
            const real *e = table + (size_t)input[row] * dim;
            real *out = y + row * dim;
            if (!position) {
                for (int c = 0; c < dim; c++)
                    out[c] = scale * e[c];
                continue;
            }
            const real *p = position + (size_t)(t - offset[s]) * dim;
            for (int c = 0; c < dim; c++)
                out[c] = scale * e[c] + p[c];
        }
}

CLONED void op_embedding_backward(int rows, int dim, const int32_t *input, real scale,
                                  const real *dy, int first, int last, real *dtable) {
    for (int row = 0; row < rows; row++) {
        if (input[row] < first || input[row] >= last)
            continue;
        const real *d = dy + (size_t)row * dim;
        real *out = dtable + (size_t)input[row] * dim;
        for (int c = 0; c < dim; c++)
            out[c] += scale * d[c];
    }
}

CLONED void op_position_backward(int sequences, const int *offset, int dim, const real *dy,
                                 real *dposition) {
    for (int s = 0; s < sequences; s++) {
        const real *d = dy + (size_t)(offset[s] - offset[0]) * dim;
        size_t n = (size_t)(offset[s + 1] - offset[s]) * dim;
        for (size_t i = 0; i < n; i++)
            dposition[i] += d[i];
    }
}

void op_sinusoid(int length, int dim, real *table) {
    for (int p = 0; p < length; p++)
        for (int c = 0; c < dim; c++) {
            double angle = p / pow(10000, (double)(c / 2 * 2) / dim);
            table[(size_t)p * dim + c] = (real)(c % 2 ? cos(angle) : sin(angle));
        }
}
