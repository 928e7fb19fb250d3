#include "nn/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/corpus.h"
#include "lib/manifest.h"
#include "lib/mem.h"
#include "lib/metrics.h"
#include "lib/outfile.h"
#include "lib/progress.h"
#include "nn/checkpoint.h"
#include "nn/feed.h"
#include "nn/mat.h"
#include "nn/score.h"

struct evaluation {
    char *name;
    struct score_set *set;
};

struct run {
    const struct loop_request *request;
    char *manifest_path, *metrics_path;
    int lock;
    struct manifest *manifest;
    struct vocab vocab;
    struct feed *feed;
    struct evaluation *evals;
    size_t n_evals;
    struct model *model;
    struct pool *pool;
    struct optim *optim;
    struct metrics *metrics;
    int64_t step; /* done */
    struct checkpoint_state state;
    double last_loss, last_norm;
    struct progress progress;
};

static volatile sig_atomic_t stop_signal;

static void on_stop_signal(int number) {
    if (stop_signal) { /* asked twice: at once */
        outfile_discard_all();
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_signal = number;
}

static const char *signal_name(int number) {
    return number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGHUP";
}

static void catch_stop_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old, act = {.sa_handler = on_stop_signal, .sa_flags = SA_RESTART};
        sigemptyset(&act.sa_mask);
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &act, NULL);
    }
}

/* *made: the last folder was not there before. */
static int make_folders(const char *path, bool *made, struct err *err) {
    char *copy = mem_strdup(path);
    int result = 0;
    for (char *p = copy + 1; result == 0; p++) {
        if (*p != '/' && *p)
            continue;
        char kept = *p;
        *p = '\0';
        struct stat st;
        *made = mkdir(copy, 0777) == 0;
        if (!*made && (errno != EEXIST || stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)))
            result = err_set(err, STATUS_CANTCREATE, "%s: cannot create the folder: %s", copy,
                             strerror(errno == EEXIST ? ENOTDIR : errno));
        *p = kept;
        if (!kept)
            break;
    }
    free(copy);
    return result;
}

/* One process a folder. The lock ends with the process, however it ends. */
static int lock_folder(struct run *run, struct err *err) {
    run->lock = open(run->request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->lock < 0)
        return err_set(err, STATUS_CANTCREATE, "%s: cannot open: %s", run->request->folder,
                       strerror(errno));
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(err, STATUS_CANTCREATE, "%s: another process is training in this folder",
                       run->request->folder);
    return 0;
}

/* Remove the files that a killed process left half-written: those whose names end in MARK and its
 * number. */
static void remove_unfinished(const char *folder, const char *mark) {
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        const char *digits = strstr(entry->d_name, mark);
        digits = digits ? digits + strlen(mark) : "";
        if (!*digits || digits[strspn(digits, "0123456789")])
            continue;
        struct buf path = {0};
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        unlink(path.data);
        buf_free(&path);
    }
    if (d)
        closedir(d);
}

static void record_option(struct manifest *m, const struct opt *o) {
    switch (o->type) {
    case OPT_FLAG:
        manifest_set_bool(m, "options", o->name, *(bool *)o->value);
        break;
    case OPT_COUNT:
        manifest_set_integer(m, "options", o->name, *(int64_t *)o->value);
        break;
    case OPT_NUMBER:
        manifest_set_number(m, "options", o->name, *(double *)o->value);
        break;
    case OPT_LIST: { /* NAME=CORPUS: the names shape the metrics; inputs tell the corpora */
        const struct opt_list *list = o->value;
        struct buf names = {0};
        for (size_t i = 0; i < list->n; i++)
            buf_printf(&names, "%s%.*s", i ? " " : "", (int)strcspn(list->items[i], "="),
                       list->items[i]);
        manifest_set_string(m, "options", o->name, names.data);
        buf_free(&names);
        break;
    }
    case OPT_TEXT:
    case OPT_CHOICE: {
        char *text = opt_value_text(o);
        manifest_set_string(m, "options", o->name, *text ? text : NULL);
        free(text);
        break;
    }
    case OPT_SEED: /* recorded as seeds */
    case OPT_GROUP:
    case OPT_END:
        break;
    }
}

static void start_manifest(struct run *run) {
    const struct loop_request *q = run->request;
    run->manifest = manifest_new(q->tool->name, q->argc, q->argv);
    manifest_set_string(run->manifest, "machine", "blas", mat_config());
    manifest_set_string(run->manifest, "machine", "blas_core", mat_core_name());
    for (const struct opt *o = q->tool->options; o->type != OPT_END; o++)
        record_option(run->manifest, o);
    manifest_set_unsigned(run->manifest, "seeds", "init", q->seed_init);
    manifest_set_unsigned(run->manifest, "seeds", "order", q->seed_order);
}

/* Options that say nothing of the result, and those whose files the inputs identify. */
static const char **ignored_options(const struct run *run) {
    size_t n = 0;
    const struct opt *o = run->request->tool->options;
    const char **ignored = mem_alloc(256, sizeof *ignored);
    for (; o->type != OPT_END && n < 254; o++)
        if (o->aside && o->name)
            ignored[n++] = o->name;
    return ignored;
}

/* --eval NAME=CORPUS: the corpus. */
static const char *corpus_of(const char *item) {
    const char *equals = strchr(item, '=');
    return equals ? equals + 1 : "";
}

/* A run must be able to read its corpora again when it resumes. */
static int check_path(const char *path, struct err *err) {
    struct stat st;
    if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || S_ISREG(st.st_mode) ||
        S_ISDIR(st.st_mode))
        return 0;
    return err_set(err, STATUS_NOINPUT,
                   "%s: is a pipe or device, which cannot be read again to check or resume the "
                   "run; write it to a file, or pipe it in and name it -",
                   path);
}

/* What can be known of the corpora before any is opened. */
static int check_request(const struct loop_request *q, struct err *err) {
    for (int i = 0; i < q->n_corpora; i++)
        if (check_path(q->corpora[i], err) != 0)
            return -1;
    for (size_t i = 0; i < q->evals->n; i++) {
        const char *item = q->evals->items[i], *path = corpus_of(item);
        size_t length = strcspn(item, "=");
        if (!length || !*path)
            return err_set(err, STATUS_USAGE, "--eval takes NAME=CORPUS, not '%s'", item);
        for (size_t k = 0; k < length; k++)
            if ((unsigned char)item[k] <= 0x20 || item[k] == 0x7f || item[k] == '"')
                return err_set(err, STATUS_USAGE,
                               "--eval: the name '%.*s' holds a space or a double quote",
                               (int)length, item);
        for (size_t k = 0; k < i; k++)
            if (strncmp(q->evals->items[k], item, length + 1) == 0)
                return err_set(err, STATUS_USAGE, "--eval names '%.*s' twice", (int)length, item);
        if (length == 5 && strncmp(item, "train", 5) == 0)
            return err_set(err, STATUS_USAGE, "--eval: the name 'train' is taken");
        if (strcmp(path, "-") == 0)
            return err_set(err, STATUS_USAGE, "--eval cannot read standard input");
        if (check_path(path, err) != 0)
            return -1;
    }
    return 0;
}

/* Record a corpus in the manifest. */
static int add_input(struct run *run, const char *role, const char *path, struct err *err) {
    uint64_t hash, examples;
    if (corpus_hash(path, &hash, &examples, err) != 0)
        return -1;
    manifest_add_input(run->manifest, role, path, examples, hash);
    return 0;
}

/* Record all corpora but standard input. */
static int add_inputs(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    struct buf role = {0};
    int result = 0;
    for (int i = 0; i < q->n_corpora && result == 0; i++)
        if (strcmp(q->corpora[i], "-") != 0)
            result = add_input(run, "train", q->corpora[i], err);
    for (size_t i = 0; i < q->evals->n && result == 0; i++) {
        const char *item = q->evals->items[i];
        buf_clear(&role);
        buf_printf(&role, "eval:%.*s", (int)strcspn(item, "="), item);
        result = add_input(run, role.data, corpus_of(item), err);
    }
    buf_free(&role);
    return result;
}

/* A finished run is what it is even when its corpora are gone; but those that are there must be the
 * ones it was made from. */
static int check_finished(struct run *run, const struct manifest *old, const char **ignored,
                          struct err *err) {
    if (add_inputs(run, NULL) != 0)
        return 0;
    return manifest_compare(old, run->manifest, run->request->folder, ignored, err);
}

/* 1: the run is finished already. */
static int meet_old_run(struct run *run, struct manifest **old, struct err *err) {
    *old = NULL;
    if (access(run->manifest_path, F_OK) != 0)
        return 0;
    *old = manifest_read(run->manifest_path, err);
    if (!*old)
        return -1;
    const char **ignored = ignored_options(run);
    int result = manifest_compare_options(*old, run->manifest, run->request->folder, ignored, err);
    bool finished = manifest_status(*old) == MANIFEST_FINISHED;
    if (result == 0 && finished)
        result = check_finished(run, *old, ignored, err);
    free(ignored);
    return result != 0 ? -1 : finished;
}

static int open_evaluations(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->evals = mem_alloc(q->evals->n, sizeof *run->evals);
    for (size_t i = 0; i < q->evals->n; i++) {
        const char *item = q->evals->items[i], *path = corpus_of(item);
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

static int open_inputs(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->feed = feed_open(q->corpora, q->n_corpora, &run->vocab, q->max_length, q->seed_order,
                          (int)q->batch, err);
    if (!run->feed)
        return -1;
    return open_evaluations(run, err) != 0 || add_inputs(run, err) != 0 ? -1 : 0;
}

/* A checkpoint that a signal left between two regular ones goes when the next is safe. */
static void remove_irregular_checkpoints(const struct run *run) {
    const struct loop_request *q = run->request;
    int64_t *steps;
    size_t n;
    if (checkpoint_list(q->folder, &steps, &n, NULL) == 0)
        for (size_t i = 0; i < n; i++)
            if (steps[i] < run->step && steps[i] % q->save_every != 0) {
                char *path = checkpoint_path(q->folder, steps[i]);
                unlink(path);
                free(path);
            }
    free(steps);
}

/* Start at step 0, or take up the last checkpoint. */
static int find_place(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (checkpoint_latest(q->folder, &run->step, err) != 0)
        return -1;
    if (run->step > q->steps)
        return err_set(err, STATUS_USAGE,
                       "%s: has a checkpoint of step %" PRId64 ", beyond --steps %" PRId64,
                       q->folder, run->step, q->steps);
    if (!run->step) {
        model_init(run->model, q->seed_init);
        run->metrics = metrics_open(run->metrics_path, -1, err);
        return run->metrics ? 0 : -1;
    }
    if (checkpoint_resume(q->folder, run->step, run->model, &run->vocab, &run->state, err) != 0)
        return -1;
    if (feed_skip(run->feed, run->step, err) != 0)
        return -1;
    if (feed_hash(run->feed) != run->state.stream_hash)
        return err_set(err, STATUS_DATA,
                       "standard input differs from what this run has read in "
                       "its first %" PRId64 " steps",
                       run->step);
    remove_irregular_checkpoints(run);
    msg_note("%s: resuming at step %" PRId64 " of %" PRId64, q->folder, run->step, q->steps);
    run->metrics = metrics_open(run->metrics_path, run->step, err);
    return run->metrics ? 0 : -1;
}

static void reserve(struct run *run) {
    int64_t tokens = feed_most_tokens(run->feed);
    model_reserve(run->model, tokens > INT32_MAX / 2 ? 1 : (int)tokens, (int)run->request->batch,
                  feed_longest(run->feed), pool_workers(run->pool));
}

static int set_up(struct run *run, struct manifest *old, struct err *err) {
    const struct loop_request *q = run->request;
    if (open_inputs(run, err) != 0)
        return -1;
    if (old) {
        const char **ignored = ignored_options(run);
        int result = manifest_compare(old, run->manifest, q->folder, ignored, err);
        free(ignored);
        if (result != 0)
            return -1;
        const char *core = manifest_string(old, "machine", "blas_core");
        if (core && strcmp(core, mat_core_name()) != 0)
            msg_warn("%s: begun with the BLAS kernels of %s, continued with those of %s: the bits "
                     "will not be those of an undisturbed run (OPENBLAS_CORETYPE pins them)",
                     q->folder, core, mat_core_name());
        manifest_continue(run->manifest, old);
    }
    if (run->vocab.n > INT32_MAX / 2)
        return err_set(err, STATUS_DATA, "the vocabulary is too large");
    run->model = q->make_model(q->context, (int)run->vocab.n, err);
    if (!run->model)
        return -1;
    run->pool = pool_new(q->threads);
    run->optim = optim_new(run->model->params, &q->adamw);
    reserve(run);
    manifest_set_integer(run->manifest, "model", "parameters",
                         (int64_t)params_count(run->model->params));
    manifest_set_integer(run->manifest, "model", "vocabulary", (int64_t)run->vocab.n);
    return find_place(run, err);
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

static int evaluate(struct run *run, struct err *err) {
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

static int save(struct run *run, struct err *err) {
    run->state.stream_hash = feed_hash(run->feed);
    if (metrics_sync(run->metrics, err) != 0 ||
        checkpoint_write(run->request->folder, run->step, run->model, &run->vocab, &run->state,
                         err) != 0)
        return -1;
    remove_irregular_checkpoints(run);
    return 0;
}

/* Keep the batch whose loss or gradient is not finite, for its maker to look at. */
static void keep_bad_batch(const struct run *run, const struct batch *batch) {
    struct buf text = {0}, path = {0};
    for (int s = 0; s < batch->sequences; s++) {
        for (int i = batch->offset[s] + 1; i < batch->offset[s + 1]; i++)
            buf_printf(&text, "%s%s", i > batch->offset[s] + 1 ? " " : "",
                       run->vocab.words[batch->input[i]]);
        buf_putc(&text, '\n');
    }
    buf_printf(&path, "%s/bad-batch.txt", run->request->folder);
    struct err err = {0};
    if (outfile_put(path.data, text.data, text.len, &err) != 0)
        msg_warn("%s", err.text);
    buf_free(&text);
    buf_free(&path);
}

static int take_step(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    struct batch batch;
    int64_t step = run->step + 1;
    if (feed_batch(run->feed, step, &batch, err) != 0)
        return -1;
    int counted;
    double loss = model_gradient(run->model, run->pool, &batch, &counted);
    double norm = optim_norm(run->optim, run->pool);
    if (!isfinite(loss) || !isfinite(norm)) {
        keep_bad_batch(run, &batch);
        return err_set(err, STATUS_NONFINITE,
                       "%s: step %" PRId64 ": the %s is not finite; the batch is in bad-batch.txt; "
                       "earlier checkpoints are untouched (a lower --rate may help)",
                       q->folder, step, isfinite(loss) ? "gradient" : "loss");
    }
    optim_apply(run->optim, run->pool, schedule_rate(&q->schedule, step), step, norm, q->clip);
    run->step = step;
    run->last_loss = loss;
    run->last_norm = norm;
    run->state.loss_sum += loss * counted;
    run->state.loss_count += counted;
    return 0;
}

static int train(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->progress = progress_start(run->step, q->steps, "steps");
    if (run->step == 0 && evaluate(run, err) != 0)
        return -1;
    while (run->step < q->steps) {
        if (take_step(run, err) != 0)
            return -1;
        bool last = run->step == q->steps;
        if ((run->step % q->eval_every == 0 || last) && evaluate(run, err) != 0)
            return -1;
        if ((run->step % q->save_every == 0 || last || stop_signal) && save(run, err) != 0)
            return -1;
        if (stop_signal && !last) {
            progress_clear(&run->progress);
            return err_set(err, STATUS_AGAIN,
                           "%s: stopped at step %" PRId64 " of %" PRId64
                           " by %s, with a checkpoint; run again to resume",
                           q->folder, run->step, q->steps, signal_name((int)stop_signal));
        }
        char detail[48];
        snprintf(detail, sizeof detail, "loss %.4f", run->last_loss);
        progress_update(&run->progress, run->step, detail);
    }
    progress_clear(&run->progress);
    return 0;
}

static void tear_down(struct run *run) {
    metrics_abandon(run->metrics);
    optim_free(run->optim);
    pool_free(run->pool);
    model_free(run->model);
    feed_free(run->feed);
    for (size_t i = 0; i < run->n_evals; i++) {
        free(run->evals[i].name);
        score_free(run->evals[i].set);
    }
    free(run->evals);
    vocab_free(&run->vocab);
    manifest_free(run->manifest);
    if (run->lock >= 0)
        close(run->lock);
    free(run->manifest_path);
    free(run->metrics_path);
}

static int run_to_end(struct run *run, struct manifest *old, struct err *err) {
    if (set_up(run, old, err) != 0 || manifest_write(run->manifest, run->manifest_path, err) != 0)
        return -1;
    msg_note("%s: %zu parameters, vocabulary %zu, %s, a checkpoint every %" PRId64 " steps",
             run->request->folder, params_count(run->model->params), run->vocab.n,
             feed_is_stream(run->feed) ? "a stream of examples" : "examples in memory",
             run->request->save_every);
    catch_stop_signals();
    int result = train(run, err);
    if (result == 0) {
        result = metrics_close(run->metrics, err);
        run->metrics = NULL;
    }
    struct err second = {0};
    /* What led to the failure is worth reading; resuming drops it again. */
    if (result != 0 && metrics_sync(run->metrics, &second) != 0)
        msg_warn("%s", second.text);
    manifest_set_status(run->manifest, result == 0                   ? MANIFEST_FINISHED
                                       : err->status == STATUS_AGAIN ? MANIFEST_STOPPED
                                                                     : MANIFEST_FAILED);
    manifest_set_integer(run->manifest, NULL, "step", run->step);
    if (manifest_write(run->manifest, run->manifest_path, &second) != 0 && result == 0) {
        *err = second;
        result = -1;
    }
    return result;
}

enum status loop_run(const struct loop_request *request, struct err *err) {
    struct run run = {.request = request, .lock = -1};
    struct buf path = {0};
    mat_init();
    buf_printf(&path, "%s/run.json", request->folder);
    run.manifest_path = path.data;
    path = (struct buf){0};
    buf_printf(&path, "%s/metrics.tsv", request->folder);
    run.metrics_path = path.data;
    struct buf checkpoints = {0};
    buf_printf(&checkpoints, "%s/ckpt", request->folder);
    struct manifest *old = NULL;
    bool made = false;
    int result = check_request(request, err);
    if (result == 0)
        result = make_folders(request->folder, &made, err);
    if (result == 0)
        result = lock_folder(&run, err);
    if (result == 0) {
        remove_unfinished(request->folder, "run.json.tmp.");
        remove_unfinished(checkpoints.data, ".safetensors.tmp.");
        start_manifest(&run);
        result = meet_old_run(&run, &old, err);
    }
    if (result == 1)
        msg_note("%s: already finished at step %" PRId64, request->folder, request->steps);
    else if (result == 0)
        result = run_to_end(&run, old, err);
    if (result < 0 && made && access(run.manifest_path, F_OK) != 0)
        rmdir(request->folder); /* nothing came of it */
    buf_free(&checkpoints);
    manifest_free(old);
    tear_down(&run);
    return result < 0 ? err->status : STATUS_OK;
}
