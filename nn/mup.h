/* The maximal-update parametrisation: Yang et al. 2022 (Tensor Programs V, arXiv:2203.03466), in
 * the form of its Table 8 that the package `mup` uses, in which a read-out may be tied.
 *
 * A model of width n is treated as the model of width base_width, and m = n / base_width says what
 * changes. Every dimension that is a width (by the tensor's role, params.h) is taken to have grown
 * by m; the others are fixed. With g the learning rate and w the weight decay at the base width:
 *
 *     tensor                             initial variance   Adam, AdamW       SGD
 *     matrix (width to width)            1 / m of the base  g / m, w m        g, w
 *     input, embedding, position,
 *       bias, gain, other vector         that of the base   g, w              g m, w / m
 *     read-out; logits multiplied by 1/m that of the base   g, w              g m, w / m
 *     bias of a read-out                 that of the base   g, w              g, w
 *
 * So rate times decay is the same at every width, for the L2 penalty inside Adam's gradient too, as
 * the package has it. At m = 1 nothing changes. */
#ifndef ESPALIER_MUP_H
#define ESPALIER_MUP_H

#include <stdbool.h>

#include "nn/params.h"

struct mup_factors {
    double deviation; /* multiplies the deviation that a scheme gives at the base width */
    double rate;      /* multiplies the learning rate */
    double decay;     /* multiplies the weight decay */
};

/* The factors of one tensor in a model of width `width`; all 1 if base_width is 0. adaptive: Adam
 * or AdamW, else SGD. */
struct mup_factors mup_factors(const struct param *tensor, double width, double base_width,
                               bool adaptive);

/* Whether the fan_in and the fan_out of a tensor are widths. */
bool mup_wide_in(const struct param *tensor);
bool mup_wide_out(const struct param *tensor);

/* What the model multiplies its logits (before a bias is added) with: 1 / m; 1 if base_width is 0.
 */
double mup_readout_factor(double width, double base_width);

/* What the model multiplies q . k with: sqrt(d) / d_head, where d is the heads' dimension at the
 * base width, so that at m = 1 it is the usual 1 / sqrt(d_head); that too if base_width is 0. The
 * number of heads is taken to be fixed, so d = d_head / m. */
double mup_attention_factor(double head_dimension, double width, double base_width);

#endif
