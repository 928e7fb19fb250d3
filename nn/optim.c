#include "nn/optim_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/mup.h"

const struct optim_config optim_default = OPTIM_DEFAULT;

/* The windows' slots are named in three digits at most. */
enum { MOST_WINDOW = 10000 };

static bool in(double x, double least, double most) {
    return x >= least && x <= most && isfinite(x);
}

static int refuse(struct err *err, const char *what, double value, const char *range) {
    return err_set(err, STATUS_USAGE, "%s is %g; it must be %s", what, value, range);
}

int optim_check(const struct optim_config *c, struct err *err) {
    bool adam = c->kind != OPTIMISER_SGD;
    if (adam && !(in(c->beta1, 0, 1) && c->beta1 < 1))
        return refuse(err, "--beta1", c->beta1, "at least 0 and less than 1");
    if (adam && !(in(c->beta2, 0, 1) && c->beta2 < 1))
        return refuse(err, "--beta2", c->beta2, "at least 0 and less than 1");
    if (adam && !in(c->epsilon, 0, INFINITY))
        return refuse(err, "--epsilon", c->epsilon, "at least 0");
    if (!adam && !in(c->momentum, 0, INFINITY))
        return refuse(err, "--momentum", c->momentum, "at least 0");
    if (!adam && c->nesterov && c->momentum == 0)
        return err_set(err, STATUS_USAGE, "--nesterov needs --momentum");
    if (!in(c->weight_decay, 0, INFINITY))
        return refuse(err, "--weight-decay", c->weight_decay, "at least 0");
    if (!in(c->l1, 0, INFINITY))
        return refuse(err, "--l1", c->l1, "at least 0");
    if (!in(c->base_width, 0, INFINITY))
        return refuse(err, "--base-width", c->base_width, "at least 1");
    if (!in(c->clip, 0, INFINITY))
        return refuse(err, "--clip", c->clip, "at least 0");
    if (!in(c->clip_value, 0, INFINITY))
        return refuse(err, "--clip-value", c->clip_value, "at least 0");
    if (c->clip > 0 && c->clip_value > 0)
        return err_set(err, STATUS_USAGE, "--clip and --clip-value exclude each other");
    if (c->filter == FILTER_EMA && !in(c->filter_alpha, 0, 1))
        return refuse(err, "--filter-alpha", c->filter_alpha, "from 0 to 1");
    if (c->filter != FILTER_NONE && !isfinite(c->filter_lambda))
        return refuse(err, "--filter-lambda", c->filter_lambda, "finite");
    if (c->filter == FILTER_MEAN && !(c->filter_window >= 1 && c->filter_window <= MOST_WINDOW))
        return refuse(err, "--filter-window", (double)c->filter_window, "from 1 to 10000");
    if (c->norm != NORM_FREE && !(in(c->norm_factor, 0, INFINITY) && c->norm_factor > 0))
        return refuse(err, "--norm-factor", c->norm_factor, "more than 0");
    if (c->average == AVERAGE_EMA && !(in(c->average_decay, 0, 1) && c->average_decay < 1))
        return refuse(err, "--average-decay", c->average_decay, "at least 0 and less than 1");
    if (c->average != AVERAGE_NONE && c->average_from < 1)
        return refuse(err, "--average-from", (double)c->average_from, "at least 1");
    if (c->average != AVERAGE_NONE && c->average_every < 1)
        return refuse(err, "--average-every", (double)c->average_every, "at least 1");
    return 0;
}

static bool decays(const struct optim_config *c, const struct param *t) {
    if (c->decay_on == DECAY_MATRICES)
        return t->rank == 2;
    if (c->decay_on == DECAY_LINEAR)
        return t->role == ROLE_MATRIX || t->role == ROLE_INPUT || t->role == ROLE_READOUT;
    return true;
}

static struct optim_setting setting_of(const struct params *p, const struct optim_config *c,
                                       const struct param *t) {
    bool common = decays(c, t);
    struct optim_setting s = {1, common ? c->weight_decay : 0, common ? c->l1 : 0};
    for (size_t g = 0; g < c->n_groups; g++)
        if (param_group_matches(c->groups[g].pattern, t)) {
            if (c->groups[g].has_rate)
                s.rate = c->groups[g].rate;
            if (c->groups[g].has_decay)
                s.decay = c->groups[g].decay;
        }
    struct mup_factors f = mup_factors(t, (double)p->width, c->base_width,
                                       c->kind != OPTIMISER_SGD);
    s.rate *= f.rate;
    s.decay *= f.decay;
    return s;
}

/* Append elements start .. end - 1, cut at block boundaries. */
static void add_pieces(struct optim_pieces *list, size_t start, size_t end, size_t owner) {
    while (start < end) {
        size_t limit = (start / OPTIM_BLOCK + 1) * OPTIM_BLOCK;
        size_t stop = limit < end ? limit : end;
        list->piece = mem_grow(list->piece, &list->capacity, list->n + 1, sizeof *list->piece);
        list->piece[list->n++] = (struct optim_piece){start, stop - start, owner};
        start = stop;
    }
}

static void index_blocks(struct optim_pieces *list, int blocks) {
    list->first = mem_alloc((size_t)blocks + 1, sizeof *list->first);
    for (size_t i = 0; i < list->n; i++)
        list->first[list->piece[i].start / OPTIM_BLOCK + 1] = i + 1;
}

static void lay_out(struct optim *o) {
    const struct params *p = o->params;
    o->of_tensor = mem_alloc(p->tensors, sizeof *o->of_tensor);
    o->settings = mem_alloc(p->tensors, sizeof *o->settings);
    size_t begun = 0;
    for (size_t t = 0; t < p->tensors; t++) {
        size_t end = t + 1 < p->tensors ? p->table[t + 1].offset : p->size;
        add_pieces(&o->by_tensor, p->table[t].offset, end, t);
        struct optim_setting s = setting_of(p, &o->config, &p->table[t]);
        struct optim_setting *last = o->n_settings ? &o->settings[o->n_settings - 1] : NULL;
        if (last && (last->rate != s.rate || last->decay != s.decay || last->l1 != s.l1)) {
            add_pieces(&o->by_setting, begun, p->table[t].offset, o->n_settings - 1);
            begun = p->table[t].offset;
            last = NULL;
        }
        if (!last)
            o->settings[o->n_settings++] = s;
        o->of_tensor[t] = s;
    }
    if (o->n_settings)
        add_pieces(&o->by_setting, begun, p->size, o->n_settings - 1);
    index_blocks(&o->by_tensor, o->blocks);
    index_blocks(&o->by_setting, o->blocks);
}

static void add_slots(struct optim *o) {
    const struct optim_config *c = &o->config;
    struct params *p = o->params;
    if (c->kind != OPTIMISER_SGD) {
        o->first = params_add_slot(p, "first");
        o->second = params_add_slot(p, "second");
    } else if (c->momentum != 0) {
        o->momentum = params_add_slot(p, "momentum");
    }
    if (c->filter != FILTER_NONE)
        o->filter_count = params_add_numbers(p, "filter.count", 1, 0);
    if (c->filter == FILTER_EMA)
        o->slow = params_add_slot(p, "slow");
    if (c->filter == FILTER_MEAN) {
        o->window = params_add_slot(p, "window");
        o->ring = mem_alloc((size_t)c->filter_window, sizeof *o->ring);
        for (int64_t i = 0; i < c->filter_window; i++) {
            char name[24];
            snprintf(name, sizeof name, "window.%d", (int)i);
            o->ring[i] = params_add_slot(p, name);
        }
    }
    if (c->norm != NORM_FREE)
        o->initial_norm = params_add_numbers(p, "norm.initial",
                                             c->norm == NORM_GLOBAL ? 1 : p->tensors, -1);
    if (c->average != AVERAGE_NONE) {
        o->average = params_add_slot(p, "average");
        o->average_count = params_add_numbers(p, "average.count", 1, 0);
    }
}

/* Weights, gradients, and what the optimiser keeps: a window of a filter is many gradients. */
static int check_memory(const struct params *p, const struct optim_config *c, struct err *err) {
    size_t kept = (c->kind != OPTIMISER_SGD ? 2 : c->momentum != 0) + (c->filter == FILTER_EMA) +
                  (c->filter == FILTER_MEAN ? (size_t)c->filter_window + 1 : 0) +
                  (c->average != AVERAGE_NONE);
    double need = (2 + (double)kept) * sizeof(real) * (double)p->size, have = mem_machine();
    return have > 0 && need > have
               ? err_set(err, STATUS_USAGE,
                         "an optimiser that keeps %zu numbers for each of %zu parameters needs "
                         "%.1f GB; this machine has %.1f",
                         kept, params_count(p), need / 1e9, have / 1e9)
               : 0;
}

struct optim *optim_new(struct params *params, const struct optim_config *config, struct err *err) {
    if (optim_check(config, err) != 0)
        return NULL;
    for (size_t g = 0; g < config->n_groups; g++)
        if (param_group_check(config->groups[g].pattern, params, err) != 0)
            return NULL;
    if (config->base_width != 0 && !params->width) {
        err_set(err, STATUS_USAGE, "--base-width needs a width, and this model has none");
        return NULL;
    }
    if (check_memory(params, config, err) != 0)
        return NULL;
    struct optim *o = mem_alloc(1, sizeof *o);
    o->config = *config;
    o->params = params;
    o->blocks = (int)((params->size + OPTIM_BLOCK - 1) / OPTIM_BLOCK);
    lay_out(o);
    o->config.groups = NULL;
    o->config.n_groups = 0;
    o->constants = mem_alloc(o->n_settings, sizeof *o->constants);
    size_t partial = 3 * o->by_tensor.n, blocks = (size_t)o->blocks;
    o->partial = mem_alloc(partial > blocks ? partial : blocks, sizeof *o->partial);
    o->tensor_factor = mem_alloc(4 * params->tensors, sizeof *o->tensor_factor);
    add_slots(o);
    return o;
}

static void free_pieces(struct optim_pieces *list) {
    free(list->piece);
    free(list->first);
}

void optim_free(struct optim *o) {
    if (!o)
        return;
    free_pieces(&o->by_setting);
    free_pieces(&o->by_tensor);
    free(o->settings);
    free(o->of_tensor);
    free(o->constants);
    free(o->partial);
    free(o->tensor_factor);
    free(o->ring);
    free(o);
}

double optim_tensor_rate(const struct optim *o, size_t tensor) {
    return o->of_tensor[tensor].rate;
}

double optim_tensor_decay(const struct optim *o, size_t tensor) {
    return o->of_tensor[tensor].decay;
}

int optim_step(struct optim *o, struct pool *pool, int64_t step, double rate,
               struct optim_report *report) {
    const struct optim_config *c = &o->config;
    struct optim_report r = {.clip = 1};
    r.norm = r.applied = optim_norm_of(o, pool, o->params->gradient);
    if (isfinite(r.norm)) {
        if (c->filter != FILTER_NONE)
            optim_filter(o, pool);
        if (c->orthogonal)
            optim_orthogonalise(o, pool);
        if (c->filter != FILTER_NONE || c->orthogonal)
            r.applied = optim_norm_of(o, pool, o->params->gradient);
    }
    bool finite = isfinite(r.norm) && isfinite(r.applied);
    if (finite) {
        if (c->clip > 0)
            r.clip = fmin(1, c->clip / (r.applied + 1e-6));
        if (c->norm != NORM_FREE)
            optim_remember_norm(o, pool);
        bool averages = optim_averages_at(o, step);
        o->averaging = averages && c->norm == NORM_FREE;
        optim_update(o, pool, step, rate, r.clip);
        if (c->norm != NORM_FREE)
            optim_project_norm(o, pool);
        if (averages && !o->averaging)
            optim_take_average(o, pool);
        if (averages)
            *o->average_count += 1;
    }
    if (report)
        *report = r;
    return finite ? 0 : -1;
}
