#include "lib/corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/zio.h"

struct header_line {
    char *key, *value;
};

/* A digest in the making. */
struct digesting {
    struct hash_stream *sum; /* NULL: nobody asked */
    uint64_t examples;
    bool has_header; /* there was one in any section */
};

struct corpus_reader {
    struct zio_reader *in;
    struct digesting digesting;
    bool has_header; /* the current section opened with ##espalier */
    bool in_section; /* between a header and its ##end */
    uint64_t rows;   /* of the current section */
    char **columns;  /* of the first section */
    size_t n_columns;
    struct header_line *lines;
    size_t n_lines, cap_lines;
    size_t *sections; /* the header line that each begins with */
    size_t n_sections, cap_sections;
    char *row; /* the last one, of `length` bytes */
    size_t length;
    size_t *ends; /* of its fields */
    char **fields;
    char *held; /* the first line of headerless text, read ahead by corpus_open */
    uint64_t line;
};

static const char MAGIC[] = "##espalier ";

const char *corpus_name(const struct corpus_reader *c) {
    return zio_name(c->in);
}

uint64_t corpus_line(const struct corpus_reader *c) {
    return c->line;
}

const char *const *corpus_columns(const struct corpus_reader *c, size_t *n) {
    *n = c->n_columns;
    return (const char *const *)c->columns;
}

int corpus_column(const struct corpus_reader *c, const char *name) {
    for (size_t i = 0; i < c->n_columns; i++)
        if (strcmp(c->columns[i], name) == 0)
            return (int)i;
    return -1;
}

int corpus_need_column(const struct corpus_reader *c, const char *name, size_t *column,
                       struct err *err) {
    int found = corpus_column(c, name);
    if (found >= 0) {
        *column = (size_t)found;
        return 0;
    }
    const char *near = msg_nearest(name, (const char *const *)c->columns, c->n_columns);
    return err_set(err, STATUS_DATA, "%s: has no column '%s'%s%s%s", corpus_name(c), name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const char *corpus_header(const struct corpus_reader *c, const char *key, size_t k) {
    for (size_t i = 0; i < c->n_lines; i++)
        if (strcmp(c->lines[i].key, key) == 0 && k-- == 0)
            return c->lines[i].value;
    return NULL;
}

bool corpus_header_line(const struct corpus_reader *c, size_t i, const char **key,
                        const char **value) {
    if (i >= c->n_lines)
        return false;
    *key = c->lines[i].key;
    *value = c->lines[i].value;
    return true;
}

static int bad_line(const struct corpus_reader *c, struct err *err, const char *what) {
    return err_set(err, STATUS_DATA, "%s: line %llu: %s", corpus_name(c),
                   (unsigned long long)c->line, what);
}

/* Take a line into a digest. The byte behind it is changed for a moment. */
static void digest_line(struct digesting *d, char *line, size_t len) {
    static const char *const telling[] = {MAGIC,       "##vocab\t", "##class\t",
                                          "##rules\t", "##tags\t",  "##end\t"};
    if (line[0] == '#') {
        d->has_header |= strncmp(line, MAGIC, strlen(MAGIC)) == 0;
        bool counts = !d->has_header || line[1] != '#';
        for (size_t i = 0; !counts && i < sizeof telling / sizeof *telling; i++)
            counts = strncmp(line, telling[i], strlen(telling[i])) == 0;
        if (!counts)
            return;
    }
    d->examples += len && !(d->has_header && line[0] == '#');
    line[len] = '\n';
    hash_add(d->sum, line, len + 1);
    line[len] = '\0';
}

static int next_line(struct corpus_reader *c, char **line, size_t *len, struct err *err) {
    int got = zio_getline(c->in, line, len, err);
    c->line = zio_line(c->in);
    if (got > 0 && c->digesting.sum)
        digest_line(&c->digesting, *line, *len);
    return got;
}

static bool opens_section(const char *line) {
    return line[0] == '#' && strncmp(line, MAGIC, strlen(MAGIC)) == 0;
}

/* Cut text at its TABs into at most max parts; returns how many parts there are. */
static size_t cut(char *text, char **parts, size_t max) {
    size_t n = 0;
    for (;;) {
        if (n < max)
            parts[n] = text;
        n++;
        char *tab = strchr(text, '\t');
        if (!tab)
            return n;
        if (n <= max)
            *tab = '\0';
        text = tab + 1;
    }
}

static size_t count_tabs(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\t';
    return n;
}

/* Take the columns of the first section; those of later ones must be the same. */
static int take_columns(struct corpus_reader *c, char *names, struct err *err) {
    size_t n = count_tabs(names) + 1;
    char **parts = mem_alloc(n, sizeof *parts);
    cut(names, parts, n);
    int result = 0;
    if (!c->columns) {
        for (size_t i = 0; i < n && result == 0; i++) {
            for (size_t j = 0; j < i; j++)
                if (strcmp(parts[i], parts[j]) == 0)
                    result = err_set(err, STATUS_DATA, "%s: line %llu: column '%s' is named twice",
                                     corpus_name(c), (unsigned long long)c->line, parts[i]);
            if (!*parts[i])
                result = bad_line(c, err, "a column has no name");
        }
        if (result == 0) {
            c->columns = mem_alloc(n, sizeof *c->columns);
            c->fields = mem_alloc(n, sizeof *c->fields);
            c->ends = mem_alloc(n, sizeof *c->ends);
            c->n_columns = n;
            for (size_t i = 0; i < n; i++)
                c->columns[i] = mem_strdup(parts[i]);
        }
    } else {
        bool same = n == c->n_columns;
        for (size_t i = 0; same && i < n; i++)
            same = strcmp(parts[i], c->columns[i]) == 0;
        if (!same)
            result = bad_line(c, err,
                              "the columns differ from those of the section before; "
                              "only corpora with the same columns can be joined");
    }
    free(parts);
    return result;
}

static void keep_header_line(struct corpus_reader *c, const char *key, const char *value) {
    c->lines = mem_grow(c->lines, &c->cap_lines, c->n_lines + 1, sizeof *c->lines);
    c->lines[c->n_lines++] = (struct header_line){mem_strdup(key), mem_strdup(value)};
}

static void begin_section(struct corpus_reader *c) {
    c->sections = mem_grow(c->sections, &c->cap_sections, c->n_sections + 1, sizeof *c->sections);
    c->sections[c->n_sections++] = c->n_lines;
}

/* Read the header lines that follow a magic line, up to and with the columns. */
static int read_header(struct corpus_reader *c, const char *magic, struct err *err) {
    if (strcmp(magic + strlen(MAGIC), "1") != 0)
        return err_set(err, STATUS_DATA,
                       "%s: line %llu: format version '%s' is not one that this program knows (1)",
                       corpus_name(c), (unsigned long long)c->line, magic + strlen(MAGIC));
    c->has_header = c->in_section = true;
    c->rows = 0;
    begin_section(c);
    for (;;) {
        char *line;
        size_t len;
        int got = next_line(c, &line, &len, err);
        if (got < 0)
            return -1;
        if (got == 0)
            return err_set(err, STATUS_DATA, "%s: ends inside its header", corpus_name(c));
        if (strncmp(line, "##", 2) == 0) {
            char *tab = strchr(line, '\t');
            if (tab)
                *tab = '\0';
            keep_header_line(c, line + 2, tab ? tab + 1 : "");
        } else if (line[0] == '#') {
            return take_columns(c, line + 1, err);
        } else {
            return bad_line(c, err, "the header has no line that names the columns (#source...)");
        }
    }
}

/* Whether the first line of headerless text is a table's heading: source, or source TAB ... */
static bool names_columns(const char *line) {
    line += *line == '#';
    return strncmp(line, "source", 6) == 0 && (!line[6] || line[6] == '\t');
}

static struct corpus_reader *open_reader(const char *path, bool digests, struct err *err) {
    struct zio_reader *in = zio_open(path, err);
    if (!in)
        return NULL;
    struct corpus_reader *c = mem_alloc(1, sizeof *c);
    c->in = in;
    c->digesting.sum = digests ? hash_begin() : NULL;
    char *line;
    size_t len;
    int got;
    do
        got = next_line(c, &line, &len, err);
    while (got > 0 && len == 0);
    if (got == 0)
        got = err_set(err, STATUS_DATA, "%s: is empty", corpus_name(c));
    if (got > 0 && opens_section(line)) {
        got = read_header(c, line, err);
    } else if (got > 0 && names_columns(line)) {
        got = take_columns(c, line + (*line == '#'), err);
    } else if (got > 0) {
        size_t tabs = count_tabs(line);
        char source[] = "source", both[] = "source\ttarget";
        if (tabs == 2 && line[len - 1] == '\t') /* a stray TAB, as take_row allows */
            tabs = 1;
        if (tabs > 1)
            got = bad_line(c, err, "more than two columns, and no header to name them");
        else
            got = take_columns(c, tabs ? both : source, err);
        c->held = mem_strndup(line, len);
    }
    if (got < 0) {
        corpus_close(c);
        return NULL;
    }
    if (!c->has_header)
        begin_section(c);
    return c;
}

struct corpus_reader *corpus_open(const char *path, struct err *err) {
    return open_reader(path, false, err);
}

struct corpus_reader *corpus_open_digesting(const char *path, struct err *err) {
    return open_reader(path, true, err);
}

static int check_trailer(struct corpus_reader *c, const char *value, struct err *err) {
    c->in_section = false;
    /* A person may have cut or filtered plain text on the way here. */
    if (!zio_is_compressed(c->in))
        return 0;
    bool counts = strncmp(value, "n=", 2) == 0 && value[2] &&
                  strspn(value + 2, "0123456789") == strlen(value + 2);
    errno = 0;
    unsigned long long n = counts ? strtoull(value + 2, NULL, 10) : 0;
    if (!counts || errno)
        return bad_line(c, err, "the trailer ##end does not tell the number of examples (n=...)");
    if (n != c->rows)
        return err_set(err, STATUS_DATA,
                       "%s: line %llu: the trailer counts %llu examples, but there are %llu",
                       corpus_name(c), (unsigned long long)c->line, n, (unsigned long long)c->rows);
    return 0;
}

/* Find the fields of the row; returns how many there are. */
static size_t find_fields(struct corpus_reader *c) {
    char *end = c->row + c->length, *from = c->row;
    for (size_t n = 0;;) {
        char *tab = memchr(from, '\t', (size_t)(end - from));
        if (n < c->n_columns)
            c->ends[n] = (size_t)((tab ? tab : end) - c->row);
        n++;
        if (!tab)
            return n;
        from = tab + 1;
    }
}

static int take_row(struct corpus_reader *c, char *line, size_t len, struct err *err) {
    c->row = line;
    c->length = len;
    size_t n = find_fields(c);
    /* Published files end some lines with a stray TAB. */
    if (!c->has_header && n == c->n_columns + 1 && line[len - 1] == '\t') {
        line[--c->length] = '\0';
        n--;
    }
    if (n != c->n_columns)
        return err_set(err, STATUS_DATA, "%s: line %llu: %zu column%s, expected %zu",
                       corpus_name(c), (unsigned long long)c->line, n, n == 1 ? "" : "s",
                       c->n_columns);
    c->rows++;
    return 1;
}

/* At the end of the input. 0: it may end here. */
static int check_end(const struct corpus_reader *c, struct err *err) {
    if (c->in_section && zio_is_compressed(c->in))
        return err_set(err, STATUS_DATA,
                       "%s: is cut short: after %llu examples the trailer ##end is missing",
                       corpus_name(c), (unsigned long long)c->rows);
    return 0;
}

/* A line that stands where a row may, and is none. 0: it was taken, go on. */
static int take_mark(struct corpus_reader *c, char *line, struct err *err) {
    if (c->in_section && strncmp(line, "##end\t", 6) == 0)
        return check_trailer(c, line + 6, err);
    if (opens_section(line) && (!c->in_section || !zio_is_compressed(c->in)))
        return read_header(c, line, err);
    return bad_line(c, err,
                    c->in_section ? "a line opens with '#' but is no example and no trailer"
                                  : "text after the trailer ##end that opens no new section");
}

/* Find the next row. Results as of corpus_next. */
static int find_row(struct corpus_reader *c, struct err *err) {
    if (c->held && c->rows == 0)
        return take_row(c, c->held, strlen(c->held), err);
    for (;;) {
        char *line;
        size_t len;
        int got = next_line(c, &line, &len, err);
        if (got <= 0)
            return got < 0 ? -1 : check_end(c, err);
        if (!c->has_header && opens_section(line))
            return bad_line(c, err, "a corpus with a header follows text without one");
        if (c->has_header ? c->in_section && line[0] != '#' : len > 0)
            return take_row(c, line, len, err);
        if (c->has_header && take_mark(c, line, err) != 0)
            return -1;
    }
}

int corpus_next(struct corpus_reader *c, char ***fields, struct err *err) {
    int got = find_row(c, err);
    for (size_t i = 0, from = 0; got > 0 && i < c->n_columns; from = c->ends[i++] + 1) {
        c->fields[i] = c->row + from;
        c->row[c->ends[i]] = '\0';
    }
    *fields = c->fields;
    return got;
}

int corpus_next_row(struct corpus_reader *c, const char **row, size_t *len, struct err *err) {
    int got = find_row(c, err);
    *row = c->row;
    *len = c->length;
    return got;
}

const char *corpus_field(const struct corpus_reader *c, size_t column, size_t *len) {
    size_t from = column ? c->ends[column - 1] + 1 : 0;
    *len = c->ends[column] - from;
    return c->row + from;
}

bool corpus_ready(struct corpus_reader *c) {
    return (c->held && c->rows == 0) || zio_ready(c->in);
}

size_t corpus_sections(const struct corpus_reader *c) {
    return c->n_sections;
}

void corpus_section(const struct corpus_reader *c, size_t s, size_t *first, size_t *n) {
    *first = c->sections[s];
    *n = (s + 1 < c->n_sections ? c->sections[s + 1] : c->n_lines) - *first;
}

void corpus_close(struct corpus_reader *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->n_columns; i++)
        free(c->columns[i]);
    for (size_t i = 0; i < c->n_lines; i++) {
        free(c->lines[i].key);
        free(c->lines[i].value);
    }
    free(c->columns);
    free(c->fields);
    free(c->ends);
    free(c->sections);
    free(c->lines);
    free(c->held);
    if (c->digesting.sum)
        (void)hash_end(c->digesting.sum);
    zio_close(c->in);
    free(c);
}

/* Take what is left of the lines into the digest, and end it. */
static int end_digest(struct zio_reader *in, struct digesting *d, struct corpus_digest *digest,
                      struct err *err) {
    char *line;
    size_t len;
    int got;
    while ((got = zio_getline(in, &line, &len, err)) > 0)
        digest_line(d, line, len);
    *digest = (struct corpus_digest){.hash = hash_end(d->sum), .examples = d->examples};
    d->sum = NULL;
    return got;
}

int corpus_end_digest(struct corpus_reader *c, struct corpus_digest *digest, struct err *err) {
    return end_digest(c->in, &c->digesting, digest, err);
}

int corpus_hash(const char *path, struct corpus_digest *digest, struct err *err) {
    struct zio_reader *in = zio_open(path, err);
    if (!in)
        return -1;
    struct digesting d = {.sum = hash_begin()};
    int result = end_digest(in, &d, digest, err);
    zio_close(in);
    return result;
}
