#include "nn/transformer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Appends the tensors as it needs them, in the order of PyTorch's state_dict. */
struct builder {
    const struct transformer_config *config;
    struct params *params;
    struct graph *graph;
    char stack[32]; /* "transformer", "transformer.encoder", "transformer.decoder" */
    char part[16];  /* "", "encoder.", "decoder.": names of its nodes */
    int layer;
    enum attention_mask mask;
    int memory;  /* what a decoder reads beside its input; -1 */
    int narrows; /* the layer from whose queries on only some rows are computed; -1: none */
    bool narrow; /* those rows are at hand */
};

/* A matrix and its bias; a norm's gain and bias. bias -1: it has none. */
struct pair {
    int weight, bias;
};

static int add_vector(struct builder *b, const char *name, int n, enum param_role role) {
    size_t t = params_add(b->params, 1, (size_t)n, 1, "%s.layers.%d.%s", b->stack, b->layer, name);
    params_set_role(b->params, t, role);
    return (int)t;
}

static int add_matrix(struct builder *b, const char *name, int rows, int columns,
                      enum param_role role) {
    size_t t = params_add(b->params, 2, (size_t)rows, (size_t)columns, "%s.layers.%d.%s", b->stack,
                          b->layer, name);
    params_set_role(b->params, t, role);
    return (int)t;
}

static struct pair add_linear(struct builder *b, const char *weight, const char *bias, int rows,
                              int columns, enum biases least) {
    struct pair p = {add_matrix(b, weight, rows, columns, ROLE_MATRIX), -1};
    if (b->config->biases <= least)
        p.bias = add_vector(b, bias, rows, ROLE_BIAS);
    return p;
}

static int dim_across(const struct transformer_config *c) {
    return c->heads * transformer_head_width(c);
}

struct attention_tensors {
    struct pair in, out;
    int relative_key, relative_bias, before, after;
};

/* name: "self_attn", "multihead_attn". */
static struct attention_tensors add_attention(struct builder *b, const char *name) {
    const struct transformer_config *c = b->config;
    int across = dim_across(c);
    char text[4][40];
    snprintf(text[0], sizeof text[0], "%s.in_proj_weight", name);
    snprintf(text[1], sizeof text[1], "%s.in_proj_bias", name);
    snprintf(text[2], sizeof text[2], "%s.out_proj.weight", name);
    snprintf(text[3], sizeof text[3], "%s.out_proj.bias", name);
    struct attention_tensors t = {.relative_key = -1, .relative_bias = -1};
    t.in = add_linear(b, text[0], text[1], 3 * across, c->dim, BIASES_ALL);
    t.out = add_linear(b, text[2], text[3], c->dim, across, BIASES_ALL);
    b->params->table[t.in.weight].query_rows = (size_t)across;
    b->params->table[t.out.weight].residual = true;
    return t;
}

static struct attention_tensors add_self_attention(struct builder *b) {
    const struct transformer_config *c = b->config;
    struct attention_tensors t = add_attention(b, "self_attn");
    t.before = c->relative_distance ? c->relative_distance : c->max_length - 1;
    t.after = b->mask == ATTENTION_CAUSAL ? 0 : t.before;
    int distances = t.before + t.after + 1;
    if (c->positions == POSITIONS_RELATIVE)
        t.relative_key = add_matrix(b, "self_attn.relative_keys", distances, dim_across(c),
                                    ROLE_POSITION);
    if (c->positions == POSITIONS_RELATIVE_BIAS)
        t.relative_bias = add_matrix(b, "self_attn.relative_bias", distances, c->heads,
                                     ROLE_VECTOR);
    return t;
}

struct feed_tensors {
    struct pair up, gate, down;
};

static struct feed_tensors add_feed(struct builder *b) {
    const struct transformer_config *c = b->config;
    struct feed_tensors t = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (!c->feedforward)
        return t;
    t.up = add_linear(b, "linear1.weight", "linear1.bias", c->feedforward, c->dim,
                      BIASES_FEEDFORWARD);
    if (c->gated)
        t.gate = add_linear(b, "linear1_gate.weight", "linear1_gate.bias", c->feedforward, c->dim,
                            BIASES_FEEDFORWARD);
    t.down = add_linear(b, "linear2.weight", "linear2.bias", c->dim, c->feedforward,
                        BIASES_FEEDFORWARD);
    b->params->table[t.down.weight].residual = true;
    return t;
}

static struct pair add_norm(struct builder *b, int number) {
    struct pair p = {-1, -1};
    if (b->config->norm == NORM_NONE)
        return p;
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "norm%d.weight", number);
    snprintf(bias, sizeof bias, "norm%d.bias", number);
    p.weight = add_vector(b, weight, b->config->dim, ROLE_GAIN);
    if (b->config->biases <= BIASES_NORM)
        p.bias = add_vector(b, bias, b->config->dim, ROLE_BIAS);
    return p;
}

/* x + what a part made. residual and dropout cannot be one operator. */
static int add_part(struct builder *b, int y, struct pair last, int x) {
    struct graph *g = b->graph;
    double share = b->config->dropout_residual;
    if (share == 0)
        return graph_linear(g, y, last.weight, last.bias, x);
    return graph_sum(g, x, graph_dropout(g, graph_linear(g, y, last.weight, last.bias, -1), share));
}

static struct attention_form form_of(const struct builder *b, const struct attention_tensors *t) {
    const struct transformer_config *c = b->config;
    return (struct attention_form){.mask = b->mask,
                                   .heads = c->heads,
                                   .scale = c->attention_scale,
                                   .relative_key = t->relative_key,
                                   .relative_bias = t->relative_bias,
                                   .before = t->before,
                                   .after = t->after,
                                   .dropout = c->dropout_attention,
                                   .longest = c->max_length};
}

/* Name a node of a layer, unless it lacks rows: who finds a node reads all of them. */
static void name_node(struct builder *b, int node, const char *part, const char *what) {
    if (!b->narrow)
        graph_name(b->graph, node, "%slayers.%d%s", part, b->layer, what);
}

/* Positions in `turned` of the parts of x, which has `parts` of queries, keys, values. */
static int rotate(struct builder *b, int x, int parts, int turned) {
    const struct transformer_config *c = b->config;
    if (c->positions != POSITIONS_ROTARY && c->positions != POSITIONS_ROTARY_INTERLEAVED)
        return x;
    return graph_rotary(b->graph, x, parts * c->heads, turned * c->heads,
                        c->positions == POSITIONS_ROTARY_INTERLEAVED, c->max_length);
}

/* x + attention(y). */
static int attend(struct builder *b, const struct attention_tensors *t, int x, int y) {
    struct graph *g = b->graph;
    int qkv = rotate(b, graph_linear(g, y, t->in.weight, t->in.bias, -1), 3, 2);
    struct attention_form form = form_of(b, t);
    int mixed = graph_attend(g, qkv, -1, &form);
    name_node(b, mixed, b->part, ".attention");
    return add_part(b, mixed, t->out, x);
}

static int pick(struct builder *b, int x) {
    const struct transformer_config *c = b->config;
    return c->objective == OBJECTIVE_CLASS ? graph_ends(b->graph, x, c->readout)
                                           : graph_outputs(b->graph, x);
}

/* The same of the rows that matter from here on: keys and values come from all. The order of the
 * nodes is that in which attend() adds up the gradient of y, and the draws have its names, so that
 * the bits are the same. */
static int attend_narrowly(struct builder *b, const struct attention_tensors *t, int x, int y) {
    struct graph *g = b->graph;
    int across = dim_across(b->config), draws = graph_draws(g);
    int kv = rotate(b, graph_linear_rows(g, y, t->in.weight, t->in.bias, across, 2 * across, -1), 2,
                    1);
    bool rotated = graph_draws(g) - draws > 1;
    int picked = pick(b, y), residual = x == y ? picked : pick(b, x);
    int q = rotate(b, graph_linear_rows(g, picked, t->in.weight, t->in.bias, 0, across, -1), 1, 1);
    b->narrow = true;
    graph_set_draws(g, draws + 1 + rotated);
    struct attention_form form = form_of(b, t);
    return add_part(b, graph_attend(g, q, kv, &form), t->out, residual);
}

/* x + attention of y to the memory. */
static int attend_memory(struct builder *b, const struct attention_tensors *t, int x, int y) {
    struct graph *g = b->graph;
    int across = dim_across(b->config);
    int q = graph_linear_rows(g, y, t->in.weight, t->in.bias, 0, across, -1);
    int kv = graph_linear_rows(g, b->memory, t->in.weight, t->in.bias, across, 2 * across, -1);
    struct attention_form form = form_of(b, t);
    form.mask = ATTENTION_FULL;
    int mixed = graph_attend(g, q, kv, &form);
    name_node(b, mixed, "cross.", ".attention");
    return add_part(b, mixed, t->out, x);
}

/* x + feed-forward(y). */
static int feed(struct builder *b, const struct feed_tensors *t, int x, int y) {
    struct graph *g = b->graph;
    const struct transformer_config *c = b->config;
    int hidden = graph_linear(g, y, t->up.weight, t->up.bias, -1);
    if (c->gated) {
        int gate = graph_linear(g, y, t->gate.weight, t->gate.bias, -1);
        hidden = graph_product(g, graph_activation(g, gate, c->activation), hidden);
    } else {
        hidden = graph_activation(g, hidden, c->activation);
    }
    name_node(b, hidden, b->part, ".hidden");
    return add_part(b, graph_dropout(g, hidden, c->dropout_activation), t->down, x);
}

static int normalise(struct builder *b, struct pair norm, int x) {
    return graph_layernorm(b->graph, x, norm.weight, norm.bias);
}

/* The three parts of a block: self-attention, attention to the memory, feed-forward. */
enum part { PART_SELF, PART_MEMORY, PART_FEED, PARTS };

static int block(struct builder *b, int x) {
    const struct transformer_config *c = b->config;
    bool has[PARTS] = {
        [PART_SELF] = true, [PART_MEMORY] = b->memory >= 0, [PART_FEED] = c->feedforward > 0};
    struct attention_tensors self = add_self_attention(b), cross = {0};
    if (has[PART_MEMORY])
        cross = add_attention(b, "multihead_attn");
    struct feed_tensors feeding = add_feed(b);
    struct pair norm[PARTS];
    for (int k = 0, number = 1; k < PARTS; k++)
        if (has[k])
            norm[k] = add_norm(b, number++);
    for (int k = 0; k < PARTS; k++) {
        if (!has[k])
            continue;
        int y = c->norm == NORM_PRE ? normalise(b, norm[k], x) : x;
        x = k == PART_MEMORY         ? attend_memory(b, &cross, x, y)
            : k == PART_FEED         ? feed(b, &feeding, x, y)
            : b->layer == b->narrows ? attend_narrowly(b, &self, x, y)
                                     : attend(b, &self, x, y);
        if (c->norm == NORM_POST)
            x = normalise(b, norm[k], x);
    }
    name_node(b, x, b->part, "");
    return x;
}

static bool has_final_norm(const struct transformer_config *c) {
    return c->final_norm == WISH_YES || (c->final_norm == WISH_DEFAULT && c->norm == NORM_PRE);
}

static int final_norm(struct builder *b, int x) {
    const struct transformer_config *c = b->config;
    if (!has_final_norm(c))
        return x;
    int bias = -1;
    int gain = (int)params_add(b->params, 1, (size_t)c->dim, 1, "%s.norm.weight", b->stack);
    params_set_role(b->params, (size_t)gain, ROLE_GAIN);
    if (c->biases <= BIASES_NORM) {
        bias = (int)params_add(b->params, 1, (size_t)c->dim, 1, "%s.norm.bias", b->stack);
        params_set_role(b->params, (size_t)bias, ROLE_BIAS);
    }
    x = graph_layernorm(b->graph, x, gain, bias);
    if (!b->narrow)
        graph_name(b->graph, x, "%snorm", b->part);
    return x;
}

static int stack(struct builder *b, const char *name, const char *part, int layers, int x) {
    snprintf(b->stack, sizeof b->stack, "%s", name);
    snprintf(b->part, sizeof b->part, "%s", part);
    for (b->layer = 0; b->layer < layers; b->layer++)
        x = block(b, x);
    return final_norm(b, x);
}

struct tables {
    int embedding, position; /* -1: no learned positions */
};

/* owner: "" or "source_". */
static struct tables add_tables(struct builder *b, const char *owner) {
    const struct transformer_config *c = b->config;
    struct tables t = {-1, -1};
    t.embedding = (int)params_add(b->params, 2, (size_t)c->vocabulary, (size_t)c->dim,
                                  "%sembedding.weight", owner);
    params_set_role(b->params, (size_t)t.embedding, ROLE_EMBEDDING);
    if (c->positions == POSITIONS_LEARNED) {
        t.position = (int)params_add(b->params, 2, (size_t)c->max_length, (size_t)c->dim,
                                     "%sposition.weight", owner);
        params_set_role(b->params, (size_t)t.position, ROLE_POSITION);
    }
    return t;
}

static int embed(struct builder *b, enum rows rows, struct tables t) {
    const struct transformer_config *c = b->config;
    int x = graph_embedding(b->graph, rows, t.embedding, c->scale_embedding ? sqrt(c->dim) : 1,
                            t.position, c->positions == POSITIONS_SINUSOIDAL ? c->max_length : 0);
    graph_name(b->graph, x, rows == ROWS_MEMORY ? "source_embedding" : "embedding");
    return graph_dropout(b->graph, x, c->dropout_embedding);
}

static int add_bias(struct builder *b, const char *name, int n) {
    const struct transformer_config *c = b->config;
    bool class = c->objective == OBJECTIVE_CLASS;
    if (c->output_bias == WISH_NO || (c->output_bias == WISH_DEFAULT && !class))
        return -1;
    size_t t = params_add(b->params, 1, (size_t)n, 1, "%s.bias", name);
    params_set_role(b->params, t, ROLE_BIAS);
    /* With a tied output there is no read-out before it in the table. */
    b->params->table[t].owner = ROLE_READOUT;
    b->params->table[t].fan_in = (size_t)c->dim;
    return (int)t;
}

/* From the last hidden rows to logits. */
static int read_out(struct builder *b, struct tables t, int x) {
    const struct transformer_config *c = b->config;
    struct graph *g = b->graph;
    bool class = c->objective == OBJECTIVE_CLASS;
    const char *name = class ? "classifier" : "output";
    int rows = transformer_outputs(c);
    x = class ? graph_readout(g, x, c->readout) : b->narrow ? x : graph_outputs(g, x);
    int weight = t.embedding;
    if (!c->tied) {
        weight = (int)params_add(b->params, 2, (size_t)rows, (size_t)c->dim, "%s.weight", name);
        params_set_role(b->params, (size_t)weight, ROLE_READOUT);
    }
    int bias = add_bias(b, name, rows);
    /* Scaling x scales the logits and leaves the bias alone. */
    return graph_linear(g, graph_scale(g, x, c->output_scale > 0 ? c->output_scale : 1), weight,
                        bias, -1);
}

/* Whether the last block's rows are not all read. */
static bool can_narrow(const struct transformer_config *c, enum model_rows rows) {
    bool some = c->objective == OBJECTIVE_CLASS     ? c->readout != READOUT_MEAN
                : c->shape == SHAPE_ENCODER_DECODER ? false
                                                    : c->objective != OBJECTIVE_ALL;
    return rows == MODEL_ROWS_PREDICTED ? some
           : rows == MODEL_ROWS_WANTED  ? some || c->objective != OBJECTIVE_CLASS
                                        : false;
}

static void build(struct model *m) {
    const struct transformer_config *c = m->config;
    bool both = c->shape == SHAPE_ENCODER_DECODER;
    m->facts = (struct model_facts){.vocabulary = c->vocabulary,
                                    .outputs = transformer_outputs(c),
                                    .max_length = c->max_length,
                                    .max_memory = both ? c->max_length : 0,
                                    .loss = c->loss};
    m->task.layout = layout_default();
    m->task.layout.shape = c->shape;
    m->task.layout.objective = c->objective;
    m->task.layout.bidirectional_prefix = c->bidirectional_prefix;
    m->params->width = (size_t)c->dim;
    struct builder b = {
        .config = c, .params = m->params, .graph = m->graph, .memory = -1, .narrows = -1};
    struct tables t = add_tables(&b, "");
    if (both) {
        struct tables source = c->separate_embedding ? add_tables(&b, "source_") : t;
        b.mask = ATTENTION_FULL;
        int memory = stack(&b, "transformer.encoder", "encoder.", c->layers,
                           embed(&b, ROWS_MEMORY, source));
        graph_name(m->graph, memory, "memory");
        b.memory = memory;
    }
    b.mask = c->shape == SHAPE_ENCODER ? ATTENTION_FULL
             : c->bidirectional_prefix ? ATTENTION_PREFIX
                                       : ATTENTION_CAUSAL;
    int layers = both && c->decoder_layers ? c->decoder_layers : c->layers;
    b.narrows = can_narrow(c, m->rows) ? layers - 1 : -1;
    int x = stack(&b, both ? "transformer.decoder" : "transformer", both ? "decoder." : "", layers,
                  embed(&b, ROWS_INPUT, t));
    graph_loss(m->graph, read_out(&b, t, x), c->loss, c->label_smoothing);
}

int transformer_attention(const struct model *m, const char *part, int layer) {
    char name[48];
    snprintf(name, sizeof name, "%s%slayers.%d.attention", part, *part ? "." : "", layer);
    return graph_find(m->graph, name);
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void initialise(struct model *m, uint64_t seed) {
    struct params *p = m->params;
    for (size_t i = 0; i < p->tensors; i++) {
        const char *name = p->table[i].name;
        if (ends_with(name, "position.weight") || ends_with(name, ".relative_keys"))
            params_normal(p, i, 1 / sqrt((double)p->table[i].shape[1]), seed);
        else if (ends_with(name, ".relative_bias"))
            params_fill(p, i, 0);
        else if (p->table[i].rank == 2)
            params_xavier_uniform(p, i, seed);
        else
            params_fill(p, i, ends_with(name, ".weight"));
    }
}

const struct architecture transformer_architecture = {
    .name = "transformer",
    .config_size = sizeof(struct transformer_config),
    .settings = transformer_settings,
    .check = transformer_check_config,
    .build = build,
    .initialise = initialise,
};
