#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/corpus.h"
#include "lib/mem.h"
#include "lib/zio.h"

static const char MAGIC[] = "##espalier 1";

struct corpus_writer {
    struct zio_writer *out;
    struct buf line;
    size_t n_columns;
    uint64_t rows;
};

static int put_line(struct corpus_writer *c, struct err *err) {
    return zio_putline(c->out, c->line.data, c->line.len, err);
}

static int put_magic(struct corpus_writer *c, struct err *err) {
    buf_clear(&c->line);
    buf_puts(&c->line, MAGIC);
    return put_line(c, err);
}

struct corpus_writer *corpus_create(const char *path, enum corpus_form form, struct err *err) {
    struct outfile *f = outfile_open(path, err);
    if (!f)
        return NULL;
    bool text = form == CORPUS_TEXT || (form == CORPUS_AUTO && isatty(outfile_fd(f)));
    struct corpus_writer *c = mem_alloc(1, sizeof *c);
    c->out = zio_write_to(f, text ? 0 : 1);
    if (put_magic(c, err) != 0) {
        corpus_discard(c);
        return NULL;
    }
    return c;
}

int corpus_put_header(struct corpus_writer *c, const char *key, const char *value,
                      struct err *err) {
    if (!*key || strpbrk(key, "\t\n") || strchr(value, '\n'))
        return err_set(err, STATUS_DATA, "header line '%s': a TAB or line end inside", key);
    buf_clear(&c->line);
    buf_printf(&c->line, "##%s\t%s", key, value);
    return put_line(c, err);
}

int corpus_put_columns(struct corpus_writer *c, const char *const *names, size_t n,
                       struct err *err) {
    buf_clear(&c->line);
    for (size_t i = 0; i < n; i++) {
        if (!*names[i] || strpbrk(names[i], "\t\n") || (i == 0 && names[i][0] == '#'))
            return err_set(
                err, STATUS_DATA,
                "column '%s': empty, a TAB or line end inside, or '#' at the line's start",
                names[i]);
        buf_putc(&c->line, i ? '\t' : '#');
        buf_puts(&c->line, names[i]);
    }
    c->n_columns = n;
    return put_line(c, err);
}

int corpus_put_row(struct corpus_writer *c, const char *const *fields, struct err *err) {
    buf_clear(&c->line);
    for (size_t i = 0; i < c->n_columns; i++) {
        if (strpbrk(fields[i], "\t\n") || (i == 0 && fields[i][0] == '#'))
            return err_set(err, STATUS_DATA,
                           "example %llu: '%s' holds a TAB or line end, or opens the line with '#'",
                           (unsigned long long)c->rows + 1, fields[i]);
        if (i)
            buf_putc(&c->line, '\t');
        buf_puts(&c->line, fields[i]);
    }
    c->rows++;
    return put_line(c, err);
}

int corpus_put_line(struct corpus_writer *c, const char *row, size_t len, struct err *err) {
    c->rows++;
    if (len && row[0] == '#')
        return err_set(err, STATUS_DATA,
                       "example %llu: '%.*s' opens with '#', which no line of a corpus may",
                       (unsigned long long)c->rows, (int)(len < 60 ? len : 60), row);
    return zio_putline(c->out, row, len, err);
}

int corpus_put_rows(struct corpus_writer *c, const char *text, size_t len, uint64_t n,
                    struct err *err) {
    c->rows += n;
    return zio_putlines(c->out, text, len, err);
}

static int put_trailer(struct corpus_writer *c, struct err *err) {
    buf_clear(&c->line);
    buf_printf(&c->line, "##end\tn=%llu", (unsigned long long)c->rows);
    c->rows = 0;
    return put_line(c, err);
}

int corpus_put_section(struct corpus_writer *c, struct err *err) {
    return put_trailer(c, err) == 0 ? put_magic(c, err) : -1;
}

int corpus_flush(struct corpus_writer *c, struct err *err) {
    return zio_flush(c->out, err);
}

int corpus_finish(struct corpus_writer *c, struct err *err) {
    int result = put_trailer(c, err);
    struct zio_writer *out = c->out;
    buf_free(&c->line);
    free(c);
    if (result != 0) {
        zio_discard(out);
        return -1;
    }
    return zio_finish(out, err);
}

void corpus_discard(struct corpus_writer *c) {
    if (!c)
        return;
    zio_discard(c->out);
    buf_free(&c->line);
    free(c);
}
