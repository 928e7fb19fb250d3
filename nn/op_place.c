#include "nn/op_place.h"

#include <stddef.h>
#include <string.h>

#include "nn/vector.h"

/* A strip of BLOCK outputs of the weight is turned so that a word's column is contiguous, as many
 * columns at once as the first cache holds. A column's sum is over rows in order whatever the
 * strips, and a row's over places in order. */
enum { BLOCK = 16, COLUMNS = 384 };

struct strip {
    real turned[COLUMNS][BLOCK];
};

/* Columns column .. column + n - 1 of outputs first .. first + high - 1. */
INLINE void turn(const real *w, size_t in, int first, int high, size_t column, int n,
                 struct strip *s) {
    for (int r = 0; r < high; r++) {
        const real *from = w + (size_t)(first + r) * in + column;
        for (int i = 0; i < n; i++)
            s->turned[i][r] = from[i];
    }
}

CLONED void op_columns_forward(int rows, int places, int vocabulary, int out, const int32_t *token,
                               const real *w, const real *bias, real *y) {
    size_t in = (size_t)places * (size_t)vocabulary;
    struct strip s;
    for (int row = 0; row < rows; row++)
        for (int o = 0; o < out; o++)
            y[(size_t)row * out + o] = bias ? bias[o] : 0;
    for (int first = 0; first < out; first += BLOCK) {
        int high = out - first < BLOCK ? out - first : BLOCK;
        for (size_t column = 0; column < in; column += COLUMNS) {
            size_t rest = in - column;
            int n = rest < COLUMNS ? (int)rest : COLUMNS;
            int place_first = (int)(column / (size_t)vocabulary),
                place_last = (int)((column + (size_t)n - 1) / (size_t)vocabulary);
            turn(w, in, first, high, column, n, &s);
            for (int row = 0; row < rows; row++) {
                real *to = y + (size_t)row * out + first;
                for (int t = place_first; t <= place_last; t++) {
                    size_t at = (size_t)t * (size_t)vocabulary +
                                (size_t)token[(size_t)row * places + t] - column;
                    if (at >= (size_t)n)
                        continue;
                    const real *from = s.turned[at];
                    if (high == BLOCK)
                        for (int r = 0; r < BLOCK; r++)
                            to[r] += from[r];
                    else
                        for (int r = 0; r < high; r++)
                            to[r] += from[r];
                }
            }
        }
    }
}

CLONED void op_columns_backward(int rows, int places, int vocabulary, int out, const int32_t *token,
                                const real *dy, int first, int last, bool add, real *dw) {
    size_t in = (size_t)places * (size_t)vocabulary;
    struct strip s;
    for (int o = first; o < last; o += BLOCK) {
        int high = last - o < BLOCK ? last - o : BLOCK;
        for (size_t column = 0; column < in; column += COLUMNS) {
            size_t rest = in - column;
            int n = rest < COLUMNS ? (int)rest : COLUMNS;
            int place_first = (int)(column / (size_t)vocabulary),
                place_last = (int)((column + (size_t)n - 1) / (size_t)vocabulary);
            memset(s.turned, 0, (size_t)n * sizeof *s.turned);
            for (int row = 0; row < rows; row++) {
                const real *from = dy + (size_t)row * out + o;
                for (int t = place_first; t <= place_last; t++) {
                    size_t at = (size_t)t * (size_t)vocabulary +
                                (size_t)token[(size_t)row * places + t] - column;
                    if (at >= (size_t)n)
                        continue;
                    real *to = s.turned[at];
                    if (high == BLOCK)
                        for (int r = 0; r < BLOCK; r++)
                            to[r] += from[r];
                    else
                        for (int r = 0; r < high; r++)
                            to[r] += from[r];
                }
            }
            for (int r = 0; r < high; r++) {
                real *to = dw + (size_t)(o + r) * in + column;
                for (int i = 0; i < n; i++)
                    to[i] = s.turned[i][r] + (add ? to[i] : 0);
            }
        }
    }
}

static size_t table_row(const int32_t *token, int t, int vocabulary, bool of_place) {
    return (size_t)token[t] + (of_place ? (size_t)t * (size_t)vocabulary : 0);
}

void op_lookup_forward(int rows, int places, int vocabulary, bool of_place, int dim,
                       const int32_t *token, const real *table, real *y) {
    for (int row = 0; row < rows; row++, token += places)
        for (int t = 0; t < places; t++, y += dim)
            memcpy(y, table + table_row(token, t, vocabulary, of_place) * (size_t)dim,
                   (size_t)dim * sizeof *y);
}

CLONED void op_lookup_backward(int rows, int places, int vocabulary, bool of_place, int dim,
                               const int32_t *token, const real *dy, int first, int last,
                               real *dtable) {
    for (int row = 0; row < rows; row++, token += places)
        for (int t = 0; t < places; t++, dy += dim) {
            size_t at = table_row(token, t, vocabulary, of_place);
            if (at < (size_t)first || at >= (size_t)last)
                continue;
            real *to = dtable + at * (size_t)dim;
            for (int c = 0; c < dim; c++)
                to[c] += dy[c];
        }
}
