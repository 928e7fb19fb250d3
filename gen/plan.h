/* What each example of a corpus is to be, fixed in advance: its class (--where), whether it gives
 * one rule away (--leak), and its syntax tree (--trees). Slot by slot, every kind gets its share to
 * within one (apportion.h). */
#ifndef ESPALIER_PLAN_H
#define ESPALIER_PLAN_H

#include "gen/leaks.h"
#include "gen/treeset.h"
#include "lib/selection.h"

/* A kind of example. */
struct plan_kind {
    size_t class_index;
    int leak;                      /* the rule whose answer the example gives away; -1: none */
    const struct derivation *tree; /* the syntax tree it must have; NULL: any that is allowed */
    char *name;                    /* for the column `class` and for messages */
};

struct plan {
    struct selection *selection;
    const struct treeset *trees;
    struct plan_kind *kinds;
    size_t n_kinds, cap_kinds;
    struct leaks leaks;            /* leak i is kind i */
    size_t *first_kind;            /* [class]: its kinds, one for each of its trees, or one */
    struct apportion *tree_shares; /* [class] */
};

/* Make a plan. `leaks` is a list RULE=AMOUNT, ...: below 1 a share of all examples, from 1 on a
 * number among `count`. Shares of --where are shares of the examples that leak nothing. With
 * `even`, the trees of a class come equally often, else in proportion to their probabilities. -1:
 * an unknown rule or a wrong amount (STATUS_USAGE), a class that no chosen tree has
 * (STATUS_DATA). The selection and the trees must outlive the plan. */
int plan_make(struct plan *p, const struct grammar *g, struct selection *selection,
              const struct treeset *trees, bool even, const char *leaks, int64_t count,
              struct err *err) NODISCARD;

/* The kind of the next slot: an index into kinds. */
size_t plan_next(struct plan *p);

void plan_free(struct plan *p);

#endif
