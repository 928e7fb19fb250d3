#include "nn/feed.h"

#include <stdlib.h>
#include <string.h>

#include "lib/corpus.h"
#include "lib/hash.h"
#include "lib/rng.h"

struct feed {
    struct vocab *vocab;
    int max_length, examples;
    uint64_t seed;
    /* in memory: sequence i is tokens begin[i] .. begin[i + 1] - 1, marks included */
    struct tokens tokens;
    size_t *begin, n, cap_begin;
    uint32_t *order;
    uint64_t epoch; /* of `order`; UINT64_MAX: none yet */
    int longest;
    /* a stream */
    struct corpus_reader *stream;
    int source_column, target_column;
    int64_t next_step;
    struct hash_stream *hash;
    uint64_t content; /* hash of the tokens in memory when some are of standard input; else 0 */
    /* the batch */
    struct tokens input, target;
    int *offset;
};

bool feed_is_stream(const struct feed *f) {
    return f->stream != NULL;
}

uint64_t feed_examples(const struct feed *f) {
    return f->n;
}

int feed_longest(const struct feed *f) {
    return f->stream ? f->max_length : f->longest;
}

int64_t feed_most_tokens(const struct feed *f) {
    return (int64_t)feed_longest(f) * f->examples;
}

static int at_line(const struct corpus_reader *c, struct err *err) {
    return err_prefix(err, "%s: line %llu", corpus_name(c), (unsigned long long)corpus_line(c));
}

/* Append <bos> source target <eos> to f->tokens. */
static int encode(struct feed *f, const struct corpus_reader *c, char **fields, int source,
                  int target, struct err *err) {
    size_t begin = f->tokens.n;
    tokens_add(&f->tokens, TOKEN_BOS);
    if (lexicon_encode(f->vocab, fields[source], &f->tokens, err) != 0 ||
        (target >= 0 && lexicon_encode(f->vocab, fields[target], &f->tokens, err) != 0))
        return at_line(c, err);
    tokens_add(&f->tokens, TOKEN_EOS);
    size_t length = f->tokens.n - begin - 1;
    if (length > (size_t)f->max_length) {
        err_set(err, STATUS_DATA,
                "a sequence of %zu tokens; the model reads at most %d "
                "(--max-length)",
                length, f->max_length);
        return at_line(c, err);
    }
    if ((int)length > f->longest)
        f->longest = (int)length;
    return 0;
}

static int find_columns(const struct corpus_reader *c, int *source, int *target, struct err *err) {
    *source = corpus_column(c, "source");
    *target = corpus_column(c, "target");
    if (*source < 0)
        return err_set(err, STATUS_DATA, "%s: has no column 'source'", corpus_name(c));
    return 0;
}

/* Learn the ##vocab lines from number *known on: each section of a joined corpus may have one. */
static int learn_header(struct feed *f, const struct corpus_reader *c, size_t *known,
                        struct err *err) {
    const char *words;
    for (; (words = corpus_header(c, "vocab", *known)); ++*known)
        if (lexicon_learn(f->vocab, words, err) != 0)
            return err_prefix(err, "%s", corpus_name(c));
    return 0;
}

static int load(struct feed *f, struct corpus_reader *c, size_t known, struct err *err) {
    int source, target, got;
    if (find_columns(c, &source, &target, err) != 0)
        return -1;
    uint64_t before = f->n;
    char **fields;
    while ((got = corpus_next(c, &fields, err)) > 0) {
        if (learn_header(f, c, &known, err) != 0)
            return -1;
        /* A corpus that names its vocabulary is held to it. */
        if (!known && (lexicon_learn(f->vocab, fields[source], err) != 0 ||
                       (target >= 0 && lexicon_learn(f->vocab, fields[target], err) != 0)))
            return at_line(c, err);
        if (f->n >= UINT32_MAX)
            return err_set(err, STATUS_DATA, "%s: more than 2^32 examples", corpus_name(c));
        f->begin = mem_grow(f->begin, &f->cap_begin, f->n + 2, sizeof *f->begin);
        if (encode(f, c, fields, source, target, err) != 0)
            return -1;
        f->begin[++f->n] = f->tokens.n;
    }
    if (got == 0 && f->n == before)
        return err_set(err, STATUS_DATA, "%s: holds no examples", corpus_name(c));
    return got;
}

struct feed *feed_open(const char *const *paths, int n_paths, struct vocab *vocab, int max_length,
                       uint64_t seed_order, int examples_per_batch, struct err *err) {
    struct feed *f = mem_alloc(1, sizeof *f);
    f->vocab = vocab;
    f->max_length = max_length;
    f->seed = seed_order;
    f->examples = examples_per_batch;
    f->epoch = UINT64_MAX;
    f->next_step = 1;
    f->offset = mem_alloc((size_t)examples_per_batch + 1, sizeof *f->offset);
    lexicon_start(vocab);
    for (int i = 0; i < n_paths; i++) {
        struct corpus_reader *c = corpus_open(paths[i], err);
        size_t known = 0;
        if (!c || learn_header(f, c, &known, err) != 0) {
            corpus_close(c);
            goto fail;
        }
        if (strcmp(paths[i], "-") == 0 && n_paths == 1 && corpus_header(c, "vocab", 0)) {
            f->stream = c;
            f->hash = hash_begin();
            if (find_columns(c, &f->source_column, &f->target_column, err) != 0)
                goto fail;
            return f;
        }
        int result = load(f, c, known, err);
        corpus_close(c);
        if (result != 0)
            goto fail;
    }
    for (int i = 0; i < n_paths; i++)
        if (strcmp(paths[i], "-") == 0)
            f->content = hash_bytes(f->tokens.items, f->tokens.n * sizeof *f->tokens.items);
    f->order = mem_alloc(f->n, sizeof *f->order);
    return f;
fail:
    feed_free(f);
    return NULL;
}

/* The sequence at a place of the endless row of epochs. */
static size_t index_at(struct feed *f, uint64_t place) {
    uint64_t epoch = place / f->n;
    if (epoch != f->epoch) {
        struct rng r = rng_at(f->seed, RNG_ORDER, epoch);
        rng_permutation(&r, f->order, (uint32_t)f->n);
        f->epoch = epoch;
    }
    return f->order[place % f->n];
}

static void put_sequence(struct feed *f, const int32_t *tokens, size_t n) {
    for (size_t i = 0; i + 1 < n; i++) {
        tokens_add(&f->input, tokens[i]);
        tokens_add(&f->target, tokens[i + 1]);
    }
}

static int next_of_stream(struct feed *f, struct err *err) {
    char **fields;
    int got = corpus_next(f->stream, &fields, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_set(err, STATUS_DATA, "%s: ended at step %lld; the run needs more examples",
                       corpus_name(f->stream), (long long)f->next_step);
    f->tokens.n = 0;
    if (encode(f, f->stream, fields, f->source_column, f->target_column, err) != 0)
        return -1;
    hash_add(f->hash, f->tokens.items, f->tokens.n * sizeof *f->tokens.items);
    return 0;
}

int feed_batch(struct feed *f, int64_t step, struct batch *batch, struct err *err) {
    f->input.n = f->target.n = 0;
    for (int i = 0; i < f->examples; i++) {
        if (f->stream) {
            if (next_of_stream(f, err) != 0)
                return -1;
            put_sequence(f, f->tokens.items, f->tokens.n);
        } else {
            uint64_t place = (uint64_t)(step - 1) * (uint64_t)f->examples + (uint64_t)i;
            size_t k = index_at(f, place);
            put_sequence(f, f->tokens.items + f->begin[k], f->begin[k + 1] - f->begin[k]);
        }
        f->offset[i + 1] = (int)f->input.n;
    }
    f->next_step = step + 1;
    *batch = (struct batch){.sequences = f->examples,
                            .tokens = (int)f->input.n,
                            .offset = f->offset,
                            .input = f->input.items,
                            .target = f->target.items};
    return 0;
}

uint64_t feed_hash(const struct feed *f) {
    return f->stream ? hash_value(f->hash) : f->content;
}

int feed_skip(struct feed *f, int64_t step, struct err *err) {
    for (; f->stream && f->next_step <= step; f->next_step++)
        for (int i = 0; i < f->examples; i++)
            if (next_of_stream(f, err) != 0)
                return -1;
    return 0;
}

void feed_free(struct feed *f) {
    if (!f)
        return;
    corpus_close(f->stream);
    if (f->hash)
        hash_end(f->hash);
    free(f->tokens.items);
    free(f->input.items);
    free(f->target.items);
    free(f->begin);
    free(f->order);
    free(f->offset);
    free(f);
}
