/* The answers that the rows of a corpus give: the columns `target` and `rule:NAME`. */
#ifndef ESPALIER_ANSWERS_H
#define ESPALIER_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/corpus.h"

struct answer {
    char *rule; /* the name of the rule, "target" where the corpus does not tell */
    size_t column;
};

struct answers {
    struct answer *items;
    size_t n;
};

/* Find them. The target is the answer of the first of ##rules, or of the rule `target`; a column
 * rule:NAME of that same rule says it twice and is passed over. */
void answers_find(struct answers *a, const struct corpus_reader *in);

/* Whether two answers of the row that was read last are the same. */
bool answers_equal(const struct answers *a, const struct corpus_reader *in, size_t i, size_t j);

/* Whether all are the same; whether the first, the target where there is one, is that of another.
 */
bool answers_all_equal(const struct answers *a, const struct corpus_reader *in);
bool answers_first_shared(const struct answers *a, const struct corpus_reader *in);

void answers_free(struct answers *a);

#endif
