/* Foreign tables: CSV and TSV files with one header line, read whole.
 *
 * Fields may be quoted with " (RFC 4180) and then hold delimiters and line ends; blanks are kept.
 * A byte-order mark, CRLF line ends, empty lines, and lines that begin with '##' before the header
 * line are passed over. Every row must have as many fields as the header. Our own corpora are not
 * read here (lib/corpus.h). */
#ifndef ESPALIER_TABLE_H
#define ESPALIER_TABLE_H

#include <stddef.h>

#include "lib/mem.h"
#include "lib/msg.h"

struct table;

/* Read PATH ("-": standard input). delimiter: ',' or '\t' or another byte; 0 means TAB if the
 * header line has one, else comma. The caller frees with table_free. NULL on error: STATUS_NOINPUT
 * when it cannot be opened, STATUS_IO when reading fails, STATUS_DATA (with the line) when it is
 * not such a table: no header, uneven rows, a quote out of place, a NUL byte. */
struct table *table_read(const char *path, char delimiter, struct err *err) NODISCARD;

/* The same from bytes in memory, which are copied; NAME is used in messages. */
struct table *table_parse(const char *name, const void *bytes, size_t len, char delimiter,
                          struct err *err) NODISCARD;

/* Append the bytes of a file ("-": standard input) to *content, which the caller frees also on
 * error. -1: STATUS_NOINPUT, STATUS_IO. And the name such a path has in messages. */
int table_load(const char *path, struct buf *content, struct err *err) NODISCARD;
const char *table_path_name(const char *path);

/* NULL is allowed. */
void table_free(struct table *t);

/* The name for messages: the path, or "standard input". */
const char *table_name(const struct table *t);

/* Numbers of data rows and of columns; rows and columns count from 0. */
size_t table_rows(const struct table *t);
size_t table_columns(const struct table *t);

/* The header of a column, a cell, and the number (from 1) of the line where a row begins. Strings
 * are NUL-terminated and live as long as the table. */
const char *table_header(const struct table *t, size_t column);
const char *table_cell(const struct table *t, size_t row, size_t column);
size_t table_line(const struct table *t, size_t row);

/* The first column of that name, or -1. */
ptrdiff_t table_column(const struct table *t, const char *name);

/* The only column of that name into *column. -1 when there is none (the nearest name is suggested)
 * or more than one: STATUS_DATA. */
int table_need_column(const struct table *t, const char *name, size_t *column,
                      struct err *err) NODISCARD;

/* A cell as a number into *value: decimal notation, inf, -inf; a missing value (empty, blank, NaN,
 * NA, any case) is NaN. -1 when it is anything else: STATUS_DATA. */
int table_number(const struct table *t, size_t row, size_t column, double *value,
                 struct err *err) NODISCARD;

/* The numbers of a whole column, table_rows() of them, missing values as NaN; the caller frees.
 * NULL on error, as table_number. */
double *table_numbers(const struct table *t, size_t column, struct err *err) NODISCARD;

/* Append one field to a line being built, quoted only if reading it back needs it. Delimiters and
 * the line end are the caller's. */
void table_put_field(struct buf *line, const char *field, char delimiter);

#endif
