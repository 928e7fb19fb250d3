#include "nn/loop_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

int loop_open_evaluations(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->evals = mem_alloc(q->evals->n, sizeof *run->evals);
    for (size_t i = 0; i < q->evals->n; i++) {
        const char *item = q->evals->items[i], *path = loop_corpus_of(item);
        struct evaluation *e = &run->evals[run->n_evals++];
        e->name = mem_strndup(item, strcspn(item, "="));
        struct score_options options = {
            .max_length = q->max_length, .limit = (uint64_t)q->eval_limit, .among = q->among};
        e->set = score_open(path, &run->vocab, &options, err);
        if (!e->set)
            return -1;
    }
    return 0;
}

static int put_rule(struct run *run, const struct evaluation *e, const char *rule, int number,
                    struct err *err) {
    struct score_summary s = score_summarise(e->set, number, -1);
    char name[256];
    const double values[] = {(double)s.first / (double)s.n, (double)s.choice / (double)s.n,
                             (double)s.exact / (double)s.n, s.logp};
    static const char *const kinds[] = {"first", "choice", "exact", "logp"};
    for (int k = 0; s.n && k < 4; k++) {
        if ((k == 1 && !s.has_choice) || (k == 3 && number == SCORE_NONE))
            continue;
        snprintf(name, sizeof name, "%s:%.200s", kinds[k], rule);
        if (metrics_add(run->metrics, run->step, e->name, name, values[k], err) != 0)
            return -1;
    }
    return 0;
}

/* Evaluate on one corpus: its loss, and each rule's share of the answers. */
static int evaluate_on(struct run *run, const struct evaluation *e, struct buf *line,
                       struct err *err) {
    score_run(e->set, run->model, run->pool);
    double loss = score_loss(e->set);
    buf_printf(line, ", %s loss %.4f", e->name, loss);
    if (metrics_add(run->metrics, run->step, e->name, "loss", loss, err) != 0)
        return -1;
    size_t rules = score_rules(e->set);
    if (rules == 0)
        return 0;
    struct score_summary parting = score_summarise(e->set, 0, -1),
                         agreed = score_summarise(e->set, SCORE_AGREED, -1);
    if (agreed.n) {
        char name[256];
        const char *rule = rules == 1 ? score_rule_name(e->set, 0) : "agreed";
        snprintf(name, sizeof name, "n:%.200s", rule);
        if (metrics_add(run->metrics, run->step, e->name, name, (double)agreed.n, err) != 0 ||
            put_rule(run, e, rule, SCORE_AGREED, err) != 0)
            return -1;
        buf_printf(line, " exact %.3f", (double)agreed.exact / (double)agreed.n);
    }
    if (!parting.n)
        return 0;
    if (metrics_add(run->metrics, run->step, e->name, "n", (double)parting.n, err) != 0)
        return -1;
    for (size_t r = 0; r < rules; r++) {
        if (put_rule(run, e, score_rule_name(e->set, r), (int)r, err) != 0)
            return -1;
        struct score_summary s = score_summarise(e->set, (int)r, -1);
        buf_printf(line, " %s %.3f", score_rule_name(e->set, r), (double)s.first / (double)s.n);
    }
    return put_rule(run, e, "none", SCORE_NONE, err);
}

int loop_evaluate(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    struct buf line = {0};
    buf_puts(&line, "");
    if (run->step > 0) {
        double loss = run->state.loss_sum / run->state.loss_count;
        buf_printf(&line, ", loss %.4f", loss);
        if (metrics_add(run->metrics, run->step, "train", "loss", loss, err) != 0 ||
            metrics_add(run->metrics, run->step, "train", "gradient_norm", run->last_norm, err) !=
                0 ||
            metrics_add(run->metrics, run->step, "train", "rate",
                        schedule_rate(&q->schedule, run->step), err) != 0)
            return -1;
        run->state.loss_sum = run->state.loss_count = 0;
    }
    int result = 0;
    for (size_t i = 0; i < run->n_evals && result == 0; i++)
        result = evaluate_on(run, &run->evals[i], &line, err);
    progress_clear(&run->progress);
    char left[32];
    progress_put_left(&run->progress, run->step, left, sizeof left);
    msg_note("%s: step %" PRId64 "/%" PRId64 "%s%s", q->folder, run->step, q->steps, left,
             line.data);
    buf_free(&line);
    return result;
}
