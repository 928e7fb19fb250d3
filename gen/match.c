#include "gen/match.h"

#include <stdlib.h>
#include <string.h>

static int read_one(struct match *m, const char *text, const struct corpus_reader *in,
                    struct err *err) {
    const char *equals = strstr(text, "=/");
    size_t len = strlen(text);
    if (!equals || equals == text || len < (size_t)(equals - text) + 3 || text[len - 1] != '/')
        return err_set(err, STATUS_USAGE,
                       "--match: '%s' is neither COLUMN=/PATTERN/ nor COLUMN!=/PATTERN/", text);
    m->negated = equals[-1] == '!';
    char *name = mem_strndup(text, (size_t)(equals - text) - m->negated);
    int result = corpus_need_column(in, name, &m->column, err);
    free(name);
    if (result != 0)
        return err_prefix(err, "--match");
    char *pattern = mem_strndup(equals + 2, len - (size_t)(equals - text) - 3);
    m->pattern = pattern_compile(pattern, err);
    free(pattern);
    if (m->pattern)
        return 0;
    if (err)
        err->status = STATUS_USAGE;
    return err_prefix(err, "--match: '%s'", text);
}

int matches_read(struct matches *m, const struct opt_list *texts, const struct corpus_reader *in,
                 struct err *err) {
    *m = (struct matches){.items = mem_alloc(texts->n, sizeof *m->items)};
    for (size_t i = 0; i < texts->n; i++) {
        if (read_one(&m->items[i], texts->items[i], in, err) != 0)
            return -1;
        m->n++;
    }
    return 0;
}

int matches_hold(const struct matches *m, const struct corpus_reader *in, struct err *err) {
    for (size_t i = 0; i < m->n; i++) {
        size_t len;
        const char *field = corpus_field(in, m->items[i].column, &len);
        int found = pattern_search(m->items[i].pattern, field, len, err);
        if (found < 0)
            return err_prefix(err, "%s: line %llu", corpus_name(in),
                              (unsigned long long)corpus_line(in));
        if ((found == 0) != m->items[i].negated)
            return 0;
    }
    return 1;
}

void matches_free(struct matches *m) {
    for (size_t i = 0; i < m->n; i++)
        pattern_free(m->items[i].pattern);
    free(m->items);
    *m = (struct matches){0};
}
