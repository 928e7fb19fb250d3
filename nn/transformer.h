/* A decoder-only transformer on packed sequences, without dropout.
 *
 * The model is PyTorch's module with an nn.Embedding `embedding`, an nn.TransformerEncoder
 * `transformer` of nn.TransformerEncoderLayer blocks under a causal mask, and a Linear `output`
 * without bias; parameters carry the names of its state_dict:
 *     embedding.weight (V,D)             position.weight (max_length,D), only if learned
 *     transformer.layers.N.              N = 0 .. layers-1
 *         self_attn.in_proj_weight (3D,D)  self_attn.in_proj_bias  self_attn.out_proj.{weight,bias}
 *         linear1.{weight (F,D),bias}  linear2.{weight (D,F),bias}  norm1.{weight,bias}  norm2...
 *     transformer.norm.{weight,bias}     only with NORM_PRE
 *     output.weight (V,D)                only if not tied; tied, it is embedding.weight */
#ifndef ESPALIER_TRANSFORMER_H
#define ESPALIER_TRANSFORMER_H

#include <stdbool.h>

#include "nn/architecture.h"

/* NORM_POST: x = LN(x + f(x)) (Vaswani et al. 2017). NORM_PRE: x = x + f(LN(x)), and a last LN
 * after the blocks (Xiong et al. 2020, arXiv:2002.04745, table 1). */
enum norm_place { NORM_PRE, NORM_POST };
enum positions { POSITIONS_SINUSOIDAL, POSITIONS_LEARNED };

struct transformer_config {
    int vocabulary, dim, layers, heads, feedforward;
    int max_length; /* tokens in the longest sequence the model can read */
    enum norm_place norm;
    enum positions positions;
    enum activation activation;
    bool tied;            /* output.weight is embedding.weight */
    bool scale_embedding; /* multiply embeddings, not positions, by sqrt(dim) */
};

extern const struct setting transformer_settings[];

/* -1 with *err (STATUS_USAGE) if a setting is out of bounds, dim is not a multiple of heads, or a
 * matrix or the whole is too large for BLAS or the optimiser to count. */
int transformer_check_config(const void *config, struct err *err) NODISCARD;

/* 0, or -1 with *err (STATUS_DATA) if a batch breaks what batch.h says. target may be NULL. */
int transformer_check_batch(const struct transformer_config *config, const struct batch *batch,
                            struct err *err) NODISCARD;

/* Initial values: every matrix Xavier uniform (params_xavier_uniform), the embeddings included;
 * learned positions normal with deviation 1/sqrt(dim), so that max_length does not shape them;
 * biases 0; LayerNorm gains 1. */

#endif
