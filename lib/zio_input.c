#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "lib/utf8.h"
#include "lib/zio_private.h"

enum { RAW_BYTES = 1 << 17, CHUNK_BYTES = 1 << 18 };

struct zio_input {
    int fd, watched;
    uint64_t bytes;
    bool sniffed, at_end_of_file, compressed;
    ZSTD_DStream *zstd;  /* NULL for plain text */
    bool in_frame, full; /* full: the decoder may hold text that had no room */
    unsigned char *raw;  /* bytes as read; of plain text only the first */
    ZSTD_inBuffer in;
    struct buf tail; /* the beginning of a line, for the next chunk */
};

struct zio_input *zio_input_new(int fd) {
    struct zio_input *in = mem_alloc(1, sizeof *in);
    in->fd = fd;
    in->watched = -1;
    in->raw = mem_alloc(RAW_BYTES, 1);
    in->in.src = in->raw;
    return in;
}

void zio_input_let_go(struct zio_input *in) {
    ZSTD_freeDStream(in->zstd);
    in->zstd = NULL;
    buf_free(&in->tail);
    free(in->raw);
    in->raw = NULL;
}

void zio_input_free(struct zio_input *in) {
    zio_input_let_go(in);
    free(in);
}

/* Threads that read ahead look at it too. */
static atomic_int interrupt = -1;

void zio_interrupt_by(int fd) {
    atomic_store(&interrupt, fd);
}

void zio_input_watch(struct zio_input *in, int fd) {
    in->watched = fd;
}

bool zio_input_is_compressed(const struct zio_input *in) {
    return in->compressed;
}

uint64_t zio_input_bytes(const struct zio_input *in) {
    return in->bytes;
}

/* What a step of filling leads to: text; nothing without more bytes; or the chunk is finished, as
 * its `after` tells. */
enum step { STEP_ON, STEP_HUNGRY, STEP_LAST };

static enum step last(struct zio_chunk *c, enum zio_after after, const char *failure) {
    c->after = after;
    snprintf(c->failure, sizeof c->failure, "%s", failure);
    return STEP_LAST;
}

static enum step broken(struct zio_chunk *c, const char *failure) {
    return last(c, ZIO_BROKEN, failure);
}

/* Append what can be read at once, waiting for the first byte. */
static enum step receive(struct zio_input *in, struct zio_chunk *c, void *to, size_t room,
                         size_t *received) {
    int interrupted_by = atomic_load(&interrupt);
    for (bool wait = in->watched >= 0 || interrupted_by >= 0;; wait = true) {
        struct pollfd polled[3] = {
            {in->fd, POLLIN, 0}, {in->watched, POLLIN, 0}, {interrupted_by, POLLIN, 0}};
        if (wait && poll(polled, 3, -1) < 0) {
            if (errno != EINTR && errno != EAGAIN)
                break;
            continue;
        }
        if (polled[1].revents)
            return last(c, ZIO_STOPPED, "");
        if (polled[2].revents)
            return last(c, ZIO_INTERRUPTED, "");
        ssize_t n = read(in->fd, to, room);
        if (n >= 0) {
            in->at_end_of_file = n == 0;
            in->bytes += (uint64_t)n;
            *received = (size_t)n;
            return STEP_ON;
        }
        if (errno != EINTR && errno != EAGAIN)
            break;
    }
    return last(c, ZIO_UNREAD, strerror(errno));
}

static char *room_for(struct zio_chunk *c, size_t room) {
    c->text.data = mem_grow(c->text.data, &c->text.cap, c->text.len + room + 1, 1);
    return c->text.data + c->text.len;
}

static enum step receive_raw(struct zio_input *in, struct zio_chunk *c) {
    size_t left = in->in.size - in->in.pos, received = 0;
    memmove(in->raw, in->raw + in->in.pos, left);
    in->in.pos = 0;
    in->in.size = left;
    enum step step = receive(in, c, in->raw + left, RAW_BYTES - left, &received);
    in->in.size += received;
    return step;
}

static enum step receive_plain(struct zio_input *in, struct zio_chunk *c) {
    size_t received = 0;
    enum step step = receive(in, c, room_for(c, CHUNK_BYTES), CHUNK_BYTES, &received);
    c->text.len += received;
    return step;
}

static const unsigned char ZSTD_MAGIC[4] = {0x28, 0xB5, 0x2F, 0xFD};

/* Whether the bytes, as far as there are four of them, are those that a frame starts with. */
static bool may_start_frame(const unsigned char *p, size_t n) {
    static const unsigned char skippable[4] = {0x50, 0x2A, 0x4D, 0x18};
    size_t least = n < 4 ? n : 4;
    bool skips = least > 0 && (p[0] & 0xF0) == 0x50 && memcmp(p + 1, skippable + 1, least - 1) == 0;
    return skips || memcmp(p, ZSTD_MAGIC, least) == 0;
}

static bool starts_frame(const unsigned char *p, size_t n) {
    return n >= 4 && may_start_frame(p, n);
}

/* Find out what the input is from its first bytes, and not from more than it takes: a person may be
 * typing. */
static enum step sniff(struct zio_input *in, struct zio_chunk *c) {
    if (in->in.size < 4 && !in->at_end_of_file && may_start_frame(in->raw, in->in.size))
        return STEP_HUNGRY;
    in->sniffed = true;
    if (in->in.size > 0 && in->in.size < 4 && memcmp(in->raw, ZSTD_MAGIC, in->in.size) == 0)
        return last(c, ZIO_STUB, "");
    if (starts_frame(in->raw, in->in.size)) {
        in->compressed = true;
        in->zstd = ZSTD_createDStream();
        if (!in->zstd)
            msg_die(STATUS_OS, "out of memory: no zstd decoder");
        /* A window over 128 MiB is no corpus of ours, and a hostile one could ask for 2 GiB. */
        ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, 27);
    }
    return STEP_ON;
}

static enum step begin_frame(struct zio_input *in, struct zio_chunk *c) {
    const unsigned char *p = in->raw + in->in.pos;
    size_t left = in->in.size - in->in.pos;
    if (left < 4 && !in->at_end_of_file)
        return STEP_HUNGRY;
    if (left == 0)
        return last(c, ZIO_END, "");
    if (left < 4 && memcmp(p, ZSTD_MAGIC, left) == 0)
        return broken(c, "the compressed stream is cut short inside a frame, or ends in trailing "
                         "garbage");
    if (!starts_frame(p, left))
        return broken(c, "the bytes after the last zstd frame are no frame (trailing garbage)");
    in->in_frame = true;
    return STEP_ON;
}

static enum step decompress(struct zio_input *in, struct zio_chunk *c) {
    if (!in->in_frame)
        return begin_frame(in, c);
    if (in->in.pos == in->in.size && !in->full)
        return in->at_end_of_file ? broken(c, "the compressed stream is cut short inside a frame")
                                  : STEP_HUNGRY;
    ZSTD_outBuffer out = {room_for(c, CHUNK_BYTES), CHUNK_BYTES, 0};
    size_t hint = ZSTD_decompressStream(in->zstd, &out, &in->in);
    if (ZSTD_isError(hint)) {
        char text[sizeof c->failure];
        snprintf(text, sizeof text, "damaged zstd data: %s", ZSTD_getErrorName(hint));
        return broken(c, text);
    }
    c->text.len += out.pos;
    in->in_frame = hint != 0;
    in->full = in->in_frame && out.pos == out.size;
    return STEP_ON;
}

/* Plain text is read into the chunk directly, but for its first bytes. */
static enum step take_plain(struct zio_input *in, struct zio_chunk *c) {
    size_t left = in->in.size - in->in.pos;
    if (left == 0)
        return in->at_end_of_file ? last(c, ZIO_END, "") : STEP_HUNGRY;
    memcpy(room_for(c, left), in->raw + in->in.pos, left);
    c->text.len += left;
    in->in.pos = in->in.size;
    return STEP_ON;
}

static enum step advance(struct zio_input *in, struct zio_chunk *c) {
    return !in->sniffed ? sniff(in, c) : in->zstd ? decompress(in, c) : take_plain(in, c);
}

/* The number of bytes up to the last LF of text[from..to), or 0. */
static size_t last_line_end(const char *text, size_t from, size_t to) {
    while (to > from && text[to - 1] != '\n')
        to--;
    return to > from ? to : 0;
}

void zio_input_fill(struct zio_input *in, struct zio_chunk *c) {
    c->after = ZIO_MORE;
    c->text.len = 0;
    memcpy(room_for(c, in->tail.len), in->tail.data ? in->tail.data : "", in->tail.len);
    c->text.len = in->tail.len;
    in->tail.len = 0;
    size_t whole = 0, seen = c->text.len; /* the tail holds no LF */
    for (enum step step = STEP_ON; step != STEP_LAST;) {
        step = advance(in, c);
        if (step == STEP_HUNGRY) {
            if (whole)
                break;
            step = in->sniffed && !in->zstd ? receive_plain(in, c) : receive_raw(in, c);
        }
        size_t end = last_line_end(c->text.data, seen, c->text.len);
        whole = end ? end : whole;
        seen = c->text.len;
        if (whole ? seen >= CHUNK_BYTES : seen > ZIO_LINE_MAX)
            break;
    }
    if (c->after == ZIO_MORE && !whole)
        last(c, ZIO_TOO_LONG, "");
    if (c->after == ZIO_END)
        whole = c->text.len;
    if (c->after == ZIO_MORE)
        buf_add(&in->tail, c->text.data + whole, c->text.len - whole);
    c->text.len = whole;
    c->clean = !memchr(c->text.data, '\0', whole) && utf8_is_valid(c->text.data, whole);
}
