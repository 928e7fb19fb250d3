/* Private to the transformer: the memory of a step. */
#ifndef ESPALIER_TRANSFORMER_BUFFERS_H
#define ESPALIER_TRANSFORMER_BUFFERS_H

#include "nn/transformer.h"

/* Where the tensors of one block begin in params.value and params.gradient. */
struct block_offsets {
    size_t in_weight, in_bias, out_weight, out_bias;
    size_t up_weight, up_bias, down_weight, down_bias;
    size_t gain1, bias1, gain2, bias2;
};

/* The activations of one block, a row a token. With NORM_POST attended aliases the block's input,
 * which is what the attention reads. */
struct block_buffers {
    real *attended;       /* input of the in projection: D */
    real *qkv;            /* 3D */
    real *probability;    /* see op_attention_forward */
    real *context;        /* output of the attention, input of the out projection: D */
    real *sum1;           /* block input + attention: D */
    real *middle;         /* input of linear1: D */
    real *slope, *hidden; /* F: activation's derivative, later dlinear1's output; activation */
    real *sum2;           /* NORM_POST: middle + feed-forward: D */
    real *mean1, *rstd1, *mean2, *rstd2;
    real *dqkv, *dsum1, *dsum2; /* dsum1, dsum2: of the outputs of out_proj and linear2 too */
};

/* One task of the second list. */
enum tile_kind { TILE_WEIGHT, TILE_OUTPUT, TILE_EMBEDDING, TILE_POSITION, TILE_NORM };
struct tile {
    enum tile_kind kind;
    int in, out, out_first, out_last, in_first, in_last;
    const real *x, *dy;
    size_t weight, bias; /* offsets of the gradients; TILE_NORM: of gain and bias */
    int norm;            /* TILE_NORM: which */
};

struct worker_buffers {
    real *stream, *narrow, *wide, *attention;
};

struct transformer_buffers {
    struct block_offsets *block_at;
    size_t embedding, position, output, final_gain, final_bias;
    real *sinusoid;
    int norms;

    /* What there is room for. */
    int tokens, sequences, longest, workers;
    real *memory;
    int *integers;

    real **stream; /* layers + 1: the input of each block, and the last one's output */
    struct block_buffers *block;
    real *final, *final_mean, *final_rstd; /* NORM_PRE: the last LayerNorm's output */
    real *selected;                        /* hidden rows that get logits, end to end */
    real *logits;                          /* theirs; later probabilities, later gradients */
    real *dembedded;                       /* of the first block's input */
    real *norm_partial;                    /* chunk x norm x (gain, bias) x D */
    struct worker_buffers *worker;
    struct tile *tile;
    int tiles, tile_room;

    /* The plan of the batch at hand. */
    int chunks, selected_rows;
    int *chunk_first;    /* first sequence; chunks + 1 */
    int *chunk_selected; /* first selected row; chunks + 1 */
    int *selected_row;   /* token of each selected row */
    int32_t *selected_target;
    size_t *chunk_probability; /* where the chunk's attention probabilities begin */
    double *chunk_loss;
};

struct transformer_buffers *transformer_buffers_new(const struct transformer *model);
void transformer_buffers_free(struct transformer_buffers *b);

/* Tokens at which a chunk is closed. Part of what fixes the bits of a run: never a function of the
 * number of threads. */
enum { TRANSFORMER_CHUNK_TOKENS = 128 };

#endif
