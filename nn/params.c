#include "nn/params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/rng.h"

enum { ALIGN = 64 / sizeof(real) };

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
    return p->tensors++;
}

void params_allocate(struct params *p) {
    p->value = mem_aligned(p->size, sizeof(real));
    p->gradient = mem_aligned(p->size, sizeof(real));
    p->first = mem_aligned(p->size, sizeof(real));
    p->second = mem_aligned(p->size, sizeof(real));
}

void params_free(struct params *p) {
    free(p->table);
    free(p->value);
    free(p->gradient);
    free(p->first);
    free(p->second);
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
