/* What gen-hmm's header says of the system: names, start, entropy rate, optimal loss by position
 * (man/espalier-hmm.5). */
#ifndef ESPALIER_HMM_HEADER_H
#define ESPALIER_HMM_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/system.h"
#include "lib/corpus.h"

/* Losses are told for so many positions at most. */
enum { HEADER_POSITIONS = 1024 };

/* The system itself: ##task, ##process, ##parameters, ##vocab, ##states, ##start, ##prior,
 * ##memory,
 * ##baseline. with_states: a column tells of the states, so they are named. -1: see
 * corpus_put_header. */
int hmm_header_put(const struct system *s, bool with_states, struct corpus_writer *out,
                   struct err *err) NODISCARD;

/* ##entropy_rate, ##optimal_loss and what belongs to them, for sequences of least to most symbols,
 * for so many multiplications. */
int hmm_header_put_losses(const struct system *s, int64_t least, int64_t most, uint64_t budget,
                          struct corpus_writer *out, struct err *err) NODISCARD;

#endif
