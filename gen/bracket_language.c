#include "gen/bracket_language.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/truth.h"

enum { SOURCE, DEPTHS, DISTANCES, LOSS, SKELETON, DEPTH, LENGTH, LOGP, N_COLUMNS };
static const char *const COLUMNS[N_COLUMNS] = {"source",   "depths", "distances", "loss",
                                               "skeleton", "depth",  "length",    "logp"};

struct worker {
    unsigned char *opens;
    char *skeleton;
    uint32_t *stack; /* places of the openers that are open */
    uint32_t *kind;  /* of each symbol */
    uint32_t length;
};

static void *worker_new(void *context) {
    const struct bracket_language *b = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    w->opens = mem_alloc(b->longest, sizeof *w->opens);
    w->skeleton = mem_alloc((size_t)b->longest + 1, sizeof *w->skeleton);
    w->stack = mem_alloc(b->longest, sizeof *w->stack);
    w->kind = mem_alloc(b->longest, sizeof *w->kind);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    free(w->opens);
    free(w->skeleton);
    free(w->stack);
    free(w->kind);
    free(w);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)index, (void)class_index, (void)err;
    const struct bracket_language *b = context;
    struct worker *w = worker;
    w->length = dyck_draw(b->process, r, w->opens);
    for (uint32_t i = 0; i < w->length; i++)
        w->skeleton[i] = w->opens[i] ? '(' : ')';
    w->skeleton[w->length] = '\0';
    if (b->by_skeleton && !split_keeps(&b->split, w->skeleton, w->length))
        return 0;
    uint32_t depth = 0;
    for (uint32_t i = 0; i < w->length; i++) {
        if (w->opens[i])
            w->stack[depth++] = w->kind[i] = b->kinds > 1 ? rng_below(r, b->kinds) : 0;
        else
            w->kind[i] = w->stack[--depth];
        const struct bracket_name *name = w->opens[i] ? &b->open[w->kind[i]]
                                                      : &b->close[w->kind[i]];
        buf_add(source, name->text, name->len - (i + 1 == w->length));
    }
    return 1;
}

static void put_depths(const struct worker *w, struct buf *row) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < w->length; i++) {
        depth += w->opens[i] ? 1u : -1u;
        if (i)
            buf_putc(row, ' ');
        buf_put_integer(row, depth);
    }
}

/* How many symbols back the opener of each closer stands; 0 for an opener. */
static void put_distances(struct worker *w, struct buf *row) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < w->length; i++) {
        uint32_t distance = 0;
        if (w->opens[i])
            w->stack[depth++] = i;
        else
            distance = i - w->stack[--depth];
        if (i)
            buf_putc(row, ' ');
        buf_put_integer(row, distance);
    }
}

/* The loss of each symbol and of the end, or their sum. */
static void put_loss(const struct bracket_language *b, const struct worker *w, bool sum_only,
                     struct buf *row) {
    uint32_t depth = 0;
    double sum = 0;
    for (uint32_t i = 0; i <= w->length; i++) {
        struct dyck_next next = dyck_next(b->process, i, depth);
        double loss;
        if (i == w->length)
            loss = -log(next.end);
        else if (w->opens[i])
            loss = log(b->kinds) - log(next.open);
        else
            loss = -log(next.close);
        loss += 0.0; /* no -0 */
        if (!sum_only)
            buf_printf(row, "%s%.6g", i ? " " : "", loss);
        sum += loss;
        depth += i < w->length && w->opens[i] ? 1u : -1u;
    }
    if (sum_only)
        buf_printf(row, "%.10g", -sum);
}

static uint32_t depth_of(const struct worker *w) {
    uint32_t depth = 0, most = 0;
    for (uint32_t i = 0; i < w->length; i++) {
        depth += w->opens[i] ? 1u : -1u;
        most = depth > most ? depth : most;
    }
    return most;
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)class_index, (void)err;
    const struct bracket_language *b = context;
    struct worker *w = worker;
    for (size_t i = 0; i < b->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        switch (b->columns.which[i]) {
        case SOURCE:
            buf_add(row, source->data, source->len);
            break;
        case DEPTHS:
            put_depths(w, row);
            break;
        case DISTANCES:
            put_distances(w, row);
            break;
        case LOSS:
            put_loss(b, w, false, row);
            break;
        case SKELETON:
            buf_add(row, w->skeleton, w->length);
            break;
        case DEPTH:
            buf_put_integer(row, depth_of(w));
            break;
        case LENGTH:
            buf_put_integer(row, w->length);
            break;
        case LOGP:
            put_loss(b, w, true, row);
            break;
        }
    }
    return 1;
}

struct maker bracket_language_maker(struct bracket_language *b) {
    return (struct maker){
        .context = b,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .subject = "words of these lengths and depths",
    };
}

static void name_brackets(struct bracket_language *b) {
    b->open = mem_alloc(b->kinds, sizeof *b->open);
    b->close = mem_alloc(b->kinds, sizeof *b->close);
    for (uint32_t k = 0; k < b->kinds; k++) {
        char number[12] = "";
        if (b->kinds > 1)
            snprintf(number, sizeof number, "%u", k + 1);
        b->open[k].len = (unsigned char)snprintf(b->open[k].text, sizeof b->open[k].text, "(%.8s ",
                                                 number);
        b->close[k].len = (unsigned char)snprintf(b->close[k].text, sizeof b->close[k].text,
                                                  "%.8s) ", number);
    }
}

void bracket_language_start(struct bracket_language *b, const struct lengths *lengths,
                            const char *columns) {
    struct err err = {0};
    if (b->depth == 0 || b->depth > b->longest / 2)
        b->depth = b->longest / 2;
    b->process = dyck_new(b->law, b->shortest, b->longest, b->depth, lengths, &err);
    if (!b->process)
        msg_die_err(&err);
    columns_read(&b->columns, columns ? columns : "source,depths,distances", COLUMNS, N_COLUMNS);
    name_brackets(b);
}

void bracket_language_free(struct bracket_language *b) {
    dyck_free(b->process);
    free(b->open);
    free(b->close);
    columns_free(&b->columns);
}

/* The words of both sides, or of one: ##vocab, or ##class NAME. */
static int put_words(const struct bracket_language *b, const char *key, const char *class_name,
                     bool open, bool close, struct corpus_writer *out, struct err *err) {
    struct buf text = {0};
    buf_printf(&text, "%s%s", class_name, *class_name ? "\t" : "");
    for (uint32_t k = 0; k < b->kinds; k++) {
        if (open)
            buf_add(&text, b->open[k].text, b->open[k].len);
        if (close)
            buf_add(&text, b->close[k].text, b->close[k].len);
    }
    text.data[--text.len] = '\0';
    int result = corpus_put_header(out, key, text.data, err);
    buf_free(&text);
    return result;
}

/* The least expected loss of each token: ##optimal_loss TAB what it is TAB the numbers. */
static int put_curve(const struct bracket_language *b, const double *loss,
                     struct corpus_writer *out, struct err *err) {
    struct buf text = {0};
    buf_printf(&text, "exact from=0 to=%u\t", b->longest);
    for (uint32_t i = 0; i <= b->longest; i++)
        buf_printf(&text, "%s%.10g", i ? " " : "", loss[i]);
    int result = corpus_put_header(out, "optimal_loss", text.data, err);
    buf_free(&text);
    return result;
}

static int put_truth(const struct bracket_language *b, struct corpus_writer *out, struct err *err) {
    double *alive = mem_alloc((size_t)b->longest + 1, sizeof *alive);
    double *loss = mem_alloc((size_t)b->longest + 1, sizeof *loss), tokens = 0, total = 0;
    dyck_expect(b->process, b->kinds, alive, loss);
    for (uint32_t i = 0; i <= b->longest; i++) {
        tokens += alive[i];
        total += alive[i] * loss[i];
    }
    bool steps = b->law == DYCK_STEPS;
    int result = truth_put(out, err, "task",
                           "Dyck language kinds=%u depth=%u shortest=%u longest=%u law=%s",
                           b->kinds, b->depth, b->shortest, b->longest, steps ? "steps" : "even");
    if (result == 0)
        result = truth_put(out, err, "bayes", "loss=%.10g tokens=%.10g", total / tokens, tokens);
    if (result == 0)
        result = truth_put(out, err, "entropy", "source=%.10g", total);
    if (result == 0)
        result = truth_put(out, err, "chance", "closer accuracy=%.10g loss=%.10g", 1.0 / b->kinds,
                           log(b->kinds));
    if (result == 0 && steps)
        result = truth_put(out, err, "steps", "accepted=%.10g loss=%.10g deepest_loss=0",
                           dyck_accepted(b->process), log(2) + log(b->kinds) / 2);
    if (result == 0)
        result = put_curve(b, loss, out, err);
    free(alive);
    free(loss);
    return result;
}

int bracket_language_put_header(const struct bracket_language *b, struct corpus_writer *out,
                                struct err *err) {
    if (put_truth(b, out, err) != 0 || put_words(b, "vocab", "", true, true, out, err) != 0 ||
        put_words(b, "class", "open", true, false, out, err) != 0 ||
        put_words(b, "class", "close", false, true, out, err) != 0)
        return -1;
    return columns_put(&b->columns, out, err);
}
