#include "nn/params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/rng.h"

enum { ALIGN = 64 / sizeof(real) };

const char *param_role_name(enum param_role role) {
    static const char *const names[ROLES] = {"matrix",  "input", "embedding", "position",
                                             "readout", "bias",  "gain",      "vector"};
    return names[role];
}

size_t params_add(struct params *p, int rank, size_t rows, size_t columns, const char *name_format,
                  ...) {
    p->table = mem_grow(p->table, &p->capacity, p->tensors + 1, sizeof *p->table);
    struct param *t = &p->table[p->tensors];
    *t = (struct param){.rank = rank, .shape = {rows, rank == 2 ? columns : 1}, .offset = p->size};
    t->count = t->shape[0] * t->shape[1];
    va_list args;
    va_start(args, name_format);
    vsnprintf(t->name, sizeof t->name, name_format, args);
    va_end(args);
    p->size += (t->count + ALIGN - 1) / ALIGN * ALIGN;
    p->tensors++;
    params_set_role(p, p->tensors - 1, rank == 2 ? ROLE_MATRIX : ROLE_VECTOR);
    return p->tensors - 1;
}

static bool is_linear(enum param_role role) {
    return role == ROLE_MATRIX || role == ROLE_INPUT || role == ROLE_READOUT;
}

void params_set_role(struct params *p, size_t tensor, enum param_role role) {
    struct param *t = &p->table[tensor];
    t->role = t->owner = role;
    t->fan_in = 0;
    t->fan_out = t->count;
    if (is_linear(role)) {
        t->fan_in = t->shape[1];
        t->fan_out = t->shape[0];
    } else if (role == ROLE_EMBEDDING || role == ROLE_POSITION) {
        t->fan_in = t->shape[0];
        t->fan_out = t->shape[1];
    } else if (role == ROLE_BIAS) {
        const struct param *before = tensor ? t - 1 : NULL;
        t->owner = ROLE_GAIN;
        if (before && (is_linear(before->role) || before->role == ROLE_BIAS)) {
            t->owner = before->owner;
            t->fan_in = before->fan_in;
        }
    }
}

void params_allocate(struct params *p) {
    p->value = mem_aligned(p->size, sizeof(real));
    p->gradient = mem_aligned(p->size, sizeof(real));
}

real *params_slot(const struct params *p, const char *name) {
    for (size_t i = 0; i < p->slots; i++)
        if (strcmp(p->slot[i].name, name) == 0)
            return p->slot[i].data;
    return NULL;
}

real *params_add_slot(struct params *p, const char *name) {
    real *data = params_slot(p, name);
    if (data)
        return data;
    p->slot = mem_grow(p->slot, &p->slot_capacity, p->slots + 1, sizeof *p->slot);
    struct param_slot *s = &p->slot[p->slots++];
    snprintf(s->name, sizeof s->name, "%s", name);
    s->data = mem_aligned(p->size, sizeof(real));
    return s->data;
}

double *params_add_numbers(struct params *p, const char *name, size_t n, double initial) {
    for (size_t i = 0; i < p->n_numbers; i++)
        if (strcmp(p->numbers[i].name, name) == 0)
            return p->numbers[i].data;
    p->numbers = mem_grow(p->numbers, &p->numbers_capacity, p->n_numbers + 1, sizeof *p->numbers);
    struct param_numbers *s = &p->numbers[p->n_numbers++];
    snprintf(s->name, sizeof s->name, "%s", name);
    s->n = n;
    s->initial = initial;
    s->data = mem_alloc(n, sizeof *s->data);
    for (size_t i = 0; i < n; i++)
        s->data[i] = initial;
    return s->data;
}

void params_clear_state(struct params *p) {
    for (size_t i = 0; i < p->slots; i++)
        memset(p->slot[i].data, 0, p->size * sizeof(real));
    for (size_t i = 0; i < p->n_numbers; i++)
        for (size_t k = 0; k < p->numbers[i].n; k++)
            p->numbers[i].data[k] = p->numbers[i].initial;
}

void params_free(struct params *p) {
    for (size_t i = 0; i < p->slots; i++)
        free(p->slot[i].data);
    for (size_t i = 0; i < p->n_numbers; i++)
        free(p->numbers[i].data);
    free(p->slot);
    free(p->numbers);
    free(p->table);
    free(p->value);
    free(p->gradient);
    *p = (struct params){0};
}

const struct param *params_find(const struct params *p, const char *name) {
    for (size_t i = 0; i < p->tensors; i++)
        if (strcmp(p->table[i].name, name) == 0)
            return &p->table[i];
    return NULL;
}

size_t params_count(const struct params *p) {
    size_t count = 0;
    for (size_t i = 0; i < p->tensors; i++)
        count += p->table[i].count;
    return count;
}

void params_xavier_uniform(struct params *p, size_t tensor, uint64_t seed) {
    const struct param *t = &p->table[tensor];
    struct rng r = rng_at(seed, RNG_INIT, tensor);
    double bound = sqrt(6.0 / (double)(t->shape[0] + t->shape[1]));
    for (size_t i = 0; i < t->count; i++)
        p->value[t->offset + i] = (real)((2 * rng_uniform(&r) - 1) * bound);
}

void params_normal(struct params *p, size_t tensor, double deviation, uint64_t seed) {
    const struct param *t = &p->table[tensor];
    struct rng r = rng_at(seed, RNG_INIT, tensor);
    for (size_t i = 0; i < t->count; i++)
        p->value[t->offset + i] = (real)(rng_normal(&r) * deviation);
}

void params_fill(struct params *p, size_t tensor, real value) {
    const struct param *t = &p->table[tensor];
    for (size_t i = 0; i < t->count; i++)
        p->value[t->offset + i] = value;
}
