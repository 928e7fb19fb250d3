/* A multilayer perceptron: y = W_L f(... f(W_0 x + b_0) ...) + b_L for every example.
 *
 * x is what `input` says:
 *     one-hot     the one-hot vectors of the example's words, place by place, joined: places x
 *                 vocabulary numbers that are never made (op_place.h). Words that never vary are
 *                 best left out of the corpus (gen-modular --symbol '' --equals ''): then two
 *                 operands modulo p are exactly the vector in R^2p of Gromov 2023
 *     embedding   rows of a table joined end to end, of one table, or of one for each place
 *     features    scale batch.feature + shift
 * Every example has the same number of words. Parameters carry the names of the state_dict of
 *     layers = nn.ModuleList([nn.Linear(...), ...])
 *         layers.N.weight (out,in)  layers.N.bias    N = 0 .. hidden layers
 *     embedding = nn.Embedding(vocabulary, D), of one table;  with a table for each place
 *         nn.Embedding(places vocabulary, D), where place t's word w is row t vocabulary + w
 *
 * With one output and classes the class is 1 where the output is above 0. */
#ifndef ESPALIER_MLP_H
#define ESPALIER_MLP_H

#include <stdbool.h>

#include "nn/architecture.h"

enum mlp_input { MLP_ONE_HOT, MLP_EMBEDDING, MLP_FEATURES };
enum mlp_activation { MLP_RELU, MLP_TANH, MLP_QUADRATIC, MLP_GELU, MLP_LINEAR };

struct mlp_config {
    enum mlp_input input;
    int vocabulary, places;     /* of the words; 0 with MLP_FEATURES */
    int embedding;              /* width of a word's row; 0 but with MLP_EMBEDDING */
    bool table_of_place;        /* a table for each place */
    int features;               /* real-valued inputs; 0 but with MLP_FEATURES */
    double scale, shift;        /* of features: -1 and 1 for bits with 2 and -1 */
    struct setting_list hidden; /* widths of the hidden layers; may be empty */
    enum mlp_activation activation;
    bool bias;
    double dropout; /* after each activation */
    int outputs;    /* values, classes, or 1 */
    bool values;    /* regression: predicts batch.value, not batch.label */
    enum loss loss;
    double smoothing; /* of labels, in the cross entropies and stablemax */
    int base_width;   /* the maximal-update parametrisation (mup.h): what enters the last layer, of
                         the width of the last hidden one, is multiplied by mup_readout_factor; 0:
                         none */
};

/* Their names by number, NULL at the end. */
extern const char *const mlp_inputs[], *const mlp_activations[];
extern const struct setting mlp_settings[];

/* Initial values, PyTorch's default: weights and biases uniform on +-1 / sqrt(fan in), tables
 * standard normal. */

#endif
