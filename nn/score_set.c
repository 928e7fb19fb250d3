#include <stdlib.h>
#include <string.h>

#include "lib/corpus.h"
#include "nn/score_private.h"

size_t score_rules(const struct score_set *s) {
    return s->rules.n;
}

const char *score_rule_name(const struct score_set *s, size_t rule) {
    return s->rules.words[rule];
}

const struct vocab *score_tags(const struct score_set *s) {
    return &s->tags;
}

/* Where the text of each rule's answer comes from: a column, or the grammar. */
struct answer_source {
    int column; /* -1: apply the grammar's rule */
    int grammar_rule;
};

static int name_rules(struct score_set *s, const struct corpus_reader *c, struct grammar *g,
                      struct answer_source **sources, struct err *err) {
    size_t n_columns;
    const char *const *columns = corpus_columns(c, &n_columns);
    int target = corpus_column(c, "target");
    *sources = mem_alloc(n_columns + (g ? g->rules.n : 0) + 1, sizeof **sources);
    bool has_columns = false;
    for (size_t i = 0; i < n_columns; i++)
        has_columns |= strncmp(columns[i], "rule:", 5) == 0;
    const char *declared = corpus_header(c, "rules", 0);
    size_t first_length = declared ? strcspn(declared, " ") : 0;
    if (target >= 0) {
        bool from_grammar = !has_columns && g && g->rules.n && !grammar_is_string_rule(g, 0);
        const char *name = declared && first_length ? declared
                           : from_grammar           ? g->rules.words[0]
                                                    : "target";
        vocab_add(&s->rules, name, declared && first_length ? first_length : strlen(name));
        (*sources)[0] = (struct answer_source){.column = target};
    }
    for (size_t i = 0; i < n_columns; i++) {
        if (strncmp(columns[i], "rule:", 5) != 0)
            continue;
        /* The column of the first rule goes before the target, which a leak may make another's. */
        int32_t rule = vocab_add(&s->rules, columns[i] + 5, strlen(columns[i] + 5));
        (*sources)[rule] = (struct answer_source){.column = (int)i};
    }
    for (size_t r = 0; g && !has_columns && r < g->rules.n; r++) {
        if (!grammar_is_string_rule(g, (int)r))
            continue;
        size_t before = s->rules.n;
        vocab_add(&s->rules, g->rules.words[r], strlen(g->rules.words[r]));
        if (s->rules.n > before)
            (*sources)[before] = (struct answer_source){.column = -1, .grammar_rule = (int)r};
    }
    for (size_t r = 0; r < s->rules.n; r++)
        if (strcmp(s->rules.words[r], "none") == 0 || strcmp(s->rules.words[r], "agreed") == 0)
            return err_set(err, STATUS_DATA, "%s: a rule may not be called '%s'", corpus_name(c),
                           s->rules.words[r]);
    return 0;
}

static void find_parting(struct score_set *s, struct example *e) {
    struct answer *a = s->answers + e->answers;
    int n = (int)s->rules.n, longest = 0;
    for (int r = 0; r < n; r++) {
        longest = a[r].length > longest ? a[r].length : longest;
        a[r].same_as = r;
        for (int q = 0; q < r && a[r].same_as == r; q++)
            if (a[q].length == a[r].length &&
                memcmp(s->tokens.items + a[q].begin, s->tokens.items + a[r].begin,
                       (size_t)a[r].length * sizeof *s->tokens.items) == 0)
                a[r].same_as = q;
    }
    e->part = -1;
    for (int k = 0; k <= longest && e->part < 0; k++)
        for (int r = 1; r < n; r++)
            if (answer_token(s, &a[r], k) != answer_token(s, &a[0], k))
                e->part = k;
}

struct score_facts score_facts(const struct score_set *s) {
    struct score_facts f = {.examples = s->n, .sources = s->sources};
    for (size_t i = 0; i < s->n; i++) {
        f.parting += s->examples[i].part >= 0;
        f.at_first_word += s->examples[i].part == 0;
    }
    return f;
}

static void read_tags(struct score_set *s, struct example *e, const char *text) {
    e->tags = s->n_tag_lists;
    for (text += strspn(text, ","); *text; text += strspn(text, ",")) {
        size_t len = strcspn(text, ",");
        s->tag_lists = mem_grow(s->tag_lists, &s->cap_tag_lists, s->n_tag_lists + 1,
                                sizeof *s->tag_lists);
        s->tag_lists[s->n_tag_lists++] = vocab_add(&s->tags, text, len);
        e->n_tags++;
        text += len;
    }
}

static int add_example(struct score_set *s, const struct answer_source *sources, int source,
                       int tags, char **fields, const struct score_options *options,
                       struct buf *scratch, struct err *err) {
    struct example e = {.source = s->tokens.n, .answers = s->n_answers};
    if (lexicon_encode(s->vocab, fields[source], &s->tokens, err) != 0)
        return -1;
    e.source_length = (int)(s->tokens.n - e.source);
    int longest = 0;
    for (size_t r = 0; r < s->rules.n; r++) {
        const char *text = sources[r].column >= 0 ? fields[sources[r].column] : NULL;
        if (!text) {
            if (grammar_apply_rule(options->grammar, sources[r].grammar_rule, fields[source],
                                   strlen(fields[source]), scratch, err) != 0)
                return -1;
            text = scratch->data;
        }
        struct answer a = {.begin = s->tokens.n};
        if (lexicon_encode(s->vocab, text, &s->tokens, err) != 0)
            return err_prefix(err, "answer of rule '%s'", s->rules.words[r]);
        a.length = (int)(s->tokens.n - a.begin);
        longest = a.length > longest ? a.length : longest;
        s->answers = mem_grow(s->answers, &s->cap_answers, s->n_answers + 1, sizeof *s->answers);
        s->answers[s->n_answers++] = a;
    }
    int length = 1 + e.source_length + longest;
    if (length > options->max_length)
        return err_set(err, STATUS_DATA, "a sequence of %d tokens; the model reads at most %d",
                       length, options->max_length);
    find_parting(s, &e);
    read_tags(s, &e, tags >= 0 ? fields[tags] : "");
    s->examples = mem_grow(s->examples, &s->cap_examples, s->n + 1, sizeof *s->examples);
    s->examples[s->n++] = e;
    return 0;
}

static int add_among(struct score_set *s, const char *word, size_t len, struct err *err) {
    int32_t id = vocab_find(s->vocab, word, len);
    if (id < 0)
        return err_set(err, STATUS_USAGE, "--among: word '%.*s' is not in the vocabulary", (int)len,
                       word);
    for (size_t i = 0; i < s->n_among; i++) /* so that the vocabulary's size bounds the list */
        if (s->among[i] == id)
            return 0;
    s->among[s->n_among++] = id;
    return 0;
}

/* A name without a comma may be a class: of the grammar, or of the corpus's header. */
static int read_among(struct score_set *s, const struct corpus_reader *c,
                      const struct score_options *options, struct err *err) {
    const char *text = options->among, *value;
    s->among = mem_alloc(s->vocab->n + 1, sizeof *s->among);
    if (!strchr(text, ',')) {
        for (size_t k = 0; (value = corpus_header(c, "class", k)); k++) {
            size_t len = strcspn(value, "\t");
            if (strlen(text) != len || strncmp(text, value, len) != 0 || !value[len])
                continue;
            for (value += len + 1; *value; value += strspn(value, " ")) {
                len = strcspn(value, " ");
                if (add_among(s, value, len, err) != 0)
                    return -1;
                value += len;
            }
            return 0;
        }
        const char *const *words;
        size_t n;
        if (options->grammar && grammar_class(options->grammar, text, &words, &n, NULL) == 0) {
            for (size_t i = 0; i < n; i++)
                if (add_among(s, words[i], strlen(words[i]), err) != 0)
                    return -1;
            return 0;
        }
    }
    for (; *text; text += *text == ',') {
        size_t len = strcspn(text, ",");
        if (add_among(s, text, len, err) != 0)
            return err_prefix(err, "%s", corpus_name(c));
        text += len;
    }
    if (!s->n_among)
        return err_set(err, STATUS_USAGE, "--among names no word");
    return 0;
}

struct score_set *score_open(const char *path, const struct vocab *vocab,
                             const struct score_options *options, struct err *err) {
    struct corpus_reader *c = corpus_open(path, err);
    if (!c)
        return NULL;
    struct score_set *s = mem_alloc(1, sizeof *s);
    s->vocab = vocab;
    struct answer_source *sources = NULL;
    struct buf scratch = {0};
    struct vocab seen = {0};
    int source = corpus_column(c, "source"), tags = corpus_column(c, "tags"), got = 1;
    if (source < 0)
        got = err_set(err, STATUS_DATA, "%s: has no column 'source'", corpus_name(c));
    else if (name_rules(s, c, options->grammar, &sources, err) != 0 ||
             (options->among && read_among(s, c, options, err) != 0))
        got = -1;
    char **fields;
    while (got > 0 && !(options->limit && s->n >= options->limit) &&
           (got = corpus_next(c, &fields, err)) > 0) {
        vocab_add(&seen, fields[source], strlen(fields[source]));
        if (add_example(s, sources, source, tags, fields, options, &scratch, err) != 0)
            got = err_prefix(err, "%s: line %llu", corpus_name(c),
                             (unsigned long long)corpus_line(c));
    }
    s->sources = seen.n;
    vocab_free(&seen);
    if (got >= 0 && !s->n)
        got = err_set(err, STATUS_DATA, "%s: holds no examples", corpus_name(c));
    corpus_close(c);
    free(sources);
    buf_free(&scratch);
    if (got < 0) {
        score_free(s);
        return NULL;
    }
    s->cells = mem_alloc(s->n * s->rules.n, sizeof *s->cells);
    s->verdicts = mem_alloc(s->n, sizeof *s->verdicts);
    return s;
}

void score_free(struct score_set *s) {
    if (!s)
        return;
    vocab_free(&s->rules);
    vocab_free(&s->tags);
    free(s->tokens.items);
    free(s->examples);
    free(s->answers);
    free(s->tag_lists);
    free(s->among);
    free(s->cells);
    free(s->verdicts);
    free(s);
}
