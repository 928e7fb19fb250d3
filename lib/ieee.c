#include "lib/ieee.h"

#include <math.h>

/* ln 2 in two parts; the first has 21 trailing zero bits, so that its multiples by exponents are
 * exact. */
static const double LN2_HIGH = 0x1.62e42fee00000p-1, LN2_LOW = 0x1.a39ef35793c76p-33;

double ieee_log(double x) {
    if (!(x > 0) || isinf(x))
        return x == 0 ? -INFINITY : x < 0 ? NAN : x;
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    /* With s = f / (2 + f): ln(1 + f) = 2 s + 2 s^3 / 3 + 2 s^5 / 5 + ..., and 2 s = f - f s. */
    double f = m - 1, s = f / (2 + f), z = s * s, half = 0.5 * f * f, series = 0;
    for (int k = 25; k >= 3; k -= 2)
        series = z * (2.0 / k + series);
    double n = exponent;
    return n * LN2_HIGH - ((half - (s * (half + series) + n * LN2_LOW)) - f);
}

double ieee_exp(double x) {
    if (isnan(x))
        return x;
    if (x > 709.79)
        return INFINITY;
    if (x < -745.2)
        return 0;
    double n = floor(x * 1.44269504088896340736 + 0.5);
    double high = x - n * LN2_HIGH, low = n * LN2_LOW, r = high - low, sum = 0;
    for (int k = 14; k >= 2; k--)
        sum = r / k * (1 + sum);
    /* e^r = 1 + r (1 + sum), with what r lost in rounding. */
    double lost = (high - r) - low;
    return ldexp(1 + (r + (r * sum + lost)), (int)n);
}

double ieee_digamma(double x) {
    double sum = 0;
    for (; x < 12; x++)
        sum -= 1 / x;
    double z = 1 / (x * x);
    double series = 1.0 / 12 -
                    z * (1.0 / 120 -
                         z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * 691.0 / 32760))));
    return sum + (ieee_log(x) - 0.5 / x - z * series);
}
