#include "lib/selection.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"

int selection_read_conjunction(const char *option, const char *text, size_t len,
                               const struct vocab *tags, uint64_t *all, uint64_t *none,
                               struct err *err) {
    const char *end = text + len;
    while (text <= end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (!stop)
            stop = end;
        int negated = text < stop && *text == '!';
        const char *name = text + negated;
        if (name == stop)
            return err_set(err, STATUS_USAGE, "%s: a tag is missing", option);
        int32_t tag = vocab_find(tags, name, (size_t)(stop - name));
        if (tag < 0) {
            char *word = mem_strndup(name, (size_t)(stop - name));
            char *known = vocab_text(tags);
            const char *near = msg_nearest(word, tags->words, tags->n);
            if (!tags->n)
                err_set(err, STATUS_USAGE, "%s: no tag '%s': the grammar has no tags", option,
                        word);
            else if (near)
                err_set(err, STATUS_USAGE, "%s: no tag '%s'; did you mean '%s'?", option, word,
                        near);
            else
                err_set(err, STATUS_USAGE, "%s: no tag '%s'; the tags are: %s", option, word,
                        known);
            free(word);
            free(known);
            return -1;
        }
        *(negated ? none : all) |= (uint64_t)1 << tag;
        text = stop + 1;
    }
    if (*all & *none)
        return err_set(err, STATUS_USAGE, "%s: '%.*s' asks for a tag and against it", option,
                       (int)len, end - len);
    return 0;
}

static void add_class(struct selection *s, struct selection_class c, double share) {
    s->classes = mem_grow(s->classes, &s->cap, s->n + 1, sizeof *s->classes);
    s->classes[s->n++] = c;
    apportion_add(&s->shares, share);
}

static int read_term(struct selection *s, const char *term, size_t len, const struct vocab *tags,
                     struct err *err) {
    const char *equals = memchr(term, '=', len);
    if (!equals)
        return selection_read_conjunction("--where", term, len, tags, &s->all, &s->none, err);
    struct selection_class c = {0};
    double share = 0;
    char *number = mem_strndup(equals + 1, len - (size_t)(equals + 1 - term));
    int result = opt_read_number(number, &share);
    if (result != 0 || share < 0 || share > 1)
        result = err_set(err, STATUS_USAGE, "--where: the share '%s' is no number from 0 to 1",
                         number);
    free(number);
    if (result != 0 || selection_read_conjunction("--where", term, (size_t)(equals - term), tags,
                                                  &c.all, &c.none, err) != 0)
        return -1;
    c.text = mem_strndup(term, (size_t)(equals - term));
    add_class(s, c, share);
    return 0;
}

int selection_read(struct selection *s, const char *text, const struct vocab *tags,
                   struct err *err) {
    *s = (struct selection){0};
    double sum = 0;
    for (const char *term = text; term;) {
        size_t len = strcspn(term, ",");
        if (read_term(s, term, len, tags, err) != 0)
            return -1;
        term = term[len] ? term + len + 1 : NULL;
    }
    s->wanted = s->all | s->none;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->shares.parts[i].share;
        s->wanted |= s->classes[i].all | s->classes[i].none;
        if ((s->classes[i].all | s->all) & (s->classes[i].none | s->none))
            return err_set(err, STATUS_USAGE, "--where: no example of class '%s' may be kept",
                           s->classes[i].text);
    }
    if (s->all & s->none)
        return err_set(err, STATUS_USAGE, "--where: '%s' asks for a tag and against it", text);
    if (sum > 1 + 1e-9)
        return err_set(err, STATUS_USAGE, "--where: the shares sum to %g, more than 1", sum);
    if (s->n && sum < 1 - 1e-9)
        add_class(s, (struct selection_class){0}, 1 - sum);
    return 0;
}

size_t selection_next_class(struct selection *s) {
    return apportion_next(&s->shares);
}

static int holds(uint64_t all, uint64_t none, uint64_t tags) {
    return (tags & all) == all && !(tags & none);
}

int selection_class_of(const struct selection *s, uint64_t tags) {
    if (!holds(s->all, s->none, tags))
        return -1;
    if (!s->n)
        return 0;
    int found = -1, rest = -1;
    for (size_t i = 0; i < s->n; i++) {
        const struct selection_class *c = &s->classes[i];
        if (!c->text)
            rest = (int)i;
        else if (holds(c->all, c->none, tags)) {
            if (found >= 0)
                return -2;
            found = (int)i;
        }
    }
    return found >= 0 ? found : rest;
}

const char *selection_class_name(const struct selection *s, size_t index) {
    if (!s->n)
        return "all";
    return s->classes[index].text ? s->classes[index].text : "the rest";
}

void selection_free(struct selection *s) {
    for (size_t i = 0; i < s->n; i++)
        free(s->classes[i].text);
    free(s->classes);
    apportion_free(&s->shares);
    *s = (struct selection){0};
}
