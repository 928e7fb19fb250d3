#include "nn/transformer_buffers.h"

#include <stdlib.h>

#include "lib/mem.h"

struct transformer_buffers *transformer_buffers_new(const struct transformer *model) {
    const struct transformer_config *c = &model->config;
    struct transformer_buffers *b = mem_alloc(1, sizeof *b);
    b->block_at = mem_alloc((size_t)c->layers, sizeof *b->block_at);
    b->block = mem_alloc((size_t)c->layers, sizeof *b->block);
    b->stream = mem_alloc((size_t)c->layers + 1, sizeof *b->stream);
    b->norms = 2 * c->layers + (c->norm == NORM_PRE);

    /* The order of transformer_new. */
    const struct param *t = model->params.table;
    b->embedding = t++->offset;
    if (c->positions == POSITIONS_LEARNED)
        b->position = t++->offset;
    for (int l = 0; l < c->layers; l++) {
        struct block_offsets *at = &b->block_at[l];
        at->in_weight = t++->offset;
        at->in_bias = t++->offset;
        at->out_weight = t++->offset;
        at->out_bias = t++->offset;
        at->up_weight = t++->offset;
        at->up_bias = t++->offset;
        at->down_weight = t++->offset;
        at->down_bias = t++->offset;
        at->gain1 = t++->offset;
        at->bias1 = t++->offset;
        at->gain2 = t++->offset;
        at->bias2 = t++->offset;
    }
    if (c->norm == NORM_PRE) {
        b->final_gain = t++->offset;
        b->final_bias = t++->offset;
    }
    b->output = c->tied ? b->embedding : t->offset;

    if (c->positions == POSITIONS_SINUSOIDAL) {
        b->sinusoid = mem_aligned((size_t)c->max_length * (size_t)c->dim, sizeof(real));
        op_sinusoid(c->max_length, c->dim, b->sinusoid);
    }
    return b;
}

static void free_room(struct transformer_buffers *b) {
    free(b->memory);
    free(b->integers);
    free(b->chunk_probability);
    free(b->chunk_loss);
    free(b->worker);
}

void transformer_buffers_free(struct transformer_buffers *b) {
    if (!b)
        return;
    free_room(b);
    free(b->tile);
    free(b->block_at);
    free(b->block);
    free(b->stream);
    free(b->sinusoid);
    free(b);
}

/* With from NULL only counts, so that one function both measures and hands out. */
struct cursor {
    real *from;
    size_t used;
};

static real *take(struct cursor *c, size_t rows, size_t columns) {
    size_t n = rows * columns;
    real *p = c->from ? c->from + c->used : NULL;
    c->used += (n + 15) / 16 * 16;
    return p;
}

static size_t chunk_rows(const struct transformer_buffers *b) {
    size_t most = (size_t)TRANSFORMER_CHUNK_TOKENS + b->longest;
    return most < (size_t)b->tokens ? most : (size_t)b->tokens;
}

static size_t chunk_room(const struct transformer_buffers *b) {
    size_t most = (size_t)b->tokens / TRANSFORMER_CHUNK_TOKENS + 1;
    return most < (size_t)b->sequences ? most : (size_t)b->sequences;
}

static void lay_out(struct transformer *model, struct cursor *m) {
    struct transformer_buffers *b = model->buffers;
    const struct transformer_config *c = &model->config;
    size_t t = b->tokens, d = c->dim, f = c->feedforward;
    bool pre = c->norm == NORM_PRE;
    for (int l = 0; l <= c->layers; l++)
        b->stream[l] = take(m, t, d);
    for (int l = 0; l < c->layers; l++) {
        struct block_buffers *k = &b->block[l];
        k->attended = pre ? take(m, t, d) : b->stream[l];
        k->qkv = take(m, t, 3 * d);
        k->probability = take(m, t * (size_t)b->longest, (size_t)c->heads);
        k->context = take(m, t, d);
        k->sum1 = take(m, t, d);
        k->middle = take(m, t, d);
        k->slope = take(m, t, f);
        k->hidden = take(m, t, f);
        k->sum2 = pre ? NULL : take(m, t, d);
        k->mean1 = take(m, t, 1);
        k->rstd1 = take(m, t, 1);
        k->mean2 = take(m, t, 1);
        k->rstd2 = take(m, t, 1);
        k->dqkv = take(m, t, 3 * d);
        k->dsum1 = take(m, t, d);
        k->dsum2 = take(m, t, d);
    }
    if (pre) {
        b->final = take(m, t, d);
        b->final_mean = take(m, t, 1);
        b->final_rstd = take(m, t, 1);
    }
    b->selected = take(m, t, d);
    b->logits = take(m, t, (size_t)c->vocabulary);
    b->dembedded = take(m, t, d);
    b->norm_partial = take(m, chunk_room(b) * (size_t)b->norms, 2 * d);
    for (int w = 0; w < b->workers; w++) {
        size_t rows = chunk_rows(b);
        b->worker[w].stream = take(m, rows, d);
        b->worker[w].narrow = take(m, rows, d);
        b->worker[w].wide = take(m, rows, f);
        b->worker[w].attention = take(m, op_attention_scratch(b->longest, c->dim / c->heads), 1);
    }
}

static void add_tile(struct transformer_buffers *b, struct tile tile) {
    size_t room = (size_t)b->tile_room;
    b->tile = mem_grow(b->tile, &room, (size_t)b->tiles + 1, sizeof *b->tile);
    b->tile_room = (int)room;
    b->tile[b->tiles++] = tile;
}

/* The most rows and columns of a tile: wide enough that packing its operands costs BLAS little,
 * and small enough that several workers find tasks in a small model. */
enum { TILE_OUT = 256, TILE_IN = 512 };

static void add_weight(struct transformer_buffers *b, struct tile t) {
    for (int o = 0; o < t.out; o += TILE_OUT)
        for (int i = 0; i < t.in; i += TILE_IN) {
            t.out_first = o;
            t.out_last = o + TILE_OUT < t.out ? o + TILE_OUT : t.out;
            t.in_first = i;
            t.in_last = i + TILE_IN < t.in ? i + TILE_IN : t.in;
            add_tile(b, t);
        }
}

/* Vocabulary matrices are cut by rows alone, for the scatter of the embedding's gradient. */
static void add_vocabulary(struct transformer_buffers *b, enum tile_kind kind, int vocabulary,
                           int dim, size_t weight) {
    for (int v = 0; v < vocabulary; v += TILE_OUT)
        add_tile(b, (struct tile){.kind = kind,
                                  .in = dim,
                                  .in_last = dim,
                                  .out = vocabulary,
                                  .out_first = v,
                                  .out_last = v + TILE_OUT < vocabulary ? v + TILE_OUT : vocabulary,
                                  .weight = weight});
}

static void add_norm(struct transformer_buffers *b, int norm, size_t gain, size_t bias) {
    add_tile(b, (struct tile){.kind = TILE_NORM, .norm = norm, .weight = gain, .bias = bias});
}

static void list_tiles(struct transformer *model) {
    struct transformer_buffers *b = model->buffers;
    const struct transformer_config *c = &model->config;
    int d = c->dim, f = c->feedforward;
    b->tiles = 0;
    for (int l = 0; l < c->layers; l++) {
        const struct block_offsets *at = &b->block_at[l];
        const struct block_buffers *k = &b->block[l];
        add_weight(b, (struct tile){.in = d,
                                    .out = f,
                                    .x = k->middle,
                                    .dy = k->slope,
                                    .weight = at->up_weight,
                                    .bias = at->up_bias});
        add_weight(b, (struct tile){.in = f,
                                    .out = d,
                                    .x = k->hidden,
                                    .dy = k->dsum2,
                                    .weight = at->down_weight,
                                    .bias = at->down_bias});
        add_weight(b, (struct tile){.in = d,
                                    .out = 3 * d,
                                    .x = k->attended,
                                    .dy = k->dqkv,
                                    .weight = at->in_weight,
                                    .bias = at->in_bias});
        add_weight(b, (struct tile){.in = d,
                                    .out = d,
                                    .x = k->context,
                                    .dy = k->dsum1,
                                    .weight = at->out_weight,
                                    .bias = at->out_bias});
    }
    if (!c->tied)
        add_vocabulary(b, TILE_OUTPUT, c->vocabulary, d, b->output);
    add_vocabulary(b, TILE_EMBEDDING, c->vocabulary, d, b->embedding);
    if (c->positions == POSITIONS_LEARNED)
        add_tile(b, (struct tile){.kind = TILE_POSITION, .weight = b->position});
    for (int l = 0; l < c->layers; l++) {
        const struct block_offsets *at = &b->block_at[l];
        add_norm(b, 2 * l, at->gain1, at->bias1);
        add_norm(b, 2 * l + 1, at->gain2, at->bias2);
    }
    if (c->norm == NORM_PRE)
        add_norm(b, 2 * c->layers, b->final_gain, b->final_bias);
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

void transformer_reserve(struct transformer *model, int tokens, int sequences, int longest,
                         int workers) {
    struct transformer_buffers *b = model->buffers;
    if (longest == 0)
        longest = model->config.max_length;
    if (tokens <= b->tokens && sequences <= b->sequences && longest <= b->longest &&
        workers <= b->workers)
        return;
    free_room(b);
    b->tokens = larger(tokens, b->tokens);
    b->sequences = larger(sequences, b->sequences);
    b->longest = larger(longest, b->longest);
    b->workers = larger(workers, b->workers);

    b->worker = mem_alloc((size_t)b->workers, sizeof *b->worker);
    struct cursor measure = {0};
    lay_out(model, &measure);
    b->memory = mem_aligned(measure.used, sizeof(real));
    struct cursor hand_out = {.from = b->memory};
    lay_out(model, &hand_out);
    list_tiles(model);

    size_t chunks = chunk_room(b);
    b->integers = mem_alloc(2 * (chunks + 1) + 2 * (size_t)b->tokens, sizeof *b->integers);
    b->chunk_first = b->integers;
    b->chunk_selected = b->chunk_first + chunks + 1;
    b->selected_row = b->chunk_selected + chunks + 1;
    b->selected_target = (int32_t *)(b->selected_row + b->tokens);
    b->chunk_probability = mem_alloc(chunks, sizeof *b->chunk_probability);
    b->chunk_loss = mem_alloc(chunks, sizeof *b->chunk_loss);
}
