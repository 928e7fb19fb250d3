#include "gen/generate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pipeline.h"
#include "lib/seen.h"

/* Examples of one task: enough to make handing it over cheap, few enough that the first rows come
 * at once. */
enum { BLOCK = 256 };

/* Fewer where rows are so long that they would be more bytes. */
enum { BLOCK_BYTES = 1 << 22 };

struct block {
    int64_t first;
    size_t n;
    size_t classes[BLOCK];
    struct buf rows, source;
};

struct run {
    const struct generate *g;
    const struct maker *maker;
    struct corpus_writer *out;
    void **workers;
    struct seen *seen; /* NULL without --unique */
};

void generate_start(struct generate *g, const struct opt_tool *tool) {
    struct err err = {0};
    if (!opt_find(tool, "seed-data")->given)
        g->seed_data = g->seed;
    if (split_read(&g->split, g->split_text, &err) != 0)
        msg_die_err(&err);
}

static int explain(const struct run *run, int64_t index, size_t class_index, struct err *err) {
    const struct generate *g = run->g;
    const char *name = run->maker->class_name
                           ? run->maker->class_name(run->maker->context, class_index)
                           : NULL;
    int64_t made = index > g->skip ? index - g->skip : 0;
    bool dry = run->seen && run->seen->n > 0;
    return err_set(err, STATUS_DATA,
                   "%s: could make %" PRId64 " example%s, then none in %" PRId64
                   " draws%s%s%s; %s; --patience draws longer",
                   run->maker->subject, made, made == 1 ? "" : "s", g->patience,
                   name ? " of class '" : "", name ? name : "", name ? "'" : "",
                   dry ? "there may be no more different ones (--unique)"
                       : "perhaps nothing meets all conditions");
}

/* Make example `index`: its row, with LF, is appended to b->rows. */
static int make_example(const struct run *run, void *worker, int64_t index, size_t class_index,
                        struct block *b, struct err *err) {
    const struct maker *m = run->maker;
    struct rng r = rng_at(run->g->seed_data, RNG_GEN, (uint64_t)index);
    size_t start = b->rows.len;
    for (int64_t draw = 0; draw < run->g->patience; draw++) {
        buf_clear(&b->source);
        int got = m->draw(m->context, worker, &r, index, class_index, &b->source, err);
        if (got > 0 && !split_keeps(&run->g->split, b->source.data, b->source.len))
            got = 0;
        if (got > 0)
            got = m->complete(m->context, worker, &r, index, class_index, &b->source, &b->rows,
                              err);
        if (got < 0)
            return -1;
        if (got > 0 && (!run->seen || seen_add(run->seen, b->source.data, b->source.len))) {
            if (b->rows.len > start && b->rows.data[start] == '#')
                return err_set(err, STATUS_DATA,
                               "%s: example %" PRId64 " opens with '#', which no line of a corpus "
                               "may",
                               m->subject, index + 1);
            buf_putc(&b->rows, '\n');
            return 0;
        }
        b->rows.len = start;
    }
    return explain(run, index, class_index, err);
}

static int make_block(void *context, void *task, int worker, struct err *err) {
    struct run *run = context;
    struct block *b = task;
    buf_clear(&b->rows);
    for (size_t i = 0; i < b->n; i++) {
        int64_t index = b->first + (int64_t)i;
        if (make_example(run, run->workers[worker], index, b->classes[i], b, err) != 0)
            return -1;
        if (index < run->g->skip) /* made for --unique to remember */
            buf_clear(&b->rows);
    }
    return 0;
}

static int write_block(void *context, void *task, struct err *err) {
    struct run *run = context;
    struct block *b = task;
    int64_t hidden = run->g->skip - b->first;
    uint64_t n = hidden <= 0 ? b->n : hidden >= (int64_t)b->n ? 0 : b->n - (uint64_t)hidden;
    return corpus_put_rows(run->out, b->rows.data, b->rows.len, n, err);
}

static void release_block(void *task) {
    struct block *b = task;
    buf_free(&b->rows);
    buf_free(&b->source);
}

static int push_blocks(struct run *run, struct pipeline *p, struct err *err) {
    const struct maker *m = run->maker;
    int64_t first = run->seen ? 0 : run->g->skip, end = run->g->skip + run->g->count;
    if (run->g->count == 0)
        return 0;
    if (m->next_class)
        for (int64_t i = 0; i < first; i++)
            m->next_class(m->context);
    int64_t block = m->row_bytes > BLOCK_BYTES           ? 1
                    : m->row_bytes > BLOCK_BYTES / BLOCK ? BLOCK_BYTES / (int64_t)m->row_bytes
                                                         : BLOCK;
    for (int64_t i = first; i < end; i += block) {
        struct block *b = pipeline_task(p, err);
        if (!b)
            return -1;
        b->first = i;
        b->n = (size_t)(end - i < block ? end - i : block);
        for (size_t k = 0; k < b->n; k++)
            b->classes[k] = m->next_class ? m->next_class(m->context) : 0;
        if (pipeline_push(p, err) != 0)
            return -1;
    }
    return pipeline_drain(p, err);
}

int generate_rows(const struct generate *g, const struct maker *maker, struct corpus_writer *out,
                  struct err *err) {
    struct seen seen = {0};
    int threads = g->unique || g->threads == 1 ? 0 : (int)g->threads;
    int n_workers = threads ? threads : 1;
    struct run run = {.g = g, .maker = maker, .out = out, .seen = g->unique ? &seen : NULL};
    run.workers = mem_alloc((size_t)n_workers, sizeof *run.workers);
    for (int i = 0; i < n_workers && maker->worker_new; i++)
        run.workers[i] = maker->worker_new(maker->context);
    struct pipeline *p = pipeline_new(threads, &(struct pipeline_stages){
                                                   .context = &run,
                                                   .task_size = sizeof(struct block),
                                                   .work = make_block,
                                                   .finish = write_block,
                                                   .release = release_block,
                                               });
    int result = push_blocks(&run, p, err);
    pipeline_free(p);
    for (int i = 0; i < n_workers && maker->worker_free; i++)
        maker->worker_free(run.workers[i]);
    free(run.workers);
    seen_free(&seen);
    return result;
}

void generate_to_end(const struct generate *g, const struct maker *maker, bool headed,
                     struct corpus_writer *out, struct err *err) {
    if (!headed || generate_rows(g, maker, out, err) != 0) {
        corpus_discard(out);
        msg_die_err(err);
    }
    if (corpus_finish(out, err) != 0)
        msg_die_err(err);
}
