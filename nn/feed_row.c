#include "nn/feed_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "nn/packed.h"

void example_store_clear(struct example_store *s) {
    s->tokens.n = s->label.n = s->n = s->n_feature = s->n_value = 0;
}

void example_store_free(struct example_store *s) {
    free(s->tokens.items);
    free(s->label.items);
    free(s->items);
    free(s->feature);
    free(s->value);
    *s = (struct example_store){0};
}

int row_at_line(const struct corpus_reader *c, struct err *err) {
    return err_prefix(err, "%s: line %llu", corpus_name(c), (unsigned long long)corpus_line(c));
}

bool feed_words(const struct corpus_reader *c, const char *text, struct vocab *out) {
    const char *value;
    for (size_t k = 0; !strchr(text, ',') && (value = corpus_header(c, "class", k)); k++) {
        size_t len = strcspn(value, "\t");
        if (strlen(text) == len && strncmp(text, value, len) == 0 && value[len]) {
            vocab_add_text(out, value + len + 1);
            return true;
        }
    }
    for (; *text; text += *text == ',') {
        size_t len = strcspn(text, ",");
        if (len)
            vocab_add(out, text, len);
        text += len;
    }
    return false;
}

static int need(const struct corpus_reader *c, const char *name, int *column, struct err *err) {
    size_t k;
    if (corpus_need_column(c, name, &k, err) != 0)
        return -1;
    *column = (int)k;
    return 0;
}

/* The columns of a list of names that commas join. */
static int need_list(const struct corpus_reader *c, const char *list, const char *option,
                     int **columns, size_t *n, struct err *err) {
    size_t cap = 0;
    for (; *list; list += *list == ',') {
        size_t len = strcspn(list, ",");
        char *name = mem_strndup(list, len);
        *columns = mem_grow(*columns, &cap, *n + 1, sizeof **columns);
        int bad = need(c, name, *columns + *n, err);
        free(name);
        if (bad)
            return -1;
        ++*n;
        list += len;
    }
    return *n ? 0 : err_set(err, STATUS_USAGE, "--%s names no column", option);
}

int row_reader_open(struct row_reader *r, struct row_format *format, struct corpus_reader *c,
                    struct err *err) {
    const struct columns *q = format->columns;
    const struct layout *l = format->layout;
    *r = (struct row_reader){
        .format = format, .corpus = c, .source = -1, .target = -1, .label = -1};
    bool tokens = q->source || !q->features;
    if (tokens) {
        r->source = corpus_column(c, q->source ? q->source : "source");
        if (r->source < 0 && !q->source)
            return err_set(err, STATUS_DATA, "%s: has no column 'source'", corpus_name(c));
        if (r->source < 0 && need(c, q->source, &r->source, err) != 0)
            return -1;
    }
    if (q->features && need_list(c, q->features, "features", &r->feature, &r->n_feature, err) != 0)
        return -1;
    if (l->objective == OBJECTIVE_VALUE && !format->no_label)
        return need_list(c, q->values ? q->values : "target", "values", &r->value, &r->n_value,
                         err);
    if (l->objective == OBJECTIVE_CLASS && q->label)
        return format->no_label ? 0 : need(c, q->label, &r->label, err);
    r->target = corpus_column(c, q->target ? q->target : "target");
    bool needed = l->objective == OBJECTIVE_TARGET || l->objective == OBJECTIVE_CLASS;
    if (r->target < 0 && q->target && !format->no_label)
        return need(c, q->target, &r->target, err);
    if (r->target < 0 && needed && !format->no_label)
        return err_set(err, STATUS_DATA, "%s: has no column 'target', which objective '%s' %s",
                       corpus_name(c), layout_objectives[l->objective],
                       l->objective == OBJECTIVE_CLASS ? "takes the class from" : "predicts");
    return 0;
}

void row_reader_close(struct row_reader *r) {
    free(r->feature);
    free(r->value);
    r->feature = r->value = NULL;
}

/* Append the numbers of a text. */
static int read_numbers(const char *text, const char *name, real **to, size_t *n, size_t *cap,
                        struct err *err) {
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        char digits[64];
        double x;
        if (len < sizeof digits) {
            memcpy(digits, text, len);
            digits[len] = '\0';
        }
        if (len >= sizeof digits || opt_read_number(digits, &x) != 0 || !isfinite((real)x))
            return err_set(err, STATUS_DATA, "column '%s': '%.*s' is not a finite number", name,
                           len > 60 ? 60 : (int)len, text);
        if (*n == *cap)
            *to = mem_grow_bare(*to, cap, *n + 1, sizeof **to);
        (*to)[(*n)++] = (real)x;
        text += len;
    }
    return 0;
}

static int read_vector(struct row_reader *r, char **fields, const int *columns, size_t n_columns,
                       const char *what, int64_t *expected, real **to, size_t *n, size_t *cap,
                       struct err *err) {
    size_t before = *n, n_names;
    const char *const *names = corpus_columns(r->corpus, &n_names);
    for (size_t i = 0; i < n_columns; i++)
        if (read_numbers(fields[columns[i]], names[columns[i]], to, n, cap, err) != 0)
            return -1;
    int64_t count = (int64_t)(*n - before);
    if (n_columns && count == 0)
        return err_set(err, STATUS_DATA, "no %ss", what);
    if (*expected >= 0 && count != *expected)
        return err_set(err, STATUS_DATA, "%lld %ss where there must be %lld", (long long)count,
                       what, (long long)*expected);
    *expected = count;
    return 0;
}

static int read_label(struct row_reader *r, char **fields, struct example_store *s,
                      struct err *err) {
    struct row_format *f = r->format;
    const char *text = fields[r->label >= 0 ? r->label : r->target];
    size_t len;
    if (r->label >= 0) {
        len = strlen(text);
    } else {
        text += strspn(text, " ");
        len = strcspn(text, " ");
    }
    if (!len)
        return err_set(err, STATUS_DATA, "no class: the %s is empty",
                       r->label >= 0 ? "label" : "target");
    int32_t label = f->new_classes ? vocab_add(f->classes, text, len)
                                   : vocab_find(f->classes, text, len);
    if (label < 0)
        return err_set(err, STATUS_DATA, "'%.*s' is none of the %zu classes",
                       len > 100 ? 100 : (int)len, text, f->classes->n);
    tokens_add(&s->label, label);
    return 0;
}

static int encode(struct row_format *f, const char *text, struct tokens *out, struct err *err) {
    return f->new_words ? lexicon_encode_new(f->vocab, text, out, err)
                        : lexicon_encode(f->vocab, text, out, err);
}

static int check_length(struct row_format *f, size_t n_source, size_t n_target, struct err *err) {
    size_t rows = layout_rows(f->layout, n_source, n_target),
           memory = layout_memory_rows(f->layout, n_source), length = rows > memory ? rows : memory;
    if (n_source + n_target > PACKED_MOST)
        return err_set(err, STATUS_DATA, "an example of %zu words", n_source + n_target);
    if (f->max_length && length > (size_t)f->max_length)
        return err_set(err, STATUS_DATA,
                       "a sequence of %zu tokens; the model reads at most %d (--max-length)",
                       length, f->max_length);
    if (f->same_length && f->n_tokens >= 0 && (int64_t)rows != f->n_tokens)
        return err_set(err, STATUS_DATA,
                       "%zu tokens where there must be %lld: this model reads sequences of one "
                       "length",
                       rows, (long long)f->n_tokens);
    f->n_tokens = (int64_t)rows;
    if (!f->joined)
        return layout_check_example(f->layout, n_source, n_target, err);
    return n_source + n_target + f->layout->bos + f->layout->eos
               ? 0
               : err_set(err, STATUS_DATA, "there is no token to predict");
}

/* Something must be masked. */
static int check_cloze(const struct row_format *f, const int32_t *words, size_t n,
                       struct err *err) {
    for (size_t i = 0; i < n; i++) {
        const char *word = f->vocab->words[words[i]];
        if (vocab_find(f->cloze, word, strlen(word)) >= 0)
            return 0;
    }
    return err_set(err, STATUS_DATA, "there is no word to mask (--mask-words)");
}

static int read_fields(struct row_reader *r, char **fields, struct example_store *s,
                       struct err *err) {
    struct row_format *f = r->format;
    struct example_item item = {.begin = s->tokens.n};
    bool whole = layout_is_whole(f->layout);
    if (r->source >= 0) {
        if (encode(f, fields[r->source], &s->tokens, err) != 0)
            return -1;
        size_t n_source = s->tokens.n - item.begin, n_target = 0;
        if (r->target >= 0 && !whole) {
            if (encode(f, fields[r->target], &s->tokens, err) != 0)
                return -1;
            n_target = s->tokens.n - item.begin - n_source;
        }
        if (check_length(f, n_source, n_target, err) != 0)
            return -1;
        if (f->cloze && check_cloze(f, s->tokens.items + item.begin + (n_target ? n_source : 0),
                                    n_target ? n_target : n_source, err) != 0)
            return -1;
        item.n_source = (uint32_t)n_source;
        item.n_target = (uint32_t)n_target;
    }
    if (r->n_feature && read_vector(r, fields, r->feature, r->n_feature, "feature", &f->n_features,
                                    &s->feature, &s->n_feature, &s->cap_feature, err) != 0)
        return -1;
    if (r->n_value && read_vector(r, fields, r->value, r->n_value, "value", &f->n_values, &s->value,
                                  &s->n_value, &s->cap_value, err) != 0)
        return -1;
    if (f->layout->objective == OBJECTIVE_CLASS && !f->no_label &&
        read_label(r, fields, s, err) != 0)
        return -1;
    if (s->n == s->cap_items)
        s->items = mem_grow_bare(s->items, &s->cap_items, s->n + 1, sizeof *s->items);
    s->items[s->n++] = item;
    return 0;
}

int row_read(struct row_reader *r, char **fields, struct example_store *s, struct err *err) {
    return read_fields(r, fields, s, err) == 0 ? 0 : row_at_line(r->corpus, err);
}

struct layout_example row_example(const struct row_format *f, const struct example_store *s,
                                  size_t i) {
    const struct example_item *item = &s->items[i];
    const struct layout *l = f->layout;
    bool tokens = f->columns->source || !f->columns->features;
    /* A pointer says that there is such a column, also when the text is empty. */
    static const int32_t nothing[1];
    const int32_t *source = s->tokens.items ? s->tokens.items + item->begin : nothing;
    return (struct layout_example){
        .source = tokens ? source : NULL,
        .target = source + item->n_source,
        .n_source = item->n_source,
        .n_target = item->n_target,
        .label = l->objective == OBJECTIVE_CLASS && i < s->label.n ? s->label.items[i] : -1,
        .feature = f->n_features > 0 ? s->feature + i * (size_t)f->n_features : NULL,
        .value = f->n_values > 0 && s->n_value ? s->value + i * (size_t)f->n_values : NULL};
}
