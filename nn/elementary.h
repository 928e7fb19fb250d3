/* exp, erf, tanh and the logistic function in loops the compiler can vectorise: float from
 * polynomials, double from libm; and double_exp in both. */
#ifndef ESPALIER_ELEMENTARY_H
#define ESPALIER_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/vector.h"

/* exp of a double, within 2 units in the last place, whose bits are those of this code and not of
 * the machine's libm. Arguments below -708 give exp(-708) = 3e-308, above 709 exp(709). Reduction
 * by multiples of ln 2 in two parts (fdlibm's), then the Taylor series to r^13 on |r| <= ln 2 / 2.
 */
INLINE double double_exp(double x) {
    x = x < -708 ? -708 : x;
    x = x > 709 ? 709 : x;
    /* Adding 1.5 * 2^52 rounds to an integer, which is then in the low bits. */
    double shifted = x * 1.44269504088896338700e+00 + 6755399441055744.0;
    double n = shifted - 6755399441055744.0;
    double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    double y = (p * (r * r) + r) + 1;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 52) + ((uint64_t)1023 << 52);
    double power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

#ifdef REAL_IS_DOUBLE

INLINE real real_exp(real x) {
    return exp(x);
}
INLINE real real_erf(real x) {
    return erf(x);
}
INLINE real real_tanh(real x) {
    return tanh(x);
}

#else

/* Within 2 units in the last place on [-87, 88]; smaller arguments give exp(-87), larger exp(88).
 * Reduction by multiples of ln 2 in two parts and the polynomial of Moshier's Cephes. */
INLINE real real_exp(real x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    /* Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits. */
    float shifted = x * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    float y = (p * (r * r) + r) + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127u << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

/* Absolute error below 4e-7 everywhere: the rational minimax approximation of Eigen and XLA, odd
 * degree 13 over even degree 8, on [-4, 4]. */
INLINE real real_erf(real x) {
    x = x < -4.0f ? -4.0f : x;
    x = x > 4.0f ? 4.0f : x;
    float s = x * x;
    float p = -2.72614225801306e-10f;
    p = p * s + 2.77068142495902e-08f;
    p = p * s - 2.10102402082508e-06f;
    p = p * s - 5.69250639462346e-05f;
    p = p * s - 7.34990630326855e-04f;
    p = p * s - 2.95459980854025e-03f;
    p = p * s - 1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * s - 2.13374055278905e-04f;
    q = q * s - 1.68282697438203e-03f;
    q = q * s - 7.37332916720468e-03f;
    q = q * s - 1.42647390514189e-02f;
    return x * p / q;
}

/* Within 4 units in the last place everywhere: the rational minimax approximation of Eigen, odd
 * degree 13 over even degree 6, on the interval outside which tanh is 1 in float. */
INLINE real real_tanh(real x) {
    x = x < -7.90531110763549805f ? -7.90531110763549805f : x;
    x = x > 7.90531110763549805f ? 7.90531110763549805f : x;
    float s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s - 8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

#endif

/* 1 / (1 + exp(-x)). */
INLINE real real_sigmoid(real x) {
    return 1 / (1 + real_exp(-x));
}

#endif
