#include "nn/weight_median.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS };

/* The bits of a number as an unsigned number, in the same order (IEEE 754, section 3.4: but for the
 * sign, bits are ordered as their values are). */
#ifdef REAL_IS_DOUBLE
typedef uint64_t key;
#else
typedef uint32_t key;
#endif
enum { KEY_BITS = 8 * sizeof(key) };

static key key_of(real x) {
    key bits, sign = (key)1 << (KEY_BITS - 1);
    memcpy(&bits, &x, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

static double value_of(key k) {
    key sign = (key)1 << (KEY_BITS - 1);
    real x;
    k = k & sign ? k ^ sign : ~k;
    memcpy(&x, &k, sizeof x);
    return (double)x;
}

/* The entry of this rank, from 0: one digit of its key after the other, the highest first, by
 * counting the entries that share the digits above. */
static double at_rank(const struct weight_block *blocks, size_t n, uint64_t rank, uint64_t *count) {
    key known = 0, mask = 0;
    for (int shift = KEY_BITS - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        memset(count, 0, DIGITS * sizeof *count);
        for (size_t b = 0; b < n; b++) {
            for (int i = 0; i < blocks[b].rows; i++) {
                const real *row = blocks[b].values + (size_t)i * (size_t)blocks[b].stride;
                for (int j = 0; j < blocks[b].columns; j++) {
                    key k = key_of(row[j]);
                    if ((k & mask) == known)
                        count[(k >> shift) & (DIGITS - 1)]++;
                }
            }
        }
        key digit = 0;
        while (rank >= count[digit])
            rank -= count[digit++];
        known |= digit << shift;
        mask |= (key)(DIGITS - 1) << shift;
    }
    return value_of(known);
}

double weight_median(const struct weight_block *blocks, size_t n) {
    uint64_t entries = 0;
    for (size_t b = 0; b < n; b++)
        entries += (uint64_t)blocks[b].rows * (uint64_t)blocks[b].columns;
    if (entries == 0)
        return NAN;
    uint64_t *count = mem_alloc(DIGITS, sizeof *count);
    double high = at_rank(blocks, n, entries / 2, count), low = high;
    if (entries % 2 == 0)
        low = at_rank(blocks, n, entries / 2 - 1, count);
    free(count);
    return low / 2 + high / 2;
}
