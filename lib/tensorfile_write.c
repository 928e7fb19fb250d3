#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/tensorfile_private.h"

static int in_file_order(const void *a, const void *b) {
    const struct tensor *x = *(const struct tensor *const *)a,
                        *y = *(const struct tensor *const *)b;
    if (x->dtype != y->dtype)
        return x->dtype > y->dtype ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int check_tensor(const char *path, const struct tensor *t, struct err *err) {
    size_t bytes;
    if (strcmp(t->name, "__metadata__") == 0)
        return err_set(err, STATUS_DATA, "%s: a tensor cannot be named '__metadata__'", path);
    if (t->rank < 0 || t->rank > TENSOR_MAX_RANK)
        return err_set(err, STATUS_DATA, "%s: tensor '%s': rank %d is not in 0..%d", path, t->name,
                       t->rank, TENSOR_MAX_RANK);
    if (!tensor_checked_bytes(t, &bytes) || bytes > INT64_MAX)
        return err_set(err, STATUS_DATA, "%s: tensor '%s': its size overflows", path, t->name);
    return 0;
}

static int add_notes(const char *path, json_t *root, const struct tensor_note *notes, size_t n,
                     struct err *err) {
    json_t *metadata = json_object();
    json_object_set_new(root, "__metadata__", metadata);
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_string(notes[i].value);
        if (json_object_get(metadata, notes[i].key)) {
            json_decref(value);
            return err_set(err, STATUS_DATA, "%s: metadata '%s' given twice", path, notes[i].key);
        }
        if (!value || json_object_set_new(metadata, notes[i].key, value) != 0)
            return err_set(err, STATUS_DATA, "%s: metadata '%s' is not UTF-8 text", path,
                           notes[i].key);
    }
    return 0;
}

static int add_tensor(const char *path, json_t *root, const struct tensor *t, uint64_t *offset,
                      struct err *err) {
    if (check_tensor(path, t, err) != 0)
        return -1;
    if (json_object_get(root, t->name))
        return err_set(err, STATUS_DATA, "%s: tensor '%s' given twice", path, t->name);
    uint64_t end;
    if (__builtin_add_overflow(*offset, (uint64_t)tensor_bytes(t), &end) || end > INT64_MAX)
        return err_set(err, STATUS_DATA, "%s: tensor '%s': its size overflows", path, t->name);
    json_t *shape = json_array();
    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(t->dtype), "shape", shape,
                              "data_offsets", (json_int_t)*offset, (json_int_t)end);
    if (!entry || json_object_set_new(root, t->name, entry) != 0)
        return err_set(err, STATUS_DATA, "%s: tensor name '%s' is not UTF-8 text", path, t->name);
    *offset = end;
    return 0;
}

/* Length, JSON and padding of the file into *head. */
static int make_head(const char *path, const struct tensor *const *order, size_t n,
                     const struct tensor_note *notes, size_t n_notes, struct buf *head,
                     struct err *err) {
    json_t *root = json_object();
    uint64_t offset = 0;
    int status = n_notes ? add_notes(path, root, notes, n_notes, err) : 0;
    for (size_t i = 0; i < n && status == 0; i++)
        status = add_tensor(path, root, order[i], &offset, err);
    char *json = status == 0 ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!json)
        return -1;
    uint64_t len = (strlen(json) + 7) / 8 * 8;
    if (len > MAX_HEADER_BYTES)
        status = err_set(err, STATUS_DATA, "%s: names and metadata exceed %u bytes", path,
                         MAX_HEADER_BYTES);
    buf_add(head, &len, sizeof len);
    buf_puts(head, json);
    while (head->len % 8)
        buf_putc(head, ' ');
    free(json);
    return status;
}

int tensorfile_write(const char *path, const struct tensor *tensors, size_t n,
                     const struct tensor_note *notes, size_t n_notes, struct err *err) {
    const struct tensor **order = mem_alloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = &tensors[i];
    qsort(order, n, sizeof *order, in_file_order);

    struct buf head = {0};
    int status = make_head(path, order, n, notes, n_notes, &head, err);
    struct outfile *f = status == 0 ? outfile_open(path, err) : NULL;
    status = f ? outfile_write(f, head.data, head.len, err) : -1;
    for (size_t i = 0; i < n && status == 0; i++)
        status = outfile_write(f, order[i]->data, tensor_bytes(order[i]), err);
    if (status == 0)
        status = outfile_commit(f, err);
    else
        outfile_discard(f);
    buf_free(&head);
    free(order);
    return status;
}
