#include <string.h>

#include "nn/elementary.h"
#include "nn/op.h"
#include "nn/small_product.h"

/* The distances that a sequence of so many queries and keys can have, of those a table has. */
struct window {
    int before, after, rows;
    size_t first; /* row of the table */
};

INLINE struct window window_of(const struct attention *a, int queries, int keys) {
    int farthest = a->query_place ? keys - 1 : queries - 1;
    struct window w = {a->before < farthest ? a->before : farthest,
                       a->after < keys - 1 ? a->after : keys - 1, 0, 0};
    w.before = w.before > 0 ? w.before : 0;
    w.after = w.after > 0 ? w.after : 0;
    w.rows = w.before + w.after + 1;
    w.first = (size_t)(a->before - w.before);
    return w;
}

INLINE int row_of(const struct window *w, int distance) {
    int d = distance < -w->before ? -w->before : distance > w->after ? w->after : distance;
    return d + w->before;
}

/* Parts of the scratch memory of one head. */
struct parts {
    real *turned;    /* head_dim x keys: k or v transposed */
    real *score;     /* queries x keys, padded; their gradient */
    real *weight;    /* queries x keys: multiplied probabilities */
    real *distances; /* head_dim x rows of the window, transposed; or rows x head_dim */
    real *relative;  /* queries x rows of the window: by distance; their gradient */
    real *sum;       /* queries x head_dim */
};

/* Queries at places of their own stand among the keys. */
static size_t distances_of(int queries, int keys) {
    return (size_t)padded((queries > keys ? queries : keys) + keys);
}

size_t op_attend_scratch(int queries, int keys, int head_dim) {
    size_t n = (size_t)queries, d = (size_t)head_dim, m = (size_t)padded(keys);
    return d * m + 2 * n * m + distances_of(queries, keys) * (d + n) + n * d;
}

INLINE struct parts cut(const struct attention *a, int queries, int keys, real *scratch) {
    size_t n = (size_t)queries, d = (size_t)a->head_dim, m = (size_t)padded(keys);
    size_t rows = distances_of(queries, keys);
    struct parts p = {.turned = scratch};
    p.score = p.turned + d * m;
    p.weight = p.score + n * m;
    p.distances = p.weight + n * m;
    p.relative = p.distances + d * rows;
    p.sum = p.relative + n * rows;
    return p;
}

/* What one head of one sequence works on. */
struct head {
    int sequence, number, queries, keys;
    const real *q, *k, *v, *multiplier;
    const int *place; /* of its queries; NULL: 0, 1, 2 ... */
};

INLINE int place_of(const struct head *h, int query) {
    return h->place ? h->place[query] : query;
}

/* score += q r^T. */
INLINE void add_relative(const struct attention *a, const struct head *h, const struct parts *s) {
    const struct product_kernels *kernels = product_kernels();
    struct window w = window_of(a, h->queries, h->keys);
    int ld = a->heads * a->head_dim, wide = padded(w.rows), width = padded(h->keys);
    const real *r = a->relative_key + w.first * ld + (size_t)h->number * a->head_dim;
    kernels->transpose(w.rows, a->head_dim, r, ld, wide, s->distances);
    kernels->small(h->queries, wide, a->head_dim, h->q, a->ldq, 1, s->distances, wide, BAND_ALL,
                   s->relative, wide);
    for (int i = 0; i < h->queries; i++)
        for (int j = 0; j < h->keys; j++)
            s->score[(size_t)i * width + j] +=
                s->relative[(size_t)i * wide + row_of(&w, j - place_of(h, i))];
}

INLINE void add_bias(const struct attention *a, const struct head *h, const struct parts *s) {
    struct window w = window_of(a, h->queries, h->keys);
    int width = padded(h->keys);
    const real *bias = a->relative_bias + w.first * a->heads + h->number;
    for (int i = 0; i < h->queries; i++)
        for (int j = 0; j < h->keys; j++)
            s->score[(size_t)i * width + j] +=
                bias[(size_t)row_of(&w, j - place_of(h, i)) * a->heads];
}

INLINE void softmax(const struct attention *a, const struct head *h, const real *score, real *p) {
    int width = padded(h->keys);
    for (int i = 0; i < h->queries; i++) {
        const real *s = score + (size_t)i * width;
        real *restrict out = p + (size_t)i * h->keys;
        int seen = op_attend_seen(a, h->sequence, place_of(h, i), h->keys);
        real max = seen > 0 ? s[0] : 0;
        for (int j = 1; j < seen; j++)
            max = s[j] > max ? s[j] : max;
        for (int j = 0; j < seen; j++)
            out[j] = real_exp(s[j] - max);
        real sum = 0;
        for (int j = 0; j < seen; j++)
            sum += out[j];
        real inverse = 1 / sum;
        for (int j = 0; j < seen; j++)
            out[j] *= inverse;
        for (int j = seen; j < h->keys; j++)
            out[j] = 0;
    }
}

/* The probabilities as they weigh v. */
INLINE const real *weights(const struct head *h, const struct parts *s, const real *p) {
    if (!h->multiplier)
        return p;
    size_t n = (size_t)h->queries * (size_t)h->keys;
    for (size_t i = 0; i < n; i++)
        s->weight[i] = p[i] * h->multiplier[i];
    return s->weight;
}

INLINE void attend_forward(const struct attention *a, const struct head *h, real *p, real *y,
                           real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    struct parts s = cut(a, h->queries, h->keys, scratch);
    int width = padded(h->keys);
    kernels->transpose(h->keys, a->head_dim, h->k, a->ldkv, width, s.turned);
    kernels->small(h->queries, width, a->head_dim, h->q, a->ldq, 1, s.turned, width, BAND_ALL,
                   s.score, width);
    if (a->relative_key)
        add_relative(a, h, &s);
    for (size_t i = 0; i < (size_t)h->queries * (size_t)width; i++)
        s.score[i] *= a->scale;
    if (a->relative_bias)
        add_bias(a, h, &s);
    softmax(a, h, s.score, p);
    kernels->small(h->queries, a->head_dim, h->keys, weights(h, &s, p), h->keys, 1, h->v, a->ldkv,
                   BAND_ALL, y, a->heads * a->head_dim);
}

/* Through the softmax, row by row: ds = p (dp - sum p dp), 0 where nothing is seen. */
INLINE void softmax_backward(const struct attention *a, const struct head *h, const real *p,
                             real *ds) {
    int width = padded(h->keys);
    for (int i = 0; i < h->queries; i++) {
        real *restrict d = ds + (size_t)i * width;
        const real *pr = p + (size_t)i * h->keys;
        int seen = op_attend_seen(a, h->sequence, place_of(h, i), h->keys);
        if (h->multiplier)
            for (int j = 0; j < seen; j++)
                d[j] *= h->multiplier[(size_t)i * h->keys + j];
        real dot = 0;
        for (int j = 0; j < seen; j++)
            dot += pr[j] * d[j];
        for (int j = 0; j < seen; j++)
            d[j] = pr[j] * (d[j] - dot);
        for (int j = seen; j < width; j++)
            d[j] = 0;
    }
}

/* The scores' gradient gathered by distance, then on to the table and the queries. */
INLINE void relative_backward(const struct attention *a, const struct head *h,
                              const struct parts *s, real *dq, real *dtable) {
    const struct product_kernels *kernels = product_kernels();
    struct window w = window_of(a, h->queries, h->keys);
    int ld = a->heads * a->head_dim, d = a->head_dim, width = padded(h->keys);
    size_t at = w.first * ld + (size_t)h->number * d;
    memset(s->relative, 0, (size_t)h->queries * (size_t)w.rows * sizeof(real));
    for (int i = 0; i < h->queries; i++)
        for (int j = 0; j < h->keys; j++)
            s->relative[(size_t)i * w.rows + row_of(&w, j - place_of(h, i))] +=
                s->score[(size_t)i * width + j];
    kernels->small(h->queries, d, w.rows, s->relative, w.rows, 1, a->relative_key + at, ld,
                   BAND_ALL, s->sum, d);
    for (int i = 0; i < h->queries; i++)
        for (int c = 0; c < d; c++)
            dq[(size_t)i * a->ldq + c] += s->sum[(size_t)i * d + c];
    kernels->small(w.rows, d, h->queries, s->relative, 1, w.rows, h->q, a->ldq, BAND_ALL,
                   s->distances, d);
    for (int r = 0; r < w.rows; r++)
        for (int c = 0; c < d; c++)
            dtable[at + (size_t)r * ld + c] += s->distances[(size_t)r * d + c];
}

INLINE void bias_backward(const struct attention *a, const struct head *h, const struct parts *s,
                          real *dtable) {
    struct window w = window_of(a, h->queries, h->keys);
    int width = padded(h->keys);
    real *out = dtable + w.first * a->heads + h->number;
    for (int i = 0; i < h->queries; i++)
        for (int j = 0; j < h->keys; j++)
            out[(size_t)row_of(&w, j - place_of(h, i)) * a->heads] +=
                s->score[(size_t)i * width + j];
}

INLINE void attend_backward(const struct attention *a, const struct head *h, const real *p,
                            const real *dy, real *dq, real *dk, real *dv,
                            const struct attention_gradient *out, real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    struct parts s = cut(a, h->queries, h->keys, scratch);
    int width = padded(h->keys), ldy = a->heads * a->head_dim;
    kernels->small(h->keys, a->head_dim, h->queries, weights(h, &s, p), 1, h->keys, dy, ldy,
                   BAND_ALL, dv, a->ldkv);
    kernels->transpose(h->keys, a->head_dim, h->v, a->ldkv, width, s.turned);
    kernels->small(h->queries, width, a->head_dim, dy, ldy, 1, s.turned, width, BAND_ALL, s.score,
                   width);
    softmax_backward(a, h, p, s.score);
    if (a->relative_bias)
        bias_backward(a, h, &s, out->relative_bias);
    for (size_t i = 0; i < (size_t)h->queries * (size_t)width; i++)
        s.score[i] *= a->scale;
    kernels->small(h->queries, a->head_dim, h->keys, s.score, width, 1, h->k, a->ldkv, BAND_ALL, dq,
                   a->ldq);
    kernels->small(h->keys, a->head_dim, h->queries, s.score, 1, width, h->q, a->ldq, BAND_ALL, dk,
                   a->ldkv);
    if (a->relative_key)
        relative_backward(a, h, &s, dq, out->relative_key);
}

/* Where sequence s and its head stand. */
struct place {
    size_t query, key, pair; /* of q, of k and v, of the probabilities */
};

INLINE struct head head_of(const struct attention *a, int s, int number, size_t pair,
                           struct place *at) {
    struct head h = {.sequence = s,
                     .number = number,
                     .queries = a->query_offset[s + 1] - a->query_offset[s],
                     .keys = a->key_offset[s + 1] - a->key_offset[s]};
    size_t column = (size_t)number * a->head_dim;
    at->query = (size_t)(a->query_offset[s] - a->query_offset[0]);
    at->key = (size_t)(a->key_offset[s] - a->key_offset[0]) * a->ldkv + column;
    at->pair = pair;
    h.q = a->q + at->query * a->ldq + column;
    h.k = a->k + at->key;
    h.v = a->v + at->key;
    h.multiplier = a->multiplier ? a->multiplier + pair : NULL;
    h.place = a->query_place ? a->query_place + at->query : NULL;
    return h;
}

CLONED void op_attend_forward(const struct attention *a, real *probability, real *y,
                              real *scratch) {
    size_t pair = 0, width = (size_t)a->heads * a->head_dim;
    for (int s = 0; s < a->sequences; s++)
        for (int number = 0; number < a->heads; number++) {
            struct place at;
            struct head h = head_of(a, s, number, pair, &at);
            attend_forward(a, &h, probability + pair,
                           y + at.query * width + (size_t)number * a->head_dim, scratch);
            pair += (size_t)h.queries * (size_t)h.keys;
        }
}

CLONED void op_attend_backward(const struct attention *a, const real *probability, const real *dy,
                               const struct attention_gradient *d, real *scratch) {
    size_t pair = 0, width = (size_t)a->heads * a->head_dim;
    for (int s = 0; s < a->sequences; s++)
        for (int number = 0; number < a->heads; number++) {
            struct place at;
            struct head h = head_of(a, s, number, pair, &at);
            size_t column = (size_t)number * a->head_dim;
            attend_backward(a, &h, probability + pair, dy + at.query * width + column,
                            d->q + at.query * a->ldq + column, d->k + at.key, d->v + at.key, d,
                            scratch);
            pair += (size_t)h.queries * (size_t)h.keys;
        }
}
