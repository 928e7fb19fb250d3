#include "nn/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/corpus.h"

/* Sequences a forward pass takes at once; part of what fixes the bits. */
enum { BATCH_SEQUENCES = 128 };

struct example {
    size_t source; /* into tokens */
    int source_length;
    int part;       /* where the answers part, in words of the answer; -1: nowhere */
    size_t answers; /* into set->answers, one a rule */
    size_t tags;    /* into set->tag_lists */
    int n_tags;
};

struct answer {
    size_t begin; /* into tokens */
    int length;
    int same_as; /* the first rule with this answer */
};

struct cell {
    bool first, choice, exact;
    double logp;
};

struct verdict {
    bool first_none, choice_none, exact_none;
    double loss;
    int counted;
};

struct score_set {
    const struct vocab *vocab;
    struct vocab rules, tags;
    struct tokens tokens;
    struct example *examples;
    struct answer *answers;
    int32_t *tag_lists;
    size_t n, cap_examples, n_answers, cap_answers, n_tag_lists, cap_tag_lists;
    int32_t *among;
    size_t n_among;
    int longest;              /* input tokens */
    struct cell *cells;       /* [example][rule] */
    struct verdict *verdicts; /* [example] */
};

size_t score_examples(const struct score_set *s) {
    return s->n;
}

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
        size_t before = s->rules.n;
        vocab_add(&s->rules, columns[i] + 5, strlen(columns[i] + 5));
        if (s->rules.n == before) /* the target's own column: the same answer twice */
            continue;
        (*sources)[before] = (struct answer_source){.column = (int)i};
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

/* The k-th token of an answer; beyond its end, <eos>. */
static int32_t answer_token(const struct score_set *s, const struct answer *a, int k) {
    return k < a->length ? s->tokens.items[a->begin + (size_t)k] : TOKEN_EOS;
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
    s->longest = length > s->longest ? length : s->longest;
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
    int source = corpus_column(c, "source"), tags = corpus_column(c, "tags"), got = 1;
    if (source < 0)
        got = err_set(err, STATUS_DATA, "%s: has no column 'source'", corpus_name(c));
    else if (name_rules(s, c, options->grammar, &sources, err) != 0 ||
             (options->among && read_among(s, c, options, err) != 0))
        got = -1;
    char **fields;
    while (got > 0 && !(options->limit && s->n >= options->limit) &&
           (got = corpus_next(c, &fields, err)) > 0)
        if (add_example(s, sources, source, tags, fields, options, &scratch, err) != 0)
            got = err_prefix(err, "%s: line %llu", corpus_name(c),
                             (unsigned long long)corpus_line(c));
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

/* One forward pass. Row i of a batch predicts target[i]; what it found is written at i, by the one
 * worker that visits the row, and read when all are done. */
struct pass {
    struct score_set *set;
    struct tokens input, target;
    uint8_t *wanted;
    size_t cap_wanted;
    int offset[BATCH_SEQUENCES + 1];
    struct {
        size_t example;
        int rule;
    } sequence[BATCH_SEQUENCES];
    int n_sequences;
    int *sequence_of; /* [row] */
    size_t cap_sequence_of;
    double *nll; /* [row] */
    size_t cap_nll;
    int32_t *top; /* [row]: the most likely token */
    size_t cap_top;
    int32_t chosen[BATCH_SEQUENCES]; /* at the parting, among the candidates */
    int vocabulary;
};

/* The row of a sequence whose word the rules disagree on (or, where they agree, its first). */
static int parting_row(const struct pass *p, int sequence) {
    const struct example *e = &p->set->examples[p->sequence[sequence].example];
    return p->offset[sequence] + e->source_length + (e->part > 0 ? e->part : 0);
}

static int32_t choose(const struct pass *p, int sequence, const real *logits) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[p->sequence[sequence].example];
    int32_t best = -1;
    for (size_t i = 0; i < s->n_among; i++)
        if (best < 0 || logits[s->among[i]] > logits[best] ||
            (logits[s->among[i]] == logits[best] && s->among[i] < best))
            best = s->among[i];
    for (size_t r = 0; !s->n_among && r < s->rules.n; r++) {
        int32_t word = answer_token(s, &s->answers[e->answers + r], e->part > 0 ? e->part : 0);
        if (best < 0 || logits[word] > logits[best] ||
            (logits[word] == logits[best] && word < best))
            best = word;
    }
    return best;
}

static void visit(void *context, int worker, int rows, const int *row, const real *logits) {
    (void)worker;
    struct pass *p = context;
    for (int i = 0; i < rows; i++, logits += p->vocabulary) {
        int32_t top = 0;
        for (int32_t v = 1; v < p->vocabulary; v++)
            if (logits[v] > logits[top])
                top = v;
        p->top[row[i]] = top;
        p->nll[row[i]] = op_log_sum_exp(p->vocabulary, logits) -
                         (double)logits[p->target.items[row[i]]];
        int sequence = p->sequence_of[row[i]];
        if (p->set->rules.n && p->sequence[sequence].rule == 0 &&
            row[i] == parting_row(p, sequence))
            p->chosen[sequence] = choose(p, sequence, logits);
    }
}

/* Append <bos> source answer to the pass. For the target every row is wanted, for the loss. */
static void add_sequence(struct pass *p, size_t index, int rule) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[index];
    const struct answer none = {0},
                        *a = s->rules.n ? &s->answers[e->answers + (size_t)rule] : &none;
    int length = 1 + e->source_length + a->length, begin = p->offset[p->n_sequences];
    size_t rows = (size_t)(begin + length);
    p->wanted = mem_grow(p->wanted, &p->cap_wanted, rows, sizeof *p->wanted);
    p->sequence_of = mem_grow(p->sequence_of, &p->cap_sequence_of, rows, sizeof *p->sequence_of);
    p->nll = mem_grow(p->nll, &p->cap_nll, rows, sizeof *p->nll);
    p->top = mem_grow(p->top, &p->cap_top, rows, sizeof *p->top);
    for (int k = 0; k < length; k++) {
        int32_t word[2];
        for (int ahead = 0; ahead < 2; ahead++) {
            int at = k + ahead;
            word[ahead] = at == 0                  ? TOKEN_BOS
                          : at <= e->source_length ? s->tokens.items[e->source + (size_t)at - 1]
                                                   : answer_token(s, a, at - 1 - e->source_length);
        }
        tokens_add(&p->input, word[0]);
        tokens_add(&p->target, word[1]);
        p->wanted[begin + k] = rule == 0 || k >= e->source_length;
        p->sequence_of[begin + k] = p->n_sequences;
    }
    p->sequence[p->n_sequences].example = index;
    p->sequence[p->n_sequences].rule = rule;
    p->offset[++p->n_sequences] = (int)rows;
}

/* Read the results of one sequence into the cells of the rules that share its answer. */
static void collect(struct pass *p, int sequence) {
    struct score_set *s = p->set;
    size_t index = p->sequence[sequence].example;
    int rule = p->sequence[sequence].rule;
    const struct example *e = &s->examples[index];
    struct verdict *v = &s->verdicts[index];
    int begin = p->offset[sequence], end = p->offset[sequence + 1];
    if (rule == 0) {
        *v = (struct verdict){.first_none = true, .choice_none = true, .exact_none = true};
        for (int row = begin; row < end; row++)
            v->loss += p->nll[row];
        v->counted = end - begin;
    }
    if (!s->rules.n)
        return;
    bool exact = true;
    double logp = 0;
    for (int row = begin + e->source_length; row < end; row++) {
        exact &= p->top[row] == p->target.items[row];
        logp -= p->nll[row];
    }
    v->exact_none &= !exact;
    int place = e->part > 0 ? e->part : 0;
    for (size_t r = 0; r < s->rules.n; r++) {
        const struct answer *a = &s->answers[e->answers + r];
        struct cell *cell = &s->cells[index * s->rules.n + r];
        if (a->same_as == rule) {
            cell->exact = exact;
            cell->logp = logp;
        }
        if (rule == 0) { /* the words before the parting are the same for all */
            cell->first = p->top[parting_row(p, sequence)] == answer_token(s, a, place);
            cell->choice = p->chosen[sequence] == answer_token(s, a, place);
            v->first_none &= !cell->first;
            v->choice_none &= !cell->choice;
        }
    }
}

static void run_pass(struct pass *p, struct model *model, struct pool *pool) {
    if (!p->n_sequences)
        return;
    struct batch batch = {.sequences = p->n_sequences,
                          .tokens = (int)p->input.n,
                          .offset = p->offset,
                          .input = p->input.items,
                          .wanted = p->wanted};
    model_forward(model, pool, &batch, visit, p);
    for (int i = 0; i < p->n_sequences; i++)
        collect(p, i);
    p->input.n = p->target.n = 0;
    p->n_sequences = 0;
}

void score_run(struct score_set *s, struct model *model, struct pool *pool) {
    struct pass p = {.set = s, .vocabulary = model->vocabulary};
    for (size_t i = 0; i < s->n; i++)
        for (int r = 0; r < (s->rules.n ? (int)s->rules.n : 1); r++) {
            if (s->rules.n && s->answers[s->examples[i].answers + (size_t)r].same_as != r)
                continue;
            add_sequence(&p, i, r);
            if (p.n_sequences == BATCH_SEQUENCES)
                run_pass(&p, model, pool);
        }
    run_pass(&p, model, pool);
    free(p.input.items);
    free(p.target.items);
    free(p.wanted);
    free(p.sequence_of);
    free(p.nll);
    free(p.top);
}

double score_loss(const struct score_set *s) {
    double sum = 0, counted = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->verdicts[i].loss;
        counted += s->verdicts[i].counted;
    }
    return sum / counted;
}

static bool has_tag(const struct score_set *s, const struct example *e, int tag) {
    for (int i = 0; i < e->n_tags; i++)
        if (s->tag_lists[e->tags + (size_t)i] == tag)
            return true;
    return tag < 0;
}

struct score_summary score_summarise(const struct score_set *s, int rule, int tag) {
    struct score_summary sum = {.has_choice = s->n_among || rule >= 0};
    double logp = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct example *e = &s->examples[i];
        bool agreed = e->part < 0;
        if (agreed != (rule == SCORE_AGREED) || !has_tag(s, e, tag))
            continue;
        sum.n++;
        if (rule == SCORE_NONE) {
            sum.first += s->verdicts[i].first_none;
            sum.choice += s->verdicts[i].choice_none;
            sum.exact += s->verdicts[i].exact_none;
        } else {
            const struct cell *c = &s->cells[i * s->rules.n + (size_t)(rule > 0 ? rule : 0)];
            sum.first += c->first;
            sum.choice += c->choice;
            sum.exact += c->exact;
            logp += c->logp;
        }
    }
    sum.logp = rule == SCORE_NONE ? NAN : logp / (double)sum.n;
    return sum;
}
