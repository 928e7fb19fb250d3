/* The options of tools that may need a temporary file. */
#ifndef ESPALIER_TEMPORARY_H
#define ESPALIER_TEMPORARY_H

#include "gen/shuffle.h"
#include "lib/opt.h"

/* Rows of a tool's option table: int64_t and const char *. */
#define TEMPORARY_OPTIONS(memory, folder)                                                          \
    {OPT_COUNT,                                                                                    \
     0,                                                                                            \
     "memory",                                                                                     \
     &(memory),                                                                                    \
     "bytes",                                                                                      \
     "memory for examples; what does not fit goes through a temporary file, and the result is "    \
     "the same",                                                                                   \
     SHUFFLE_LEAST_MEMORY,                                                                         \
     1e15,                                                                                         \
     .aside = true},                                                                               \
    {                                                                                              \
        OPT_TEXT, 0, "temporary", &(folder), "folder",                                             \
            "folder of the temporary file [$TMPDIR, or that of the output, or /tmp]",              \
            .aside = true                                                                          \
    }

/* The folder, for an output PATH (NULL: standard output): where there is room for the output there
 * is room for the temporary file. The caller frees it. */
char *temporary_folder(const char *asked, const char *output);

#endif
