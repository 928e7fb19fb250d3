#include "nn/op_recurrent.h"

#include <string.h>

#include "nn/op.h"
#include "nn/op_recurrent_cell.h"

int op_cell_blocks(enum cell cell) {
    return cell == CELL_LSTM ? 4 : cell == CELL_GRU ? 3 : 1;
}

int op_gates_stride(enum cell cell, int hidden) {
    int width = op_cell_blocks(cell) * hidden, line = 64 / (int)sizeof(real);
    return (size_t)width * sizeof(real) % 4096 == 0 ? width + line : width;
}

static size_t padded(size_t n) {
    return (n + 15) / 16 * 16;
}

/* Of any set of products: none takes more than the one that rounds nothing. */
static size_t packed_most(enum cell cell, int hidden) {
    size_t (*size)(int, int) = product_kernels()->packed_size;
    int width = op_cell_blocks(cell) * hidden;
    size_t forward = size(width, hidden), backward = size(hidden, width);
    if (cell == CELL_GRU)
        backward = padded(size(hidden, 2 * hidden)) + size(hidden, hidden);
    return padded(forward > backward ? forward : backward);
}

size_t op_recurrent_scratch(enum cell cell, int hidden, size_t sequences) {
    size_t blocks = (size_t)op_cell_blocks(cell);
    return packed_most(cell, hidden) + padded(blocks * (size_t)hidden) +
           sequences * (blocks + 2) * (size_t)hidden;
}

struct scratch {
    bool packed;
    real *weight; /* packed, for the direction at hand */
    real *zeros;  /* blocks hidden */
    /* A row for each sequence that is not empty, in the order of the first step. */
    real *product, *state, *cell;
};

/* A weight is packed where more than one step multiplies with it. */
static struct scratch scratch_of(const struct op_recurrent *r) {
    size_t h = (size_t)r->hidden, width = (size_t)op_cell_blocks(r->cell) * h;
    struct scratch s = {.packed = r->order->steps > 2, .weight = r->scratch};
    s.zeros = s.weight + packed_most(r->cell, r->hidden);
    s.product = s.zeros + padded(width);
    s.state = s.product + (size_t)r->order->sequences * width;
    s.cell = s.state + (size_t)r->order->sequences * h;
    memset(s.zeros, 0, width * sizeof *s.zeros);
    return s;
}

static size_t initial_width(const struct op_recurrent *r) {
    return (size_t)r->hidden * (r->cell == CELL_LSTM ? 2 : 1);
}

static const real *initial_of(const struct op_recurrent *r, int k) {
    return r->initial + (size_t)r->order->sequence[k] * initial_width(r);
}

/* The states before the first step are the first rows of `before`. */
static void set_initial(const struct op_recurrent *r) {
    size_t h = (size_t)r->hidden, bytes = h * sizeof(real);
    if (!r->initial)
        memset(r->before, 0, (size_t)r->order->sequences * bytes);
    for (int k = 0; r->initial && k < r->order->sequences; k++)
        memcpy(r->before + (size_t)k * h, initial_of(r, k), bytes);
}

/* The LSTM's c before step `step` of sequence k of those that have it. */
static const real *cell_before(const struct op_recurrent *r, const struct scratch *s, int step,
                               int k) {
    if (step > 0)
        return r->extra + (size_t)(r->order->start[step - 1] + k) * (size_t)r->hidden;
    return r->initial ? initial_of(r, k) + r->hidden : s->zeros;
}

static int active_at(const struct time_order *o, int step) {
    return step < o->steps ? o->start[step + 1] - o->start[step] : 0;
}

static void step_forward(const struct op_recurrent *r, const struct scratch *s, int step) {
    const struct time_order *o = r->order;
    size_t h = (size_t)r->hidden, width = (size_t)op_cell_blocks(r->cell) * h;
    size_t wide = r->cells ? 2 * h : h, stride = (size_t)op_gates_stride(r->cell, r->hidden);
    int active = active_at(o, step), go_on = active_at(o, step + 1);
    bool product = step > 0 || r->initial;
    if (product)
        r->with->product(s->packed ? PRODUCT_PACKED : PRODUCT_NT, active, (int)width, r->hidden,
                         r->before + (size_t)o->start[step] * h, r->hidden,
                         s->packed ? s->weight : r->weight, r->hidden,
                         (struct product_start){r->bias, 0}, s->product, (int)width);
    const real *no_product = r->bias ? r->bias : s->zeros;
    for (int k = 0; k < active; k++) {
        size_t place = (size_t)(o->start[step] + k);
        const real *u = product ? s->product + (size_t)k * width : no_product;
        const real *x = r->x + (r->pick ? (size_t)r->pick[place] : place) * stride;
        real *gates = r->gates + place * stride, *before = r->before + place * h;
        real *extra = r->extra ? r->extra + place * h : NULL;
        real *y = r->y + (size_t)o->row[place] * wide;
        switch (r->cell) {
        case CELL_SRN:
            srn_forward(r->hidden, u, x, gates, y);
            break;
        case CELL_SRN_RELU:
            srn_relu_forward(r->hidden, u, x, gates, y);
            break;
        case CELL_GRU:
            gru_forward(r->hidden, u, x, before, gates, extra, y);
            break;
        case CELL_LSTM:
            lstm_forward(r->hidden, u, x, cell_before(r, s, step, k), gates, extra, y);
            break;
        }
        if (k < go_on)
            memcpy(before + (size_t)active * h, y, h * sizeof *y);
        if (r->cells)
            memcpy(y + h, extra, h * sizeof *y);
    }
}

void op_recurrent_forward(const struct op_recurrent *r) {
    struct scratch s = scratch_of(r);
    set_initial(r);
    if (s.packed)
        r->with->pack(PRODUCT_NT, op_cell_blocks(r->cell) * r->hidden, r->hidden, r->weight,
                      r->hidden, s.weight);
    for (int step = 0; step < r->order->steps; step++)
        step_forward(r, &s, step);
}

/* The GRU's last block of gradients of u stands apart, in `extra`. */
static int blocks_together(const struct op_recurrent *r) {
    return r->cell == CELL_GRU ? 2 : op_cell_blocks(r->cell);
}

static size_t packed_together(const struct op_recurrent *r) {
    return padded(r->with->packed_size(r->hidden, blocks_together(r) * r->hidden));
}

static void pack_backward(const struct op_recurrent *r, const struct scratch *s) {
    int h = r->hidden, together = blocks_together(r);
    r->with->pack(PRODUCT_NN, h, together * h, r->weight, h, s->weight);
    if (r->cell == CELL_GRU)
        r->with->pack(PRODUCT_NN, h, h, r->weight + (size_t)(together * h) * (size_t)h, h,
                      s->weight + packed_together(r));
}

/* To `state` the gradient of the states before the step, from those of the products. */
static void product_backward(const struct op_recurrent *r, const struct scratch *s, int step) {
    size_t first = (size_t)r->order->start[step], h = (size_t)r->hidden;
    int stride = op_gates_stride(r->cell, r->hidden);
    int active = active_at(r->order, step), together = blocks_together(r);
    bool gru = r->cell == CELL_GRU;
    enum product_form form = s->packed ? PRODUCT_PACKED : PRODUCT_NN;
    struct product_start add = {s->state, h};
    r->with->product(form, active, r->hidden, together * r->hidden,
                     r->gates + first * (size_t)stride, stride, s->packed ? s->weight : r->weight,
                     r->hidden, gru ? add : (struct product_start){0}, s->state, r->hidden);
    if (gru)
        r->with->product(form, active, r->hidden, r->hidden, r->extra + first * h, r->hidden,
                         s->packed ? s->weight + packed_together(r)
                                   : r->weight + (size_t)together * h * h,
                         r->hidden, add, s->state, r->hidden);
}

static void step_backward(const struct op_recurrent *r, const struct scratch *s, const real *dys,
                          int step) {
    const struct time_order *o = r->order;
    size_t h = (size_t)r->hidden, stride = (size_t)op_gates_stride(r->cell, r->hidden);
    size_t wide = r->cells ? 2 * h : h;
    int active = active_at(o, step);
    for (int k = 0; k < active; k++) {
        size_t place = (size_t)(o->start[step] + k);
        real *dh = s->state + (size_t)k * h, *dc = s->cell + (size_t)k * h;
        real *gates = r->gates + place * stride, *extra = r->extra ? r->extra + place * h : NULL;
        const real *dy = dys + (size_t)o->row[place] * wide, *dz = r->cells ? dy + h : s->zeros;
        switch (r->cell) {
        case CELL_SRN:
            srn_backward(r->hidden, gates, dy, dh);
            break;
        case CELL_SRN_RELU:
            srn_relu_backward(r->hidden, gates, dy, dh);
            break;
        case CELL_GRU:
            gru_backward(r->hidden, gates, extra, r->before + place * h, dy, dh);
            break;
        case CELL_LSTM:
            lstm_backward(r->hidden, gates, extra, cell_before(r, s, step, k), dy, dz, dh, dc);
            break;
        }
    }
}

static void give_initial(const struct op_recurrent *r, const struct scratch *s, real *dinitial,
                         bool add) {
    size_t h = (size_t)r->hidden, width = initial_width(r);
    if (!add)
        memset(dinitial, 0, (size_t)r->sequences * width * sizeof(real));
    for (int k = 0; k < r->order->sequences; k++) {
        real *to = dinitial + (size_t)r->order->sequence[k] * width;
        cell_add(r->hidden, s->state + (size_t)k * h, to);
        if (r->cell == CELL_LSTM)
            cell_add(r->hidden, s->cell + (size_t)k * h, to + h);
    }
}

/* state and cell hold the gradients of h and c that came from later steps. */
void op_recurrent_backward(const struct op_recurrent *r, const real *dy, real *dinitial, bool add) {
    struct scratch s = scratch_of(r);
    size_t bytes = (size_t)r->order->sequences * (size_t)r->hidden * sizeof(real);
    memset(s.state, 0, bytes);
    memset(s.cell, 0, bytes);
    if (s.packed)
        pack_backward(r, &s);
    for (int step = r->order->steps - 1; step >= 0; step--) {
        step_backward(r, &s, dy, step);
        if (step > 0 || dinitial)
            product_backward(r, &s, step);
    }
    if (dinitial)
        give_initial(r, &s, dinitial, add);
}

/* Where block 2 of the GRU's gradients of u stands apart, from `extra` on. */
static int apart(enum cell cell, int hidden, int first, int last) {
    int from = cell == CELL_GRU ? 2 * hidden : last;
    return from < first ? first : from < last ? from : last;
}

void op_recurrent_backward_weight(const struct product_kernels *with, enum cell cell, int hidden,
                                  int rows, const real *gates, const real *before,
                                  const real *extra, int out_first, int out_last, int in_first,
                                  int in_last, bool add, real *dw) {
    int stride = op_gates_stride(cell, hidden), split = apart(cell, hidden, out_first, out_last);
    op_linear_backward_weight(with, rows, hidden, stride, before, gates, out_first, split, in_first,
                              in_last, add, dw);
    if (split < out_last)
        op_linear_backward_weight(with, rows, hidden, hidden, before, extra, split - 2 * hidden,
                                  out_last - 2 * hidden, in_first, in_last, add,
                                  dw + 2 * (size_t)hidden * hidden);
}

void op_recurrent_backward_bias(enum cell cell, int hidden, int rows, const real *gates,
                                const real *extra, int first, int last, bool add, real *dbias) {
    int stride = op_gates_stride(cell, hidden), split = apart(cell, hidden, first, last);
    op_linear_backward_bias(rows, stride, gates, first, split, add, dbias);
    if (split < last)
        op_linear_backward_bias(rows, hidden, extra, split - 2 * hidden, last - 2 * hidden, add,
                                dbias + 2 * (size_t)hidden);
}
