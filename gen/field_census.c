#include "gen/field_census.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"

static void add_number(struct field_census *f, const char *field, size_t len) {
    char text[64];
    double x;
    f->not_numbers = len >= sizeof text;
    if (f->not_numbers)
        return;
    memcpy(text, field, len);
    text[len] = '\0';
    f->not_numbers = opt_read_number(text, &x) != 0;
    if (f->not_numbers)
        return;
    f->least = f->n == 0 || x < f->least ? x : f->least;
    f->most = f->n == 0 || x > f->most ? x : f->most;
    f->n++;
    f->fractions |= x != floor(x);
    double off = x - f->mean;
    f->mean += off / (double)f->n;
    f->squares += off * (x - f->mean);
}

static size_t value_of(struct field_census *f, const char *value, size_t len) {
    size_t number = (size_t)vocab_add(&f->values, value, len);
    f->count = mem_grow(f->count, &f->cap_count, number + 1, sizeof *f->count);
    return number;
}

static void add_value(struct field_census *f, const char *value, size_t len) {
    f->sequences |= memchr(value, ' ', len) != NULL;
    if (f->many)
        return;
    size_t number = value_of(f, value, len);
    f->count[number]++;
    f->many = !f->list && f->values.n > FIELD_CENSUS_VALUES;
}

void field_census_add(struct field_census *f, const char *field, size_t len) {
    f->rows++;
    f->empty += len == 0;
    if (!f->list && len && !f->not_numbers)
        add_number(f, field, len);
    const char *end = field + len;
    while (field < end) {
        const char *comma = f->list ? memchr(field, ',', (size_t)(end - field)) : NULL;
        size_t n = (size_t)((comma ? comma : end) - field);
        if (n)
            add_value(f, field, n);
        field += n + 1;
    }
}

void field_census_expect(struct field_census *f, const char *value, size_t len) {
    value_of(f, value, len);
}

bool field_census_is_number(const struct field_census *f) {
    return !f->list && !f->not_numbers && f->n;
}

bool field_census_is_listed(const struct field_census *f) {
    return !f->many && !f->sequences && f->values.n && !(field_census_is_number(f) && f->fractions);
}

struct place {
    double value;
    size_t number;
};

static int ascending(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

size_t *field_census_order(const struct field_census *f) {
    struct place *places = mem_alloc(f->values.n, sizeof *places);
    size_t *order = mem_alloc(f->values.n, sizeof *order);
    for (size_t i = 0; i < f->values.n; i++) {
        places[i].number = i;
        if (field_census_is_number(f))
            (void)!opt_read_number(f->values.words[i], &places[i].value);
    }
    qsort(places, f->values.n, sizeof *places, ascending);
    for (size_t i = 0; i < f->values.n; i++)
        order[i] = places[i].number;
    free(places);
    return order;
}

void field_census_free(struct field_census *f) {
    vocab_free(&f->values);
    free(f->count);
    *f = (struct field_census){0};
}
