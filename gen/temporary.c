#include "gen/temporary.h"

#include <stdlib.h>
#include <string.h>

char *temporary_folder(const char *asked, const char *output) {
    const char *variable = getenv("TMPDIR");
    if (asked || (variable && *variable))
        return mem_strdup(asked ? asked : variable);
    const char *slash = output ? strrchr(output, '/') : NULL;
    if (slash)
        return mem_strndup(output, slash == output ? 1 : (size_t)(slash - output));
    return mem_strdup(output && strcmp(output, "-") != 0 ? "." : "/tmp");
}
