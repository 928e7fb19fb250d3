#include "nn/product.h"

const struct product_kernels *product_kernels(void) {
#ifdef __x86_64__
    if (product_avx512.runs_here())
        return &product_avx512;
    if (product_avx2.runs_here())
        return &product_avx2;
#endif
    return &product_portable;
}
