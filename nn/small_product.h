/* The small matrices of attention: padded, turned, multiplied. */
#ifndef ESPALIER_SMALL_PRODUCT_H
#define ESPALIER_SMALL_PRODUCT_H

#include "nn/product.h"
#include "nn/vector.h"

/* Columns of a row-major matrix rounded up to whole vectors. */
INLINE int padded(int n) {
    return (n + LANES - 1) / LANES * LANES;
}

#endif
