#include "nn/packed.h"

#include <stdlib.h>
#include <string.h>

#include "lib/rng.h"

_Static_assert(sizeof(int) == sizeof(int32_t), "offsets are kept as tokens are");

void packed_clear(struct packed *p) {
    p->input.n = p->target.n = p->memory.n = p->label.n = 0;
    p->offset.n = p->memory_offset.n = p->prefix.n = 0;
    p->n_feature = p->n_value = 0;
    p->sequences = 0;
}

void packed_free(struct packed *p) {
    struct tokens *lists[] = {&p->input,  &p->target,        &p->memory, &p->label,
                              &p->offset, &p->memory_offset, &p->prefix};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        free(lists[i]->items);
    free(p->feature);
    free(p->value);
    *p = (struct packed){0};
}

/* Room for n more; their first. Never NULL, also for none. */
static int32_t *more(struct tokens *t, size_t n) {
    if (t->n + n >= t->cap)
        t->items = mem_grow_bare(t->items, &t->cap, t->n + n + 1, sizeof *t->items);
    t->n += n;
    return t->items + t->n - n;
}

static void copy(int32_t *to, const int32_t *from, size_t n) {
    if (n)
        memcpy(to, from, n * sizeof *to);
}

static void close_sequence(struct packed *p) {
    if (!p->offset.n)
        tokens_add(&p->offset, 0);
    tokens_add(&p->offset, (int32_t)p->input.n);
    p->sequences++;
}

/* Write [<bos>] source target [<eos>]; their number. */
static size_t put_marked(const struct layout *l, const int32_t *source, size_t n_source,
                         const int32_t *target, size_t n_target, int32_t *to) {
    int32_t *p = to;
    if (l->bos)
        *p++ = l->token_bos;
    copy(p, source, n_source);
    p += n_source;
    copy(p, target, n_target);
    p += n_target;
    if (l->eos)
        *p++ = l->token_eos;
    return (size_t)(p - to);
}

/* Rows that each predict the token after them; those before `first` are not counted. */
static void add_next_words(struct packed *p, const struct layout *l, const int32_t *source,
                           size_t n_source, const struct layout_example *e, size_t first) {
    size_t most = n_source + e->n_target + 2;
    int32_t *x = more(&p->input, most), *y = more(&p->target, most);
    size_t n = put_marked(l, source, n_source, e->target, e->n_target, x), rows = n ? n - 1 : 0;
    copy(y, x + 1, rows);
    for (size_t i = 0; i < first && i < rows; i++)
        y[i] = -1;
    p->input.n -= most - rows;
    p->target.n -= most - rows;
}

static int32_t hide(const struct layout *l, struct rng *r, int32_t word) {
    double u = rng_uniform(r);
    int32_t words = l->token_mask + 1; /* the marks stand first */
    if (u < l->masking.keep)
        return word;
    if (u < l->masking.keep + l->masking.random && l->vocabulary > words)
        return words + (int32_t)rng_below(r, (uint32_t)(l->vocabulary - words));
    return l->token_mask;
}

static void add_masked(struct packed *p, const struct layout *l, const struct layout_example *e,
                       uint64_t item) {
    size_t words = e->n_source + e->n_target, rows = layout_rows(l, e->n_source, e->n_target);
    int32_t *x = more(&p->input, rows), *y = more(&p->target, rows);
    put_marked(l, e->source, e->n_source, e->target, e->n_target, x);
    for (size_t i = 0; i < rows; i++)
        y[i] = -1;
    x += l->bos;
    y += l->bos;
    if (l->masking.cloze) {
        for (size_t i = e->n_target ? e->n_source : 0; i < words; i++)
            if (l->masking.cloze[x[i]]) {
                y[i] = x[i];
                x[i] = l->token_mask;
            }
        return;
    }
    struct rng r = rng_at(l->masking.seed, RNG_MASK, item);
    bool any = false;
    for (size_t i = 0; i < words; i++)
        if (rng_uniform(&r) < l->masking.share) {
            any = true;
            y[i] = x[i];
            x[i] = hide(l, &r, x[i]);
        }
    if (!any && words) {
        size_t i = rng_below(&r, (uint32_t)words);
        y[i] = x[i];
        x[i] = hide(l, &r, x[i]);
    }
}

static void add_reals(real **to, size_t *n, size_t *cap, const real *from, size_t count) {
    if (!count)
        return;
    *to = mem_grow(*to, cap, *n + count, sizeof **to);
    memcpy(*to + *n, from, count * sizeof **to);
    *n += count;
}

void packed_add(struct packed *p, const struct layout *l, const struct layout_example *e,
                uint64_t item, size_t features, size_t values) {
    if (layout_is_whole(l)) {
        if (e->source) {
            size_t rows = layout_rows(l, e->n_source, 0);
            int32_t *y = more(&p->target, rows);
            put_marked(l, e->source, e->n_source, NULL, 0, more(&p->input, rows));
            for (size_t i = 0; i < rows; i++)
                y[i] = -1;
        }
        add_reals(&p->feature, &p->n_feature, &p->cap_feature, e->feature, features);
        if (l->objective == OBJECTIVE_CLASS)
            tokens_add(&p->label, e->label);
        else
            add_reals(&p->value, &p->n_value, &p->cap_value, e->value, values);
    } else if (l->objective == OBJECTIVE_MASKED) {
        add_masked(p, l, e, item);
    } else if (l->shape == SHAPE_ENCODER_DECODER) {
        if (!p->memory_offset.n)
            tokens_add(&p->memory_offset, 0);
        copy(more(&p->memory, e->n_source), e->source, e->n_source);
        if (l->eos)
            tokens_add(&p->memory, l->token_eos);
        tokens_add(&p->memory_offset, (int32_t)p->memory.n);
        add_next_words(p, l, NULL, 0, e, 0);
    } else {
        int64_t first = layout_place(l, e->n_source, 0);
        if (l->bidirectional_prefix)
            tokens_add(&p->prefix, (int32_t)(l->bos + e->n_source));
        add_next_words(p, l, e->source, e->n_source, e,
                       l->objective == OBJECTIVE_TARGET && first > 0 ? (size_t)first : 0);
    }
    close_sequence(p);
}

void packed_add_rows(struct packed *p, const int32_t *input, const int32_t *target, size_t n) {
    copy(more(&p->input, n), input, n);
    copy(more(&p->target, n), target, n);
    close_sequence(p);
}

void packed_batch(const struct packed *p, struct batch *batch) {
    bool tokens = p->input.n > 0;
    *batch = (struct batch){.sequences = p->sequences,
                            .tokens = (int)p->input.n,
                            .offset = tokens ? p->offset.items : NULL,
                            .input = tokens ? p->input.items : NULL,
                            .target = tokens ? p->target.items : NULL,
                            .prefix = p->prefix.n ? p->prefix.items : NULL,
                            .memory_tokens = (int)p->memory.n,
                            .memory_offset = p->memory_offset.n ? p->memory_offset.items : NULL,
                            .memory = p->memory_offset.n ? p->memory.items : NULL,
                            .label = p->label.n ? p->label.items : NULL,
                            .feature = p->n_feature ? p->feature : NULL,
                            .value = p->n_value ? p->value : NULL};
}
