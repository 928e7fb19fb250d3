#include "gen/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"

int truth_put(struct corpus_writer *out, struct err *err, const char *key, const char *format,
              ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size_t size = (size_t)(n < 0 ? 0 : n) + 1;
    char *value = mem_alloc(size, 1);
    vsnprintf(value, size, format, again);
    va_end(again);
    int result = corpus_put_header(out, key, value, err);
    free(value);
    return result;
}

int truth_put_numbers(struct corpus_writer *out, struct err *err, const char *key, const double *x,
                      size_t n) {
    struct buf value = {0};
    buf_puts(&value, "");
    for (size_t i = 0; i < n; i++)
        buf_printf(&value, "%s%.10g", i ? " " : "", x[i]);
    int result = corpus_put_header(out, key, value.data, err);
    buf_free(&value);
    return result;
}

double truth_coin_entropy(double p) {
    return p <= 0 || p >= 1 ? 0 : -p * log(p) - (1 - p) * log1p(-p);
}
