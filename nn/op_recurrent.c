#include "nn/op_recurrent.h"

#include <string.h>

#include "nn/mat.h"
#include "nn/op.h"
#include "nn/op_recurrent_cell.h"

int op_cell_blocks(enum cell cell) {
    return cell == CELL_LSTM ? 4 : cell == CELL_GRU ? 3 : 1;
}

/* A sequence of at least one row, by its place among all and its first row. */
struct turn {
    int sequence, first, length;
};

static size_t turns_size(size_t sequences) {
    return (sequences * sizeof(struct turn) + sizeof(real) - 1) / sizeof(real) + 16;
}

size_t op_recurrent_scratch(enum cell cell, int hidden, size_t sequences) {
    return sequences * (size_t)hidden * (size_t)(op_cell_blocks(cell) + 2) + turns_size(sequences);
}

struct scratch {
    struct turn *turn;
    int turns;
    real *state, *cell, *product; /* turns x hidden, the same, turns x blocks hidden */
};

/* Longest first, and those of one length in their order. */
static struct scratch start(const struct op_recurrent *r) {
    struct scratch s = {.turn = (struct turn *)(void *)r->scratch};
    for (int i = 0; i < r->sequences; i++) {
        struct turn new = {i, r->offset[i] - r->offset[0], r->offset[i + 1] - r->offset[i]};
        if (new.length == 0)
            continue;
        int at = s.turns++;
        for (; at > 0 && s.turn[at - 1].length < new.length; at--)
            s.turn[at] = s.turn[at - 1];
        s.turn[at] = new;
    }
    size_t block = (size_t)s.turns * (size_t)r->hidden;
    s.state = r->scratch + turns_size((size_t)s.turns);
    s.cell = s.state + block;
    s.product = s.cell + block;
    return s;
}

/* How many sequences have a step `step`, when so many had the step before (or have the one after).
 */
static int still_active(const struct scratch *s, int active, int step) {
    while (active > 0 && s->turn[active - 1].length <= step)
        active--;
    return active;
}

static int now_active(const struct scratch *s, int active, int step) {
    while (active < s->turns && s->turn[active].length > step)
        active++;
    return active;
}

static size_t row_of(const struct op_recurrent *r, const struct turn *t, int step) {
    return (size_t)(t->first + (r->reverse ? t->length - 1 - step : step));
}

static int initial_width(const struct op_recurrent *r) {
    return r->cell == CELL_LSTM ? 2 * r->hidden : r->hidden;
}

static void set_initial(const struct op_recurrent *r, const struct scratch *s) {
    size_t h = (size_t)r->hidden, bytes = h * sizeof(real);
    if (!r->initial) {
        memset(s->state, 0, (size_t)s->turns * bytes);
        memset(s->cell, 0, (size_t)s->turns * bytes);
        return;
    }
    for (int i = 0; i < s->turns; i++) {
        const real *from = r->initial + (size_t)s->turn[i].sequence * initial_width(r);
        memcpy(s->state + i * h, from, bytes);
        if (r->cell == CELL_LSTM)
            memcpy(s->cell + i * h, from + h, bytes);
    }
}

void op_recurrent_forward(const struct op_recurrent *r) {
    struct scratch s = start(r);
    int h = r->hidden, width = op_cell_blocks(r->cell) * h, wide = r->cells ? 2 * h : h;
    set_initial(r, &s);
    int active = s.turns;
    for (int step = 0; (active = still_active(&s, active, step)) > 0; step++) {
        if (step == 0 && !r->initial)
            memset(s.product, 0, (size_t)active * width * sizeof(real));
        else
            mat_nt(active, width, h, s.state, h, r->weight, h, false, s.product, width);
        for (int i = 0; i < active; i++) {
            size_t row = row_of(r, &s.turn[i], step);
            real *state = s.state + (size_t)i * h, *cell = s.cell + (size_t)i * h;
            real *gates = r->gates + row * width, *extra = r->extra ? r->extra + row * h : NULL;
            real *product = s.product + (size_t)i * width, *y = r->y + row * wide;
            if (r->before)
                memcpy(r->before + row * h, state, h * sizeof(real));
            cell_add(width, product, r->bias, product);
            switch (r->cell) {
            case CELL_SRN:
                srn_forward(h, product, gates, state);
                break;
            case CELL_SRN_RELU:
                srn_relu_forward(h, product, gates, state);
                break;
            case CELL_GRU:
                gru_forward(h, product, gates, state, extra);
                break;
            case CELL_LSTM:
                lstm_forward(h, product, gates, cell, state);
                memcpy(extra, cell, h * sizeof(real));
                break;
            }
            memcpy(y, state, h * sizeof(real));
            if (r->cells)
                memcpy(y + h, cell, h * sizeof(real));
        }
    }
}

/* The LSTM's c before a step. */
static const real *cell_before(const struct op_recurrent *r, const struct turn *t, int step) {
    if (step > 0)
        return r->extra + row_of(r, t, step - 1) * r->hidden;
    return r->initial ? r->initial + (size_t)t->sequence * 2 * r->hidden + r->hidden : NULL;
}

static void give_initial(const struct op_recurrent *r, const struct scratch *s, real *dinitial,
                         bool add) {
    size_t h = (size_t)r->hidden, width = (size_t)initial_width(r);
    if (!add)
        memset(dinitial, 0, (size_t)r->sequences * width * sizeof(real));
    for (int i = 0; i < s->turns; i++) {
        real *to = dinitial + (size_t)s->turn[i].sequence * width;
        cell_add((int)h, to, s->state + i * h, to);
        if (r->cell == CELL_LSTM)
            cell_add((int)h, to + h, s->cell + i * h, to + h);
    }
}

/* state and cell hold the gradients of h and c that came from later steps. */
void op_recurrent_backward(const struct op_recurrent *r, const real *dy, real *dinitial, bool add) {
    struct scratch s = start(r);
    int h = r->hidden, width = op_cell_blocks(r->cell) * h, wide = r->cells ? 2 * h : h;
    memset(s.state, 0, (size_t)s.turns * h * sizeof(real));
    memset(s.cell, 0, (size_t)s.turns * h * sizeof(real));
    int active = 0, longest = s.turns ? s.turn[0].length : 0;
    for (int step = longest - 1; step >= 0; step--) {
        active = now_active(&s, active, step);
        for (int i = 0; i < active; i++) {
            size_t row = row_of(r, &s.turn[i], step);
            real *dh = s.state + (size_t)i * h, *dc = s.cell + (size_t)i * h;
            real *gates = r->gates + row * width, *extra = r->extra ? r->extra + row * h : NULL;
            real *product = s.product + (size_t)i * width;
            cell_add(h, dh, dy + row * wide, dh);
            if (r->cells)
                cell_add(h, dc, dy + row * wide + h, dc);
            switch (r->cell) {
            case CELL_SRN:
                srn_backward(h, gates, dh);
                break;
            case CELL_SRN_RELU:
                srn_relu_backward(h, gates, dh);
                break;
            case CELL_GRU:
                gru_backward(h, gates, extra, r->before + row * h, dh);
                break;
            case CELL_LSTM:
                lstm_backward(h, gates, extra, cell_before(r, &s.turn[i], step), dh, dc);
                break;
            }
            memcpy(product, gates, width * sizeof(real));
            if (r->cell == CELL_GRU)
                memcpy(product + 2 * (size_t)h, extra, h * sizeof(real));
        }
        if (step > 0 || dinitial)
            mat_nn(active, h, width, s.product, width, r->weight, h, r->cell == CELL_GRU, s.state,
                   h);
    }
    if (dinitial)
        give_initial(r, &s, dinitial, add);
}

/* Where block 2 of the GRU's gradients of u stands apart, from `extra` on. */
static int apart(enum cell cell, int hidden, int first, int last) {
    int from = cell == CELL_GRU ? 2 * hidden : last;
    return from < first ? first : from < last ? from : last;
}

void op_recurrent_backward_weight(enum cell cell, int hidden, int rows, const real *gates,
                                  const real *before, const real *extra, int out_first,
                                  int out_last, int in_first, int in_last, bool add, real *dw) {
    int width = op_cell_blocks(cell) * hidden, split = apart(cell, hidden, out_first, out_last);
    op_linear_backward_weight(product_kernels(), rows, hidden, width, before, gates, out_first,
                              split, in_first, in_last, add, dw);
    if (split < out_last)
        op_linear_backward_weight(product_kernels(), rows, hidden, hidden, before, extra,
                                  split - 2 * hidden, out_last - 2 * hidden, in_first, in_last, add,
                                  dw + 2 * (size_t)hidden * hidden);
}

void op_recurrent_backward_bias(enum cell cell, int hidden, int rows, const real *gates,
                                const real *extra, int first, int last, bool add, real *dbias) {
    int width = op_cell_blocks(cell) * hidden, split = apart(cell, hidden, first, last);
    op_linear_backward_bias(rows, width, gates, first, split, add, dbias);
    if (split < last)
        op_linear_backward_bias(rows, hidden, extra, split - 2 * hidden, last - 2 * hidden, add,
                                dbias + 2 * (size_t)hidden);
}
