#include "nn/milestones.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"

/* Read text[0..len) as a count. */
static bool read_step(const char *text, size_t len, int64_t least, int64_t *step) {
    char *copy = mem_strndup(text, len);
    bool sound = len > 0 && copy[0] >= '0' && copy[0] <= '9' && opt_read_count(copy, step) == 0 &&
                 *step >= least;
    free(copy);
    return sound;
}

/* first, first-last, first-last:stride or first-last*factor. */
static bool read_range(const char *text, size_t len, struct milestone_range *r) {
    *r = (struct milestone_range){.stride = 1};
    size_t dash = strcspn(text, "-,");
    if (dash >= len) {
        bool sound = read_step(text, len, 0, &r->first);
        r->last = r->first;
        return sound;
    }
    if (!read_step(text, dash, 0, &r->first))
        return false;
    text += dash + 1;
    len -= dash + 1;
    size_t mark = strcspn(text, ":*,");
    if (!read_step(text, mark < len ? mark : len, r->first, &r->last))
        return false;
    if (mark >= len)
        return true;
    if (text[mark] == ':')
        return read_step(text + mark + 1, len - mark - 1, 1, &r->stride);
    return r->first > 0 && read_step(text + mark + 1, len - mark - 1, 2, &r->factor);
}

static int read_list(struct milestones *m, const char *list, const char *name, int64_t steps,
                     struct err *err) {
    for (const char *text = list;; text++) {
        size_t len = strcspn(text, ",");
        struct milestone_range r;
        if (!read_range(text, len, &r))
            return err_set(err, STATUS_USAGE,
                           "--%s-at takes steps and ranges joined by commas, such as "
                           "0,100,1k-5k:500 or 1-512*2; '%.*s' is neither",
                           name, len > 100 ? 100 : (int)len, text);
        if (r.first > steps)
            return err_set(err, STATUS_USAGE,
                           "--%s-at names step %" PRId64 ", beyond the %" PRId64 " of the run",
                           name, r.first, steps);
        m->ranges = mem_grow(m->ranges, &m->cap_ranges, m->n_ranges + 1, sizeof *m->ranges);
        m->ranges[m->n_ranges++] = r;
        text += len;
        if (!*text)
            return 0;
    }
}

static void add_log(struct milestones *m, int64_t step) {
    if (m->n_log && m->log[m->n_log - 1] >= step)
        return;
    m->log = mem_grow(m->log, &m->cap_log, m->n_log + 1, sizeof *m->log);
    m->log[m->n_log++] = step;
}

static void space(struct milestones *m, int64_t a_decade, int64_t steps) {
    add_log(m, 0);
    for (int64_t decade = 1; decade <= steps; decade *= 10) {
        for (int64_t k = 0; k < a_decade; k++) {
            double step = (double)decade * pow(10, (double)k / (double)a_decade);
            if (step > (double)steps + 1)
                return;
            if (llround(step) <= steps)
                add_log(m, llround(step));
        }
        if (decade > INT64_MAX / 10)
            return;
    }
}

int milestones_read(struct milestones *m, const struct milestone_request *request, const char *name,
                    int64_t steps, struct err *err) {
    m->every = request->every;
    if (request->log > 0)
        space(m, request->log, steps);
    return request->at ? read_list(m, request->at, name, steps, err) : 0;
}

void milestones_free(struct milestones *m) {
    free(m->ranges);
    free(m->log);
    *m = (struct milestones){0};
}

static bool range_has(const struct milestone_range *r, int64_t step) {
    if (step < r->first || step > r->last)
        return false;
    if (!r->factor)
        return (step - r->first) % r->stride == 0;
    int64_t at = r->first;
    while (at < step && at <= step / r->factor)
        at *= r->factor;
    return at == step;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool milestones_lists(const struct milestones *m, int64_t step) {
    for (size_t i = 0; i < m->n_ranges; i++)
        if (range_has(&m->ranges[i], step))
            return true;
    return m->n_log && bsearch(&step, m->log, m->n_log, sizeof step, by_value);
}

bool milestones_repeats(const struct milestones *m, int64_t step) {
    return m->every > 0 && step > 0 && step % m->every == 0;
}
