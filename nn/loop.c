#include "nn/loop_private.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/outfile.h"
#include "nn/mat.h"

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

static int open_inputs(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    struct feed_request feed = {.paths = q->corpora,
                                .n_paths = q->n_corpora,
                                .layout = layout_default(),
                                .max_length = q->max_length,
                                .seed_order = q->seed_order,
                                .batch = q->batch};
    run->feed = feed_open(&feed, &run->vocab, err);
    if (!run->feed)
        return -1;
    return loop_open_evaluations(run, err) != 0 || loop_add_inputs(run, err) != 0 ? -1 : 0;
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
        const char **ignored = loop_ignored_options(run);
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
    run->optim = optim_new(run->model->params, &q->optim, err);
    if (!run->optim)
        return -1;
    reserve(run);
    manifest_set_integer(run->manifest, "model", "parameters",
                         (int64_t)params_count(run->model->params));
    manifest_set_integer(run->manifest, "model", "vocabulary", (int64_t)run->vocab.n);
    return find_place(run, err);
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
    struct optim_report report = {0};
    if (!isfinite(loss) ||
        optim_step(run->optim, run->pool, step, schedule_rate(&q->schedule, step), &report) != 0) {
        keep_bad_batch(run, &batch);
        return err_set(err, STATUS_NONFINITE,
                       "%s: step %" PRId64 ": the %s is not finite; the batch is in bad-batch.txt; "
                       "earlier checkpoints are untouched (a lower --rate may help)",
                       q->folder, step, isfinite(loss) ? "gradient" : "loss");
    }
    run->step = step;
    run->last_loss = loss;
    run->last_norm = report.norm;
    run->state.loss_sum += loss * counted;
    run->state.loss_count += counted;
    return 0;
}

static int train(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->progress = progress_start(run->step, q->steps, "steps");
    if (run->step == 0 && loop_evaluate(run, err) != 0)
        return -1;
    while (run->step < q->steps) {
        if (take_step(run, err) != 0)
            return -1;
        bool last = run->step == q->steps;
        if ((run->step % q->eval_every == 0 || last) && loop_evaluate(run, err) != 0)
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
    int result = loop_check_request(request, err);
    if (result == 0)
        result = loop_make_folders(request->folder, &made, err);
    if (result == 0)
        result = loop_lock_folder(&run, err);
    if (result == 0) {
        loop_remove_unfinished(request->folder, "run.json.tmp.");
        loop_remove_unfinished(checkpoints.data, ".safetensors.tmp.");
        loop_start_manifest(&run);
        result = loop_meet_old_run(&run, &old, err);
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
