#include <string.h>

#include "nn/elementary.h"
#include "nn/mat.h"
#include "nn/node.h"
#include "nn/node_recurrent.h"
#include "nn/vector.h"

enum { QUERY, KEY, VALUE };

/* score[j] = w . tanh(q + k[j]) of m keys. */
CLONED static void concat_scores(int m, int width, const real *w, const real *q, const real *k,
                                 real *t, real *score) {
    for (int j = 0; j < m; j++) {
        const real *key = k + (size_t)j * width;
        INDEPENDENT
        for (int i = 0; i < width; i++)
            t[i] = w[i] * real_tanh(q[i] + key[i]);
        real sum = 0;
        for (int i = 0; i < width; i++)
            sum += t[i];
        score[j] = sum;
    }
}

/* Adds to dw, dq and dk. */
CLONED static void concat_scores_backward(int m, int width, const real *w, const real *q,
                                          const real *k, const real *ds, real *dw, real *dq,
                                          real *dk) {
    for (int j = 0; j < m; j++) {
        const real *key = k + (size_t)j * width;
        real *dkey = dk + (size_t)j * width, d = ds[j];
        INDEPENDENT
        for (int i = 0; i < width; i++) {
            real t = real_tanh(q[i] + key[i]);
            real slope = d * w[i] * (1 - t * t);
            dw[i] += d * t;
            dq[i] += slope;
            dkey[i] += slope;
        }
    }
}

CLONED static void softmax(int n, int m, real *score) {
    for (int row = 0; row < n; row++) {
        real *s = score + (size_t)row * m, max = s[0], sum = 0;
        for (int j = 1; j < m; j++)
            max = s[j] > max ? s[j] : max;
        INDEPENDENT
        for (int j = 0; j < m; j++)
            s[j] = real_exp(s[j] - max);
        for (int j = 0; j < m; j++)
            sum += s[j];
        real inverse = 1 / sum;
        for (int j = 0; j < m; j++)
            s[j] *= inverse;
    }
}

/* d: the gradient of p, replaced by that of the scores. */
CLONED static void softmax_backward(int n, int m, const real *p, real *d) {
    for (int row = 0; row < n; row++) {
        const real *q = p + (size_t)row * m;
        real *e = d + (size_t)row * m, mean = 0;
        for (int j = 0; j < m; j++)
            mean += q[j] * e[j];
        for (int j = 0; j < m; j++)
            e[j] = q[j] * (e[j] - mean);
    }
}

/* An example's rows, and where its first row and the first of its memory stand. */
struct place {
    int n, m;
    size_t row, memory;
};

static struct place place_of(const struct call *c, int s) {
    return (struct place){.n = c->offset[s + 1] - c->offset[s],
                          .m = c->memory_offset[s + 1] - c->memory_offset[s],
                          .row = (size_t)(c->offset[s] - c->offset[0]),
                          .memory = (size_t)(c->memory_offset[s] - c->memory_offset[0])};
}

static void forward(const struct call *c, const struct node *n) {
    int width = n->width;
    const real *w = node_tensor(c, n, 0);
    for (int s = 0; s < c->sequences; s++) {
        struct place e = place_of(c, s);
        const real *q = node_input_value(c, n, QUERY) + e.row * width;
        const real *k = node_input_value(c, n, KEY) + e.memory * width;
        const real *v = node_input_value(c, n, VALUE) + e.memory * width;
        real *p = node_kept(c, n, 0) + e.row * n->kept_width[0];
        real *y = node_value(c, n) + e.row * width;
        if (e.m == 0)
            memset(y, 0, (size_t)e.n * width * sizeof *y);
        if (e.n == 0 || e.m == 0)
            continue;
        for (int i = 0; w && i < e.n; i++)
            concat_scores(e.m, width, w, q + (size_t)i * width, k, c->scratch, p + (size_t)i * e.m);
        if (!w)
            mat_nt(e.n, e.m, width, q, width, k, width, false, p, e.m);
        softmax(e.n, e.m, p);
        mat_nn(e.n, width, e.m, p, e.m, v, width, false, y, width);
    }
}

static void zero_unless_added_to(const struct call *c, const struct node *n, int k) {
    if (n->edge[k].kind == EDGE_STORE)
        memset(node_input_gradient(c, n, k), 0,
               (size_t)c->rows[node_input(c, n, k)->rows] * (size_t)n->width * sizeof(real));
}

/* One input may be query, key and value at once: all gradients are added to. */
static void backward(const struct call *c, const struct node *n) {
    int width = n->width;
    const real *w = node_tensor(c, n, 0);
    real *dq = node_input_gradient(c, n, QUERY), *dk = node_input_gradient(c, n, KEY);
    real *dv = node_input_gradient(c, n, VALUE), *dp = c->scratch;
    for (int k = 0; k < 3; k++)
        zero_unless_added_to(c, n, k);
    for (int s = 0; s < c->sequences; s++) {
        struct place e = place_of(c, s);
        if (e.n == 0 || e.m == 0)
            continue;
        const real *q = node_input_value(c, n, QUERY) + e.row * width;
        const real *k = node_input_value(c, n, KEY) + e.memory * width;
        const real *v = node_input_value(c, n, VALUE) + e.memory * width;
        const real *p = node_kept(c, n, 0) + e.row * n->kept_width[0];
        const real *dy = node_gradient(c, n) + e.row * width;
        real *dqs = dq + e.row * width, *dks = dk + e.memory * width, *dvs = dv + e.memory * width;
        mat_tn(e.m, width, e.n, p, e.m, dy, width, true, dvs, width);
        mat_nt(e.n, e.m, width, dy, width, v, width, false, dp, e.m);
        softmax_backward(e.n, e.m, p, dp);
        for (int i = 0; w && i < e.n; i++)
            concat_scores_backward(e.m, width, w, q + (size_t)i * width, k, dp + (size_t)i * e.m,
                                   node_partial(c, n), dqs + (size_t)i * width, dks);
        if (w)
            continue;
        mat_nn(e.n, width, e.m, dp, e.m, k, width, true, dqs, width);
        mat_tn(e.m, width, e.n, dp, e.m, q, width, true, dks, width);
    }
}

static void size(struct node *n, const struct graph_room *room) {
    size_t scores = (size_t)room->longest * (size_t)room->longest_memory;
    n->kept_width[0] = (size_t)room->longest_memory;
    n->scratch = scores > (size_t)n->width ? scores : (size_t)n->width;
    n->partial = n->tensor[0] < 0 ? 0 : (size_t)n->width;
}

static const struct node_kind attend_memory = {
    .name = "attend memory", .forward = forward, .backward = backward, .size = size};

int graph_attend_memory(struct graph *g, int query, int key, int value, int score) {
    int node = graph_add(g, &(struct node){.kind = &attend_memory,
                                           .rows = graph_node(g, query)->rows,
                                           .width = graph_node(g, query)->width,
                                           .input = {query, key, value},
                                           .inputs = 3,
                                           .tensor = {score}});
    graph_contribute(g, (struct contribution){
                            .tensor = score, .node = node, .cut = CUT_NONE, .make = grad_partial});
    return node;
}
