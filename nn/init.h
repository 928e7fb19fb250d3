/* Initial values of a whole model.
 *
 * A scheme gives every tensor its distribution from its role and its fans (params.h). Each tensor's
 * draws are its own: stream RNG_INIT, item the tensor's index, values in row-major order. */
#ifndef ESPALIER_INIT_H
#define ESPALIER_INIT_H

#include <stdint.h>

#include "lib/msg.h"
#include "nn/param_group.h"
#include "nn/params.h"

/* In every scheme gains are 1, and biases and other vectors 0, unless it says otherwise. "Tables"
 * are embeddings and positions; a "deviation" is that of a normal distribution of mean 0. */
enum init_scheme {
    INIT_XAVIER_UNIFORM,  /* params_xavier_uniform for all matrices and embeddings; positions with
                             deviation 1 / sqrt(columns) */
    INIT_XAVIER_NORMAL,   /* the same with deviation sqrt(2 / (rows + columns)), as
                             torch.nn.init.xavier_normal_ */
    INIT_KAIMING_UNIFORM, /* He et al. 2015 (arXiv:1502.01852), fan_in, gain sqrt(2): matrices
                             uniform on +-sqrt(6 / fan_in); tables with deviation
                             1 / sqrt(columns) */
    INIT_KAIMING_NORMAL,  /* matrices with deviation sqrt(2 / fan_in); tables as above */
    INIT_PYTORCH,         /* the default of torch.nn: Linear's weight and bias uniform on
                             +-1 / sqrt(fan_in); tables with deviation 1. (torch's
                             MultiheadAttention differs: in_proj is Xavier uniform, biases 0.)
                             Recurrent layers: on +-1 / sqrt(units) */
    INIT_FAN_IN,          /* LeCun: matrices with deviation 1 / sqrt(fan_in), tables with
                             1 / sqrt(columns) */
    INIT_NORMAL,          /* matrices and tables with the given deviation */
    INIT_TRUNCATED,       /* the same, cut at two deviations on each side (the deviation is that of
                             the uncut normal; the values' own is 0.8796 of it) */
    INIT_GPT2,            /* INIT_NORMAL, and divide_residual (Radford et al. 2019, 2.3) */
    INIT_WIDTH,           /* Nanda et al. 2023: matrices and tables with deviation 1 / sqrt(width),
                             the read-out with 1 / sqrt(rows) */
    INIT_GROMOV,          /* Gromov 2023 (arXiv:2301.02679): all matrices with deviation
                             0.5 / (2 width)^(1/3) */
    INIT_ORTHOGONAL,      /* every matrix and table with orthonormal rows or columns, whichever are
                             fewer, uniform (Haar), as torch.nn.init.orthogonal_; with a small
                             scale, the balanced start of a deep linear network of equal widths
                             (Saxe et al. 2014, arXiv:1312.6120) */
    INIT_IDENTITY,        /* matrices and tables 1 on the diagonal, 0 elsewhere */
    INIT_ZERO,            /* everything 0, gains too: for groups */
};

/* Its name for users ("xavier-uniform", "gpt2", ...); the list of names ends with NULL and is in
 * the order of the enum. */
extern const char *const init_scheme_names[];

struct init_config {
    enum init_scheme scheme;
    double deviation; /* of INIT_NORMAL, _TRUNCATED, _GPT2 */
    double scale;     /* multiplies every value of every tensor, gains and biases too: alpha of Liu
                         et al. 2023 (Omnigrok, arXiv:2210.01117) */
    bool divide_residual; /* residual outputs divided by the root of their number, which is twice
                             the layers of a transformer */
    bool zero_readout, zero_query;    /* recommended with a base width (arXiv:2203.03466, D.2) */
    double base_width;                /* maximal-update parametrisation (mup.h); 0: none */
    const struct param_group *groups; /* .init and .scale of these go before the scheme; borrowed */
    size_t n_groups;
};

/* xavier-uniform, deviation 0.02, scale 1. */
#define INIT_DEFAULT                                                                               \
    { .scheme = INIT_XAVIER_UNIFORM, .deviation = 0.02, .scale = 1 }
extern const struct init_config init_default;

/* Draw all values. With a base width m = width / base_width: each tensor has the scheme's
 * distribution for the model of the base width, and matrices (ROLE_MATRIX) are then divided by
 * sqrt(m), so that their variance falls as 1 / fan_in whatever the scheme; an identity stays one.
 * Slots and
 * numbers are cleared. -1 (STATUS_USAGE), and
 * nothing drawn, if the configuration makes no sense or does not fit the model: a scheme or base
 * width that needs p->width, a zero query or residual outputs where the model names none, a group
 * that matches no tensor. */
int init_params(struct params *p, const struct init_config *config, uint64_t seed,
                struct err *err) NODISCARD;

#endif
