#include "nn/op_place.h"

#include <stddef.h>
#include <string.h>

#include "nn/product.h"
#include "nn/vector.h"

/* A strip of BLOCK outputs of the weight is turned so that a word's column is contiguous, as many
 * columns at once as the caches hold. A column's sum is over rows in order whatever the strips, and
 * a row's over places in order. */
enum { BLOCK = 64, COLUMNS = 384, VECTORS = BLOCK / LANES };

/* Columns column .. column + columns - 1 of outputs first .. first + high - 1; the outputs beyond
 * `high` are 0. Columns are numbered through all places. */
struct strip {
    int first, high;
    size_t column;
    int columns, place_first, place_last;
    real turned[COLUMNS][BLOCK];
};

static void begin_strip(struct strip *s, int first, int last, size_t column, size_t in,
                        int vocabulary) {
    size_t rest = in - column;
    s->first = first;
    s->high = last - first < BLOCK ? last - first : BLOCK;
    s->column = column;
    s->columns = rest < COLUMNS ? (int)rest : COLUMNS;
    s->place_first = (int)(column / (size_t)vocabulary);
    s->place_last = (int)((column + (size_t)s->columns - 1) / (size_t)vocabulary);
}

/* The column of a row's word at a place, if the strip has it. */
INLINE real *column_of(struct strip *s, const int32_t *token, int place, int vocabulary) {
    size_t at = (size_t)place * (size_t)vocabulary + (size_t)token[place] - s->column;
    return at < (size_t)s->columns ? s->turned[at] : NULL;
}

/* y += the columns of the words; y has a whole strip's outputs. */
INLINE void add_columns(struct strip *s, const int32_t *token, int vocabulary, real *y) {
    lanes sum[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        LANES_LOAD(sum[v], y + v * LANES);
    for (int t = s->place_first; t <= s->place_last; t++) {
        const real *from = column_of(s, token, t, vocabulary);
        for (int v = 0; from && v < VECTORS; v++) {
            lanes x;
            LANES_LOAD(x, from + v * LANES);
            sum[v] += x;
        }
    }
    for (int v = 0; v < VECTORS; v++)
        LANES_STORE(y + v * LANES, sum[v]);
}

CLONED void op_columns_forward(int rows, int places, int vocabulary, int out, const int32_t *token,
                               const real *w, const real *bias, real *y) {
    size_t in = (size_t)places * (size_t)vocabulary;
    struct strip s;
    real start[BLOCK];
    for (int first = 0; first < out; first += BLOCK)
        for (size_t column = 0; column < in; column += COLUMNS) {
            begin_strip(&s, first, out, column, in, vocabulary);
            product_kernels()->transpose(s.high, s.columns, w + (size_t)first * in + column,
                                         (int)in, BLOCK, s.turned[0]);
            for (int i = 0; i < BLOCK; i++)
                start[i] = bias && i < s.high ? bias[first + i] : 0;
            for (int row = 0; row < rows; row++) {
                real *to = y + (size_t)row * out + first, part[BLOCK];
                real *sum = s.high == BLOCK ? to : part;
                if (column == 0)
                    memcpy(sum, start, sizeof start);
                else if (sum == part)
                    memcpy(part, to, (size_t)s.high * sizeof *to);
                add_columns(&s, token + (size_t)row * places, vocabulary, sum);
                if (sum == part)
                    memcpy(to, part, (size_t)s.high * sizeof *to);
            }
        }
}

/* The columns of the words += dy, which has a whole strip's outputs. */
INLINE void add_to_columns(struct strip *s, const int32_t *token, int vocabulary, const real *dy) {
    lanes d[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        LANES_LOAD(d[v], dy + v * LANES);
    for (int t = s->place_first; t <= s->place_last; t++) {
        real *to = column_of(s, token, t, vocabulary);
        for (int v = 0; to && v < VECTORS; v++) {
            lanes x;
            LANES_LOAD(x, to + v * LANES);
            x += d[v];
            LANES_STORE(to + v * LANES, x);
        }
    }
}

CLONED void op_columns_backward(int rows, int places, int vocabulary, int out, const int32_t *token,
                                const real *dy, int first, int last, bool add, real *dw) {
    size_t in = (size_t)places * (size_t)vocabulary;
    struct strip s;
    for (int o = first; o < last; o += BLOCK)
        for (size_t column = 0; column < in; column += COLUMNS) {
            begin_strip(&s, o, last, column, in, vocabulary);
            memset(s.turned, 0, (size_t)s.columns * sizeof *s.turned);
            for (int row = 0; row < rows; row++) {
                const real *from = dy + (size_t)row * out + o;
                real part[BLOCK] = {0};
                if (s.high < BLOCK)
                    from = memcpy(part, from, (size_t)s.high * sizeof *from);
                add_to_columns(&s, token + (size_t)row * places, vocabulary, from);
            }
            for (int r = 0; r < s.high; r++) {
                real *to = dw + (size_t)(o + r) * in + column;
                for (int i = 0; i < s.columns; i++)
                    to[i] = s.turned[i][r] + (add ? to[i] : 0);
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
