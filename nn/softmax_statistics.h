/* What rows of probabilities and logits tell of training: how sharp attention is, and whether the
 * loss has run out of precision. */
#ifndef ESPALIER_SOFTMAX_STATISTICS_H
#define ESPALIER_SOFTMAX_STATISTICS_H

#include <stdint.h>

#include "lib/msg.h"
#include "nn/real.h"

/* The sum over `rows` rows of the entropy -sum p ln p, in nats, of their first `columns` numbers;
 * `stride` elements from a row to the next; 0 ln 0 = 0. Over the number of rows, with its sign
 * changed, this is the attention sparsity of Murty, Sharma, Andreas and Manning (2023,
 * arXiv:2305.18741). -1 with STATUS_NONFINITE if a number is not from 0 to 1 (softmax may round to
 * a little above 1: to 1.0001) or a row does not sum to 1 within 0.001. */
int softmax_entropy(int rows, int columns, const real *probability, int stride, double *sum,
                    struct err *err) NODISCARD;

/* The mean entropy of each head's rows of causal attention, in nats, as op_attention_forward leaves
 * its probabilities: for each sequence of n = offset[s + 1] - offset[s] positions, for each head,
 * n x n. entropy: `heads` numbers, NaN when there is no position. The first position of a sequence,
 * which sees itself alone, counts with its 0. -1 as above. */
int attention_entropy(int sequences, const int *offset, int heads, const real *probability,
                      double *entropy, struct err *err) NODISCARD;

/* Softmax collapse (Prieto, Barsbey, Mediano and Birdal 2025, arXiv:2501.04697): rows whose sum of
 * exp(z - max z) is exactly 1 in single precision, because the largest logit absorbs the others; if
 * it is that of the target, the loss and its gradient at the target are 0. */
struct collapse {
    int64_t rows;      /* that were counted: all, or those whose target is not negative */
    int64_t collapsed; /* whose sum is 1 */
    int64_t silent;    /* of those, with the target the largest; 0 without targets */
};

/* Add the rows of logits (rows x vocabulary) to *c; target is NULL or one index a row. In float
 * also when real is double: differences from the largest, their exponentials and the sum of all but
 * the largest, in the order of the vocabulary, to which 1 is added last; so the place of the
 * largest does not matter. -1 with STATUS_NONFINITE if a logit is not finite; *c is then undefined.
 */
int softmax_collapse(int rows, int vocabulary, const real *logits, const int32_t *target,
                     struct collapse *c, struct err *err) NODISCARD;

#endif
