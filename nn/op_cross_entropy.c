#include <math.h>

#include "nn/elementary.h"
#include "nn/op.h"
#include "nn/vector.h"

INLINE real row_max(int n, const real *x) {
    real max = x[0];
    for (int i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

CLONED double op_cross_entropy_forward(int rows, int vocabulary, const real *logits,
                                       const int32_t *target, double smoothing, real *probability) {
    double loss = 0;
    for (int row = 0; row < rows; row++) {
        const real *x = logits + (size_t)row * vocabulary;
        real *p = probability + (size_t)row * vocabulary;
        real max = row_max(vocabulary, x);
        real at_target = target[row] >= 0 ? x[target[row]] : 0;
        double total = 0;
        for (int i = 0; smoothing > 0 && i < vocabulary; i++)
            total += (double)x[i];
        INDEPENDENT
        for (int i = 0; i < vocabulary; i++)
            p[i] = real_exp(x[i] - max);
        double sum = 0;
        for (int i = 0; i < vocabulary; i++)
            sum += (double)p[i];
        if (target[row] >= 0)
            loss += smoothing > 0 ? log(sum) + (double)max - (1 - smoothing) * (double)at_target -
                                        smoothing * total / vocabulary
                                  : log(sum) + ((double)max - (double)at_target);
        real inverse = (real)(1 / sum);
        for (int i = 0; i < vocabulary; i++)
            p[i] *= inverse;
    }
    return loss;
}

CLONED void op_cross_entropy_backward(int rows, int vocabulary, const real *probability,
                                      const int32_t *target, double smoothing, real scale,
                                      real *dlogits) {
    const real even = (real)(smoothing / vocabulary), peak = (real)(1 - smoothing);
    for (int row = 0; row < rows; row++) {
        const real *p = probability + (size_t)row * vocabulary;
        real *d = dlogits + (size_t)row * vocabulary;
        real counted = target[row] >= 0 ? scale : 0;
        INDEPENDENT
        for (int i = 0; i < vocabulary; i++)
            d[i] = counted * p[i];
        if (target[row] < 0)
            continue;
        for (int i = 0; smoothing > 0 && i < vocabulary; i++)
            d[i] -= scale * even;
        d[target[row]] -= scale * peak;
    }
}

double op_log_sum_exp(int n, const real *x) {
    double max = (double)row_max(n, x), sum = exp((double)x[0] - max);
    for (int i = 1; i < n; i++)
        sum += exp((double)x[i] - max);
    return max + log(sum);
}
