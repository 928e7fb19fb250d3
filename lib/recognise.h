/* Recognition: is a sentence in the source language of a grammar?
 *
 * A bottom-up chart with dotted productions (Kay 1980, "Algorithm schemata and data structures in
 * syntactic processing"; for right sides of two symbols it is the method of Younger 1967,
 * doi:10.1016/S0019-9958(67)80007-X). The right sides form a trie, so that productions with a
 * common beginning share their work (Moore 2000, "Improved left-corner chart parsing for large
 * context-free grammars", IWPT). No normal form is needed: right sides have any length, and chains
 * of single symbols, left and right recursion and ambiguity are all allowed. What grammar_read
 * guarantees is used: no empty production, no symbol that derives itself alone.
 *
 * Spans that end at a word are finished before those that end at the next, and of these the ones
 * that begin later, the shorter ones, come first: so a span is met only when everything it is made
 * of is complete. A sentence of n words needs at most n^2 chart entries a state of the trie and n^3
 * steps an edge, and both have bounds. */
#ifndef ESPALIER_RECOGNISE_H
#define ESPALIER_RECOGNISE_H

#include <stddef.h>

#include "lib/grammar.h"

/* Longer sentences are an error, and so is a chart that grows past that many entries (200 MB). */
enum { RECOGNISER_MAX_WORDS = 2000, RECOGNISER_MAX_ENTRIES = 1 << 24 };

struct recogniser;

/* The grammar must outlive the recogniser. It keeps its work space between sentences: one for each
 * thread. */
struct recogniser *recogniser_new(const struct grammar *g);

/* Whether the start symbol derives the words of sentence[0..len), which single spaces separate. A
 * word the grammar does not have, a nonterminal's name, a space too many and the empty sentence are
 * in no language. 1: it does; 0: it does not; -1 (STATUS_DATA): a bound is passed. */
int recogniser_accepts(struct recogniser *r, const char *sentence, size_t len,
                       struct err *err) NODISCARD;

void recogniser_free(struct recogniser *r);

#endif
