#include "lib/dirichlet.h"

#include <math.h>

#include "lib/ieee.h"

/* Uniform on (0, 1), both ends excluded. */
static double open_uniform(struct rng *r) {
    return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

/* Standard normal by the polar method of Marsaglia & Bray 1964, without sine and cosine. */
static double normal(struct rng *r) {
    for (;;) {
        double x = 2 * open_uniform(r) - 1, y = 2 * open_uniform(r) - 1, s = x * x + y * y;
        if (s < 1 && s > 0)
            return x * sqrt(-2 * ieee_log(s) / s);
    }
}

/* The logarithm of a gamma variate of shape alpha. */
static double log_gamma_variate(struct rng *r, double alpha) {
    double shape = alpha < 1 ? alpha + 1 : alpha;
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d), log_v;
    for (;;) {
        double x = normal(r), root = 1 + c * x;
        if (root <= 0)
            continue;
        double v = root * root * root;
        log_v = ieee_log(v);
        if (ieee_log(open_uniform(r)) < 0.5 * x * x + d - d * v + d * log_v)
            break;
    }
    double value = ieee_log(d) + log_v;
    return alpha < 1 ? value + ieee_log(open_uniform(r)) / alpha : value;
}

void dirichlet_draw(struct rng *r, double alpha, double *p, size_t n) {
    double sum = 0;
    if (alpha == 1) {
        for (size_t i = 0; i < n; i++)
            sum += p[i] = -ieee_log(open_uniform(r));
    } else {
        double most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            p[i] = log_gamma_variate(r, alpha);
            most = p[i] > most ? p[i] : most;
        }
        for (size_t i = 0; i < n; i++)
            sum += p[i] = ieee_exp(p[i] - most);
    }
    for (size_t i = 0; i < n; i++)
        p[i] /= sum;
}

double dirichlet_mean_entropy(double alpha, size_t n) {
    return ieee_digamma((double)n * alpha + 1) - ieee_digamma(alpha + 1);
}
