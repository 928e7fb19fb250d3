/* The parameters of a model: named tensors in parallel flat arrays.
 *
 * Values, gradients and whatever the optimiser keeps (its slots) have the same layout, so that the
 * optimiser is one pass and a checkpoint is a walk over the table. Tensors begin at multiples of 64
 * bytes; the gaps between them hold zeros and stay zero. Names are those of PyTorch's state_dict.
 */
#ifndef ESPALIER_PARAMS_H
#define ESPALIER_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/real.h"

/* What a tensor does in its model. Groups, initial values and the maximal-update parametrisation go
 * by this, never by names. A matrix is stored as PyTorch stores it: one row for each output. */
enum param_role {
    ROLE_MATRIX,    /* from the width (or a multiple of it) to the width */
    ROLE_INPUT,     /* a matrix from real or one-hot inputs, whose number is fixed, to the width */
    ROLE_EMBEDDING, /* one row for each word */
    ROLE_POSITION,  /* one row for each position */
    ROLE_READOUT,   /* a matrix from the width to answers, whose number is fixed */
    ROLE_BIAS,      /* added to what a matrix gives, or by a normalisation */
    ROLE_GAIN,      /* multiplies what a normalisation gives */
    ROLE_VECTOR,    /* any other tensor */
};
enum { ROLES = ROLE_VECTOR + 1 };

/* Its name for users: "matrix", "input", "embedding", "position", "readout", "bias", "gain",
 * "vector". */
const char *param_role_name(enum param_role role);

/* One tensor, row-major: shape[0] for rank 1, shape[0] x shape[1] for rank 2. */
struct param {
    char name[80];
    int rank;
    size_t shape[2];
    size_t offset; /* of the first element in each array */
    size_t count;  /* elements */
    enum param_role role;
    size_t fan_in, fan_out; /* numbers that one output sums, outputs that one input reaches; of a
                               bias, those of its matrix; 0 for a normalisation's */
    size_t pytorch_fan;    /* PyTorch's own initial values are bounded by 1 / root of this, where it
                              is not fan_in; 0 */
    enum param_role owner; /* of a bias: the role of its matrix, ROLE_GAIN for a normalisation */
    size_t query_rows;     /* leading rows that make attention's queries (zero-query schemes) */
    bool residual;         /* the last matrix of a branch that is added to a residual stream */
};

/* An array of the same layout that an optimiser keeps beside the values, saved and restored with
 * them as NAME.TENSOR. */
struct param_slot {
    char name[16];
    real *data;
};

/* A few numbers that belong to the state of a run, saved and restored as NAME, in double. */
struct param_numbers {
    char name[48];
    double *data, initial;
    size_t n;
};

/* Zero-initialise, add every tensor, allocate once. */
struct params {
    struct param *table;
    size_t tensors, capacity;
    size_t size; /* elements in each array, gaps included */
    real *value, *gradient;
    size_t width; /* the model's width (d_model, hidden units), for schemes that ask; 0: none */
    struct param_slot *slot;
    size_t slots, slot_capacity;
    struct param_numbers *numbers;
    size_t n_numbers, numbers_capacity;
};

/* Append a tensor (rank 1 or 2; columns is ignored for rank 1) and return its index. Only before
 * params_allocate. Its role is ROLE_MATRIX for rank 2 and ROLE_VECTOR for rank 1 until
 * params_set_role says otherwise. */
size_t params_add(struct params *p, int rank, size_t rows, size_t columns, const char *name_format,
                  ...) PRINTF_LIKE(5, 6);

/* Say what a tensor is. Fans follow: (columns, rows) for a matrix, an input and a read-out, (rows,
 * columns) for the tables of words and positions, (0, count) for a gain or a vector. A bias takes
 * the fan_in and the role of the tensor before it in the table if that is a matrix or again the
 * bias of one; otherwise it is a normalisation's, with fan_in 0. Where that is wrong, set the
 * fields of p->table[tensor]. Tensors are to be given their roles in order of the table. */
void params_set_role(struct params *p, size_t tensor, enum param_role role);

/* Make values and gradients, zeroed, aligned to 64 bytes, and owned by *p. */
void params_allocate(struct params *p);
void params_free(struct params *p);

/* The slot of this name (at most 15 bytes): made, of zeros, if there is none. After
 * params_allocate. The array does not move until params_free. */
real *params_add_slot(struct params *p, const char *name);

/* The slot of this name, or NULL. */
real *params_slot(const struct params *p, const char *name);

/* n numbers of this name (at most 47 bytes): made, each `initial`, if there are none; n must be
 * what it was then. They do not move until params_free. */
double *params_add_numbers(struct params *p, const char *name, size_t n, double initial);

/* Take every slot back to zeros, and all numbers to what they were first. */
void params_clear_state(struct params *p);

/* The tensor of that name, or NULL. */
const struct param *params_find(const struct params *p, const char *name);

/* Trainable numbers, gaps not counted. */
size_t params_count(const struct params *p);

/* Draw the values of one tensor from a seed; the tensor's index names the draws (RNG_INIT), so no
 * tensor's values depend on another's. Xavier uniform (Glorot and Bengio 2010, eq. 16) as
 * torch.nn.init.xavier_uniform_ computes it for a matrix: on (-b, b) with
 * b = sqrt(6 / (rows + columns)) of the stored shape, which for in_proj_weight is (3D, D). Schemes
 * for whole models are in init.h. */
void params_xavier_uniform(struct params *p, size_t tensor, uint64_t seed);
void params_normal(struct params *p, size_t tensor, double deviation, uint64_t seed);
void params_fill(struct params *p, size_t tensor, real value);

#endif
