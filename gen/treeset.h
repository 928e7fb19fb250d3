/* The syntax trees a corpus may hold (--trees), so that their number is a knob.
 *
 *     LIST = ITEM { "," ITEM }      ITEM = [CONJUNCTION "="] COUNT
 *
 * An item limits the trees with certain tags (all trees, without a conjunction) to COUNT different
 * ones. They are the first COUNT that an endless sequence of draws, fixed by the seed, brings; so
 * the set of a smaller count lies inside that of a larger one. Words have no part in the sequence.
 * Items must exclude one another. */
#ifndef ESPALIER_TREESET_H
#define ESPALIER_TREESET_H

#include "lib/sampler.h"
#include "lib/seen.h"

struct chosen_tree {
    struct derivation derivation; /* with some words or other */
    double log_probability;       /* of the syntax tree, in the grammar */
};

struct tree_group {
    char *text;         /* the conjunction, "" for all */
    uint64_t all, none; /* tags */
    int64_t wanted;
    struct chosen_tree *trees;
    size_t n, cap;
    struct seen ids;
};

struct treeset {
    struct tree_group *groups;
    size_t n, cap;
};

/* Read a list; NULL text limits nothing. -1 (STATUS_USAGE): an unknown tag, one that only the words
 * decide, a count below 1. */
int treeset_read(struct treeset *t, const char *text, const struct grammar *g,
                 struct err *err) NODISCARD;

/* The tags that words decide: given by patterns, or by the productions of preterminals. */
uint64_t treeset_tags_of_words(const struct grammar *g);

/* Draw the trees of every group. `usable` says whether a tree can stand in the corpus at all (some
 * choice of words meets all conditions). -1: an error of it; STATUS_DATA when a group has fewer
 * usable trees than wanted, as far as many draws show; STATUS_USAGE when two groups share one. */
int treeset_choose(struct treeset *t, const struct sampler *from, const struct grammar *g,
                   uint64_t seed, int (*usable)(void *context, const struct derivation *d),
                   void *context, struct err *err) NODISCARD;

/* Whether a tree may stand in the corpus: it is in the set of the group it belongs to, if any. */
bool treeset_allows(const struct treeset *t, const struct grammar *g, const struct derivation *d);

/* Copy a tree. */
void treeset_copy(const struct derivation *from, struct derivation *to);

void treeset_free(struct treeset *t);

#endif
