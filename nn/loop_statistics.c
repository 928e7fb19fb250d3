#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/mem.h"
#include "nn/loop_private.h"
#include "nn/weight_statistics.h"

struct blocks {
    struct weight_block *items;
    size_t n, cap;
};

static void add(struct blocks *b, const struct params *p, const struct param *t, size_t first,
                size_t rows) {
    b->items = mem_grow(b->items, &b->cap, b->n + 1, sizeof *b->items);
    b->items[b->n++] = (struct weight_block){
        .name = t->name,
        .values = p->value + t->offset + first * t->shape[1],
        .rows = (int)rows,
        .columns = (int)t->shape[1],
        .stride = (int)t->shape[1],
    };
}

static bool ends_in(const char *name, const char *ending) {
    size_t len = strlen(name), tail = strlen(ending);
    return len >= tail && strcmp(name + len - tail, ending) == 0;
}

/* A vector stands as one row. */
static void add_vector(struct blocks *b, const struct params *p, const struct param *t) {
    add(b, p, t, 0, 1);
    b->items[b->n - 1].columns = b->items[b->n - 1].stride = (int)t->count;
}

/* Attention's projections by parts and heads. */
static void add_projections(struct blocks *b, const struct params *p, const struct param *t,
                            size_t heads) {
    size_t parts = 3 * (heads && t->shape[0] % (3 * heads) == 0 ? heads : 1);
    if (t->shape[0] % parts != 0)
        parts = 1;
    for (size_t i = 0; i < parts; i++)
        add(b, p, t, i * (t->shape[0] / parts), t->shape[0] / parts);
}

/* The blocks of a tensor: none if it does not count (weight_statistics.h). */
static void collect(const struct params *p, const struct param *t, bool transformer, size_t heads,
                    struct blocks *matrices, struct blocks *biases) {
    if (transformer) {
        if (ends_in(t->name, "in_proj_weight"))
            add_projections(matrices, p, t, heads);
        else if (t->rank == 2 &&
                 (ends_in(t->name, "out_proj.weight") || strstr(t->name, ".linear")))
            add(matrices, p, t, 0, t->shape[0]);
        else if (t->rank == 1 && strstr(t->name, ".linear"))
            add_vector(biases, p, t);
    } else if (t->rank == 2 && t->role != ROLE_EMBEDDING && t->role != ROLE_POSITION) {
        add(matrices, p, t, 0, t->shape[0]);
    } else if (t->rank == 1 && t->role == ROLE_BIAS) {
        add_vector(biases, p, t);
    }
}

static size_t heads_of(const struct model *m, bool *transformer) {
    char *text = model_config_text(m);
    json_t *config = json_loads(text, 0, NULL);
    const char *name = json_string_value(json_object_get(config, "architecture"));
    *transformer = name && strcmp(name, "transformer") == 0;
    size_t heads = (size_t)json_integer_value(json_object_get(config, "heads"));
    json_decref(config);
    free(text);
    return heads;
}

/* The rows of some blocks; @TENSOR behind those of one. */
static int put(struct run *run, const struct blocks *matrices, const struct blocks *biases,
               const char *tensor, loop_put *put_row, struct err *err) {
    double value[WEIGHT_STATISTICS] = {0};
    if (run->report == REPORT_ROWS &&
        weight_statistics(matrices->items, matrices->n, biases->items, biases->n, value, err) != 0)
        return err_prefix(err, "%s: step %lld", run->request->folder, (long long)run->step);
    for (int s = 0; s < WEIGHT_STATISTICS; s++) {
        bool of_biases = s >= WEIGHT_MEAN_B && s < WEIGHT_AUTHORS;
        if (of_biases ? !biases->n : !matrices->n)
            continue;
        char name[160];
        snprintf(name, sizeof name, "%s%s%s", weight_statistic_name((enum weight_statistic)s),
                 tensor ? "@" : "", tensor ? tensor : "");
        if (put_row(run, "weights", name, value[s], err) != 0)
            return -1;
    }
    return 0;
}

int loop_put_statistics(struct run *run, loop_put *put_row, struct err *err) {
    const struct params *p = run->model->params;
    enum loop_statistics wanted = run->request->statistics;
    if (wanted == STATISTICS_NONE)
        return 0;
    bool transformer;
    size_t heads = heads_of(run->model, &transformer);
    struct blocks matrices = {0}, biases = {0};
    for (size_t i = 0; i < p->tensors; i++)
        collect(p, &p->table[i], transformer, heads, &matrices, &biases);
    int result = put(run, &matrices, &biases, NULL, put_row, err);
    for (size_t i = 0; i < p->tensors && wanted == STATISTICS_TENSORS && result == 0; i++) {
        matrices.n = biases.n = 0;
        collect(p, &p->table[i], transformer, heads, &matrices, &biases);
        result = put(run, &matrices, &biases, p->table[i].name, put_row, err);
    }
    free(matrices.items);
    free(biases.items);
    return result;
}
