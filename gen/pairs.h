/* The table of an operation, one row for each pair (x, y), and its parts.
 *
 * A row's number is x * (number of y that are taken) + the place of y among them. Rows have a
 * shuffled order, a function of the seed. A split cuts the table into train and test:
 *
 *     ordered    train is the first f of all rows in the shuffled order, as published, so that the
 *                mirror (y, x) of a test row is in train with probability about f
 *     unordered  (x, y) and (y, x) are on the same side: train is the first f of the pairs {x, y}
 *                that stand in the table both ways, and the first f of the rows that do not
 *                (x = y, or an x that is not taken as y), each in a shuffled order of its own
 *
 * Either way the sides do not overlap and together are the table; a smaller f gives a part of the
 * train side of a larger one; nothing is stored beyond lib/permutation.h. */
#ifndef ESPALIER_PAIRS_H
#define ESPALIER_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/operation.h"
#include "lib/permutation.h"

enum pairs_side { PAIRS_ALL, PAIRS_TRAIN, PAIRS_TEST };

#define PAIRS_NONE UINT64_MAX

struct pairs {
    const struct operation *operation;
    uint64_t elements, rows;
    uint32_t n_taken;
    uint32_t *taken, *place; /* the y that are taken; of any y, its place among these, or among
                                the others. NULL: all are taken */
    struct permutation *order;
    bool split, unordered;
    uint64_t train_rows; /* of `rows` */
    /* An unordered split: pairs that stand both ways, and how many are train; other rows. */
    uint64_t n_twofold, train_twofold, n_single, train_single;
    struct permutation *twofold, *single;
};

/* The table, with the shuffled order of a seed (items 0 to 2 of stream RNG_CHOICE). The operation
 * must outlive it. */
void pairs_init(struct pairs *p, const struct operation *operation, uint64_t seed);
void pairs_split(struct pairs *p, double fraction, bool unordered, uint64_t seed);
void pairs_free(struct pairs *p);

/* The pair of a row. */
void pairs_of_row(const struct pairs *p, uint64_t row, uint32_t *x, uint32_t *y);

/* The row of (y, x), if that is another row of the table; else PAIRS_NONE. */
uint64_t pairs_mirror(const struct pairs *p, uint32_t x, uint32_t y);

bool pairs_is_train(const struct pairs *p, uint64_t row);
uint64_t pairs_count(const struct pairs *p, enum pairs_side side);

/* What is known exactly, by going through the table. */
struct pairs_facts {
    double most_frequent; /* share of the table with the most frequent answer */
    double entropy;       /* of the answers, in nats */
    bool commutes;        /* op(x, y) = op(y, x) wherever both are in the table */
};
struct pairs_facts pairs_facts(const struct pairs *p, double noise);

/* Of the test rows: those whose mirror is in train, and those among them with the same answer as
 * their mirror. */
void pairs_leak(const struct pairs *p, uint64_t *mirrored, uint64_t *same);

#endif
