#include <math.h>
#include <string.h>

#include "nn/op.h"
#include "nn/vector.h"

void op_rotary_table(int length, int head_dim, real *table) {
    int half = head_dim / 2;
    for (int p = 0; p < length; p++)
        for (int i = 0; i < half; i++) {
            double angle = p / pow(10000, 2.0 * i / head_dim);
            table[(size_t)p * head_dim + i] = (real)cos(angle);
            table[(size_t)p * head_dim + half + i] = (real)sin(angle);
        }
}

INLINE void turn(int half, int step, int apart, bool back, const real *table, const real *x,
                 real *y) {
    INDEPENDENT
    for (int i = 0; i < half; i++) {
        real c = table[i], s = back ? -table[half + i] : table[half + i];
        real a = x[i * step], b = x[i * step + apart];
        y[i * step] = c * a - s * b;
        y[i * step + apart] = s * a + c * b;
    }
}

CLONED void op_rotary(const struct rotary *r, int sequences, const int *offset, const int *place,
                      const real *x, real *y) {
    int half = r->head_dim / 2;
    size_t width = (size_t)r->heads * r->head_dim, turned = (size_t)r->turned * r->head_dim;
    for (int s = 0; s < sequences; s++)
        for (int t = offset[s]; t < offset[s + 1]; t++) {
            size_t row = (size_t)(t - offset[0]), first = row * width;
            size_t angle = (size_t)(place ? place[row] : t - offset[s]);
            const real *angles = r->table + angle * r->head_dim;
            for (size_t at = first; at < first + turned; at += r->head_dim)
                if (r->interleaved)
                    turn(half, 2, 1, r->back, angles, x + at, y + at);
                else
                    turn(half, 1, half, r->back, angles, x + at, y + at);
            if (y != x)
                memcpy(y + first + turned, x + first + turned, (width - turned) * sizeof *y);
        }
}
