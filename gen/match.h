/* Conditions on columns: 'COLUMN=/PCRE2/', 'COLUMN!=/PCRE2/' (--match). */
#ifndef ESPALIER_MATCH_H
#define ESPALIER_MATCH_H

#include <stdbool.h>

#include "lib/corpus.h"
#include "lib/opt.h"
#include "lib/pattern.h"

struct match {
    struct pattern *pattern;
    size_t column;
    bool negated;
};

struct matches {
    struct match *items;
    size_t n;
};

/* Read a list of conditions. -1: one is no condition or its pattern is none (STATUS_USAGE), or it
 * names a column that the corpus lacks (STATUS_DATA). */
int matches_read(struct matches *m, const struct opt_list *texts, const struct corpus_reader *in,
                 struct err *err) NODISCARD;

/* Whether the row that was read last meets all: 1 or 0; -1 when a pattern meets its limit
 * (STATUS_DATA). */
int matches_hold(const struct matches *m, const struct corpus_reader *in,
                 struct err *err) NODISCARD;

void matches_free(struct matches *m);

#endif
