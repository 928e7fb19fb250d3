#include "gen/shuffle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gen/keyed.h"
#include "gen/spill.h"
#include "gen/spill_merge.h"
#include "lib/rng.h"

enum { LEAST_BLOCK = 1 << 16, MOST_BLOCK = 1 << 22, LEAST_ROOM = 1 << 15, MOST_ROOM = 1 << 22 };

struct block {
    char *bytes;
    size_t size, used;
};

/* The rows in memory lie in blocks, each with its LF. The place of a row: the number of its block
 * in the upper half, the offset in the lower. */
struct shuffle {
    uint64_t seed, rows;
    size_t memory, block_size, held; /* held: bytes in blocks */
    size_t longest;                  /* row, so far */
    char *folder;
    struct block *blocks;
    size_t n_blocks, cap_blocks, current;
    struct keyed *items;
    size_t n, cap, next;
    bool reading;
    /* what was moved out of memory: run k has the bytes from bounds[k] to bounds[k + 1] */
    struct spill *file;
    int64_t *bounds;
    size_t n_runs, cap_bounds;
    struct spill_merge merge;
};

static size_t clamp(size_t x, size_t least, size_t most) {
    return x < least ? least : x > most ? most : x;
}

struct shuffle *shuffle_new(uint64_t seed, size_t memory, const char *folder) {
    struct shuffle *s = mem_alloc(1, sizeof *s);
    s->seed = seed;
    s->memory = memory;
    s->block_size = clamp(memory / 16, LEAST_BLOCK, MOST_BLOCK);
    s->folder = mem_strdup(folder);
    return s;
}

uint64_t shuffle_rows(const struct shuffle *s) {
    return s->rows;
}

size_t shuffle_held(const struct shuffle *s) {
    return s->held + s->cap * sizeof *s->items;
}

static void row_at(const struct shuffle *s, uint64_t place, const char **row, size_t *len) {
    const struct block *b = &s->blocks[place >> 32];
    size_t from = (size_t)(place & UINT32_MAX);
    *row = b->bytes + from;
    *len = (size_t)((const char *)memchr(*row, '\n', b->used - from) - *row);
}

/* Begin a run at the end of a file. */
static void add_bound(int64_t **bounds, size_t *n_runs, size_t *cap, int64_t end) {
    *bounds = mem_grow(*bounds, cap, *n_runs + 2, sizeof **bounds);
    (*bounds)[++*n_runs] = end;
}

/* Move the rows in memory to the file, in order. */
static int move_out(struct shuffle *s, struct err *err) {
    if (!s->file && !(s->file = spill_new(s->folder, err)))
        return -1;
    keyed_sort(s->items, s->n);
    for (size_t i = 0; i < s->n; i++) {
        const char *row;
        size_t len;
        row_at(s, s->items[i].place, &row, &len);
        if (spill_put(s->file, s->items[i].key, row, len, err) != 0)
            return -1;
    }
    int64_t end = spill_flush(s->file, err);
    if (end < 0)
        return -1;
    add_bound(&s->bounds, &s->n_runs, &s->cap_bounds, end);
    for (size_t k = 0; k < s->n_blocks; k++)
        s->blocks[k].used = 0;
    s->n = s->current = 0;
    return 0;
}

/* Whether the row fits into memory with what is there. */
static bool fits(const struct shuffle *s, size_t len) {
    size_t items = s->n < s->cap ? s->cap : 2 * s->cap, blocks = s->held;
    bool room = false;
    for (size_t k = s->current; k < s->n_blocks && !room; k++)
        room = s->blocks[k].size - s->blocks[k].used > len;
    if (!room)
        blocks += len < s->block_size ? s->block_size : len + 1;
    return items * sizeof *s->items + blocks <= s->memory;
}

/* A block with room for so many bytes becomes the current one. */
static struct block *block_for(struct shuffle *s, size_t bytes) {
    while (s->current < s->n_blocks &&
           s->blocks[s->current].size - s->blocks[s->current].used < bytes)
        s->current++;
    if (s->current == s->n_blocks) {
        size_t size = bytes > s->block_size ? bytes : s->block_size;
        s->blocks = mem_grow(s->blocks, &s->cap_blocks, s->n_blocks + 1, sizeof *s->blocks);
        s->blocks[s->n_blocks++] = (struct block){mem_alloc(size, 1), size, 0};
        s->held += size;
    }
    return &s->blocks[s->current];
}

static void free_memory(struct shuffle *s) {
    for (size_t k = 0; k < s->n_blocks; k++)
        free(s->blocks[k].bytes);
    free(s->blocks);
    free(s->items);
    s->blocks = NULL;
    s->items = NULL;
    s->n_blocks = s->cap_blocks = s->current = s->n = s->cap = s->held = 0;
}

int shuffle_add(struct shuffle *s, const char *row, size_t len, struct err *err) {
    if (s->n && !fits(s, len) && move_out(s, err) != 0)
        return -1;
    if (!s->n && !fits(s, len)) /* blocks that are too short for it would stay beside its own */
        free_memory(s);
    s->longest = len > s->longest ? len : s->longest;
    struct block *b = block_for(s, len + 1);
    struct rng r = rng_at(s->seed, RNG_SHUFFLE, s->rows++);
    s->items = mem_grow(s->items, &s->cap, s->n + 1, sizeof *s->items);
    s->items[s->n++] = (struct keyed){rng_u64(&r), (uint64_t)s->current << 32 | b->used};
    memcpy(b->bytes + b->used, row, len);
    b->bytes[b->used + len] = '\n';
    b->used += len + 1;
    return 0;
}

static int merge_into(struct spill *to, struct spill *from, const int64_t *bounds, size_t n,
                      size_t room, struct err *err) {
    struct spill_merge m;
    const struct spill_run *record;
    int got = spill_merge_start(&m, from, bounds, n, room, err);
    while (got >= 0 && (got = spill_merge_next(&m, &record, err)) > 0)
        if (spill_put(to, record->key, record->row, record->len, err) != 0)
            got = -1;
    spill_merge_free(&m);
    return got;
}

/* Merge each `most` runs that follow one another into one, in a file of their own. */
static int merge_runs(struct shuffle *s, size_t most, size_t room, struct err *err) {
    struct spill *file = spill_new(s->folder, err);
    int64_t *bounds = NULL;
    size_t n_runs = 0, cap = 0;
    int result = file ? 0 : -1;
    for (size_t k = 0; k < s->n_runs && result == 0; k += most) {
        size_t n = s->n_runs - k < most ? s->n_runs - k : most;
        result = merge_into(file, s->file, s->bounds + k, n, room, err);
        int64_t end = result == 0 ? spill_flush(file, err) : -1;
        if (end < 0)
            result = -1;
        else
            add_bound(&bounds, &n_runs, &cap, end);
    }
    if (result != 0) {
        spill_free(file);
        free(bounds);
        return -1;
    }
    spill_free(s->file);
    free(s->bounds);
    s->file = file;
    s->bounds = bounds;
    s->n_runs = n_runs;
    s->cap_bounds = cap;
    return 0;
}

/* All rows have been added. */
static int begin_reading(struct shuffle *s, struct err *err) {
    s->reading = true;
    if (!s->file) {
        keyed_sort(s->items, s->n);
        return 0;
    }
    if (move_out(s, err) != 0)
        return -1;
    free_memory(s);
    /* Every run that is merged has a row in memory. */
    size_t most = clamp(s->memory / (s->longest + LEAST_ROOM), 2, SIZE_MAX);
    while (s->n_runs > most)
        if (merge_runs(s, most, LEAST_ROOM, err) != 0)
            return -1;
    return spill_merge_start(&s->merge, s->file, s->bounds, s->n_runs,
                             clamp(s->memory / s->n_runs, LEAST_ROOM, MOST_ROOM), err);
}

/* Rows lie anywhere in memory: ask for one to come that will soon be wanted. */
static void fetch_ahead(const struct shuffle *s) {
    enum { AHEAD = 12, LINES = 4, LINE = 64 };
    if (s->n - s->next <= AHEAD)
        return;
    uint64_t place = s->items[s->next + AHEAD].place;
    const struct block *b = &s->blocks[place >> 32];
    size_t from = (size_t)(place & UINT32_MAX);
    for (size_t at = from; at < b->used && at < from + LINES * LINE; at += LINE)
        __builtin_prefetch(b->bytes + at);
}

int shuffle_next(struct shuffle *s, const char **row, size_t *len, struct err *err) {
    if (!s->reading && begin_reading(s, err) != 0)
        return -1;
    if (s->file) {
        const struct spill_run *record;
        int got = spill_merge_next(&s->merge, &record, err);
        if (got > 0) {
            *row = record->row;
            *len = record->len;
        }
        return got;
    }
    if (s->next == s->n)
        return 0;
    fetch_ahead(s);
    row_at(s, s->items[s->next++].place, row, len);
    return 1;
}

void shuffle_free(struct shuffle *s) {
    if (!s)
        return;
    spill_merge_free(&s->merge);
    spill_free(s->file);
    free(s->bounds);
    free_memory(s);
    free(s->folder);
    free(s);
}
