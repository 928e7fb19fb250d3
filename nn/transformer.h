/* Transformers on packed sequences (Vaswani et al. 2017, arXiv:1706.03762).
 *
 * shape and objective (layout.h) say what is read and what is predicted:
 *     decoder           the next token, each seeing those before; with bidirectional_prefix the
 *                       source's tokens see each other (Raffel et al. 2020, prefix-LM)
 *     encoder           masked tokens, all seeing all (OBJECTIVE_MASKED)
 *     encoder-decoder   the target, each token seeing those before and all of the encoded source
 *     decoder, encoder  a class (OBJECTIVE_CLASS) read at the first or last row or their mean
 *
 * Parameters carry the names of the state_dict of PyTorch's modules: nn.Embedding `embedding`,
 * nn.TransformerEncoder `transformer` (for an encoder-decoder nn.Transformer), and nn.Linear
 * `output` or `classifier`. V is vocabulary, D dim, F feedforward, E heads times head width (D
 * unless head_width is set); what a setting leaves out is not there:
 *     embedding.weight (V,D)                    position.weight (max_length,D), only if learned
 *     source_embedding.weight                   source_position.weight
 *                                               the encoder's own, only if separate
 *     transformer.layers.N.                     N = 0 .. layers-1; of an encoder-decoder
 *                                               transformer.{encoder,decoder}.layers.N.
 *         self_attn.in_proj_weight (3E,D)       self_attn.in_proj_bias
 *         self_attn.out_proj.weight (D,E)       self_attn.out_proj.bias
 *         self_attn.relative_keys (distances,E) self_attn.relative_bias (distances,heads)
 *         multihead_attn.{in_proj_weight,in_proj_bias,out_proj.weight,out_proj.bias}
 *                                               the decoder's, on the encoded source
 *         linear1.weight (F,D)                  linear1.bias
 *         linear1_gate.weight (F,D)             linear1_gate.bias, only if gated
 *         linear2.weight (D,F)                  linear2.bias
 *         norm1.{weight,bias}                   norm2...; norm3... (the decoder's)
 *     transformer.norm.{weight,bias}            or transformer.{encoder,decoder}.norm...
 *     output.weight (V,D)                       output.bias; tied, its weight is embedding.weight
 *     classifier.weight (classes,D)             classifier.bias */
#ifndef ESPALIER_TRANSFORMER_H
#define ESPALIER_TRANSFORMER_H

#include <stdbool.h>

#include "nn/architecture.h"

/* NORM_POST: x = LN(x + f(x)) (Vaswani et al. 2017). NORM_PRE: x = x + f(LN(x)) (Xiong et al. 2020,
 * arXiv:2002.04745, table 1). NORM_NONE: x = x + f(x). */
enum norm_place { NORM_PRE, NORM_POST, NORM_NONE };

/* SINUSOIDAL and LEARNED are added to the embedding. ROTARY turns queries and keys (op_rotary),
 * with pairs (i, i + half), ROTARY_INTERLEAVED with (2i, 2i + 1). RELATIVE adds q . r[key - query]
 * to the scores before they are scaled (Shaw et al. 2018, keys alone, as Edelman et al. 2024,
 * arXiv:2402.11004; every layer and head has its own r), RELATIVE_BIAS a number for each distance
 * and head after. Rotary and relative positions act in self-attention alone. Row r of the tables is
 * distance key - query = r - relative_distance: relative_distance + 1 rows in causal attention,
 * 2 relative_distance + 1 where both directions are seen; distances beyond count as the farthest.
 */
enum positions {
    POSITIONS_SINUSOIDAL,
    POSITIONS_LEARNED,
    POSITIONS_ROTARY,
    POSITIONS_ROTARY_INTERLEAVED,
    POSITIONS_RELATIVE,
    POSITIONS_RELATIVE_BIAS,
    POSITIONS_NONE
};

/* Which biases there are, output and classifier aside: all; those of the feed-forward parts and
 * norms; those of norms; none. */
enum biases { BIASES_ALL, BIASES_FEEDFORWARD, BIASES_NORM, BIASES_NONE };

/* WISH_DEFAULT: what is said where it is used. */
enum wish { WISH_DEFAULT, WISH_YES, WISH_NO };

struct transformer_config {
    int vocabulary, dim, layers, heads;
    int feedforward; /* hidden units of a block; 0: attention only, no such part */
    int max_length;  /* tokens in the longest sequence the model can read */
    enum norm_place norm;
    enum positions positions;
    enum activation activation;
    bool tied;            /* output.weight is embedding.weight */
    bool scale_embedding; /* multiply embeddings, not positions, by sqrt(dim) */

    /* All 0 is what models were before they had these. */
    enum shape shape;
    enum objective objective;
    bool bidirectional_prefix;
    int classes; /* of OBJECTIVE_CLASS */
    enum readout readout;
    int decoder_layers;      /* of an encoder-decoder; 0: layers */
    bool separate_embedding; /* an encoder-decoder's encoder has tables of its own */
    int head_width;          /* numbers of a head; 0: dim / heads */
    bool gated;              /* f(linear1_gate x) (linear1 x): with SILU SwiGLU (Shazeer 2020,
                                arXiv:2002.05202, eq. 5) */
    int relative_distance;   /* 0: max_length - 1, the farthest there is */
    double attention_scale;  /* of q . k; 0: 1 / sqrt(head width) */
    double output_scale;     /* of the logits, before the bias; 0: 1 */
    enum biases biases;
    enum wish output_bias; /* default: of a classifier, not of an output */
    enum wish final_norm;  /* after the last block, of encoder and of decoder; default: with
                              NORM_PRE */
    enum loss loss;        /* cross entropy, in single or double precision, or StableMax */
    double label_smoothing;
    /* Shares dropped in learning: of the embedded input; of attention's probabilities; of what
     * attention and feed-forward parts add to x; of the hidden units after their activation. In
     * nn.TransformerEncoderLayer the last three are one number. */
    double dropout_embedding, dropout_attention, dropout_residual, dropout_activation;
};

extern const struct setting transformer_settings[];
/* The names of these settings, in the order of their enumerations, ending with NULL. */
extern const char *const transformer_norms[],
    *const transformer_positions[], *const transformer_biases[], *const transformer_wishes[],
                                                                     *const transformer_losses[];

/* -1 with *err (STATUS_USAGE) if a setting is out of bounds, two contradict each other or one means
 * nothing beside the others, or a matrix or the whole is too large for BLAS or the optimiser to
 * count. */
int transformer_check_config(const void *config, struct err *err) NODISCARD;

/* 0, or -1 with *err (STATUS_DATA) if a batch breaks what batch.h says, or has what the model
 * cannot read: a token, target or label out of range, a sequence too long or empty. target and
 * label may be NULL. */
int transformer_check_batch(const struct transformer_config *config, const struct batch *batch,
                            struct err *err) NODISCARD;

/* Numbers of a head, and the classes or words of an output row. */
int transformer_head_width(const struct transformer_config *config);
int transformer_outputs(const struct transformer_config *config);

/* The node of a model's attention, for graph_attention_probability; -1 if there is none. part:
 * "" (decoder, encoder); "encoder", "decoder" or "cross" of an encoder-decoder. */
int transformer_attention(const struct model *m, const char *part, int layer);

/* Initial values: every matrix Xavier uniform (params_xavier_uniform), the embeddings included;
 * learned positions and relative keys normal with deviation 1/sqrt(columns), so that max_length
 * does not shape them; biases, relative ones too, 0; LayerNorm gains 1. */

#endif
