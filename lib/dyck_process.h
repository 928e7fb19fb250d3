/* Dyck words of bounded depth, drawn symbol by symbol with exactly known probabilities.
 *
 * A word opens and closes brackets and ends at depth 0; kinds of brackets are drawn evenly and
 * apart from that, so they do not appear here. Two laws:
 *
 *     DYCK_STEPS  at depth 0 open or end, between 0 and the greatest depth open or close, each with
 *                 probability 1/2; close at the greatest depth. An end before `shortest` symbols is
 *                 drawn again; a word of more than `longest` symbols is rejected whole (Hewitt et
 *                 al. 2020, arXiv:2010.07515).
 *     DYCK_EVEN   a length from a law, then evenly one of the words of this length whose depth is
 *                 nowhere greater.
 *
 * Words are drawn without rejection: w(i, d), the weight of all that may follow i symbols that end
 * at depth d, is summed backwards, and a symbol's probability is the share of the weight that goes
 * its way. So the probabilities here are those of the words that are kept. */
#ifndef ESPALIER_DYCK_PROCESS_H
#define ESPALIER_DYCK_PROCESS_H

#include <stdint.h>

#include "lib/lengths.h"
#include "lib/msg.h"
#include "lib/rng.h"

enum dyck_law { DYCK_STEPS, DYCK_EVEN };

struct dyck_process;

/* Even lengths shortest to longest (0 < shortest), greatest depth 1 to longest / 2; `lengths` is
 * the law of DYCK_EVEN, of the same lengths, and not looked at later. NULL when its tables would
 * take more than DYCK_MOST_BYTES (STATUS_USAGE). */
#define DYCK_MOST_BYTES ((size_t)1 << 28)
struct dyck_process *dyck_new(enum dyck_law law, uint32_t shortest, uint32_t longest,
                              uint32_t depth, const struct lengths *lengths,
                              struct err *err) NODISCARD;

/* NULL is allowed. */
void dyck_free(struct dyck_process *p);

/* What may come after `i` symbols that end at a depth that can be reached there: the sum is 1. */
struct dyck_next {
    double open, close, end;
};
struct dyck_next dyck_next(const struct dyck_process *p, uint32_t i, uint32_t depth);

/* Draw a word: opens[0 .. length) is 1 for an opener, 0 for a closer; room for `longest`. Takes a
 * random number where there is a choice. Returns the length. */
uint32_t dyck_draw(const struct dyck_process *p, struct rng *r, unsigned char *opens);

/* DYCK_STEPS: the probability that a word is not rejected. */
double dyck_accepted(const struct dyck_process *p);

/* Expectations over words: alive[i], the probability that a word has a token after i symbols (its
 * end is one), and loss[i], the least expected loss there in nats, where the kind of an opener is
 * one of `kinds`; 0 where no word is so long. Room for longest + 1 numbers each. */
void dyck_expect(const struct dyck_process *p, uint32_t kinds, double *alive, double *loss);

#endif
