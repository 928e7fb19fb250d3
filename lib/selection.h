/* Which examples a corpus keeps, by their tags, and in what shares (--where).
 *
 *     EXPRESSION  = TERM { "," TERM }
 *     TERM        = CONJUNCTION            keep only examples that satisfy it
 *                 | CONJUNCTION "=" SHARE  a class with its share of the examples, 0 to 1
 *     CONJUNCTION = LITERAL { "&" LITERAL }     LITERAL = tag | "!" tag
 *
 * Classes with shares must exclude one another; where the shares sum to less than 1, the rest goes
 * to the examples of no class. Slot i of the corpus belongs to a class that is fixed in advance,
 * the same for every seed and every size, so that every class has its share at every size
 * (apportion.h). */
#ifndef ESPALIER_SELECTION_H
#define ESPALIER_SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/apportion.h"
#include "lib/msg.h"
#include "lib/vocab.h"

struct selection_class {
    uint64_t all, none; /* tags an example must have, and must not have */
    char *text;         /* as written, for messages; NULL: the rest */
};

struct selection {
    uint64_t all, none; /* of every example */
    struct selection_class *classes;
    size_t n, cap;           /* n = 0: one class, everything */
    struct apportion shares; /* of the classes */
    uint64_t wanted;         /* the tags that decide anything */
};

/* Read an expression; `tags` names the tags. -1 on error (STATUS_USAGE): an unknown tag, a share
 * outside 0..1, shares over 1, contradictory literals. NULL text keeps everything. */
int selection_read(struct selection *s, const char *text, const struct vocab *tags,
                   struct err *err) NODISCARD;

/* Read LITERAL { & LITERAL } from text[0..len) into the tags it asks for and those it excludes;
 * `option` is named in messages. -1 as above. */
int selection_read_conjunction(const char *option, const char *text, size_t len,
                               const struct vocab *tags, uint64_t *all, uint64_t *none,
                               struct err *err) NODISCARD;

/* The class of the next slot: an index, to be asked for slot 0, 1, 2, ... in order. */
size_t selection_next_class(struct selection *s);

/* Whether an example with these tags is kept, and its class: the index, -1 when it is dropped, -2
 * when it belongs to two classes. */
int selection_class_of(const struct selection *s, uint64_t tags);

/* The name of a class for messages. */
const char *selection_class_name(const struct selection *s, size_t index);

void selection_free(struct selection *s);

#endif
