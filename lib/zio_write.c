#include "lib/zio.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "lib/mem.h"
#include "lib/pipeline.h"

enum { FRAME_BYTES = 1 << 20, PLAIN_BYTES = 1 << 16 };

/* One thread that compresses keeps up with a generator or with what is read; when rows stand ready
 * (a shuffle), it is what takes the time. */
enum { COMPRESSORS = 2 };

/* Whole lines on their way into one frame. */
struct frame {
    struct buf text;
    void *bytes;
    size_t room, size;
};

struct zio_writer {
    struct outfile *file;
    ZSTD_CCtx *zstd[COMPRESSORS]; /* NULL for plain text */
    size_t full;
    struct pipeline *frames;
    struct frame *frame; /* that is being filled, or NULL */
};

static int compress_frame(void *context, void *task, int worker, struct err *err) {
    struct zio_writer *z = context;
    struct frame *f = task;
    size_t bound = ZSTD_compressBound(f->text.len);
    if (bound > f->room) {
        free(f->bytes);
        f->bytes = mem_alloc(bound, 1);
        f->room = bound;
    }
    f->size = ZSTD_compress2(z->zstd[worker], f->bytes, f->room, f->text.data, f->text.len);
    if (ZSTD_isError(f->size))
        return err_set(err, STATUS_IO, "%s: cannot compress: %s", outfile_name(z->file),
                       ZSTD_getErrorName(f->size));
    return 0;
}

static int keep_plain(void *context, void *task, int worker, struct err *err) {
    (void)context, (void)task, (void)worker, (void)err;
    return 0;
}

static int write_frame(void *context, void *task, struct err *err) {
    struct zio_writer *z = context;
    struct frame *f = task;
    int result = z->zstd[0] ? outfile_write(z->file, f->bytes, f->size, err)
                            : outfile_write(z->file, f->text.data, f->text.len, err);
    buf_clear(&f->text);
    return result;
}

static void release_frame(void *task) {
    struct frame *f = task;
    buf_free(&f->text);
    free(f->bytes);
}

struct zio_writer *zio_write_to(struct outfile *f, int level) {
    struct zio_writer *z = mem_alloc(1, sizeof *z);
    z->file = f;
    z->full = level ? FRAME_BYTES : PLAIN_BYTES;
    for (int i = 0; i < COMPRESSORS && level; i++) {
        z->zstd[i] = ZSTD_createCCtx();
        if (!z->zstd[i])
            msg_die(STATUS_OS, "out of memory: no zstd encoder");
        ZSTD_CCtx_setParameter(z->zstd[i], ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(z->zstd[i], ZSTD_c_checksumFlag, 1);
        ZSTD_CCtx_setParameter(z->zstd[i], ZSTD_c_contentSizeFlag, 1);
    }
    z->frames = pipeline_new(level ? COMPRESSORS : 0,
                             &(struct pipeline_stages){
                                 .context = z,
                                 .task_size = sizeof(struct frame),
                                 .work = level ? compress_frame : keep_plain,
                                 .finish = write_frame,
                                 .release = release_frame,
                             });
    return z;
}

static int end_frame(struct zio_writer *z, struct err *err) {
    if (!z->frame)
        return 0;
    z->frame = NULL;
    return pipeline_push(z->frames, err);
}

/* Append bytes that end with a whole line and, with what the frame holds, fit into it; or a line
 * too long for any frame, to an empty one. */
static int add(struct zio_writer *z, const char *text, size_t len, struct err *err) {
    if (!z->frame && !(z->frame = pipeline_task(z->frames, err)))
        return -1;
    buf_add(&z->frame->text, text, len);
    return 0;
}

static size_t room(const struct zio_writer *z) {
    size_t held = z->frame ? z->frame->text.len : 0;
    return held < z->full ? z->full - held : 0;
}

/* What no reader would take is not written. */
static int refuse_line(const struct zio_writer *z, size_t len, struct err *err) {
    return err_set(err, STATUS_DATA, "%s: a line of %zu bytes is too long: lines have %zu at most",
                   outfile_name(z->file), len, ZIO_LINE_MAX);
}

int zio_putline(struct zio_writer *z, const char *line, size_t len, struct err *err) {
    if (len > ZIO_LINE_MAX)
        return refuse_line(z, len, err);
    if (len + 1 > room(z) && end_frame(z, err) != 0)
        return -1;
    if (add(z, line, len, err) != 0)
        return -1;
    buf_putc(&z->frame->text, '\n');
    return 0;
}

/* The length of the lines of text[0..len) that end within the first `most` bytes. */
static size_t whole_lines(const char *text, size_t len, size_t most) {
    if (len <= most)
        return len;
    while (most > 0 && text[most - 1] != '\n')
        most--;
    return most;
}

int zio_putlines(struct zio_writer *z, const char *text, size_t len, struct err *err) {
    while (len > 0) {
        size_t n = whole_lines(text, len, room(z));
        if (n == 0 && end_frame(z, err) != 0)
            return -1;
        if (n == 0)
            n = whole_lines(text, len, room(z));
        if (n == 0) { /* a line longer than a frame */
            n = (size_t)((char *)memchr(text, '\n', len) - text) + 1;
            if (n - 1 > ZIO_LINE_MAX)
                return refuse_line(z, n - 1, err);
        }
        if (add(z, text, n, err) != 0)
            return -1;
        text += n;
        len -= n;
    }
    return 0;
}

int zio_flush(struct zio_writer *z, struct err *err) {
    if (z->zstd[0])
        return 0;
    return end_frame(z, err) != 0 ? -1 : pipeline_drain(z->frames, err);
}

static void release(struct zio_writer *z) {
    pipeline_free(z->frames);
    for (int i = 0; i < COMPRESSORS; i++)
        ZSTD_freeCCtx(z->zstd[i]);
    free(z);
}

int zio_finish(struct zio_writer *z, struct err *err) {
    if (end_frame(z, err) != 0 || pipeline_drain(z->frames, err) != 0) {
        zio_discard(z);
        return -1;
    }
    struct outfile *f = z->file;
    release(z);
    return outfile_commit(f, err);
}

void zio_discard(struct zio_writer *z) {
    if (!z)
        return;
    struct outfile *f = z->file;
    release(z);
    outfile_discard(f);
}
