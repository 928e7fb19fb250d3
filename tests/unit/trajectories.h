/* Ten steps of each case of tests/interop/optimisers.py, against tests/golden/optimisers.tsv, which
 * that script makes with PyTorch in double precision:
 *
 *     python3 tests/interop/optimisers.py >tests/golden/optimisers.tsv
 *
 * The problem: weight i starts at ((37 i) mod 101 - 50) / 64, and its gradient at step t is
 * c_i x_i + d_i(t), c_i = ((17 i) mod 13 + 1) / 8, d_i(t) = ((29 i + 13 t) mod 31 - 15) / 32. */
#ifndef ESPALIER_TRAJECTORIES_H
#define ESPALIER_TRAJECTORIES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nn/optim.h"

enum { TRAJECTORY_WEIGHTS = 28 };

struct trajectory {
    const char *name;
    struct optim_config config;
    double scale; /* of the gradient; 0 means 1 */
};

static const struct param_group trajectory_groups[] = {
    {.pattern = "@bias", .has_decay = true, .decay = 0},
    {.pattern = "read*.weight", .has_rate = true, .rate = 0.1},
};

#define SGD_OF(...)                                                                                \
    { .kind = OPTIMISER_SGD, __VA_ARGS__ }
#define ADAM_OF(...)                                                                               \
    { .beta1 = 0.9, .beta2 = 0.999, __VA_ARGS__ }
static const struct trajectory trajectories[] = {
    {"sgd", SGD_OF(.momentum = 0)},
    {"sgd-decay", SGD_OF(.weight_decay = 0.1)},
    {"sgd-momentum", SGD_OF(.momentum = 0.9)},
    {"sgd-nesterov", SGD_OF(.momentum = 0.9, .nesterov = true, .weight_decay = 0.05)},
    {"sgd-groups",
     SGD_OF(.momentum = 0.5, .weight_decay = 0.2, .groups = trajectory_groups, .n_groups = 2)},
    {"adam", ADAM_OF(.kind = OPTIMISER_ADAM, .epsilon = 1e-8)},
    {"adam-decay",
     {.kind = OPTIMISER_ADAM, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1}},
    {"adamw", ADAM_OF(.epsilon = 1e-8, .weight_decay = 0.1)},
    {"adamw-tiny", {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-25}, 0x1p-40},
    {"adamw-groups",
     ADAM_OF(.epsilon = 1e-8, .weight_decay = 0.2, .groups = trajectory_groups, .n_groups = 2)},
    {"adamw-clip", {.beta1 = 0.5, .beta2 = 0.7, .epsilon = 0.1, .clip = 1}},
    {"adamw-clip-value", ADAM_OF(.epsilon = 0.1, .clip_value = 0.25)},
    {"sgd-clip", SGD_OF(.weight_decay = 0.3, .clip = 1)},
    {"adamw-ema", ADAM_OF(.epsilon = 1e-8, .average = AVERAGE_EMA, .average_decay = 0.75,
                          .average_from = 1, .average_every = 1)},
    {"adamw-mean",
     ADAM_OF(.epsilon = 1e-8, .average = AVERAGE_MEAN, .average_from = 3, .average_every = 2)},
    {"adamw-slow",
     ADAM_OF(.epsilon = 0.1, .filter = FILTER_EMA, .filter_alpha = 0.9, .filter_lambda = 2)},
    {"sgd-window", SGD_OF(.filter = FILTER_MEAN, .filter_window = 4, .filter_lambda = 5)},
    {"sgd-window-one", SGD_OF(.filter = FILTER_MEAN, .filter_window = 1, .filter_lambda = 0.5)},
    {"sgd-orthogonal", SGD_OF(.orthogonal = true)},
    {"adamw-slow-orthogonal",
     ADAM_OF(.epsilon = 0.1, .clip = 0.7, .orthogonal = true, .filter = FILTER_EMA,
             .filter_alpha = 0.5, .filter_lambda = 1)},
    {"sgd-l1", SGD_OF(.l1 = 0.125)},
    {"sgd-norm", SGD_OF(.norm = NORM_GLOBAL, .norm_factor = 1)},
    {"adamw-norm-tensor", ADAM_OF(.epsilon = 1e-8, .norm = NORM_TENSOR, .norm_factor = 0.5)},
};
enum { TRAJECTORIES = sizeof trajectories / sizeof *trajectories };

static inline struct params trajectory_params(void) {
    struct params p = {0};
    params_add(&p, 2, 4, 3, "layer.weight");
    params_set_role(&p, params_add(&p, 1, 4, 1, "layer.bias"), ROLE_BIAS);
    params_set_role(&p, params_add(&p, 2, 3, 4, "readout.weight"), ROLE_READOUT);
    params_allocate(&p);
    return p;
}

static inline size_t trajectory_place(const struct params *p, int i) {
    return i < 12   ? (size_t)i
           : i < 16 ? p->table[1].offset + (size_t)i - 12
                    : p->table[2].offset + (size_t)i - 16;
}

/* The difference from one line of the golden file, relative in Euclidean norm. */
static inline double trajectory_difference(const struct params *p, char *line) {
    double difference = 0, norm = 0;
    char *end = line;
    for (int i = 0; i < TRAJECTORY_WEIGHTS; i++) {
        double expected = strtod(end, &end);
        difference += pow((double)p->value[trajectory_place(p, i)] - expected, 2);
        norm += expected * expected;
    }
    assert_true(*end == '\n');
    return sqrt(difference / norm);
}

/* The next line of the file that is no header, with the case and the step it must have. */
static inline char *trajectory_line(FILE *f, char *line, size_t size, const char *name, int step) {
    do
        assert_non_null(fgets(line, (int)size, f));
    while (*line == '#');
    char expected[64];
    snprintf(expected, sizeof expected, "%s\t%d\t", name, step);
    if (strncmp(line, expected, strlen(expected)) != 0)
        fail_msg("the golden file goes on with %.40s, not with %s", line, expected);
    return line + strlen(expected);
}

static inline void trajectory_follow(const struct trajectory *t, FILE *f, double tolerance) {
    char line[4096];
    struct err err = {0};
    struct params p = trajectory_params();
    struct optim *o = optim_new(&p, &t->config, &err);
    if (!o)
        fail_msg("%s: %s", t->name, err.text);
    for (int i = 0; i < TRAJECTORY_WEIGHTS; i++)
        p.value[trajectory_place(&p, i)] = (real)((i * 37 % 101 - 50) / 64.0);
    for (int step = 1; step <= 11; step++) {
        if (step == 11 && t->config.average == AVERAGE_NONE)
            break;
        for (int i = 0; i < TRAJECTORY_WEIGHTS; i++) {
            double c = (i * 17 % 13 + 1) / 8.0, d = ((i * 29 + step * 13) % 31 - 15) / 32.0;
            size_t at = trajectory_place(&p, i);
            p.gradient[at] = (real)((c * (double)p.value[at] + d) * (t->scale ? t->scale : 1));
        }
        if (step == 11)
            assert_true(optim_swap_average(o, NULL));
        else
            assert_int_equal(optim_step(o, NULL, step, 0.1 / (1 + (step - 1) % 3), NULL), 0);
        if (step != 1 && step != 2 && step != 5 && step < 10)
            continue;
        double off = trajectory_difference(&p,
                                           trajectory_line(f, line, sizeof line, t->name, step));
        if (!(off <= tolerance))
            fail_msg("%s: step %d differs by %.3g from PyTorch", t->name, step, off);
    }
    for (size_t i = 12; i < p.table[1].offset; i++)
        assert_true(p.value[i] == 0);
    optim_free(o);
    params_free(&p);
}

static inline void trajectories_follow_pytorch(double tolerance) {
    FILE *f = fopen("tests/golden/optimisers.tsv", "r");
    assert_non_null(f);
    for (size_t i = 0; i < TRAJECTORIES; i++)
        trajectory_follow(&trajectories[i], f, tolerance);
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
}

#endif
