/* What the files of the feed share: feed.c opens the corpora, feed_order.c finds the examples of a
 * batch in memory, feed_stream.c takes them from a stream. */
#ifndef ESPALIER_FEED_PRIVATE_H
#define ESPALIER_FEED_PRIVATE_H

#include "nn/feed.h"
#include "nn/packed.h"

/* One phase in memory. */
struct phase {
    int64_t first;   /* its first step */
    uint64_t number; /* above the bits of an epoch or a place: phases draw apart */
    struct example_store store;
    uint32_t *order;
    uint64_t epoch;  /* of `order`; UINT64_MAX: none yet */
    size_t *ends;    /* pack: tokens, marks included, of the examples of `order` up to each */
    size_t tokens;   /* pack: of an epoch */
    int64_t batches; /* by tokens: so many batches end at `place` */
    uint64_t place;
};

struct slot {
    struct example_store store; /* one example */
};

struct stream {
    struct corpus_reader *corpus;
    struct row_reader row;
    struct example_store waiting; /* windows of the row read last; given from `next` on */
    size_t next;
    struct slot *buffer, given;
    size_t n_buffer, cap_buffer;
    bool ended, unread; /* unread: `given` is to be given again */
    uint64_t shown;
    int64_t next_step;
    struct hash_stream *hash;
    struct tokens carried_input, carried_target; /* pack: not yet in a batch */
};

struct feed {
    struct feed_request request; /* strings borrowed; paths and phases not to be used */
    struct row_format format;
    struct layout layout;
    struct columns columns;
    struct vocab classes, cloze;
    uint8_t *cloze_set;
    struct phase *phases; /* the first of a stream is empty */
    size_t n_phases;
    struct corpus_digest *digests; /* [path] */
    struct stream *stream;
    int64_t longest, longest_memory, most_tokens, most_memory, most_sequences;
    uint64_t content; /* hash of the tokens in memory when some are of standard input; else 0 */
    struct packed packed;
    struct tokens input, target; /* pack: rows that are being cut */
    size_t fixed_phase;          /* BATCH_ALL: 1 + the phase that `packed` holds */
};

/* Read one row: append its example, or its windows, to *s. */
int feed_read(struct feed *f, struct row_reader *r, char **fields, struct example_store *s,
              struct err *err);

/* Add example i of *s, drawing by item; -1: the batch is too large. */
int feed_add(struct feed *f, const struct example_store *s, size_t i, uint64_t item,
             struct err *err);

/* Append the tokens of an example with its marks to *input and, to *target, each again where it
 * counts when it is predicted, else -1. */
void feed_put_marked(const struct feed *f, const struct example_store *s, size_t i,
                     struct tokens *input, struct tokens *target);

/* Cut the first rows of f->input into `batch` sequences of `pack` rows, each predicting the token
 * after it. */
void feed_cut(struct feed *f, const int32_t *input, const int32_t *target);

/* Rows of an example, of ROWS_MEMORY too. */
size_t feed_rows(const struct feed *f, const struct example_store *s, size_t i);

/* Hash an example as it stands in memory, with its marks. */
void feed_hash_example(const struct feed *f, const struct example_store *s, size_t i,
                       struct hash_stream *h);

/* The batch that is the step-th, from 0, of a phase; the phase's numbers once it is loaded. */
int phase_batch(struct feed *f, struct phase *p, int64_t step, struct err *err);
void phase_prepare(struct feed *f, struct phase *p);

/* The largest of the batches of examples that lie in the first epoch of a phase. */
struct feed_sizes phase_largest_batch(struct feed *f, struct phase *p);

/* The next batch of the stream; past it without making it. */
int stream_batch(struct feed *f, bool skip, struct err *err);
void stream_free(struct stream *s);

#endif
