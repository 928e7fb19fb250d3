#include "nn/op_loss.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "nn/elementary.h"
#include "nn/vector.h"

const char *const loss_names[] = {
    [LOSS_CROSS_ENTROPY] = "cross-entropy", [LOSS_CROSS_ENTROPY_DOUBLE] = "cross-entropy-double",
    [LOSS_STABLEMAX] = "stablemax",         [LOSS_MSE] = "mse",
    [LOSS_HALF_SQUARE] = "half-square",     [LOSS_HINGE] = "hinge",
    [LOSS_LOGISTIC] = "logistic",           NULL,
};

/* exp(x - max), to the precision of real, in the row; their sum without that of the label. */
CLONED static double put_exponentials(int width, const real *x, int label, real *e) {
    double max = (double)x[0], others = 0;
    for (int i = 1; i < width; i++)
        max = (double)x[i] > max ? (double)x[i] : max;
    double block[64];
    for (int first = 0; first < width; first += 64) {
        int n = width - first < 64 ? width - first : 64;
        for (int i = 0; i < n; i++)
            block[i] = double_exp((double)x[first + i] - max);
        for (int i = 0; i < n; i++)
            others += first + i == label ? 0 : block[i];
        INDEPENDENT
        for (int i = 0; i < n; i++)
            e[first + i] = (real)block[i];
    }
    return others;
}

double op_softmax_double(int rows, int width, const real *logits, const int32_t *label,
                         double smoothing, real *gradient) {
    double loss = 0, even = smoothing / width;
    for (int row = 0; row < rows; row++) {
        const real *x = logits + (size_t)row * width;
        real *d = gradient + (size_t)row * width;
        int t = label[row];
        if (t < 0) {
            memset(d, 0, (size_t)width * sizeof *d);
            continue;
        }
        double at_label = (double)x[t], max = at_label, below = 0;
        for (int i = 0; i < width; i++)
            max = (double)x[i] > max ? (double)x[i] : max;
        for (int i = 0; smoothing > 0 && i < width; i++)
            below += max - (double)x[i];
        double others = put_exponentials(width, x, t, d);
        double e = double_exp(at_label - max), inverse = 1 / (others + e);
        /* Where the label has the maximum e is 1 and the sum of the others may be tiny. */
        double log_sum = e == 1 ? log1p(others) : log(others + e);
        loss += log_sum + (1 - smoothing) * (max - at_label) + even * below;
        for (int i = 0; i < width; i++)
            d[i] = (real)((double)d[i] * inverse - even);
        d[t] = (real)(smoothing - even - others * inverse);
    }
    return loss;
}

static double stable(double x) {
    return x >= 0 ? x + 1 : 1 / (1 - x);
}

static double stable_slope(double x) {
    return x >= 0 ? 1 : 1 / ((1 - x) * (1 - x));
}

double op_stablemax(int rows, int width, const real *logits, const int32_t *label, double smoothing,
                    real *gradient) {
    double loss = 0, even = smoothing / width;
    for (int row = 0; row < rows; row++) {
        const real *x = logits + (size_t)row * width;
        real *d = gradient + (size_t)row * width;
        int t = label[row];
        if (t < 0) {
            memset(d, 0, (size_t)width * sizeof *d);
            continue;
        }
        double others = 0, logs = 0, at_label = (double)x[t], s = stable(at_label);
        for (int i = 0; i < width; i++)
            others += i == t ? 0 : stable((double)x[i]);
        for (int i = 0; smoothing > 0 && i < width; i++)
            logs += log((others + s) / stable((double)x[i]));
        loss += (1 - smoothing) * log1p(others / s) + even * logs;
        double inverse = 1 / (others + s);
        for (int i = 0; i < width; i++) {
            double v = (double)x[i];
            double weighed = even > 0 ? even / stable(v) : 0;
            d[i] = (real)(stable_slope(v) * (inverse - weighed));
        }
        d[t] = (real)(stable_slope(at_label) * ((smoothing - even) / s - others * inverse / s));
    }
    return loss;
}

/* What output k of a row is to be: `here` at the label, `elsewhere` at others. */
static double target_of(int row, int width, int k, const int32_t *label, const real *value,
                        double elsewhere) {
    if (value)
        return (double)value[(size_t)row * width + k];
    return label[row] == (width == 1 ? 1 : k) ? 1 : elsewhere;
}

static bool passed_over(int row, int width, const int32_t *label, const real *value, real *d) {
    if (value || label[row] >= 0)
        return false;
    memset(d, 0, (size_t)width * sizeof *d);
    return true;
}

double op_square(enum loss kind, int rows, int width, const real *output, const int32_t *label,
                 const real *value, real *gradient) {
    double loss = 0, factor = kind == LOSS_MSE ? 1.0 / width : 0.5;
    for (int row = 0; row < rows; row++) {
        const real *f = output + (size_t)row * width;
        real *d = gradient + (size_t)row * width;
        if (passed_over(row, width, label, value, d))
            continue;
        double sum = 0;
        for (int k = 0; k < width; k++) {
            double off = (double)f[k] - target_of(row, width, k, label, value, 0);
            sum += off * off;
            d[k] = (real)(2 * factor * off);
        }
        loss += factor * sum;
    }
    return loss;
}

double op_margin(enum loss kind, int rows, int width, const real *output, const int32_t *label,
                 const real *value, real *gradient) {
    double loss = 0, factor = 1.0 / width;
    for (int row = 0; row < rows; row++) {
        const real *f = output + (size_t)row * width;
        real *d = gradient + (size_t)row * width;
        if (passed_over(row, width, label, value, d))
            continue;
        double sum = 0;
        for (int k = 0; k < width; k++) {
            double y = target_of(row, width, k, label, value, -1), margin = y * (double)f[k];
            double slope;
            if (kind == LOSS_HINGE) {
                sum += margin < 1 ? 1 - margin : 0;
                /* A value that is not a number stays one. */
                slope = margin >= 1 ? 0 : -y;
                sum += isnan(margin) ? margin : 0;
            } else {
                double e = double_exp(-fabs(margin));
                sum += log1p(e) + (margin < 0 ? -margin : 0);
                sum += isnan(margin) ? margin : 0;
                slope = -y * (margin > 0 ? e : 1) / (1 + e);
            }
            d[k] = (real)(factor * slope);
        }
        loss += factor * sum;
    }
    return loss;
}

typedef __typeof__((lanes){0} > (lanes){0}) lanes_truth;

/* The greatest number of a row; one that is no number is greater than all. */
INLINE real greatest(int width, const real *x) {
    real first[LANES], max = x[0];
    int i = 0;
    lanes best, here;
    for (int l = 0; l < LANES; l++)
        first[l] = max;
    LANES_LOAD(best, first);
    for (; i + LANES <= width; i += LANES) {
        LANES_LOAD(here, x + i);
        lanes_truth takes = (here > best) | (here != here);
        best = (lanes)((takes & (lanes_truth)here) | (~takes & (lanes_truth)best));
    }
    LANES_STORE(first, best);
    for (int l = 0; l < LANES; l++)
        max = first[l] > max || first[l] != first[l] ? first[l] : max;
    for (; i < width; i++)
        max = x[i] > max || x[i] != x[i] ? x[i] : max;
    return max;
}

/* sum_i exp(x_i - max) but for the label's: the exponentials side by side, the sum in order. */
CLONED static double other_exponentials(int width, const real *x, int label, double *max) {
    double block[64], others = 0;
    *max = (double)greatest(width, x);
    for (int first = 0; first < width; first += 64) {
        int n = width - first < 64 ? width - first : 64;
        for (int i = 0; i < n; i++)
            block[i] = double_exp((double)x[first + i] - *max);
        if (label >= first && label < first + n)
            block[label - first] = 0;
        for (int i = 0; i < n; i++)
            others += block[i];
    }
    return others;
}

/* ln sum_i s_i / s_label in double, without rounding 1 + a small sum. */
static double row_entropy(enum loss kind, int width, const real *x, int label) {
    if (kind == LOSS_STABLEMAX) {
        double others = 0;
        for (int i = 0; i < width; i++)
            others += i == label ? 0 : stable((double)x[i]);
        return log1p(others / stable((double)x[label]));
    }
    double max, others = other_exponentials(width, x, label, &max);
    double s = double_exp((double)x[label] - max);
    return s == 1 ? log1p(others / s) : log(others + s) + (max - (double)x[label]);
}

double op_row_loss(enum loss kind, int width, const real *output, int32_t label,
                   const real *value) {
    if (kind <= LOSS_STABLEMAX)
        return row_entropy(kind, width, output, label);
    real d[256];
    double sum = 0, share = kind == LOSS_HALF_SQUARE ? 1 : 1.0 / width;
    bool square = kind == LOSS_MSE || kind == LOSS_HALF_SQUARE;
    for (int first = 0; first < width; first += 256) {
        int n = width - first < 256 ? width - first : 256;
        real target[256];
        for (int k = 0; k < n; k++)
            target[k] = (real)target_of(0, width, first + k, &label, value, square ? 0 : -1);
        double part = square ? op_square(kind, 1, n, output + first, NULL, target, d)
                             : op_margin(kind, 1, n, output + first, NULL, target, d);
        sum += kind == LOSS_HALF_SQUARE ? part : part * n;
    }
    return share * sum;
}

double op_row_entropy(enum loss kind, int width, const real *output) {
    if (kind == LOSS_LOGISTIC && width == 1) {
        double x = fabs((double)output[0]), e = double_exp(-x), p = e / (1 + e);
        return log1p(e) + p * x;
    }
    if (kind > LOSS_STABLEMAX)
        return NAN;
    double max = (double)output[0], sum = 0, weighed = 0;
    for (int i = 1; i < width; i++)
        max = (double)output[i] > max || isnan(output[i]) ? (double)output[i] : max;
    for (int i = 0; i < width; i++) {
        double x = (double)output[i], log_weight = x - max, weight;
        if (kind == LOSS_STABLEMAX) {
            weight = stable(x);
            log_weight = log(weight);
        } else {
            weight = double_exp(log_weight);
        }
        sum += weight;
        weighed += weight > 0 ? weight * log_weight : 0;
    }
    double entropy = log(sum) - weighed / sum;
    return entropy > 0 || isnan(entropy) ? entropy : 0;
}
