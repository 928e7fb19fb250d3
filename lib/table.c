#include "lib/table.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct table {
    char *name;
    size_t columns, rows;
    struct buf text; /* every cell, NUL-terminated, the header's first */
    size_t *offset;  /* of cell i in text */
    size_t offset_room, cells;
    size_t *line; /* where row i begins */
    size_t line_room;
};

/* What libcsv's callbacks know. */
struct reading {
    struct table *t;
    size_t line_now;  /* of the bytes being fed */
    size_t row_line;  /* where the row began, 0 between rows */
    size_t row_cells; /* fields of the row so far */
    bool has_header;
    bool failed;
    struct err *err;
};

static void on_field(void *bytes, size_t len, void *context) {
    struct reading *r = context;
    struct table *t = r->t;
    if (r->failed)
        return;
    r->row_cells++;
    t->offset = mem_grow(t->offset, &t->offset_room, t->cells + 1, sizeof *t->offset);
    t->offset[t->cells++] = t->text.len;
    buf_add(&t->text, bytes, len);
    buf_putc(&t->text, '\0');
}

static void on_row(int terminator, void *context) {
    (void)terminator;
    struct reading *r = context;
    struct table *t = r->t;
    if (r->failed)
        return;
    if (!r->has_header) {
        r->has_header = true;
        t->columns = r->row_cells;
    } else if (r->row_cells != t->columns) {
        r->failed = true;
        err_set(r->err, STATUS_DATA, "%s: line %zu: %zu columns, but the header line has %zu",
                t->name, r->row_line, r->row_cells, t->columns);
    } else {
        t->line = mem_grow(t->line, &t->line_room, t->rows + 1, sizeof *t->line);
        t->line[t->rows++] = r->row_line;
    }
    r->row_cells = 0;
    r->row_line = 0;
}

/* libcsv drops blanks around unquoted fields unless told that nothing is a blank. */
static int never_blank(unsigned char c) {
    (void)c;
    return 0;
}

/* The length of the first line of p with its end: LF, CRLF, or a CR alone. */
static size_t line_length(const char *p, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n')
            return i + 1;
        if (p[i] == '\r')
            return i + 1 < len && p[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return len;
}

static char sniff_delimiter(const char *p, size_t len) {
    return memchr(p, '\t', line_length(p, len)) ? '\t' : ',';
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

/* Feed libcsv line by line, so that a message can name the line. */
static int feed(struct reading *r, struct csv_parser *csv, const char *p, size_t len) {
    while (len) {
        size_t n = line_length(p, len);
        if (memchr(p, '\0', n))
            return err_set(r->err, STATUS_DATA, "%s: line %zu: a NUL byte: this is no text file",
                           r->t->name, r->line_now);
        if (r->row_line == 0 && !is_line_end(p[0]))
            r->row_line = r->line_now;
        if (csv_parse(csv, p, n, on_field, on_row, r) != n) {
            if (csv_error(csv) != CSV_EPARSE)
                msg_die(STATUS_OS, "%s: line %zu: out of memory", r->t->name, r->line_now);
            return err_set(r->err, STATUS_DATA,
                           "%s: line %zu: a double quote out of place: a field that holds one is "
                           "quoted whole, with the quote doubled",
                           r->t->name, r->line_now);
        }
        if (r->failed)
            return -1;
        p += n;
        len -= n;
        r->line_now++;
    }
    size_t begun = r->row_line;
    if (csv_fini(csv, on_field, on_row, r) != 0)
        return err_set(r->err, STATUS_DATA, "%s: line %zu: a quoted field that never ends",
                       r->t->name, begun);
    return r->failed ? -1 : 0;
}

struct table *table_parse(const char *name, const void *bytes, size_t len, char delimiter,
                          struct err *err) {
    const char *p = len ? bytes : "";
    struct table *t = mem_alloc(1, sizeof *t);
    t->name = mem_strdup(name);
    struct reading r = {.t = t, .line_now = 1, .err = err};
    if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        len -= 3;
    }
    while (len && (is_line_end(p[0]) || (len >= 2 && p[0] == '#' && p[1] == '#'))) {
        size_t n = line_length(p, len);
        p += n;
        len -= n;
        r.line_now++;
    }
    struct csv_parser csv;
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) != 0)
        msg_die(STATUS_OS, "out of memory: cannot have a CSV parser");
    csv_set_delim(&csv, (unsigned char)(delimiter ? delimiter : sniff_delimiter(p, len)));
    csv_set_space_func(&csv, never_blank);
    int status = feed(&r, &csv, p, len);
    csv_free(&csv);
    if (status == 0 && !r.has_header)
        status = err_set(err, STATUS_DATA, "%s: empty: a table begins with a line of column names",
                         name);
    if (status != 0) {
        table_free(t);
        return NULL;
    }
    return t;
}

const char *table_path_name(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* All of a descriptor; -1 with errno set. */
static int read_all(int fd, struct buf *content) {
    static const size_t chunk = 1 << 16;
    for (;;) {
        content->data = mem_grow(content->data, &content->cap, content->len + chunk + 1, 1);
        ssize_t n = read(fd, content->data + content->len, chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        content->len += (size_t)n;
    }
}

int table_load(const char *path, struct buf *content, struct err *err) {
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, STATUS_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
    int status = read_all(fd, content);
    if (status < 0)
        err_set(err, STATUS_IO, "%s: cannot read: %s", table_path_name(path), strerror(errno));
    if (!is_stdin)
        close(fd);
    return status;
}

struct table *table_read(const char *path, char delimiter, struct err *err) {
    struct buf content = {0};
    struct table *t = NULL;
    if (table_load(path, &content, err) == 0)
        t = table_parse(table_path_name(path), content.data, content.len, delimiter, err);
    buf_free(&content);
    return t;
}

void table_free(struct table *t) {
    if (!t)
        return;
    free(t->name);
    buf_free(&t->text);
    free(t->offset);
    free(t->line);
    free(t);
}

const char *table_name(const struct table *t) {
    return t->name;
}

size_t table_rows(const struct table *t) {
    return t->rows;
}

size_t table_columns(const struct table *t) {
    return t->columns;
}

const char *table_header(const struct table *t, size_t column) {
    return t->text.data + t->offset[column];
}

const char *table_cell(const struct table *t, size_t row, size_t column) {
    return t->text.data + t->offset[(row + 1) * t->columns + column];
}

size_t table_line(const struct table *t, size_t row) {
    return t->line[row];
}

ptrdiff_t table_column(const struct table *t, const char *name) {
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(table_header(t, i), name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

int table_need_column(const struct table *t, const char *name, size_t *column, struct err *err) {
    ptrdiff_t found = table_column(t, name);
    if (found < 0) {
        const char **names = mem_alloc(t->columns, sizeof *names);
        for (size_t i = 0; i < t->columns; i++)
            names[i] = table_header(t, i);
        const char *nearest = msg_nearest(name, names, t->columns);
        if (nearest)
            err_set(err, STATUS_DATA, "%s: no column '%s'; did you mean '%s'?", t->name, name,
                    nearest);
        else
            err_set(err, STATUS_DATA, "%s: no column '%s'; the first of %zu is '%s'", t->name, name,
                    t->columns, table_header(t, 0));
        free(names);
        return -1;
    }
    for (size_t i = (size_t)found + 1; i < t->columns; i++)
        if (strcmp(table_header(t, i), name) == 0)
            return err_set(err, STATUS_DATA, "%s: columns %td and %zu are both named '%s'", t->name,
                           found + 1, i + 1, name);
    *column = (size_t)found;
    return 0;
}

static bool is_word(const char *text, size_t len, const char *word) {
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

int table_number(const struct table *t, size_t row, size_t column, double *value, struct err *err) {
    const char *cell = table_cell(t, row, column), *text = cell + strspn(cell, " \t");
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len == 0 || is_word(text, len, "na") || is_word(text, len, "nan")) {
        *value = NAN;
        return 0;
    }
    size_t sign = *text == '-' || *text == '+';
    bool is_infinite = is_word(text + sign, len - sign, "inf") ||
                       is_word(text + sign, len - sign, "infinity");
    /* strtod alone would also take hexadecimal and "nan(...)". */
    bool is_decimal = strspn(text, "+-.0123456789eE") == len;
    char *end;
    double x = strtod(text, &end);
    if (!(is_decimal || is_infinite) || end != text + len)
        return err_set(err, STATUS_DATA, "%s: line %zu: column '%s': '%s' is not a number", t->name,
                       t->line[row], table_header(t, column), cell);
    if (isinf(x) && !is_infinite)
        return err_set(err, STATUS_DATA, "%s: line %zu: column '%s': '%s' is too large", t->name,
                       t->line[row], table_header(t, column), cell);
    *value = x;
    return 0;
}

double *table_numbers(const struct table *t, size_t column, struct err *err) {
    double *x = mem_alloc(t->rows, sizeof *x);
    for (size_t row = 0; row < t->rows; row++)
        if (table_number(t, row, column, &x[row], err) != 0) {
            free(x);
            return NULL;
        }
    return x;
}

void table_put_field(struct buf *line, const char *field, char delimiter) {
    size_t len = strlen(field);
    const char special[] = {'"', '\n', '\r', delimiter, '\0'};
    /* '##' at the start of a line would be taken for a comment. */
    if (!strpbrk(field, special) && strncmp(field, "##", 2) != 0) {
        buf_add(line, field, len);
        return;
    }
    size_t room = csv_write2(NULL, 0, field, len, '"');
    char *quoted = mem_alloc(room, 1);
    csv_write2(quoted, room, field, len, '"');
    buf_add(line, quoted, room);
    free(quoted);
}
