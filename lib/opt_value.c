#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt_private.h"

int opt_read_number(const char *text, double *value) {
    char *end;
    if (!*text || strspn(text, " \t\n\v\f\r") > 0)
        return -1;
    errno = 0;
    double x = strtod(text, &end);
    if (*end || end == text || !isfinite(x) || strpbrk(text, "xXpP"))
        return -1;
    *value = x;
    return 0;
}

int opt_read_count(const char *text, int64_t *value) {
    size_t len = strlen(text);
    double scale = 1;
    if (len && strchr("kMG", text[len - 1])) {
        scale = text[len - 1] == 'k' ? 1e3 : text[len - 1] == 'M' ? 1e6 : 1e9;
        len--;
    }
    char digits[32];
    if (!len || len >= sizeof digits || strspn(text, "+-0123456789.") < len)
        return -1;
    memcpy(digits, text, len);
    digits[len] = '\0';
    double x;
    if (opt_read_number(digits, &x) != 0)
        return -1;
    x *= scale;
    /* From 2^53 on a double no longer tells neighbouring counts apart. */
    if (fabs(x) >= 0x1p53 || fabs(x - nearbyint(x)) > 1e-6)
        return -1;
    *value = (int64_t)nearbyint(x);
    return 0;
}

static int read_seed(const char *text, uint64_t *value) {
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return -1;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno ? -1 : 0;
}

/* The fewest digits, from 9 on, that read back as the same number. */
static void put_number(struct buf *b, double x) {
    char text[40];
    for (int digits = 9; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    buf_puts(b, text);
}

char *opt_value_text(const struct opt *o) {
    struct buf b = {0};
    buf_puts(&b, "");
    switch (o->type) {
    case OPT_FLAG:
        buf_puts(&b, *(bool *)o->value ? "yes" : "no");
        break;
    case OPT_COUNT:
        buf_printf(&b, "%" PRId64, *(int64_t *)o->value);
        break;
    case OPT_SEED:
        buf_printf(&b, "%" PRIu64, *(uint64_t *)o->value);
        break;
    case OPT_NUMBER:
        put_number(&b, *(double *)o->value);
        break;
    case OPT_TEXT:
    case OPT_CHOICE:
        if (*(const char **)o->value)
            buf_puts(&b, *(const char **)o->value);
        break;
    case OPT_LIST: {
        const struct opt_list *list = o->value;
        for (size_t i = 0; i < list->n; i++)
            buf_printf(&b, "%s%s", i ? " " : "", list->items[i]);
        break;
    }
    case OPT_END:
    case OPT_GROUP:
        break;
    }
    return b.data;
}

void opt_put_quoted(struct buf *b, const char *word) {
    if (*word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-+=.,:/@%") == strlen(word)) {
        buf_puts(b, word);
        return;
    }
    buf_putc(b, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_puts(b, "'\\''");
        else
            buf_putc(b, *word);
    }
    buf_putc(b, '\'');
}

void opt_put_name(struct buf *b, const struct opt *o) {
    if (o->type != OPT_FLAG || *(bool *)o->value)
        buf_printf(b, "--%s", o->name);
    else if (strncmp(o->name, "no-", 3) == 0)
        buf_printf(b, "--%s", o->name + 3);
    else
        buf_printf(b, "--no-%s", o->name);
}

static int check_bounds(const struct opt *o, double x, const char *text, struct err *err) {
    if (o->least == o->most || (x >= o->least && x <= o->most))
        return 0;
    if (isinf(o->most))
        return err_set(err, STATUS_USAGE, "--%s is %s; it must be at least %.15g", o->name, text,
                       o->least);
    return err_set(err, STATUS_USAGE, "--%s is %s; it must be from %.15g to %.15g", o->name, text,
                   o->least, o->most);
}

static int read_choice(const struct opt *o, const char *text, const char **choice,
                       struct err *err) {
    size_t n = 0;
    for (; o->choices[n]; n++) {
        if (strcmp(o->choices[n], text) == 0) {
            *choice = o->choices[n];
            return 0;
        }
    }
    struct buf all = {0};
    for (size_t i = 0; i < n; i++)
        buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", o->choices[i]);
    err_set(err, STATUS_USAGE, "--%s is '%s'; it must be %s", o->name, text, all.data);
    buf_free(&all);
    return -1;
}

/* The value that the text stands for, checked; `text` itself for a list. */
static int read_value(const struct opt *o, const char *text, union opt_value *v, struct err *err) {
    switch (o->type) {
    case OPT_COUNT:
        if (opt_read_count(text, &v->count) != 0)
            return err_set(err, STATUS_USAGE,
                           "--%s takes a whole number such as 500, 20k or 1M, not '%s'", o->name,
                           text);
        return check_bounds(o, (double)v->count, text, err);
    case OPT_SEED:
        if (read_seed(text, &v->seed) != 0)
            return err_set(err, STATUS_USAGE,
                           "--%s takes a whole number from 0 to 18446744073709551615, not '%s'",
                           o->name, text);
        return 0;
    case OPT_NUMBER:
        if (opt_read_number(text, &v->number) != 0)
            return err_set(err, STATUS_USAGE, "--%s takes a number, not '%s'", o->name, text);
        return check_bounds(o, v->number, text, err);
    case OPT_CHOICE:
        return read_choice(o, text, &v->text, err);
    case OPT_FLAG:
        v->flag = true;
        return 0;
    case OPT_TEXT:
    case OPT_LIST:
        v->text = text;
        return 0;
    case OPT_END:
    case OPT_GROUP:
        break;
    }
    return 0;
}

void opt_put_value(struct opt *o, union opt_value v) {
    switch (o->type) {
    case OPT_FLAG:
        *(bool *)o->value = v.flag;
        break;
    case OPT_COUNT:
        *(int64_t *)o->value = v.count;
        break;
    case OPT_SEED:
        *(uint64_t *)o->value = v.seed;
        break;
    case OPT_NUMBER:
        *(double *)o->value = v.number;
        break;
    case OPT_TEXT:
    case OPT_CHOICE:
        *(const char **)o->value = v.text;
        break;
    case OPT_LIST: {
        struct opt_list *list = o->value;
        list->items = mem_grow(list->items, &list->cap, list->n + 1, sizeof *list->items);
        list->items[list->n++] = v.text;
        break;
    }
    case OPT_END:
    case OPT_GROUP:
        break;
    }
}

union opt_value opt_current_value(const struct opt *o) {
    union opt_value v = {0};
    switch (o->type) {
    case OPT_FLAG:
        v.flag = *(bool *)o->value;
        break;
    case OPT_COUNT:
        v.count = *(int64_t *)o->value;
        break;
    case OPT_SEED:
        v.seed = *(uint64_t *)o->value;
        break;
    case OPT_NUMBER:
        v.number = *(double *)o->value;
        break;
    case OPT_TEXT:
    case OPT_CHOICE:
        v.text = *(const char **)o->value;
        break;
    case OPT_LIST:
        v.items = ((struct opt_list *)o->value)->n;
        break;
    case OPT_END:
    case OPT_GROUP:
        break;
    }
    return v;
}

int opt_set_value(struct opt *o, const char *text, enum opt_source source, struct err *err) {
    union opt_value v = {0};
    if (o->source == source && o->type != OPT_LIST && o->type != OPT_FLAG)
        return err_set(err, STATUS_USAGE, "--%s is given twice", o->name);
    if (read_value(o, text, &v, err) != 0)
        return -1;
    if (o->source != OPT_DEFAULT && o->source != source)
        return 0;
    opt_put_value(o, v);
    o->given = true;
    o->source = source;
    return 0;
}

void opt_set_flag(struct opt *o, bool on, enum opt_source source) {
    if (o->source != OPT_DEFAULT && o->source != source)
        return;
    *(bool *)o->value = on;
    o->given = true;
    o->source = source;
}
