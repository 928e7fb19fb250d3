/* Operators: each a forward and a backward, on buffers the caller owns.
 *
 * Arrays are row-major, one row a token; "rows x n" gives their shape. Packed sequences are rows
 * end to end: sequence s is rows offset[s] - offset[0] .. offset[s + 1] - offset[0] - 1 of every
 * array, so a run of whole sequences of a larger batch is described by pointers to its first row
 * and `offset + first`. In names, dy is the derivative of the loss by y. Outputs must not overlap
 * inputs unless it is said that they may. Nothing here allocates, fails, or uses more than one
 * thread; the same sizes and values always give the same bits. */
#ifndef ESPALIER_OP_H
#define ESPALIER_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* Embedding and position: y = scale table[input] + position[place in the sequence]; position may be
 * NULL.
 * input: one identity a row; table: vocabulary x dim; position: at least the longest sequence x
 * dim; y: rows x dim. */
void op_embedding_forward(int sequences, const int *offset, int dim, const int32_t *input,
                          real scale, const real *table, const real *position, real *y);
/* dtable[first .. last-1] += scale dy over the rows whose input is in that range, in row order. */
void op_embedding_backward(int rows, int dim, const int32_t *input, real scale, const real *dy,
                           int first, int last, real *dtable);
/* dposition[place] += dy. */
void op_position_backward(int sequences, const int *offset, int dim, const real *dy,
                          real *dposition);

/* The sinusoidal table (Vaswani et al. 2017, arXiv:1706.03762, section 3.5): length x dim,
 * (p, 2i) = sin(p / 10000^(2i/dim)), (p, 2i + 1) = cos of the same angle. */
void op_sinusoid(int length, int dim, real *table);

/* Linear: y = x w^T + bias + residual. x: rows x in; w: out x in, as PyTorch's Linear; bias (out)
 * and residual (rows x out) may be NULL; residual may be y itself. */
void op_linear_forward(int rows, int in, int out, const real *x, const real *w, const real *bias,
                       const real *residual, real *y);
/* dx = dy w, or dx += dy w with add (the residual's dy is dy itself). */
void op_linear_backward_input(int rows, int in, int out, const real *dy, const real *w, bool add,
                              real *dx);
/* The tile [out_first, out_last) x [in_first, in_last) of dw = dy^T x. dw: the whole out x in. */
void op_linear_backward_weight(int rows, int in, int out, const real *x, const real *dy,
                               int out_first, int out_last, int in_first, int in_last, bool add,
                               real *dw);
/* dbias[first .. last-1] = column sums of dy; with add, both add to what is there. */
void op_linear_backward_bias(int rows, int out, const real *dy, int first, int last, bool add,
                             real *dbias);

/* Layer normalisation (Ba et al. 2016, arXiv:1607.06450, eqs. 3 and 4) over each row, biased
 * variance, epsilon 1e-5 inside the root: y = gain (x - mean) rstd + bias. x, y: rows x dim; gain,
 * bias: dim; mean, rstd: one a row, kept for the backward pass. */
#define OP_LAYERNORM_EPSILON 1e-5
void op_layernorm_forward(int rows, int dim, const real *x, const real *gain, const real *bias,
                          real *y, real *mean, real *rstd);
/* dx = ... + skip, where skip (rows x dim) is the gradient that went round the norm, or NULL; dx
 * may be dy or skip. dgain and dbias (dim) are added to. */
void op_layernorm_backward(int rows, int dim, const real *x, const real *gain, const real *mean,
                           const real *rstd, const real *dy, const real *skip, real *dx,
                           real *dgain, real *dbias);

/* Causal multi-head self-attention within each sequence (Vaswani et al. 2017, eq. 1):
 * y = softmax(q k^T / sqrt(head_dim)) v for every head, a position seeing itself and those before.
 * qkv: rows x 3 dim, with dim = heads head_dim, q then k then v, heads side by side in each, as the
 * output of PyTorch's in_proj_weight; y: rows x dim. probability is kept for the backward pass: for
 * each sequence of n rows, for each head, n x n, with zeros above the diagonal.
 * scratch: op_attention_scratch(longest sequence, head_dim) elements. */
size_t op_attention_scratch(int longest, int head_dim);
void op_attention_forward(int sequences, const int *offset, int heads, int head_dim,
                          const real *qkv, real *probability, real *y, real *scratch);
void op_attention_backward(int sequences, const int *offset, int heads, int head_dim,
                           const real *qkv, const real *probability, const real *dy, real *dqkv,
                           real *scratch);

/* Activations of n numbers: y = f(x), and slope = f'(x), which is all the backward pass needs;
 * slope may be x itself. GELU is the exact x Phi(x) (Hendrycks and Gimpel 2016, arXiv:1606.08415),
 * with erf to a few units in the last place. ReLU's slope at 0 is 0. QUADRATIC is x^2. */
enum activation { ACTIVATION_RELU, ACTIVATION_GELU, ACTIVATION_TANH, ACTIVATION_QUADRATIC };
void op_activation_forward(enum activation kind, size_t n, const real *x, real *y, real *slope);
/* dx = dy slope; dx may be dy or slope. */
void op_activation_backward(size_t n, const real *slope, const real *dy, real *dx);

/* Softmax cross entropy: returns the sum over rows of -ln softmax(logits)[target], in nats, in
 * double. Rows whose target is negative are not counted. logits, probability: rows x vocabulary;
 * probability = softmax(logits) for the backward pass, and may be logits itself. With label
 * smoothing e the target distribution is (1 - e) one-hot + e / vocabulary (Szegedy et al. 2016,
 * arXiv:1512.00567, section 7). */
double op_cross_entropy_forward(int rows, int vocabulary, const real *logits, const int32_t *target,
                                double smoothing, real *probability);
/* dlogits = scale (probability - target distribution), 0 in rows not counted; may be probability.
 */
void op_cross_entropy_backward(int rows, int vocabulary, const real *probability,
                               const int32_t *target, double smoothing, real scale, real *dlogits);

/* ln sum exp of n >= 1 numbers; ln softmax(x)[i] is x[i] minus this. For scoring a row of logits.
 */
double op_log_sum_exp(int n, const real *x);

#endif
