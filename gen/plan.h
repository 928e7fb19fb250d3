/* What each example of a corpus is to be, fixed in advance: its class (--where), whether it gives
 * one rule away (--leak), and its syntax tree (--trees). Slot by slot, every kind gets its share to
 * within one (selection.h). */
#ifndef ESPALIER_PLAN_H
#define ESPALIER_PLAN_H

#include "gen/leaks.h"
#include "gen/treeset.h"
#include "lib/selection.h"

#define PLAN_ANY_CLASS ((size_t)-1)

/* A kind of example. */
struct plan_kind {
    size_t class_index;            /* PLAN_ANY_CLASS: of a leak */
    int leak;                      /* the rule whose answer the example gives away; -1: none */
    const struct derivation *tree; /* the syntax tree it must have; NULL: any that is allowed */
    char *name;                    /* for the column `class` and for messages */
};

/* The trees of a class, in shares. */
struct plan_trees {
    size_t first, n;         /* kinds */
    size_t turn;             /* whose slot is next, where all have equal shares */
    struct apportion shares; /* empty: equal */
};

struct plan {
    struct selection *selection;
    struct plan_kind *kinds;
    size_t n_kinds, cap_kinds;
    struct leaks leaks;       /* leak i is kind i */
    struct plan_trees *trees; /* [class] */
};

/* What a plan is made of. */
struct plan_request {
    const struct grammar *grammar;
    struct selection *selection; /* outlives the plan, as do the trees */
    const struct treeset *trees;
    bool even;         /* the trees of a class come equally often; else by their probabilities */
    const char *leaks; /* RULE=AMOUNT, ...: below 1 a share of all examples, from 1 on a number */
    int64_t count;     /* among so many */
    int64_t skip;      /* examples left out: a number would not say of how many */

    /* Whether a chosen tree can have examples of a class. */
    int (*usable)(void *context, size_t class_index, const struct derivation *tree);
    void *context;
};

/* Make a plan. A class whose trees all belong to one item of --trees has exact shares of its trees;
 * those of others are left to the draws. Shares of --where are shares of the examples that leak
 * nothing. -1: an unknown rule, one named twice or a wrong amount (STATUS_USAGE), a class that no
 * chosen tree has (STATUS_DATA), an error of `usable`. */
int plan_make(struct plan *p, const struct plan_request *q, struct err *err) NODISCARD;

/* The kind of the next slot: an index into kinds. */
size_t plan_next(struct plan *p);

void plan_free(struct plan *p);

#endif
