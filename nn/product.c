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

const char *const precision_names[] = {"f32", "bf16", NULL};

const struct product_kernels *product_kernels_of(enum precision precision, struct err *err) {
    if (precision == PRECISION_F32)
        return product_kernels();
#if defined(__x86_64__) && !defined(REAL_IS_DOUBLE)
    if (product_bf16.runs_here())
        return &product_bf16;
#endif
    err_set(err, STATUS_USAGE,
            "--precision bf16: this processor has no products of bfloat16 numbers (AVX512-BF16)");
    return NULL;
}
