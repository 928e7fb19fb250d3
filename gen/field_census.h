/* The values of one column that holds no sentences: numbers, or names from a short list. */
#ifndef ESPALIER_FIELD_CENSUS_H
#define ESPALIER_FIELD_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/vocab.h"

enum { FIELD_CENSUS_VALUES = 64 };

/* Empty fields are counted apart. */
struct field_census {
    const char *column;
    bool list; /* of values, separated by commas (the column `tags`) */
    uint64_t rows, empty;
    /* the different values, as long as they are few */
    bool many, sequences;
    struct vocab values;
    uint64_t *count; /* [value] */
    size_t cap_count;
    /* as numbers, as long as all are: mean and sum of squared deviations by Welford's recurrence
     * (1962, doi:10.1080/00401706.1962.10490022) */
    bool not_numbers, fractions;
    uint64_t n;
    double mean, squares, least, most;
};

void field_census_add(struct field_census *f, const char *field, size_t len);

/* Whether the column is one of numbers; whether its values are few enough to be listed (numbers
 * only when they are whole). */
bool field_census_is_number(const struct field_census *f);
bool field_census_is_listed(const struct field_census *f);

/* The numbers of the values in the order to list them in: whole numbers ascending, others as they
 * came. The caller frees it. */
size_t *field_census_order(const struct field_census *f);

/* Make a value known that need not come. */
void field_census_expect(struct field_census *f, const char *value, size_t len);

void field_census_free(struct field_census *f);

#endif
