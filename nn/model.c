#include "nn/model.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/mem.h"

/* Values, gradients and two moments. A model that cannot fit is better refused than killed. */
static int check_memory(size_t parameters, struct err *err) {
    double need = 4.0 * sizeof(real) * (double)parameters;
    double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (have > 0 && need > have)
        return err_set(
            err, STATUS_USAGE,
            "a model of %zu parameters needs %.1f GB to be trained; this machine has %.1f",
            parameters, need / 1e9, have / 1e9);
    return 0;
}

struct model *model_new_transformer(const struct transformer_config *config, struct err *err) {
    if (transformer_check_config(config, err) != 0 ||
        check_memory(transformer_count(config), err) != 0)
        return NULL;
    struct model *m = mem_alloc(1, sizeof *m);
    m->transformer = transformer_new(config);
    m->params = &m->transformer->params;
    m->vocabulary = config->vocabulary;
    m->max_length = config->max_length;
    return m;
}

void model_init(struct model *m, uint64_t seed) {
    transformer_init(m->transformer, seed);
}

void model_free(struct model *m) {
    if (!m)
        return;
    transformer_free(m->transformer);
    free(m);
}

void model_reserve(struct model *m, int tokens, int sequences, int longest, int workers) {
    transformer_reserve(m->transformer, tokens, sequences, longest, workers);
}

double model_gradient(struct model *m, struct pool *pool, const struct batch *batch, int *counted) {
    return transformer_gradient(m->transformer, pool, batch, counted);
}

void model_forward(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context) {
    transformer_forward(m->transformer, pool, batch, visit, context);
}

static const char *const norm_names[] = {[NORM_PRE] = "pre", [NORM_POST] = "post"};
static const char *const position_names[] = {
    [POSITIONS_SINUSOIDAL] = "sinusoidal", [POSITIONS_LEARNED] = "learned"};
static const char *const activation_names[] = {
    [ACTIVATION_RELU] = "relu", [ACTIVATION_GELU] = "gelu"};

char *model_config_text(const struct model *m) {
    const struct transformer_config *c = &m->transformer->config;
    json_t *o = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:b, s:b}", "architecture",
        "transformer", "vocabulary", c->vocabulary, "dim", c->dim, "layers", c->layers, "heads",
        c->heads, "feedforward", c->feedforward, "max_length", c->max_length, "norm",
        norm_names[c->norm], "positions", position_names[c->positions], "activation",
        activation_names[c->activation], "tied", c->tied, "scale_embedding", c->scale_embedding);
    char *text = o ? json_dumps(o, 0) : NULL;
    json_decref(o);
    if (!text)
        msg_die(STATUS_OS, "out of memory for a configuration");
    return text;
}

static int name_index(const char *const *names, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* NULL unless the configuration is sound and comes to so many parameters. */
static struct model *model_of_size(const struct transformer_config *c, size_t parameters,
                                   struct err *err) {
    enum { MAX_LENGTH = 1 << 20 }; /* as the trainers allow; the table of positions has no tensor */
    if (transformer_check_config(c, err) != 0)
        return NULL;
    size_t wanted = transformer_count(c);
    if (wanted != parameters || c->max_length > MAX_LENGTH) {
        if (c->max_length > MAX_LENGTH)
            err_set(err, STATUS_DATA, "max_length %d is beyond %d", c->max_length, MAX_LENGTH);
        else
            err_set(err, STATUS_DATA,
                    "the configuration asks for %zu parameters, but the file holds %zu", wanted,
                    parameters);
        return NULL;
    }
    return model_new_transformer(c, err);
}

struct model *model_from_config_text(const char *text, size_t parameters, struct err *err) {
    struct transformer_config c = {0};
    const char *architecture, *norm, *positions, *activation;
    int tied, scale;
    json_error_t what;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &what);
    struct model *m = NULL;
    if (!o ||
        json_unpack_ex(o, &what, 0, "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:b, s:b}",
                       "architecture", &architecture, "vocabulary", &c.vocabulary, "dim", &c.dim,
                       "layers", &c.layers, "heads", &c.heads, "feedforward", &c.feedforward,
                       "max_length", &c.max_length, "norm", &norm, "positions", &positions,
                       "activation", &activation, "tied", &tied, "scale_embedding", &scale) != 0) {
        err_set(err, STATUS_DATA, "the model's configuration cannot be read: %s", what.text);
        goto out;
    }
    int n = name_index(norm_names, 2, norm), p = name_index(position_names, 2, positions),
        a = name_index(activation_names, 2, activation);
    if (strcmp(architecture, "transformer") != 0 || n < 0 || p < 0 || a < 0) {
        err_set(err, STATUS_DATA, "the model's configuration names something unknown: %s %s %s %s",
                architecture, norm, positions, activation);
        goto out;
    }
    c.norm = (enum norm_place)n;
    c.positions = (enum positions)p;
    c.activation = (enum activation)a;
    c.tied = tied;
    c.scale_embedding = scale;
    m = model_of_size(&c, parameters, err);
    if (!m)
        err->status = STATUS_DATA;
out:
    json_decref(o);
    return m;
}
