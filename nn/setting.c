#include "nn/setting.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int setting_choice(const char *const *choices, const char *name) {
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], name) == 0)
            return i;
    return -1;
}

static int count_choices(const char *const *choices) {
    int n = 0;
    while (choices[n])
        n++;
    return n;
}

static json_t *list_of(const struct setting_list *l) {
    json_t *array = json_array();
    for (int i = 0; i < l->n; i++)
        if (json_array_append_new(array, json_integer(l->item[i])) != 0)
            msg_die(STATUS_OS, "out of memory for a configuration");
    return array;
}

static bool read_integer(const struct setting *s, const json_t *value, int *to) {
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;
    if (!json_is_integer(value) || (double)n < s->least || (double)n > s->most)
        return false;
    *to = (int)n;
    return true;
}

static bool read_list(const struct setting *s, const json_t *value, struct setting_list *l) {
    if (!json_is_array(value) || json_array_size(value) > SETTING_LIST_MOST)
        return false;
    l->n = (int)json_array_size(value);
    for (int i = 0; i < l->n; i++)
        if (!read_integer(s, json_array_get(value, (size_t)i), &l->item[i]))
            return false;
    return true;
}

void setting_write(const struct setting *settings, const void *config, struct json_t *object) {
    for (const struct setting *s = settings; s->type != SETTING_END; s++) {
        const void *at = (const char *)config + s->offset;
        json_t *value = NULL;
        switch (s->type) {
        case SETTING_INTEGER:
            value = json_integer(*(const int *)at);
            break;
        case SETTING_NUMBER:
            value = json_real(*(const double *)at);
            break;
        case SETTING_FLAG:
            value = json_boolean(*(const bool *)at);
            break;
        case SETTING_CHOICE:
            value = json_string(s->choices[*(const int *)at]);
            break;
        case SETTING_INTEGERS:
            value = list_of(at);
            break;
        case SETTING_END:
            break;
        }
        if (json_object_set_new(object, s->name, value) != 0)
            msg_die(STATUS_OS, "out of memory for a configuration");
    }
}

static int read_one(const struct setting *s, const json_t *value, void *at, struct err *err) {
    switch (s->type) {
    case SETTING_INTEGER:
        if (!read_integer(s, value, at))
            break;
        return 0;
    case SETTING_INTEGERS:
        if (!read_list(s, value, at))
            break;
        return 0;
    case SETTING_NUMBER: {
        double n = json_is_number(value) ? json_number_value(value) : 0;
        if (!json_is_number(value) || !(n >= s->least && n <= s->most))
            break;
        *(double *)at = n;
        return 0;
    }
    case SETTING_FLAG:
        if (!json_is_boolean(value))
            break;
        *(bool *)at = json_is_true(value);
        return 0;
    case SETTING_CHOICE: {
        const char *text = json_string_value(value);
        int n = text ? setting_choice(s->choices, text) : -1;
        if (n < 0)
            break;
        *(int *)at = n;
        return 0;
    }
    case SETTING_END:
        break;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    err_set(err, STATUS_DATA, "the model's configuration: %s cannot be %.60s", s->name,
            text ? text : "this");
    free(text);
    return -1;
}

int setting_read(const struct setting *settings, const struct json_t *object, void *config,
                 struct err *err) {
    size_t known = json_object_get(object, "architecture") != NULL;
    for (const struct setting *s = settings; s->type != SETTING_END; s++) {
        const json_t *value = json_object_get(object, s->name);
        known += value != NULL;
        if (!value && s->optional)
            continue;
        if (!value)
            return err_set(err, STATUS_DATA, "the model's configuration lacks '%s'", s->name);
        if (read_one(s, value, (char *)config + s->offset, err) != 0)
            return -1;
    }
    if (known == json_object_size(object))
        return 0;
    const char *name = "";
    for (void *i = json_object_iter((json_t *)object); i;
         i = json_object_iter_next((json_t *)object, i)) {
        name = json_object_iter_key(i);
        const struct setting *s = settings;
        while (s->type != SETTING_END && strcmp(s->name, name) != 0)
            s++;
        if (s->type == SETTING_END && strcmp(name, "architecture") != 0)
            break;
    }
    return err_set(err, STATUS_DATA,
                   "the model's configuration has '%.60s', which this version does not know", name);
}

static int check_bounds(const struct setting *s, double value, struct err *err) {
    if (value >= s->least && value <= s->most)
        return 0;
    if (value > s->most)
        return err_set(err, STATUS_USAGE, "%s is %.9g; it must be at most %.9g", s->name, value,
                       s->most);
    return err_set(err, STATUS_USAGE, "%s is %.9g; it must be at least %.9g", s->name, value,
                   s->least);
}

static int check_list(const struct setting *s, const struct setting_list *l, struct err *err) {
    if (l->n < 0 || l->n > SETTING_LIST_MOST)
        return err_set(err, STATUS_USAGE, "%s: a list of %d; there may be at most %d", s->name,
                       l->n, SETTING_LIST_MOST);
    for (int i = 0; i < l->n; i++)
        if (check_bounds(s, l->item[i], err) != 0)
            return -1;
    return 0;
}

int setting_check(const struct setting *settings, const void *config, struct err *err) {
    for (const struct setting *s = settings; s->type != SETTING_END; s++) {
        const void *at = (const char *)config + s->offset;
        double value = s->type == SETTING_INTEGER  ? *(const int *)at
                       : s->type == SETTING_NUMBER ? *(const double *)at
                                                   : 0;
        if (s->type == SETTING_INTEGERS && check_list(s, at, err) != 0)
            return -1;
        if (s->type == SETTING_CHOICE &&
            (*(const int *)at < 0 || *(const int *)at >= count_choices(s->choices)))
            return err_set(err, STATUS_USAGE, "%s is %d, which is none of its choices", s->name,
                           *(const int *)at);
        if ((s->type == SETTING_INTEGER || s->type == SETTING_NUMBER) &&
            check_bounds(s, value, err) != 0)
            return -1;
    }
    return 0;
}
