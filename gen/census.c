#include "gen/census.h"

#include <stdlib.h>
#include <string.h>

static bool is_sentence(const char *column) {
    return strcmp(column, "source") == 0 || strcmp(column, "target") == 0;
}

/* Columns whose values are worth a list: neither sentences nor trees. */
static bool is_field(const char *column) {
    return !is_sentence(column) && strcmp(column, "tree") != 0 && strcmp(column, "tree_id") != 0 &&
           strncmp(column, "rule:", 5) != 0;
}

static void expect_tags(struct field_census *f, const struct corpus_reader *in) {
    const char *listed = corpus_header(in, "tags", 0);
    for (const char *tag = listed; tag && *tag;) {
        size_t len = strcspn(tag, " ");
        if (len)
            field_census_expect(f, tag, len);
        tag += len + (tag[len] == ' ');
    }
}

static void start_fields(struct census *c, const struct corpus_reader *in) {
    c->fields = mem_alloc(c->n_names, sizeof *c->fields);
    c->field_columns = mem_alloc(c->n_names, sizeof *c->field_columns);
    for (size_t i = 0; i < c->n_names; i++) {
        if (!is_field(c->names[i]))
            continue;
        struct field_census *f = &c->fields[c->n_fields];
        *f = (struct field_census){.column = c->names[i], .list = strcmp(c->names[i], "tags") == 0};
        if (f->list)
            expect_tags(f, in);
        c->field_columns[c->n_fields++] = i;
    }
}

static void start_pairs(struct census *c, const struct corpus_reader *in) {
    answers_find(&c->answers, in);
    size_t n = c->answers.n;
    c->pairs = mem_alloc(n * n / 2 + 1, sizeof *c->pairs);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            c->pairs[c->n_pairs++] = (struct rule_pair){i, k, 0, 0};
}

void census_start(struct census *c, const struct corpus_reader *in, int orders, size_t memory,
                  struct overlap *against, size_t n_against) {
    *c = (struct census){.memory = memory, .against = against, .n_against = n_against};
    const char *const *names = corpus_columns(in, &c->n_names);
    c->names = mem_alloc(c->n_names, sizeof *c->names);
    for (size_t i = 0; i < c->n_names; i++)
        c->names[i] = mem_strdup(names[i]);
    c->columns = overlap_columns_of(in);
    for (int kind = 0; kind < OVERLAP_KINDS; kind++)
        c->distinct[kind].memory = &c->memory;
    if (c->columns.source >= 0)
        word_census_start(&c->sentences[c->n_sentences++], "source", &c->words, orders, &c->memory);
    if (c->columns.target >= 0)
        word_census_start(&c->sentences[c->n_sentences++], "target", &c->words, orders, &c->memory);
    start_fields(c, in);
    start_pairs(c, in);
}

static void count_keys(struct census *c, const struct corpus_reader *in) {
    for (int k = 0; k < OVERLAP_KINDS; k++) {
        enum overlap_kind kind = (enum overlap_kind)k;
        size_t len;
        const char *key = overlap_key(&c->columns, kind, in, &c->text, &len);
        if (!key)
            continue;
        bool first = tally_add(&c->distinct[kind], hash_bytes128(key, len));
        for (size_t i = 0; i < c->n_against; i++)
            if (overlap_tells(&c->against[i], &c->columns, kind))
                overlap_count(&c->against[i], kind, key, len, first);
    }
}

static bool same_first_word(const struct corpus_reader *in, size_t one, size_t other) {
    size_t n, m;
    const char *a = corpus_field(in, one, &n), *b = corpus_field(in, other, &m);
    const char *x = memchr(a, ' ', n), *y = memchr(b, ' ', m);
    n = x ? (size_t)(x - a) : n;
    m = y ? (size_t)(y - b) : m;
    return n == m && memcmp(a, b, n) == 0;
}

static void count_row(struct census *c, const struct corpus_reader *in) {
    size_t len;
    c->rows++;
    count_keys(c, in);
    for (size_t i = 0; i < c->n_sentences; i++) {
        int column = i == 0 && c->columns.source >= 0 ? c->columns.source : c->columns.target;
        const char *sentence = corpus_field(in, (size_t)column, &len);
        word_census_add(&c->sentences[i], sentence, len);
    }
    for (size_t i = 0; i < c->n_fields; i++) {
        const char *field = corpus_field(in, c->field_columns[i], &len);
        field_census_add(&c->fields[i], field, len);
    }
    for (size_t i = 0; i < c->n_pairs; i++) {
        struct rule_pair *p = &c->pairs[i];
        p->same += answers_equal(&c->answers, in, p->one, p->other);
        p->same_word += same_first_word(in, c->answers.items[p->one].column,
                                        c->answers.items[p->other].column);
    }
}

int census_add(struct census *c, struct corpus_reader *in, struct err *err) {
    size_t n;
    const char *const *names = corpus_columns(in, &n);
    bool same = n == c->n_names;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(names[i], c->names[i]) == 0;
    if (!same)
        return err_set(err, STATUS_DATA, "%s: its columns are not those of the corpus before",
                       corpus_name(in));
    const char *row;
    size_t len;
    int got;
    while ((got = corpus_next_row(in, &row, &len, err)) > 0)
        count_row(c, in);
    c->sections += corpus_sections(in);
    return got;
}

void census_free(struct census *c) {
    for (int kind = 0; kind < OVERLAP_KINDS; kind++)
        tally_free(&c->distinct[kind]);
    for (size_t i = 0; i < c->n_sentences; i++)
        word_census_free(&c->sentences[i]);
    for (size_t i = 0; i < c->n_fields; i++)
        field_census_free(&c->fields[i]);
    for (size_t i = 0; i < c->n_names; i++)
        free(c->names[i]);
    vocab_free(&c->words);
    answers_free(&c->answers);
    buf_free(&c->text);
    free(c->fields);
    free(c->field_columns);
    free(c->pairs);
    free(c->names);
}
