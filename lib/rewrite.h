/* String rules: what a learner that sees only words would do to a sentence.
 *
 * A rule is a list of lines, applied in order, each to the result of the one before. A line is
 *     s/PATTERN/REPLACEMENT/      a PCRE2 substitution of the first match (s/.../.../g: of all)
 *     A -> B / C __ D             every word of class A becomes its partner in class B where what
 *                                 stands before it ends with C and what stands after begins with D
 *                                 (Chomsky & Halle 1968); C and D are PCRE2 patterns and may be
 *                                 empty; all places are decided on the line's input at once
 * In patterns {Name} matches any one whole word of the class Name. */
#ifndef ESPALIER_REWRITE_H
#define ESPALIER_REWRITE_H

#include <stddef.h>

#include "lib/mem.h"
#include "lib/msg.h"
#include "lib/vocab.h"

/* Where classes come from: the grammar. */
struct word_classes {
    void *context;
    /* The words of a class, borrowed for the life of the grammar. -1: no such class (err says why).
     */
    int (*words)(void *context, const char *class_name, const char *const **words, size_t *n,
                 struct err *err);
    /* The one target-side word that `word` is paired with in a class. -1: none, or several. */
    int (*partner)(void *context, const char *class_name, const char *word, const char **partner,
                   struct err *err);
};

struct rewrite;

struct rewrite *rewrite_new(void);

/* Add a line to the rule. -1 on error (STATUS_DATA); the rule is then as it was. */
int rewrite_add(struct rewrite *r, const char *line, const struct word_classes *classes,
                struct err *err) NODISCARD;

/* Set *out to what the rule makes of a sentence (valid UTF-8). -1 on error: a pattern's limit. */
int rewrite_apply(const struct rewrite *r, const char *sentence, size_t len, struct buf *out,
                  struct err *err) NODISCARD;

/* Add to `words` the words that the rule may write: partners, and whole words of replacements. */
void rewrite_put_words(const struct rewrite *r, struct vocab *words);

void rewrite_free(struct rewrite *r);

/* Append a pattern with its {Name}s expanded. -1: an unknown class. */
int rewrite_expand(struct buf *out, const char *pattern, const struct word_classes *classes,
                   struct err *err) NODISCARD;

#endif
