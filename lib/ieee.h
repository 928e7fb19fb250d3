/* Logarithm and exponential made of additions, multiplications and divisions alone, which IEEE 754
 * rounds in one way: the same bits on every machine, whatever its C library. For what decides a
 * draw or is written to a corpus. */
#ifndef ESPALIER_IEEE_H
#define ESPALIER_IEEE_H

/* Natural logarithm, within 2 units in the last place; -inf at 0, NaN below. */
double ieee_log(double x);

/* e to the x, within 2 units in the last place of normal results; inf above, 0 below. */
double ieee_exp(double x);

/* The digamma function for x > 0: recurrence to x >= 12, then its asymptotic series (6.3.18 of
 * Abramowitz & Stegun 1964). Absolute error below 1e-13 for x >= 1e-3. */
double ieee_digamma(double x);

#endif
