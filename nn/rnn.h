/* Recurrent networks on packed sequences: language models, classifiers, and encoder-decoders with
 * or without attention.
 *
 * The layers are torch.nn.RNN, GRU or LSTM (op_recurrent.h), and parameters carry the names that a
 * PyTorch module with these members has in its state_dict (tests/interop/rnn.py is that module):
 *     embedding.weight (V,E)               nn.Embedding
 *     source_embedding.weight (V,E)        only of an encoder-decoder with separate_embeddings
 *     rnn.{weight_ih,weight_hh,bias_ih,bias_hh}_lN[_reverse]        N = 0 .. layers-1
 *     encoder. ... decoder. ...            the same twice, instead of rnn, of an encoder-decoder
 *     attention.weight (H,H)               "general"
 *     attention.{query,key,score}.weight   "concat": (H,H), (H,H), (1,H)
 *     combine.weight (H,2H)                with attention
 *     projection.weight (E,H)              tied, and what is read out is not E wide
 *     output.weight (outputs,H)            not tied; tied, it is embedding.weight
 *     output.bias (outputs)                only with output_bias
 * SHAPE_DECODER reads forward, and SHAPE_ENCODER in both directions, whose states stand side by
 * side (H is then twice `hidden` for what reads them).
 *
 * Encoder-decoder (Sutskever et al. 2014, arXiv:1409.3215, without reversal): every layer of the
 * decoder starts in the last state of the same layer of the encoder. With attention (Luong et al.
 * 2015, arXiv:1508.04025, equations 5 to 8, global, without input feeding) the top state h_t is
 * replaced by tanh(W_c [c_t; h_t]), where c_t is the mean of the encoder's top states by the
 * softmax of score(h_t, h_s): h_t . h_s, h_t . W_a h_s, or v_a . tanh(W_q h_t + W_k h_s). */
#ifndef ESPALIER_RNN_H
#define ESPALIER_RNN_H

#include <stdbool.h>

#include "nn/architecture.h"
#include "nn/node_recurrent.h"

enum rnn_attention {
    RNN_ATTENTION_NONE,
    RNN_ATTENTION_DOT,
    RNN_ATTENTION_GENERAL,
    RNN_ATTENTION_CONCAT
};

struct rnn_config {
    int vocabulary, dim, hidden, layers; /* dim: of the embeddings */
    int max_length;                      /* of a sequence it is given; the model itself has none */
    enum cell cell;
    enum shape shape;
    enum objective objective;
    int classes;           /* OBJECTIVE_CLASS: how many; else 0 */
    enum readout read_out; /* OBJECTIVE_CLASS: what is read. With both directions, LAST and FIRST
                              take the state of each direction that has read all (the least) */
    enum rnn_attention attention;
    bool tied, output_bias, separate_embeddings;
    double dropout;           /* between layers, as the `dropout` of torch.nn.LSTM */
    double dropout_embedding; /* of the embeddings */
    double dropout_output;    /* of what is read out */
    double label_smoothing;
    double forget_bias; /* LSTM: its forget gates begin with this bias; 0: drawn like the others */
};

extern const struct setting rnn_settings[];
extern const char *const rnn_cells[], *const rnn_attentions[];

/* -1 with *err (STATUS_USAGE): a setting out of bounds, settings that contradict each other, a
 * matrix too large for BLAS to count. */
int rnn_check_config(const void *config, struct err *err) NODISCARD;

/* Initial values are PyTorch's: recurrent layers uniform on +-1/sqrt(hidden), biases included;
 * embeddings standard normal; Linear layers uniform on +-1/sqrt(columns) (the two parts of W_a in
 * "concat" are one Linear of 2H columns), and output.bias by the columns of its weight. Tied
 * embeddings are drawn as the Linear that they are too. forget_bias sets bias_ih of the forget
 * gates, and their bias_hh to 0 (Jozefowicz et al. 2015, section 2.3). */

#endif
