/* Lines of text inside concatenated zstd frames, or plain: the lowest level of every stream.
 *
 * Reading: the first bytes tell whether the input is zstd or plain text. A compressed stream must
 * end at the end of a frame; one that ends inside a frame, fails its checksum or goes on with bytes
 * that start no frame is an error. Skippable frames are passed over. Lines end with LF; a last line
 * without LF counts; CR before LF is dropped. A NUL byte, bytes that are no UTF-8 and a line over
 * ZIO_LINE_MAX are errors. Every line is returned as soon as it has arrived, and before any error
 * that comes after it. A long input is read and decompressed ahead on a thread of its own; the
 * lines and the errors are the same.
 *
 * Writing: whole lines are gathered to about 1 MiB a frame; every frame carries its content size
 * and a checksum and can be decompressed alone. Frames are compressed on threads of their own; the
 * bytes depend on the lines alone. Plain text is written unframed. */
#ifndef ESPALIER_ZIO_H
#define ESPALIER_ZIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "lib/outfile.h"

#define ZIO_LINE_MAX ((size_t)1 << 24)

struct zio_reader;

/* Open PATH ("-": standard input). NULL on error: STATUS_NOINPUT. */
struct zio_reader *zio_open(const char *path, struct err *err) NODISCARD;

/* The next line, NUL-terminated, without its end; valid, and the caller's to change, until the next
 * call. 1: a line; 0: clean end; -1: error (STATUS_DATA, STATUS_IO). */
int zio_getline(struct zio_reader *z, char **line, size_t *len, struct err *err) NODISCARD;

/* Whether the next zio_getline returns without waiting for the input to go on. */
bool zio_ready(struct zio_reader *z);

/* The name for messages ("standard input" for "-"), the number of the last line returned
 * (from 1), whether the input is compressed. */
const char *zio_name(const struct zio_reader *z);
uint64_t zio_line(const struct zio_reader *z);
bool zio_is_compressed(const struct zio_reader *z);

void zio_close(struct zio_reader *z);

/* From now on every reader also watches this descriptor (-1, as at first: none). While it can be
 * read, a reader that would ask the system for more bytes stops instead, with STATUS_AGAIN, and is
 * then only to be closed: so that a signal reaches a tool that waits for a slow pipe. Set it before
 * readers are opened. */
void zio_interrupt_by(int fd);

struct zio_writer;

/* Write lines to an open outfile, which the writer then owns. `level` is zstd's (1 is
 * fast, 3 its default); 0 writes plain text. */
struct zio_writer *zio_write_to(struct outfile *f, int level);

/* Append a line; the LF is added. The text must hold no LF. -1: a line over ZIO_LINE_MAX
 * (STATUS_DATA), STATUS_IO. */
int zio_putline(struct zio_writer *z, const char *line, size_t len, struct err *err) NODISCARD;

/* Append text that consists of whole lines, each with its LF: the bytes written are those of
 * zio_putline for each. */
int zio_putlines(struct zio_writer *z, const char *text, size_t len, struct err *err) NODISCARD;

/* Plain text: write the lines put so far. zstd: nothing, since frames depend on the lines alone. */
int zio_flush(struct zio_writer *z, struct err *err) NODISCARD;

/* Flush, and commit the outfile: zio_finish. Throw everything away: zio_discard. Both free z. */
int zio_finish(struct zio_writer *z, struct err *err) NODISCARD;
void zio_discard(struct zio_writer *z);

#endif
