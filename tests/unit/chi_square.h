/* Pearson's test, for tests that draw. */
#ifndef ESPALIER_CHI_SQUARE_H
#define ESPALIER_CHI_SQUARE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* The upper 1e-6 point of chi-square with k degrees of freedom (Wilson & Hilferty 1931). */
static inline double chi_square_limit(int k) {
    double c = 2.0 / (9.0 * k);
    return k * pow(1 - c + 4.7534 * sqrt(c), 3);
}

/* Chi-square of counts against probabilities that sum to 1; cells that expect fewer than 8 are
 * taken together. *freedom becomes the degrees of freedom, 0 when there is nothing to test. */
static inline double chi_square_of(const uint64_t *count, const double *probability, size_t n,
                                   int *freedom) {
    double total = 0, sum = 0, rest_expected = 0, rest_count = 0;
    int cells = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)count[i];
    for (size_t i = 0; i < n; i++) {
        double expected = total * probability[i];
        if (expected < 8) {
            rest_expected += expected;
            rest_count += (double)count[i];
            continue;
        }
        sum += pow((double)count[i] - expected, 2) / expected;
        cells++;
    }
    if (rest_expected >= 1) {
        sum += pow(rest_count - rest_expected, 2) / rest_expected;
        cells++;
    }
    *freedom = cells > 1 ? cells - 1 : 0;
    return sum;
}

#endif
