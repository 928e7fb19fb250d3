/* Which examples give a rule away (--leak): RULE=AMOUNT, RULE=AMOUNT, ... Below 1 an amount is a
 * share of all examples, from 1 on a number of them. */
#ifndef ESPALIER_LEAKS_H
#define ESPALIER_LEAKS_H

#include <stdint.h>

#include "lib/apportion.h"
#include "lib/msg.h"
#include "lib/vocab.h"

/* Zero-initialise it. */
struct leaks {
    size_t n;
    int *rules;             /* [n]: the rule that leak i gives away */
    struct apportion slots; /* part 0: no leak; part i + 1: leak i */
};

/* Read a list for a corpus of `count` examples after `skip`; NULL: no leaks. -1 (STATUS_USAGE): a
 * rule that `subject` does not have, one named twice, a wrong amount, more than all examples; a
 * number with `skip`, since it would not say of how many. */
int leaks_read(struct leaks *l, const char *list, const struct vocab *rules, const char *subject,
               int64_t count, int64_t skip, struct err *err) NODISCARD;

/* The leak of the next example, asked in order; -1: none. */
int leaks_next(struct leaks *l);

void leaks_free(struct leaks *l);

#endif
