/* Splits without shared state: an example's part is a function of its source text alone.
 *
 * "1-9/10" cuts all sources into 10 buckets by their content hash and keeps buckets 1 to 9; "0/10"
 * keeps the rest. Two processes with different buckets never make the same source. */
#ifndef ESPALIER_SPLIT_H
#define ESPALIER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

enum { SPLIT_MAX_BUCKETS = 10000 };

struct split {
    uint32_t buckets; /* 0: everything is kept */
    unsigned char kept[SPLIT_MAX_BUCKETS / 8 + 1];
};

/* Read BUCKETS/OF, where BUCKETS lists numbers and ranges: "0/10", "1-9/10", "0,2,5-7/8". NULL
 * keeps everything. -1 on error (STATUS_USAGE). */
int split_read(struct split *s, const char *text, struct err *err) NODISCARD;

/* The share of buckets kept. */
double split_share(const struct split *s);

bool split_keeps(const struct split *s, const char *source, size_t len);

#endif
