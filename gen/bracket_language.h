/* Dyck-(k,m) strings as a language to model (Hewitt et al. 2020, arXiv:2010.07515): k kinds of
 * brackets, depth at most m, with the least possible loss beside each token. */
#ifndef ESPALIER_BRACKET_LANGUAGE_H
#define ESPALIER_BRACKET_LANGUAGE_H

#include <stdbool.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "lib/dyck_process.h"

enum { BRACKET_MAX_KINDS = 100000 };

/* A word with a space behind it. */
struct bracket_name {
    char text[12];
    unsigned char len;
};

struct bracket_language {
    enum dyck_law law;
    uint32_t shortest, longest, depth, kinds;
    struct dyck_process *process;
    struct bracket_name *open, *close; /* [kind] */
    bool by_skeleton;                  /* split by the string without its kinds */
    struct split split;                /* of that */
    struct columns columns;
};

/* Settle what is asked for: the law, the window of lengths, the depth and the kinds stand in *b.
 * `lengths` is the law of lengths of DYCK_EVEN. What cannot be had ends the tool (STATUS_USAGE). */
void bracket_language_start(struct bracket_language *b, const struct lengths *lengths,
                            const char *columns);

struct maker bracket_language_maker(struct bracket_language *b);

/* Write what is known, the vocabulary and the columns. */
int bracket_language_put_header(const struct bracket_language *b, struct corpus_writer *out,
                                struct err *err) NODISCARD;

void bracket_language_free(struct bracket_language *b);

#endif
