#include "gen/answers.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static void add(struct answers *a, const char *rule, size_t len, size_t column) {
    a->items[a->n++] = (struct answer){mem_strndup(rule, len), column};
}

void answers_find(struct answers *a, const struct corpus_reader *in) {
    size_t n;
    const char *const *columns = corpus_columns(in, &n);
    const char *listed = corpus_header(in, "rules", 0), *first = "target";
    size_t len = strlen(first);
    if (listed && *listed) {
        first = listed;
        len = strcspn(listed, " ");
    }
    *a = (struct answers){.items = mem_alloc(n, sizeof *a->items)};
    int target = corpus_column(in, "target");
    if (target >= 0)
        add(a, first, len, (size_t)target);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(columns[i], "rule:", 5) != 0)
            continue;
        const char *rule = columns[i] + 5;
        if (target < 0 || strlen(rule) != len || strncmp(rule, first, len) != 0)
            add(a, rule, strlen(rule), i);
    }
}

bool answers_equal(const struct answers *a, const struct corpus_reader *in, size_t i, size_t j) {
    size_t n, m;
    const char *one = corpus_field(in, a->items[i].column, &n);
    const char *two = corpus_field(in, a->items[j].column, &m);
    return n == m && memcmp(one, two, n) == 0;
}

bool answers_all_equal(const struct answers *a, const struct corpus_reader *in) {
    for (size_t i = 1; i < a->n; i++)
        if (!answers_equal(a, in, 0, i))
            return false;
    return true;
}

bool answers_first_shared(const struct answers *a, const struct corpus_reader *in) {
    for (size_t i = 1; i < a->n; i++)
        if (answers_equal(a, in, 0, i))
            return true;
    return false;
}

void answers_free(struct answers *a) {
    for (size_t i = 0; i < a->n; i++)
        free(a->items[i].rule);
    free(a->items);
    *a = (struct answers){0};
}
