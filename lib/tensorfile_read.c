#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/tensorfile_private.h"

/* "[2,3]", for messages. */
static void put_shape(struct buf *b, int rank, const size_t *shape) {
    buf_putc(b, '[');
    for (int i = 0; i < rank; i++)
        buf_printf(b, i ? ",%zu" : "%zu", shape[i]);
    buf_putc(b, ']');
}

/* A tensor and where the header says it lies. */
struct placed {
    struct tensor tensor;
    uint64_t begin, end;
};

static bool size_from_json(const json_t *json, uint64_t *value) {
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return false;
    *value = (uint64_t)json_integer_value(json);
    return *value <= SIZE_MAX;
}

static int read_dtype(const struct tensorfile *f, const json_t *entry, struct tensor *t,
                      struct err *err) {
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (!name)
        return err_set(err, STATUS_DATA, "%s: tensor '%s': no dtype", f->path, t->name);
    for (int i = 0; i < N_DTYPES; i++)
        if (strcmp(dtype_name((enum dtype)i), name) == 0) {
            t->dtype = (enum dtype)i;
            return 0;
        }
    return err_set(err, STATUS_DATA, "%s: tensor '%s': dtype '%s' is not known", f->path, t->name,
                   name);
}

static int read_shape(const struct tensorfile *f, const json_t *entry, struct tensor *t,
                      struct err *err) {
    const json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape))
        return err_set(err, STATUS_DATA, "%s: tensor '%s': no shape", f->path, t->name);
    if (json_array_size(shape) > TENSOR_MAX_RANK)
        return err_set(err, STATUS_DATA, "%s: tensor '%s': rank %zu, at most %d is supported",
                       f->path, t->name, json_array_size(shape), TENSOR_MAX_RANK);
    t->rank = (int)json_array_size(shape);
    for (int i = 0; i < t->rank; i++) {
        uint64_t size;
        if (!size_from_json(json_array_get(shape, (size_t)i), &size))
            return err_set(err, STATUS_DATA,
                           "%s: tensor '%s': dimension %d of the shape is no whole number >= 0",
                           f->path, t->name, i);
        t->shape[i] = (size_t)size;
    }
    return 0;
}

static int read_place(const struct tensorfile *f, const json_t *entry, struct placed *p,
                      struct err *err) {
    const struct tensor *t = &p->tensor;
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !size_from_json(json_array_get(offsets, 0), &p->begin) ||
        !size_from_json(json_array_get(offsets, 1), &p->end))
        return err_set(err, STATUS_DATA,
                       "%s: tensor '%s': data_offsets are not two whole numbers >= 0", f->path,
                       t->name);
    size_t bytes = 0;
    bool fits = tensor_checked_bytes(t, &bytes);
    if (fits && p->begin <= p->end && p->end - p->begin == bytes)
        return 0;
    struct buf shape = {0};
    put_shape(&shape, t->rank, t->shape);
    err_set(err, STATUS_DATA, "%s: tensor '%s': offsets %llu..%llu do not fit shape %s of %s",
            f->path, t->name, (unsigned long long)p->begin, (unsigned long long)p->end, shape.data,
            dtype_name(t->dtype));
    buf_free(&shape);
    return -1;
}

static int read_notes(struct tensorfile *f, json_t *metadata, struct err *err) {
    if (!json_is_object(metadata))
        return err_set(err, STATUS_DATA, "%s: __metadata__ is not a JSON object", f->path);
    f->notes = mem_alloc(json_object_size(metadata), sizeof *f->notes);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value))
            return err_set(err, STATUS_DATA, "%s: metadata '%s' is not a string", f->path, key);
        f->notes[f->n_notes++] = (struct tensor_note){key, json_string_value(value)};
    }
    return 0;
}

static int by_place(const void *a, const void *b) {
    const struct placed *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->tensor.name, y->tensor.name);
}

/* The tensors must tile the data: Metadata::validate of the reference implementation. */
static int check_tiling(const struct tensorfile *f, const struct placed *placed,
                        uint64_t data_bytes, struct err *err) {
    uint64_t at = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct placed *p = &placed[i];
        if (p->begin != at)
            return err_set(err, STATUS_DATA,
                           "%s: tensor '%s': begins at offset %llu, %s the one before, at %llu",
                           f->path, p->tensor.name, (unsigned long long)p->begin,
                           p->begin < at ? "inside" : "not at the end of", (unsigned long long)at);
        at = p->end;
    }
    if (at > data_bytes)
        return err_set(err, STATUS_DATA, "%s: truncated: %llu bytes of tensors, %llu promised",
                       f->path, (unsigned long long)data_bytes, (unsigned long long)at);
    if (at < data_bytes)
        return err_set(err, STATUS_DATA, "%s: %llu bytes after the last tensor", f->path,
                       (unsigned long long)(data_bytes - at));
    return 0;
}

/* Every entry of the header, checked, into placed[], in the order of the file. */
static int read_entries(struct tensorfile *f, struct placed *placed, uint64_t data_bytes,
                        struct err *err) {
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)f->header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) {
            if (read_notes(f, entry, err) != 0)
                return -1;
            continue;
        }
        struct placed *p = &placed[f->n++];
        p->tensor.name = name;
        if (!json_is_object(entry))
            return err_set(err, STATUS_DATA, "%s: tensor '%s': not a JSON object", f->path, name);
        if (read_dtype(f, entry, &p->tensor, err) != 0 ||
            read_shape(f, entry, &p->tensor, err) != 0 || read_place(f, entry, p, err) != 0)
            return -1;
    }
    qsort(placed, f->n, sizeof *placed, by_place);
    return check_tiling(f, placed, data_bytes, err);
}

/* The header's length from the first 8 bytes of a file of len bytes. */
static int header_length(const char *path, const unsigned char *first, uint64_t len, size_t *n,
                         struct err *err) {
    if (len < 8)
        return err_set(err, STATUS_DATA, "%s: %llu bytes are too few for a safetensors file", path,
                       (unsigned long long)len);
    uint64_t value;
    memcpy(&value, first, 8);
    if (value > MAX_HEADER_BYTES)
        return err_set(err, STATUS_DATA,
                       "%s: not a safetensors file: its header would have %llu bytes, more than %u",
                       path, (unsigned long long)value, MAX_HEADER_BYTES);
    if (value > len - 8)
        return err_set(err, STATUS_DATA, "%s: truncated: a header of %llu bytes in a file of %llu",
                       path, (unsigned long long)value, (unsigned long long)len);
    *n = (size_t)value;
    return 0;
}

/* A file whose header is sound, with its tensors' data still to come; NULL on error. Nothing is
 * allocated on the word of the file before its size has borne it out. */
static struct tensorfile *parse_header(const char *path, const char *header, size_t n,
                                       uint64_t data_bytes, struct err *err) {
    if (n == 0 || header[0] != '{') {
        err_set(err, STATUS_DATA, "%s: not a safetensors file: its header is not a JSON object",
                path);
        return NULL;
    }
    json_error_t why;
    json_t *root = json_loadb(header, n, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        err_set(err, STATUS_DATA, "%s: header: byte %d: %s", path, why.position, why.text);
        return NULL;
    }
    struct tensorfile *f = mem_alloc(1, sizeof *f);
    f->path = mem_strdup(path);
    f->header = root;
    struct placed *placed = mem_alloc(json_object_size(root), sizeof *placed);
    int status = read_entries(f, placed, data_bytes, err);
    if (status == 0) {
        f->memory = mem_aligned((size_t)data_bytes, 1);
        f->tensors = mem_alloc(f->n, sizeof *f->tensors);
        for (size_t i = 0; i < f->n; i++) {
            f->tensors[i] = placed[i].tensor;
            f->tensors[i].data = f->memory + placed[i].begin;
        }
    }
    free(placed);
    if (status == 0)
        return f;
    tensorfile_close(f);
    return NULL;
}

/* A file need not align its tensors, but C needs it: copy those that are not. */
static void align_tensors(struct tensorfile *f) {
    for (size_t i = 0; i < f->n; i++) {
        struct tensor *t = &f->tensors[i];
        if ((uintptr_t)t->data % dtype_bytes(t->dtype) == 0)
            continue;
        void *copy = mem_aligned(tensor_bytes(t), 1);
        memcpy(copy, t->data, tensor_bytes(t));
        t->data = copy;
        f->copies = mem_grow(f->copies, &f->copies_room, f->n_copies + 1, sizeof *f->copies);
        f->copies[f->n_copies++] = copy;
    }
}

struct tensorfile *tensorfile_parse(const char *name, const void *bytes, size_t len,
                                    struct err *err) {
    const char *p = bytes;
    size_t n;
    if (header_length(name, bytes, len, &n, err) != 0)
        return NULL;
    struct tensorfile *f = parse_header(name, p + 8, n, len - 8 - n, err);
    if (f) {
        memcpy(f->memory, p + 8 + n, len - 8 - n);
        align_tensors(f);
    }
    return f;
}

static int read_exactly(const char *path, int fd, void *to, size_t len, struct err *err) {
    for (unsigned char *p = to; len;) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, STATUS_IO, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0)
            return err_set(err, STATUS_DATA, "%s: truncated while it was being read", path);
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static struct tensorfile *read_descriptor(const char *path, int fd, struct err *err) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(err, STATUS_NOINPUT, "%s: not a regular file", path);
        return NULL;
    }
    size_t len = (size_t)st.st_size, n;
    unsigned char first[8] = {0};
    if (read_exactly(path, fd, first, len < 8 ? len : 8, err) != 0 ||
        header_length(path, first, len, &n, err) != 0)
        return NULL;
    char *header = mem_alloc(n, 1);
    struct tensorfile *f = NULL;
    if (read_exactly(path, fd, header, n, err) == 0)
        f = parse_header(path, header, n, len - 8 - n, err);
    free(header);
    if (f && read_exactly(path, fd, f->memory, len - 8 - n, err) != 0) {
        tensorfile_close(f);
        return NULL;
    }
    if (f)
        align_tensors(f);
    return f;
}

struct tensorfile *tensorfile_open(const char *path, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for a pipe's writer */
    if (fd < 0) {
        err_set(err, STATUS_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
        return NULL;
    }
    struct tensorfile *f = read_descriptor(path, fd, err);
    close(fd);
    return f;
}

void tensorfile_close(struct tensorfile *f) {
    if (!f)
        return;
    for (size_t i = 0; i < f->n_copies; i++)
        free(f->copies[i]);
    free(f->copies);
    free(f->memory);
    json_decref(f->header);
    free(f->notes);
    free(f->tensors);
    free(f->path);
    free(f);
}

const struct tensor *tensorfile_find(const struct tensorfile *f, const char *name) {
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->tensors[i].name, name) == 0)
            return &f->tensors[i];
    return NULL;
}

const struct tensor *tensorfile_need(const struct tensorfile *f, const char *name, enum dtype dtype,
                                     int rank, const size_t *shape, struct err *err) {
    const struct tensor *t = tensorfile_find(f, name);
    if (!t) {
        err_set(err, STATUS_DATA, "%s: no tensor '%s'", f->path, name);
        return NULL;
    }
    bool same = t->dtype == dtype && t->rank == rank;
    for (int i = 0; same && i < rank; i++)
        same = t->shape[i] == shape[i];
    if (same)
        return t;
    struct buf is = {0}, expected = {0};
    put_shape(&is, t->rank, t->shape);
    put_shape(&expected, rank, shape);
    err_set(err, STATUS_DATA, "%s: tensor '%s': %s %s, expected %s %s", f->path, name,
            dtype_name(t->dtype), is.data, dtype_name(dtype), expected.data);
    buf_free(&is);
    buf_free(&expected);
    return NULL;
}

const char *tensorfile_note(const struct tensorfile *f, const char *key) {
    for (size_t i = 0; i < f->n_notes; i++)
        if (strcmp(f->notes[i].key, key) == 0)
            return f->notes[i].value;
    return NULL;
}
