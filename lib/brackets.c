#include "lib/brackets.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { NUMBERED = 64 };

static struct {
    /* [k][r]: nested continuations of k symbols from depth r - 1 down to 0 (none from -1). */
    uint64_t nested[NUMBERED + 1][NUMBERED + 3];
    /* [k][o]: strings of k symbols with o - 1 openers (none with -1). */
    uint64_t equal[NUMBERED + 1][NUMBERED + 3];
    char text[256][16]; /* eight symbols, each with a space behind it */
    signed char sum[256], lowest[256];
} table;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_table(void) {
    table.nested[0][1] = table.equal[0][1] = 1;
    for (int k = 1; k <= NUMBERED; k++)
        for (int i = 1; i <= k + 1; i++) {
            table.nested[k][i] = table.nested[k - 1][i - 1] + table.nested[k - 1][i + 1];
            table.equal[k][i] = table.equal[k - 1][i - 1] + table.equal[k - 1][i];
        }
    for (int byte = 0; byte < 256; byte++)
        for (int i = 0; i < 8; i++) {
            int open = byte >> i & 1;
            table.text[byte][2 * i] = open ? '(' : ')';
            table.text[byte][2 * i + 1] = ' ';
            table.sum[byte] = (signed char)(table.sum[byte] + 2 * open - 1);
            if (i == 0 || table.sum[byte] < table.lowest[byte])
                table.lowest[byte] = table.sum[byte];
        }
}

static void set(uint64_t *bits, uint32_t i) {
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

/* Set symbols i, i + 1, ... to the bits of `tail`, which are 0 beyond the length. */
static void set_tail(uint64_t *bits, uint32_t i, uint64_t tail) {
    bits[i / 64] |= tail << i % 64;
    if (i % 64 && tail >> (64 - i % 64))
        bits[i / 64 + 1] = tail >> (64 - i % 64);
}

void brackets_draw_nested(uint64_t *bits, uint32_t length, struct rng *r) {
    uint32_t i = 0, depth = 0;
    pthread_once(&made, make_table);
    memset(bits, 0, brackets_words(length) * sizeof *bits);
    for (; length - i > NUMBERED; i++) {
        uint64_t k = length - i, d = depth;
        if (d > 0 && rng_below64(r, 2 * k * (d + 1)) < d * (k + d + 2)) {
            depth--;
        } else {
            depth++;
            set(bits, i);
        }
    }
    /* Those that close come first in the numbering. */
    uint64_t number = rng_below64(r, table.nested[length - i][depth + 1]), tail = 0;
    for (uint32_t k = length - i; k-- > 0;) {
        uint64_t closing = table.nested[k][depth], opens = number >= closing;
        number -= closing & -opens;
        depth += (uint32_t)(2 * opens) - 1;
        tail = tail >> 1 | opens << 63;
    }
    set_tail(bits, i, tail >> (64 - (length - i)));
}

void brackets_draw_equal(uint64_t *bits, uint32_t length, struct rng *r) {
    uint32_t i = 0, openers = length / 2;
    pthread_once(&made, make_table);
    memset(bits, 0, brackets_words(length) * sizeof *bits);
    for (; length - i > NUMBERED; i++)
        if (rng_below(r, length - i) < openers) {
            openers--;
            set(bits, i);
        }
    uint64_t number = rng_below64(r, table.equal[length - i][openers + 1]), tail = 0;
    for (uint32_t k = length - i; k-- > 0;) {
        uint64_t closing = table.equal[k][openers + 1], opens = number >= closing;
        number -= closing & -opens;
        openers -= (uint32_t)opens;
        tail = tail >> 1 | opens << 63;
    }
    set_tail(bits, i, tail >> (64 - (length - i)));
}

void brackets_draw_any(uint64_t *bits, uint32_t length, struct rng *r) {
    size_t n = brackets_words(length);
    for (size_t i = 0; i < n; i++)
        bits[i] = rng_u64(r);
    if (length % 64)
        bits[n - 1] &= ((uint64_t)1 << length % 64) - 1;
}

/* Of a string with equal counts: whether the depth is never below 0. */
static bool stays_above(const uint64_t *bits, uint32_t length) {
    int32_t depth = 0;
    uint32_t i = 0;
    for (; length - i >= 8; i += 8) {
        unsigned byte = bits[i / 64] >> i % 64 & 0xff;
        if (depth + table.lowest[byte] < 0)
            return false;
        depth += table.sum[byte];
    }
    for (; i < length; i++) {
        depth += bits[i / 64] >> i % 64 & 1 ? 1 : -1;
        if (depth < 0)
            return false;
    }
    return true;
}

unsigned brackets_kind(const uint64_t *bits, uint32_t length) {
    pthread_once(&made, make_table);
    uint32_t last = length - 1, openers = 0;
    for (size_t i = 0; i < brackets_words(length); i++)
        openers += (uint32_t)__builtin_popcountll(bits[i]);
    unsigned kind = (bits[0] & 1 ? BRACKETS_FIRST_OPEN : 0) |
                    (bits[last / 64] >> last % 64 & 1 ? 0 : BRACKETS_LAST_CLOSE);
    if (openers == length / 2)
        kind |= BRACKETS_EQUAL | (stays_above(bits, length) ? BRACKETS_NESTED : 0);
    return kind;
}

void brackets_shares(uint32_t length, double share[BRACKETS_KINDS]) {
    double n = length / 2, equal = 1; /* C(2n, n) / 4^n, a product of (2i - 1) / 2i */
    for (double i = 1; i <= n; i++)
        equal *= (2 * i - 1) / (2 * i);
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
        share[kind] = 0;
    for (unsigned ends = 0; ends < BRACKETS_KINDS; ends += BRACKETS_FIRST_OPEN) {
        /* Of C(2n, n) strings, C(2n - 2, n - 1) have two given different symbols at their ends, and
         * C(2n - 2, n - 2) two given equal ones. */
        bool differ = ends == 0 || ends == (BRACKETS_FIRST_OPEN | BRACKETS_LAST_CLOSE);
        double own = equal * (differ ? n : n - 1) / (2 * (2 * n - 1));
        share[ends | BRACKETS_EQUAL] = own;
        share[ends] = 0.25 - own;
    }
    share[BRACKETS_KINDS - 1] = equal / (n + 1);
    share[BRACKETS_KINDS - 1 - BRACKETS_NESTED] -= equal / (n + 1);
}

void brackets_put(const uint64_t *bits, uint32_t length, struct buf *out) {
    char text[128];
    pthread_once(&made, make_table);
    for (uint32_t i = 0; i < length; i += 64) {
        uint32_t n = length - i < 64 ? length - i : 64;
        for (uint32_t k = 0; k < n; k += 8)
            memcpy(text + 2 * (size_t)k, table.text[bits[i / 64] >> k & 0xff], 16);
        buf_add(out, text, 2 * (size_t)n - (i + n == length));
    }
}

void brackets_put_depths(const uint64_t *bits, uint32_t length, struct buf *out) {
    int32_t depth = 0;
    for (uint32_t i = 0; i < length; i++) {
        depth += bits[i / 64] >> i % 64 & 1 ? 1 : -1;
        if (i)
            buf_putc(out, ' ');
        buf_put_integer(out, depth);
    }
}
