/* Batches for training: corpora in memory in seeded epochs, or a stream read once.
 *
 * A corpus in memory is seen in a new order each epoch: epoch e is the permutation of item e of the
 * order seed, and batches take what comes next in the endless row of epochs. So batch k is a
 * function of the corpora, the request and k alone, and any batch can be asked for. Standard input
 * is streamed, in its own order and without epochs, if the vocabulary is known (a ##vocab header,
 * or request.vocabulary) and no classes are to be learned; otherwise it is read to memory.
 *
 * A batch is one optimiser step's; a model that accumulates gradients cuts it itself.
 * Memory: 4 bytes a token, 20 bytes an example and 4 or 8 a number of a vector. */
#ifndef ESPALIER_FEED_H
#define ESPALIER_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/feed_row.h"

struct feed;

/* A curriculum: from step `first` on these corpora, in epochs of their own. */
struct feed_phase {
    int64_t first;
    const char *const *paths;
    int n_paths;
};

enum batch_by {
    BATCH_EXAMPLES, /* `batch` examples; with pack, `batch` sequences */
    BATCH_TOKENS,   /* whole examples in order while their rows, of memory too, come to at most
                       `batch` */
    BATCH_ALL,      /* all examples in the order of the corpora, at every step */
};

struct feed_request {
    const char *const *paths; /* any number, joined in order; "-" at most once */
    int n_paths;
    const struct feed_phase *phases; /* in rising order of their first steps, which are above 1 */
    int n_phases;
    struct layout layout; /* identities are set by feed_open */
    struct columns columns;
    const char *vocabulary;      /* a file of words that the corpora are held to; or NULL */
    bool closed;                 /* the vocabulary has its words already, and gets no others */
    const struct vocab *classes; /* those there are, in order of their numbers; NULL: those of the
                                    corpora, in order of appearance */
    const char *mask_words; /* the cloze: words joined by commas, or a ##class of the first corpus;
                               or NULL */
    int max_length;         /* rows of a sequence, of memory too; 0: no bound */
    bool same_length;       /* every example must have the same number of rows */
    uint64_t seed_order;
    enum batch_by by;
    int64_t batch;
    /* Examples, with their marks, end to end in sequences of so many rows (GPT; OBJECTIVE_ALL or
     * OBJECTIVE_TARGET of a decoder). Attention crosses the borders, the <bos> of a next example is
     * read but not predicted, and what a batch does not use the next one begins with. 0: not. */
    int64_t pack;
    /* Cut an example, with its marks, into sequences of at most so many rows, each `stride` rows
     * (0: window) after the last, until its end is predicted (OBJECTIVE_ALL of a decoder). Every
     * window is an example, of which all rows count. 0: not. */
    int64_t window, stride;
    /* Streams: give a uniformly drawn one of the next so many examples (item k of RNG_BUFFER of the
     * order seed), so none comes earlier than so many places, less one, before its own. 0: in their
     * order. */
    int64_t shuffle_buffer;
};

/* Open the corpora and learn the vocabulary, which is empty unless it is closed: the marks; then
 * the words of request.vocabulary, and no others; or else the ##vocab of the headers in order, then
 * words in order of appearance in the corpora that have none, those of all phases. The request need
 * not outlive the call, but the strings in it and the vocabulary must. NULL on error: a request
 * that contradicts itself (STATUS_USAGE); what row_read says; an unreadable or empty corpus; a
 * sequence that a batch of so many tokens cannot hold. */
struct feed *feed_open(const struct feed_request *request, struct vocab *vocab,
                       struct err *err) NODISCARD;

/* What a model must be built for. */
struct feed_facts {
    bool stream;
    uint64_t examples; /* in memory, of all phases; 0 for a stream */
    size_t vocabulary, classes;
    int features, outputs;       /* numbers of an example's vectors: what is read, is predicted */
    int longest, longest_memory; /* rows of a sequence (max_length for a stream) */
    int tokens;                  /* rows of an example where all have as many (same_length was
                                    asked); 0: none, -1: not known to be constant */
    int64_t most_tokens, most_memory, most_sequences; /* of a batch */
};
struct feed_facts feed_facts(const struct feed *f);

/* What the largest batch of the first epoch has; of a stream, the largest that there can be. */
struct feed_sizes {
    int64_t tokens, memory, sequences;
};
struct feed_sizes feed_largest_batch(struct feed *f);

/* Bytes of memory that the corpora take. */
size_t feed_bytes(const struct feed *f);

/* The layout with its identities; the classes in order of their numbers. The feed's. */
const struct layout *feed_layout(const struct feed *f);
const struct vocab *feed_classes(const struct feed *f);

/* What tells the corpora apart that were read to memory: one digest for each path of the request in
 * order, those of the phases behind; of standard input zeros. The feed's. */
const struct corpus_digest *feed_digests(const struct feed *f);

/* Parts of feed_facts. */
bool feed_is_stream(const struct feed *f);
uint64_t feed_examples(const struct feed *f);
int feed_longest(const struct feed *f);
int64_t feed_most_tokens(const struct feed *f);

/* Fill *batch with batch number `step`, from 1; its arrays are the feed's and valid until the next
 * call. A stream is asked for consecutive steps. -1 on error: STATUS_DATA when a stream ends early
 * or holds a row that row_read refuses, or a batch has over PACKED_MOST tokens. */
int feed_batch(struct feed *f, int64_t step, struct batch *batch, struct err *err) NODISCARD;

/* The hash of all that was read of a stream, to check on resuming that it is the same one; of all
 * that is in memory, when some of it is standard input; 0 for files, which have a hash of their
 * own. feed_skip goes past the batches of steps 1 .. step: a stream is read, memory is not. */
uint64_t feed_hash(const struct feed *f);
int feed_skip(struct feed *f, int64_t step, struct err *err) NODISCARD;

void feed_free(struct feed *f);

#endif
