/* Parsing: what a weighted grammar says of a sentence of its source language.
 *
 * A bottom-up chart of dotted productions (Kay 1980, "Algorithm schemata and data structures in
 * syntactic processing") over a trie of their right sides (dotted.h), with the inside probability
 * (Baker 1979, doi:10.1121/1.2017061), the number of derivations and the most probable derivation
 * (Viterbi) of every part: three semirings over one chart (Goodman 1999, "Semiring parsing",
 * Computational Linguistics 25). No normal form is needed: right sides have any length, and chains
 * of single symbols, left and right recursion and ambiguity are all allowed. What grammar_read
 * guarantees is used: no empty production, no symbol that derives itself alone.
 *
 * Spans that end at a word are finished before those that end at the next, and of these the shorter
 * ones first; within a span, productions of a single symbol go up in the order of dotted.height. So
 * whatever a part is made of is complete, and its sums final, when it is used. A sentence of n
 * words needs at most n^2 / 2 chart entries a symbol and a state, and n^3 / 6 steps an edge of the
 * trie.
 *
 * Of two derivations with the same probability the better one is decided at the topmost node where
 * they differ: it has the production that comes first in the file; with the same production, the
 * one whose last child is longer, then the last but one, and so on (so of two children, the left
 * one is as short as can be). Probabilities are compared to 2^-40 bits a production, whatever the
 * order in which they are multiplied: derivations with the same productions have the same. */
#ifndef ESPALIER_PARSE_H
#define ESPALIER_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/derivation.h"
#include "lib/grammar.h"

/* Longer sentences, a larger chart (400 MB), more steps (some seconds) and deeper trees are errors.
 */
enum {
    PARSER_MAX_WORDS = 2000,
    PARSER_MAX_ENTRIES = 1 << 22,
    PARSER_MAX_STEPS = 1 << 27,
    PARSER_MAX_DEPTH = 5000
};

struct parser;

/* The grammar must outlive the parser. A parser keeps its work space between sentences: one for
 * each thread. */
struct parser *parser_new(const struct grammar *g);
void parser_free(struct parser *p);

struct parse {
    uint64_t derivations;   /* UINT64_MAX: that many or more */
    double log_probability; /* of the sentence: natural logarithm of the sum over its derivations;
                               -infinity without any */
    /* The first word that is none of the grammar's, in the sentence that was given; NULL: all are.
     */
    const char *unknown;
    size_t unknown_len;
};

/* Parse the words of sentence[0..len), which single spaces separate. A word the grammar does not
 * have, a nonterminal's name, a space too many and the empty sentence are in no language. 1: the
 * start symbol derives it; 0: it does not; -1 (STATUS_DATA): a bound is passed. *out, which
 * may be NULL, is set but for -1. */
int parser_parse(struct parser *p, const char *sentence, size_t len, struct parse *out,
                 struct err *err) NODISCARD;

/* The most probable derivation of the sentence parsed last, which must have one. Its
 * log_probability has the bits that a sampler gives the same tree. -1 (STATUS_DATA): it is too
 * deep.
 */
int parser_best(struct parser *p, struct derivation *d, struct err *err) NODISCARD;

#endif
