#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/rnn.h"

const char *const rnn_cells[] = {[CELL_SRN] = "srn",
                                 [CELL_SRN_RELU] = "srn-relu",
                                 [CELL_GRU] = "gru",
                                 [CELL_LSTM] = "lstm",
                                 NULL};
const char *const rnn_attentions[] = {[RNN_ATTENTION_NONE] = "none",
                                      [RNN_ATTENTION_DOT] = "dot",
                                      [RNN_ATTENTION_GENERAL] = "general",
                                      [RNN_ATTENTION_CONCAT] = "concat",
                                      NULL};
#define AT(field)    offsetof(struct rnn_config, field)
#define MOST_DROPPED 0.999
const struct setting rnn_settings[] = {
    {SETTING_INTEGER, "vocabulary", AT(vocabulary), 1, INT_MAX},
    {SETTING_INTEGER, "dim", AT(dim), 1, 1 << 16},
    {SETTING_INTEGER, "hidden", AT(hidden), 1, 1 << 14},
    {SETTING_INTEGER, "layers", AT(layers), 1, 1000},
    {SETTING_INTEGER, "max_length", AT(max_length), 1, 1 << 20},
    {SETTING_CHOICE, "cell", AT(cell), .choices = rnn_cells},
    {SETTING_CHOICE, "shape", AT(shape), .choices = layout_shapes},
    {SETTING_CHOICE, "objective", AT(objective), .choices = layout_objectives},
    {SETTING_INTEGER, "classes", AT(classes), 0, 1 << 20},
    {SETTING_CHOICE, "readout", AT(read_out), .choices = readout_names},
    {SETTING_CHOICE, "attention", AT(attention), .choices = rnn_attentions},
    {SETTING_FLAG, "tied", AT(tied)},
    {SETTING_FLAG, "output_bias", AT(output_bias)},
    {SETTING_FLAG, "separate_embedding", AT(separate_embeddings)},
    {SETTING_NUMBER, "dropout", AT(dropout), 0, MOST_DROPPED},
    {SETTING_NUMBER, "dropout_embedding", AT(dropout_embedding), 0, MOST_DROPPED},
    {SETTING_NUMBER, "dropout_output", AT(dropout_output), 0, MOST_DROPPED},
    {SETTING_NUMBER, "label_smoothing", AT(label_smoothing), 0, MOST_DROPPED},
    {SETTING_NUMBER, "forget_bias", AT(forget_bias), 0, 1000},
    {SETTING_END},
};

static int check_sizes(const struct rnn_config *c, struct err *err) {
    int64_t gates = (int64_t)op_cell_blocks(c->cell) * c->hidden;
    int64_t read = 2 * (int64_t)c->hidden, widest = read > c->dim ? read : c->dim;
    int64_t outputs = c->objective == OBJECTIVE_CLASS ? c->classes : c->vocabulary;
    /* BLAS counts in int. */
    const struct {
        const char *name;
        int64_t rows, columns;
    } matrices[] = {
        {"vocabulary times dim", c->vocabulary, c->dim},
        {"outputs times twice hidden", outputs, read},
        {"the gates of a layer times its inputs", gates, widest},
        {"max_length times the gates of a layer", c->max_length, gates},
        {"max_length times outputs", c->max_length, outputs},
    };
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (matrices[i].rows * matrices[i].columns > INT_MAX)
            return err_set(err, STATUS_USAGE, "%s is more than a matrix can hold (%d)",
                           matrices[i].name, INT_MAX);
    return 0;
}

int rnn_check_config(const void *config, struct err *err) {
    const struct rnn_config *c = config;
    if (setting_check(rnn_settings, config, err) != 0)
        return -1;
    bool class = c->objective == OBJECTIVE_CLASS;
    bool fits = c->shape == SHAPE_ENCODER_DECODER ? c->objective == OBJECTIVE_TARGET
                : c->shape == SHAPE_ENCODER
                    ? class || c->objective == OBJECTIVE_MASKED
                    : class || c->objective == OBJECTIVE_ALL || c->objective == OBJECTIVE_TARGET;
    if (!fits)
        return err_set(err, STATUS_USAGE, "a recurrent %s has no objective '%s'",
                       layout_shapes[c->shape], layout_objectives[c->objective]);
    if (class && c->classes < 1)
        return err_set(err, STATUS_USAGE, "a classifier needs at least one class");
    if (!class && c->classes)
        return err_set(err, STATUS_USAGE, "%d classes mean nothing without objective 'class'",
                       c->classes);
    if (class && c->tied)
        return err_set(err, STATUS_USAGE, "a classifier's output cannot be tied to the embeddings");
    if (c->shape != SHAPE_ENCODER_DECODER && c->attention != RNN_ATTENTION_NONE)
        return err_set(err, STATUS_USAGE, "attention needs an encoder-decoder");
    if (c->shape != SHAPE_ENCODER_DECODER && c->separate_embeddings)
        return err_set(err, STATUS_USAGE, "separate embeddings need an encoder-decoder");
    if (c->cell != CELL_LSTM && c->forget_bias != 0)
        return err_set(err, STATUS_USAGE, "only an LSTM has a bias of forget gates");
    if (c->layers == 1 && c->dropout > 0)
        return err_set(err, STATUS_USAGE, "dropout between layers needs more than one layer");
    return check_sizes(c, err);
}
