/* Which columns a tool writes, and in what order (--columns). */
#ifndef ESPALIER_COLUMNS_H
#define ESPALIER_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/corpus.h"

struct columns {
    size_t n;
    int *which; /* indices into the names the tool can write */
    const char *const *names;
};

/* Read a comma-separated list of the names a tool can write; they must outlive *c. An unknown name
 * (with the nearest one), a name twice or an empty list ends the tool (STATUS_USAGE). */
void columns_read(struct columns *c, const char *list, const char *const *names, size_t n_names);

/* A list with each `word` replaced by other names; the caller frees it. */
char *columns_expand(const char *list, const char *word, const char *names);

/* Whether a column is written. */
bool columns_have(const struct columns *c, int which);

/* Write the line that names the columns. */
int columns_put(const struct columns *c, struct corpus_writer *out, struct err *err) NODISCARD;

void columns_free(struct columns *c);

#endif
