/* What the parts of the optimiser share. */
#ifndef ESPALIER_OPTIM_PRIVATE_H
#define ESPALIER_OPTIM_PRIVATE_H

#include "nn/optim.h"

/* Elements; part of what fixes the bits of a norm. */
enum { OPTIM_BLOCK = 16384 };

/* What is the same for a run of neighbouring tensors. */
struct optim_setting {
    double rate, decay, l1; /* factor of the learning rate; weight decay; L1 penalty */
};

/* A part of one block that belongs to one owner: a setting, or a tensor. Gaps belong to the tensor
 * before them. */
struct optim_piece {
    size_t start, length, owner;
};

/* All pieces in order; those of block b are first[b] .. first[b + 1] - 1. */
struct optim_pieces {
    struct optim_piece *piece;
    size_t n, capacity;
    size_t *first;
};

/* A setting's numbers for one step, in the arithmetic of the parameters. */
struct optim_constants {
    real clip, limit; /* the gradient is multiplied by one, then cut at plus and minus the other */
    real keep;        /* 1 - rate decay, of AdamW */
    real l1, l2;      /* penalties added to the gradient */
    real rate;        /* with Adam's correction of the first moment */
    real beta1, rest1, beta2, rest2, root2, epsilon;
    real momentum;
};

struct optim {
    struct optim_config config;
    struct params *params; /* borrowed */
    int blocks;
    struct optim_setting *settings, *of_tensor;
    struct optim_constants *constants; /* one for each setting, of the step being made */
    size_t n_settings;
    struct optim_pieces by_setting, by_tensor;
    double *partial;       /* three for each piece by tensor, and at least one for each block */
    double *tensor_factor; /* one for each tensor */
    real *first, *second, *momentum, *slow, *window, **ring, *average;
    double *filter_count, *average_count, *initial_norm;
    bool averaging; /* the update being made is followed by the average, block by block */
};

/* The elements of a block. */
size_t optim_block_length(const struct optim *o, int block);

/* The sum of n squares in double, n a multiple of 8; the root of that of a whole array, by blocks.
 */
double optim_sum_of_squares(size_t n, const real *x);
double optim_norm_of(struct optim *o, struct pool *pool, const real *array);

/* The parts of a step. */
void optim_filter(struct optim *o, struct pool *pool);
void optim_orthogonalise(struct optim *o, struct pool *pool);
void optim_update(struct optim *o, struct pool *pool, int64_t step, double rate, double clip);
void optim_remember_norm(struct optim *o, struct pool *pool);
void optim_project_norm(struct optim *o, struct pool *pool);
bool optim_averages_at(const struct optim *o, int64_t step);
void optim_take_average(struct optim *o, struct pool *pool);

/* Take one block into the average: part of the update where nothing comes between them, so that the
 * weights are still in the cache. */
void optim_average_block(const struct optim *o, int block);

/* Multiply every tensor of an array by its tensor_factor. */
void optim_rescale(struct optim *o, struct pool *pool, real *array);

/* sum[t] becomes the sum of partial[which * pieces + i] over the pieces i of tensor t, in order. */
void optim_sum_by_tensor(const struct optim *o, size_t which, double *sum);

#endif
