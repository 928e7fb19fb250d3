#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/corpus.h"
#include "lib/opt.h"
#include "nn/packed.h"
#include "nn/score_private.h"

size_t score_rules(const struct score_set *s) {
    return s->rules.n;
}

const char *score_rule_name(const struct score_set *s, size_t rule) {
    return s->rules.words[rule];
}

struct score_words score_source(const struct score_set *s, size_t i) {
    const struct example *e = &s->examples[i];
    if (layout_is_whole(&s->layout) || !s->tokens.items)
        return (struct score_words){0};
    return (struct score_words){s->tokens.items + e->source, (size_t)e->source_length};
}

struct score_words score_answer(const struct score_set *s, size_t rule, size_t i) {
    static const int32_t none[1];
    const struct answer *a = &s->answers[s->examples[i].answers + rule];
    return (struct score_words){s->tokens.items ? s->tokens.items + a->begin : none,
                                (size_t)a->length};
}

int score_parting(const struct score_set *s, size_t i) {
    return s->examples[i].part;
}

const char *score_column(const struct score_set *s, enum score_column column, size_t i) {
    return s->column[column] ? s->column_text.words[s->column[column][i]] : NULL;
}

size_t score_examples(const struct score_set *s) {
    return s->n;
}

const struct vocab *score_vocab(const struct score_set *s) {
    return s->vocab;
}

const struct layout *score_layout(const struct score_set *s) {
    return &s->layout;
}

struct score_words score_among(const struct score_set *s) {
    return (struct score_words){s->among, s->n_among};
}

int32_t score_first(const struct score_set *s, size_t i) {
    return s->verdicts[i].top;
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
    const struct columns *q = &s->columns;
    bool labels = s->layout.objective == OBJECTIVE_CLASS && q->label;
    int target = corpus_column(c, labels ? q->label : q->target ? q->target : "target");
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
    if (!s->rules.n &&
        (s->layout.objective == OBJECTIVE_TARGET || s->layout.objective == OBJECTIVE_CLASS))
        return err_set(err, STATUS_DATA,
                       "%s: is of another task: has no column '%s', and the model was trained for "
                       "objective '%s'",
                       corpus_name(c),
                       labels      ? q->label
                       : q->target ? q->target
                                   : "target",
                       layout_objectives[s->layout.objective]);
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

/* Append the class that a rule's text names: its first word, or all of it for a label's. */
static int encode_class(struct score_set *s, const char *text, struct err *err) {
    size_t len = strlen(text);
    if (!s->columns.label) {
        text += strspn(text, " ");
        len = strcspn(text, " ");
    }
    int32_t label = s->classes ? vocab_find(s->classes, text, len) : -1;
    if (label < 0)
        return err_set(err, STATUS_DATA, "'%.*s' is none of the model's %zu classes",
                       len > 100 ? 100 : (int)len, text, s->classes ? s->classes->n : 0);
    tokens_add(&s->tokens, label);
    return 0;
}

/* Append the words of a text. */
static int encode(struct score_set *s, const char *text, struct err *err) {
    return s->new_words ? lexicon_encode_new(s->format.vocab, text, &s->tokens, err)
                        : lexicon_encode(s->vocab, text, &s->tokens, err);
}

/* Append the answer of each rule. */
static int add_answers(struct score_set *s, const struct answer_source *sources,
                       const char *source_text, char **fields, const struct score_options *options,
                       struct buf *scratch, struct err *err) {
    for (size_t r = 0; r < s->rules.n; r++) {
        const char *text = sources[r].column >= 0 ? fields[sources[r].column] : NULL;
        if (!text) {
            if (grammar_apply_rule(options->grammar, sources[r].grammar_rule, source_text,
                                   strlen(source_text), scratch, err) != 0)
                return -1;
            text = scratch->data;
        }
        struct answer a = {.begin = s->tokens.n};
        if ((s->layout.objective == OBJECTIVE_CLASS ? encode_class(s, text, err)
                                                    : encode(s, text, err)) != 0)
            return err_prefix(err, "answer of rule '%s'", s->rules.words[r]);
        a.length = (int)(s->tokens.n - a.begin);
        s->answers = mem_grow(s->answers, &s->cap_answers, s->n_answers + 1, sizeof *s->answers);
        s->answers[s->n_answers++] = a;
    }
    return 0;
}

/* What the layout says of every answer. */
static int check_answers(struct score_set *s, const struct example *e, struct err *err) {
    const struct layout *l = &s->layout;
    size_t n_source = (size_t)e->source_length;
    for (size_t r = 0; r < (s->rules.n ? s->rules.n : 1); r++) {
        size_t n = s->rules.n ? (size_t)s->answers[e->answers + r].length
                              : (size_t)e->target.length;
        size_t rows = layout_rows(l, n_source, n), memory = layout_memory_rows(l, n_source),
               length = rows > memory ? rows : memory;
        if (s->format.max_length && length > (size_t)s->format.max_length)
            return err_set(err, STATUS_DATA, "a sequence of %zu tokens; the model reads at most %d",
                           length, s->format.max_length);
        if (length > PACKED_MOST)
            return err_set(err, STATUS_DATA, "a sequence of %zu tokens", length);
        if (s->format.same_length && (int64_t)rows != s->format.n_tokens)
            return err_set(err, STATUS_DATA, "%zu tokens where the model reads %lld", rows,
                           (long long)s->format.n_tokens);
        if (layout_check_example(l, n_source, n, err) != 0)
            return -1;
        if (s->rules.n && layout_has_words(l) && layout_place(l, n_source, 0) < 0)
            return err_set(err, STATUS_DATA,
                           "the first word of the answer is not predicted: the "
                           "model has no <bos>, and the source is empty");
    }
    return 0;
}

/* The answers of a cloze, whole until now, become their masked words, which alone may differ. */
static int keep_masked(struct score_set *s, const struct example *e, struct err *err) {
    for (size_t r = s->rules.n; r-- > 0;) { /* the first last: the others are held against it */
        struct answer *a = &s->answers[e->answers + r], *first = &s->answers[e->answers];
        const int32_t *x = s->tokens.items + a->begin, *y = s->tokens.items + first->begin;
        bool same = a->length == first->length;
        for (int k = 0; same && k < a->length; k++)
            same = s->cloze_set[x[k]] ? s->cloze_set[y[k]] : x[k] == y[k];
        if (!same)
            return err_set(err, STATUS_DATA,
                           "the answers of rules '%s' and '%s' differ in words that are not masked",
                           s->rules.words[0], s->rules.words[r]);
    }
    for (size_t r = 0; r < s->rules.n; r++) {
        struct answer *a = &s->answers[e->answers + r];
        size_t begin = s->tokens.n;
        for (int k = 0; k < a->length; k++)
            if (s->cloze_set[s->tokens.items[a->begin + (size_t)k]])
                tokens_add(&s->tokens, s->tokens.items[a->begin + (size_t)k]);
        *a = (struct answer){.begin = begin, .length = (int)(s->tokens.n - begin)};
        if (!a->length)
            return err_set(err, STATUS_DATA, "there is no word to mask");
    }
    return 0;
}

/* What the cloze masks: words of the answers, or, where there are none, of the source. */
static int find_masked(struct score_set *s, struct example *e, struct err *err) {
    if (s->rules.n) {
        e->target = s->answers[e->answers];
        return keep_masked(s, e, err);
    }
    for (int k = 0; k < e->source_length; k++)
        if (s->cloze_set[s->tokens.items[e->source + (size_t)k]])
            return 0;
    return err_set(err, STATUS_DATA, "there is no word to mask");
}

static int add_example(struct score_set *s, const struct answer_source *sources,
                       struct row_reader *row, int tags, char **fields,
                       const struct score_options *options, struct buf *scratch, struct err *err) {
    struct example e = {.source = s->tokens.n, .answers = s->n_answers};
    const char *source_text = row->source >= 0 ? fields[row->source] : "";
    if (layout_is_whole(&s->layout)) {
        /* Its own sentence names the line. */
        e.source = s->base.n;
        if (row_read(row, fields, &s->base, err) != 0 ||
            (add_answers(s, sources, source_text, fields, options, scratch, err) != 0 &&
             row_at_line(row->corpus, err) != 0))
            return -1;
        e.source_length = (int)s->base.items[s->base.n - 1].n_source;
    } else {
        if (encode(s, source_text, err) != 0)
            return row_at_line(row->corpus, err);
        e.source_length = (int)(s->tokens.n - e.source);
        if (s->layout.objective == OBJECTIVE_MASKED && !s->rules.n && row->target >= 0) {
            e.target.begin = s->tokens.n;
            if (lexicon_encode(s->vocab, fields[row->target], &s->tokens, err) != 0)
                return row_at_line(row->corpus, err);
            e.target.length = (int)(s->tokens.n - e.target.begin);
        }
        if (add_answers(s, sources, source_text, fields, options, scratch, err) != 0 ||
            check_answers(s, &e, err) != 0)
            return row_at_line(row->corpus, err);
        if (s->cloze.n && find_masked(s, &e, err) != 0)
            return row_at_line(row->corpus, err);
    }
    find_parting(s, &e);
    if (e.part >= 0 && layout_has_words(&s->layout) && !s->layout.eos)
        for (size_t r = 0; r < s->rules.n; r++)
            if (s->answers[e.answers + r].length <= e.part) {
                err_set(err, STATUS_DATA,
                        "one rule's answer begins with another's, and the model has no <eos> to "
                        "tell them apart");
                return row_at_line(row->corpus, err);
            }
    read_tags(s, &e, tags >= 0 ? fields[tags] : "");
    s->examples = mem_grow(s->examples, &s->cap_examples, s->n + 1, sizeof *s->examples);
    s->examples[s->n++] = e;
    return 0;
}

/* ##optimal_loss: HOW from=A to=B ... TAB one number a place. The end of a string counts as a token
 * in that of the Dyck language, which leaves no loss of words alone. */
static void read_optimum(struct score_set *s, const struct corpus_reader *c) {
    const char *value, *task = corpus_header(c, "task", 0);
    if (s->layout.objective != OBJECTIVE_ALL || (task && strncmp(task, "Dyck", 4) == 0) ||
        corpus_sections(c) > 1)
        return;
    for (size_t k = 0; (value = corpus_header(c, "optimal_loss", k)); k++) {
        const char *from = strstr(value, "from="), *numbers = strchr(value, '\t');
        char *end;
        if (!from || !numbers || from > numbers || from[5] < '0' || from[5] > '9')
            continue;
        unsigned long place = strtoul(from + 5, &end, 10);
        for (const char *p = numbers; *p && place < 1u << 20; place++, p = end) {
            double optimal = strtod(p, &end);
            if (end == p || !isfinite(optimal))
                break;
            score_reserve_positions(s, place + 1);
            s->positions[place].optimal = optimal;
        }
    }
}

void score_reserve_positions(struct score_set *s, size_t n) {
    if (n <= s->n_positions)
        return;
    s->positions = mem_grow(s->positions, &s->cap_positions, n, sizeof *s->positions);
    for (; s->n_positions < n; s->n_positions++)
        s->positions[s->n_positions] = (struct position){.optimal = NAN};
}

/* The words of the cloze, which must be in the vocabulary. */
static int read_cloze(struct score_set *s, const struct corpus_reader *c, const char *text,
                      struct err *err) {
    bool is_class = feed_words(c, text, &s->cloze);
    for (size_t i = 0; i < s->cloze.n; i++) {
        int32_t id = vocab_find(s->vocab, s->cloze.words[i], strlen(s->cloze.words[i]));
        if (id >= 0)
            s->cloze_set[id] = 1;
        else if (!is_class)
            return err_set(err, STATUS_USAGE, "--mask-words: word '%s' is not in the vocabulary",
                           s->cloze.words[i]);
    }
    s->layout.masking.cloze = s->cloze_set;
    return 0;
}

static int add_among(struct score_set *s, const char *word, size_t len, struct err *err) {
    bool classes = s->layout.objective == OBJECTIVE_CLASS;
    int32_t id = s->new_words ? vocab_add(s->format.vocab, word, len)
                              : vocab_find(classes ? s->classes : s->vocab, word, len);
    if (id < 0)
        return err_set(err, STATUS_USAGE, "--among: %s '%.*s' is not %s",
                       classes ? "class" : "word", (int)len, word,
                       classes ? "the model's" : "in the vocabulary");
    for (size_t i = 0; i < s->n_among; i++) /* so that the vocabulary's size bounds the list */
        if (s->among[i] == id)
            return 0;
    s->among = mem_grow(s->among, &s->cap_among, s->n_among + 1, sizeof *s->among);
    s->among[s->n_among++] = id;
    return 0;
}

/* A name without a comma may be a class: of the grammar, or of the corpus's header. */
static int read_among(struct score_set *s, const struct corpus_reader *c,
                      const struct score_options *options, struct err *err) {
    const char *text = options->among, *value;
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

/* A column `loss` (gen-hmm) holds the least possible loss of every word given those before it. Its
 * mean at a place goes before the header's expectation: the sample's own chance is then in both
 * sides of the excess. */
static int add_optimum(struct score_set *s, const char *text, struct err *err) {
    const struct example *e = &s->examples[s->n - 1];
    score_reserve_positions(s, (size_t)e->source_length);
    int n = 0;
    for (; *text; text += *text == ' ') {
        char word[64];
        size_t len = strcspn(text, " ");
        double number;
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), text);
        if (n >= e->source_length || opt_read_number(word, &number) != 0)
            break;
        struct position *p = &s->positions[n++];
        p->known_sum += number;
        p->known++;
        text += len;
    }
    if (!*text && n == e->source_length)
        return 0;
    return err_set(err, STATUS_DATA, "the column 'loss' must hold a number for each of %d words",
                   e->source_length);
}

static void keep_columns(struct score_set *s, const int *column, char **fields) {
    for (int k = 0; k < SCORE_COLUMNS; k++) {
        if (column[k] < 0)
            continue;
        const char *text = fields[column[k]];
        s->column[k] = mem_grow(s->column[k], &s->cap_column[k], s->n, sizeof *s->column[k]);
        s->column[k][s->n - 1] = vocab_add(&s->column_text, text, strlen(text));
    }
}

/* What `choice` is made among, and what of it stands in the source: for the floors of chance. */
static void count_candidates(struct score_set *s) {
    if (!s->rules.n || !layout_has_words(&s->layout))
        return;
    size_t *seen = mem_alloc(s->vocab->n + 1, sizeof *seen); /* [word]: last example with it, + 1 */
    for (size_t i = 0; i < s->n; i++) {
        struct example *e = &s->examples[i];
        struct cell *cell = &s->cells[i * s->rules.n];
        int place = e->part > 0 ? e->part : 0;
        for (int k = 0; k < e->source_length; k++)
            seen[s->tokens.items[e->source + (size_t)k]] = i + 1;
        e->candidates = (uint32_t)s->n_among;
        for (size_t k = 0; k < s->n_among; k++)
            e->present += seen[s->among[k]] == i + 1;
        for (size_t r = 0; r < s->rules.n; r++) {
            int32_t word = answer_token(s, &s->answers[e->answers + r], place);
            bool first = true, known = word >= 0;
            for (size_t q = 0; q < r; q++)
                first &= answer_token(s, &s->answers[e->answers + q], place) != word;
            cell[r].candidate = s->n_among ? score_is_among(s, word) : true;
            cell[r].present = cell[r].candidate && known && seen[word] == i + 1;
            if (!s->n_among) {
                e->candidates += first;
                e->present += first && cell[r].present;
            }
        }
    }
    free(seen);
}

static int load(struct score_set *s, struct corpus_reader *c, const struct score_options *options,
                struct err *err) {
    struct answer_source *sources = NULL;
    struct row_reader row;
    struct buf scratch = {0};
    struct vocab seen = {0};
    int optimum = s->layout.objective == OBJECTIVE_ALL ? corpus_column(c, "loss") : -1;
    int tags = corpus_column(c, "tags"), got = row_reader_open(&row, &s->format, c, err);
    bool rules = s->layout.objective != OBJECTIVE_VALUE &&
                 (s->layout.objective != OBJECTIVE_MASKED || options->mask_words);
    if (got == 0 && ((rules && name_rules(s, c, options->grammar, &sources, err) != 0) ||
                     (options->among && read_among(s, c, options, err) != 0)))
        got = -1;
    if (got == 0 && s->layout.objective == OBJECTIVE_MASKED && options->mask_words)
        got = read_cloze(s, c, options->mask_words, err);
    if (got == 0) {
        read_optimum(s, c);
        got = 1;
    }
    int kept[SCORE_COLUMNS] = {-1, -1};
    if (options->keep_columns) {
        kept[SCORE_TREE] = corpus_column(c, "tree");
        kept[SCORE_DEPTH] = corpus_column(c, "depth");
    }
    char **fields;
    while (got > 0 && !(options->limit && s->n >= options->limit) &&
           (got = corpus_next(c, &fields, err)) > 0) {
        if (row.source >= 0)
            vocab_add(&seen, fields[row.source], strlen(fields[row.source]));
        if (add_example(s, sources, &row, tags, fields, options, &scratch, err) != 0)
            got = -1;
        else if (optimum >= 0 && add_optimum(s, fields[optimum], err) != 0)
            got = row_at_line(c, err);
        else
            keep_columns(s, kept, fields);
    }
    for (size_t k = 0; optimum >= 0 && k < s->n_positions; k++)
        s->positions[k].optimal = s->positions[k].known
                                      ? s->positions[k].known_sum / (double)s->positions[k].known
                                      : NAN;
    s->sources = row.source >= 0 ? seen.n : s->n;
    vocab_free(&seen);
    if (got >= 0 && !s->n)
        got = err_set(err, STATUS_DATA, "%s: holds no examples", corpus_name(c));
    row_reader_close(&row);
    free(sources);
    buf_free(&scratch);
    return got < 0 ? -1 : 0;
}

struct score_options score_options_of(const struct model *m) {
    return (struct score_options){.layout = &m->task.layout,
                                  .columns = &m->task.columns,
                                  .classes = &m->task.classes,
                                  .features = m->facts.features,
                                  .outputs = m->facts.outputs,
                                  .tokens = m->facts.tokens_per_example,
                                  .mask_words = m->task.mask_words,
                                  .loss = m->facts.loss,
                                  .max_length = m->facts.max_length};
}

/* Whether a word of --among stands in any source, or where the rules' answers part. */
static bool any_candidate(const struct score_set *s) {
    bool any = false;
    for (size_t i = 0; i < s->n && !any; i++) {
        any = s->examples[i].present > 0;
        for (size_t r = 0; r < s->rules.n; r++)
            any |= s->cells[i * s->rules.n + r].candidate;
    }
    return any;
}

struct score_set *score_open(const char *path, const struct vocab *vocab,
                             const struct score_options *options, struct err *err) {
    struct corpus_reader *c = (options->digest ? corpus_open_digesting : corpus_open)(path, err);
    if (!c)
        return NULL;
    struct score_set *s = mem_alloc(1, sizeof *s);
    s->vocab = vocab;
    s->new_words = options->new_words;
    s->classes = options->classes;
    s->layout = options->layout ? *options->layout : layout_default();
    s->columns = options->columns ? *options->columns : (struct columns){0};
    s->loss = options->loss;
    s->answers_only = options->answers_only;
    s->cloze_set = mem_alloc(vocab->n + 1, 1);
    s->layout.masking.cloze = NULL;
    bool tokens = s->columns.source || !s->columns.features;
    s->format = (struct row_format){.layout = &s->layout,
                                    .columns = &s->columns,
                                    .vocab = (struct vocab *)(uintptr_t)vocab, /* no new words */
                                    .no_label = s->layout.objective != OBJECTIVE_VALUE,
                                    .same_length = options->tokens > 0,
                                    .max_length = options->max_length,
                                    .n_features = options->features ? options->features : -1,
                                    .n_values = options->outputs ? options->outputs : -1,
                                    .n_tokens = options->tokens > 0 ? options->tokens : -1};
    int result = lexicon_find_marks(vocab, &s->layout, err);
    if (result == 0)
        result = load(s, c, options, err);
    if (result == 0 && options->digest)
        result = corpus_end_digest(c, options->digest, err);
    corpus_close(c);
    /* The names may go; what row_example asks of them stays. */
    s->columns = (struct columns){.source = tokens ? "source" : NULL,
                                  .features = s->columns.features ? "features" : NULL};
    if (result != 0) {
        score_free(s);
        return NULL;
    }
    if (s->layout.objective == OBJECTIVE_VALUE)
        s->values = value_kind_of(s->n, (size_t)s->format.n_values, s->base.value);
    s->outputs = s->layout.objective == OBJECTIVE_CLASS
                     ? (options->outputs ? options->outputs : (int)s->classes->n)
                 : s->layout.objective == OBJECTIVE_VALUE ? (int)s->format.n_values
                                                          : (int)vocab->n;
    for (size_t i = 0; s->layout.objective == OBJECTIVE_ALL && i < s->n; i++)
        score_reserve_positions(s, (size_t)s->examples[i].source_length);
    s->position_means = mem_alloc(s->n_positions, sizeof *s->position_means);
    s->cells = mem_alloc(s->n * s->rules.n, sizeof *s->cells);
    s->verdicts = mem_alloc(s->n, sizeof *s->verdicts);
    if (s->n_among) {
        bool whole = s->layout.objective == OBJECTIVE_CLASS;
        s->n_is_among = (whole ? s->classes : vocab)->n;
        s->is_among = mem_alloc(s->n_is_among, sizeof *s->is_among);
        for (size_t i = 0; i < s->n_among; i++)
            s->is_among[s->among[i]] = 1;
    }
    count_candidates(s);
    if (s->new_words && s->n_among && !any_candidate(s)) {
        err_set(
            err, STATUS_USAGE,
            "%s: none of the words of --among '%s' stands in it, nor has it a class of that name",
            path, options->among);
        score_free(s);
        return NULL;
    }
    return s;
}

size_t score_bytes(const struct score_set *s) {
    size_t tokens = s->tokens.n + s->base.tokens.n + s->n_tag_lists,
           numbers = s->base.n_feature + s->base.n_value;
    return tokens * sizeof(int32_t) + numbers * sizeof(real) +
           s->n * (sizeof *s->examples + sizeof *s->verdicts) + s->n_answers * sizeof *s->answers +
           s->n * s->rules.n * sizeof *s->cells + s->base.n * sizeof *s->base.items;
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
    free(s->is_among);
    for (int k = 0; k < SCORE_COLUMNS; k++)
        free(s->column[k]);
    vocab_free(&s->column_text);
    vocab_free(&s->cloze);
    free(s->cloze_set);
    example_store_free(&s->base);
    free(s->positions);
    free(s->position_means);
    free(s->cells);
    free(s->verdicts);
    free(s);
}
