#include "gen/label.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/pipeline.h"

/* Rows of one task, and the bytes that are enough for one. */
enum { BLOCK = 256, BLOCK_BYTES = 1 << 20 };

struct block {
    size_t n;
    size_t sections; /* of the input have begun at its first row; no other begins in it */
    uint64_t lines[BLOCK];
    struct buf input; /* all fields, one after the other, each with its NUL */
    struct buf rows;
    struct label_report report; /* without the trees, which are */
    uint64_t trees[BLOCK];
    size_t n_trees;
};

struct worker {
    struct parser *parser;
    struct example *example;
    const char **fields;
    struct parse parse;
};

struct run {
    const struct label *label;
    struct corpus_writer *out;
    struct label_report *report;
    struct worker *workers;
    size_t n_input; /* columns */
    bool answers, tags;
    size_t sections; /* of the output */
    struct buf held; /* a row that begins a section, and its line */
    uint64_t held_line;
};

const char **label_column_names(const struct grammar *g, size_t *n) {
    const char **fixed = example_column_names(g, n);
    const char **names = mem_alloc(*n + LABEL_OWN, sizeof *names);
    memcpy(names, fixed, *n * sizeof *names);
    free(fixed);
    names[*n + LABEL_INSIDE] = "inside";
    names[*n + LABEL_DERIVATIONS] = "derivations";
    *n += LABEL_OWN;
    return names;
}

void label_free_names(const char **names, size_t n) {
    example_free_names(names, n - LABEL_OWN);
}

struct label_report label_report_new(const struct grammar *g) {
    return (struct label_report){.equal = mem_alloc(g->rules.n, sizeof(uint64_t))};
}

void label_report_free(struct label_report *r) {
    free(r->equal);
    seen_free(&r->trees);
}

/* A sentence as messages quote it: the first words of a long one. */
static void put_quoted(const char *sentence, struct buf *out) {
    size_t len = strlen(sentence), most = 120;
    if (len > most) {
        while (most && sentence[most] != ' ')
            most--;
        len = most;
    }
    buf_printf(out, "'%.*s%s'", (int)len, sentence, sentence[len] ? " ..." : "");
}

static int refuse(const struct run *run, uint64_t line, const char *sentence,
                  const struct parse *parse, struct err *err) {
    const struct label *label = run->label;
    struct buf text = {0};
    put_quoted(sentence, &text);
    buf_printf(&text, " is outside the grammar %s", label->grammar->path);
    if (!*sentence)
        buf_puts(&text, ": it is empty");
    else if (parse->unknown && parse->unknown_len == 0)
        buf_puts(&text, ": its words are not separated by single spaces");
    else if (parse->unknown && parse->unknown_len <= 120)
        buf_printf(&text, ", which has no word '%.*s'", (int)parse->unknown_len, parse->unknown);
    err_set(err, STATUS_DATA, "%s: line %" PRIu64 ": %s", corpus_name(label->in), line, text.data);
    buf_free(&text);
    return -1;
}

/* What the grammar says of a sentence, in w->parse and w->example. 1: parsed; 0: outside; -1. */
static int analyse(const struct run *run, struct worker *w, const char *sentence, struct err *err) {
    const struct grammar *g = run->label->grammar;
    struct example *e = w->example;
    buf_clear(&e->source);
    buf_puts(&e->source, sentence);
    int got = parser_parse(w->parser, e->source.data, e->source.len, &w->parse, err);
    if (got <= 0)
        return got;
    if (parser_best(w->parser, &e->tree, err) != 0)
        return -1;
    e->tags = e->tree.tags;
    if (run->tags &&
        grammar_pattern_tags(g, e->source.data, e->source.len, UINT64_MAX, &e->tags, err) != 0)
        return -1;
    return run->answers && example_find_answers(e, err) != 0 ? -1 : 1;
}

static void count(const struct run *run, const struct worker *w, uint64_t line, bool parsed,
                  struct block *b) {
    const struct label *label = run->label;
    struct label_report *r = &b->report;
    r->sentences++;
    if (!parsed) {
        r->unknown += w->parse.unknown_len > 0;
        r->first_outside = r->first_outside ? r->first_outside : line;
        return;
    }
    r->parsed++;
    if (w->parse.derivations > 1) {
        r->ambiguous++;
        r->first_ambiguous = r->first_ambiguous ? r->first_ambiguous : line;
    }
    if (w->parse.derivations > r->most)
        r->most = w->parse.derivations;
    if (label->report)
        b->trees[b->n_trees++] = derivation_tree_id(label->grammar, &w->example->tree);
    if (label->target >= 0 && run->answers)
        for (size_t k = 0; k < label->grammar->rules.n; k++)
            r->equal[k] += strcmp(w->example->answers[k].data, w->fields[label->target]) == 0;
}

static void put_row(const struct run *run, const struct worker *w, bool parsed, struct buf *out) {
    const struct label *label = run->label;
    int own = EXAMPLE_RULES + (int)label->grammar->rules.n;
    for (size_t i = 0; i < label->n_columns; i++) {
        const struct label_column *c = &label->columns[i];
        if (i)
            buf_putc(out, '\t');
        if (c->passed >= 0)
            buf_puts(out, w->fields[c->passed]);
        else if (!parsed)
            continue;
        else if (c->made == own + LABEL_INSIDE)
            buf_printf(out, "%.9g", w->parse.log_probability);
        else if (c->made == own + LABEL_DERIVATIONS)
            buf_printf(out, "%" PRIu64, w->parse.derivations);
        else
            example_put(w->example, c->made, out);
    }
    buf_putc(out, '\n');
}

static int label_row(const struct run *run, struct worker *w, struct block *b, size_t i,
                     struct err *err) {
    const struct label *label = run->label;
    const char *sentence = w->fields[label->source], *name = corpus_name(label->in);
    int parsed = analyse(run, w, sentence, err);
    if (parsed < 0)
        return err_prefix(err, "%s: line %" PRIu64, name, b->lines[i]);
    if (parsed == 0 && label->strict)
        return refuse(run, b->lines[i], sentence, &w->parse, err);
    count(run, w, b->lines[i], parsed > 0, b);
    size_t start = b->rows.len;
    put_row(run, w, parsed > 0, &b->rows);
    if (b->rows.data[start] == '#')
        return err_set(err, STATUS_DATA,
                       "%s: line %" PRIu64 ": opens with '#', which no line of a corpus may", name,
                       b->lines[i]);
    return 0;
}

static int label_block(void *context, void *task, int worker, struct err *err) {
    struct run *run = context;
    struct block *b = task;
    struct worker *w = &run->workers[worker];
    uint64_t *equal = b->report.equal;
    memset(equal, 0, run->label->grammar->rules.n * sizeof *equal);
    b->report = (struct label_report){.equal = equal};
    b->n_trees = 0;
    buf_clear(&b->rows);
    const char *field = b->input.data;
    for (size_t i = 0; i < b->n; i++) {
        for (size_t k = 0; k < run->n_input; k++) {
            w->fields[k] = field;
            field += strlen(field) + 1;
        }
        if (label_row(run, w, b, i, err) != 0)
            return -1;
    }
    return 0;
}

static int begin_sections(struct run *run, size_t n, struct err *err) {
    for (; run->sections < n; run->sections++)
        if (run->label->begin_section(run->label->context, run->sections, run->out, err) != 0)
            return -1;
    return 0;
}

static int write_block(void *context, void *task, struct err *err) {
    struct run *run = context;
    struct label_report *all = run->report;
    const struct block *b = task;
    const struct label_report *r = &b->report;
    all->sentences += r->sentences;
    all->parsed += r->parsed;
    all->unknown += r->unknown;
    all->ambiguous += r->ambiguous;
    all->most = r->most > all->most ? r->most : all->most;
    all->first_outside = all->first_outside ? all->first_outside : r->first_outside;
    all->first_ambiguous = all->first_ambiguous ? all->first_ambiguous : r->first_ambiguous;
    for (size_t k = 0; k < run->label->grammar->rules.n; k++)
        all->equal[k] += r->equal[k];
    for (size_t i = 0; i < b->n_trees && !all->too_many_trees; i++) {
        seen_add(&all->trees, (const char *)&b->trees[i], sizeof b->trees[i]);
        all->too_many_trees = all->trees.n > LABEL_MAX_TREES;
    }
    if (b->n == 0)
        return 0;
    if (begin_sections(run, b->sections, err) != 0)
        return -1;
    return corpus_put_rows(run->out, b->rows.data, b->rows.len, b->n, err);
}

static void release_block(void *task) {
    struct block *b = task;
    buf_free(&b->input);
    buf_free(&b->rows);
    label_report_free(&b->report);
}

/* Take the rows of a task from the input, all of one section, as many as there are without waiting.
 * 1: there may be more; 0: these are the last; -1: what follows them cannot be read. */
static int fill_block(struct run *run, struct corpus_reader *in, struct block *b, struct err *err) {
    if (!b->report.equal)
        b->report = label_report_new(run->label->grammar);
    buf_clear(&b->input);
    b->n = 0;
    if (run->held.len) {
        buf_add(&b->input, run->held.data, run->held.len);
        buf_clear(&run->held);
        b->lines[b->n++] = run->held_line;
        b->sections = corpus_sections(in);
    }
    while (b->n == 0 || (b->n < BLOCK && b->input.len < BLOCK_BYTES && corpus_ready(in))) {
        char **fields;
        int got = corpus_next(in, &fields, err);
        if (got <= 0)
            return got;
        size_t sections = corpus_sections(in);
        bool hold = b->n && sections != b->sections;
        struct buf *to = hold ? &run->held : &b->input;
        for (size_t k = 0; k < run->n_input; k++)
            buf_add(to, fields[k], strlen(fields[k]) + 1);
        if (hold) {
            run->held_line = corpus_line(in);
            return 1;
        }
        b->lines[b->n++] = corpus_line(in);
        b->sections = sections;
    }
    return 1;
}

/* Of several errors the one of the first line is reported, so those of rows come before one of
 * reading on. When the input lets us wait, what is done is shown. */
static int push_blocks(struct run *run, struct pipeline *p, struct corpus_reader *in,
                       struct err *err) {
    struct err unread = {0};
    int more = 1;
    while (more > 0) {
        struct block *b = pipeline_task(p, err);
        if (!b)
            return -1;
        more = fill_block(run, in, b, &unread);
        if (pipeline_push(p, err) != 0)
            return -1;
        if (more > 0 && !corpus_ready(in) &&
            (pipeline_drain(p, err) != 0 || corpus_flush(run->out, err) != 0))
            return -1;
    }
    if (pipeline_drain(p, err) != 0)
        return -1;
    if (more < 0)
        return err_set(err, unread.status, "%s", unread.text);
    return begin_sections(run, corpus_sections(in), err);
}

/* Whether a column is made anew whose number is in [first, end). */
static bool makes(const struct label *label, int first, int end) {
    for (size_t i = 0; i < label->n_columns; i++)
        if (label->columns[i].passed < 0 && label->columns[i].made >= first &&
            label->columns[i].made < end)
            return true;
    return false;
}

int label_rows(const struct label *label, struct corpus_reader *in, struct corpus_writer *out,
               int threads, struct label_report *report, struct err *err) {
    const struct grammar *g = label->grammar;
    int n_workers = threads > 1 ? threads : 1, end_rules = EXAMPLE_RULES + (int)g->rules.n;
    struct run run = {.label = label, .out = out, .report = report, .sections = 1};
    corpus_columns(in, &run.n_input);
    run.tags = makes(label, EXAMPLE_TAGS, EXAMPLE_TAGS + 1);
    run.answers = g->rules.n && (makes(label, EXAMPLE_TARGET, EXAMPLE_TARGET + 1) ||
                                 makes(label, EXAMPLE_RULES, end_rules) ||
                                 (label->target >= 0 && (label->report || label->check)));
    run.workers = mem_alloc((size_t)n_workers, sizeof *run.workers);
    for (int i = 0; i < n_workers; i++) {
        struct worker *w = &run.workers[i];
        *w = (struct worker){.parser = parser_new(g), .example = example_new(g)};
        w->example->answer_for_target = label->target_rule > 0 ? label->target_rule : 0;
        w->fields = mem_alloc(run.n_input, sizeof *w->fields);
    }
    struct pipeline *p = pipeline_new(threads > 1 ? threads : 0,
                                      &(struct pipeline_stages){
                                          .context = &run,
                                          .task_size = sizeof(struct block),
                                          .work = label_block,
                                          .finish = write_block,
                                          .release = release_block,
                                      });
    int result = push_blocks(&run, p, in, err);
    pipeline_free(p);
    for (int i = 0; i < n_workers; i++) {
        parser_free(run.workers[i].parser);
        example_free(run.workers[i].example);
        free(run.workers[i].fields);
    }
    free(run.workers);
    buf_free(&run.held);
    return result;
}
