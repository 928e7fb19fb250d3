#include "nn/surprisal.h"

#include <math.h>
#include <stdlib.h>

#include "nn/packed.h"
#include "nn/value_accuracy.h"

enum {
    BATCH_SEQUENCES = 128, /* a forward pass takes at once; part of what fixes the bits */
    BATCH_ROWS = 1 << 26   /* beyond so many it takes no more */
};

struct surprisal {
    char *path;
    struct task task;
    struct vocab words, cloze;
    struct layout layout; /* with identities and the cloze */
    struct row_format format;
    struct example_store store;
    uint64_t *lines; /* [example] */
    size_t cap_lines, sources;
    struct corpus_reader *corpus;
    uint8_t *cloze_set;
    enum loss loss;
    int outputs;
    enum value_kind values;
    bool whole;
};

/* --mask-words of the task: which words they are here. */
static int find_cloze(struct surprisal *s, struct err *err) {
    bool is_class = feed_words(s->corpus, s->task.mask_words, &s->cloze);
    for (size_t i = 0; i < s->cloze.n; i++) {
        const char *word = s->cloze.words[i];
        int32_t id = vocab_find(&s->words, word, strlen(word));
        if (id >= 0)
            s->cloze_set[id] = 1;
        else if (!is_class)
            return err_set(err, STATUS_DATA,
                           "%s: the model masks words of '%s', which is no ##class of this corpus "
                           "and no list of words it knows",
                           s->path, s->task.mask_words);
    }
    s->layout.masking.cloze = s->cloze_set;
    s->format.cloze = &s->cloze;
    return 0;
}

static int set_target(struct surprisal *s, const char *column, struct err *err) {
    if (s->layout.objective == OBJECTIVE_VALUE)
        return err_set(err, STATUS_USAGE, "the model predicts numbers, not a column's words");
    const char **name = s->task.columns.label ? &s->task.columns.label : &s->task.columns.target;
    free((void *)(uintptr_t)*name);
    *name = mem_strdup(column);
    return 0;
}

static int read_rows(struct surprisal *s, struct row_reader *row, const struct surprisal_options *o,
                     struct err *err) {
    struct vocab seen = {0};
    char **fields;
    int got = 1;
    while (!(o->limit && s->store.n >= o->limit) &&
           (got = corpus_next(s->corpus, &fields, err)) > 0) {
        if (row->source >= 0)
            vocab_add(&seen, fields[row->source], strlen(fields[row->source]));
        s->lines = mem_grow(s->lines, &s->cap_lines, s->store.n + 1, sizeof *s->lines);
        s->lines[s->store.n] = corpus_line(s->corpus);
        if (row_read(row, fields, &s->store, err) != 0) {
            got = -1;
            break;
        }
        const struct example_item *item = &s->store.items[s->store.n - 1];
        const struct surprisal_row here = {s->corpus, fields, s->store.n - 1, item->n_source,
                                           s->whole ? 0 : item->n_target};
        if (o->read && o->read(o->context, &here, err) != 0) {
            got = -1;
            break;
        }
    }
    s->sources = row->source >= 0 ? seen.n : s->store.n;
    vocab_free(&seen);
    if (got >= 0 && !s->store.n)
        return err_set(err, STATUS_DATA, "%s: holds no examples", s->path);
    return got < 0 ? -1 : 0;
}

static int load(struct surprisal *s, const struct surprisal_options *o, struct err *err) {
    if (lexicon_find_marks(&s->words, &s->layout, err) != 0)
        return -1;
    if ((o->target && set_target(s, o->target, err) != 0) ||
        (s->layout.objective == OBJECTIVE_MASKED && s->task.mask_words && find_cloze(s, err) != 0))
        return -1;
    struct row_reader row;
    int result = row_reader_open(&row, &s->format, s->corpus, err);
    if (result == 0)
        result = read_rows(s, &row, o, err);
    row_reader_close(&row);
    return result;
}

struct surprisal *surprisal_open(const char *path, const struct model *m, const struct vocab *words,
                                 const struct surprisal_options *options, struct err *err) {
    struct corpus_reader *c = corpus_open(path, err);
    if (!c)
        return NULL;
    struct surprisal *s = mem_alloc(1, sizeof *s);
    const struct task *t = &m->task;
    s->path = mem_strdup(corpus_name(c));
    s->corpus = c;
    task_set(&s->task, &t->layout, &t->columns, t->mask_words, &t->classes);
    for (size_t i = 0; i < words->n; i++)
        vocab_add(&s->words, words->words[i], strlen(words->words[i]));
    s->layout = t->layout;
    s->layout.masking.cloze = NULL;
    s->layout.masking.seed = options->seed;
    s->whole = layout_is_whole(&t->layout);
    s->loss = s->whole ? m->facts.loss : LOSS_CROSS_ENTROPY;
    s->outputs = m->facts.outputs;
    s->cloze_set = mem_alloc(words->n + 1, 1);
    bool values = t->layout.objective == OBJECTIVE_VALUE;
    s->format = (struct row_format){
        .layout = &s->layout,
        .columns = &s->task.columns,
        .vocab = &s->words,
        .classes = &s->task.classes,
        .same_length = m->facts.tokens_per_example > 0,
        .max_length = m->facts.max_length,
        .n_features = m->facts.features ? m->facts.features : -1,
        .n_values = values ? m->facts.outputs : -1,
        .n_tokens = m->facts.tokens_per_example ? m->facts.tokens_per_example : -1};
    if (load(s, options, err) != 0) {
        surprisal_close(s);
        return NULL;
    }
    if (values)
        s->values = value_kind_of(s->store.n, (size_t)s->outputs, s->store.value);
    return s;
}

void surprisal_close(struct surprisal *s) {
    if (!s)
        return;
    corpus_close(s->corpus);
    task_free(&s->task);
    vocab_free(&s->words);
    vocab_free(&s->cloze);
    example_store_free(&s->store);
    free(s->cloze_set);
    free(s->lines);
    free(s->path);
    free(s);
}

size_t surprisal_examples(const struct surprisal *s) {
    return s->store.n;
}

const struct corpus_reader *surprisal_corpus(const struct surprisal *s) {
    return s->corpus;
}

bool surprisal_has_accuracy(const struct surprisal *s) {
    return s->layout.objective != OBJECTIVE_VALUE || s->values != VALUE_UNTOLD;
}

size_t surprisal_sources(const struct surprisal *s) {
    return s->sources;
}

/* One forward pass. What is found of a row is written at the row, by the one worker that visits
 * it, and read when all are done. */
struct pass {
    struct surprisal *s;
    struct packed packed;
    struct batch batch;
    size_t first; /* example of the first sequence */
    uint8_t *wanted;
    struct surprisal_token *found, *gathered; /* [row] */
    size_t cap_wanted, cap_found, cap_gathered;
};

static int32_t rank_of(int n, const real *z, int32_t label) {
    int32_t rank = 1;
    for (int32_t v = 0; v < n; v++)
        rank += z[v] > z[label] || (z[v] == z[label] && v < label);
    return rank;
}

static void visit_rows(void *context, int worker, int rows, const int *row, const real *outputs) {
    (void)worker;
    struct pass *p = context;
    const struct surprisal *s = p->s;
    int n = s->outputs;
    for (int i = 0; i < rows; i++, outputs += n) {
        struct surprisal_token *t = &p->found[row[i]];
        *t = (struct surprisal_token){.word = -1, .entropy = NAN};
        if (p->batch.value) {
            const real *y = p->batch.value + (size_t)row[i] * (size_t)n;
            t->loss = op_row_loss(s->loss, n, outputs, -1, y);
            t->right = value_is_right(s->values, (size_t)n, outputs, y);
            continue;
        }
        t->word = s->whole ? p->batch.label[row[i]] : p->batch.target[row[i]];
        t->loss = op_row_loss(s->loss, n, outputs, t->word, NULL);
        t->entropy = op_row_entropy(s->loss, n, outputs);
        /* One output tells two classes apart by its sign (op_loss.h). */
        t->rank = s->whole && n == 1 ? 2 - (t->word == (outputs[0] > 0))
                                     : rank_of(n, outputs, t->word);
        t->right = t->rank == 1;
    }
}

/* Gather what is predicted of a sequence, in order of its rows, which is that of the words. */
static size_t gather(struct pass *p, int sequence, const struct example_item *item) {
    const struct surprisal *s = p->s;
    if (s->whole) {
        p->gathered[0] = p->found[sequence];
        return 1;
    }
    const struct layout *l = &s->layout;
    int begin = p->batch.offset[sequence], end = p->batch.offset[sequence + 1];
    /* The word that the first row predicts: the marks are no words. */
    int64_t shift = layout_place(l, item->n_source, 0) - (int64_t)item->n_source;
    size_t n = 0;
    for (int row = begin; row < end; row++)
        if (p->batch.target[row] >= 0) {
            p->gathered[n] = p->found[row];
            p->gathered[n++].place = (uint32_t)((int64_t)(row - begin) - shift);
        }
    return n;
}

static int run_pass(struct pass *p, struct model *m, struct pool *pool, surprisal_visit *visit,
                    void *context, struct err *err) {
    struct surprisal *s = p->s;
    packed_batch(&p->packed, &p->batch);
    int rows = s->whole ? p->batch.sequences : p->batch.tokens, result = 0;
    p->found = mem_grow(p->found, &p->cap_found, (size_t)rows + 1, sizeof *p->found);
    p->gathered = mem_grow(p->gathered, &p->cap_gathered, (size_t)rows + 1, sizeof *p->gathered);
    if (!s->whole) {
        p->wanted = mem_grow(p->wanted, &p->cap_wanted, (size_t)rows + 1, sizeof *p->wanted);
        for (int i = 0; i < rows; i++)
            p->wanted[i] = p->batch.target[i] >= 0;
        p->batch.wanted = p->wanted;
    }
    model_predict(m, pool, &p->batch, visit_rows, p);
    for (int i = 0; i < p->batch.sequences && result == 0; i++) {
        const struct example_item *item = &s->store.items[p->first + (size_t)i];
        const struct surprisal_example e = {.number = p->first + (size_t)i,
                                            .n_source = item->n_source,
                                            .n_target = s->whole ? 0 : item->n_target,
                                            .n_tokens = gather(p, i, item),
                                            .tokens = p->gathered};
        for (size_t k = 0; k < e.n_tokens && result == 0; k++)
            if (!isfinite(p->gathered[k].loss))
                result = err_set(err, STATUS_NONFINITE,
                                 "%s: line %llu: the loss of what is predicted at place %u is not "
                                 "finite",
                                 s->path, (unsigned long long)s->lines[e.number],
                                 p->gathered[k].place);
        if (result == 0)
            result = visit(context, &e, err);
    }
    packed_clear(&p->packed);
    return result;
}

int surprisal_run(struct surprisal *s, struct model *m, struct pool *pool, surprisal_visit *visit,
                  void *context, struct err *err) {
    struct pass p = {.s = s};
    size_t features = s->format.n_features > 0 ? (size_t)s->format.n_features : 0;
    size_t values = s->format.n_values > 0 ? (size_t)s->format.n_values : 0;
    int result = 0;
    for (size_t i = 0; i < s->store.n && result == 0; i++) {
        struct layout_example e = row_example(&s->format, &s->store, i);
        if (!p.packed.sequences)
            p.first = i;
        packed_add(&p.packed, &s->layout, &e, i, features, values);
        if (p.packed.sequences == BATCH_SEQUENCES || p.packed.input.n > BATCH_ROWS ||
            i + 1 == s->store.n)
            result = run_pass(&p, m, pool, visit, context, err);
    }
    packed_free(&p.packed);
    free(p.wanted);
    free(p.found);
    free(p.gathered);
    return result;
}
