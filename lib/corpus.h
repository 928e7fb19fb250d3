/* The corpus stream: examples as tab-separated lines with a header (man/espalier-corpus.5).
 *
 *     ##espalier 1            magic and version; without it the text is headerless
 *     ##key<TAB>value         provenance and what is known of the corpus
 *     #source<TAB>target      the names of the columns
 *     ...                     examples
 *     ##end<TAB>n=100000      the trailer
 *
 * Headerless text (published data) has the columns source and, if its first line holds a TAB,
 * target; or those of its first line, if that begins with a field "source" or "#source". Its blank
 * lines are passed over. Streams may be concatenated; every section must have the
 * same columns. A compressed stream whose header promises a trailer must have it, with the right
 * count; plain text is taken as it comes. */
#ifndef ESPALIER_CORPUS_H
#define ESPALIER_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

struct corpus_reader;

/* Open PATH ("-": standard input) and read its header. NULL on error: STATUS_NOINPUT,
 * STATUS_DATA. */
struct corpus_reader *corpus_open(const char *path, struct err *err) NODISCARD;

/* The next example: its fields in the order of the columns, NUL-terminated, valid until the next
 * call. 1: an example; 0: the end; -1: error. */
int corpus_next(struct corpus_reader *c, char ***fields, struct err *err) NODISCARD;

/* The next example as it stands: one text without its end, TABs and all, with the right number of
 * fields; valid until the next call. Results as of corpus_next. */
int corpus_next_row(struct corpus_reader *c, const char **row, size_t *len,
                    struct err *err) NODISCARD;

/* A field of the row that corpus_next_row returned last: a part of it, so without NUL behind. */
const char *corpus_field(const struct corpus_reader *c, size_t column, size_t *len);

/* Whether the next example, the end or an error is there without waiting for the input. */
bool corpus_ready(struct corpus_reader *c);

/* Column names in order; the index of a column, or -1. */
const char *const *corpus_columns(const struct corpus_reader *c, size_t *n);
int corpus_column(const struct corpus_reader *c, const char *name);

/* The same into *column; -1 when there is none: STATUS_DATA, with the nearest name. */
int corpus_need_column(const struct corpus_reader *c, const char *name, size_t *column,
                       struct err *err) NODISCARD;

/* The value of the k-th (from 0) header line with this key among the sections read so far, or
 * NULL. Valid until corpus_close. */
const char *corpus_header(const struct corpus_reader *c, const char *key, size_t k);

/* The i-th header line of the sections read so far; false when there are no more. */
bool corpus_header_line(const struct corpus_reader *c, size_t i, const char **key,
                        const char **value);

/* The number of sections begun so far (headerless text is one), and which header lines are of
 * section s: from *first on, *n of them. */
size_t corpus_sections(const struct corpus_reader *c);
void corpus_section(const struct corpus_reader *c, size_t s, size_t *first, size_t *n);

/* The name for messages and the number of the current line. */
const char *corpus_name(const struct corpus_reader *c);
uint64_t corpus_line(const struct corpus_reader *c);

void corpus_close(struct corpus_reader *c);

/* What tells a corpus from others: the hash of what it says, and its number of examples: of all its
 * rows, its columns, and the header lines that say how to read them (##vocab, ##class, ##rules,
 * ##tags), so that neither compression nor provenance nor what else is known of it changes the
 * hash. */
struct corpus_digest {
    uint64_t hash, examples;
};

/* The digest of a corpus, which is not checked. -1: STATUS_NOINPUT, STATUS_DATA, STATUS_IO. */
int corpus_hash(const char *path, struct corpus_digest *digest, struct err *err) NODISCARD;

/* The same of a corpus that is read anyway: open it so, which costs its reader little, and ask
 * once, at any time: what was not read yet is then passed over unchecked, and no example follows.
 */
struct corpus_reader *corpus_open_digesting(const char *path, struct err *err) NODISCARD;
int corpus_end_digest(struct corpus_reader *c, struct corpus_digest *digest,
                      struct err *err) NODISCARD;

struct corpus_writer;

enum corpus_form {
    CORPUS_AUTO, /* plain text on a terminal, zstd elsewhere */
    CORPUS_TEXT,
    CORPUS_ZSTD,
};

/* Begin a stream on PATH ("-" or NULL: standard output) with its magic line. NULL on error. */
struct corpus_writer *corpus_create(const char *path, enum corpus_form form,
                                    struct err *err) NODISCARD;

/* Header lines, then the columns, then rows: in this order. A key, name or value that holds a TAB
 * (values may) or LF, and a first field that opens with '#', are errors (STATUS_DATA). */
int corpus_put_header(struct corpus_writer *c, const char *key, const char *value,
                      struct err *err) NODISCARD;
int corpus_put_columns(struct corpus_writer *c, const char *const *names, size_t n,
                       struct err *err) NODISCARD;
int corpus_put_row(struct corpus_writer *c, const char *const *fields, struct err *err) NODISCARD;

/* Append a row that stands ready as text without its end. The caller answers for its number of
 * fields; one that opens with '#' is an error. */
int corpus_put_line(struct corpus_writer *c, const char *row, size_t len,
                    struct err *err) NODISCARD;

/* Append rows that stand ready as text: n whole lines, each with its LF. The caller answers for
 * them: one field a column, no row that opens with '#'. */
int corpus_put_rows(struct corpus_writer *c, const char *text, size_t len, uint64_t n,
                    struct err *err) NODISCARD;

/* End this section and begin another with its magic line: header lines follow, then the columns,
 * which must be the same. */
int corpus_put_section(struct corpus_writer *c, struct err *err) NODISCARD;

/* Plain text: write what was put so far, for a person who waits. zstd: nothing, for the bytes
 * depend on the rows alone. */
int corpus_flush(struct corpus_writer *c, struct err *err) NODISCARD;

/* Write the trailer and commit the file; or leave no file. Both free c. */
int corpus_finish(struct corpus_writer *c, struct err *err) NODISCARD;
void corpus_discard(struct corpus_writer *c);

#endif
