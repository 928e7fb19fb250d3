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
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/graph.h"

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

/* 0, or -1 with *err (STATUS_USAGE) if a size is below 1, dim is not a multiple of heads, an
 * enumeration is out of range, or the parameters would not fit. */
int transformer_check_config(const struct transformer_config *config, struct err *err) NODISCARD;

/* How many parameters a sound configuration comes to. */
size_t transformer_count(const struct transformer_config *config);

struct transformer {
    struct transformer_config config;
    struct params params;
    struct graph *graph;
};

/* A model of a checked configuration, all parameters 0. Free with transformer_free. */
struct transformer *transformer_new(const struct transformer_config *config);
void transformer_free(struct transformer *model);

/* Initial values: every matrix Xavier uniform (params_xavier_uniform), the embeddings included;
 * learned positions normal with deviation 1/sqrt(dim), so that max_length does not shape them;
 * biases 0; LayerNorm gains 1. Moments are set to 0. */
void transformer_init(struct transformer *model, uint64_t seed);

/* 0, or -1 with *err (STATUS_DATA) if the batch breaks what is said above. The calls below do not
 * check. target may be NULL. */
int transformer_check_batch(const struct transformer *model, const struct batch *batch,
                            struct err *err) NODISCARD;

/* Make room for batches of up to `tokens` tokens in up to `sequences` sequences, none longer than
 * `longest` (0: max_length), run by up to `workers` workers. Room never shrinks. Within it nothing
 * is allocated in a step; a batch beyond it makes more room by itself. */
void transformer_reserve(struct transformer *model, int tokens, int sequences, int longest,
                         int workers);

/* Forward and backward: fills params.gradient with the gradient of the mean loss (nats a token)
 * over the counted tokens and returns that mean; *counted (may be NULL) gets their number. With
 * none counted both are 0. A loss that is not finite is returned as it is. */
double transformer_gradient(struct transformer *model, struct pool *pool, const struct batch *batch,
                            int *counted);

/* Forward only, by the same code as training. The logits of a token have the same bits for every
 * number of threads; between different batches they agree to rounding. */
void transformer_forward(struct transformer *model, struct pool *pool, const struct batch *batch,
                         graph_visit *visit, void *context);

#endif
