#include "gen/tagset.h"

#include <stdlib.h>
#include <string.h>

static int unknown(const char *name, const struct vocab *known, const struct corpus_reader *in,
                   struct err *err) {
    const char *near = msg_nearest(name, known->words, known->n);
    char *all = vocab_text(known);
    err_set(err, STATUS_USAGE, "--where: %s has no tag '%s'%s%s%s (%s)", corpus_name(in), name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", all);
    free(all);
    return -1;
}

int tagset_read(struct tagset *t, const char *expression, const struct corpus_reader *in,
                struct err *err) {
    t->column = corpus_column(in, "tags");
    if (t->column < 0)
        return err_set(err, STATUS_DATA, "%s: has no column 'tags', which --where needs",
                       corpus_name(in));
    struct vocab known = {0};
    const char *listed = corpus_header(in, "tags", 0);
    if (listed)
        vocab_add_text(&known, listed);
    int result = 0;
    for (const char *name = expression; *name && result == 0;) {
        name += *name == '!';
        size_t len = strcspn(name, ",&=");
        int32_t number = vocab_add(&t->names, name, len);
        if (listed && len && vocab_find(&known, name, len) < 0)
            result = unknown(t->names.words[number], &known, in, err);
        name += len;
        if (*name == '=') /* its share */
            name += strcspn(name, ",");
        name += *name != '\0';
    }
    vocab_free(&known);
    if (result == 0 && t->names.n > 64)
        result = err_set(err, STATUS_USAGE, "--where: more than 64 tags");
    return result;
}

uint64_t tagset_of_row(const struct tagset *t, const struct corpus_reader *in) {
    size_t len;
    const char *tags = corpus_field(in, (size_t)t->column, &len), *end = tags + len;
    uint64_t set = 0;
    while (tags < end) {
        const char *comma = memchr(tags, ',', (size_t)(end - tags));
        size_t n = (size_t)((comma ? comma : end) - tags);
        int32_t number = vocab_find(&t->names, tags, n);
        if (number >= 0)
            set |= (uint64_t)1 << number;
        tags += n + 1;
    }
    return set;
}

void tagset_free(struct tagset *t) {
    vocab_free(&t->names);
}
