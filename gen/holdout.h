/* Combinations of words that are never to be seen together (--hold-out), for compositional splits
 * (Lake & Baroni 2018, arXiv:1711.00350; Kim & Linzen 2020, arXiv:2010.05465).
 *
 *     EXPRESSION  = COMBINATION { "," COMBINATION }
 *     COMBINATION = SYMBOL=word { "&" SYMBOL=word }
 *
 * SYMBOL=word holds of a tree in which SYMBOL, or what it can be renamed to, derives the word. */
#ifndef ESPALIER_HOLDOUT_H
#define ESPALIER_HOLDOUT_H

#include "lib/derivation.h"

struct holdout {
    uint64_t *of_production; /* [production]: the literals it makes true; NULL: nothing held out */
    uint64_t combinations[64];
    size_t n, n_literals;
};

/* Read an expression; NULL text holds nothing out. -1 (STATUS_USAGE): an unknown symbol or word, or
 * more than 64 literals. */
int holdout_read(struct holdout *h, const char *text, const struct grammar *g,
                 struct err *err) NODISCARD;

/* Whether some combination holds of a tree. */
bool holdout_holds(const struct holdout *h, const struct derivation *d);

void holdout_free(struct holdout *h);

#endif
