#include "nn/rnn.h"

#include <math.h>
#include <string.h>

#include "lib/rng.h"

/* What a chunk does once for all its rows, such as the products of its different tokens, is not to
 * weigh much, and two threads are to have the same to do in batches of 32 and 64 sentences. */
enum { CHUNK_ROWS = 768 };

struct builder {
    const struct rnn_config *config;
    struct params *params;
    struct graph *graph;
};

static int matrix(struct builder *b, const char *name, enum param_role role, int rows,
                  int columns) {
    size_t tensor = params_add(b->params, 2, (size_t)rows, (size_t)columns, "%s", name);
    params_set_role(b->params, tensor, role);
    return (int)tensor;
}

static int recurrent_tensor(struct builder *b, const char *stack, const char *name, int layer,
                            bool reverse, int rows, int columns) {
    size_t tensor = params_add(b->params, columns ? 2 : 1, (size_t)rows, (size_t)columns,
                               "%s.%s_l%d%s", stack, name, layer, reverse ? "_reverse" : "");
    params_set_role(b->params, tensor, columns ? ROLE_MATRIX : ROLE_BIAS);
    b->params->table[tensor].pytorch_fan = columns ? (size_t)b->config->hidden : 0;
    return (int)tensor;
}

/* One direction of one layer. */
static int add_direction(struct builder *b, const char *stack, int layer, bool reverse, bool cells,
                         int x, int initial) {
    int hidden = b->config->hidden, gates = op_cell_blocks(b->config->cell) * hidden;
    int in = graph_width(b->graph, x);
    int weight_ih = recurrent_tensor(b, stack, "weight_ih", layer, reverse, gates, in);
    int weight_hh = recurrent_tensor(b, stack, "weight_hh", layer, reverse, gates, hidden);
    int bias_ih = recurrent_tensor(b, stack, "bias_ih", layer, reverse, gates, 0);
    int bias_hh = recurrent_tensor(b, stack, "bias_hh", layer, reverse, gates, 0);
    return graph_recurrent(b->graph, x, initial,
                           &(struct recurrent_layer){.cell = b->config->cell,
                                                     .reverse = reverse,
                                                     .cells = cells,
                                                     .weight_ih = weight_ih,
                                                     .weight_hh = weight_hh,
                                                     .bias_ih = bias_ih,
                                                     .bias_hh = bias_hh});
}

/* The top states. initial: a node for each layer, or NULL. last: gets the last state of each layer,
 * if not NULL. */
static int add_stack(struct builder *b, const char *stack, int x, const int *initial, int *last) {
    const struct rnn_config *c = b->config;
    struct graph *g = b->graph;
    bool cells = last && c->cell == CELL_LSTM;
    for (int layer = 0; layer < c->layers; layer++) {
        if (layer > 0)
            x = graph_dropout(g, x, c->dropout);
        int y = add_direction(b, stack, layer, false, cells, x, initial ? initial[layer] : -1);
        if (c->shape == SHAPE_ENCODER)
            y = graph_concat(g, y, add_direction(b, stack, layer, true, false, x, -1));
        if (last)
            last[layer] = graph_readout(g, y, READOUT_LAST);
        x = cells ? graph_slice(g, y, 0, c->hidden) : y;
        graph_name(g, x, "%s.layers.%d", stack, layer);
    }
    return x;
}

static int embed(struct builder *b, enum rows rows, int table) {
    int x = graph_embedding(b->graph, rows, table, 1, -1, 0);
    graph_name(b->graph, x, rows == ROWS_MEMORY ? "source_embedding" : "embedding");
    return graph_dropout(b->graph, x, b->config->dropout_embedding);
}

static int attend(struct builder *b, int h, int memory) {
    struct graph *g = b->graph;
    int n = b->config->hidden, query = h, key = memory, score = -1;
    if (b->config->attention == RNN_ATTENTION_GENERAL)
        key = graph_linear(g, memory, matrix(b, "attention.weight", ROLE_MATRIX, n, n), -1, -1);
    if (b->config->attention == RNN_ATTENTION_CONCAT) {
        query = graph_linear(g, h, matrix(b, "attention.query.weight", ROLE_MATRIX, n, n), -1, -1);
        key = graph_linear(g, memory, matrix(b, "attention.key.weight", ROLE_MATRIX, n, n), -1, -1);
        score = matrix(b, "attention.score.weight", ROLE_READOUT, 1, n);
    }
    int context = graph_attend_memory(g, query, key, memory, score);
    graph_name(g, context, "attention");
    int combined = graph_linear(g, graph_concat(g, context, h),
                                matrix(b, "combine.weight", ROLE_MATRIX, n, 2 * n), -1, -1);
    return graph_activation(g, combined, ACTIVATION_TANH);
}

static int encode_and_decode(struct builder *b, int table) {
    const struct rnn_config *c = b->config;
    int last[1000];
    int source = c->separate_embeddings
                     ? matrix(b, "source_embedding.weight", ROLE_EMBEDDING, c->vocabulary, c->dim)
                     : table;
    int memory = add_stack(b, "encoder", embed(b, ROWS_MEMORY, source), NULL, last);
    int h = add_stack(b, "decoder", embed(b, ROWS_INPUT, table), last, NULL);
    return c->attention == RNN_ATTENTION_NONE ? h : attend(b, h, memory);
}

/* What a classifier reads: of two directions each at its own end, where it has read all, or where
 * it has read one token. */
static int read_out(struct builder *b, int x) {
    const struct rnn_config *c = b->config;
    if (c->shape != SHAPE_ENCODER || c->read_out == READOUT_MEAN)
        return graph_readout(b->graph, x, c->read_out);
    enum readout other = c->read_out == READOUT_LAST ? READOUT_FIRST : READOUT_LAST;
    int forward = graph_slice(b->graph, x, 0, c->hidden);
    int backward = graph_slice(b->graph, x, c->hidden, c->hidden);
    return graph_concat(b->graph, graph_readout(b->graph, forward, c->read_out),
                        graph_readout(b->graph, backward, other));
}

static void add_output(struct builder *b, int x, int outputs, int table) {
    const struct rnn_config *c = b->config;
    struct graph *g = b->graph;
    x = graph_dropout(g, x, c->dropout_output);
    int width = graph_width(g, x), weight = table;
    if (c->tied && width != c->dim)
        x = graph_linear(g, x, matrix(b, "projection.weight", ROLE_MATRIX, c->dim, width), -1, -1);
    if (!c->tied)
        weight = matrix(b, "output.weight", ROLE_READOUT, outputs, width);
    int bias = -1;
    if (c->output_bias) {
        bias = (int)params_add(b->params, 1, (size_t)outputs, 1, "output.bias");
        params_set_role(b->params, (size_t)bias, ROLE_BIAS);
        b->params->table[bias].fan_in = (size_t)graph_width(g, x);
        b->params->table[bias].owner = ROLE_READOUT;
    }
    graph_cross_entropy(g, graph_linear(g, x, weight, bias, -1), c->label_smoothing);
}

static void build(struct model *m) {
    const struct rnn_config *c = m->config;
    bool pair = c->shape == SHAPE_ENCODER_DECODER, class = c->objective == OBJECTIVE_CLASS;
    int outputs = class ? c->classes : c->vocabulary;
    m->facts = (struct model_facts){.vocabulary = c->vocabulary,
                                    .outputs = outputs,
                                    .max_length = c->max_length,
                                    .max_memory = pair ? c->max_length : 0};
    m->task.layout = (struct layout){
        .shape = c->shape, .objective = c->objective, .bos = true, .eos = true};
    m->params->width = (size_t)c->hidden;
    struct builder b = {.config = c, .params = m->params, .graph = m->graph};
    int table = matrix(&b, "embedding.weight", ROLE_EMBEDDING, c->vocabulary, c->dim);
    int x = pair ? encode_and_decode(&b, table)
                 : add_stack(&b, "rnn", embed(&b, ROWS_INPUT, table), NULL, NULL);
    x = class ? read_out(&b, x) : graph_outputs(b.graph, x);
    add_output(&b, x, outputs, table);
}

static void uniform(struct params *p, size_t tensor, double bound, uint64_t seed) {
    const struct param *t = &p->table[tensor];
    struct rng r = rng_at(seed, RNG_INIT, tensor);
    for (size_t i = 0; i < t->count; i++)
        p->value[t->offset + i] = (real)((2 * rng_uniform(&r) - 1) * bound);
}

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

static void set_forget_bias(const struct rnn_config *c, struct params *p, size_t tensor) {
    const char *leaf = strchr(p->table[tensor].name, '.') + 1;
    real *forget = p->value + p->table[tensor].offset + c->hidden;
    for (int i = 0; i < c->hidden; i++)
        if (begins(leaf, "bias_ih"))
            forget[i] = (real)c->forget_bias;
        else if (begins(leaf, "bias_hh"))
            forget[i] = 0;
}

static bool is_recurrent(const char *name) {
    return begins(name, "rnn.") || begins(name, "encoder.") || begins(name, "decoder.");
}

static void settle(struct model *m) {
    const struct rnn_config *c = m->config;
    for (size_t i = 0; c->forget_bias != 0 && i < m->params->tensors; i++)
        if (is_recurrent(m->params->table[i].name))
            set_forget_bias(c, m->params, i);
}

static void initialise(struct model *m, uint64_t seed) {
    const struct rnn_config *c = m->config;
    struct params *p = m->params;
    for (size_t i = 0; i < p->tensors; i++) {
        const char *name = p->table[i].name;
        double columns = (double)p->table[i].shape[1];
        if (is_recurrent(name))
            uniform(p, i, 1 / sqrt((double)c->hidden), seed);
        else if (strcmp(name, "output.bias") == 0)
            uniform(p, i, 1 / sqrt((double)p->table[i].fan_in), seed);
        else if (strcmp(name, "attention.query.weight") == 0 ||
                 strcmp(name, "attention.key.weight") == 0)
            uniform(p, i, 1 / sqrt(2 * columns), seed);
        else if (strstr(name, "embedding.weight") && (!c->tied || begins(name, "source")))
            params_normal(p, i, 1, seed);
        else
            uniform(p, i, 1 / sqrt(columns), seed);
    }
    settle(m);
}

const struct architecture rnn_architecture = {
    .name = "rnn",
    .config_size = sizeof(struct rnn_config),
    .settings = rnn_settings,
    .chunk_rows = CHUNK_ROWS,
    .check = rnn_check_config,
    .build = build,
    .initialise = initialise,
    .settle = settle,
};
