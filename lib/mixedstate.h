/* All beliefs that a hidden Markov model can lead to (its mixed states), and with them the entropy
 * of each symbol given those before. */
#ifndef ESPALIER_MIXEDSTATE_H
#define ESPALIER_MIXEDSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hmm.h"

/* The set of the different beliefs met so far. Beliefs no entry of which differs by more than 1e-11
 * are one, so that rounding does not multiply them. Each time that happens the law of what follows
 * changes by at most n_states 1e-11 / 2 in total variation. */
struct mixed_states;
struct mixed_states *mixed_states_new(const struct hmm *h);
void mixed_states_free(struct mixed_states *m);

/* The number of a belief, a row of n_states (added if it is new). How many there are. A borrowed
 * row, valid until the next addition. Multiplications done. Bytes held. */
size_t mixed_states_add(struct mixed_states *m, const double *row);
size_t mixed_states_count(const struct mixed_states *m);
const double *mixed_states_row(const struct mixed_states *m, size_t number);
uint64_t mixed_states_work(const struct mixed_states *m);
size_t mixed_states_bytes(const struct mixed_states *m);

/* Follow every belief by every symbol until nothing new arises: true; or until there are more than
 * `most`: false. */
bool mixed_states_close(struct mixed_states *m, size_t most);

/* A distribution over the beliefs of the set, which moves as symbols come. Zero-initialise it. */
struct mixed_layer {
    double *weight; /* [belief] */
    uint32_t *list; /* those whose weight is not 0 */
    size_t n, cap_weight, cap_list;
};
struct mixed_walk {
    struct mixed_layer now, later;
};

/* Give a belief more weight before the first step. */
void mixed_walk_begin(struct mixed_walk *w, size_t number, double weight);

/* The mean entropy in nats of the next symbol, given the belief; then go one symbol on. NaN when
 * the set's work came to exceed `most_work` or its bytes `most_bytes` on the way: then the walk
 * cannot go on. */
double mixed_walk_step(struct mixed_walk *w, struct mixed_states *m, uint64_t most_work,
                       size_t most_bytes);

void mixed_walk_free(struct mixed_walk *w);

#endif
