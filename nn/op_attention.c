#include <math.h>

#include "nn/op.h"
#include "nn/small_product.h"
#include "nn/softmax_rows.h"

size_t op_attention_scratch(int longest, int head_dim) {
    return ((size_t)head_dim + longest) * padded(longest);
}

/* One head of one sequence. Gradients are laid out as q, k and v. */
struct head {
    int queries, keys, head_dim, ldq, ldkv, ldy;
    real scale;
    const real *q, *k, *v;
    const int *place; /* of the queries; NULL: 0, 1, 2 ..., as many as there are keys */
};

INLINE int seen_by(const void *head, int query) {
    const struct head *h = head;
    return (h->place ? h->place[query] : query) + 1;
}

/* Of every query x (rows `ld` numbers apart) the products with the rows of k or v (y): queries x
 * keys, padded. One query is itself a column, so that its keys need not be turned. */
INLINE void multiply_keys(const struct head *h, const real *x, int ld, const real *y, real *turned,
                          real *out) {
    const struct product_kernels *kernels = product_kernels();
    int width = padded(h->keys), d = h->head_dim;
    if (h->queries == 1) {
        kernels->small(h->keys, 1, d, y, h->ldkv, 1, x, 1, BAND_ALL, out, 1);
        for (int j = h->keys; j < width; j++)
            out[j] = 0;
        return;
    }
    kernels->transpose(h->keys, d, y, h->ldkv, width, turned);
    kernels->small(h->queries, width, d, x, ld, 1, turned, width, BAND_ALL, out, width);
}

INLINE void head_forward(const struct head *h, real *p, real *y, real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    int n = h->keys, width = padded(n);
    real *score = scratch + (size_t)h->head_dim * width;
    multiply_keys(h, h->q, h->ldq, h->k, scratch, score);
    softmax_rows(seen_by, h, h->queries, n, h->scale, score, p);
    kernels->small(h->queries, h->head_dim, n, p, n, 1, h->v, h->ldkv,
                   h->place ? BAND_ALL : BAND_LOWER, y, h->ldy);
}

INLINE void head_backward(const struct head *h, const real *p, const real *dy, real *dq, real *dk,
                          real *dv, real *scratch) {
    const struct product_kernels *kernels = product_kernels();
    int n = h->keys, d = h->head_dim, width = padded(n);
    enum band lower = h->place ? BAND_ALL : BAND_LOWER, upper = h->place ? BAND_ALL : BAND_UPPER;
    real *ds = scratch + (size_t)d * width;
    kernels->small(n, d, h->queries, p, 1, n, dy, h->ldy, upper, dv, h->ldkv);
    multiply_keys(h, dy, h->ldy, h->v, scratch, ds);
    softmax_rows_backward(seen_by, h, h->queries, n, h->scale, p, ds);
    kernels->small(h->queries, d, n, ds, width, 1, h->k, h->ldkv, lower, dq, h->ldq);
    kernels->small(n, d, h->queries, ds, 1, width, h->q, h->ldq, upper, dk, h->ldkv);
}

/* Where sequence s stands in the rows of queries and keys. */
INLINE void stand(const struct attention *a, int s, struct head *h, size_t *query, size_t *key) {
    *query = (size_t)(a->query_offset[s] - a->query_offset[0]);
    *key = (size_t)(a->key_offset[s] - a->key_offset[0]) * a->ldkv;
    h->queries = a->query_offset[s + 1] - a->query_offset[s];
    h->keys = a->key_offset[s + 1] - a->key_offset[s];
    h->place = a->query_place ? a->query_place + *query : NULL;
}

CLONED void op_attention_places_forward(const struct attention *a, real *probability, real *y,
                                        real *scratch) {
    size_t dim = (size_t)a->heads * a->head_dim, query, key;
    struct head h = {.head_dim = a->head_dim,
                     .ldq = a->ldq,
                     .ldkv = a->ldkv,
                     .ldy = (int)dim,
                     .scale = a->scale};
    for (int s = 0; s < a->sequences; s++) {
        stand(a, s, &h, &query, &key);
        for (size_t column = 0; column < dim && h.queries > 0; column += a->head_dim) {
            h.q = a->q + query * a->ldq + column;
            h.k = a->k + key + column;
            h.v = a->v + key + column;
            head_forward(&h, probability, y + query * dim + column, scratch);
            probability += (size_t)h.queries * h.keys;
        }
    }
}

CLONED void op_attention_places_backward(const struct attention *a, const real *probability,
                                         const real *dy, const struct attention_gradient *d,
                                         real *scratch) {
    size_t dim = (size_t)a->heads * a->head_dim, query, key;
    struct head h = {.head_dim = a->head_dim,
                     .ldq = a->ldq,
                     .ldkv = a->ldkv,
                     .ldy = (int)dim,
                     .scale = a->scale};
    for (int s = 0; s < a->sequences; s++) {
        stand(a, s, &h, &query, &key);
        for (size_t column = 0; column < dim; column += a->head_dim) {
            h.q = a->q + query * a->ldq + column;
            h.k = a->k + key + column;
            h.v = a->v + key + column;
            head_backward(&h, probability, dy + query * dim + column,
                          d->q + query * a->ldq + column, d->k + key + column, d->v + key + column,
                          scratch);
            probability += (size_t)h.queries * h.keys;
        }
    }
}

/* Queries, keys and values side by side in the rows of qkv. */
static struct attention side_by_side(int sequences, const int *offset, int heads, int head_dim,
                                     const real *qkv) {
    int dim = heads * head_dim;
    return (struct attention){.heads = heads,
                              .head_dim = head_dim,
                              .scale = (real)(1 / sqrt(head_dim)),
                              .sequences = sequences,
                              .query_offset = offset,
                              .key_offset = offset,
                              .q = qkv,
                              .k = qkv + dim,
                              .v = qkv + 2 * dim,
                              .ldq = 3 * dim,
                              .ldkv = 3 * dim};
}

void op_attention_forward(int sequences, const int *offset, int heads, int head_dim,
                          const real *qkv, real *probability, real *y, real *scratch) {
    struct attention a = side_by_side(sequences, offset, heads, head_dim, qkv);
    op_attention_places_forward(&a, probability, y, scratch);
}

void op_attention_backward(int sequences, const int *offset, int heads, int head_dim,
                           const real *qkv, const real *probability, const real *dy, real *dqkv,
                           real *scratch) {
    struct attention a = side_by_side(sequences, offset, heads, head_dim, qkv);
    int dim = heads * head_dim;
    struct attention_gradient d = {.q = dqkv, .k = dqkv + dim, .v = dqkv + 2 * dim};
    op_attention_places_backward(&a, probability, dy, &d, scratch);
}
