#include "gen/columns.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static _Noreturn void unknown(const char *name, const char *const *names, size_t n_names) {
    struct buf all = {0};
    for (size_t i = 0; i < n_names; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
    const char *near = msg_nearest(name, names, n_names);
    msg_die(STATUS_USAGE, "--columns: no column '%s'%s%s%s (%s)", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", all.data);
}

void columns_read(struct columns *c, const char *list, const char *const *names, size_t n_names) {
    *c = (struct columns){.which = mem_alloc(n_names, sizeof *c->which), .names = names};
    for (bool more = true; more;) {
        size_t len = strcspn(list, ",");
        char *name = mem_strndup(list, len);
        more = list[len] == ',';
        list += len + more;
        size_t k = 0;
        while (k < n_names && strcmp(names[k], name) != 0)
            k++;
        if (k == n_names)
            unknown(name, names, n_names);
        if (columns_have(c, (int)k))
            msg_die(STATUS_USAGE, "--columns names '%s' twice", name);
        c->which[c->n++] = (int)k;
        free(name);
    }
}

char *columns_expand(const char *list, const char *word, const char *names) {
    struct buf out = {0};
    buf_puts(&out, "");
    for (bool more = true; more;) {
        size_t len = strcspn(list, ",");
        if (len == strlen(word) && strncmp(list, word, len) == 0)
            buf_puts(&out, names);
        else
            buf_add(&out, list, len);
        more = list[len] == ',';
        list += len + more;
        if (more)
            buf_putc(&out, ',');
    }
    return out.data;
}

bool columns_have(const struct columns *c, int which) {
    for (size_t i = 0; i < c->n; i++)
        if (c->which[i] == which)
            return true;
    return false;
}

int columns_put(const struct columns *c, struct corpus_writer *out, struct err *err) {
    const char **names = mem_alloc(c->n, sizeof *names);
    for (size_t i = 0; i < c->n; i++)
        names[i] = c->names[c->which[i]];
    int result = corpus_put_columns(out, names, c->n, err);
    free(names);
    return result;
}

void columns_free(struct columns *c) {
    free(c->which);
}
