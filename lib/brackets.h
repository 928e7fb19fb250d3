/* Strings of one kind of brackets: drawn evenly, told apart by four rules, counted exactly.
 *
 * Symbol i of a string is bit i % 64 of word i / 64: 1 for "(", 0 for ")". Lengths are even. Bits
 * beyond the length are 0. */
#ifndef ESPALIER_BRACKETS_H
#define ESPALIER_BRACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"
#include "lib/rng.h"

enum { BRACKETS_MAX_LENGTH = 65536 };

/* What a string is, as a set of flags. */
enum {
    BRACKETS_NESTED = 1,     /* a Dyck word: every closer has its opener before it */
    BRACKETS_EQUAL = 2,      /* as many openers as closers; all that is nested is */
    BRACKETS_FIRST_OPEN = 4, /* "(" stands first */
    BRACKETS_LAST_CLOSE = 8, /* ")" stands last */
    BRACKETS_KINDS = 16
};

static inline size_t brackets_words(uint32_t length) {
    return ((size_t)length + 63) / 64;
}

/* Write to bits[brackets_words(length)] a string drawn evenly from: all nested strings of the
 * length; all with equal counts; all.
 *
 * Of the last 64 symbols the nested ones and those with equal counts are numbered, and one random
 * number chooses among them. Symbols before these are drawn one by one: a nested string closes, at
 * depth r with k symbols to come, with probability r(k+r+2) / (2k(r+1)) (Arnold and Sleep 1980,
 * doi:10.1145/357084.357091), one with equal counts opens with probability openers to come / k. */
void brackets_draw_nested(uint64_t *bits, uint32_t length, struct rng *r);
void brackets_draw_equal(uint64_t *bits, uint32_t length, struct rng *r);
void brackets_draw_any(uint64_t *bits, uint32_t length, struct rng *r);

unsigned brackets_kind(const uint64_t *bits, uint32_t length);

/* share[kind]: of all 2^length strings, those that are of exactly this kind. */
void brackets_shares(uint32_t length, double share[BRACKETS_KINDS]);

/* Append "( ) (", or the depth after each symbol, "1 0 1". */
void brackets_put(const uint64_t *bits, uint32_t length, struct buf *out);
void brackets_put_depths(const uint64_t *bits, uint32_t length, struct buf *out);

#endif
