#include "gen/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"

static int64_t read_count(const char *option, const char *text, size_t len, int64_t least,
                          int64_t most) {
    char *word = mem_strndup(text, len);
    int64_t value;
    if (opt_read_count(word, &value) != 0)
        msg_die(STATUS_USAGE, "%s: '%s' is no whole number", option, word);
    if (value < least || value > most)
        msg_die(STATUS_USAGE, "%s: %s is not from %" PRId64 " to %" PRId64, option, word, least,
                most);
    free(word);
    return value;
}

size_t numbers_counts(const char *option, const char *text, int64_t least, int64_t most,
                      int64_t **list) {
    size_t n = 0, cap = 0;
    *list = NULL;
    for (bool more = true; more;) {
        size_t len = strcspn(text, ",");
        *list = mem_grow(*list, &cap, n + 1, sizeof **list);
        (*list)[n++] = read_count(option, text, len, least, most);
        more = text[len] == ',';
        text += len + more;
    }
    return n;
}

size_t numbers_reals(const char *option, const char *text, double least, double most,
                     double **list) {
    size_t n = 0, cap = 0;
    *list = NULL;
    for (bool more = true; more;) {
        size_t len = strcspn(text, ",");
        char *word = mem_strndup(text, len);
        double value;
        if (opt_read_number(word, &value) != 0)
            msg_die(STATUS_USAGE, "%s: '%s' is no number", option, word);
        if (value < least || value > most)
            msg_die(STATUS_USAGE, "%s: %s is not from %g to %g", option, word, least, most);
        free(word);
        *list = mem_grow(*list, &cap, n + 1, sizeof **list);
        (*list)[n++] = value;
        more = text[len] == ',';
        text += len + more;
    }
    return n;
}

void numbers_put_decimal(struct buf *b, double value, int decimals) {
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    double size = fabs(value) * (double)scale + 0.5;
    if (size >= 0x1p53) { /* no decimal would be left that means anything */
        buf_printf(b, "%.0f", value);
        return;
    }
    uint64_t whole = (uint64_t)size;
    if (whole && value < 0)
        buf_putc(b, '-');
    buf_put_integer(b, (int64_t)(whole / scale));
    uint64_t rest = whole % scale;
    if (rest == 0)
        return;
    char text[10] = ".";
    int n = decimals;
    while (rest % 10 == 0) {
        rest /= 10;
        n--;
    }
    for (int i = n; i > 0; i--, rest /= 10)
        text[i] = (char)('0' + rest % 10);
    buf_add(b, text, (size_t)n + 1);
}
