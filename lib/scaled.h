/* Positive numbers of any size: a double times a power of 2^256.
 *
 * Products of thousands of probabilities leave the range of a double, and logarithms cannot be
 * added up without losing digits or time. Scaling by powers of two is exact, so sums and products
 * round as those of doubles do, and alike on every machine. */
#ifndef ESPALIER_SCALED_H
#define ESPALIER_SCALED_H

#include <math.h>

/* value * 2^(256 exponent), with value in [2^-128, 2^128). */
struct scaled {
    double value;
    int exponent;
};

static inline struct scaled scaled_normal(struct scaled a) {
    if (a.value < 0x1p-128)
        return (struct scaled){a.value * 0x1p256, a.exponent - 1};
    if (a.value >= 0x1p128)
        return (struct scaled){a.value * 0x1p-256, a.exponent + 1};
    return a;
}

/* x must be positive and finite. */
static inline struct scaled scaled_from(double x) {
    struct scaled a = {x, 0};
    while (a.value < 0x1p-128 || a.value >= 0x1p128)
        a = scaled_normal(a);
    return a;
}

static inline struct scaled scaled_times(struct scaled a, struct scaled b) {
    return scaled_normal((struct scaled){a.value * b.value, a.exponent + b.exponent});
}

static inline struct scaled scaled_plus(struct scaled a, struct scaled b) {
    if (a.exponent == b.exponent)
        return scaled_normal((struct scaled){a.value + b.value, a.exponent});
    struct scaled large = a.exponent > b.exponent ? a : b, small = a.exponent > b.exponent ? b : a;
    if (large.exponent == small.exponent + 1)
        large.value += small.value * 0x1p-256;
    return scaled_normal(large);
}

/* The natural logarithm. */
static inline double scaled_log(struct scaled a) {
    return log(a.value) + 256 * 0.693147180559945309417 * a.exponent;
}

#endif
