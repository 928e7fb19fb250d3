/* The coordinate check of Yang et al. (arXiv:2203.03466, D.1): a network of two hidden layers,
 * written out here, takes a few steps at several widths. Under the maximal-update parametrisation
 * hidden activations and answers change by amounts that do not depend on the width; under the
 * standard one, at the same learning rate, they do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/init.h"
#include "nn/mup.h"
#include "nn/optim.h"

enum { INPUTS = 16, ANSWERS = 4, EXAMPLES = 8, STEPS = 4 };
enum { FIRST, FIRST_BIAS, SECOND, READOUT };

struct net {
    struct params params;
    size_t width;
    double factor; /* of the answers */
    double x[EXAMPLES][INPUTS], target[EXAMPLES][ANSWERS];
    double *a, *b; /* hidden layers, example by example */
    double y[EXAMPLES][ANSWERS];
};

static struct net net_new(size_t width, double base_width) {
    struct net n = {.params = {.width = width},
                    .width = width,
                    .factor = mup_readout_factor((double)width, base_width)};
    struct params *p = &n.params;
    params_set_role(p, params_add(p, 2, width, INPUTS, "first.weight"), ROLE_INPUT);
    params_set_role(p, params_add(p, 1, width, 1, "first.bias"), ROLE_BIAS);
    params_set_role(p, params_add(p, 2, width, width, "second.weight"), ROLE_MATRIX);
    params_set_role(p, params_add(p, 2, ANSWERS, width, "readout.weight"), ROLE_READOUT);
    params_allocate(p);
    struct init_config c = init_default;
    c.scheme = INIT_KAIMING_NORMAL;
    c.base_width = base_width;
    assert_int_equal(init_params(p, &c, 3, NULL), 0);
    struct rng r = rng_at(1, RNG_EVAL, 0);
    for (int e = 0; e < EXAMPLES; e++) {
        for (int i = 0; i < INPUTS; i++)
            n.x[e][i] = rng_normal(&r);
        for (int i = 0; i < ANSWERS; i++)
            n.target[e][i] = 2 * rng_normal(&r);
    }
    n.a = mem_alloc(EXAMPLES * width, sizeof *n.a);
    n.b = mem_alloc(EXAMPLES * width, sizeof *n.b);
    return n;
}

static void net_free(struct net *n) {
    params_free(&n->params);
    free(n->a);
    free(n->b);
}

static double weight(const struct net *n, int tensor, size_t row, size_t column) {
    const struct param *t = &n->params.table[tensor];
    return (double)n->params.value[t->offset + row * t->shape[1] + column];
}

static void forward(struct net *n) {
    for (size_t e = 0; e < EXAMPLES; e++) {
        double *a = n->a + e * n->width, *b = n->b + e * n->width;
        for (size_t i = 0; i < n->width; i++) {
            a[i] = weight(n, FIRST_BIAS, i, 0);
            for (size_t j = 0; j < INPUTS; j++)
                a[i] += weight(n, FIRST, i, j) * n->x[e][j];
            a[i] = fmax(a[i], 0);
        }
        for (size_t i = 0; i < n->width; i++) {
            b[i] = 0;
            for (size_t j = 0; j < n->width; j++)
                b[i] += weight(n, SECOND, i, j) * a[j];
            b[i] = fmax(b[i], 0);
        }
        for (size_t k = 0; k < ANSWERS; k++) {
            n->y[e][k] = 0;
            for (size_t i = 0; i < n->width; i++)
                n->y[e][k] += n->factor * weight(n, READOUT, k, i) * b[i];
        }
    }
}

/* Of half the mean squared error. */
static void backward(struct net *n) {
    struct params *p = &n->params;
    for (size_t i = 0; i < p->size; i++)
        p->gradient[i] = 0;
    double *db = mem_alloc(n->width, sizeof *db), *da = mem_alloc(n->width, sizeof *da);
    real *first = p->gradient + p->table[FIRST].offset;
    real *bias = p->gradient + p->table[FIRST_BIAS].offset;
    real *second = p->gradient + p->table[SECOND].offset;
    real *readout = p->gradient + p->table[READOUT].offset;
    for (size_t e = 0; e < EXAMPLES; e++) {
        const double *a = n->a + e * n->width, *b = n->b + e * n->width;
        for (size_t i = 0; i < n->width; i++)
            da[i] = db[i] = 0;
        for (size_t k = 0; k < ANSWERS; k++) {
            double dy = (n->y[e][k] - n->target[e][k]) / EXAMPLES * n->factor;
            for (size_t i = 0; i < n->width; i++) {
                readout[k * n->width + i] += (real)(dy * b[i]);
                db[i] += b[i] > 0 ? dy * weight(n, READOUT, k, i) : 0;
            }
        }
        for (size_t i = 0; i < n->width; i++)
            for (size_t j = 0; j < n->width; j++) {
                second[i * n->width + j] += (real)(db[i] * a[j]);
                da[j] += a[j] > 0 ? db[i] * weight(n, SECOND, i, j) : 0;
            }
        for (size_t i = 0; i < n->width; i++) {
            bias[i] += (real)da[i];
            for (size_t j = 0; j < INPUTS; j++)
                first[i * INPUTS + j] += (real)(da[i] * n->x[e][j]);
        }
    }
    free(da);
    free(db);
}

struct change {
    double first, second, answers;
};

/* Mean sizes of the changes after a few steps. */
static struct change train(size_t width, double base_width, enum optimiser kind, double rate) {
    struct net n = net_new(width, base_width);
    struct optim_config c = optim_default;
    c.kind = kind;
    c.clip = 0;
    c.base_width = base_width;
    struct optim *o = optim_new(&n.params, &c, NULL);
    forward(&n);
    double *a = mem_alloc(EXAMPLES * width, sizeof *a), *b = mem_alloc(EXAMPLES * width, sizeof *b);
    double y[EXAMPLES][ANSWERS];
    memcpy(a, n.a, EXAMPLES * width * sizeof *a);
    memcpy(b, n.b, EXAMPLES * width * sizeof *b);
    memcpy(y, n.y, sizeof y);
    for (int step = 1; step <= STEPS; step++) {
        backward(&n);
        assert_int_equal(optim_step(o, NULL, step, rate, NULL), 0);
        forward(&n);
    }
    struct change change = {0};
    for (size_t i = 0; i < EXAMPLES * width; i++) {
        change.first += fabs(n.a[i] - a[i]) / (double)(EXAMPLES * width);
        change.second += fabs(n.b[i] - b[i]) / (double)(EXAMPLES * width);
    }
    for (int e = 0; e < EXAMPLES; e++)
        for (int k = 0; k < ANSWERS; k++)
            change.answers += fabs(n.y[e][k] - y[e][k]) / (EXAMPLES * ANSWERS);
    free(a);
    free(b);
    optim_free(o);
    net_free(&n);
    return change;
}

static bool flat(double ratio) {
    return ratio > 0.6 && ratio < 1.7;
}

static void coordinate_check(enum optimiser kind, double rate) {
    enum { BASE = 32, WIDE = 512 };
    struct change base = train(BASE, BASE, kind, rate), plain = train(BASE, 0, kind, rate);
    assert_true(base.first == plain.first && base.answers == plain.answers);
    struct change mup = train(WIDE, BASE, kind, rate), standard = train(WIDE, 0, kind, rate);
    print_message("changes at 16 times the width, hidden 1, hidden 2, answers: maximal-update "
                  "%.2f %.2f %.2f, standard %.2f %.2f %.2f\n",
                  mup.first / base.first, mup.second / base.second, mup.answers / base.answers,
                  standard.first / base.first, standard.second / base.second,
                  standard.answers / base.answers);
    assert_true(base.first > 0 && base.second > 0 && base.answers > 0.05);
    assert_true(flat(mup.first / base.first) && flat(mup.second / base.second) &&
                flat(mup.answers / base.answers));
    assert_false(flat(standard.first / base.first) && flat(standard.second / base.second) &&
                 flat(standard.answers / base.answers));
}

static void test_adam(void **state) {
    (void)state;
    coordinate_check(OPTIMISER_ADAMW, 0.005);
}

static void test_sgd(void **state) {
    (void)state;
    coordinate_check(OPTIMISER_SGD, 0.02);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_adam), cmocka_unit_test(test_sgd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
