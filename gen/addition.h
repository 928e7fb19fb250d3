/* Sums of two numbers, digit by digit: how they are drawn, what is known of them, how they are
 * written. Digits stand least significant first. */
#ifndef ESPALIER_ADDITION_H
#define ESPALIER_ADDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/range.h"
#include "lib/mem.h"
#include "lib/rng.h"

/* Which sums. The length of a sum is the number of digits of its larger addend, and that of 0 is
 * 1. */
struct addition_law {
    struct range length;
    bool by_number;   /* every pair of addends is equally likely; else length `least` + i modulo the
                         number of lengths in example i, and every pair of that length */
    bool equal;       /* both addends have as many digits */
    int64_t hints;    /* words h0 .. h(hints - 1), 0 for none; at least length.most + 1 */
    bool fixed_hints; /* the first hint of a sum is h0; else uniform among those that leave room */
};

struct addition {
    size_t length;
    unsigned char *addend[2], *sum; /* room for law.length.most + 1; [length] is the last carry */
    size_t carries;                 /* places that carry */
    size_t chain;                   /* the most places in a row that carry */
    uint32_t first_hint;
};

void addition_start(struct addition *x, const struct addition_law *law);

/* Draw sum number `index`. False: this draw meets not the law, draw again. */
bool addition_draw(struct addition *x, const struct addition_law *law, uint64_t index,
                   struct rng *r);

/* Expectations under the law, exact but for rounding. */
struct addition_truth {
    double carries;  /* mean number of places that carry */
    double overflow; /* P(the sum has a digit more than the larger addend) */
    double no_carry; /* P(no place carries) */
    double entropy;  /* of a source, in nats, its length and hints drawn with their shares */
};
struct addition_truth addition_know(const struct addition_law *law);

enum addition_zeros {
    ADDITION_ZEROS_CARRY, /* all three numbers have length + 1 digits */
    ADDITION_ZEROS_EQUAL, /* the addends have `length` digits, the sum no zero in front of those */
    ADDITION_ZEROS_NONE,
};

/* Append a number of `digits` digits, with a hint before every digit if there are any, least
 * significant first if `reversed`. The hints of a sum ascend from the place of its last carry to
 * that of its units, as those of Zhou et al. 2023 (arXiv:2310.16028, np_rasp/examples/test_add.py).
 */
void addition_put(const struct addition *x, const struct addition_law *law,
                  const unsigned char *number, size_t digits, bool reversed, struct buf *out);

/* How many digits of a number are written. `is_sum` tells a sum from an addend. */
size_t addition_digits(const struct addition *x, enum addition_zeros zeros,
                       const unsigned char *number, bool is_sum);

void addition_free(struct addition *x);

#endif
