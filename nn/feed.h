/* Batches for training: a corpus in memory in seeded epochs, or a stream read once.
 *
 * A corpus in memory is seen in a new order each epoch: epoch e is the permutation of item e of
 * the order seed, and batch k takes the next `examples` of the endless row of epochs. So batch k is
 * a function of the corpus, the seed and k alone. Standard input is streamed, in its own order and
 * without epochs, if its header names the vocabulary (##vocab); otherwise it is read to memory. */
#ifndef ESPALIER_FEED_H
#define ESPALIER_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nn/lexicon.h"
#include "nn/batch.h"

struct feed;

/* Open the corpora (any number, joined in order; "-" at most once) and learn the vocabulary: the
 * ##vocab of their headers in order, then words in order of appearance. NULL on error: an
 * unreadable or empty corpus, a sequence longer than max_length tokens, no source column. */
struct feed *feed_open(const char *const *paths, int n_paths, struct vocab *vocab, int max_length,
                       uint64_t seed_order, int examples_per_batch, struct err *err) NODISCARD;

/* Whether it is a stream; examples in memory (0 for a stream); the longest sequence (max_length
 * for a stream), in input tokens. */
bool feed_is_stream(const struct feed *f);
uint64_t feed_examples(const struct feed *f);
int feed_longest(const struct feed *f);

/* Fill *batch with batch number `step`, from 1; its arrays are the feed's and valid until the next
 * call. A stream is asked for consecutive steps. -1 on error: STATUS_DATA when a stream ends early
 * or holds an unknown word. */
int feed_batch(struct feed *f, int64_t step, struct batch *batch, struct err *err) NODISCARD;

/* The hash of all that was read of a stream, to check on resuming that it is the same one; of all
 * that is in memory, when some of it is standard input; 0 for files, which have a hash of their
 * own. feed_skip reads past the batches of steps 1 .. step. */
uint64_t feed_hash(const struct feed *f);
int feed_skip(struct feed *f, int64_t step, struct err *err) NODISCARD;

/* The most tokens a batch can have. */
int64_t feed_most_tokens(const struct feed *f);

void feed_free(struct feed *f);

#endif
