#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/rng.h"
#include "nn/feed_private.h"

/* Copy example i of a store into another, which holds nothing else. */
static void take(const struct row_format *f, struct example_store *to,
                 const struct example_store *from, size_t i) {
    const struct example_item *item = &from->items[i];
    size_t n = (size_t)item->n_source + item->n_target;
    example_store_clear(to);
    to->tokens.items = mem_grow(to->tokens.items, &to->tokens.cap, n + 1, sizeof(int32_t));
    if (n)
        memcpy(to->tokens.items, from->tokens.items + item->begin, n * sizeof(int32_t));
    to->tokens.n = n;
    to->items = mem_grow(to->items, &to->cap_items, 1, sizeof *to->items);
    to->items[0] = (struct example_item){0, item->n_source, item->n_target};
    to->n = 1;
    if (from->n_feature) {
        size_t k = (size_t)f->n_features;
        to->feature = mem_grow(to->feature, &to->cap_feature, k, sizeof(real));
        memcpy(to->feature, from->feature + i * k, k * sizeof(real));
        to->n_feature = k;
    }
    if (from->n_value) {
        size_t k = (size_t)f->n_values;
        to->value = mem_grow(to->value, &to->cap_value, k, sizeof(real));
        memcpy(to->value, from->value + i * k, k * sizeof(real));
        to->n_value = k;
    }
}

/* Read one row to s->waiting. 0: there is none. */
static int read_row(struct feed *f, struct err *err) {
    struct stream *s = f->stream;
    char **fields;
    int got = corpus_next(s->corpus, &fields, err);
    if (got <= 0)
        return got;
    example_store_clear(&s->waiting);
    s->next = 0;
    if (feed_read(f, &s->row, fields, &s->waiting, err) != 0)
        return -1;
    for (size_t i = 0; i < s->waiting.n; i++)
        feed_hash_example(f, &s->waiting, i, s->hash);
    return 1;
}

/* The next example in the order of the stream. 1: in *to; 0: the end. */
static int next_in_order(struct feed *f, struct example_store *to, struct err *err) {
    struct stream *s = f->stream;
    if (s->ended)
        return 0;
    if (s->next == s->waiting.n) {
        int got = read_row(f, err);
        s->ended = got == 0;
        if (got <= 0)
            return got;
    }
    take(&f->format, to, &s->waiting, s->next++);
    return 1;
}

/* The next example into s->given, through the shuffle buffer if there is one. */
static int next_given(struct feed *f, struct err *err) {
    struct stream *s = f->stream;
    if (s->unread) {
        s->unread = false;
        return 1;
    }
    size_t room = (size_t)f->request.shuffle_buffer;
    int got = 1;
    if (room == 0) {
        got = next_in_order(f, &s->given.store, err);
    } else {
        while (s->n_buffer < room && got > 0) {
            s->buffer = mem_grow(s->buffer, &s->cap_buffer, s->n_buffer + 1, sizeof *s->buffer);
            got = next_in_order(f, &s->buffer[s->n_buffer].store, err);
            s->n_buffer += got > 0;
        }
        if (got >= 0 && s->n_buffer) {
            struct rng r = rng_at(f->request.seed_order, RNG_BUFFER, s->shown);
            size_t i = (size_t)rng_below64(&r, s->n_buffer);
            struct slot drawn = s->buffer[i];
            s->buffer[i] = s->buffer[--s->n_buffer];
            s->buffer[s->n_buffer] = s->given;
            s->given = drawn;
            got = 1;
        }
    }
    if (got == 0)
        return err_set(err, STATUS_DATA, "%s: ended at step %lld; the run needs more examples",
                       corpus_name(s->corpus), (long long)s->next_step);
    s->shown += got > 0;
    return got;
}

static int stream_examples(struct feed *f, bool skip, struct err *err) {
    for (int64_t i = 0; i < f->request.batch; i++)
        if (next_given(f, err) < 0 ||
            (!skip && feed_add(f, &f->stream->given.store, 0, f->stream->shown - 1, err) != 0))
            return -1;
    return 0;
}

static int stream_tokens(struct feed *f, bool skip, struct err *err) {
    struct stream *s = f->stream;
    for (size_t room = (size_t)f->request.batch;;) {
        if (next_given(f, err) < 0)
            return -1;
        size_t rows = feed_rows(f, &s->given.store, 0);
        if (rows > room) {
            s->unread = true;
            return 0;
        }
        room -= rows;
        if (!skip && feed_add(f, &s->given.store, 0, s->shown - 1, err) != 0)
            return -1;
    }
}

static int stream_rows(struct feed *f, struct err *err) {
    struct stream *s = f->stream;
    struct tokens *x = &s->carried_input, *y = &s->carried_target;
    size_t rows = (size_t)(f->request.batch * f->request.pack);
    while (x->n < rows + 1) {
        if (next_given(f, err) < 0)
            return -1;
        feed_put_marked(f, &s->given.store, 0, x, y);
    }
    feed_cut(f, x->items, y->items);
    x->n -= rows;
    y->n -= rows;
    memmove(x->items, x->items + rows, x->n * sizeof *x->items);
    memmove(y->items, y->items + rows, y->n * sizeof *y->items);
    return 0;
}

int stream_batch(struct feed *f, bool skip, struct err *err) {
    packed_clear(&f->packed);
    if (f->request.pack)
        return stream_rows(f, err);
    return f->request.by == BATCH_TOKENS ? stream_tokens(f, skip, err)
                                         : stream_examples(f, skip, err);
}

void stream_free(struct stream *s) {
    if (!s)
        return;
    row_reader_close(&s->row);
    corpus_close(s->corpus);
    if (s->hash)
        hash_end(s->hash);
    example_store_free(&s->waiting);
    example_store_free(&s->given.store);
    for (size_t i = 0; i < s->cap_buffer; i++)
        example_store_free(&s->buffer[i].store);
    free(s->buffer);
    free(s->carried_input.items);
    free(s->carried_target.items);
    free(s);
}
