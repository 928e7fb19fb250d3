#include "lib/process.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arithmetic.h"
#include "lib/hash.h"
#include "lib/zio.h"

enum { MOST_STATES = 1 << 20, MOST_SYMBOLS = 1 << 16, LONGEST_NAME = 100 };
static const double SUM_TOLERANCE = 1e-6;

/* An edge as the file gives it. */
struct given {
    uint32_t from, symbol, to;
    double probability;
    int64_t line;
};

struct override {
    char *name;
    double value;
    bool used;
};

struct reader {
    struct process *p;
    int64_t line, states_line, symbols_line, start_line, last_line;
    struct given *edges;
    size_t n_edges, cap_edges, cap_values;
    struct override *overrides;
    size_t n_overrides;
    char *start;          /* NULL: stationary */
    bool is_override;     /* what is being read stands on the command line */
    int64_t *matrix_line; /* [symbol]: of its matrix */
    bool has_edges;
    /* The matrix whose rows are being read. */
    bool in_matrix;
    uint32_t matrix_symbol, row;
};

static const char *const keywords[] = {"states", "symbols", "matrix", "chain", "start"};
enum { N_KEYWORDS = sizeof keywords / sizeof *keywords };

static int bad_at(const struct reader *r, int64_t line, struct err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static int bad_at(const struct reader *r, int64_t line, struct err *err, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (r->is_override)
        return err_set(err, STATUS_USAGE, "--start: %s", text);
    return err_set(err, STATUS_DATA, "%s: line %" PRId64 ": %s", r->p->path, line, text);
}

/* Cut the next word off *text; its length, 0 at the end. */
static size_t next_word(const char **text, const char **word) {
    *text += strspn(*text, " \t");
    *word = *text;
    size_t len = strcspn(*text, " \t");
    *text += len;
    return len;
}

static bool is_word(const char *word, size_t len, const char *expected) {
    return len == strlen(expected) && memcmp(word, expected, len) == 0;
}

/* End the line where a comment begins, and take trailing blanks off. */
static void strip(char *line) {
    for (char *c = line; *c; c++)
        if (*c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t'))
            *c = '\0';
    size_t len = strlen(line);
    while (len && strchr(" \t", line[len - 1]))
        line[--len] = '\0';
}

static int number(const struct reader *r, const char *text, size_t len, double *value,
                  struct err *err) {
    struct err why = {0};
    if (arithmetic_read(text, len, &r->p->parameters, r->p->values, value, &why) != 0)
        return bad_at(r, r->line, err, "%.900s", why.text);
    return 0;
}

static int find(const struct reader *r, const struct vocab *names, const char *kind,
                const char *word, size_t len, uint32_t *found, struct err *err) {
    int32_t k = vocab_find(names, word, len);
    *found = (uint32_t)k;
    if (k >= 0)
        return 0;
    char *name = mem_strndup(word, len < LONGEST_NAME ? len : LONGEST_NAME);
    const char *near = msg_nearest(name, names->words, names->n);
    if (names->n == 0)
        bad_at(r, r->line, err, "the line '%ss' must come before", kind);
    else
        bad_at(r, r->line, err, "no %s '%s'%s%s%s", kind, name, near ? "; did you mean '" : "",
               near ? near : "", near ? "'?" : "");
    free(name);
    return -1;
}

static int read_names(struct reader *r, const char *kind, struct vocab *names, int64_t *line,
                      size_t most, const char *rest, struct err *err) {
    if (*line)
        return bad_at(r, r->line, err, "a second line '%ss'; the first is line %" PRId64, kind,
                      *line);
    *line = r->line;
    const char *word;
    for (size_t len; (len = next_word(&rest, &word));) {
        if (len > LONGEST_NAME)
            return bad_at(r, r->line, err, "a name of more than %d bytes", LONGEST_NAME);
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)word[i] < 0x20 || word[i] == 0x7f)
                return bad_at(r, r->line, err, "a name holds a control character");
        if (is_word(word, len, "->") ||
            (strcmp(kind, "state") == 0 &&
             (is_word(word, len, "stationary") || is_word(word, len, "uniform"))))
            return bad_at(r, r->line, err, "'%.*s' cannot name a %s", (int)len, word, kind);
        if (vocab_find(names, word, len) >= 0)
            return bad_at(r, r->line, err, "%s '%.*s' is named twice", kind, (int)len, word);
        if (names->n == most)
            return bad_at(r, r->line, err, "more than %zu %ss", most, kind);
        vocab_add(names, word, len);
    }
    if (names->n == 0)
        return bad_at(r, r->line, err, "names no %ss", kind);
    if (names == &r->p->symbols)
        r->matrix_line = mem_alloc(names->n, sizeof *r->matrix_line);
    return 0;
}

static int read_parameter(struct reader *r, const char *name, size_t len, const char *value,
                          struct err *err) {
    struct process *p = r->p;
    for (size_t i = 0; i < N_KEYWORDS; i++)
        if (is_word(name, len, keywords[i]))
            return bad_at(r, r->line, err, "'%s' cannot name a parameter", keywords[i]);
    if (len > LONGEST_NAME)
        return bad_at(r, r->line, err, "a name of more than %d bytes", LONGEST_NAME);
    if (vocab_find(&p->parameters, name, len) >= 0)
        return bad_at(r, r->line, err, "parameter '%.*s' is set twice", (int)len, name);
    double x;
    if (number(r, value, strlen(value), &x, err) != 0)
        return -1;
    for (size_t i = 0; i < r->n_overrides; i++)
        if (is_word(name, len, r->overrides[i].name)) {
            r->overrides[i].used = true;
            x = r->overrides[i].value;
        }
    size_t k = (size_t)vocab_add(&p->parameters, name, len);
    p->values = mem_grow(p->values, &r->cap_values, k + 1, sizeof *p->values);
    p->values[k] = x;
    return 0;
}

static int add_edge(struct reader *r, uint32_t from, uint32_t symbol, uint32_t to, const char *text,
                    size_t len, struct err *err) {
    double x;
    if (number(r, text, len, &x, err) != 0)
        return -1;
    if (x < 0 || x > 1 + SUM_TOLERANCE)
        return bad_at(r, r->line, err, "the probability %.*s is %.9g%s", len < 60 ? (int)len : 60,
                      text, x, x < 0 ? ", less than 0" : ", more than 1");
    if (r->n_edges == HMM_MOST_EDGES)
        return bad_at(r, r->line, err, "more than %d edges", HMM_MOST_EDGES);
    if (x == 0)
        return 0;
    r->edges = mem_grow(r->edges, &r->cap_edges, r->n_edges + 1, sizeof *r->edges);
    r->edges[r->n_edges++] = (struct given){from, symbol, to, x, r->line};
    return 0;
}

/* A -> B SYMBOL PROBABILITY */
static int read_edge(struct reader *r, const char *line, struct err *err) {
    const char *from, *arrow, *to, *symbol;
    uint32_t i, j, s;
    size_t from_len = next_word(&line, &from);
    next_word(&line, &arrow);
    size_t to_len = next_word(&line, &to), symbol_len = next_word(&line, &symbol);
    line += strspn(line, " \t");
    if (r->p->is_chain)
        return bad_at(r, r->line, err, "an edge in the file of a chain");
    r->has_edges = true;
    if (!*line)
        return bad_at(r, r->line, err,
                      "an edge is written FROM -> TO SYMBOL PROBABILITY; something is missing");
    if (find(r, &r->p->states, "state", from, from_len, &i, err) != 0 ||
        find(r, &r->p->states, "state", to, to_len, &j, err) != 0 ||
        find(r, &r->p->symbols, "symbol", symbol, symbol_len, &s, err) != 0)
        return -1;
    return add_edge(r, i, s, j, line, strlen(line), err);
}

static int begin_matrix(struct reader *r, const char *rest, struct err *err) {
    const char *word, *more;
    size_t len = next_word(&rest, &word);
    if (r->p->is_chain)
        return bad_at(r, r->line, err, "a matrix in the file of a chain");
    if (!len || next_word(&rest, &more))
        return bad_at(r, r->line, err, "'matrix' takes one symbol");
    if (find(r, &r->p->symbols, "symbol", word, len, &r->matrix_symbol, err) != 0)
        return -1;
    if (r->p->states.n == 0)
        return bad_at(r, r->line, err, "the line 'states' must come before");
    int64_t *before = &r->matrix_line[r->matrix_symbol];
    if (*before)
        return bad_at(r, r->line, err,
                      "a second matrix of symbol '%.*s'; the first is line %" PRId64, (int)len,
                      word, *before);
    *before = r->line;
    r->has_edges = r->in_matrix = true;
    r->row = 0;
    return 0;
}

static int begin_chain(struct reader *r, const char *rest, struct err *err) {
    struct process *p = r->p;
    const char *word;
    if (next_word(&rest, &word))
        return bad_at(r, r->line, err, "'chain' stands alone; its matrix follows");
    if (p->is_chain)
        return bad_at(r, r->line, err, "a second 'chain'");
    if (r->has_edges)
        return bad_at(r, r->line, err, "a chain after other edges");
    if (p->symbols.n == 0)
        return bad_at(r, r->line, err, "the line 'symbols' must come before");
    if (p->states.n > 0)
        return bad_at(r, r->line, err, "the states of a chain are its symbols: no line 'states'");
    for (size_t i = 0; i < p->symbols.n; i++)
        vocab_add(&p->states, p->symbols.words[i], strlen(p->symbols.words[i]));
    r->states_line = r->line;
    p->is_chain = r->in_matrix = true;
    r->row = 0;
    return 0;
}

static int read_row(struct reader *r, const char *line, struct err *err) {
    size_t n = r->p->states.n, column = 0;
    const char *cell;
    for (size_t len; (len = next_word(&line, &cell)); column++) {
        if (column == n)
            return bad_at(r, r->line, err, "more than %zu numbers in a row of the matrix", n);
        uint32_t to = (uint32_t)column;
        if (add_edge(r, r->row, r->p->is_chain ? to : r->matrix_symbol, to, cell, len, err) != 0)
            return -1;
    }
    if (column < n)
        return bad_at(
            r, r->line, err,
            "%zu number%s in the matrix' row of state '%s', not %zu (cells hold no blanks)", column,
            column == 1 ? "" : "s", r->p->states.words[r->row], n);
    r->in_matrix = ++r->row < n;
    return 0;
}

static int read_line(struct reader *r, const char *line, struct err *err) {
    const char *rest = line, *word, *second, *after;
    size_t len = next_word(&rest, &word);
    after = rest;
    size_t second_len = next_word(&after, &second);
    if (is_word(second, second_len, "->"))
        return r->in_matrix ? bad_at(r, r->line, err, "an edge between the rows of a matrix")
                            : read_edge(r, line, err);
    if (r->in_matrix)
        return read_row(r, line, err);
    if (is_word(word, len, "states"))
        return read_names(r, "state", &r->p->states, &r->states_line, MOST_STATES, rest, err);
    if (is_word(word, len, "symbols"))
        return read_names(r, "symbol", &r->p->symbols, &r->symbols_line, MOST_SYMBOLS, rest, err);
    if (is_word(word, len, "matrix"))
        return begin_matrix(r, rest, err);
    if (is_word(word, len, "chain"))
        return begin_chain(r, rest, err);
    if (is_word(word, len, "start")) {
        if (r->start_line)
            return bad_at(r, r->line, err, "a second 'start'; the first is line %" PRId64,
                          r->start_line);
        r->start_line = r->line;
        r->start = mem_strdup(rest + strspn(rest, " \t"));
        return *r->start ? 0 : bad_at(r, r->line, err, "'start' takes a state");
    }
    const char *equals = strchr(line, '=');
    if (equals) {
        size_t name = (size_t)(equals - word);
        while (name && strchr(" \t", word[name - 1]))
            name--;
        if (arithmetic_is_name(word, name))
            return read_parameter(r, word, name, equals + 1, err);
    }
    char *name = mem_strndup(word, len < LONGEST_NAME ? len : LONGEST_NAME);
    const char *near = msg_nearest(name, keywords, N_KEYWORDS);
    bad_at(r, r->line, err,
           near ? "unknown word '%s'; did you mean '%s'?"
                : "'%s' begins no line of this format: a parameter (x = 0.5), states, symbols, "
                  "matrix, chain, start, or an edge (A -> B 0 0.5)%s",
           name, near ? near : "");
    free(name);
    return -1;
}

static int read_lines(struct reader *r, struct zio_reader *z, struct err *err) {
    struct hash_stream *hash = hash_begin();
    char *line;
    size_t len;
    int got;
    while ((got = zio_getline(z, &line, &len, err)) > 0) {
        hash_add(hash, line, len);
        hash_add(hash, "\n", 1);
        r->line = (int64_t)zio_line(z);
        strip(line);
        if (line[strspn(line, " \t")] == '\0')
            continue;
        r->last_line = r->line;
        got = read_line(r, line, err);
        if (got != 0)
            break;
    }
    r->p->hash = hash_end(hash);
    return got;
}

static int by_place(const void *left, const void *right) {
    const struct given *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->symbol != b->symbol)
        return a->symbol < b->symbol ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

/* Check the edges and make the model of them. */
static int build(struct reader *r, struct err *err) {
    struct process *p = r->p;
    const char *const *states = p->states.words, *const *symbols = p->symbols.words;
    if (r->in_matrix)
        return bad_at(r, r->last_line, err, "the file ends inside a matrix, after %u of %zu rows",
                      r->row, p->states.n);
    if (!r->symbols_line || !r->states_line)
        return err_set(err, STATUS_DATA, "%s: has no line '%s'", p->path,
                       r->symbols_line ? "states" : "symbols");
    if (r->n_edges > 0)
        qsort(r->edges, r->n_edges, sizeof *r->edges, by_place);
    bool *emitted = mem_alloc(p->symbols.n, sizeof *emitted);
    size_t k = 0;
    int result = 0;
    hmm_clear(&p->hmm, p->symbols.n);
    for (uint32_t i = 0; i < p->states.n && result == 0; i++) {
        double sum = 0;
        int64_t line = 0;
        for (; k < r->n_edges && r->edges[k].from == i && result == 0; k++) {
            const struct given *e = &r->edges[k];
            if (k && e[-1].from == i && e[-1].symbol == e->symbol && e[-1].to == e->to)
                result = bad_at(r, e->line, err,
                                "the edge '%s -> %s' with symbol '%s' is also in line %" PRId64,
                                states[i], states[e->to], symbols[e->symbol], e[-1].line);
            hmm_add_edge(&p->hmm, e->symbol, e->to, e->probability);
            emitted[e->symbol] = true;
            sum += e->probability;
            line = e->line > line ? e->line : line;
        }
        if (result == 0 && fabs(sum - 1) > SUM_TOLERANCE)
            result = bad_at(r, line ? line : r->states_line, err,
                            "the probabilities of leaving state '%s' sum to %.9g, not 1", states[i],
                            sum);
        else if (result == 0)
            hmm_end_state(&p->hmm);
    }
    for (size_t s = 0; s < p->symbols.n && result == 0; s++)
        if (!emitted[s])
            msg_warn("%s: line %" PRId64 ": symbol '%s' is never emitted", p->path, r->symbols_line,
                     symbols[s]);
    free(emitted);
    if (result == 0)
        hmm_end(&p->hmm);
    return result;
}

/* One word of a start: STATE or STATE=PROBABILITY. */
static int read_start_state(struct reader *r, const char *word, size_t len, double *start,
                            struct err *err) {
    uint32_t i;
    double x = 1;
    const char *equals = NULL; /* the last one, for a name may hold others */
    if (vocab_find(&r->p->states, word, len) < 0)
        for (size_t k = 0; k < len; k++)
            equals = word[k] == '=' ? word + k : equals;
    size_t name_len = equals ? (size_t)(equals - word) : len;
    if (find(r, &r->p->states, "state", word, name_len, &i, err) != 0)
        return -1;
    if (equals && number(r, equals + 1, len - name_len - 1, &x, err) != 0)
        return -1;
    if (x < 0)
        return bad_at(r, r->line, err, "the probability of '%.*s' is %.9g, less than 0",
                      (int)name_len, word, x);
    if (start[i] > 0)
        return bad_at(r, r->line, err, "state '%s' starts twice", r->p->states.words[i]);
    start[i] = x;
    return 0;
}

static int stationary_start(struct reader *r, struct err *err) {
    struct process *p = r->p;
    size_t a[2];
    if (hmm_stationary(&p->hmm, p->hmm.start, a, err) == 0)
        return 0;
    if (a[0] == a[1])
        return err_prefix(err, "%s", p->path);
    return err_set(
        err, STATUS_DATA,
        "%s: no state can be reached both from '%s' and from '%s', so there is more than "
        "one stationary distribution; a line 'start' must tell where sequences begin",
        p->path, p->states.words[a[0]], p->states.words[a[1]]);
}

/* Name the state that hmm_start_outside appends: ^, or as many as make it new. */
static void add_outside_state(struct vocab *states) {
    struct buf name = {0};
    do
        buf_putc(&name, '^');
    while (vocab_find(states, name.data, name.len) >= 0);
    vocab_add(states, name.data, name.len);
    buf_free(&name);
}

static int read_start(struct reader *r, const char *text, struct err *err) {
    struct process *p = r->p;
    size_t n = p->states.n;
    if (!text || strcmp(text, "stationary") == 0)
        return stationary_start(r, err);
    double *start = mem_alloc(n, sizeof *start), sum = 0;
    int result = 0;
    if (strcmp(text, "uniform") == 0) {
        for (size_t i = 0; i < n; i++)
            start[i] = 1.0 / (double)n;
    } else {
        const char *word;
        for (size_t len; result == 0 && (len = next_word(&text, &word));)
            result = read_start_state(r, word, len, start, err);
    }
    for (size_t i = 0; i < n; i++)
        sum += start[i];
    if (result == 0 && fabs(sum - 1) > SUM_TOLERANCE)
        result = bad_at(r, r->line, err, "the start's probabilities sum to %.9g, not 1", sum);
    for (size_t i = 0; i < n && result == 0; i++)
        start[i] /= sum;
    if (result == 0 && p->is_chain) {
        hmm_start_outside(&p->hmm, start);
        add_outside_state(&p->states);
    } else if (result == 0) {
        memcpy(p->hmm.start, start, n * sizeof *start);
    }
    free(start);
    return result;
}

static void warn_of_unreached(const struct process *p) {
    size_t n = 0, example = 0;
    bool *reached = mem_alloc(p->hmm.n_states, sizeof *reached);
    hmm_reached(&p->hmm, reached);
    for (size_t i = p->hmm.n_states; i-- > 0;)
        if (!reached[i]) {
            n++;
            example = i;
        }
    free(reached);
    if (n > 0)
        msg_warn("%s: state '%s'%s never visited from this start", p->path,
                 p->states.words[example], n > 1 ? " and others are" : " is");
}

static int read_overrides(struct reader *r, const char *const *texts, size_t n, struct err *err) {
    r->overrides = mem_alloc(n, sizeof *r->overrides);
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(texts[i], '=');
        if (!equals || !arithmetic_is_name(texts[i], (size_t)(equals - texts[i])))
            return err_set(err, STATUS_USAGE, "--set is '%s'; it must be NAME=NUMBER, as x=0.15",
                           texts[i]);
        struct override *o = &r->overrides[r->n_overrides++];
        o->name = mem_strndup(texts[i], (size_t)(equals - texts[i]));
        for (size_t j = 0; j < i; j++)
            if (strcmp(o->name, r->overrides[j].name) == 0)
                return err_set(err, STATUS_USAGE, "--set gives '%s' twice", o->name);
        if (arithmetic_read(equals + 1, strlen(equals + 1), NULL, NULL, &o->value, err) != 0) {
            err_prefix(err, "--set %s", texts[i]);
            err->status = STATUS_USAGE;
            return -1;
        }
    }
    return 0;
}

static int check_overrides(const struct reader *r, struct err *err) {
    for (size_t i = 0; i < r->n_overrides; i++) {
        const char *name = r->overrides[i].name;
        if (r->overrides[i].used)
            continue;
        const char *near = msg_nearest(name, r->p->parameters.words, r->p->parameters.n);
        return err_set(err, STATUS_USAGE, "--set: %s has no parameter '%s'%s%s%s", r->p->path, name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return 0;
}

static int read_all(struct reader *r, const char *start, struct err *err) {
    struct zio_reader *z = zio_open(r->p->path, err);
    if (!z)
        return -1;
    free(r->p->path);
    r->p->path = mem_strdup(zio_name(z));
    int result = read_lines(r, z, err);
    zio_close(z);
    if (result != 0 || build(r, err) != 0 || check_overrides(r, err) != 0)
        return -1;
    r->line = r->start_line;
    r->is_override = start != NULL;
    return read_start(r, start ? start : r->start, err);
}

struct process *process_read(const char *path, const char *const *overrides, size_t n_overrides,
                             const char *start, struct err *err) {
    struct process *p = mem_alloc(1, sizeof *p);
    struct reader r = {.p = p};
    p->path = mem_strdup(path);
    int result = read_overrides(&r, overrides, n_overrides, err);
    if (result == 0)
        result = read_all(&r, start, err);
    for (size_t i = 0; i < r.n_overrides; i++)
        free(r.overrides[i].name);
    free(r.overrides);
    free(r.edges);
    free(r.start);
    free(r.matrix_line);
    if (result == 0) {
        warn_of_unreached(p);
        return p;
    }
    process_free(p);
    return NULL;
}

void process_free(struct process *p) {
    if (!p)
        return;
    free(p->path);
    hmm_free(&p->hmm);
    vocab_free(&p->states);
    vocab_free(&p->symbols);
    vocab_free(&p->parameters);
    free(p->values);
    free(p);
}

void process_put(const struct hmm *h, const struct vocab *states, const struct vocab *symbols,
                 struct buf *out) {
    char *names = vocab_text(states), *emitted = vocab_text(symbols);
    buf_printf(out, "states %s\nsymbols %s\n", names, emitted);
    free(names);
    free(emitted);
    buf_puts(out, "start");
    for (size_t i = 0; i < h->n_states; i++)
        if (h->start[i] > 0)
            buf_printf(out, " %s=%.17g", states->words[i], h->start[i]);
    buf_putc(out, '\n');
    for (size_t i = 0; i < h->n_states; i++)
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
            buf_printf(out, "%s -> %s %s %.17g\n", states->words[i], states->words[h->edges[k].to],
                       symbols->words[h->edges[k].symbol], h->edges[k].probability);
}
