#include "gen/tasks.h"

#include <string.h>

int tasks_choose(const char *word, const char *const *names) {
    struct buf all = {0};
    size_t n = 0;
    for (; names[n]; n++) {
        if (strcmp(names[n], word) == 0) {
            buf_free(&all);
            return (int)n;
        }
        buf_printf(&all, "%s%s", n ? ", " : "", names[n]);
    }
    const char *near = msg_nearest(word, names, n);
    msg_die(STATUS_USAGE, "no task '%s'%s%s%s (%s)", word, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "", all.data);
}

void tasks_refuse(const struct opt_tool *tool, const char *owner, const char *const *options) {
    for (; *options; options++)
        if (opt_find(tool, *options)->given)
            msg_die(STATUS_USAGE, "--%s is an option of '%s'", *options, owner);
}
