#include <stdlib.h>

#include "lib/rng.h"
#include "nn/feed_private.h"

static void order_epoch(struct feed *f, struct phase *p, uint64_t epoch) {
    if (epoch == p->epoch)
        return;
    struct rng r = rng_at(f->request.seed_order, RNG_ORDER, p->number | epoch);
    rng_permutation(&r, p->order, (uint32_t)p->store.n);
    p->epoch = epoch;
    size_t end = 0, marks = (size_t)f->layout.bos + f->layout.eos;
    for (size_t i = 0; p->ends && i < p->store.n; i++) {
        const struct example_item *item = &p->store.items[p->order[i]];
        end += marks + item->n_source + item->n_target;
        p->ends[i] = end;
    }
}

/* The example at a place of the endless row of epochs. */
static size_t index_at(struct feed *f, struct phase *p, uint64_t place) {
    order_epoch(f, p, place / p->store.n);
    return p->order[place % p->store.n];
}

void phase_prepare(struct feed *f, struct phase *p) {
    const struct feed_request *q = &f->request;
    p->epoch = UINT64_MAX;
    if (q->by != BATCH_ALL)
        p->order = mem_alloc(p->store.n, sizeof *p->order);
    if (!q->pack)
        return;
    p->ends = mem_alloc(p->store.n, sizeof *p->ends);
    p->tokens = p->store.tokens.n + p->store.n * ((size_t)f->layout.bos + f->layout.eos);
}

struct feed_sizes phase_largest_batch(struct feed *f, struct phase *p) {
    struct feed_sizes most = {.sequences = f->request.batch};
    uint64_t batch = (uint64_t)f->request.batch, place = 0;
    uint64_t epochs = (batch + p->store.n - 1) / p->store.n; /* in a batch; mostly 1 */
    batch = epochs > 1 ? p->store.n : batch;
    do {
        int64_t tokens = 0, memory = 0;
        for (uint64_t i = 0; i < batch; i++, place++) {
            size_t k = index_at(f, p, place);
            int64_t own = (int64_t)layout_memory_rows(&f->layout, p->store.items[k].n_source);
            tokens += (int64_t)feed_rows(f, &p->store, k) - own;
            memory += own;
        }
        most.tokens = tokens > most.tokens ? tokens : most.tokens;
        most.memory = memory > most.memory ? memory : most.memory;
    } while (place + batch <= p->store.n);
    most.tokens *= (int64_t)epochs;
    most.memory *= (int64_t)epochs;
    return most;
}

static int batch_of_examples(struct feed *f, struct phase *p, int64_t step, struct err *err) {
    uint64_t place = (uint64_t)step * (uint64_t)f->request.batch;
    for (int64_t i = 0; i < f->request.batch; i++, place++)
        if (feed_add(f, &p->store, index_at(f, p, place), p->number | place, err) != 0)
            return -1;
    return 0;
}

static int batch_of_all(struct feed *f, struct phase *p, int64_t step, struct err *err) {
    size_t number = (size_t)(p - f->phases) + 1;
    bool drawn = f->layout.objective == OBJECTIVE_MASKED && !f->layout.masking.cloze;
    if (!drawn && f->fixed_phase == number)
        return 0;
    packed_clear(&f->packed);
    for (size_t i = 0; i < p->store.n; i++)
        if (feed_add(f, &p->store, i, p->number | ((uint64_t)step * p->store.n + i), err) != 0)
            return -1;
    f->fixed_phase = number;
    return 0;
}

/* Where the batch from a place on ends: at least one example, as all fit. */
static uint64_t end_of_batch(struct feed *f, struct phase *p, uint64_t place) {
    size_t room = (size_t)f->request.batch, rows;
    while ((rows = feed_rows(f, &p->store, index_at(f, p, place))) <= room) {
        room -= rows;
        place++;
    }
    return place;
}

static int batch_of_tokens(struct feed *f, struct phase *p, int64_t step, struct err *err) {
    if (step < p->batches)
        p->batches = 0, p->place = 0;
    for (; p->batches < step; p->batches++)
        p->place = end_of_batch(f, p, p->place);
    uint64_t end = end_of_batch(f, p, p->place);
    for (; p->place < end; p->place++)
        if (feed_add(f, &p->store, index_at(f, p, p->place), p->number | p->place, err) != 0)
            return -1;
    p->batches++;
    return 0;
}

/* The example of the epoch in order that holds its token number `at`. */
static size_t find_token(const struct phase *p, size_t at) {
    size_t low = 0, high = p->store.n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->ends[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int batch_of_rows(struct feed *f, struct phase *p, int64_t step, struct err *err) {
    uint64_t rows = (uint64_t)f->request.batch * (uint64_t)f->request.pack, first;
    if (__builtin_mul_overflow((uint64_t)step, rows, &first))
        return err_set(err, STATUS_DATA, "step %lld is beyond 2^64 tokens", (long long)step);
    uint64_t epoch = first / p->tokens;
    size_t at = (size_t)(first % p->tokens), i;
    order_epoch(f, p, epoch);
    i = find_token(p, at);
    size_t begun = i ? p->ends[i - 1] : 0;
    f->input.n = f->target.n = 0;
    while (f->input.n < at - begun + rows + 1) {
        feed_put_marked(f, &p->store, p->order[i], &f->input, &f->target);
        if (++i == p->store.n) {
            order_epoch(f, p, ++epoch);
            i = 0;
        }
    }
    feed_cut(f, f->input.items + (at - begun), f->target.items + (at - begun));
    return 0;
}

int phase_batch(struct feed *f, struct phase *p, int64_t step, struct err *err) {
    if (f->request.by == BATCH_ALL)
        return batch_of_all(f, p, step, err);
    packed_clear(&f->packed);
    if (f->request.pack)
        return batch_of_rows(f, p, step, err);
    return f->request.by == BATCH_TOKENS ? batch_of_tokens(f, p, step, err)
                                         : batch_of_examples(f, p, step, err);
}
