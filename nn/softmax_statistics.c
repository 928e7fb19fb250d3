#include "nn/softmax_statistics.h"

#include <math.h>
#include <stddef.h>

int softmax_entropy(int rows, int columns, const real *probability, int stride, double *sum,
                    struct err *err) {
    *sum = 0;
    for (int i = 0; i < rows; i++) {
        const real *row = probability + (size_t)i * (size_t)stride;
        double entropy = 0, total = 0;
        for (int j = 0; j < columns; j++) {
            double p = (double)row[j];
            if (!(p >= 0 && p <= 1.0001))
                return err_set(err, STATUS_NONFINITE, "row %d, column %d: %g is no probability",
                               i + 1, j + 1, p);
            if (p > 0)
                entropy -= p * log(p);
            total += p;
        }
        if (!(fabs(total - 1) <= 1e-3))
            return err_set(err, STATUS_NONFINITE, "row %d: the probabilities sum to %g, not to 1",
                           i + 1, total);
        *sum += entropy;
    }
    return 0;
}

int attention_entropy(int sequences, const int *offset, int heads, const real *probability,
                      double *entropy, struct err *err) {
    for (int h = 0; h < heads; h++)
        entropy[h] = 0;
    for (int s = 0; s < sequences; s++) {
        int n = offset[s + 1] - offset[s];
        for (int h = 0; h < heads; h++, probability += (size_t)n * (size_t)n) {
            double sum;
            if (softmax_entropy(n, n, probability, n, &sum, err) != 0)
                return err_prefix(err, "attention of sequence %d, head %d", s + 1, h + 1);
            entropy[h] += sum;
        }
    }
    int positions = sequences > 0 ? offset[sequences] - offset[0] : 0;
    for (int h = 0; h < heads; h++)
        entropy[h] = positions > 0 ? entropy[h] / positions : NAN;
    return 0;
}

int softmax_collapse(int rows, int vocabulary, const real *logits, const int32_t *target,
                     struct collapse *c, struct err *err) {
    for (int i = 0; i < rows; i++) {
        if (target && target[i] < 0)
            continue;
        const real *z = logits + (size_t)i * (size_t)vocabulary;
        int largest = 0;
        for (int j = 0; j < vocabulary; j++) {
            if (!isfinite((float)z[j]))
                return err_set(err, STATUS_NONFINITE,
                               "row %d: logit %d is not a finite single precision number", i + 1,
                               j + 1);
            if (z[j] > z[largest])
                largest = j;
        }
        float others = 0, max = (float)z[largest];
        for (int j = 0; j < vocabulary; j++)
            if (j != largest)
                others += (float)exp((double)((float)z[j] - max));
        float sum = 1 + others;
        c->rows++;
        if (sum != 1)
            continue;
        c->collapsed++;
        c->silent += target && z[target[i]] == z[largest];
    }
    return 0;
}
