#include "lib/entropy.h"

#include <math.h>

static const double EULER = 0.57721566490153286061;

/* Digamma at a whole number: the harmonic number before it, less Euler's constant; far out the
 * asymptotic series (Abramowitz and Stegun 6.3.18). */
static double digamma(uint64_t n) {
    double x = (double)n;
    if (n < 30) {
        double sum = -EULER;
        for (uint64_t k = 1; k < n; k++)
            sum += 1 / (double)k;
        return sum;
    }
    double r = 1 / (x * x);
    return log(x) - 1 / (2 * x) - r * (1.0 / 12 - r * (1.0 / 120 - r / 252));
}

/* The exponential integral E1(x) times e^x, x > 0: a power series up to 1, a continued fraction
 * beyond (Abramowitz and Stegun 5.1.11, 5.1.22). */
static double scaled_e1(double x) {
    if (x <= 1) {
        double sum = -EULER - log(x), term = 1;
        for (int k = 1; k < 30; k++) {
            term *= -x / k;
            sum -= term / k;
        }
        return exp(x) * sum;
    }
    double fraction = 0;
    for (int k = 200; k > 0; k--)
        fraction = k / (1 + k / (x + fraction));
    return 1 / (x + fraction);
}

/* The sum over k >= 1 of q^k / (m + k), q = 1 - a: directly where it converges soon, else as the
 * integral with the first terms of Euler and Maclaurin. */
static double tail(double a, double m) {
    if (a >= 1)
        return 0;
    if (a > 1e-4) {
        double sum = 0, power = 1;
        for (double k = 1; power > 1e-18; k++) {
            power *= 1 - a;
            sum += power / (m + k);
        }
        return sum;
    }
    double lambda = -log1p(-a), first = (1 - a) / (m + 1);
    return exp(-lambda) * scaled_e1(lambda * (m + 1)) + first / 2 +
           first * (lambda + 1 / (m + 1)) / 12;
}

void entropy_add(struct entropy *e, uint64_t count) {
    if (count == 0)
        return;
    double c = (double)count;
    e->n += count;
    e->types++;
    e->once += count == 1;
    e->twice += count == 2;
    e->c_log_c += c * log(c);
    e->c_digamma_c += c * digamma(count);
}

double entropy_plug_in(const struct entropy *e) {
    if (e->n == 0)
        return NAN;
    double h = log((double)e->n) - e->c_log_c / (double)e->n;
    return h > 0 ? h : 0; /* one type alone, but for rounding */
}

double entropy_miller_madow(const struct entropy *e) {
    if (e->n == 0)
        return NAN;
    return entropy_plug_in(e) + ((double)e->types - 1) / (2 * (double)e->n);
}

double entropy_chao(const struct entropy *e) {
    if (e->n == 0)
        return NAN;
    double n = (double)e->n, once = (double)e->once, twice = (double)e->twice;
    double seen = digamma(e->n) - e->c_digamma_c / n;
    if (seen < 0)
        seen = 0;
    if (e->once == 0)
        return seen;
    double a = e->twice ? 2 * twice / ((n - 1) * once + 2 * twice) : 2 / ((n - 1) * (once - 1) + 2);
    return seen + once / n * tail(a, n - 1);
}

double entropy_coverage(const struct entropy *e) {
    return e->n ? 1 - (double)e->once / (double)e->n : NAN;
}
