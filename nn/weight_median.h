/* The median of all entries of several blocks, found without sorting or copying them. */
#ifndef ESPALIER_WEIGHT_MEDIAN_H
#define ESPALIER_WEIGHT_MEDIAN_H

#include <stddef.h>

#include "nn/weight_statistics.h"

/* The mean of the middle two if their number is even; NaN if there are none. Entries must be
 * finite. Time grows with their number alone, whatever they are: it counts them by 16 bits of their
 * order at a time. */
double weight_median(const struct weight_block *blocks, size_t n);

#endif
