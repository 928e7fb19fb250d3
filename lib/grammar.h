/* Grammar files: a task as data (man/espalier-grammar.5).
 *
 * The weighted format of McCoy, Frank & Linzen (2020), `weight TAB left TAB right`, is read as it
 * is, with the weight optional (1). Three additions: a fourth column, the target side, makes a
 * production synchronous (Aho & Ullman 1969; Chiang 2007); tags (`@center @rc_object`) in a last
 * column; directives that begin with `%`. Lines that begin with `#` are comments.
 *
 *     %start ROOT                   the start symbol (default: ROOT, else the first left side)
 *     %target hierarchical          the name of the rule that the target sides state
 *     %rule linear s/.../.../       a line of the string rule `linear` (rewrite.h)
 *     %tag two_aux /PATTERN/        sources that match PATTERN carry the tag two_aux
 *     %words PAST PRESENT           capitalised symbols that are words, not misspelt nonterminals
 *     %depth RC Comp                the nonterminals whose nesting is the depth of a sentence
 *                                   (default: of those that derive one another, the first)
 *
 * A symbol is a word iff no production has it on its left. */
#ifndef ESPALIER_GRAMMAR_H
#define ESPALIER_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "lib/vocab.h"

/* One item of a target side. A child is given by its place among the production's source symbols;
 * with `copy` (written =X) it contributes its source side, as if every production below it had
 * equal sides. */
struct target_item {
    int child; /* -1: a word */
    int word;  /* symbol of the word */
    bool copy;
};

/* Words with a space after each, in memory that may be read 16 bytes beyond their end. */
struct spaced_text {
    const char *text;
    unsigned len;
};

struct production {
    int left;
    int n_source;
    int *source; /* symbols */
    int n_target;
    struct target_item *target; /* equal to the source side where the file gives none */
    double weight;
    double probability;     /* among the productions of `left`; grammar_vary.h may change it */
    double log_probability; /* its natural logarithm */
    uint64_t tags;          /* set of tag numbers */
    uint64_t signature;     /* hash of left and source side, and of its place among equal ones */
    bool lexical;           /* its source side is words alone */
    struct spaced_text source_text, target_text; /* the sides of a lexical production */
    int line;                                    /* in the file */
};

struct grammar {
    char *path;
    uint64_t hash; /* XXH3 of the file */
    struct vocab symbols;
    int start;
    struct production *productions; /* grouped by left side, in file order within a group */
    int n_productions;
    int *first;                 /* [symbol]: its first production, -1 for words */
    int *count;                 /* [symbol]: its number of productions, 0 for words */
    bool *preterminal;          /* [symbol]: all its productions are lexical */
    struct spaced_text *spaced; /* [symbol]: its name */
    bool *level;                /* [symbol]: its nodes count as levels of embedding */
    bool *embeds;               /* [symbol]: a level can be met in its trees */
    bool has_target;            /* some production has a target side of its own */
    struct vocab tags;          /* at most 64 names */
    struct vocab rules;         /* names of the rules; the first gives the target */
    double mean_length;         /* expected number of words of a sentence */
    struct grammar_private *private;
};

/* Read and check a grammar file. NULL on error (STATUS_NOINPUT, STATUS_DATA): every symbol must be
 * defined and derive a sentence, no symbol may derive itself alone, sentences must have a finite
 * expected length, patterns must compile, classes must exist. Productions that the start symbol
 * never reaches and no rule or tag names are warned of. */
struct grammar *grammar_read(const char *path, struct err *err) NODISCARD;
void grammar_free(struct grammar *g);

static inline bool grammar_is_word(const struct grammar *g, int symbol) {
    return g->count[symbol] == 0;
}

/* Find the probabilities of the productions from their weights. */
void grammar_normalise(struct grammar *g);

/* Mark every symbol that a symbol can derive, itself included, in reached[0 .. symbols.n). */
void grammar_mark_reached(const struct grammar *g, int symbol, bool *reached);

/* The words a sentence or its answers may hold, in order of first mention in the file, joined by
 * spaces. The caller frees it. */
char *grammar_vocabulary_text(const struct grammar *g);

/* The words of a class: what a nonterminal derives in steps of one symbol. Borrowed. -1: no such
 * nonterminal, or one that derives more than single words (STATUS_DATA). */
int grammar_class(struct grammar *g, const char *name, const char *const **words, size_t *n,
                  struct err *err) NODISCARD;

/* The productions that end the chains of renamings (X -> Y) from a nonterminal, in the order of the
 * file's alternatives; n of them. The caller frees the list. */
int *grammar_endings(const struct grammar *g, int symbol, size_t *n);

/* The nonterminal whose name is nearest to a word, or NULL. */
const char *grammar_nearest(const struct grammar *g, const char *word);

/* The answer of rule number `rule` (an index into g->rules) to a source sentence. Only for string
 * rules: rule 0 of a grammar with target sides is the tree rule and has no answer here. */
int grammar_apply_rule(const struct grammar *g, int rule, const char *source, size_t len,
                       struct buf *out, struct err *err) NODISCARD;
bool grammar_is_string_rule(const struct grammar *g, int rule);

/* The tags that patterns give a source sentence, among those in `wanted`. -1: a pattern's limit. */
int grammar_pattern_tags(const struct grammar *g, const char *source, size_t len, uint64_t wanted,
                         uint64_t *tags, struct err *err) NODISCARD;

/* The tags that some pattern may give. */
uint64_t grammar_tags_by_pattern(const struct grammar *g);

/* Classes that the file's patterns mention, for the header of a corpus: names, and n. */
const char *const *grammar_mentioned_classes(const struct grammar *g, size_t *n);

#endif
