/* The parameters of a model: named tensors in parallel flat arrays.
 *
 * Values, gradients and the two Adam moments have the same layout, so that the optimiser is one
 * pass and a checkpoint is a walk over the table. Tensors begin at multiples of 64 bytes; the gaps
 * between them hold zeros and stay zero. Names are those of PyTorch's state_dict. */
#ifndef ESPALIER_PARAMS_H
#define ESPALIER_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/real.h"

/* One tensor, row-major: shape[0] for rank 1, shape[0] x shape[1] for rank 2. */
struct param {
    char name[80];
    int rank;
    size_t shape[2];
    size_t offset; /* of the first element in each array */
    size_t count;  /* elements */
};

/* Zero-initialise, add every tensor, allocate once. */
struct params {
    struct param *table;
    size_t tensors, capacity;
    size_t size; /* elements in each array, gaps included */
    real *value, *gradient;
    real *first, *second; /* exponential averages of the gradient and of its square */
};

/* Append a tensor (rank 1 or 2; columns is ignored for rank 1) and return its index. Only before
 * params_allocate. */
size_t params_add(struct params *p, int rank, size_t rows, size_t columns, const char *name_format,
                  ...) PRINTF_LIKE(5, 6);

/* Make the four arrays, zeroed, aligned to 64 bytes, and owned by *p. */
void params_allocate(struct params *p);
void params_free(struct params *p);

/* The tensor of that name, or NULL. */
const struct param *params_find(const struct params *p, const char *name);

/* Trainable numbers, gaps not counted. */
size_t params_count(const struct params *p);

/* Draw the values of one tensor from a seed; the tensor's index names the draws (RNG_INIT), so no
 * tensor's values depend on another's. Xavier uniform (Glorot and Bengio 2010, eq. 16) as
 * torch.nn.init.xavier_uniform_ computes it for a matrix: on (-b, b) with
 * b = sqrt(6 / (rows + columns)) of the stored shape, which for in_proj_weight is (3D, D). */
void params_xavier_uniform(struct params *p, size_t tensor, uint64_t seed);
void params_normal(struct params *p, size_t tensor, double deviation, uint64_t seed);
void params_fill(struct params *p, size_t tensor, real value);

#endif
