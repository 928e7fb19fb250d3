/* Regular expressions of users: PCRE2 with just-in-time compilation and limits on work and memory.
 *
 * Patterns and subjects are UTF-8. A pattern that backtracks without end is an error of the data,
 * not a hang: each match stops at a fixed number of steps. Any number of threads may use a pattern
 * at once; each keeps work space of its own until it ends. */
#ifndef ESPALIER_PATTERN_H
#define ESPALIER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/mem.h"
#include "lib/msg.h"

struct pattern;

/* Compile `text`. NULL on error (STATUS_DATA) with PCRE2's sentence and the place, or
 * for more than 99 groups. */
struct pattern *pattern_compile(const char *text, struct err *err) NODISCARD;

/* Search in subject[0..len), which must be valid UTF-8. 1: found; 0: not; -1: a limit was hit
 * (STATUS_DATA). */
int pattern_search(const struct pattern *p, const char *subject, size_t len,
                   struct err *err) NODISCARD;

/* What a match is replaced by: text in which $1, ${name} and $0 stand for groups of the pattern and
 * $$ for a dollar. */
struct replacement;

/* NULL: it names a group that the pattern does not have (STATUS_DATA). */
struct replacement *replacement_new(const struct pattern *p, const char *text,
                                    struct err *err) NODISCARD;
void replacement_free(struct replacement *r);

/* Append to `out` the subject with its first match (every match if `all`) replaced. Returns the
 * number of replacements; 0 appends nothing. -1: a limit was hit (STATUS_DATA). */
int pattern_replace(const struct pattern *p, const char *subject, size_t len,
                    const struct replacement *replacement, bool all, struct buf *out,
                    struct err *err) NODISCARD;

/* Append `word` with every character that means something in a pattern escaped. */
void pattern_quote(struct buf *out, const char *word);

void pattern_free(struct pattern *p);

#endif
