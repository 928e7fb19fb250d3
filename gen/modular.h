/* What gen-modular writes: the rows of a table of pairs, in what order and words, with what noise,
 * and the header that tells what is known of them. */
#ifndef ESPALIER_MODULAR_H
#define ESPALIER_MODULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/pairs.h"

enum { MODULAR_SOURCE, MODULAR_TARGET, MODULAR_CLEAN, MODULAR_TAGS, MODULAR_COLUMNS };
extern const char *const modular_columns[MODULAR_COLUMNS];

enum modular_way {
    MODULAR_DIRECT, /* the rows wanted are a range of the order */
    MODULAR_SEARCH, /* they are those of the order that belong */
};

struct modular {
    struct pairs pairs;
    const struct operation *operation;
    const struct group *group; /* NULL: modulo a number */
    double fraction;           /* of the train part */
    enum pairs_side side;
    enum modular_way way;
    bool sample;       /* each example a row drawn evenly, with replacement */
    uint64_t first, n; /* MODULAR_DIRECT: the range */
    bool by_table;     /* in the order of the table */
    bool in_pairs;     /* --split: both orders of a pair on one side */
    struct split split;
    double noise;
    uint64_t seed_noise;
    uint64_t next;         /* MODULAR_SEARCH: the place in the order that is looked at next */
    char *names;           /* of the elements, one after the other */
    size_t *ends;          /* in names: element e is names[ends[e] .. ends[e + 1]) */
    char *between, *after; /* x and y, x and y's end */
    struct buf words;      /* beside the elements, each with a space behind it */
    struct columns columns;
};

/* Name the elements, and choose the words between and after them: `symbol` NULL is the text of the
 * operation without its blanks. Words that are no words end the tool (STATUS_USAGE). */
void modular_choose_words(struct modular *m, const char *text, const char *symbol,
                          const char *equals);

/* Append an element's name. */
void modular_put_name(const struct modular *m, uint32_t element, struct buf *out);

/* Find the way to the rows, and set g->count unless it is given. More rows than there are end the
 * tool (STATUS_DATA). */
void modular_choose_way(struct modular *m, struct generate *g, bool count_given);

/* The maker of the rows, when all is chosen. */
struct maker modular_maker(struct modular *m);

/* Write what is known, the vocabulary and the columns. */
int modular_put_header(const struct modular *m, struct corpus_writer *out,
                       struct err *err) NODISCARD;

void modular_free(struct modular *m);

#endif
