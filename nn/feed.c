#include "nn/feed.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "nn/feed_private.h"

size_t feed_rows(const struct feed *f, const struct example_store *s, size_t i) {
    const struct example_item *item = &s->items[i];
    if (f->request.window)
        return item->n_source - 1;
    return layout_rows(&f->layout, item->n_source, item->n_target) +
           layout_memory_rows(&f->layout, item->n_source);
}

int feed_add(struct feed *f, const struct example_store *s, size_t i, uint64_t item,
             struct err *err) {
    struct packed *p = &f->packed;
    const struct example_item *e = &s->items[i];
    if (p->input.n + p->memory.n + feed_rows(f, s, i) > PACKED_MOST || p->sequences >= PACKED_MOST)
        return err_set(err, STATUS_DATA, "a batch of more than %d tokens", PACKED_MOST);
    if (f->request.window) {
        const int32_t *x = s->tokens.items + e->begin;
        packed_add_rows(p, x, x + 1, e->n_source - 1);
        return 0;
    }
    struct layout_example example = row_example(&f->format, s, i);
    packed_add(p, &f->layout, &example, item,
               f->format.n_features > 0 ? (size_t)f->format.n_features : 0,
               f->format.n_values > 0 ? (size_t)f->format.n_values : 0);
    return 0;
}

void feed_put_marked(const struct feed *f, const struct example_store *s, size_t i,
                     struct tokens *input, struct tokens *target) {
    const struct example_item *item = &s->items[i];
    const int32_t *words = s->tokens.items + item->begin;
    size_t n = (size_t)item->n_source + item->n_target,
           uncounted = f->layout.objective == OBJECTIVE_TARGET ? item->n_source : 0;
    if (f->layout.bos) {
        tokens_add(input, f->layout.token_bos);
        tokens_add(target, -1);
    }
    for (size_t k = 0; k < n; k++) {
        tokens_add(input, words[k]);
        tokens_add(target, k < uncounted ? -1 : words[k]);
    }
    if (f->layout.eos) {
        tokens_add(input, f->layout.token_eos);
        tokens_add(target, f->layout.token_eos);
    }
}

void feed_cut(struct feed *f, const int32_t *input, const int32_t *target) {
    size_t n = (size_t)f->request.pack;
    for (int64_t i = 0; i < f->request.batch; i++, input += n, target += n)
        packed_add_rows(&f->packed, input, target + 1, n);
}

void feed_hash_example(const struct feed *f, const struct example_store *s, size_t i,
                       struct hash_stream *h) {
    const struct example_item *item = &s->items[i];
    const struct layout *l = &f->layout;
    const int32_t *words = s->tokens.items + item->begin;
    size_t n = (size_t)item->n_source + item->n_target;
    if (l->bos && !f->request.window)
        hash_add(h, &l->token_bos, sizeof l->token_bos);
    if (n)
        hash_add(h, words, n * sizeof *words);
    if (l->eos && !f->request.window)
        hash_add(h, &l->token_eos, sizeof l->token_eos);
    if (l->shape == SHAPE_DECODER && l->objective == OBJECTIVE_ALL)
        return;
    hash_add(h, &item->n_source, sizeof item->n_source);
    if (i < s->label.n)
        hash_add(h, &s->label.items[i], sizeof *s->label.items);
    if (s->n_feature) {
        size_t k = (size_t)f->format.n_features;
        hash_add(h, s->feature + i * k, k * sizeof(real));
    }
    if (s->n_value) {
        size_t k = (size_t)f->format.n_values;
        hash_add(h, s->value + i * k, k * sizeof(real));
    }
}

/* Replace the example added last by its windows. */
static void cut_windows(struct feed *f, struct example_store *s) {
    struct example_item item = s->items[--s->n];
    size_t n = (size_t)item.n_source + item.n_target, words = item.begin;
    struct tokens *t = &s->tokens;
    if (f->layout.bos) {
        tokens_add(t, 0);
        memmove(t->items + words + 1, t->items + words, n * sizeof *t->items);
        t->items[words] = f->layout.token_bos;
    }
    if (f->layout.eos)
        tokens_add(t, f->layout.token_eos);
    size_t last = t->n - 1, window = (size_t)f->request.window;
    for (size_t from = words;; from += (size_t)f->request.stride) {
        size_t rows = last - from < window ? last - from : window;
        s->items = mem_grow_bare(s->items, &s->cap_items, s->n + 1, sizeof *s->items);
        s->items[s->n++] = (struct example_item){from, (uint32_t)rows + 1, 0};
        if (from + rows == last)
            return;
    }
}

int feed_read(struct feed *f, struct row_reader *r, char **fields, struct example_store *s,
              struct err *err) {
    size_t before = s->n;
    if (row_read(r, fields, s, err) != 0)
        return -1;
    if (f->request.window)
        cut_windows(f, s);
    for (size_t i = before; i < s->n; i++) {
        const struct example_item *item = &s->items[i];
        int64_t rows = (int64_t)feed_rows(f, s, i),
                memory = (int64_t)layout_memory_rows(&f->layout, item->n_source);
        if (f->request.by == BATCH_TOKENS && rows > f->request.batch) {
            err_set(err, STATUS_DATA,
                    "an example of %lld tokens; a batch holds at most %lld (--batch-tokens)",
                    (long long)rows, (long long)f->request.batch);
            return row_at_line(r->corpus, err);
        }
        rows -= memory;
        f->longest = rows > f->longest ? rows : f->longest;
        f->longest_memory = memory > f->longest_memory ? memory : f->longest_memory;
    }
    return 0;
}

static bool is_closed(const struct feed *f) {
    return f->request.closed || f->request.vocabulary;
}

/* Learn the ##vocab lines from number *known on: each section of a joined corpus may have one. */
static int learn_header(struct feed *f, const struct corpus_reader *c, size_t *known,
                        struct err *err) {
    const char *words;
    for (; !is_closed(f) && (words = corpus_header(c, "vocab", *known)); ++*known)
        if (lexicon_learn(f->format.vocab, words, err) != 0)
            return err_prefix(err, "%s", corpus_name(c));
    return 0;
}

static int load_rows(struct feed *f, struct example_store *s, struct row_reader *r, size_t known,
                     struct err *err) {
    struct corpus_reader *c = r->corpus;
    uint64_t before = s->n;
    size_t sections = 0;
    char **fields;
    int got;
    while ((got = corpus_next(c, &fields, err)) > 0) {
        if (corpus_sections(c) > sections && learn_header(f, c, &known, err) != 0)
            return -1;
        sections = corpus_sections(c);
        /* A corpus that names its vocabulary is held to it. */
        f->format.new_words = !known && !is_closed(f);
        if (feed_read(f, r, fields, s, err) != 0)
            return -1;
        if (s->n > UINT32_MAX)
            return err_set(err, STATUS_DATA, "%s: more than 2^32 examples", corpus_name(c));
    }
    if (got == 0 && s->n == before)
        return err_set(err, STATUS_DATA, "%s: holds no examples", corpus_name(c));
    return got;
}

static int set_cloze(struct feed *f, bool is_class, struct err *err) {
    const struct vocab *v = f->format.vocab;
    for (size_t i = 0; i < f->cloze.n; i++) {
        int32_t id = vocab_find(v, f->cloze.words[i], strlen(f->cloze.words[i]));
        if (id >= 0)
            f->cloze_set[id] = 1;
        else if (!is_class)
            return err_set(err, STATUS_USAGE, "--mask-words: word '%s' is not in the vocabulary",
                           f->cloze.words[i]);
    }
    return 0;
}

static bool can_stream(const struct feed *f, const struct corpus_reader *c) {
    return f->layout.objective != OBJECTIVE_CLASS && f->request.by != BATCH_ALL &&
           (is_closed(f) || corpus_header(c, "vocab", 0));
}

/* The stream's first row is read ahead where its sizes must be known. */
static int start_stream(struct feed *f, struct corpus_reader *c, struct err *err) {
    struct stream *s = f->stream = mem_alloc(1, sizeof *s);
    s->corpus = c;
    s->next_step = 1;
    s->hash = hash_begin();
    return row_reader_open(&s->row, &f->format, c, err);
}

static int open_corpus(struct feed *f, struct phase *p, const char *path, bool may_stream,
                       bool *is_class, struct corpus_digest *digest, struct err *err) {
    bool is_input = strcmp(path, "-") == 0;
    struct corpus_reader *c = (is_input ? corpus_open : corpus_open_digesting)(path, err);
    if (!c)
        return -1;
    size_t known = 0;
    int result = learn_header(f, c, &known, err);
    if (result == 0 && f->request.mask_words && !f->cloze.n)
        *is_class = feed_words(c, f->request.mask_words, &f->cloze);
    if (result == 0 && may_stream && can_stream(f, c))
        return start_stream(f, c, err);
    struct row_reader r = {0};
    if (result == 0)
        result = row_reader_open(&r, &f->format, c, err);
    if (result == 0)
        result = load_rows(f, &p->store, &r, known, err);
    if (result == 0 && !is_input)
        result = corpus_end_digest(c, digest, err);
    row_reader_close(&r);
    corpus_close(c);
    return result;
}

static int check_request(const struct feed_request *q, struct err *err) {
    const struct layout *l = &q->layout;
    if (layout_check(l, err) != 0)
        return -1;
    bool words = l->shape == SHAPE_DECODER && layout_has_words(l) && !l->bidirectional_prefix;
    int64_t length = q->pack ? q->pack : q->window;
    if (q->by != BATCH_ALL && (q->batch < 1 || q->batch > PACKED_MOST))
        return err_set(err, STATUS_USAGE, "a batch of %lld", (long long)q->batch);
    if (q->pack && q->window)
        return err_set(err, STATUS_USAGE, "--pack and --window exclude each other");
    if ((q->pack && !words) || (q->window && (!words || l->objective != OBJECTIVE_ALL)))
        return err_set(err, STATUS_USAGE, "--%s is for a decoder that predicts %s",
                       q->pack ? "pack" : "window",
                       q->pack ? "words, without a bidirectional prefix" : "every token");
    if (q->pack && q->by != BATCH_EXAMPLES)
        return err_set(err, STATUS_USAGE,
                       "--pack makes sequences of one length: give their number (--batch)");
    if (length < 0 || q->stride < 0 || q->shuffle_buffer < 0 || (q->stride && !q->window) ||
        q->stride > q->window)
        return err_set(err, STATUS_USAGE, "--stride is at most --window");
    if (length && q->max_length && length > q->max_length)
        return err_set(err, STATUS_USAGE,
                       "--%s %lld: the model reads at most %d tokens (--max-length)",
                       q->pack ? "pack" : "window", (long long)length, q->max_length);
    if (q->pack && q->batch > PACKED_MOST / q->pack)
        return err_set(err, STATUS_USAGE, "a batch of more than %d tokens", PACKED_MOST);
    if (q->columns.features && !layout_is_whole(l))
        return err_set(err, STATUS_USAGE,
                       "features are read under the objectives 'class' and 'value', not '%s'",
                       layout_objectives[l->objective]);
    if (q->columns.features && !q->columns.source && q->by == BATCH_TOKENS)
        return err_set(err, STATUS_USAGE, "examples without tokens fill no batch of tokens");
    for (int i = 0; i < q->n_phases; i++)
        if (q->phases[i].first <= (i ? q->phases[i - 1].first : 1))
            return err_set(
                err, STATUS_USAGE, "the corpora of step %lld come after those of step %lld",
                (long long)q->phases[i].first, (long long)(i ? q->phases[i - 1].first : 1));
    return 0;
}

static int open_all(struct feed *f, const struct feed_request *q, bool *is_class, struct err *err) {
    bool standard_input = false;
    size_t n_paths = (size_t)q->n_paths, opened = 0;
    for (int k = 0; k < q->n_phases; k++)
        n_paths += (size_t)q->phases[k].n_paths;
    f->digests = mem_alloc(n_paths, sizeof *f->digests);
    f->phases = mem_alloc((size_t)q->n_phases + 1, sizeof *f->phases);
    f->n_phases = (size_t)q->n_phases + 1;
    for (size_t k = 0; k < f->n_phases; k++) {
        struct phase *p = &f->phases[k];
        const char *const *paths = k ? q->phases[k - 1].paths : q->paths;
        int n = k ? q->phases[k - 1].n_paths : q->n_paths;
        p->first = k ? q->phases[k - 1].first : 1;
        p->number = (uint64_t)k << 48;
        for (int i = 0; i < n; i++) {
            bool is_input = strcmp(paths[i], "-") == 0;
            if (is_input && standard_input)
                return err_set(err, STATUS_USAGE, "standard input is read once");
            standard_input |= is_input;
            if (open_corpus(f, p, paths[i], is_input && k == 0 && n == 1, is_class,
                            &f->digests[opened++], err) != 0)
                return -1;
        }
    }
    if (f->request.shuffle_buffer && !f->stream)
        return err_set(err, STATUS_USAGE,
                       "--shuffle-buffer is for a stream; corpora in memory are shuffled whole");
    f->format.new_words = false;
    struct hash_stream *h = standard_input && !f->stream ? hash_begin() : NULL;
    for (size_t k = 0; h && k < f->n_phases; k++)
        for (size_t i = 0; i < f->phases[k].store.n; i++)
            feed_hash_example(f, &f->phases[k].store, i, h);
    f->content = h ? hash_end(h) : 0;
    return 0;
}

/* Read a row of the stream ahead, where its sizes tell how large the model is. */
static int read_ahead(struct feed *f, struct err *err) {
    struct stream *s = f->stream;
    if (!s || !(f->format.same_length || f->columns.features || layout_is_whole(&f->layout)))
        return 0;
    char **fields;
    int got = corpus_next(s->corpus, &fields, err);
    if (got == 0)
        return err_set(err, STATUS_DATA, "%s: holds no examples", corpus_name(s->corpus));
    if (got < 0 || feed_read(f, &s->row, fields, &s->waiting, err) != 0)
        return -1;
    for (size_t i = 0; i < s->waiting.n; i++)
        feed_hash_example(f, &s->waiting, i, s->hash);
    return 0;
}

static int64_t largest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int measure(struct feed *f, struct err *err) {
    const struct feed_request *q = &f->request;
    int64_t bound = q->pack ? q->pack : q->window ? q->window : q->max_length;
    if (f->stream || q->pack)
        f->longest = bound;
    if (f->stream && f->layout.shape == SHAPE_ENCODER_DECODER)
        f->longest_memory = q->max_length;
    if (f->stream && !q->pack && !bound)
        return err_set(err, STATUS_USAGE, "a stream needs a bound on its sequences: --max-length");
    if (q->by == BATCH_TOKENS) {
        f->most_tokens = f->most_memory = f->most_sequences = q->batch;
    } else if (q->by == BATCH_EXAMPLES) {
        f->most_tokens = f->longest * q->batch;
        f->most_memory = f->longest_memory * q->batch;
        f->most_sequences = q->batch;
    }
    for (size_t k = 0; k < f->n_phases; k++) {
        struct phase *p = &f->phases[k];
        if (k == 0 && f->stream)
            continue;
        phase_prepare(f, p);
        if (q->by != BATCH_ALL)
            continue;
        int64_t rows = 0, memory = 0;
        for (size_t i = 0; i < p->store.n; i++) {
            int64_t here = (int64_t)layout_memory_rows(&f->layout, p->store.items[i].n_source);
            rows += (int64_t)feed_rows(f, &p->store, i) - here;
            memory += here;
        }
        if (rows + memory > PACKED_MOST || p->store.n > PACKED_MOST)
            return err_set(err, STATUS_DATA, "a batch of all examples has more than %d tokens",
                           PACKED_MOST);
        f->most_tokens = largest(f->most_tokens, rows);
        f->most_memory = largest(f->most_memory, memory);
        f->most_sequences = largest(f->most_sequences, (int64_t)p->store.n);
    }
    return 0;
}

struct feed *feed_open(const struct feed_request *request, struct vocab *vocab, struct err *err) {
    if (check_request(request, err) != 0)
        return NULL;
    struct feed *f = mem_alloc(1, sizeof *f);
    f->request = *request;
    f->layout = request->layout;
    f->columns = request->columns;
    if (f->request.window && !f->request.stride)
        f->request.stride = f->request.window;
    f->format = (struct row_format){
        .layout = &f->layout,
        .columns = &f->columns,
        .vocab = vocab,
        .classes = &f->classes,
        .new_classes = !request->classes,
        .joined = request->pack > 0,
        .same_length = request->same_length,
        .max_length = request->pack || request->window ? 0 : request->max_length,
        .n_features = -1,
        .n_values = -1,
        .n_tokens = -1};
    for (size_t i = 0; request->classes && i < request->classes->n; i++)
        vocab_add(&f->classes, request->classes->words[i], strlen(request->classes->words[i]));
    lexicon_start(vocab, &f->layout);
    bool is_class = false;
    if (request->mask_words)
        f->format.cloze = &f->cloze;
    if ((request->vocabulary && lexicon_read(vocab, request->vocabulary, err) != 0) ||
        open_all(f, request, &is_class, err) != 0)
        goto fail;
    f->layout.vocabulary = (int32_t)vocab->n;
    f->cloze_set = mem_alloc(vocab->n, 1);
    if (request->mask_words && set_cloze(f, is_class, err) != 0)
        goto fail;
    f->layout.masking.cloze = request->mask_words ? f->cloze_set : NULL;
    if (read_ahead(f, err) != 0 || measure(f, err) != 0)
        goto fail;
    return f;
fail:
    feed_free(f);
    return NULL;
}

bool feed_is_stream(const struct feed *f) {
    return f->stream != NULL;
}

struct feed_sizes feed_largest_batch(struct feed *f) {
    struct feed_sizes most = {f->most_tokens, f->most_memory, f->most_sequences}, all = {0, 0, 0};
    if (f->stream || f->request.pack || f->request.by != BATCH_EXAMPLES)
        return most;
    for (size_t k = 0; k < f->n_phases; k++) {
        struct feed_sizes of_phase = phase_largest_batch(f, &f->phases[k]);
        all.tokens = largest(all.tokens, of_phase.tokens);
        all.memory = largest(all.memory, of_phase.memory);
        all.sequences = largest(all.sequences, of_phase.sequences);
    }
    return all;
}

size_t feed_bytes(const struct feed *f) {
    size_t bytes = 0;
    for (size_t k = 0; k < f->n_phases; k++) {
        const struct phase *p = &f->phases[k];
        const struct example_store *s = &p->store;
        bytes += (s->tokens.n + s->label.n) * sizeof(int32_t) + s->n * sizeof *s->items +
                 (s->n_feature + s->n_value) * sizeof(real) +
                 (p->order ? s->n * sizeof *p->order : 0) + (p->ends ? s->n * sizeof *p->ends : 0);
    }
    return bytes;
}

const struct corpus_digest *feed_digests(const struct feed *f) {
    return f->digests;
}

uint64_t feed_examples(const struct feed *f) {
    uint64_t n = 0;
    for (size_t k = 0; k < f->n_phases && !f->stream; k++)
        n += f->phases[k].store.n;
    return n;
}

int feed_longest(const struct feed *f) {
    return (int)f->longest;
}

int64_t feed_most_tokens(const struct feed *f) {
    return f->most_tokens;
}

struct feed_facts feed_facts(const struct feed *f) {
    const struct row_format *r = &f->format;
    bool tokens = f->columns.source || !f->columns.features;
    return (struct feed_facts){.stream = f->stream != NULL,
                               .examples = feed_examples(f),
                               .vocabulary = r->vocab->n,
                               .classes = f->classes.n,
                               .features = r->n_features > 0 ? (int)r->n_features : 0,
                               .outputs = r->n_values > 0 ? (int)r->n_values : 0,
                               .longest = (int)f->longest,
                               .longest_memory = (int)f->longest_memory,
                               .tokens = !tokens          ? 0
                                         : r->same_length ? (int)r->n_tokens
                                                          : -1,
                               .most_tokens = f->most_tokens,
                               .most_memory = f->most_memory,
                               .most_sequences = f->most_sequences};
}

const struct layout *feed_layout(const struct feed *f) {
    return &f->layout;
}

const struct vocab *feed_classes(const struct feed *f) {
    return &f->classes;
}

int feed_batch(struct feed *f, int64_t step, struct batch *batch, struct err *err) {
    size_t k = f->n_phases - 1;
    while (k > 0 && step < f->phases[k].first)
        k--;
    int result;
    if (k == 0 && f->stream) {
        f->stream->next_step = step;
        result = stream_batch(f, false, err);
        f->stream->next_step = step + 1;
    } else {
        result = phase_batch(f, &f->phases[k], step - f->phases[k].first, err);
    }
    packed_batch(&f->packed, batch);
    return result;
}

uint64_t feed_hash(const struct feed *f) {
    return f->stream ? hash_value(f->stream->hash) : f->content;
}

int feed_skip(struct feed *f, int64_t step, struct err *err) {
    struct stream *s = f->stream;
    for (; s && s->next_step <= step && (f->n_phases == 1 || s->next_step < f->phases[1].first);
         s->next_step++)
        if (stream_batch(f, true, err) != 0)
            return -1;
    return 0;
}

void feed_free(struct feed *f) {
    if (!f)
        return;
    stream_free(f->stream);
    for (size_t k = 0; k < f->n_phases; k++) {
        example_store_free(&f->phases[k].store);
        free(f->phases[k].order);
        free(f->phases[k].ends);
    }
    free(f->phases);
    free(f->digests);
    packed_free(&f->packed);
    free(f->input.items);
    free(f->target.items);
    free(f->cloze_set);
    vocab_free(&f->classes);
    vocab_free(&f->cloze);
    free(f);
}
