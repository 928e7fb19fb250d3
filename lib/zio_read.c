#include "lib/zio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "lib/mem.h"

enum { INPUT_BYTES = 1 << 17 };

struct zio_reader {
    int fd;
    char *name;
    uint64_t line;
    ZSTD_DStream *zstd; /* NULL for plain text */
    unsigned char *raw; /* bytes as read */
    ZSTD_inBuffer in;
    bool at_end_of_file, in_frame;
    struct buf text; /* decompressed bytes; the lines from `next` on are not returned yet */
    size_t next;
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
    z->raw = mem_alloc(INPUT_BYTES, 1);
    z->in.src = z->raw;
    return z;
}

const char *zio_name(const struct zio_reader *z) {
    return z->name;
}

uint64_t zio_line(const struct zio_reader *z) {
    return z->line;
}

bool zio_is_compressed(const struct zio_reader *z) {
    return z->zstd != NULL;
}

void zio_close(struct zio_reader *z) {
    if (!z)
        return;
    if (z->fd != STDIN_FILENO)
        close(z->fd);
    ZSTD_freeDStream(z->zstd);
    buf_free(&z->text);
    free(z->raw);
    free(z->name);
    free(z);
}

/* Refill the raw bytes, keeping what is not consumed. Waits for at least `least` unconsumed bytes
 * or the end of the file. */
static int refill(struct zio_reader *z, size_t least, struct err *err) {
    size_t left = z->in.size - z->in.pos;
    memmove(z->raw, z->raw + z->in.pos, left);
    z->in.pos = 0;
    z->in.size = left;
    while (!z->at_end_of_file && z->in.size < least) {
        ssize_t n = read(z->fd, z->raw + z->in.size, INPUT_BYTES - z->in.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, STATUS_IO, "%s: cannot read: %s", z->name, strerror(errno));
        if (n == 0)
            z->at_end_of_file = true;
        z->in.size += (size_t)n;
    }
    return 0;
}

static const unsigned char ZSTD_MAGIC[4] = {0x28, 0xB5, 0x2F, 0xFD};

static bool starts_frame(const unsigned char *p, size_t n) {
    bool skippable = n >= 4 && (p[0] & 0xF0) == 0x50 && p[1] == 0x2A && p[2] == 0x4D &&
                     p[3] == 0x18;
    return skippable || (n >= 4 && memcmp(p, ZSTD_MAGIC, 4) == 0);
}

/* Decompress some more into z->text. 1: there may be more; 0: the clean end; -1: error. */
static int more_compressed(struct zio_reader *z, struct err *err) {
    if (z->in.pos == z->in.size && refill(z, 1, err) != 0)
        return -1;
    if (!z->in_frame) {
        if (z->in.size - z->in.pos < 4 && refill(z, 4, err) != 0)
            return -1;
        size_t left = z->in.size - z->in.pos;
        if (left == 0)
            return 0;
        if (left < 4 && memcmp(z->raw + z->in.pos, ZSTD_MAGIC, left) == 0)
            return err_set(err, STATUS_DATA,
                           "%s: after line %llu: the compressed stream is cut short inside a "
                           "frame, or ends in trailing garbage",
                           z->name, (unsigned long long)z->line);
        if (!starts_frame(z->raw + z->in.pos, left))
            return err_set(err, STATUS_DATA,
                           "%s: after line %llu: the bytes after the last zstd frame are no frame "
                           "(trailing garbage)",
                           z->name, (unsigned long long)z->line);
        z->in_frame = true;
    } else if (z->in.pos == z->in.size) {
        return err_set(err, STATUS_DATA,
                       "%s: after line %llu: the compressed stream is cut short inside a frame",
                       z->name, (unsigned long long)z->line);
    }
    size_t room = ZSTD_DStreamOutSize();
    z->text.data = mem_grow(z->text.data, &z->text.cap, z->text.len + room + 1, 1);
    ZSTD_outBuffer out = {z->text.data + z->text.len, room, 0};
    size_t hint = ZSTD_decompressStream(z->zstd, &out, &z->in);
    if (ZSTD_isError(hint))
        return err_set(err, STATUS_DATA, "%s: after line %llu: damaged zstd data: %s", z->name,
                       (unsigned long long)z->line, ZSTD_getErrorName(hint));
    z->text.len += out.pos;
    if (hint == 0)
        z->in_frame = false;
    return 1;
}

static int more_plain(struct zio_reader *z, struct err *err) {
    if (z->in.pos == z->in.size && refill(z, 1, err) != 0)
        return -1;
    if (z->in.pos == z->in.size)
        return 0;
    buf_add(&z->text, z->raw + z->in.pos, z->in.size - z->in.pos);
    z->in.pos = z->in.size;
    return 1;
}

/* Find out what the input is from its first bytes. */
static int sniff(struct zio_reader *z, struct err *err) {
    if (refill(z, 4, err) != 0)
        return -1;
    if (z->in.size > 0 && z->in.size < 4 && memcmp(z->raw, ZSTD_MAGIC, z->in.size) == 0)
        return err_set(err, STATUS_DATA,
                       "%s: the compressed stream is cut short inside its first "
                       "frame",
                       z->name);
    if (starts_frame(z->raw, z->in.size)) {
        z->zstd = ZSTD_createDStream();
        if (!z->zstd)
            msg_die(STATUS_OS, "out of memory: no zstd decoder");
        /* A window over 128 MiB is no corpus of ours, and a hostile one could ask for 2 GiB. */
        ZSTD_DCtx_setParameter(z->zstd, ZSTD_d_windowLogMax, 27);
    }
    return 0;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const unsigned char *p, size_t len) {
    const unsigned char *end = p + len;
    while (p < end) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : 1;
        if (*p < 0xC2 || *p > 0xF4 || end - p <= more)
            return false;
        if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) ||
            (*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))
            return false;
        for (int i = 1; i <= more; i++)
            if ((p[i] & 0xC0) != 0x80)
                return false;
        p += more + 1;
    }
    return true;
}

static int too_long(const struct zio_reader *z, struct err *err) {
    return err_set(err, STATUS_DATA, "%s: line %llu: longer than %zu bytes", z->name,
                   (unsigned long long)z->line + 1, ZIO_LINE_MAX);
}

int zio_getline(struct zio_reader *z, char **line, size_t *len, struct err *err) {
    if (z->line == 0 && z->in.size == 0 && !z->at_end_of_file && sniff(z, err) != 0)
        return -1;
    size_t searched = z->next;
    char *newline;
    for (;;) {
        newline = z->text.len > searched
                      ? memchr(z->text.data + searched, '\n', z->text.len - searched)
                      : NULL;
        if (newline)
            break;
        if (z->text.len - z->next > ZIO_LINE_MAX)
            return too_long(z, err);
        if (z->next) { /* drop the lines already returned before taking more */
            memmove(z->text.data, z->text.data + z->next, z->text.len - z->next);
            z->text.len -= z->next;
            z->next = 0;
        }
        searched = z->text.len;
        int more = z->zstd ? more_compressed(z, err) : more_plain(z, err);
        if (more < 0)
            return -1;
        if (more == 0)
            break;
    }
    if (!newline && z->text.len == z->next)
        return 0;
    size_t size = (newline ? (size_t)(newline - z->text.data) : z->text.len) - z->next;
    if (size > ZIO_LINE_MAX)
        return too_long(z, err);
    *line = z->text.data + z->next;
    *len = size;
    z->next += *len + (newline != NULL);
    (*line)[*len] = '\0'; /* mem_grow and buf_add leave one byte beyond text.len */
    z->line++;
    if (memchr(*line, '\0', *len))
        return err_set(err, STATUS_DATA, "%s: line %llu: holds a NUL byte; this is no text file",
                       z->name, (unsigned long long)z->line);
    if (!is_utf8((const unsigned char *)*line, *len))
        return err_set(err, STATUS_DATA, "%s: line %llu: is not UTF-8 text", z->name,
                       (unsigned long long)z->line);
    if (z->line == 1 && strncmp(*line, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        *line += 3;
        *len -= 3;
    }
    if (*len && (*line)[*len - 1] == '\r')
        (*line)[--*len] = '\0';
    return 1;
}
