#include "gen/row_key.h"

#include <stdlib.h>
#include <string.h>

static int add_column(struct row_key *k, const char *name, const struct corpus_reader *in,
                      struct err *err) {
    size_t column;
    if (corpus_need_column(in, name, &column, err) != 0)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        if (k->columns[i] == column)
            return err_set(err, STATUS_USAGE, "--by names '%s' twice", name);
    k->columns = mem_grow(k->columns, &k->cap, k->n + 1, sizeof *k->columns);
    k->columns[k->n++] = column;
    return 0;
}

int row_key_read(struct row_key *k, const char *list, const struct corpus_reader *in,
                 struct err *err) {
    *k = (struct row_key){0};
    int result = 0;
    for (bool more = true; more && result == 0;) {
        size_t len = strcspn(list, ",");
        char *name = mem_strndup(list, len);
        result = add_column(k, name, in, err);
        free(name);
        more = list[len] == ',';
        list += len + more;
    }
    return result;
}

const char *row_key_of(struct row_key *k, const struct corpus_reader *in, size_t *len) {
    if (k->n == 1)
        return corpus_field(in, k->columns[0], len);
    buf_clear(&k->text);
    for (size_t i = 0; i < k->n; i++) {
        size_t n;
        const char *field = corpus_field(in, k->columns[i], &n);
        if (i)
            buf_putc(&k->text, '\t');
        buf_add(&k->text, field, n);
    }
    *len = k->text.len;
    return k->text.data;
}

void row_key_free(struct row_key *k) {
    free(k->columns);
    buf_free(&k->text);
    *k = (struct row_key){0};
}

int row_key_collect(struct seen *set, const char *list, const char *path, uint64_t *rows,
                    struct err *err) {
    struct corpus_reader *in = corpus_open(path, err);
    if (!in)
        return -1;
    struct row_key k;
    int got = row_key_read(&k, list, in, err);
    uint64_t n = 0;
    const char *row;
    size_t len;
    while (got >= 0 && (got = corpus_next_row(in, &row, &len, err)) > 0) {
        const char *key = row_key_of(&k, in, &len);
        seen_add(set, key, len);
        n++;
    }
    if (rows)
        *rows = n;
    row_key_free(&k);
    corpus_close(in);
    return got;
}
