#include "lib/split.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

/* A whole number at *p, moving it; -1 if there is none or it is absurd. */
static long read_whole(const char **p) {
    char *end;
    if (**p < '0' || **p > '9')
        return -1;
    long n = strtol(*p, &end, 10);
    *p = end;
    return n > SPLIT_MAX_BUCKETS ? -1 : n;
}

int split_read(struct split *s, const char *text, struct err *err) {
    memset(s, 0, sizeof *s);
    if (!text)
        return 0;
    const char *slash = strchr(text, '/'), *p = slash ? slash + 1 : text;
    long of = slash ? read_whole(&p) : -1;
    if (of < 1 || *p)
        goto bad;
    s->buckets = (uint32_t)of;
    for (p = text; p < slash;) {
        long first = read_whole(&p), last = first;
        if (*p == '-') {
            p++;
            last = read_whole(&p);
        }
        if (first < 0 || last < first || last >= of || (*p != ',' && p != slash))
            goto bad;
        for (long b = first; b <= last; b++)
            s->kept[b / 8] |= (unsigned char)(1 << b % 8);
        if (*p == ',' && ++p == slash)
            goto bad;
    }
    if (text != slash)
        return 0;
bad:
    return err_set(err, STATUS_USAGE,
                   "--split is '%s'; it must be buckets/of with buckets from 0 to of-1, such as "
                   "0/10, 1-9/10 or 0,2-3/8 (at most %d buckets)",
                   text, SPLIT_MAX_BUCKETS);
}

double split_share(const struct split *s) {
    if (!s->buckets)
        return 1;
    uint32_t n = 0;
    for (uint32_t b = 0; b < s->buckets; b++)
        n += s->kept[b / 8] >> b % 8 & 1;
    return (double)n / s->buckets;
}

bool split_keeps(const struct split *s, const char *source, size_t len) {
    if (!s->buckets)
        return true;
    uint32_t b = (uint32_t)((hash_bytes(source, len) >> 32) * s->buckets >> 32);
    return s->kept[b / 8] >> b % 8 & 1;
}
