#include "gen/leaks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"

/* AMOUNT as a share of all examples. */
static int read_amount(const char *text, int64_t count, int64_t skip, double *share,
                       struct err *err) {
    int64_t number;
    if (opt_read_count(text, &number) == 0 && number >= 1) {
        if (skip > 0)
            return err_set(err, STATUS_USAGE,
                           "--leak: %s of how many examples? with --skip, give a share", text);
        *share = count > 0 ? (double)number / (double)count : 0;
        return 0;
    }
    if (opt_read_number(text, share) != 0 || *share < 0 || *share >= 1)
        return err_set(err, STATUS_USAGE,
                       "--leak: '%s' is neither a share below 1 nor a whole number of examples",
                       text);
    return 0;
}

/* RULE of RULE=AMOUNT; *amount becomes the other side. */
static int read_rule(const struct leaks *l, char *item, const struct vocab *rules,
                     const char *subject, int *rule, char **amount, struct err *err) {
    char *equals = strchr(item, '=');
    if (!equals)
        return err_set(err, STATUS_USAGE, "--leak: '%s' is not RULE=AMOUNT", item);
    *equals = '\0';
    *amount = equals + 1;
    *rule = vocab_find(rules, item, strlen(item));
    if (*rule < 0) {
        const char *near = msg_nearest(item, rules->words, rules->n);
        return err_set(err, STATUS_USAGE, "--leak: %s has no rule '%s'%s%s%s", subject, item,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->rules[i] == *rule)
            return err_set(err, STATUS_USAGE, "--leak names '%s' twice", item);
    return 0;
}

int leaks_read(struct leaks *l, const char *list, const struct vocab *rules, const char *subject,
               int64_t count, int64_t skip, struct err *err) {
    double rest = 1;
    size_t cap = 0;
    apportion_add(&l->slots, 1);
    for (bool more = list != NULL; more;) {
        size_t len = strcspn(list, ",");
        char *item = mem_strndup(list, len), *amount = item;
        double share = 0;
        l->rules = mem_grow(l->rules, &cap, l->n + 1, sizeof *l->rules);
        int result = read_rule(l, item, rules, subject, &l->rules[l->n], &amount, err);
        if (result == 0)
            result = read_amount(amount, count, skip, &share, err);
        free(item);
        if (result != 0)
            return -1;
        l->n++;
        apportion_add(&l->slots, share);
        rest -= share;
        more = list[len] == ',';
        list += len + more;
    }
    if (rest < -1e-9)
        return err_set(err, STATUS_USAGE, "--leak: more than all examples");
    l->slots.parts[0].share = fmax(rest, 0);
    return 0;
}

int leaks_next(struct leaks *l) {
    return l->n ? (int)apportion_next(&l->slots) - 1 : -1;
}

void leaks_free(struct leaks *l) {
    apportion_free(&l->slots);
    free(l->rules);
}
