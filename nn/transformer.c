#include "nn/transformer.h"

#include <math.h>
#include <string.h>

/* Appends a block's tensors as it needs them, in the order of PyTorch's state_dict. */
struct builder {
    const struct transformer_config *config;
    struct params *params;
    struct graph *graph;
    int layer;
};

static int vector(struct builder *b, const char *name, int n) {
    return (int)params_add(b->params, 1, (size_t)n, 1, "transformer.layers.%d.%s", b->layer, name);
}

static int matrix(struct builder *b, const char *name, int rows, int columns) {
    return (int)params_add(b->params, 2, (size_t)rows, (size_t)columns, "transformer.layers.%d.%s",
                           b->layer, name);
}

struct block {
    int in_weight, in_bias, out_weight, out_bias;
    int up_weight, up_bias, down_weight, down_bias;
    int gain1, bias1, gain2, bias2;
};

static struct block add_block(struct builder *b) {
    int d = b->config->dim, f = b->config->feedforward;
    struct block k;
    k.in_weight = matrix(b, "self_attn.in_proj_weight", 3 * d, d);
    k.in_bias = vector(b, "self_attn.in_proj_bias", 3 * d);
    k.out_weight = matrix(b, "self_attn.out_proj.weight", d, d);
    k.out_bias = vector(b, "self_attn.out_proj.bias", d);
    k.up_weight = matrix(b, "linear1.weight", f, d);
    k.up_bias = vector(b, "linear1.bias", f);
    k.down_weight = matrix(b, "linear2.weight", d, f);
    k.down_bias = vector(b, "linear2.bias", d);
    k.gain1 = vector(b, "norm1.weight", d);
    k.bias1 = vector(b, "norm1.bias", d);
    k.gain2 = vector(b, "norm2.weight", d);
    k.bias2 = vector(b, "norm2.bias", d);
    return k;
}

/* x + attention(y), x + feed-forward(y). */
static int attend(struct builder *b, const struct block *k, int x, int y) {
    struct graph *g = b->graph;
    int qkv = graph_linear(g, y, k->in_weight, k->in_bias, -1);
    int mixed = graph_attention(g, qkv, b->config->heads);
    graph_name(g, mixed, "layers.%d.attention", b->layer);
    return graph_linear(g, mixed, k->out_weight, k->out_bias, x);
}

static int feed(struct builder *b, const struct block *k, int x, int y) {
    struct graph *g = b->graph;
    int up = graph_linear(g, y, k->up_weight, k->up_bias, -1);
    return graph_linear(g, graph_activation(g, up, b->config->activation), k->down_weight,
                        k->down_bias, x);
}

static int block(struct builder *b, int x) {
    struct graph *g = b->graph;
    struct block k = add_block(b);
    if (b->config->norm == NORM_PRE) {
        x = attend(b, &k, x, graph_layernorm(g, x, k.gain1, k.bias1));
        x = feed(b, &k, x, graph_layernorm(g, x, k.gain2, k.bias2));
    } else {
        x = graph_layernorm(g, attend(b, &k, x, x), k.gain1, k.bias1);
        x = graph_layernorm(g, feed(b, &k, x, x), k.gain2, k.bias2);
    }
    graph_name(g, x, "layers.%d", b->layer);
    return x;
}

static int embed(struct builder *b, int *table) {
    const struct transformer_config *c = b->config;
    *table = (int)params_add(b->params, 2, (size_t)c->vocabulary, (size_t)c->dim,
                             "embedding.weight");
    int position = -1;
    if (c->positions == POSITIONS_LEARNED)
        position = (int)params_add(b->params, 2, (size_t)c->max_length, (size_t)c->dim,
                                   "position.weight");
    int x = graph_embedding(b->graph, ROWS_INPUT, *table, c->scale_embedding ? sqrt(c->dim) : 1,
                            position, c->positions == POSITIONS_SINUSOIDAL ? c->max_length : 0);
    graph_name(b->graph, x, "embedding");
    return x;
}

static void build(struct model *m) {
    const struct transformer_config *c = m->config;
    m->facts = (struct model_facts){
        .vocabulary = c->vocabulary, .outputs = c->vocabulary, .max_length = c->max_length};
    m->layout = (struct layout){.shape = SHAPE_DECODER, .bos = true, .eos = true};
    struct builder b = {.config = c, .params = m->params, .graph = m->graph};
    int table, x = embed(&b, &table);
    for (b.layer = 0; b.layer < c->layers; b.layer++)
        x = block(&b, x);
    if (c->norm == NORM_PRE) {
        int gain = (int)params_add(b.params, 1, (size_t)c->dim, 1, "transformer.norm.weight");
        int bias = (int)params_add(b.params, 1, (size_t)c->dim, 1, "transformer.norm.bias");
        x = graph_layernorm(b.graph, x, gain, bias);
    }
    int output = c->tied ? table
                         : (int)params_add(b.params, 2, (size_t)c->vocabulary, (size_t)c->dim,
                                           "output.weight");
    graph_cross_entropy(b.graph, graph_linear(b.graph, graph_outputs(b.graph, x), output, -1, -1),
                        0);
}

static void initialise(struct model *m, uint64_t seed) {
    const struct transformer_config *c = m->config;
    struct params *p = m->params;
    for (size_t i = 0; i < p->tensors; i++) {
        const char *name = p->table[i].name;
        const char *leaf = strrchr(name, '.');
        if (strcmp(name, "position.weight") == 0)
            params_normal(p, i, 1 / sqrt((double)c->dim), seed);
        else if (p->table[i].rank == 2)
            params_xavier_uniform(p, i, seed);
        else
            params_fill(p, i, strcmp(leaf, ".weight") == 0);
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
