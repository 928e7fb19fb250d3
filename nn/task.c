#include "nn/task.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* The strings of a task, which may be absent. */
enum { STRINGS = 6 };
static const char *const keys[STRINGS] = {"source",   "target", "label",
                                          "features", "values", "mask_words"};

static const char **string_of(struct task *t, int k) {
    const char **const strings[STRINGS] = {&t->columns.source, &t->columns.target,
                                           &t->columns.label,  &t->columns.features,
                                           &t->columns.values, &t->mask_words};
    return strings[k];
}

static void own_strings(struct task *t) {
    for (int k = 0; k < STRINGS; k++) {
        const char **s = string_of(t, k);
        *s = *s ? mem_strdup(*s) : NULL;
    }
}

void task_set(struct task *t, const struct layout *layout, const struct columns *columns,
              const char *mask_words, const struct vocab *classes) {
    t->layout = *layout;
    t->layout.masking.cloze = NULL;
    t->columns = *columns;
    t->mask_words = mask_words;
    own_strings(t);
    for (size_t i = 0; classes && i < classes->n; i++)
        vocab_add(&t->classes, classes->words[i], strlen(classes->words[i]));
}

void task_free(struct task *t) {
    for (int k = 0; k < STRINGS; k++)
        free((void *)(uintptr_t)*string_of(t, k));
    vocab_free(&t->classes);
    *t = (struct task){0};
}

char *task_text(const struct task *t) {
    struct task copy = *t;
    char *layout = layout_text(&t->layout), *text = NULL;
    json_t *o = json_pack("{s:s}", "layout", layout), *classes = json_array();
    for (int k = 0; o && k < STRINGS; k++)
        if (*string_of(&copy, k))
            json_object_set_new(o, keys[k], json_string(*string_of(&copy, k)));
    for (size_t i = 0; classes && i < t->classes.n; i++)
        json_array_append_new(classes, json_string(t->classes.words[i]));
    if (o && json_object_set_new(o, "classes", classes) == 0)
        text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    free(layout);
    if (!text)
        msg_die(STATUS_OS, "out of memory for the description of a task");
    return text;
}

int task_read(const char *text, struct task *t, struct err *err) {
    json_error_t what;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &what);
    const char *layout = json_string_value(json_object_get(o, "layout"));
    const json_t *classes = json_object_get(o, "classes");
    int result = 0;
    if (!o || !layout || !json_is_array(classes))
        result = err_set(err, STATUS_DATA, "the description of its task cannot be read%s%s",
                         o ? "" : ": ", o ? "" : what.text);
    if (result == 0)
        result = layout_read(layout, &t->layout, err);
    for (int k = 0; k < STRINGS && result == 0; k++) {
        const json_t *value = json_object_get(o, keys[k]);
        const char *name = *string_of(t, k) = json_string_value(value);
        if (value && (!name || !*name)) {
            *string_of(t, k) = NULL;
            result = err_set(err, STATUS_DATA, "the description of its task names no '%s'",
                             keys[k]);
        }
    }
    if (result == 0)
        own_strings(t);
    for (size_t i = 0; result == 0 && i < json_array_size(classes); i++) {
        const char *name = json_string_value(json_array_get(classes, i));
        if (!name || vocab_find(&t->classes, name, strlen(name)) >= 0)
            result = err_set(err, STATUS_DATA,
                             "the description of its task names no class, or "
                             "one twice");
        else
            vocab_add(&t->classes, name, strlen(name));
    }
    json_decref(o);
    return result;
}
