#include "nn/model.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/mem.h"
#include "nn/architecture.h"

static const struct architecture *const architectures[] = {&transformer_architecture,
                                                           &rnn_architecture, &mlp_architecture};

/* Values, gradients and two moments. A model that cannot fit is better refused than killed. */
static int check_memory(size_t parameters, struct err *err) {
    double need = 4.0 * sizeof(real) * (double)parameters;
    double have = mem_machine();
    if (have > 0 && need > have)
        return err_set(
            err, STATUS_USAGE,
            "a model of %zu parameters needs %.1f GB to be trained; this machine has %.1f",
            parameters, need / 1e9, have / 1e9);
    return 0;
}

/* A model without memory for its parameters. */
static struct model *build(const struct architecture *a, const void *config, struct err *err) {
    if (a->check(config, err) != 0)
        return NULL;
    struct model *m = mem_alloc(1, sizeof *m);
    m->architecture = a;
    m->config = mem_alloc(1, a->config_size);
    memcpy(m->config, config, a->config_size);
    m->params = mem_alloc(1, sizeof *m->params);
    m->graph = graph_new(m->params, a->chunk_rows);
    m->passes = 1;
    a->build(m);
    return m;
}

struct model *model_new(const struct architecture *architecture, const void *config,
                        struct err *err) {
    struct model *m = build(architecture, config, err);
    if (m && check_memory(params_count(m->params), err) != 0) {
        model_free(m);
        return NULL;
    }
    if (m)
        params_allocate(m->params);
    return m;
}

void model_set_rows(struct model *m, enum model_rows rows) {
    if (m->rows == rows)
        return;
    /* The architecture adds the same tensors to a table of its own, which is not allocated. */
    struct params again = {0};
    struct model twin = {.architecture = m->architecture,
                         .config = m->config,
                         .params = &again,
                         .graph = graph_new(m->params, m->architecture->chunk_rows),
                         .rows = rows};
    m->architecture->build(&twin);
    task_free(&twin.task);
    params_free(&again);
    graph_free(m->graph);
    m->graph = twin.graph;
    m->rows = rows;
}

void model_init(struct model *m, uint64_t seed) {
    m->architecture->initialise(m, seed);
}

void model_settle(struct model *m) {
    if (m->architecture->settle)
        m->architecture->settle(m);
}

void model_set_task(struct model *m, const struct layout *layout, const struct columns *columns,
                    const char *mask_words, const struct vocab *classes) {
    task_free(&m->task);
    task_set(&m->task, layout, columns, mask_words, classes);
}

void model_free(struct model *m) {
    if (!m)
        return;
    task_free(&m->task);
    graph_free(m->graph);
    params_free(m->params);
    free(m->params);
    free(m->config);
    free(m);
}

void model_reserve(struct model *m, int tokens, int sequences, int longest, int workers) {
    graph_reserve(m->graph,
                  &(struct graph_room){.rows = {[ROWS_INPUT] = tokens, [ROWS_EXAMPLE] = sequences},
                                       .longest = longest ? longest : m->facts.max_length,
                                       .workers = workers});
}

double model_gradient(struct model *m, struct pool *pool, const struct batch *batch, int *counted) {
    return graph_gradient(m->graph, pool, batch, m->passes, counted);
}

void model_forward(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context) {
    graph_forward(m->graph, pool, batch, visit, context);
}

void model_predict(struct model *m, struct pool *pool, const struct batch *batch,
                   graph_visit *visit, void *context) {
    graph_predict(m->graph, pool, batch, visit, context);
}

static char *config_text(const struct architecture *a, const void *config) {
    json_t *o = json_pack("{s:s}", "architecture", a->name);
    if (o)
        setting_write(a->settings, config, o);
    char *text = o ? json_dumps(o, 0) : NULL;
    json_decref(o);
    if (!text)
        msg_die(STATUS_OS, "out of memory for a configuration");
    return text;
}

char *model_config_text(const struct model *m) {
    return config_text(m->architecture, m->config);
}

static const struct architecture *architecture_of(const json_t *o, struct err *err) {
    const char *name = json_string_value(json_object_get(o, "architecture"));
    for (size_t i = 0; name && i < sizeof architectures / sizeof *architectures; i++)
        if (strcmp(architectures[i]->name, name) == 0)
            return architectures[i];
    if (name)
        err_set(err, STATUS_DATA, "the model's configuration names an unknown architecture: %.60s",
                name);
    else
        err_set(err, STATUS_DATA, "the model's configuration lacks 'architecture'");
    return NULL;
}

/* The configuration of a text and its architecture; NULL on error. */
static void *read_config(const char *text, const struct architecture **a, struct err *err) {
    json_error_t what;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &what);
    void *config = NULL;
    if (!o) {
        err_set(err, STATUS_DATA, "the model's configuration cannot be read: %s", what.text);
        return NULL;
    }
    if ((*a = architecture_of(o, err))) {
        config = mem_alloc(1, (*a)->config_size);
        if (setting_read((*a)->settings, o, config, err) != 0) {
            free(config);
            config = NULL;
        }
    }
    json_decref(o);
    return config;
}

char *model_config_renew(const char *text, struct err *err) {
    const struct architecture *a;
    void *config = read_config(text, &a, err);
    char *renewed = config ? config_text(a, config) : NULL;
    free(config);
    return renewed;
}

struct model *model_from_config_text(const char *text, size_t parameters, struct err *err) {
    const struct architecture *a;
    void *config = read_config(text, &a, err);
    struct model *m = config ? build(a, config, err) : NULL;
    if (m && params_count(m->params) != parameters) {
        err_set(err, STATUS_DATA,
                "the configuration asks for %zu parameters, but the file holds %zu",
                params_count(m->params), parameters);
        model_free(m);
        m = NULL;
    }
    if (m)
        params_allocate(m->params);
    else if (err)
        err->status = STATUS_DATA;
    free(config);
    return m;
}
