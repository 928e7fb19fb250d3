/* The number type of parameters and activations: float, or double in the gradient-check build. */
#ifndef ESPALIER_REAL_H
#define ESPALIER_REAL_H

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
