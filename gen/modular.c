#include "gen/modular.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/marker.h"
#include "lib/zio.h"

/* Counting the rows of a bucket takes some ten seconds for so many. */
#define MOST_ROWS_SPLIT ((uint64_t)1 << 27)

const char *const modular_columns[MODULAR_COLUMNS] = {"source", "target", "rule:clean", "tags"};

/* What a thread knows of the example it is making. */
struct worker {
    uint64_t row;
    uint32_t x, y;
    struct buf canonical;
};

static void *worker_new(void *context) {
    (void)context;
    return mem_alloc(1, sizeof(struct worker));
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    buf_free(&w->canonical);
    free(w);
}

void modular_put_name(const struct modular *m, uint32_t element, struct buf *out) {
    size_t begin = m->ends[element];
    buf_add(out, m->names + begin, m->ends[element + 1] - begin);
}

static void put_source(const struct modular *m, uint32_t x, uint32_t y, struct buf *out) {
    modular_put_name(m, x, out);
    buf_puts(out, m->between);
    modular_put_name(m, y, out);
    buf_puts(out, m->after);
}

static bool belongs(const struct modular *m, uint64_t row, struct buf *scratch) {
    if (m->split.buckets) {
        uint32_t x, y;
        pairs_of_row(&m->pairs, row, &x, &y);
        bool turned = m->in_pairs && y < x;
        buf_clear(scratch);
        put_source(m, turned ? y : x, turned ? x : y, scratch);
        return split_keeps(&m->split, scratch->data, scratch->len);
    }
    return m->side == PAIRS_ALL || pairs_is_train(&m->pairs, row) == (m->side == PAIRS_TRAIN);
}

/* The row at a place of the order that rows are written in. */
static uint64_t row_at(const struct modular *m, uint64_t place) {
    return m->by_table ? place : permutation_at(m->pairs.order, place);
}

/* MODULAR_SEARCH: the number of the next row that belongs, PAIRS_NONE after the last. */
static size_t next_row(void *context) {
    struct modular *m = context;
    struct buf scratch = {0};
    uint64_t row = PAIRS_NONE;
    while (row == PAIRS_NONE && m->next < m->pairs.rows) {
        uint64_t candidate = row_at(m, m->next++);
        if (belongs(m, candidate, &scratch))
            row = candidate;
    }
    buf_free(&scratch);
    return row;
}

static uint64_t count_rows(const struct modular *m) {
    struct buf scratch = {0};
    uint64_t n = 0;
    for (uint64_t row = 0; row < m->pairs.rows; row++)
        n += belongs(m, row, &scratch);
    buf_free(&scratch);
    return n;
}

static int too_few(struct err *err, uint64_t rows) {
    return err_set(err, STATUS_DATA,
                   "there are %" PRIu64 " rows and no more; --sample draws with replacement", rows);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    const struct modular *m = context;
    struct worker *w = worker;
    if (m->way == MODULAR_DIRECT) {
        w->row = row_at(m, m->first + (m->sample ? rng_below64(r, m->n) : (uint64_t)index));
    } else if (m->sample) {
        w->row = rng_below64(r, m->pairs.rows);
        if (!belongs(m, w->row, &w->canonical))
            return 0;
    } else {
        if (class_index == PAIRS_NONE)
            return too_few(err, (uint64_t)index);
        w->row = class_index;
    }
    pairs_of_row(&m->pairs, w->row, &w->x, &w->y);
    put_source(m, w->x, w->y, source);
    return 1;
}

static void put_tags(const struct modular *m, const struct worker *w, bool corrupted,
                     struct buf *row) {
    size_t begin = row->len;
    if (w->x == w->y)
        buf_puts(row, ",diagonal");
    if (m->pairs.split) {
        uint64_t mirror = pairs_mirror(&m->pairs, w->x, w->y);
        if (mirror != PAIRS_NONE && pairs_is_train(&m->pairs, mirror))
            buf_puts(row, ",mirrored");
    }
    if (corrupted)
        buf_puts(row, ",corrupted");
    if (row->len > begin) { /* without the first comma */
        memmove(row->data + begin, row->data + begin + 1, row->len - begin);
        row->len--;
    }
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)class_index, (void)err;
    const struct modular *m = context;
    const struct worker *w = worker;
    uint32_t clean = operation_apply(m->operation, w->x, w->y), answer = clean;
    if (m->noise > 0) {
        struct rng noise = rng_at(m->seed_noise, RNG_NOISE, m->sample ? (uint64_t)index : w->row);
        if (rng_uniform(&noise) < m->noise)
            answer = rng_below(&noise, (uint32_t)m->pairs.elements);
    }
    for (size_t i = 0; i < m->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        switch (m->columns.which[i]) {
        case MODULAR_SOURCE:
            buf_add(row, source->data, source->len);
            break;
        case MODULAR_TARGET:
            modular_put_name(m, answer, row);
            break;
        case MODULAR_CLEAN:
            modular_put_name(m, clean, row);
            break;
        case MODULAR_TAGS:
            put_tags(m, w, answer != clean, row);
            break;
        }
    }
    return 1;
}

/* The vocabulary is one line of the header, and lines have a greatest length. */
static void list_names(struct modular *m) {
    enum { ROOM = 1 << 16 }; /* for the key and the other words */
    uint32_t n = (uint32_t)m->pairs.elements;
    struct buf all = {0};
    m->ends = mem_alloc((size_t)n + 1, sizeof *m->ends);
    for (uint32_t e = 0; e < n; e++) {
        operation_put_element(m->operation, e, &all);
        m->ends[e + 1] = all.len;
    }
    if (all.len + n + ROOM > ZIO_LINE_MAX)
        msg_die(STATUS_USAGE, "the names of %u elements fill %zu bytes, more than a line may", n,
                all.len);
    m->names = all.data;
}

/* A word of its own beside the elements, or none. */
static void check_word(const struct modular *m, const char *option, const char *word) {
    struct buf name = {0};
    marker_check(option, word);
    for (uint32_t e = 0; e < m->pairs.elements; e++) {
        buf_clear(&name);
        modular_put_name(m, e, &name);
        if (strcmp(name.data, word) == 0)
            msg_die(STATUS_USAGE, "--%s: '%s' is an element already", option, word);
    }
    buf_free(&name);
}

/* The words beside the elements. `symbol` NULL: the operation's own text without its blanks. */
void modular_choose_words(struct modular *m, const char *text, const char *symbol,
                          const char *equals) {
    list_names(m);
    struct buf own = {0}, between = {0}, after = {0};
    buf_puts(&own, "");
    buf_puts(&between, "");
    buf_puts(&after, "");
    buf_puts(&m->words, "");
    for (const char *p = text; *p; p++)
        if (*p != ' ')
            buf_putc(&own, *p);
    check_word(m, "symbol", symbol ? symbol : own.data);
    check_word(m, "equals", equals);
    if (!symbol)
        symbol = own.data;
    buf_printf(&between, " %s%s", symbol, *symbol ? " " : "");
    buf_printf(&after, "%s%s", *equals ? " " : "", equals);
    buf_printf(&m->words, "%s%s", symbol, *symbol ? " " : "");
    if (*equals && strcmp(equals, symbol) != 0)
        buf_printf(&m->words, "%s ", equals);
    buf_free(&own);
    m->between = between.data;
    m->after = after.data;
}

/* The way to the rows; returns how many there are, PAIRS_NONE if that is not known. */
static uint64_t find_way(struct modular *m, bool count_given) {
    uint64_t train = m->pairs.train_rows;
    bool range = m->side != PAIRS_ALL && !m->pairs.unordered && !m->by_table;
    if (m->split.buckets) {
        m->way = MODULAR_SEARCH;
        if (!count_given && m->pairs.rows > MOST_ROWS_SPLIT)
            msg_die(STATUS_USAGE,
                    "--split: the table has %" PRIu64 " rows, too many to count; give -n",
                    m->pairs.rows);
        return count_given ? PAIRS_NONE : count_rows(m);
    }
    m->way = m->side == PAIRS_ALL || range ? MODULAR_DIRECT : MODULAR_SEARCH;
    m->first = m->side == PAIRS_TEST ? train : 0;
    m->n = pairs_count(&m->pairs, m->side);
    return m->n;
}

void modular_choose_way(struct modular *m, struct generate *g, bool count_given) {
    uint64_t rows = find_way(m, count_given), skip = (uint64_t)g->skip;
    struct err err = {0};
    if (!count_given)
        g->count = m->sample ? (int64_t)rows : rows > skip ? (int64_t)(rows - skip) : 0;
    if (m->sample && rows == 0 && g->count > 0)
        msg_die(STATUS_DATA, "this part of the table has no rows");
    if (!m->sample && count_given && rows != PAIRS_NONE && g->count > 0 &&
        skip + (uint64_t)g->count > rows) {
        too_few(&err, rows);
        msg_die_err(&err);
    }
}

struct maker modular_maker(struct modular *m) {
    return (struct maker){
        .context = m,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .next_class = m->way == MODULAR_SEARCH && !m->sample ? next_row : NULL,
        .draw = draw,
        .complete = complete,
        .subject = "this part of the table",
    };
}

void modular_free(struct modular *m) {
    pairs_free(&m->pairs);
    columns_free(&m->columns);
    free(m->names);
    free(m->ends);
    free(m->between);
    free(m->after);
    buf_free(&m->words);
}
