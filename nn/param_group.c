#include "nn/param_group.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"
#include "nn/init.h"

static int read_number(const char *text, const char *key, double *value, struct err *err) {
    if (opt_read_number(text, value) != 0 || *value < 0)
        return err_set(err, STATUS_USAGE, "%s is '%s'; it must be a number from 0", key, text);
    return 0;
}

static int read_key(const char *key, const char *value, struct param_group *g, struct err *err) {
    static const char *const keys[] = {"rate", "decay", "init", "scale"};
    if (strcmp(key, "rate") == 0) {
        g->has_rate = true;
        return read_number(value, key, &g->rate, err);
    }
    if (strcmp(key, "decay") == 0) {
        g->has_decay = true;
        return read_number(value, key, &g->decay, err);
    }
    if (strcmp(key, "scale") == 0) {
        g->has_scale = true;
        return read_number(value, key, &g->scale, err);
    }
    if (strcmp(key, "init") == 0) {
        int n = 0;
        while (init_scheme_names[n] && strcmp(init_scheme_names[n], value) != 0)
            n++;
        if (!init_scheme_names[n]) {
            const char *near = msg_nearest(value, init_scheme_names, (size_t)n);
            return err_set(err, STATUS_USAGE, "there is no scheme '%s'%s%s%s", value,
                           near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        }
        g->has_init = true;
        g->init = n;
        return 0;
    }
    const char *near = msg_nearest(key, keys, sizeof keys / sizeof *keys);
    return err_set(err, STATUS_USAGE, "there is no key '%s'%s%s%s", key,
                   near ? "; did you mean " : " (rate, decay, init, scale)", near ? near : "",
                   near ? "?" : "");
}

int param_group_read(const char *text, struct param_group *g, struct err *err) {
    *g = (struct param_group){.rate = 1, .scale = 1};
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (!length || !colon[1])
        return err_set(err, STATUS_USAGE,
                       "--group '%s': write PATTERN:KEY=VALUE, as in '*.bias:decay=0'", text);
    if (length >= sizeof g->pattern)
        return err_set(err, STATUS_USAGE, "--group '%s': the pattern is too long", text);
    memcpy(g->pattern, text, length);
    g->pattern[length] = '\0';
    if (*g->pattern == '@') {
        int role = 0;
        while (role < ROLES && strcmp(param_role_name((enum param_role)role), g->pattern + 1) != 0)
            role++;
        if (role == ROLES)
            return err_set(err, STATUS_USAGE,
                           "--group '%s': there is no role '%s' (matrix, input, embedding, "
                           "position, readout, bias, gain, vector)",
                           text, g->pattern + 1);
    }
    char *pairs = mem_strdup(colon + 1), *rest = pairs;
    int result = 0;
    while (result == 0 && rest) {
        char *pair = rest, *comma = strchr(rest, ','), *equals;
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        if (!(equals = strchr(pair, '='))) {
            result = err_set(err, STATUS_USAGE, "'%s' is no KEY=VALUE", pair);
            break;
        }
        *equals = '\0';
        result = read_key(pair, equals + 1, g, err);
    }
    free(pairs);
    return result == 0 ? 0 : err_prefix(err, "--group '%s'", text);
}

bool param_group_matches(const char *pattern, const struct param *tensor) {
    if (*pattern == '@')
        return strcmp(pattern + 1, param_role_name(tensor->role)) == 0;
    return fnmatch(pattern, tensor->name, 0) == 0;
}

int param_group_check(const char *pattern, const struct params *p, struct err *err) {
    struct buf names = {0};
    buf_puts(&names, "");
    for (size_t i = 0; i < p->tensors; i++) {
        if (param_group_matches(pattern, &p->table[i])) {
            buf_free(&names);
            return 0;
        }
        if (i < 12)
            buf_printf(&names, "%s%s", i ? ", " : "", p->table[i].name);
    }
    err_set(err, STATUS_USAGE, "no tensor matches '%s' (%s%s)", pattern, names.data,
            p->tensors > 12 ? ", ..." : "");
    buf_free(&names);
    return -1;
}
