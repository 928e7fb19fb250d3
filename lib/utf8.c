#include "lib/utf8.h"

#include <stdint.h>
#include <string.h>

static const uint64_t HIGH_BITS = 0x8080808080808080u;

/* The first byte from p on that may be no ASCII: the start of its block of 32, or of the rest. */
static const unsigned char *skip_ascii(const unsigned char *p, const unsigned char *end) {
    while (end - p >= 32) {
        uint64_t w[4];
        memcpy(w, p, sizeof w);
        if ((w[0] | w[1] | w[2] | w[3]) & HIGH_BITS)
            break;
        p += 32;
    }
    return p;
}

/* The length of the sequence that p opens, 0 if it opens none. */
static size_t sequence(const unsigned char *p, size_t left) {
    if (*p < 0x80)
        return 1;
    size_t n = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
    if (*p < 0xC2 || *p > 0xF4 || left < n)
        return 0;
    if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) ||
        (*p == 0xF4 && p[1] > 0x8F))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

bool utf8_is_valid(const void *bytes, size_t len) {
    const unsigned char *p = bytes, *end = p + len;
    while ((p = skip_ascii(p, end)) < end) {
        const unsigned char *block = end - p > 32 ? p + 32 : end;
        while (p < block) {
            size_t n = sequence(p, (size_t)(end - p));
            if (n == 0)
                return false;
            p += n;
        }
    }
    return true;
}
