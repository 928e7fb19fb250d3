#include "gen/row_text.h"

#include <stdlib.h>
#include <string.h>

int row_text_make(struct row_text *t, const struct corpus_reader *in, const char *const *names,
                  size_t n, const char *constant_name, const char *constant, const char **missing) {
    size_t n_columns;
    corpus_columns(in, &n_columns);
    *t = (struct row_text){.n = n, .which = mem_alloc(n, sizeof *t->which), .constant = constant};
    t->whole = n == n_columns;
    for (size_t i = 0; i < n; i++) {
        bool is_constant = constant_name && strcmp(names[i], constant_name) == 0;
        t->which[i] = is_constant ? -1 : corpus_column(in, names[i]);
        t->whole &= t->which[i] == (int)i;
        if (t->which[i] < 0 && !is_constant) {
            *missing = names[i];
            return -1;
        }
    }
    return 0;
}

int row_text_of(struct row_text *t, const struct corpus_reader *in, const char *row, size_t row_len,
                const char **text, size_t *len, struct err *err) {
    *text = row;
    *len = row_len;
    if (!t->whole) {
        buf_clear(&t->text);
        for (size_t i = 0; i < t->n; i++) {
            if (i)
                buf_putc(&t->text, '\t');
            size_t n = t->which[i] < 0 ? strlen(t->constant) : 0;
            const char *field = t->which[i] < 0 ? t->constant
                                                : corpus_field(in, (size_t)t->which[i], &n);
            buf_add(&t->text, field, n);
        }
        *text = t->text.data;
        *len = t->text.len;
    }
    if (*len && **text == '#')
        return err_set(err, STATUS_DATA,
                       "%s: line %llu: would open with '#', which no line of a corpus may",
                       corpus_name(in), (unsigned long long)corpus_line(in));
    return 0;
}

void row_text_free(struct row_text *t) {
    free(t->which);
    buf_free(&t->text);
    *t = (struct row_text){0};
}
