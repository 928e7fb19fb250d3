#include "lib/dyck_process.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/mem.h"

/* Weights go beyond what a double holds, so each row has a scale, a power of two: the weight is
 * row(i)[d / 2] * 2^scale[i]. Depths have the parity of the number of symbols. */
struct dyck_process {
    enum dyck_law law;
    uint32_t shortest, longest, depth;
    size_t width;
    double *weight;     /* [longest + 2][width] */
    int *scale;         /* [longest + 2] */
    double *end, *rest; /* [longest + 1], at depth 0 in a common scale: the weight of ending, and
                           what to multiply the weights of row i + 1 with */
};

/* A number beside its power of two. */
struct scaled {
    double mantissa;
    int scale;
};

static double *row_of(const struct dyck_process *p, uint32_t i) {
    return p->weight + i * p->width;
}

static double open_weight(const struct dyck_process *p, uint32_t i, uint32_t depth) {
    if (depth == p->depth)
        return 0;
    return p->law == DYCK_STEPS && depth == 0 && i < p->shortest ? 1 : 0.5;
}

static double close_weight(const struct dyck_process *p, uint32_t depth) {
    return p->law == DYCK_STEPS && depth == p->depth ? 1 : 0.5;
}

/* The deepest that a word can be after i symbols. */
static uint32_t deepest(const struct dyck_process *p, uint32_t i) {
    uint32_t most = i < p->longest - i ? i : p->longest - i;
    return most < p->depth ? most : p->depth - (i + p->depth) % 2;
}

/* Divide a row by a power of two that brings its greatest number to [1/2, 1); returns the
 * exponent. */
static int settle(double *row, size_t n) {
    double most = 0;
    int exponent = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, row[k]);
    frexp(most, &exponent);
    for (size_t k = 0; k < n; k++)
        row[k] = ldexp(row[k], -exponent);
    return exponent;
}

/* The numbers of words of each even length, times 2^-length. */
static struct scaled *count_words(const struct dyck_process *p) {
    struct scaled *counts = mem_alloc(p->longest + 1, sizeof *counts);
    double *row = mem_alloc(p->depth + 3, sizeof *row),
           *next = mem_alloc(p->depth + 3, sizeof *next);
    int scale = 0;
    row[1] = 1; /* row[d + 1] is of depth d */
    for (uint32_t i = 0; i <= p->longest; i++) {
        counts[i] = (struct scaled){row[1], scale};
        for (uint32_t d = 0; d <= p->depth; d++)
            next[d + 1] = 0.5 * (row[d] + row[d + 2]);
        scale += settle(next + 1, p->depth + 1);
        double *t = row;
        row = next, next = t;
    }
    free(row);
    free(next);
    return counts;
}

/* The weight of ending after i symbols, at depth 0. */
static struct scaled end_weight(const struct dyck_process *p, uint32_t i,
                                const struct lengths *lengths, const struct scaled *counts) {
    if (i < p->shortest || i % 2)
        return (struct scaled){0, 0};
    if (p->law == DYCK_STEPS)
        return (struct scaled){0.5, 0};
    return (struct scaled){lengths->share[(i - p->shortest) / 2] / counts[i].mantissa,
                           -counts[i].scale};
}

static void sum_backwards(struct dyck_process *p, const struct lengths *lengths,
                          const struct scaled *counts) {
    for (uint32_t i = p->longest + 1; i-- > 0;) {
        struct scaled end = end_weight(p, i, lengths, counts);
        double *row = row_of(p, i);
        const double *after = row_of(p, i + 1);
        bool goes_on = i < p->longest;
        int exponent;
        frexp(end.mantissa, &exponent);
        int common = p->scale[i + 1];
        if (!goes_on || (end.mantissa > 0 && end.scale + exponent > common))
            common = end.scale + exponent;
        p->end[i] = ldexp(end.mantissa, end.scale - common);
        p->rest[i] = goes_on ? ldexp(1, p->scale[i + 1] - common) : 0;
        for (uint32_t d = i % 2; d <= deepest(p, i); d += 2) {
            double sum = 0;
            if (goes_on && d < p->depth)
                sum += open_weight(p, i, d) * after[(d + 1) / 2];
            if (goes_on && d > 0)
                sum += close_weight(p, d) * after[(d - 1) / 2];
            row[d / 2] = sum * p->rest[i] + (d == 0 ? p->end[i] : 0);
        }
        p->scale[i] = common + settle(row, p->width);
    }
}

struct dyck_process *dyck_new(enum dyck_law law, uint32_t shortest, uint32_t longest,
                              uint32_t depth, const struct lengths *lengths, struct err *err) {
    size_t width = depth / 2 + 1, rows = (size_t)longest + 2;
    if (rows > DYCK_MOST_BYTES / sizeof(double) / width) {
        err_set(err, STATUS_USAGE,
                "words of %u symbols down to depth %u would take tables of %.0f MB, more than %zu; "
                "ask for less depth or shorter words",
                longest, depth, (double)rows * (double)width * sizeof(double) / 1e6,
                DYCK_MOST_BYTES / 1000000);
        return NULL;
    }
    struct dyck_process *p = mem_alloc(1, sizeof *p);
    *p = (struct dyck_process){
        .law = law, .shortest = shortest, .longest = longest, .depth = depth, .width = width};
    p->weight = mem_alloc(rows * width, sizeof *p->weight);
    p->scale = mem_alloc(rows, sizeof *p->scale);
    p->end = mem_alloc(rows, sizeof *p->end);
    p->rest = mem_alloc(rows, sizeof *p->rest);
    struct scaled *counts = law == DYCK_EVEN ? count_words(p) : NULL;
    sum_backwards(p, lengths, counts);
    free(counts);
    return p;
}

void dyck_free(struct dyck_process *p) {
    if (!p)
        return;
    free(p->weight);
    free(p->scale);
    free(p->end);
    free(p->rest);
    free(p);
}

/* The weights of going each way, in a scale of their own. */
static struct dyck_next weigh(const struct dyck_process *p, uint32_t i, uint32_t depth) {
    struct dyck_next w = {0};
    const double *after = row_of(p, i + 1);
    if (i < p->longest && depth < p->depth)
        w.open = open_weight(p, i, depth) * after[(depth + 1) / 2];
    if (i < p->longest && depth > 0)
        w.close = close_weight(p, depth) * after[(depth - 1) / 2];
    if (depth == 0) {
        w.open *= p->rest[i];
        w.end = p->end[i];
    }
    return w;
}

struct dyck_next dyck_next(const struct dyck_process *p, uint32_t i, uint32_t depth) {
    struct dyck_next w = weigh(p, i, depth);
    double sum = w.open + w.close + w.end;
    return (struct dyck_next){w.open / sum, w.close / sum, w.end / sum};
}

uint32_t dyck_draw(const struct dyck_process *p, struct rng *r, unsigned char *opens) {
    uint32_t depth = 0;
    for (uint32_t i = 0;; i++) {
        struct dyck_next w = weigh(p, i, depth);
        double not_open = w.close + w.end;
        bool open = not_open <= 0 ||
                    (w.open > 0 && rng_uniform(r) * (w.open + not_open) >= not_open);
        if (!open && depth == 0)
            return i;
        opens[i] = open;
        depth += open ? 1u : -1u;
    }
}

double dyck_accepted(const struct dyck_process *p) {
    return ldexp(p->weight[0], p->scale[0]);
}

static double information(double p) {
    return p > 0 ? -p * log(p) : 0;
}

void dyck_expect(const struct dyck_process *p, uint32_t kinds, double *alive, double *loss) {
    double *row = mem_alloc(p->depth + 2, sizeof *row),
           *next = mem_alloc(p->depth + 2, sizeof *next);
    row[0] = 1;
    for (uint32_t i = 0; i <= p->longest; i++) {
        alive[i] = loss[i] = 0;
        for (uint32_t d = 0; d <= p->depth; d++)
            next[d] = 0;
        for (uint32_t d = i % 2; d <= deepest(p, i); d += 2) {
            if (row[d] <= 0)
                continue;
            struct dyck_next n = dyck_next(p, i, d);
            alive[i] += row[d];
            loss[i] += row[d] * (information(n.open) + information(n.close) + information(n.end) +
                                 n.open * log(kinds));
            next[d + 1] += row[d] * n.open;
            if (d > 0)
                next[d - 1] += row[d] * n.close;
        }
        loss[i] = alive[i] > 0 ? loss[i] / alive[i] : 0;
        double *t = row;
        row = next, next = t;
    }
    free(row);
    free(next);
}
