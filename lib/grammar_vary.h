/* Changes to the probabilities of a grammar, so that one thing varies and the rest is held. They
 * apply to the grammar in place, before a sampler is made of it; vocabulary, classes and rules
 * stay. */
#ifndef ESPALIER_GRAMMAR_VARY_H
#define ESPALIER_GRAMMAR_VARY_H

#include "lib/grammar.h"

/* Production probabilities in proportion to weight^(1 / temperature): 1 changes nothing, above 1
 * flattens, below 1 sharpens. Far below 1 all but the likeliest may become 0, so limit words
 * before. -1: not a positive number (STATUS_USAGE), or sentences no longer have a finite expected
 * length (STATUS_DATA). */
int grammar_set_temperature(struct grammar *g, double temperature, struct err *err) NODISCARD;

/* Keep so many words for each preterminal; the others get probability 0. `list` is
 * [PRETERMINAL=]COUNT, ... where a count without a name is for all that have none of their own. For
 * one seed the words of a smaller count are among those of a larger one, and preterminals with
 * equally many words keep the same places in their lists, so that singular and plural, written in
 * one order, stay pairs. -1 (STATUS_USAGE): no such preterminal, a count below 1, two counts for
 * one preterminal or for the rest. */
int grammar_limit_words(struct grammar *g, const char *list, uint64_t seed,
                        struct err *err) NODISCARD;

#endif
