/* The gradient of whole recurrent models, and of the recurrent operator, against signed
 * differences, every coordinate, in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "rnn_batches.h"

/* Fourth-order differences of f at *x. */
static double slope(real *x, double h, double (*f)(void *), void *context) {
    const double place[4] = {-2, -1, 1, 2};
    real at = *x;
    double y[4];
    for (int k = 0; k < 4; k++) {
        *x = (real)((double)at + place[k] * h);
        y[k] = f(context);
    }
    *x = at;
    return (8 * (y[2] - y[1]) - (y[3] - y[0])) / (12 * h);
}

static void compare(const char *what, size_t i, double analytic, double numeric, double largest) {
    double size = fmax(fmax(fabs(numeric), fabs(analytic)), 0.01 * largest);
    if (!(fabs(numeric - analytic) < 1e-6 * size))
        fail_msg("%s[%zu]: backward %.12g, differences %.12g", what, i, analytic, numeric);
}

struct case_ {
    struct model *model;
    const struct batch *batch;
};

static double model_loss(void *context) {
    struct case_ *c = context;
    return model_gradient(c->model, NULL, c->batch, NULL);
}

/* stride: check one coordinate in so many. */
static void check_model(const char *name, const struct rnn_config *config, int sequences,
                        int longest, size_t stride, uint64_t seed) {
    struct err err = {0};
    struct model *model = model_new(&rnn_architecture, config, &err);
    if (!model)
        fail_msg("%s: %s", name, err.text);
    model_init(model, seed);
    struct params *p = model->params;
    struct rng r = rng_at(seed, RNG_EVAL, 1);
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t j = 0; j < p->table[i].count; j++)
            p->value[p->table[i].offset + j] += (real)(0.3 * rng_normal(&r));
    static struct sentences s;
    struct batch batch = draw_batch(&s, config, sequences, longest, false, seed);
    for (size_t i = 0; i < p->size; i++)
        p->gradient[i] = 77; /* gradients are set, not added to */
    int counted;
    assert_true(isfinite(model_gradient(model, NULL, &batch, &counted)) && counted > 0);
    real *gradient = mem_alloc(p->size, sizeof *gradient);
    memcpy(gradient, p->gradient, p->size * sizeof *gradient);
    struct case_ c = {model, &batch};
    const double h = config->cell == CELL_SRN_RELU ? 5e-5 : 1e-3; /* kinks may lie near */
    for (size_t i = 0; i < p->tensors; i++) {
        const struct param *t = &p->table[i];
        double largest = 0;
        for (size_t j = 0; j < t->count; j++)
            largest = fmax(largest, fabs((double)gradient[t->offset + j]));
        char what[200];
        snprintf(what, sizeof what, "%s: %s", name, t->name);
        bool one_step = longest == 1 ||
                        (config->objective == OBJECTIVE_CLASS && config->read_out == READOUT_FIRST);
        if (largest < 1e-8 && !one_step && config->cell != CELL_SRN_RELU)
            fail_msg("%s has no gradient", what);
        largest = fmax(largest, 5e-3); /* rounding of the loss, 1e-16 / h, is the rest */
        for (size_t j = 0; j < t->count; j += stride)
            compare(what, j, (double)gradient[t->offset + j],
                    slope(&p->value[t->offset + j], h, model_loss, &c), largest);
    }
    free(gradient);
    model_free(model);
}

static const struct rnn_config tiny = {.vocabulary = 5,
                                       .dim = 3,
                                       .hidden = 4,
                                       .layers = 2,
                                       .max_length = LONGEST,
                                       .dropout = 0.2,
                                       .dropout_embedding = 0.1,
                                       .dropout_output = 0.3,
                                       .label_smoothing = 0.1};

static void test_variants(void **state) {
    (void)state;
    struct rnn_config c;
    char name[100];
    int n = 0;
    for (; rnn_variant(n, &tiny, &c, name, sizeof name); n++)
        check_model(name, &c, 6, 7, 1, 3 + (uint64_t)n);
    assert_int_equal(n, 52);
}

/* One sentence; sentences of one token; no dropout and one layer; more rows than a chunk holds, so
 * that partial sums and kept arrays go across chunks (where one of so many ReLUs is sure to lie
 * near its kink, and differences say nothing). */
static void test_batches(void **state) {
    (void)state;
    struct rnn_config c, sizes = tiny;
    char name[100];
    sizes.layers = 1;
    sizes.dropout = sizes.dropout_embedding = sizes.dropout_output = sizes.label_smoothing = 0;
    for (int n = 0; rnn_variant(n, &sizes, &c, name, sizeof name); n++) {
        check_model(name, &c, 1, 1, 1, 100);
        check_model(name, &c, 1, 9, 2, 101);
        check_model(name, &c, 3, 1, 2, 102);
    }
    for (int n = 0; rnn_variant(n, &sizes, &c, name, sizeof name); n++)
        if (c.cell != CELL_SRN_RELU && (n % 13 == 0 || n % 13 == 5 || n % 13 == 12))
            check_model(name, &c, 90, LONGEST, 11, 103);
}

/* Weights of more than one tile, tiles that cut the GRU's blocks, and gates whose rows are kept
 * apart. */
static void test_tiles(void **state) {
    (void)state;
    assert_int_not_equal(op_gates_stride(CELL_LSTM, 128), 4 * 128);
    for (int cell = CELL_SRN; cell <= CELL_LSTM; cell++) {
        struct rnn_config c = tiny;
        c.cell = (enum cell)cell;
        c.hidden = cell == CELL_SRN ? 260 : cell == CELL_LSTM ? 128 : 90;
        c.layers = 1;
        c.dropout = 0;
        check_model("tiles", &c, 3, 4, 211, 7);
    }
}

/* The operator alone: states before the first step, in both directions, with the cells' states,
 * gradients stored and added; sequences of no rows among the others. */
struct layer {
    struct op_recurrent r;
    const real *u;
    int rows;
};

static double layer_loss(void *context) {
    struct layer *l = context;
    size_t h = (size_t)l->r.hidden;
    op_recurrent_forward(&l->r);
    double sum = 0;
    for (size_t i = 0; i < (size_t)l->rows * h * (l->r.cells ? 2 : 1); i++)
        sum += (double)l->r.y[i] * (double)l->u[i];
    return sum;
}

static real *normals(struct rng *r, size_t n) {
    real *x = mem_alloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)rng_normal(r);
    return x;
}

static void check_layer(enum cell cell, int hidden, bool reverse, bool with_initial, bool cells) {
    const int offset[] = {5, 7, 7, 12, 13, 22, 24, 29}, sequences = 7, rows = 24;
    struct rng g = rng_at((uint64_t)hidden, RNG_EVAL, 5);
    size_t h = (size_t)hidden, width = (size_t)op_cell_blocks(cell) * h;
    size_t initial_width = cell == CELL_LSTM ? 2 * h : h, wide = cells ? 2 * h : h;
    real *weight = normals(&g, width * h), *bias = normals(&g, width);
    real *initial = normals(&g, 7 * initial_width), *gates = normals(&g, rows * width);
    real *before = mem_alloc(rows * h, sizeof(real)), *u = normals(&g, rows * wide);
    real *extra = mem_alloc(rows * h, sizeof(real)), *y = mem_alloc(rows * wide, sizeof(real));
    real *work = mem_alloc(rows * width, sizeof(real));
    int *memory = mem_alloc(time_order_size(rows), sizeof *memory);
    struct time_order order = time_order_make(sequences, offset, reverse, memory);
    struct layer l = {
        .r = {.with = product_kernels(),
              .cell = cell,
              .hidden = hidden,
              .cells = cells,
              .sequences = sequences,
              .order = &order,
              .weight = weight,
              .bias = bias,
              .initial = with_initial ? initial : NULL,
              .x = gates,
              .pick = order.row,
              .gates = work,
              .y = y,
              .before = before,
              .extra = extra,
              .scratch = mem_alloc(op_recurrent_scratch(cell, hidden, 6), sizeof(real))},
        .u = u,
        .rows = rows};
    real *dinitial = mem_alloc(7 * initial_width, sizeof(real));
    for (int add = 0; add < (with_initial ? 2 : 1); add++) {
        for (size_t i = 0; i < 7 * initial_width; i++)
            dinitial[i] = 11;
        layer_loss(&l);
        op_recurrent_backward(&l.r, u, with_initial ? dinitial : NULL, add);
        real *dgates = mem_alloc(rows * width, sizeof(real));
        real *dextra = mem_alloc(rows * h, sizeof(real)), *kept = mem_alloc(rows * h, sizeof(real));
        memcpy(dgates, work, rows * width * sizeof(real));
        memcpy(dextra, extra, rows * h * sizeof(real));
        memcpy(kept, before, rows * h * sizeof(real));
        real *dw = mem_alloc(width * h, sizeof(real)), *db = mem_alloc(width, sizeof(real));
        int cut = (int)width - hidden / 2 - 1;
        for (int part = 0; part < 2; part++) {
            int first = part ? cut : 0, last = part ? (int)width : cut;
            op_recurrent_backward_weight(product_kernels(), cell, hidden, rows, dgates, kept,
                                         dextra, first, last, 0, hidden, false, dw);
            op_recurrent_backward_bias(cell, hidden, rows, dgates, dextra, first, last, false, db);
        }
        for (size_t i = 0; i < rows * width; i++)
            compare("gates", i, (double)dgates[i],
                    slope(&gates[(size_t)order.row[i / width] * width + i % width], 1e-3,
                          layer_loss, &l),
                    0.01);
        for (size_t i = 0; i < width * h; i++)
            compare("weight", i, (double)dw[i], slope(&weight[i], 1e-3, layer_loss, &l), 0.01);
        for (size_t i = 0; i < width; i++)
            compare("bias", i, (double)db[i], slope(&bias[i], 1e-3, layer_loss, &l), 0.01);
        for (size_t i = 0; with_initial && i < 7 * initial_width; i++)
            compare("initial", i, (double)dinitial[i] - (add ? 11 : 0),
                    slope(&initial[i], 1e-3, layer_loss, &l), 0.01);
        free(dgates), free(dextra), free(kept), free(dw), free(db);
    }
    free(weight), free(bias), free(initial), free(gates), free(before), free(u), free(extra);
    free(y), free(work), free(dinitial), free(l.r.scratch), free(memory);
}

static void test_operator(void **state) {
    (void)state;
    for (int variant = 0; variant < 16; variant++) {
        const enum cell cells[] = {CELL_SRN, CELL_GRU, CELL_LSTM, CELL_LSTM};
        check_layer(cells[variant / 4], 1 + variant % 5, variant & 1, variant & 2,
                    variant / 4 == 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
