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

#include "nn/product.h"

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

/* Linear: y = x w^T + bias + residual, by the products of `with`. packed: w as with->pack leaves it
 * for the product, or NULL. x: rows x in; w: out x in, as
 * PyTorch's Linear; bias (out) and residual (rows x out) may be NULL; residual may be y itself. */
void op_linear_forward(const struct product_kernels *with, int rows, int in, int out, const real *x,
                       const real *w, const real *packed, const real *bias, const real *residual,
                       real *y);
/* dx = dy w, or dx += dy w with add (the residual's dy is dy itself). */
void op_linear_backward_input(const struct product_kernels *with, int rows, int in, int out,
                              const real *dy, const real *w, const real *packed, bool add,
                              real *dx);
/* The tile [out_first, out_last) x [in_first, in_last) of dw = dy^T x. dw: the whole out x in. */
void op_linear_backward_weight(const struct product_kernels *with, int rows, int in, int out,
                               const real *x, const real *dy, int out_first, int out_last,
                               int in_first, int in_last, bool add, real *dw);
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

/* Any other attention: y = softmax(mask(scale (q k^T + q r^T) + bias)) v for every head of every
 * sequence, queries and keys standing in the rows of their own sequences.
 * q: query rows, `ldq` numbers apart; k and v: key rows, `ldkv` apart; heads side by side in each.
 * A query's place in its sequence is its number among the queries, or with query_place what is said
 * there, below the number of keys.
 * Every query sees the first keys of its sequence: CAUSAL its own place and those before, FULL all,
 * PREFIX its own place and those before but at least prefix[sequence]. No key seen: y = 0.
 * relative_key (rows x heads head_dim; or NULL) holds r, one row for each distance key - query from
 * -before to after, which further ones count as: the keys' half of Shaw et al. 2018
 * (arXiv:1803.02155, eq. 5), each head having its own. relative_bias (rows x heads; or NULL): a
 * number for each distance and head, as Raffel et al. 2020 (arXiv:1910.10683, section 2.1), without
 * their buckets. multiplier: what probabilities are multiplied with on their way to v (dropout),
 * laid out as they are; or NULL.
 * y: query rows x heads head_dim. probability: for each sequence, for each head, queries x keys, 0
 * where nothing is seen. scratch: op_attend_scratch elements. */
enum attention_mask { ATTENTION_CAUSAL, ATTENTION_FULL, ATTENTION_PREFIX };
struct attention {
    enum attention_mask mask;
    int heads, head_dim;
    real scale;
    int sequences;
    const int *query_offset, *key_offset; /* sequences + 1 */
    const int *query_place;               /* query rows */
    const int *prefix;                    /* sequences; NULL: 0 */
    const real *q, *k, *v;
    int ldq, ldkv;
    const real *relative_key, *relative_bias;
    int before, after;
    const real *multiplier;
};
size_t op_attend_scratch(int queries, int keys, int head_dim);
void op_attend_forward(const struct attention *a, real *probability, real *y, real *scratch);
/* dq, dk and dv are laid out as q, k and v and overwritten; drelative_key and drelative_bias are
 * added to, in the order of the sequences. */
struct attention_gradient {
    real *q, *k, *v, *relative_key, *relative_bias;
};
void op_attend_backward(const struct attention *a, const real *probability, const real *dy,
                        const struct attention_gradient *d, real *scratch);
/* The keys that the query at a place of sequence s sees of `keys`. */
static inline int op_attend_seen(const struct attention *a, int s, int place, int keys) {
    int seen = a->mask == ATTENTION_FULL ? keys : place + 1;
    if (a->mask == ATTENTION_PREFIX && a->prefix && a->prefix[s] > seen)
        seen = a->prefix[s];
    return seen < keys ? seen : keys;
}

/* op_attention's arithmetic, to the bit, for queries at places of their own: of *a the mask is
 * CAUSAL whatever it says, and relative_key, relative_bias and multiplier are not read. scratch:
 * op_attention_scratch(most keys of a sequence, head_dim) elements. */
void op_attention_places_forward(const struct attention *a, real *probability, real *y,
                                 real *scratch);
void op_attention_places_backward(const struct attention *a, const real *probability,
                                  const real *dy, const struct attention_gradient *d,
                                  real *scratch);

/* Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34): in the first `turned` heads of a row
 * the pair i of place p turns by the angle p / 10000^(2i / head_dim); the other heads are copied.
 * x, y: rows x heads head_dim; y may be x. A row's place is that in its sequence, or with `place`
 * (one a row) what is said there. head_dim is even. Pairs are (2i, 2i + 1) if interleaved, as in
 * the paper, and (i, i + head_dim / 2) if not, as in GPT-NeoX and its heirs. table:
 * op_rotary_table. back: turn by the opposite angle, which is the backward pass. */
struct rotary {
    int heads, turned, head_dim;
    bool interleaved, back;
    const real *table;
};
void op_rotary(const struct rotary *r, int sequences, const int *offset, const int *place,
               const real *x, real *y);
/* length x head_dim: the cosines of a place's head_dim / 2 angles, then their sines. */
void op_rotary_table(int length, int head_dim, real *table);

/* Activations of n numbers: y = f(x), and slope = f'(x), which is all the backward pass needs;
 * slope may be x itself. GELU is the exact x Phi(x) (Hendrycks and Gimpel 2016, arXiv:1606.08415),
 * with erf to a few units in the last place, GELU_TANH their approximation with tanh, which GPT-2
 * has. QUADRATIC is x^2; SQUARED_RELU max(x, 0)^2 (So et al. 2021, arXiv:2109.08668); SILU
 * x / (1 + exp(-x)). ReLU's slope at 0 is 0. */
enum activation {
    ACTIVATION_RELU,
    ACTIVATION_GELU,
    ACTIVATION_TANH,
    ACTIVATION_QUADRATIC,
    ACTIVATION_GELU_TANH,
    ACTIVATION_SQUARED_RELU,
    ACTIVATION_SILU
};
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
