#include "nn/transformer.h"

#include <math.h>
#include <string.h>

#include "nn/transformer_buffers.h"

/* What the tasks of one call share. */
struct step {
    const struct transformer *model;
    const struct batch *batch;
    bool learning;
    real scale; /* of the loss of one token: 1 / counted tokens */
    transformer_visit *visit;
    void *ctx;
};

/* The rows of one chunk. */
struct chunk {
    int sequences, rows;
    const int *offset;
    size_t first;       /* row of the batch */
    size_t probability; /* in each block's probability */
    struct worker_buffers *scratch;
    real *norm_partial; /* norm x (gain, bias) x D */
};

static real *partial_gain(const struct transformer *model, const struct chunk *c, int norm) {
    return c->norm_partial + (size_t)norm * 2 * model->config.dim;
}

static const real *positions(const struct transformer *model) {
    const struct transformer_buffers *b = model->buffers;
    return b->sinusoid ? b->sinusoid : model->params.value + b->position;
}

static real embedding_scale(const struct transformer_config *c) {
    return c->scale_embedding ? (real)sqrt(c->dim) : 1;
}

/* Attention: sum1 = input + out(attention(in(attended))). */
static void attend_forward(const struct transformer *model, const struct chunk *c, int layer) {
    const struct transformer_config *config = &model->config;
    const struct block_offsets *at = &model->buffers->block_at[layer];
    const struct block_buffers *k = &model->buffers->block[layer];
    const real *value = model->params.value;
    int d = config->dim;
    size_t r = c->first;
    op_linear_forward(c->rows, d, 3 * d, k->attended + r * d, value + at->in_weight,
                      value + at->in_bias, NULL, k->qkv + r * 3 * d);
    op_attention_forward(c->sequences, c->offset, config->heads, d / config->heads,
                         k->qkv + r * 3 * d, k->probability + c->probability, k->context + r * d,
                         c->scratch->attention);
    op_linear_forward(c->rows, d, d, k->context + r * d, value + at->out_weight,
                      value + at->out_bias, model->buffers->stream[layer] + r * d, k->sum1 + r * d);
}

/* From dsum1 to the gradient of attended, which is added to dattended or stored there. */
static void attend_backward(const struct transformer *model, const struct chunk *c, int layer,
                            real *dcontext, bool add, real *dattended) {
    const struct transformer_config *config = &model->config;
    const struct block_offsets *at = &model->buffers->block_at[layer];
    const struct block_buffers *k = &model->buffers->block[layer];
    const real *value = model->params.value;
    int d = config->dim;
    size_t r = c->first;
    op_linear_backward_input(c->rows, d, d, k->dsum1 + r * d, value + at->out_weight, false,
                             dcontext);
    op_attention_backward(c->sequences, c->offset, config->heads, d / config->heads,
                          k->qkv + r * 3 * d, k->probability + c->probability, dcontext,
                          k->dqkv + r * 3 * d, c->scratch->attention);
    op_linear_backward_input(c->rows, d, 3 * d, k->dqkv + r * 3 * d, value + at->in_weight, add,
                             dattended);
}

/* Feed-forward: y = residual + down(f(up(middle))). */
static void feed_forward(const struct transformer *model, const struct chunk *c, int layer,
                         const real *residual, real *y) {
    const struct transformer_config *config = &model->config;
    const struct block_offsets *at = &model->buffers->block_at[layer];
    const struct block_buffers *k = &model->buffers->block[layer];
    const real *value = model->params.value;
    int d = config->dim, f = config->feedforward;
    size_t r = c->first;
    real *slope = k->slope + r * f, *hidden = k->hidden + r * f;
    op_linear_forward(c->rows, d, f, k->middle + r * d, value + at->up_weight, value + at->up_bias,
                      NULL, slope);
    op_activation_forward(config->activation, (size_t)c->rows * f, slope, hidden, slope);
    op_linear_forward(c->rows, f, d, hidden, value + at->down_weight, value + at->down_bias,
                      residual, y);
}

/* From dsum2 to the gradient of middle. */
static void feed_backward(const struct transformer *model, const struct chunk *c, int layer,
                          bool add, real *dmiddle) {
    const struct transformer_config *config = &model->config;
    const struct block_offsets *at = &model->buffers->block_at[layer];
    const struct block_buffers *k = &model->buffers->block[layer];
    const real *value = model->params.value;
    int d = config->dim, f = config->feedforward;
    size_t r = c->first;
    real *slope = k->slope + r * f, *wide = c->scratch->wide;
    op_linear_backward_input(c->rows, f, d, k->dsum2 + r * d, value + at->down_weight, false, wide);
    op_activation_backward((size_t)c->rows * f, slope, wide, slope);
    op_linear_backward_input(c->rows, d, f, slope, value + at->up_weight, add, dmiddle);
}

static void block_forward(const struct transformer *model, const struct chunk *c, int layer) {
    const struct transformer_buffers *b = model->buffers;
    const struct block_offsets *at = &b->block_at[layer];
    const struct block_buffers *k = &b->block[layer];
    const real *value = model->params.value;
    int d = model->config.dim;
    size_t r = c->first;
    if (model->config.norm == NORM_PRE) {
        op_layernorm_forward(c->rows, d, b->stream[layer] + r * d, value + at->gain1,
                             value + at->bias1, k->attended + r * d, k->mean1 + r, k->rstd1 + r);
        attend_forward(model, c, layer);
        op_layernorm_forward(c->rows, d, k->sum1 + r * d, value + at->gain2, value + at->bias2,
                             k->middle + r * d, k->mean2 + r, k->rstd2 + r);
        feed_forward(model, c, layer, k->sum1 + r * d, b->stream[layer + 1] + r * d);
    } else {
        attend_forward(model, c, layer);
        op_layernorm_forward(c->rows, d, k->sum1 + r * d, value + at->gain1, value + at->bias1,
                             k->middle + r * d, k->mean1 + r, k->rstd1 + r);
        feed_forward(model, c, layer, k->middle + r * d, k->sum2 + r * d);
        op_layernorm_forward(c->rows, d, k->sum2 + r * d, value + at->gain2, value + at->bias2,
                             b->stream[layer + 1] + r * d, k->mean2 + r, k->rstd2 + r);
    }
}

/* dsum2, which with NORM_PRE is the gradient of the block's output, is there already. */
static void pre_block_backward(const struct transformer *model, const struct chunk *c, int layer) {
    const struct transformer_buffers *b = model->buffers;
    const struct block_offsets *at = &b->block_at[layer];
    const struct block_buffers *k = &b->block[layer];
    const real *value = model->params.value;
    int d = model->config.dim;
    size_t r = c->first;
    real *gain1 = partial_gain(model, c, 2 * layer);
    real *gain2 = partial_gain(model, c, 2 * layer + 1);
    real *dinput = (layer > 0 ? b->block[layer - 1].dsum2 : b->dembedded) + r * d;
    real *narrow = c->scratch->narrow;
    feed_backward(model, c, layer, false, narrow);
    op_layernorm_backward(c->rows, d, k->sum1 + r * d, value + at->gain2, k->mean2 + r,
                          k->rstd2 + r, narrow, k->dsum2 + r * d, k->dsum1 + r * d, gain2,
                          gain2 + d);
    attend_backward(model, c, layer, c->scratch->stream, false, narrow);
    op_layernorm_backward(c->rows, d, b->stream[layer] + r * d, value + at->gain1, k->mean1 + r,
                          k->rstd1 + r, narrow, k->dsum1 + r * d, dinput, gain1, gain1 + d);
}

/* The gradient of the block's output is in scratch->stream, and that of its input takes its place.
 */
static void post_block_backward(const struct transformer *model, const struct chunk *c, int layer) {
    const struct transformer_buffers *b = model->buffers;
    const struct block_offsets *at = &b->block_at[layer];
    const struct block_buffers *k = &b->block[layer];
    const real *value = model->params.value;
    int d = model->config.dim;
    size_t r = c->first, bytes = (size_t)c->rows * d * sizeof(real);
    real *gain1 = partial_gain(model, c, 2 * layer);
    real *gain2 = partial_gain(model, c, 2 * layer + 1);
    real *stream = c->scratch->stream, *narrow = c->scratch->narrow;
    op_layernorm_backward(c->rows, d, k->sum2 + r * d, value + at->gain2, k->mean2 + r,
                          k->rstd2 + r, stream, NULL, k->dsum2 + r * d, gain2, gain2 + d);
    memcpy(narrow, k->dsum2 + r * d, bytes);
    feed_backward(model, c, layer, true, narrow);
    op_layernorm_backward(c->rows, d, k->sum1 + r * d, value + at->gain1, k->mean1 + r,
                          k->rstd1 + r, narrow, NULL, k->dsum1 + r * d, gain1, gain1 + d);
    memcpy(stream, k->dsum1 + r * d, bytes);
    attend_backward(model, c, layer, narrow, true, stream);
}

/* From the gradient of the last hidden rows, in scratch->stream, down to dembedded. */
static void chunk_backward(const struct transformer *model, const struct chunk *c) {
    const struct transformer_buffers *b = model->buffers;
    const struct transformer_config *config = &model->config;
    int d = config->dim, layers = config->layers;
    size_t r = c->first;
    memset(c->norm_partial, 0, (size_t)b->norms * 2 * d * sizeof(real));
    if (config->norm == NORM_PRE) {
        real *gain = partial_gain(model, c, 2 * layers);
        op_layernorm_backward(c->rows, d, b->stream[layers] + r * d,
                              model->params.value + b->final_gain, b->final_mean + r,
                              b->final_rstd + r, c->scratch->stream, NULL,
                              b->block[layers - 1].dsum2 + r * d, gain, gain + d);
        for (int l = layers - 1; l >= 0; l--)
            pre_block_backward(model, c, l);
    } else {
        for (int l = layers - 1; l >= 0; l--)
            post_block_backward(model, c, l);
        memcpy(b->dembedded + r * d, c->scratch->stream, (size_t)c->rows * d * sizeof(real));
    }
}

/* First list: one chunk, forward, and backward when learning. */
static void chunk_task(void *ctx, int index, int worker) {
    const struct step *step = ctx;
    const struct transformer *model = step->model;
    const struct transformer_config *config = &model->config;
    struct transformer_buffers *b = model->buffers;
    const real *value = model->params.value;
    int d = config->dim, v = config->vocabulary;
    int first = b->chunk_first[index], last = b->chunk_first[index + 1];
    const int *offset = step->batch->offset;
    struct chunk c = {
        .sequences = last - first,
        .rows = offset[last] - offset[first],
        .offset = offset + first,
        .first = offset[first],
        .probability = b->chunk_probability[index],
        .scratch = &b->worker[worker],
        .norm_partial = b->norm_partial + (size_t)index * b->norms * 2 * d,
    };
    op_embedding_forward(c.sequences, c.offset, d, step->batch->input + c.first,
                         embedding_scale(config), value + b->embedding, positions(model),
                         b->stream[0] + c.first * d);
    for (int l = 0; l < config->layers; l++)
        block_forward(model, &c, l);
    const real *last_hidden = b->stream[config->layers];
    if (config->norm == NORM_PRE) {
        op_layernorm_forward(c.rows, d, last_hidden + c.first * d, value + b->final_gain,
                             value + b->final_bias, b->final + c.first * d, b->final_mean + c.first,
                             b->final_rstd + c.first);
        last_hidden = b->final;
    }

    size_t selected_first = b->chunk_selected[index];
    int selected = b->chunk_selected[index + 1] - b->chunk_selected[index];
    const int *row = b->selected_row + selected_first;
    real *hidden = b->selected + selected_first * d;
    real *logits = b->logits + selected_first * v;
    for (int i = 0; i < selected; i++)
        memcpy(hidden + (size_t)i * d, last_hidden + (size_t)row[i] * d, d * sizeof(real));
    op_linear_forward(selected, d, v, hidden, value + b->output, NULL, NULL, logits);
    if (!step->learning) {
        if (selected > 0)
            step->visit(step->ctx, worker, selected, row, logits);
        return;
    }

    const int32_t *target = b->selected_target + selected_first;
    b->chunk_loss[index] = op_cross_entropy_forward(selected, v, logits, target, logits);
    op_cross_entropy_backward(selected, v, logits, target, step->scale, logits);
    real *narrow = c.scratch->narrow, *stream = c.scratch->stream;
    op_linear_backward_input(selected, d, v, logits, value + b->output, false, narrow);
    memset(stream, 0, (size_t)c.rows * d * sizeof(real));
    for (int i = 0; i < selected; i++)
        memcpy(stream + ((size_t)row[i] - c.first) * d, narrow + (size_t)i * d, d * sizeof(real));
    chunk_backward(model, &c);
}

/* Sum the chunks' parts of one LayerNorm's gradients. */
static void norm_tile(const struct transformer *model, const struct tile *t) {
    const struct transformer_buffers *b = model->buffers;
    int d = model->config.dim;
    real *gain = model->params.gradient + t->weight, *bias = model->params.gradient + t->bias;
    memset(gain, 0, d * sizeof(real));
    memset(bias, 0, d * sizeof(real));
    for (int i = 0; i < b->chunks; i++) {
        const real *part = b->norm_partial + ((size_t)i * b->norms + t->norm) * 2 * d;
        for (int c = 0; c < d; c++) {
            gain[c] += part[c];
            bias[c] += part[d + c];
        }
    }
}

/* Second list: one tile of the parameters' gradients, over the whole batch. */
static void tile_task(void *ctx, int index, int worker) {
    (void)worker;
    const struct step *step = ctx;
    const struct transformer *model = step->model;
    const struct transformer_config *config = &model->config;
    const struct transformer_buffers *b = model->buffers;
    const struct batch *batch = step->batch;
    const struct tile *t = &b->tile[index];
    real *weight = model->params.gradient + t->weight;
    switch (t->kind) {
    case TILE_WEIGHT:
        op_linear_backward_weight(batch->tokens, t->in, t->out, t->x, t->dy, t->out_first,
                                  t->out_last, t->in_first, t->in_last, weight);
        if (t->in_first == 0)
            op_linear_backward_bias(batch->tokens, t->out, t->dy, t->out_first, t->out_last,
                                    model->params.gradient + t->bias);
        break;
    case TILE_EMBEDDING:
        /* Tied, the output's part first, then the input's. */
        if (!config->tied)
            memset(weight + (size_t)t->out_first * t->in, 0,
                   (size_t)(t->out_last - t->out_first) * t->in * sizeof *weight);
        else
            op_linear_backward_weight(b->selected_rows, t->in, t->out, b->selected, b->logits,
                                      t->out_first, t->out_last, 0, t->in, weight);
        op_embedding_backward(batch->tokens, t->in, batch->input, embedding_scale(config),
                              b->dembedded, t->out_first, t->out_last, weight);
        break;
    case TILE_OUTPUT:
        op_linear_backward_weight(b->selected_rows, t->in, t->out, b->selected, b->logits,
                                  t->out_first, t->out_last, 0, t->in, weight);
        break;
    case TILE_POSITION:
        memset(weight, 0, (size_t)config->max_length * config->dim * sizeof *weight);
        op_position_backward(batch->sequences, batch->offset, config->dim, b->dembedded, weight);
        break;
    case TILE_NORM:
        norm_tile(model, t);
        break;
    }
}

/* Cut the batch into chunks of about equal length, each closed at the end of a sequence; list the
 * rows that get logits. Depends on the batch alone. */
static void plan(struct transformer *model, const struct batch *batch, bool learning) {
    struct transformer_buffers *b = model->buffers;
    int wished = (batch->tokens + TRANSFORMER_CHUNK_TOKENS - 1) / TRANSFORMER_CHUNK_TOKENS;
    size_t probability = 0;
    b->chunks = 0;
    b->selected_rows = 0;
    for (int s = 0; s < batch->sequences; s++) {
        if (s == 0 || (int64_t)batch->offset[s] * wished >= (int64_t)b->chunks * batch->tokens) {
            b->chunk_first[b->chunks] = s;
            b->chunk_selected[b->chunks] = b->selected_rows;
            b->chunk_probability[b->chunks] = probability;
            b->chunks++;
        }
        size_t n = batch->offset[s + 1] - batch->offset[s];
        probability += n * n * (size_t)model->config.heads;
        for (int t = batch->offset[s]; t < batch->offset[s + 1]; t++) {
            if (learning ? batch->target[t] < 0 : batch->wanted && !batch->wanted[t])
                continue;
            b->selected_row[b->selected_rows] = t;
            if (learning)
                b->selected_target[b->selected_rows] = batch->target[t];
            b->selected_rows++;
        }
    }
    b->chunk_first[b->chunks] = batch->sequences;
    b->chunk_selected[b->chunks] = b->selected_rows;
}

static void make_room(struct transformer *model, const struct pool *pool,
                      const struct batch *batch) {
    int longest = 1;
    for (int s = 0; s < batch->sequences; s++) {
        int n = batch->offset[s + 1] - batch->offset[s];
        longest = n > longest ? n : longest;
    }
    transformer_reserve(model, batch->tokens, batch->sequences, longest, pool_workers(pool));
}

double transformer_gradient(struct transformer *model, struct pool *pool, const struct batch *batch,
                            int *counted) {
    struct transformer_buffers *b = model->buffers;
    make_room(model, pool, batch);
    plan(model, batch, true);
    int n = b->selected_rows;
    struct step step = {
        .model = model, .batch = batch, .learning = true, .scale = n ? (real)(1.0 / n) : 0};
    pool_run(pool, b->chunks, chunk_task, &step);
    pool_run(pool, b->tiles, tile_task, &step);
    double loss = 0;
    for (int i = 0; i < b->chunks; i++)
        loss += b->chunk_loss[i];
    if (counted)
        *counted = n;
    return n ? loss / n : 0;
}

void transformer_forward(struct transformer *model, struct pool *pool, const struct batch *batch,
                         transformer_visit *visit, void *ctx) {
    make_room(model, pool, batch);
    plan(model, batch, false);
    struct step step = {.model = model, .batch = batch, .visit = visit, .ctx = ctx};
    pool_run(pool, model->buffers->chunks, chunk_task, &step);
}
