#include "nn/mlp.h"

#include <limits.h>
#include <stddef.h>

#include "nn/init.h"
#include "nn/mup.h"

const char *const mlp_inputs[] = {
    [MLP_ONE_HOT] = "one-hot", [MLP_EMBEDDING] = "embedding", [MLP_FEATURES] = "features", NULL};
const char *const mlp_activations[] = {
    [MLP_RELU] = "relu", [MLP_TANH] = "tanh",     [MLP_QUADRATIC] = "quadratic",
    [MLP_GELU] = "gelu", [MLP_LINEAR] = "linear", NULL};

enum { WIDTH_MOST = 1 << 20 };

#define AT(field) offsetof(struct mlp_config, field)
const struct setting mlp_settings[] = {
    {SETTING_CHOICE, "input", AT(input), .choices = mlp_inputs},
    {SETTING_INTEGER, "vocabulary", AT(vocabulary), 0, INT_MAX},
    {SETTING_INTEGER, "places", AT(places), 0, 1 << 16},
    {SETTING_INTEGER, "embedding", AT(embedding), 0, 1 << 16},
    {SETTING_FLAG, "table_of_place", AT(table_of_place)},
    {SETTING_INTEGER, "features", AT(features), 0, WIDTH_MOST},
    {SETTING_NUMBER, "scale", AT(scale), -1e30, 1e30},
    {SETTING_NUMBER, "shift", AT(shift), -1e30, 1e30},
    {SETTING_INTEGERS, "hidden", AT(hidden), 1, WIDTH_MOST},
    {SETTING_CHOICE, "activation", AT(activation), .choices = mlp_activations},
    {SETTING_FLAG, "bias", AT(bias)},
    {SETTING_NUMBER, "dropout", AT(dropout), 0, 0.999999},
    {SETTING_INTEGER, "outputs", AT(outputs), 1, WIDTH_MOST},
    {SETTING_FLAG, "values", AT(values)},
    {SETTING_CHOICE, "loss", AT(loss), .choices = loss_names},
    {SETTING_NUMBER, "label_smoothing", AT(smoothing), 0, 0.999999},
    {SETTING_INTEGER, "base_width", AT(base_width), 0, WIDTH_MOST, .optional = true},
    {SETTING_END},
};

static bool is_entropy(enum loss loss) {
    return loss == LOSS_CROSS_ENTROPY || loss == LOSS_CROSS_ENTROPY_DOUBLE ||
           loss == LOSS_STABLEMAX;
}

/* Numbers that the first matrix takes: at most the square of 2^16 and 2^31, so no overflow. */
static int64_t inputs(const struct mlp_config *c) {
    return c->input == MLP_FEATURES  ? c->features
           : c->input == MLP_ONE_HOT ? (int64_t)c->places * c->vocabulary
                                     : (int64_t)c->places * c->embedding;
}

static int check_input(const struct mlp_config *c, struct err *err) {
    if (c->input == MLP_FEATURES && (c->features < 1 || c->places || c->embedding))
        return err_set(err, STATUS_USAGE,
                       "input 'features' needs real-valued columns, and no words or embedding");
    if (c->input != MLP_FEATURES && (c->places < 1 || c->vocabulary < 1 || c->features))
        return err_set(err, STATUS_USAGE, "input '%s' needs words, and no real-valued columns",
                       mlp_inputs[c->input]);
    if ((c->input == MLP_EMBEDDING) != (c->embedding > 0))
        return err_set(err, STATUS_USAGE,
                       c->embedding ? "an embedding's width means nothing with input '%s'"
                                    : "input '%s' needs the embedding's width",
                       mlp_inputs[c->input]);
    if (c->table_of_place && c->input != MLP_EMBEDDING)
        return err_set(err, STATUS_USAGE, "tables for each place mean nothing with input '%s'",
                       mlp_inputs[c->input]);
    if ((c->scale != 1 || c->shift != 0) && c->input != MLP_FEATURES)
        return err_set(err, STATUS_USAGE, "scale and shift mean nothing with input '%s'",
                       mlp_inputs[c->input]);
    return 0;
}

static int check_loss(const struct mlp_config *c, struct err *err) {
    if (is_entropy(c->loss) && (c->values || c->outputs < 2))
        return err_set(err, STATUS_USAGE, "loss '%s' needs classes, two or more",
                       loss_names[c->loss]);
    if (c->base_width && !c->hidden.n)
        return err_set(err, STATUS_USAGE, "a base width means nothing without hidden layers");
    if (c->smoothing > 0 && !is_entropy(c->loss))
        return err_set(err, STATUS_USAGE, "label smoothing means nothing with loss '%s'",
                       loss_names[c->loss]);
    return 0;
}

/* BLAS counts in int, the optimiser's blocks too. */
static int check_size(const struct mlp_config *c, struct err *err) {
    int64_t in = inputs(c), total = 0;
    if (c->input == MLP_EMBEDDING)
        total = (int64_t)c->vocabulary * c->embedding * (c->table_of_place ? c->places : 1);
    int64_t largest = total;
    for (int i = 0; i <= c->hidden.n; i++) {
        int64_t out = i < c->hidden.n ? c->hidden.item[i] : c->outputs;
        if (in > INT_MAX)
            return err_set(err, STATUS_USAGE, "%lld inputs are too many", (long long)in);
        int64_t weights = in * out;
        largest = weights > largest ? weights : largest;
        total += weights + out;
        in = out;
    }
    if (largest > INT_MAX)
        return err_set(err, STATUS_USAGE, "a matrix of %lld numbers; it can hold %d",
                       (long long)largest, INT_MAX);
    if (total > (int64_t)1 << 40)
        return err_set(err, STATUS_USAGE, "%lld parameters are too many", (long long)total);
    return 0;
}

static int check(const void *config, struct err *err) {
    const struct mlp_config *c = config;
    if (setting_check(mlp_settings, config, err) != 0 || check_input(c, err) != 0 ||
        check_loss(c, err) != 0)
        return -1;
    return check_size(c, err);
}

static int first_layer(struct model *m, int weight, int bias) {
    const struct mlp_config *c = m->config;
    return graph_columns(m->graph, c->places, c->vocabulary, weight, bias);
}

static int table(struct model *m) {
    const struct mlp_config *c = m->config;
    size_t rows = (size_t)c->vocabulary * (c->table_of_place ? (size_t)c->places : 1);
    int weight = (int)params_add(m->params, 2, rows, (size_t)c->embedding, "embedding.weight");
    params_set_role(m->params, (size_t)weight, ROLE_EMBEDDING);
    int x = graph_lookup(m->graph, c->places, c->vocabulary, weight, c->table_of_place);
    graph_name(m->graph, x, "embedding");
    return x;
}

static int activate(struct model *m, int x) {
    static const enum activation kinds[] = {[MLP_RELU] = ACTIVATION_RELU,
                                            [MLP_TANH] = ACTIVATION_TANH,
                                            [MLP_QUADRATIC] = ACTIVATION_QUADRATIC,
                                            [MLP_GELU] = ACTIVATION_GELU};
    const struct mlp_config *c = m->config;
    return c->activation == MLP_LINEAR ? x : graph_activation(m->graph, x, kinds[c->activation]);
}

/* The only matrix reads and answers: its inputs are what does not grow with a width. */
static enum param_role role_of(const struct mlp_config *c, int layer) {
    bool first = layer == 0 && c->input != MLP_EMBEDDING;
    return first ? ROLE_INPUT : layer == c->hidden.n ? ROLE_READOUT : ROLE_MATRIX;
}

static void build(struct model *m) {
    const struct mlp_config *c = m->config;
    m->facts = (struct model_facts){.vocabulary = c->vocabulary,
                                    .outputs = c->outputs,
                                    .features = c->features,
                                    .tokens_per_example = c->places,
                                    .max_length = c->places,
                                    .loss = c->loss};
    m->task.layout = (struct layout){.shape = SHAPE_ENCODER,
                                     .objective = c->values ? OBJECTIVE_VALUE : OBJECTIVE_CLASS};
    m->params->width = (size_t)(c->hidden.n ? c->hidden.item[0] : c->embedding);
    int x = c->input == MLP_EMBEDDING  ? table(m)
            : c->input == MLP_FEATURES ? graph_features(m->graph, c->features, c->scale, c->shift)
                                       : -1;
    int64_t in = inputs(c);
    for (int i = 0; i <= c->hidden.n; i++) {
        int out = i < c->hidden.n ? c->hidden.item[i] : c->outputs, bias = -1;
        if (i == c->hidden.n && c->base_width)
            x = graph_scale(m->graph, x, mup_readout_factor((double)in, c->base_width));
        int weight = (int)params_add(m->params, 2, (size_t)out, (size_t)in, "layers.%d.weight", i);
        params_set_role(m->params, (size_t)weight, role_of(c, i));
        if (c->bias) {
            bias = (int)params_add(m->params, 1, (size_t)out, 1, "layers.%d.bias", i);
            params_set_role(m->params, (size_t)bias, ROLE_BIAS);
        }
        x = x < 0 ? first_layer(m, weight, bias) : graph_linear(m->graph, x, weight, bias, -1);
        if (i < c->hidden.n) {
            x = activate(m, x);
            graph_name(m->graph, x, "hidden.%d", i);
            x = graph_dropout(m->graph, x, c->dropout);
        }
        in = out;
    }
    graph_loss(m->graph, x, c->loss, c->smoothing);
}

static void initialise(struct model *m, uint64_t seed) {
    struct init_config config = init_default;
    config.scheme = INIT_PYTORCH;
    if (init_params(m->params, &config, seed, NULL) != 0)
        msg_die(STATUS_OS, "PyTorch's initial values do not fit this model"); /* they fit all */
}

const struct architecture mlp_architecture = {
    .name = "mlp",
    .config_size = sizeof(struct mlp_config),
    .settings = mlp_settings,
    .chunk_rows = 1024,
    .check = check,
    .build = build,
    .initialise = initialise,
};
