#include "gen/example.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

struct example *example_new(const struct grammar *g) {
    struct example *e = mem_alloc(1, sizeof *e);
    e->grammar = g;
    e->answers = mem_alloc(g->rules.n, sizeof *e->answers);
    return e;
}

void example_free(struct example *e) {
    if (!e)
        return;
    for (size_t r = 0; r < e->grammar->rules.n; r++)
        buf_free(&e->answers[r]);
    free(e->answers);
    buf_free(&e->source);
    derivation_free(&e->tree);
    free(e);
}

int example_find_answers(struct example *e, struct err *err) {
    const struct grammar *g = e->grammar;
    for (size_t r = 0; r < g->rules.n; r++) {
        struct buf *answer = &e->answers[r];
        buf_clear(answer);
        if (!grammar_is_string_rule(g, (int)r))
            derivation_put_target(g, &e->tree, answer);
        else if (grammar_apply_rule(g, (int)r, e->source.data, e->source.len, answer, err) != 0)
            return -1;
    }
    return 0;
}

bool example_same_answer(const struct example *e, size_t rule, size_t other) {
    const struct buf *a = &e->answers[rule], *b = &e->answers[other];
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static const char *const fixed_names[EXAMPLE_RULES] = {
    [EXAMPLE_SOURCE] = "source", [EXAMPLE_TARGET] = "target",   [EXAMPLE_TAGS] = "tags",
    [EXAMPLE_TREE] = "tree",     [EXAMPLE_TREE_ID] = "tree_id", [EXAMPLE_DEPTH] = "depth",
    [EXAMPLE_LENGTH] = "length", [EXAMPLE_LOGP] = "logp",       [EXAMPLE_CLASS] = "class",
};

const char **example_column_names(const struct grammar *g, size_t *n) {
    *n = EXAMPLE_RULES + g->rules.n;
    const char **names = mem_alloc(*n, sizeof *names);
    memcpy(names, fixed_names, sizeof fixed_names);
    for (size_t r = 0; r < g->rules.n; r++) {
        struct buf name = {0};
        buf_printf(&name, "rule:%s", g->rules.words[r]);
        names[EXAMPLE_RULES + r] = name.data;
    }
    return names;
}

void example_free_names(const char **names, size_t n) {
    for (size_t i = EXAMPLE_RULES; i < n; i++)
        free((char *)names[i]);
    free(names);
}

static void put_name(struct buf *list, const char *name, size_t len) {
    if (list->len)
        buf_putc(list, ',');
    buf_add(list, name, len);
}

char *example_expand_columns(const struct grammar *g, const char *list, bool leaks) {
    struct buf out = {0};
    if (!list)
        list = g->rules.n ? "source,target,rules,tags" : "source,tags";
    else
        leaks = false;
    buf_puts(&out, "");
    for (bool more = true; more;) {
        size_t len = strcspn(list, ",");
        if (len == 5 && strncmp(list, "rules", 5) == 0)
            for (size_t r = leaks ? 0 : 1; r < g->rules.n; r++)
                buf_printf(&out, "%srule:%s", out.len ? "," : "", g->rules.words[r]);
        else
            put_name(&out, list, len);
        more = list[len] == ',';
        list += len + more;
    }
    return out.data;
}

static void put_tags(const struct grammar *g, uint64_t tags, struct buf *out) {
    bool first = true;
    for (size_t t = 0; t < g->tags.n; t++)
        if (tags >> t & 1) {
            if (!first)
                buf_putc(out, ',');
            buf_puts(out, g->tags.words[t]);
            first = false;
        }
}

static int count_words(const struct buf *source) {
    int n = 1;
    for (size_t i = 0; i < source->len; i++)
        n += source->data[i] == ' ';
    return n;
}

void example_put(const struct example *e, int column, struct buf *out) {
    const struct grammar *g = e->grammar;
    const struct buf *answer;
    switch (column) {
    case EXAMPLE_SOURCE:
        buf_add(out, e->source.data, e->source.len);
        break;
    case EXAMPLE_TAGS:
        put_tags(g, e->tags, out);
        break;
    case EXAMPLE_TREE:
        derivation_put_tree(g, &e->tree, out);
        break;
    case EXAMPLE_TREE_ID:
        buf_printf(out, "%016" PRIx64, derivation_tree_id(g, &e->tree));
        break;
    case EXAMPLE_DEPTH:
        buf_printf(out, "%d", derivation_depth(g, &e->tree));
        break;
    case EXAMPLE_LENGTH:
        buf_printf(out, "%d", count_words(&e->source));
        break;
    case EXAMPLE_LOGP:
        buf_printf(out, "%.9g", e->tree.log_probability);
        break;
    case EXAMPLE_CLASS:
        buf_puts(out, e->class_name ? e->class_name : "");
        break;
    default:
        answer =
            &e->answers[column == EXAMPLE_TARGET ? e->answer_for_target : column - EXAMPLE_RULES];
        buf_add(out, answer->data, answer->len);
    }
}

/* Whether a section of a corpus (NULL: none) has a header line with this key and, unless NULL, this
 * value or this first field of it. */
static bool has_line(const struct corpus_reader *in, size_t section, const char *key,
                     const char *value) {
    const char *k, *v;
    size_t first = 0, n = 0, len = value ? strlen(value) : 0;
    if (in)
        corpus_section(in, section, &first, &n);
    for (size_t i = first; i < first + n && corpus_header_line(in, i, &k, &v); i++)
        if (strcmp(k, key) == 0 &&
            (!value || (strncmp(v, value, len) == 0 && (!v[len] || v[len] == '\t'))))
            return true;
    return false;
}

static int put_classes(struct grammar *g, const struct corpus_reader *in, size_t section,
                       struct corpus_writer *out, struct err *err) {
    size_t n_classes;
    const char *const *classes = grammar_mentioned_classes(g, &n_classes);
    struct buf text = {0};
    int result = 0;
    for (size_t i = 0; i < n_classes && result == 0; i++) {
        const char *const *members;
        size_t n;
        if (has_line(in, section, "class", classes[i]))
            continue;
        result = grammar_class(g, classes[i], &members, &n, err);
        buf_clear(&text);
        buf_printf(&text, "%s\t", classes[i]);
        for (size_t k = 0; k < n && result == 0; k++)
            buf_printf(&text, "%s%s", k ? " " : "", members[k]);
        if (result == 0)
            result = corpus_put_header(out, "class", text.data, err);
    }
    buf_free(&text);
    return result;
}

int example_put_headers(struct grammar *g, struct corpus_writer *out, struct err *err) {
    struct buf origin = {0};
    buf_printf(&origin, "%s\t%s", hash_text(g->hash).text, g->path);
    char *words = grammar_vocabulary_text(g), *rules = vocab_text(&g->rules),
         *tags = vocab_text(&g->tags);
    int result = corpus_put_header(out, "grammar", origin.data, err);
    if (result == 0)
        result = corpus_put_header(out, "vocab", words, err);
    if (result == 0)
        result = put_classes(g, NULL, 0, out, err);
    if (result == 0 && g->rules.n)
        result = corpus_put_header(out, "rules", rules, err);
    if (result == 0 && g->tags.n)
        result = corpus_put_header(out, "tags", tags, err);
    free(words);
    free(rules);
    free(tags);
    buf_free(&origin);
    return result;
}

/* The rules' names, that of rule `first` before the others. */
static char *rules_text(const struct grammar *g, int first) {
    struct buf text = {0};
    buf_puts(&text, g->rules.words[first]);
    for (size_t r = 0; r < g->rules.n; r++)
        if ((int)r != first)
            buf_printf(&text, " %s", g->rules.words[r]);
    return text.data;
}

int example_add_headers(struct grammar *g, const struct corpus_reader *in, size_t section,
                        int target_rule, struct corpus_writer *out, struct err *err) {
    struct buf origin = {0};
    buf_printf(&origin, "%s\t%s", hash_text(g->hash).text, g->path);
    int result = 0;
    if (!has_line(in, section, "grammar", origin.data))
        result = corpus_put_header(out, "grammar", origin.data, err);
    if (result == 0)
        result = put_classes(g, in, section, out, err);
    if (result == 0 && target_rule >= 0 && !has_line(in, section, "rules", NULL)) {
        char *rules = rules_text(g, target_rule);
        result = corpus_put_header(out, "rules", rules, err);
        free(rules);
    }
    if (result == 0 && g->tags.n && !has_line(in, section, "tags", NULL)) {
        char *tags = vocab_text(&g->tags);
        result = corpus_put_header(out, "tags", tags, err);
        free(tags);
    }
    buf_free(&origin);
    return result;
}
