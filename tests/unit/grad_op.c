/* Every operator's backward against signed differences of its forward, coordinate by coordinate, in
 * double. The loss of each case is the sum of the output times fixed random numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/op.h"

static struct rng draws;

static real *normals(size_t n) {
    real *x = mem_alloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)rng_normal(&draws);
    return x;
}

static real *zeros(size_t n) {
    return mem_alloc(n, sizeof(real));
}

static double dot(size_t n, const real *a, const real *b) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

typedef double loss_function(const void *ctx);

/* Fourth-order central differences: with h = 1e-3 both the truncated term (h^4) and the rounding
 * (1e-16 / h) are near 1e-12. Coordinates a thousand times below the largest are held to its scale.
 */
static void check(const char *what, size_t n, real *x, const real *gradient, loss_function *loss,
                  const void *ctx) {
    const double h = 1e-3;
    double largest = 1e-3;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)gradient[i]));
    for (size_t i = 0; i < n; i++) {
        real at = x[i];
        double f[4];
        const double place[4] = {-2, -1, 1, 2};
        for (int k = 0; k < 4; k++) {
            x[i] = (real)((double)at + place[k] * h);
            f[k] = loss(ctx);
        }
        x[i] = at;
        double numeric = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
        double analytic = (double)gradient[i];
        double size = fmax(fmax(fabs(numeric), fabs(analytic)), 1e-3 * largest);
        if (!(fabs(numeric - analytic) < 1e-7 * size))
            fail_msg("%s[%zu]: backward %.12g, differences %.12g", what, i, analytic, numeric);
    }
}

struct embedding {
    int sequences, dim, vocabulary;
    const int *offset;
    const int32_t *input;
    real scale, *table, *position, *y, *u;
};

static double embedding_loss(const void *ctx) {
    const struct embedding *e = ctx;
    int rows = e->offset[e->sequences] - e->offset[0];
    op_embedding_forward(e->sequences, e->offset, e->dim, e->input, e->scale, e->table, e->position,
                         e->y);
    return dot((size_t)rows * e->dim, e->y, e->u);
}

static void test_embedding(void **state) {
    (void)state;
    const int offset[] = {3, 4, 9, 11};
    const int32_t input[] = {4, 0, 1, 1, 1, 3, 0, 2};
    const int dims[] = {1, 3, 8};
    for (int k = 0; k < 3; k++) {
        size_t d = dims[k];
        struct embedding e = {3,
                              dims[k],
                              5,
                              offset,
                              input,
                              (real)1.7,
                              normals(5 * d),
                              normals(5 * d),
                              zeros(8 * d),
                              normals(8 * d)};
        real *dtable = zeros(5 * d), *dposition = zeros(5 * d);
        op_embedding_backward(8, e.dim, input, e.scale, e.u, 0, 2, dtable);
        op_embedding_backward(8, e.dim, input, e.scale, e.u, 2, 5, dtable);
        op_position_backward(3, offset, e.dim, e.u, dposition);
        check("embedding table", 5 * d, e.table, dtable, embedding_loss, &e);
        check("position table", 5 * d, e.position, dposition, embedding_loss, &e);
        free(e.table), free(e.position), free(e.y), free(e.u), free(dtable), free(dposition);
    }
}

struct linear {
    int rows, in, out;
    real *x, *w, *bias, *residual, *y, *u;
};

static double linear_loss(const void *ctx) {
    const struct linear *l = ctx;
    op_linear_forward(product_kernels(), l->rows, l->in, l->out, l->x, l->w, NULL, l->bias,
                      l->residual, l->y);
    return dot((size_t)l->rows * l->out, l->y, l->u);
}

static void test_linear(void **state) {
    (void)state;
    const int sizes[][3] = {{1, 1, 1}, {1, 5, 3}, {7, 1, 4}, {6, 9, 1}, {13, 8, 17}};
    for (int k = 0; k < 5; k++)
        for (int optional = 0; optional < 4; optional++) {
            int rows = sizes[k][0], in = sizes[k][1], out = sizes[k][2];
            size_t nx = (size_t)rows * in, nw = (size_t)out * in, ny = (size_t)rows * out;
            real *bias = normals(out), *residual = normals(ny);
            struct linear l = {rows,
                               in,
                               out,
                               normals(nx),
                               normals(nw),
                               optional & 1 ? bias : NULL,
                               optional & 2 ? residual : NULL,
                               zeros(ny),
                               normals(ny)};
            real *dx = zeros(nx), *dw = normals(nw), *dbias = normals(out);
            real *added = normals(nx), *before = zeros(nx);
            memcpy(before, added, nx * sizeof *before);
            op_linear_backward_input(product_kernels(), rows, in, out, l.u, l.w, NULL, false, dx);
            op_linear_backward_input(product_kernels(), rows, in, out, l.u, l.w, NULL, true, added);
            for (size_t i = 0; i < nx; i++)
                assert_true(fabs((double)(added[i] - before[i] - dx[i])) < 1e-12);
            for (int o = 0; o < 2; o++)
                for (int i = 0; i < 2; i++)
                    op_linear_backward_weight(product_kernels(), rows, in, out, l.x, l.u,
                                              o ? out / 2 : 0, o ? out : out / 2, i ? in / 2 : 0,
                                              i ? in : in / 2, false, dw);
            op_linear_backward_bias(rows, out, l.u, 0, out / 2, false, dbias);
            op_linear_backward_bias(rows, out, l.u, out / 2, out, false, dbias);
            check("linear x", nx, l.x, dx, linear_loss, &l);
            check("linear w", nw, l.w, dw, linear_loss, &l);
            if (l.bias)
                check("linear bias", out, l.bias, dbias, linear_loss, &l);
            if (l.residual)
                check("linear residual", ny, l.residual, l.u, linear_loss, &l);
            free(l.x), free(l.w), free(bias), free(residual), free(l.y), free(l.u);
            free(dx), free(dw), free(dbias), free(added), free(before);
        }
}

struct layernorm {
    int rows, dim;
    real *x, *gain, *bias, *y, *mean, *rstd, *u, *round;
};

static double layernorm_loss(const void *ctx) {
    const struct layernorm *l = ctx;
    size_t n = (size_t)l->rows * l->dim;
    op_layernorm_forward(l->rows, l->dim, l->x, l->gain, l->bias, l->y, l->mean, l->rstd);
    return dot(n, l->y, l->u) + (l->round ? dot(n, l->x, l->round) : 0);
}

static void test_layernorm(void **state) {
    (void)state;
    const int sizes[][2] = {{1, 1}, {3, 3}, {1, 4}, {4, 5}, {2, 8}, {3, 13}, {2, 16}, {2, 37}};
    for (int k = 0; k < 8; k++)
        for (int skip = 0; skip < 2; skip++) {
            int rows = sizes[k][0], dim = sizes[k][1];
            size_t n = (size_t)rows * dim;
            struct layernorm l = {
                rows,     dim,         normals(n),  normals(dim), normals(dim),
                zeros(n), zeros(rows), zeros(rows), normals(n),   skip ? normals(n) : NULL};
            layernorm_loss(&l);
            real *dx = zeros(n), *dgain = zeros(dim), *dbias = zeros(dim);
            op_layernorm_backward(rows, dim, l.x, l.gain, l.mean, l.rstd, l.u, l.round, dx, dgain,
                                  dbias);
            check("layernorm x", n, l.x, dx, layernorm_loss, &l);
            check("layernorm gain", dim, l.gain, dgain, layernorm_loss, &l);
            check("layernorm bias", dim, l.bias, dbias, layernorm_loss, &l);

            /* A second call adds to the parameters' gradients, and dx may be dy. */
            real *again = zeros(n);
            memcpy(again, l.u, n * sizeof *again);
            op_layernorm_backward(rows, dim, l.x, l.gain, l.mean, l.rstd, again, l.round, again,
                                  dgain, dbias);
            assert_memory_equal(again, dx, n * sizeof *dx);
            for (int c = 0; c < dim; c++) {
                dgain[c] /= 2;
                dbias[c] /= 2;
            }
            check("layernorm gain, twice", dim, l.gain, dgain, layernorm_loss, &l);
            check("layernorm bias, twice", dim, l.bias, dbias, layernorm_loss, &l);
            free(l.x), free(l.gain), free(l.bias), free(l.y), free(l.mean), free(l.rstd);
            free(l.u), free(l.round), free(dx), free(dgain), free(dbias), free(again);
        }
}

struct causal_case {
    int sequences, heads, head_dim;
    const int *offset;
    real *qkv, *probability, *y, *scratch, *u;
};

static double attention_loss(const void *ctx) {
    const struct causal_case *a = ctx;
    int rows = a->offset[a->sequences] - a->offset[0];
    op_attention_forward(a->sequences, a->offset, a->heads, a->head_dim, a->qkv, a->probability,
                         a->y, a->scratch);
    return dot((size_t)rows * a->heads * a->head_dim, a->y, a->u);
}

static void test_attention(void **state) {
    (void)state;
    const int offset[] = {2, 3, 8, 10, 19, 23};
    const int heads[] = {1, 2, 3, 1, 2}, head_dims[] = {1, 3, 4, 8, 5};
    enum { SEQUENCES = 5, ROWS = 21, LONGEST = 9, PAIRS = 1 + 25 + 4 + 81 + 16 };
    for (int k = 0; k < 5; k++) {
        size_t n = (size_t)ROWS * heads[k] * head_dims[k];
        struct causal_case a = {SEQUENCES,      heads[k],
                                head_dims[k],   offset,
                                normals(3 * n), zeros((size_t)PAIRS * heads[k]),
                                zeros(n),       zeros(op_attention_scratch(LONGEST, head_dims[k])),
                                normals(n)};
        attention_loss(&a);
        real *dqkv = normals(3 * n);
        op_attention_backward(SEQUENCES, offset, heads[k], head_dims[k], a.qkv, a.probability, a.u,
                              dqkv, a.scratch);
        check("attention qkv", 3 * n, a.qkv, dqkv, attention_loss, &a);
        free(a.qkv), free(a.probability), free(a.y), free(a.scratch), free(a.u), free(dqkv);
    }
}

struct attend_case {
    struct attention a;
    size_t outputs;
    real *probability, *y, *scratch, *u;
};

static double attend_loss(const void *ctx) {
    const struct attend_case *c = ctx;
    op_attend_forward(&c->a, c->probability, c->y, c->scratch);
    return dot(c->outputs, c->y, c->u);
}

/* Every mask, with and without tables of distances (longer and shorter than the sequences) and
 * multipliers; queries and keys of the same rows and of others. */
static void test_attend(void **state) {
    (void)state;
    const int self[] = {2, 3, 8, 10, 19}, memory[] = {1, 6, 7, 15, 18}, prefix[] = {1, 3, 0, 20};
    const int heads[] = {1, 2, 3}, widths[] = {1, 5, 8};
    enum { SEQUENCES = 4, LONGEST = 9 };
    for (int variant = 0; variant < 3 * 2 * 2 * 3 * 2; variant++) {
        int k = variant % 3, cross = variant / 3 % 2, dropped = variant / 6 % 2;
        int table = variant / 12 % 3, bias = variant / 36;
        const int *keys = cross ? memory : self;
        int h = heads[k], d = widths[k], n = self[SEQUENCES] - self[0];
        int m = keys[SEQUENCES] - keys[0], ldq = h * d + 3, ldkv = 2 * h * d + 1;
        int before = table == 1 ? 2 : 20, after = table == 1 ? 1 : 20;
        size_t pairs = 0, nq = (size_t)n * ldq, nk = (size_t)m * ldkv;
        for (int s = 0; s < SEQUENCES; s++)
            pairs += (size_t)(self[s + 1] - self[s]) * (size_t)(keys[s + 1] - keys[s]) * h;
        size_t distances = (size_t)(before + after + 1);
        real *q = normals(nq), *kv = normals(nk), *multiplier = normals(pairs);
        real *key_table = normals(distances * h * d), *bias_table = normals(distances * h);
        for (size_t i = 0; i < pairs; i++)
            multiplier[i] = multiplier[i] < 0 ? 0 : (real)1.5;
        struct attend_case c = {.a = {.mask = cross ? ATTENTION_FULL : (enum attention_mask)k,
                                      .heads = h,
                                      .head_dim = d,
                                      .scale = (real)0.7,
                                      .sequences = SEQUENCES,
                                      .query_offset = self,
                                      .key_offset = keys,
                                      .prefix = prefix,
                                      .q = q,
                                      .k = kv,
                                      .v = kv + h * d,
                                      .ldq = ldq,
                                      .ldkv = ldkv,
                                      .relative_key = table ? key_table : NULL,
                                      .relative_bias = bias ? bias_table : NULL,
                                      .before = before,
                                      .after = after,
                                      .multiplier = dropped ? multiplier : NULL},
                                .outputs = (size_t)n * h * d,
                                .probability = zeros(pairs),
                                .y = zeros((size_t)n * h * d),
                                .scratch = normals(op_attend_scratch(LONGEST, LONGEST, d)),
                                .u = normals((size_t)n * h * d)};
        attend_loss(&c);
        real *dq = normals(nq), *dkv = normals(nk), *dkey = zeros(distances * h * d);
        real *dbias = zeros(distances * h);
        for (int i = 0; i < n; i++) /* gaps between rows are nobody's */
            memset(dq + (size_t)i * ldq + h * d, 0, 3 * sizeof *dq);
        for (int i = 0; i < m; i++)
            dkv[(size_t)i * ldkv + 2 * h * d] = 0;
        const struct attention_gradient gradient = {dq, dkv, dkv + h * d, dkey, dbias};
        op_attend_backward(&c.a, c.probability, c.u, &gradient, c.scratch);
        check("attend q", nq, q, dq, attend_loss, &c);
        check("attend k, v", nk, kv, dkv, attend_loss, &c);
        if (table)
            check("relative key", distances * h * d, key_table, dkey, attend_loss, &c);
        if (bias)
            check("relative bias", distances * h, bias_table, dbias, attend_loss, &c);
        free(q), free(kv), free(multiplier), free(key_table), free(bias_table);
        free(c.probability), free(c.y), free(c.scratch), free(c.u);
        free(dq), free(dkv), free(dkey), free(dbias);
    }
}

struct rotary_case {
    struct rotary form;
    const int *offset, *place;
    size_t n;
    real *x, *y, *u;
};

static double rotary_loss(const void *ctx) {
    const struct rotary_case *c = ctx;
    op_rotary(&c->form, 2, c->offset, c->place, c->x, c->y);
    return dot(c->n, c->y, c->u);
}

static void test_rotary(void **state) {
    (void)state;
    const int offset[] = {0, 4, 7}, place[] = {3, 0, 1, 1, 2, 0, 3};
    for (int variant = 0; variant < 16; variant++) {
        /* Queries, keys and values; queries alone, at places of their own. */
        bool whole = variant & 1;
        int heads = 1 + variant / 2 % 2, head_dim = variant & 4 ? 6 : 2, parts = whole ? 3 : 1;
        size_t width = (size_t)(parts * heads * head_dim), n = 7 * width;
        real *table = zeros((size_t)(4 * head_dim));
        struct rotary forth = {parts * heads, (whole ? 2 : 1) * heads, head_dim, variant & 8, false,
                               table};
        struct rotary back = forth;
        back.back = true;
        struct rotary_case c = {forth,    offset,    whole ? NULL : place, n, normals(n),
                                zeros(n), normals(n)};
        op_rotary_table(4, head_dim, table);
        real *dx = zeros(n);
        op_rotary(&back, 2, offset, c.place, c.u, dx);
        check("rotary", n, c.x, dx, rotary_loss, &c);
        /* In place, and there and back again. */
        memcpy(c.y, c.x, n * sizeof(real));
        op_rotary(&forth, 2, offset, c.place, c.y, c.y);
        size_t row = whole ? 1 : 2; /* of place 1 */
        assert_true(fabs((double)(c.y[row * width] - c.x[row * width])) > 1e-9);
        op_rotary(&back, 2, offset, c.place, c.y, c.y);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs((double)(c.y[i] - c.x[i])) < 1e-12);
        free(table), free(c.x), free(c.y), free(c.u), free(dx);
    }
}

struct activation_case {
    enum activation kind;
    size_t n;
    real *x, *y, *slope, *u;
};

static double activation_loss(const void *ctx) {
    const struct activation_case *a = ctx;
    op_activation_forward(a->kind, a->n, a->x, a->y, a->slope);
    return dot(a->n, a->y, a->u);
}

static void test_activation(void **state) {
    (void)state;
    const char *const names[] = {"relu",      "gelu",         "tanh", "quadratic",
                                 "gelu-tanh", "squared relu", "silu"};
    const size_t sizes[] = {1, 7, 40};
    for (int k = 0; k < 21; k++) {
        size_t n = sizes[k / 7];
        struct activation_case a = {
            (enum activation)(k % 7), n, normals(n), zeros(n), zeros(n), normals(n)};
        for (size_t i = 0; i < n; i++) /* away from the kink */
            a.x[i] += a.x[i] < 0 ? (real)-0.01 : (real)0.01;
        activation_loss(&a);
        real *dx = zeros(n);
        op_activation_backward(n, a.slope, a.u, dx);
        check(names[k % 7], n, a.x, dx, activation_loss, &a);
        free(a.x), free(a.y), free(a.slope), free(a.u), free(dx);
    }
}

struct cross_entropy {
    int rows, vocabulary;
    real *logits, *probability;
    const int32_t *target;
    double smoothing;
};

static double cross_entropy_loss(const void *ctx) {
    const struct cross_entropy *c = ctx;
    return 0.3 * op_cross_entropy_forward(c->rows, c->vocabulary, c->logits, c->target,
                                          c->smoothing, c->probability);
}

static void test_cross_entropy(void **state) {
    (void)state;
    const int sizes[][2] = {{1, 1}, {1, 2}, {4, 3}, {6, 7}, {3, 19}};
    const int32_t target[] = {0, -1, 1, 2, -1, 0};
    for (int k = 0; k < 10; k++) {
        int rows = sizes[k % 5][0], v = sizes[k % 5][1];
        size_t n = (size_t)rows * v;
        struct cross_entropy c = {rows, v, normals(n), zeros(n), target, k < 5 ? 0 : 0.1};
        cross_entropy_loss(&c);
        real *dlogits = normals(n);
        op_cross_entropy_backward(rows, v, c.probability, target, c.smoothing, (real)0.3, dlogits);
        check("cross entropy", n, c.logits, dlogits, cross_entropy_loss, &c);
        free(c.logits), free(c.probability), free(dlogits);
    }
}

int main(void) {
    draws = rng_at(1, RNG_EVAL, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedding),  cmocka_unit_test(test_linear),
        cmocka_unit_test(test_layernorm),  cmocka_unit_test(test_attention),
        cmocka_unit_test(test_attend),     cmocka_unit_test(test_rotary),
        cmocka_unit_test(test_activation), cmocka_unit_test(test_cross_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
