/* The parts of the reader of zio.h: the input, which turns bytes into chunks of whole lines, and
 * reading ahead, which fills the chunks on a thread of its own. */
#ifndef ESPALIER_ZIO_PRIVATE_H
#define ESPALIER_ZIO_PRIVATE_H

#include "lib/mem.h"
#include "lib/zio.h"

/* What follows the lines of a chunk. */
enum zio_after {
    ZIO_MORE,        /* perhaps more lines */
    ZIO_END,         /* the clean end */
    ZIO_STOPPED,     /* reading was called off */
    ZIO_INTERRUPTED, /* by the descriptor of zio_interrupt_by */
    ZIO_TOO_LONG,    /* a line over ZIO_LINE_MAX */
    ZIO_STUB,        /* the whole input is the beginning of a frame's first bytes */
    ZIO_BROKEN,      /* damage, told by `failure` */
    ZIO_UNREAD,      /* the system cannot read on, told by `failure` */
};

/* Lines with their LF; only the last line of the input may lack it. There is room for one byte
 * behind the text. */
struct zio_chunk {
    struct buf text;
    bool clean; /* UTF-8 without NUL */
    enum zio_after after;
    char failure[160];
};

struct zio_input;

/* The bytes of a descriptor, which stays the caller's. */
struct zio_input *zio_input_new(int fd);
void zio_input_free(struct zio_input *in);

/* Free what only further filling would need; what is known of the input stays. */
void zio_input_let_go(struct zio_input *in);

/* While it waits for bytes, also watch this descriptor (-1: none) and stop when it can be read. */
void zio_input_watch(struct zio_input *in, int fd);

/* Fill a chunk: with the lines at hand as soon as there is one, and not many more than a fixed
 * number of bytes. It has at least one line or something other than ZIO_MORE after it. */
void zio_input_fill(struct zio_input *in, struct zio_chunk *chunk);

/* Of what was read so far: whether it is compressed, and how many bytes it were. */
bool zio_input_is_compressed(const struct zio_input *in);
uint64_t zio_input_bytes(const struct zio_input *in);

struct zio_ahead;

/* Start to fill chunks on a thread. NULL when the system refuses one: read without. The input must
 * outlive it. */
struct zio_ahead *zio_ahead_new(struct zio_input *in);

/* The next chunk, valid until the next call; waits for it. After a chunk that is not followed by
 * ZIO_MORE there is none. */
struct zio_chunk *zio_ahead_next(struct zio_ahead *a);

/* Whether zio_ahead_next would not wait. */
bool zio_ahead_ready(struct zio_ahead *a);

/* Call the thread off, also while it waits for a slow pipe. NULL is allowed. */
void zio_ahead_free(struct zio_ahead *a);

#endif
