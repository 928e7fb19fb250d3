#include <limits.h>
#include <stddef.h>

#include "nn/transformer.h"

static const char *const norms[] = {[NORM_PRE] = "pre", [NORM_POST] = "post", NULL};
static const char *const positions[] = {
    [POSITIONS_SINUSOIDAL] = "sinusoidal", [POSITIONS_LEARNED] = "learned", NULL};
static const char *const activations[] = {
    [ACTIVATION_RELU] = "relu", [ACTIVATION_GELU] = "gelu", NULL};

#define AT(field) offsetof(struct transformer_config, field)
const struct setting transformer_settings[] = {
    {SETTING_INTEGER, "vocabulary", AT(vocabulary), 1, INT_MAX},
    {SETTING_INTEGER, "dim", AT(dim), 1, 1 << 16},
    {SETTING_INTEGER, "layers", AT(layers), 1, 1000},
    {SETTING_INTEGER, "heads", AT(heads), 1, 1 << 16},
    {SETTING_INTEGER, "feedforward", AT(feedforward), 1, 1 << 20},
    {SETTING_INTEGER, "max_length", AT(max_length), 1, 1 << 20},
    {SETTING_CHOICE, "norm", AT(norm), .choices = norms},
    {SETTING_CHOICE, "positions", AT(positions), .choices = positions},
    {SETTING_CHOICE, "activation", AT(activation), .choices = activations},
    {SETTING_FLAG, "tied", AT(tied)},
    {SETTING_FLAG, "scale_embedding", AT(scale_embedding)},
    {SETTING_END},
};

int transformer_check_config(const void *config, struct err *err) {
    const struct transformer_config *c = config;
    if (setting_check(transformer_settings, config, err) != 0)
        return -1;
    if (c->dim % c->heads != 0)
        return err_set(err, STATUS_USAGE, "dim %d is not a multiple of heads %d", c->dim, c->heads);
    /* BLAS counts in int. */
    const struct {
        const char *name;
        int rows, columns;
    } matrices[] = {
        {"vocabulary times dim", c->vocabulary, c->dim},
        {"feedforward times dim", c->feedforward, c->dim},
        {"max_length times dim", c->max_length, c->dim},
        {"max_length times feedforward", c->max_length, c->feedforward},
        {"max_length times vocabulary", c->max_length, c->vocabulary},
        {"4 times dim squared", c->dim, c->dim > INT_MAX / 4 ? INT_MAX : 4 * c->dim},
    };
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if ((int64_t)matrices[i].rows * matrices[i].columns > INT_MAX)
            return err_set(err, STATUS_USAGE, "%s is more than a matrix can hold (%d)",
                           matrices[i].name, INT_MAX);
    /* The optimiser counts blocks of parameters in int. */
    size_t per_layer = (4 * (size_t)c->dim + 2 * (size_t)c->feedforward + 32) * (size_t)c->dim +
                       (size_t)c->feedforward + 256;
    size_t total;
    if (__builtin_mul_overflow(per_layer, (size_t)c->layers, &total) || total > (size_t)1 << 40)
        return err_set(err, STATUS_USAGE,
                       "%d layers of dim %d and feedforward %d are too many "
                       "parameters",
                       c->layers, c->dim, c->feedforward);
    return 0;
}

int transformer_check_batch(const struct transformer_config *c, const struct batch *batch,
                            struct err *err) {
    if (batch->sequences < 0 || batch->offset[0] != 0 ||
        batch->offset[batch->sequences] != batch->tokens)
        return err_set(err, STATUS_DATA, "the batch's offsets do not cover its tokens");
    for (int s = 0; s < batch->sequences; s++) {
        int n = batch->offset[s + 1] - batch->offset[s];
        if (n < 1 || n > c->max_length)
            return err_set(err, STATUS_DATA, "sequence %d has %d tokens; the model reads 1 to %d",
                           s, n, c->max_length);
    }
    for (int t = 0; t < batch->tokens; t++) {
        if (batch->input[t] < 0 || batch->input[t] >= c->vocabulary)
            return err_set(err, STATUS_DATA, "token %d is %d; the vocabulary has %d", t,
                           (int)batch->input[t], c->vocabulary);
        if (batch->target && (batch->target[t] < -1 || batch->target[t] >= c->vocabulary))
            return err_set(err, STATUS_DATA, "target %d is %d; the vocabulary has %d", t,
                           (int)batch->target[t], c->vocabulary);
    }
    return 0;
}
