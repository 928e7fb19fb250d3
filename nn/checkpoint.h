/* Checkpoints of a run: ckpt/00010000.safetensors, and the optimiser's state beside it.
 *
 * The model file holds the weights under PyTorch's state_dict names and, in its metadata, all that
 * is needed to use it: espalier.config (JSON), espalier.vocabulary (words joined by spaces, in
 * order of their numbers), espalier.step. The state file (.state.safetensors) holds what only
 * resuming needs: every slot of the parameters as SLOT.TENSOR, their numbers (params.h), the loop's
 * sums. It is written first, and the model file commits the pair; then older states go:
 * at every moment the latest model file has its state. */
#ifndef ESPALIER_CHECKPOINT_H
#define ESPALIER_CHECKPOINT_H

#include <stdint.h>

#include "lib/msg.h"
#include "lib/vocab.h"
#include "nn/model.h"

/* What resuming needs beside the moments: sums since the last report, and the stream's hash. */
struct checkpoint_state {
    double loss_sum, loss_count;
    uint64_t stream_hash;
};

/* Write the pair for `step` into FOLDER/ckpt (made at need) and remove older states. -1 on error;
 * the pair before is then intact. */
int checkpoint_write(const char *folder, int64_t step, const struct model *m,
                     const struct vocab *vocab, const struct checkpoint_state *state,
                     struct err *err) NODISCARD;

/* The steps of FOLDER's checkpoints in rising order; the caller frees *steps. A missing folder has
 * none. -1 on error. */
int checkpoint_list(const char *folder, int64_t **steps, size_t *n, struct err *err) NODISCARD;

/* The path of the model file of a step; the caller frees it. */
char *checkpoint_path(const char *folder, int64_t step);

/* Read a model file: the model, its vocabulary (an empty one to fill, or NULL) and its step (may be
 * NULL). NULL on error: STATUS_NOINPUT, STATUS_DATA. */
struct model *checkpoint_read(const char *path, struct vocab *vocab, int64_t *step,
                              struct err *err) NODISCARD;

/* The last step whose model file has its state beside it; 0 if there is none. It warns when a later
 * model file has lost its state. -1 on error. */
int checkpoint_latest(const char *folder, int64_t *step, struct err *err) NODISCARD;

/* Read weights, moments and state of a step into a model of the same configuration and vocabulary.
 * Older states go. -1 on error. */
int checkpoint_resume(const char *folder, int64_t step, struct model *m, const struct vocab *vocab,
                      struct checkpoint_state *state, struct err *err) NODISCARD;

#endif
