#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "nn/loop_private.h"

static const char *const track_names[TRACKS] = {"weight_norm", "update_norm", "tokens", "examples",
                                                "epochs"};

int loop_read_track(struct run *run, const char *text, struct err *err) {
    for (; text && *text; text += *text == ',') {
        size_t len = strcspn(text, ",");
        bool all = len == 3 && strncmp(text, "all", 3) == 0, known = all;
        for (int t = 0; t < TRACKS; t++)
            if (all || (strlen(track_names[t]) == len && strncmp(text, track_names[t], len) == 0))
                run->track[t] = known = true;
        if (!known)
            return err_set(err, STATUS_USAGE,
                           "--track takes weight_norm, update_norm, tokens, examples and epochs, "
                           "joined by commas, or all; not '%.*s'",
                           len > 100 ? 100 : (int)len, text);
        text += len;
    }
    return 0;
}

/* The names of tags become parts of names of metrics. */
static int check_tags(const struct evaluation *e, const char *path, struct err *err) {
    const struct vocab *tags = score_tags(e->set);
    for (size_t t = 0; t < tags->n; t++)
        for (const char *p = tags->words[t]; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '"')
                return err_set(err, STATUS_DATA,
                               "%s: --per-tag: the tag '%.100s' has a control character or a "
                               "double quote",
                               path, tags->words[t]);
    return 0;
}

int loop_open_evaluations(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->evals = mem_alloc(q->evals->n, sizeof *run->evals);
    for (size_t i = 0; i < q->evals->n; i++) {
        const char *item = q->evals->items[i], *path = loop_corpus_of(item);
        struct evaluation *e = &run->evals[run->n_evals++];
        e->name = mem_strndup(item, strcspn(item, "="));
        struct score_options options = score_options_of(run->model);
        options.limit = (uint64_t)q->eval_limit;
        options.among = q->among;
        options.digest = &e->digest;
        e->set = score_open(path, &run->vocab, &options, err);
        if (!e->set || (q->per_tag && check_tags(e, path, err) != 0))
            return -1;
    }
    return 0;
}

bool loop_evaluates_at(const struct run *run, int64_t step) {
    return milestones_lists(&run->eval, step) || milestones_repeats(&run->eval, step) ||
           step == run->request->steps;
}

/* A metric and its value, to where the evaluation reports. */
static int put(struct run *run, const char *split, const char *metric, double value,
               struct err *err) {
    if (run->report == REPORT_NOTE)
        return 0;
    if (run->report == REPORT_ROWS) {
        loop_watch(run, split, metric, value);
        return metrics_add(run->metrics, run->step, split, metric, value, err);
    }
    struct buf name = {0};
    buf_printf(&name, "%s/%s", split, metric);
    vocab_add(&run->names, name.data, name.len);
    buf_free(&name);
    return 0;
}

/* KIND:RULE, and behind a tag's rows @TAG. */
static int put_of_rule(struct run *run, const struct evaluation *e, const char *kind,
                       const char *rule, int tag, double value, struct err *err) {
    char name[640];
    int n = rule ? snprintf(name, sizeof name, "%s:%.200s", kind, rule)
                 : snprintf(name, sizeof name, "%s", kind);
    if (tag >= 0)
        snprintf(name + n, sizeof name - (size_t)n, "@%.400s", score_tags(e->set)->words[tag]);
    return put(run, e->name, name, value, err);
}

static int put_rule(struct run *run, const struct evaluation *e, const char *rule, int number,
                    int tag, struct err *err) {
    struct score_summary s = score_summarise(e->set, number, tag);
    const double values[] = {(double)s.first / (double)s.n, (double)s.choice / (double)s.n,
                             (double)s.exact / (double)s.n, s.logp};
    static const char *const kinds[] = {"first", "choice", "exact", "logp"};
    for (int k = 0; s.n && k < 4; k++) {
        if ((k == 1 && !s.has_choice) || (k == 3 && number == SCORE_NONE))
            continue;
        if (put_of_rule(run, e, kinds[k], rule, tag, values[k], err) != 0)
            return -1;
    }
    return 0;
}

/* Each rule's share of the answers, over all examples or those with a tag. */
static int put_rules(struct run *run, const struct evaluation *e, int tag, struct buf *line,
                     struct err *err) {
    size_t rules = score_rules(e->set);
    struct score_summary parting = score_summarise(e->set, 0, tag),
                         agreed = score_summarise(e->set, SCORE_AGREED, tag);
    if (agreed.n) {
        const char *rule = rules == 1 ? score_rule_name(e->set, 0) : "agreed";
        if (put_of_rule(run, e, "n", rule, tag, (double)agreed.n, err) != 0 ||
            put_rule(run, e, rule, SCORE_AGREED, tag, err) != 0)
            return -1;
        if (tag < 0)
            buf_printf(line, " exact %.3f", (double)agreed.exact / (double)agreed.n);
    }
    if (!parting.n)
        return 0;
    if (put_of_rule(run, e, "n", NULL, tag, (double)parting.n, err) != 0)
        return -1;
    for (size_t r = 0; r < rules; r++) {
        if (put_rule(run, e, score_rule_name(e->set, r), (int)r, tag, err) != 0)
            return -1;
        struct score_summary s = score_summarise(e->set, (int)r, tag);
        if (tag < 0)
            buf_printf(line, " %s %.3f", score_rule_name(e->set, r), (double)s.first / (double)s.n);
    }
    return put_rule(run, e, "none", SCORE_NONE, tag, err);
}

/* What the loss exceeds the least possible one by, where the corpus tells it; and both by the place
 * of the word in the source, counted from 1. */
static int put_places(struct run *run, const struct evaluation *e, struct buf *line,
                      struct err *err) {
    bool names = run->report == REPORT_NAMES;
    if (feed_layout(run->feed)->objective != OBJECTIVE_ALL)
        return 0;
    double excess = score_excess(e->set);
    if (!isnan(excess) || names) {
        buf_printf(line, " excess %.4f", excess);
        if (put(run, e->name, "excess", excess, err) != 0)
            return -1;
    }
    size_t n = 0;
    const double *loss = score_positions(e->set, &n);
    for (size_t k = 0; run->request->per_position && k < n; k++) {
        char name[48];
        snprintf(name, sizeof name, "loss#%zu", k + 1);
        if ((!isnan(loss[k]) || names) && put(run, e->name, name, loss[k], err) != 0)
            return -1;
        snprintf(name, sizeof name, "excess#%zu", k + 1);
        excess = score_excess_at(e->set, k);
        if ((!isnan(excess) || names) && put(run, e->name, name, excess, err) != 0)
            return -1;
    }
    return 0;
}

/* Evaluate on one corpus: its loss, and how the rules do. */
static int evaluate_on(struct run *run, const struct evaluation *e, struct buf *line,
                       struct err *err) {
    if (run->report != REPORT_NAMES)
        score_run(e->set, run->model, run->pool);
    double loss = run->report == REPORT_NAMES ? 0 : score_loss(e->set);
    buf_printf(line, ", %s loss %.4f", e->name, loss);
    if (put(run, e->name, "loss", loss, err) != 0)
        return -1;
    if (put_places(run, e, line, err) != 0)
        return -1;
    if (layout_is_whole(feed_layout(run->feed)) ||
        feed_layout(run->feed)->objective == OBJECTIVE_MASKED) {
        double right = run->report == REPORT_NAMES ? 0 : score_fit(e->set, -1).accuracy;
        if (!isnan(right)) {
            buf_printf(line, " accuracy %.4f", right);
            if (put(run, e->name, "accuracy", right, err) != 0)
                return -1;
        }
    }
    if (score_rules(e->set) == 0)
        return 0;
    if (put_rules(run, e, -1, line, err) != 0)
        return -1;
    size_t tags = run->request->per_tag ? score_tags(e->set)->n : 0;
    for (size_t t = 0; t < tags; t++)
        if (put_rules(run, e, (int)t, line, err) != 0)
            return -1;
    return 0;
}

static int put_tracked(struct run *run, bool stepped, struct err *err) {
    double in_memory = (double)feed_examples(run->feed);
    const struct {
        bool known;
        double value;
    } rows[TRACKS] = {
        [TRACK_WEIGHT_NORM] = {true, run->track[TRACK_WEIGHT_NORM]
                                         ? optim_weight_norm(run->optim, run->pool)
                                         : 0},
        [TRACK_UPDATE_NORM] = {stepped, run->update_norm},
        [TRACK_TOKENS] = {true, run->state.tokens},
        [TRACK_EXAMPLES] = {true, run->state.examples},
        [TRACK_EPOCHS] = {in_memory > 0, run->state.examples / in_memory},
    };
    for (int t = 0; t < TRACKS; t++)
        if (run->track[t] && rows[t].known &&
            put(run, "train", track_names[t], rows[t].value, err) != 0)
            return -1;
    return 0;
}

/* What training itself tells; at the base of the run only how it stands. */
static int put_training(struct run *run, bool stepped, struct buf *line, struct err *err) {
    if (stepped && (run->report != REPORT_NOTE || run->state.loss_count > 0)) {
        double loss = run->state.loss_sum / run->state.loss_count;
        buf_printf(line, ", loss %.4f", loss);
        if (put(run, "train", "loss", loss, err) != 0 ||
            put(run, "train", "gradient_norm", run->last_norm, err) != 0 ||
            put(run, "train", "rate", schedule_rate(&run->request->schedule, run->step), err) != 0)
            return -1;
    }
    if (run->report == REPORT_ROWS && run->step > run->base)
        run->state.loss_sum = run->state.loss_count = 0;
    return put_tracked(run, stepped, err);
}

static void tell(struct run *run, const char *line) {
    char left[32], rate[32];
    progress_clear(&run->progress);
    progress_put_left(&run->progress, run->step, left, sizeof left);
    loop_put_rate(run, rate, sizeof rate);
    msg_note("%s: step %" PRId64 "/%" PRId64 "%s%s%s%s", run->request->folder, run->step,
             run->request->steps, rate, left, line,
             run->report == REPORT_NOTE ? " (not recorded)" : "");
}

/* The same of the averaged weights, as the split NAME.average. */
static int evaluate_average(struct run *run, struct buf *line, struct err *err) {
    if (run->request->optim.average == AVERAGE_NONE)
        return 0;
    bool swapped = run->report != REPORT_NAMES && optim_swap_average(run->optim, run->pool);
    int result = 0;
    for (size_t i = 0; (swapped || run->report == REPORT_NAMES) && i < run->n_evals && result == 0;
         i++) {
        struct buf name = {0};
        buf_printf(&name, "%s.average", run->evals[i].name);
        struct evaluation e = {.name = name.data, .set = run->evals[i].set};
        result = evaluate_on(run, &e, line, err);
        buf_free(&name);
    }
    if (swapped)
        (void)optim_swap_average(run->optim, run->pool);
    return result;
}

int loop_evaluate(struct run *run, enum report report, struct err *err) {
    enum { SYNC_SECONDS = 5 }; /* so that whoever watches the file sees it grow */
    struct buf line = {0};
    buf_puts(&line, "");
    run->report = report;
    int result = put_training(run, report == REPORT_NAMES || run->step > run->base, &line, err);
    if (result == 0 && report != REPORT_NOTE)
        result = loop_put_statistics(run, put, err);
    for (size_t i = 0; i < run->n_evals && result == 0; i++)
        result = evaluate_on(run, &run->evals[i], &line, err);
    if (result == 0)
        result = evaluate_average(run, &line, err);
    if (result == 0 && report != REPORT_NAMES)
        tell(run, line.data);
    buf_free(&line);
    if (result != 0 || report != REPORT_ROWS)
        return result;
    result = loop_add_timing(run, err);
    run->noted_seconds = progress_seconds(&run->progress);
    if (result == 0 && run->noted_seconds > run->synced_seconds + SYNC_SECONDS) {
        result = metrics_sync(run->metrics, err);
        if (result == 0)
            result = metrics_sync(run->timing, err);
        run->synced_seconds = run->noted_seconds;
    }
    return result;
}
