/* lib/utf8 against a decoder that is written to be plainly right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/rng.h"
#include "lib/utf8.h"

/* The shortest form of a code point; returns its length. */
static size_t encode(uint32_t c, unsigned char *out) {
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (unsigned char)(0x80 | (c & 0x3F));
    out[0] = (unsigned char)(lead[n] | c);
    return n;
}

/* A text is valid if it is cut into encoded scalar values, each in its shortest form. */
static bool plainly_valid(const unsigned char *p, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t n = p[i] < 0x80       ? 1
                   : p[i] >> 5 == 6  ? 2
                   : p[i] >> 4 == 14 ? 3
                   : p[i] >> 3 == 30 ? 4
                                     : 0;
        if (n == 0 || n > len - i)
            return false;
        uint32_t c = n == 1 ? p[i] : p[i] & (0xFFu >> (n + 1));
        for (size_t k = 1; k < n; k++)
            c = c << 6 | (p[i + k] & 0x3F);
        unsigned char again[4] = {0};
        if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || encode(c, again) != n ||
            memcmp(again, p + i, n) != 0)
            return false;
        i += n;
    }
    return true;
}

/* Also at every distance from the borders of the blocks that are skipped as ASCII. */
static void same(const unsigned char *bytes, size_t len) {
    unsigned char text[200];
    bool valid = plainly_valid(bytes, len);
    for (size_t before = 0; before <= 66; before += before < 2 ? 1 : 5)
        for (size_t behind = 0; behind <= 70; behind += 35) {
            memset(text, 'x', sizeof text);
            memcpy(text + before, bytes, len);
            /* in memory of exactly this size, for the sanitizer */
            size_t total = before + len + behind;
            void *exact = malloc(total ? total : 1);
            assert_non_null(exact);
            memcpy(exact, text, total);
            bool got = utf8_is_valid(exact, total);
            free(exact);
            if (got != valid)
                fail_msg("%zu bytes from %02x %02x on, after %zu: %s", len, bytes[0], bytes[1],
                         before, got ? "accepted" : "refused");
        }
}

static void every_scalar_value(void **state) {
    (void)state;
    unsigned char text[4];
    for (uint32_t c = 0; c < 0x140000; c++) {
        size_t n = encode(c, text);
        bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        if (utf8_is_valid(text, n) != valid)
            fail_msg("U+%04X", c);
        for (size_t cut = 1; cut < n; cut++)
            assert_false(utf8_is_valid(text, cut));
    }
}

static void every_pair_of_bytes(void **state) {
    (void)state;
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("\0", 1));
    for (unsigned i = 0; i < 65536; i++) {
        unsigned char text[2] = {(unsigned char)(i >> 8), (unsigned char)i};
        assert_int_equal(utf8_is_valid(text, 2), plainly_valid(text, 2));
    }
}

static void random_sequences(void **state) {
    (void)state;
    struct rng r = rng_at(1, RNG_NOISE, 0);
    static const unsigned char likely[] = {0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2,
                                           0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 'a',  0};
    for (int k = 0; k < 30000; k++) {
        unsigned char text[40];
        size_t len = rng_below(&r, 40) + 1;
        for (size_t i = 0; i < len;)
            if (rng_below(&r, 8) == 0) {
                text[i++] = likely[rng_below(&r, sizeof likely)];
            } else {
                unsigned char one[4];
                size_t n = encode(rng_below(&r, 2) ? rng_below(&r, 0x110000) : rng_below(&r, 0x80),
                                  one);
                n = n < len - i ? n : len - i;
                memcpy(text + i, one, n);
                i += n;
            }
        same(text, len);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value),
        cmocka_unit_test(every_pair_of_bytes),
        cmocka_unit_test(random_sequences),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
