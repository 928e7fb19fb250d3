/* .hmm files: a hidden Markov model as data (man/espalier-hmm.5).
 *
 *     x = 0.05                     a parameter, which --set may override
 *     y = 1 - 2*x                  arithmetic on those before
 *     states A B C
 *     symbols 0 1 2
 *     matrix 0                     T^(0): a row for each state to leave, a column for each to enter
 *       0.765  0.00375  0.00375    cells are arithmetic without blanks
 *       ...
 *     A -> B 1 x/2                 or edge by edge: from, to, symbol, probability
 *     chain                        or a Markov chain on the symbols: its transition matrix
 *     start A                      stationary (the default), uniform, a state, or A=1/2 B=1/2
 *
 * '#' begins a comment, at the start of a line or after a blank. */
#ifndef ESPALIER_PROCESS_H
#define ESPALIER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hmm.h"
#include "lib/mem.h"
#include "lib/vocab.h"

struct process {
    char *path;
    uint64_t hash; /* XXH3 of its lines */
    struct hmm hmm;
    struct vocab states, symbols;
    bool is_chain;
    struct vocab parameters; /* in the order of the file */
    double *values;          /* [parameter], overrides applied */
};

/* Read and check a file. `overrides` are texts "x=0.15" for its parameters, `start` (or NULL) takes
 * the place of its start line. NULL on error: STATUS_NOINPUT; STATUS_USAGE for an override or start
 * that does not fit; STATUS_DATA, with the line, for what is no line of the format, unknown names,
 * probabilities that are negative, not finite or do not sum to 1 within 1e-6 for some state (within
 * it they are divided by their sum), an edge given twice, a stationary start where states fall into
 * classes that never meet, sizes out of bounds. Symbols and states that never occur
 * are warned of. */
struct process *process_read(const char *path, const char *const *overrides, size_t n_overrides,
                             const char *start, struct err *err) NODISCARD;
void process_free(struct process *p);

/* Append a model as such a file, whose states and symbols have these names, to 17 digits: reading
 * it gives the same model. */
void process_put(const struct hmm *h, const struct vocab *states, const struct vocab *symbols,
                 struct buf *out);

#endif
