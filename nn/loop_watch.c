#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/loop_private.h"

static bool is_metric(const char *text, size_t len) {
    const char *slash = memchr(text, '/', len);
    return slash && slash > text && slash < text + len - 1;
}

/* METRIC:CHANGE; the name of a metric may have colons. */
static int read_change(struct watch *w, const char *text, struct err *err) {
    const char *colon = strrchr(text, ':');
    *w = (struct watch){.text = text};
    if (!colon || !is_metric(text, (size_t)(colon - text)) ||
        opt_read_number(colon + 1, &w->value) != 0 || !(w->value > 0))
        return err_set(err, STATUS_USAGE,
                       "--save-on takes METRIC:CHANGE with a change above 0, such as "
                       "ood/first:linear:0.05, not '%s'",
                       text);
    w->metric = mem_strndup(text, (size_t)(colon - text));
    return 0;
}

/* METRIC>=VALUE[:TIMES], and the same with >, <= and <. */
static int read_criterion(struct watch *w, const char *text, struct err *err) {
    size_t len = strcspn(text, "<>");
    *w = (struct watch){.text = text, .stops = true, .times = 1};
    bool sound = is_metric(text, len) && text[len];
    if (sound) {
        const char *rest = text + len + 1;
        bool equal = *rest == '=';
        w->comparison = text[len] == '<' ? (equal ? 'l' : '<') : (equal ? 'g' : '>');
        rest += equal;
        size_t digits = strcspn(rest, ":");
        char *value = mem_strndup(rest, digits);
        sound = opt_read_number(value, &w->value) == 0 &&
                (!rest[digits] ||
                 (opt_read_count(rest + digits + 1, &w->times) == 0 && w->times > 0));
        free(value);
    }
    if (!sound)
        return err_set(err, STATUS_USAGE,
                       "--stop-when takes METRIC>=VALUE[:TIMES], or with >, <= or <, such as "
                       "ood/exact:target>=0.99:3, not '%s'",
                       text);
    w->metric = mem_strndup(text, len);
    return 0;
}

int loop_read_watches(struct run *run, struct err *err) {
    const struct opt_list *changes = run->request->save_on, *ends = run->request->stop_when;
    size_t n_changes = changes ? changes->n : 0, n = n_changes + (ends ? ends->n : 0);
    run->watches = mem_alloc(n, sizeof *run->watches);
    for (; run->n_watches < n; run->n_watches++) {
        size_t i = run->n_watches;
        struct watch *w = &run->watches[i];
        if (i < n_changes ? read_change(w, changes->items[i], err) != 0
                          : read_criterion(w, ends->items[i - n_changes], err) != 0)
            return -1;
    }
    return 0;
}

void loop_free_watches(struct run *run) {
    for (size_t i = 0; i < run->n_watches; i++)
        free(run->watches[i].metric);
    free(run->watches);
}

int loop_check_watches(const struct run *run, struct err *err) {
    for (size_t i = 0; i < run->n_watches; i++) {
        const struct watch *w = &run->watches[i];
        if (vocab_find(&run->names, w->metric, strlen(w->metric)) >= 0)
            continue;
        const char *option = w->stops ? "--stop-when" : "--save-on";
        const char *near = msg_nearest(w->metric, run->names.words, run->names.n);
        if (near)
            return err_set(err, STATUS_USAGE, "%s: this run has no metric '%s'; did you mean '%s'?",
                           option, w->metric, near);
        char *all = vocab_text(&run->names);
        err_set(err, STATUS_USAGE, "%s: this run has no metric '%s'; it has %.1500s", option,
                w->metric, all);
        free(all);
        return -1;
    }
    return 0;
}

static bool holds(const struct watch *w, double value) {
    switch (w->comparison) {
    case '<':
        return value < w->value;
    case '>':
        return value > w->value;
    case 'l':
        return value <= w->value;
    default:
        return value >= w->value;
    }
}

static void see(struct watch *w, int64_t step, double value) {
    w->latest = value;
    if (w->stops) {
        if (!holds(w, value)) {
            w->memory[0] = w->memory[1] = 0;
        } else if (w->memory[0]++ == 0) {
            w->memory[1] = (double)step;
        }
        return;
    }
    /* Shares such as 0.30 - 0.25 fall short of 0.05 by rounding alone. */
    w->moved = w->memory[0] && fabs(value - w->memory[1]) >= w->value * (1 - 1e-9);
    if (!w->memory[0] && !isnan(value)) {
        w->memory[0] = 1;
        w->memory[1] = value;
    }
}

void loop_watch(struct run *run, const char *split, const char *metric, double value) {
    size_t len = strlen(split);
    for (size_t i = 0; i < run->n_watches; i++) {
        struct watch *w = &run->watches[i];
        if (strncmp(w->metric, split, len) == 0 && w->metric[len] == '/' &&
            strcmp(w->metric + len + 1, metric) == 0)
            see(w, run->step, value);
    }
}

bool loop_takes_moves(struct run *run) {
    bool any = false;
    for (size_t i = 0; i < run->n_watches; i++) {
        struct watch *w = &run->watches[i];
        if (w->moved)
            w->memory[1] = w->latest;
        any |= w->moved;
        w->moved = false;
    }
    return any;
}

const struct watch *loop_met_criterion(const struct run *run) {
    for (size_t i = 0; i < run->n_watches; i++)
        if (run->watches[i].stops && run->watches[i].memory[0] >= (double)run->watches[i].times)
            return &run->watches[i];
    return NULL;
}

void loop_remember_watches(struct run *run) {
    struct checkpoint_numbers *n = &run->state.watched;
    n->n = 0;
    for (size_t i = 0; i < run->n_watches; i++)
        for (int k = 0; k < 2; k++)
            checkpoint_add_number(n, run->watches[i].memory[k]);
}

int loop_recall_watches(struct run *run, struct err *err) {
    const struct checkpoint_numbers *n = &run->state.watched;
    if (n->n != 2 * run->n_watches)
        return err_set(err, STATUS_DATA,
                       "%s: the state of step %" PRId64 " remembers %zu criteria, not %zu",
                       run->request->folder, run->step, n->n / 2, run->n_watches);
    for (size_t i = 0; i < n->n; i++)
        run->watches[i / 2].memory[i % 2] = n->items[i];
    return 0;
}
