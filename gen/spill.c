#include "gen/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, HEAD_BYTES = 12 };

struct spill {
    int fd;
    char *folder;
    struct buf buffer;
    int64_t size; /* with the buffer */
};

struct spill *spill_new(const char *folder, struct err *err) {
    struct buf path = {0};
    buf_printf(&path, "%s/espalier-XXXXXX", folder);
    int fd = mkstemp(path.data);
    if (fd < 0) {
        err_set(err, STATUS_CANTCREATE, "%s: cannot create a temporary file: %s", folder,
                strerror(errno));
        buf_free(&path);
        return NULL;
    }
    unlink(path.data);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    buf_free(&path);
    struct spill *s = mem_alloc(1, sizeof *s);
    s->fd = fd;
    s->folder = mem_strdup(folder);
    return s;
}

int64_t spill_flush(struct spill *s, struct err *err) {
    for (size_t done = 0; done < s->buffer.len;) {
        ssize_t n = write(s->fd, s->buffer.data + done, s->buffer.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, STATUS_IO, "%s: cannot write a temporary file: %s", s->folder,
                           strerror(errno));
        done += (size_t)n;
    }
    buf_clear(&s->buffer);
    return s->size;
}

int spill_put(struct spill *s, uint64_t key, const char *row, size_t len, struct err *err) {
    uint32_t size = (uint32_t)len; /* at most ZIO_LINE_MAX */
    buf_add(&s->buffer, &key, sizeof key);
    buf_add(&s->buffer, &size, sizeof size);
    buf_add(&s->buffer, row, len);
    s->size += (int64_t)(HEAD_BYTES + len);
    return s->buffer.len < BUFFER_BYTES || spill_flush(s, err) >= 0 ? 0 : -1;
}

void spill_free(struct spill *s) {
    if (!s)
        return;
    close(s->fd);
    buf_free(&s->buffer);
    free(s->folder);
    free(s);
}

void spill_run_start(struct spill_run *r, struct spill *file, int64_t from, int64_t to,
                     size_t room) {
    *r = (struct spill_run){.file = file, .from = from, .to = to, .room = room};
}

/* Have `need` bytes in the buffer from `next` on; they are known to be in the run. */
static int fill(struct spill_run *r, size_t need, struct err *err) {
    struct buf *b = &r->buffer;
    if (b->len - r->next >= need)
        return 0;
    if (r->next)
        memmove(b->data, b->data + r->next, b->len - r->next);
    b->len -= r->next;
    r->next = 0;
    size_t room = r->room > need ? r->room : need;
    b->data = mem_grow(b->data, &b->cap, room, 1);
    while (b->len < need) {
        int64_t left = r->to - r->from;
        size_t most = room - b->len;
        ssize_t n = pread(r->file->fd, b->data + b->len, (int64_t)most < left ? most : (size_t)left,
                          (off_t)r->from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, STATUS_IO, "%s: cannot read a temporary file: %s", r->file->folder,
                           n < 0 ? strerror(errno) : "it ends too soon");
        b->len += (size_t)n;
        r->from += n;
    }
    return 0;
}

int spill_run_next(struct spill_run *r, struct err *err) {
    if (r->from == r->to && r->next == r->buffer.len)
        return 0;
    uint32_t size;
    if (fill(r, HEAD_BYTES, err) != 0)
        return -1;
    memcpy(&r->key, r->buffer.data + r->next, sizeof r->key);
    memcpy(&size, r->buffer.data + r->next + sizeof r->key, sizeof size);
    if (fill(r, HEAD_BYTES + size, err) != 0)
        return -1;
    r->row = r->buffer.data + r->next + HEAD_BYTES;
    r->len = size;
    r->next += HEAD_BYTES + size;
    return 1;
}

void spill_run_free(struct spill_run *r) {
    buf_free(&r->buffer);
}
