#include "gen/inputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/msg.h"

void inputs_add(struct inputs *in, const char *path) {
    in->paths = mem_grow(in->paths, &in->cap, in->n + 1, sizeof *in->paths);
    in->paths[in->n++] = path;
}

void inputs_check(const struct inputs *in) {
    int standard = 0;
    for (size_t i = 0; i < in->n; i++) {
        const char *path = in->paths[i];
        struct stat st;
        if (strcmp(path, "-") == 0)
            standard++;
        else if (stat(path, &st) != 0 || access(path, R_OK) != 0)
            msg_die(STATUS_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
        else if (S_ISDIR(st.st_mode))
            msg_die(STATUS_NOINPUT, "%s: is a folder, not a file", path);
    }
    if (standard > 1)
        msg_die(STATUS_USAGE, "standard input (-) is named %d times; it can be read once",
                standard);
}

void inputs_free(struct inputs *in) {
    free(in->paths);
    *in = (struct inputs){0};
}
