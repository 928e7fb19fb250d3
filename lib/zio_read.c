#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/utf8.h"
#include "lib/zio_private.h"

/* An input shorter than this costs no thread. */
enum { READ_AHEAD_FROM = 1 << 17 };

struct zio_reader {
    int fd;
    char *name;
    uint64_t line;
    struct zio_input *in;
    struct zio_ahead *ahead; /* NULL: chunks are filled by the caller */
    bool alone;              /* and will always be */
    struct zio_chunk own, *chunk;
    size_t next; /* the lines of the chunk from here on are not returned yet */
};

struct zio_reader *zio_open(const char *path, struct err *err) {
    bool standard_input = strcmp(path, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_set(err, STATUS_NOINPUT, "%s: cannot open: %s",
                standard_input ? "standard input" : path, strerror(errno));
        if (fd > STDIN_FILENO)
            close(fd);
        return NULL;
    }
    if (S_ISDIR(st.st_mode)) {
        err_set(err, STATUS_NOINPUT, "%s: is a folder, not a file", path);
        if (!standard_input)
            close(fd);
        return NULL;
    }
    struct zio_reader *z = mem_alloc(1, sizeof *z);
    z->fd = fd;
    z->name = mem_strdup(standard_input ? "standard input" : path);
    z->in = zio_input_new(fd);
    z->chunk = &z->own;
    return z;
}

const char *zio_name(const struct zio_reader *z) {
    return z->name;
}

uint64_t zio_line(const struct zio_reader *z) {
    return z->line;
}

bool zio_is_compressed(const struct zio_reader *z) {
    return zio_input_is_compressed(z->in);
}

void zio_close(struct zio_reader *z) {
    if (!z)
        return;
    zio_ahead_free(z->ahead);
    zio_input_free(z->in);
    if (z->fd != STDIN_FILENO)
        close(z->fd);
    buf_free(&z->own.text);
    free(z->name);
    free(z);
}

static int too_long(const struct zio_reader *z, struct err *err) {
    return err_set(err, STATUS_DATA, "%s: line %llu: longer than %zu bytes", z->name,
                   (unsigned long long)z->line + 1, ZIO_LINE_MAX);
}

/* What follows the last line of a chunk. 1: perhaps more lines; 0: the end; -1: an error. */
static int conclude(const struct zio_reader *z, struct err *err) {
    switch (z->chunk->after) {
    case ZIO_MORE:
        return 1;
    case ZIO_TOO_LONG:
        return too_long(z, err);
    case ZIO_STUB:
        return err_set(err, STATUS_DATA,
                       "%s: the compressed stream is cut short inside its first frame", z->name);
    case ZIO_BROKEN:
        return err_set(err, STATUS_DATA, "%s: after line %llu: %s", z->name,
                       (unsigned long long)z->line, z->chunk->failure);
    case ZIO_UNREAD:
        return err_set(err, STATUS_IO, "%s: cannot read: %s", z->name, z->chunk->failure);
    case ZIO_INTERRUPTED:
        return err_set(err, STATUS_AGAIN, "%s: reading was interrupted", z->name);
    case ZIO_STOPPED:
    case ZIO_END:
        break;
    }
    return 0;
}

/* At the end a reader keeps little: a tool may still need the headers of thousands. */
static void let_go(struct zio_reader *z) {
    buf_free(&z->own.text);
    z->own.after = z->chunk->after;
    z->chunk = &z->own;
    z->next = 0;
    zio_ahead_free(z->ahead);
    z->ahead = NULL;
    z->alone = true;
    zio_input_let_go(z->in);
    if (z->fd != STDIN_FILENO)
        close(z->fd);
    z->fd = STDIN_FILENO;
}

static void take_chunk(struct zio_reader *z) {
    if (!z->ahead && !z->alone && zio_input_bytes(z->in) >= READ_AHEAD_FROM) {
        z->ahead = zio_ahead_new(z->in);
        z->alone = !z->ahead;
    }
    if (z->ahead)
        z->chunk = zio_ahead_next(z->ahead);
    else
        zio_input_fill(z->in, z->chunk);
    z->next = 0;
}

bool zio_ready(struct zio_reader *z) {
    return z->next < z->chunk->text.len || z->chunk->after != ZIO_MORE ||
           (z->ahead && zio_ahead_ready(z->ahead));
}

/* Lines of a chunk that is not clean are looked at one by one, to tell where and why. */
static int check_text(const struct zio_reader *z, const char *line, size_t len, struct err *err) {
    if (memchr(line, '\0', len))
        return err_set(err, STATUS_DATA, "%s: line %llu: holds a NUL byte; this is no text file",
                       z->name, (unsigned long long)z->line);
    if (!utf8_is_valid(line, len))
        return err_set(err, STATUS_DATA, "%s: line %llu: is not UTF-8 text", z->name,
                       (unsigned long long)z->line);
    return 0;
}

int zio_getline(struct zio_reader *z, char **line, size_t *len, struct err *err) {
    while (z->next == z->chunk->text.len) {
        int more = conclude(z, err);
        if (more == 0)
            let_go(z);
        if (more <= 0)
            return more;
        take_chunk(z);
    }
    struct buf *text = &z->chunk->text;
    char *start = text->data + z->next;
    char *newline = memchr(start, '\n', text->len - z->next);
    size_t size = newline ? (size_t)(newline - start) : text->len - z->next;
    if (size > ZIO_LINE_MAX)
        return too_long(z, err);
    z->next += size + (newline != NULL);
    z->line++;
    if (!z->chunk->clean && check_text(z, start, size, err) != 0)
        return -1;
    if (z->line == 1 && size >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        start += 3;
        size -= 3;
    }
    if (size && start[size - 1] == '\r')
        size--;
    start[size] = '\0';
    *line = start;
    *len = size;
    return 1;
}
