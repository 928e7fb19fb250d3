#include "nn/loop_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/outfile.h"
#include "nn/mat.h"

static int open_inputs(struct run *run, bool begun, struct err *err) {
    const struct loop_request *q = run->request;
    if (loop_take_parent(run, begun, err) != 0)
        return -1;
    size_t known = run->vocab.n;
    struct feed_request feed = q->feed;
    feed.closed = run->parent != NULL;
    feed.classes = run->parent_task.classes.n ? &run->parent_task.classes : NULL;
    run->feed = feed_open(&feed, &run->vocab, err);
    if (!run->feed || loop_check_vocabulary(run, known, err) != 0)
        return -1;
    if (run->vocab.n > INT32_MAX / 2)
        return err_set(err, STATUS_DATA, "the vocabulary is too large");
    run->model = q->make_model(q->context, run->feed, err);
    if (!run->model)
        return -1;
    model_set_rows(run->model, MODEL_ROWS_PREDICTED);
    if (graph_set_precision(run->model->graph, q->precision, err) != 0)
        return -1;
    model_set_task(run->model, feed_layout(run->feed), &q->feed.columns, q->feed.mask_words,
                   feed_classes(run->feed));
    run->model->passes = (int)q->passes;
    return loop_open_evaluations(run, err) != 0 || loop_add_inputs(run, err) != 0 ? -1 : 0;
}

static int open_metrics(struct run *run, bool anew, struct err *err) {
    run->metrics = metrics_open(run->metrics_path, anew ? -1 : run->step, err);
    return run->metrics ? loop_open_timing(run, anew, err) : -1;
}

/* The parent may have had an optimiser that keeps something else. */
static int hint_at_fresh(struct err *err) {
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len,
             "; --fresh-optimiser branches the weights alone");
    return -1;
}

/* Weights and moments as the run begins. */
static int begin(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (!run->parent) {
        if (init_params(run->model->params, &q->initial, q->seed_init, err) != 0)
            return -1;
        model_settle(run->model);
    } else {
        bool alone = q->fresh_optimiser ||
                     (run->base == 0 && !checkpoint_has_state(q->folder, run->base));
        if (checkpoint_resume(q->folder, run->base, run->model, &run->vocab,
                              alone ? NULL : &run->state, err) != 0)
            return alone ? -1 : hint_at_fresh(err);
        if (alone)
            run->state.moments_from = (double)run->base;
        /* What the parent's criteria and keeping remember is not of this run. */
        run->state.lasting.n = run->state.watched.n = 0;
        if (feed_skip(run->feed, run->base, err) != 0)
            return -1;
        msg_note("%s: branching from %s at step %" PRId64 "%s", q->folder, run->parent, run->base,
                 alone ? ", with a fresh optimiser" : "");
    }
    run->state.stream_hash = feed_hash(run->feed);
    return open_metrics(run, true, err);
}

/* Take up the last checkpoint. */
static int resume(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (checkpoint_resume(q->folder, run->step, run->model, &run->vocab, &run->state, err) != 0 ||
        loop_recall_watches(run, err) != 0 || feed_skip(run->feed, run->step, err) != 0)
        return -1;
    if (feed_hash(run->feed) != run->state.stream_hash)
        return err_set(err, STATUS_DATA,
                       "standard input differs from what this run has read in "
                       "its first %" PRId64 " steps",
                       run->step);
    run->saved = run->step;
    run->ended = run->step == q->steps || loop_met_criterion(run);
    loop_thin(run);
    msg_note("%s: resuming at step %" PRId64 " of %" PRId64, q->folder, run->step, q->steps);
    return open_metrics(run, false, err);
}

static int find_place(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (checkpoint_latest(q->folder, run->base, &run->step, err) != 0)
        return -1;
    if (run->step > q->steps)
        return err_set(err, STATUS_USAGE,
                       "%s: has a checkpoint of step %" PRId64 ", beyond --steps %" PRId64,
                       q->folder, run->step, q->steps);
    return run->step == run->base ? begin(run, err) : resume(run, err);
}

static void reserve(struct run *run) {
    struct feed_facts f = feed_facts(run->feed);
    /* Batches cut into parts make the room of a part when they come. */
    if (run->request->passes > 1 || f.most_tokens > INT32_MAX / 2 || f.most_memory > INT32_MAX / 2)
        return;
    struct graph_room room = {.rows = {[ROWS_INPUT] = (int)f.most_tokens,
                                       [ROWS_MEMORY] = (int)f.most_memory,
                                       [ROWS_EXAMPLE] = (int)f.most_sequences},
                              .longest = f.longest,
                              .longest_memory = f.longest_memory,
                              .workers = pool_workers(run->pool)};
    /* No batch may be as large as the longest sequences would make it. */
    if ((double)graph_room_bytes(run->model->graph, &room) <= mem_machine() / 8)
        graph_reserve(run->model->graph, &room);
}

/* A batch that cannot fit is better refused than killed half-way. */
static int check_room(struct run *run, const struct batch *batch, struct err *err) {
    struct graph_room room = graph_room_of(run->pool, batch, run->model->passes);
    double need = (double)graph_room_bytes(run->model->graph, &room), have = mem_machine();
    return have > 0 && need > have
               ? err_set(err, STATUS_USAGE,
                         "%s: step %" PRId64 ": a batch of %d examples needs %.1f GB; this machine "
                         "has %.1f (--accumulate takes it in parts)",
                         run->request->folder, run->step + 1, batch->sequences, need / 1e9,
                         have / 1e9)
               : 0;
}

static int check_perturbations(const struct run *run, struct err *err) {
    for (size_t i = 0; i < run->n_perturbations; i++) {
        int tensors = perturbation_matches(&run->perturbations[i], run->model->params, err);
        if (tensors == 0)
            err_set(err, STATUS_USAGE,
                    "--perturb '%s': the model has no tensor whose name matches; the first is %s",
                    run->request->perturb->items[i], run->model->params->table[0].name);
        if (tensors <= 0)
            return -1;
    }
    return 0;
}

static int set_up(struct run *run, struct manifest *old, struct err *err) {
    const struct loop_request *q = run->request;
    if (open_inputs(run, old != NULL, err) != 0)
        return -1;
    if (old) {
        const char **ignored = loop_ignored_options(run, old);
        int result = manifest_compare(old, run->manifest, q->folder, ignored, err);
        free(ignored);
        if (result != 0)
            return -1;
        const char *core = manifest_string(old, "machine", "blas_core");
        if (q->statistics != STATISTICS_NONE && core && strcmp(core, mat_core_name()) != 0)
            msg_warn("%s: begun with the BLAS kernels of %s, continued with those of %s: singular "
                     "values "
                     "may differ in their last digits (OPENBLAS_CORETYPE pins them)",
                     q->folder, core, mat_core_name());
        manifest_continue(run->manifest, old);
    }
    run->pool = pool_new(q->threads);
    run->optim = optim_new(run->model->params, &q->optim, err);
    if (!run->optim)
        return -1;
    reserve(run);
    if (loop_evaluate(run, REPORT_NAMES, err) != 0 || loop_check_watches(run, err) != 0 ||
        check_perturbations(run, err) != 0)
        return -1;
    if (run->track[TRACK_UPDATE_NORM])
        run->before = mem_alloc(run->model->params->size, sizeof *run->before);
    manifest_set_integer(run->manifest, "model", "parameters",
                         (int64_t)params_count(run->model->params));
    manifest_set_integer(run->manifest, "model", "vocabulary", (int64_t)run->vocab.n);
    return loop_import(run, old, err) != 0 ? -1 : find_place(run, err);
}

/* Keep the batch whose loss or gradient is not finite, for its maker to look at. */
static void keep_bad_batch(const struct run *run, const struct batch *batch) {
    struct buf text = {0}, path = {0};
    const struct layout *l = feed_layout(run->feed);
    size_t features = (size_t)run->model->facts.features;
    for (int s = 0; s < batch->sequences; s++) {
        const char *blank = "";
        for (int i = batch->offset ? batch->offset[s] + l->bos : 0;
             batch->offset && i < batch->offset[s + 1]; i++, blank = " ")
            buf_printf(&text, "%s%s", blank, run->vocab.words[batch->input[i]]);
        for (size_t i = 0; batch->feature && i < features; i++, blank = " ")
            buf_printf(&text, "%s%.9g", blank, (double)batch->feature[(size_t)s * features + i]);
        buf_putc(&text, '\n');
    }
    buf_printf(&path, "%s/bad-batch.txt", run->request->folder);
    struct err err = {0};
    if (outfile_put(path.data, text.data, text.len, &err) != 0)
        msg_warn("%s", err.text);
    buf_free(&text);
    buf_free(&path);
}

/* The norm of what the update changed. */
static double change(const struct run *run) {
    const struct params *p = run->model->params;
    double sum = 0;
    for (size_t i = 0; i < p->size; i++) {
        double d = (double)p->value[i] - (double)run->before[i];
        sum += d * d;
    }
    return sqrt(sum);
}

static int take_step(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    const struct params *params = run->model->params;
    struct batch batch;
    int64_t step = run->step + 1;
    if (feed_batch(run->feed, step, &batch, err) != 0)
        return -1;
    batch.seed_dropout = q->seed_dropout;
    batch.number = (uint64_t)step;
    if (check_room(run, &batch, err) != 0)
        return -1;
    int counted;
    double loss = model_gradient(run->model, run->pool, &batch, &counted);
    bool measured = run->before && loop_evaluates_at(run, step);
    if (measured)
        memcpy(run->before, params->value, params->size * sizeof *run->before);
    struct optim_report report = {0};
    if (!isfinite(loss) ||
        optim_step(run->optim, run->pool, step - (int64_t)run->state.moments_from,
                   schedule_rate(&q->schedule, step), &report) != 0) {
        keep_bad_batch(run, &batch);
        return err_set(err, STATUS_NONFINITE,
                       "%s: step %" PRId64 ": the %s is not finite; the batch is in bad-batch.txt; "
                       "earlier checkpoints are untouched (a lower --rate may help)",
                       q->folder, step, isfinite(loss) ? "gradient" : "loss");
    }
    if (measured)
        run->update_norm = change(run);
    run->step = step;
    run->last_loss = loss;
    run->last_norm = report.norm;
    run->state.loss_sum += loss * counted;
    run->state.loss_count += counted;
    run->state.tokens += batch.tokens + batch.memory_tokens;
    run->state.examples += batch.sequences;
    run->state.stream_hash = feed_hash(run->feed);
    return 0;
}

static int perturb(struct run *run, struct err *err) {
    for (size_t i = 0; i < run->n_perturbations; i++) {
        const struct perturbation *p = &run->perturbations[i];
        if (p->step != run->step)
            continue;
        int tensors = params_perturb(run->model->params, p->scale, p->relative, p->pattern,
                                     run->request->seed_noise, run->step, err);
        if (tensors < 0)
            return -1;
        if (tensors == 0)
            return err_set(err, STATUS_USAGE,
                           "--perturb '%s': no tensor of the model has this name",
                           run->request->perturb->items[i]);
        msg_note("%s: step %" PRId64 ": %d tensors perturbed", run->request->folder, run->step,
                 tensors);
    }
    return 0;
}

/* What follows an update, or the beginning. */
static int complete_step(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    bool first = run->step == run->base, moved = false;
    if (perturb(run, err) != 0)
        return -1;
    if (loop_evaluates_at(run, run->step) || (first && !q->skip_first_evaluation)) {
        if (loop_evaluate(run, REPORT_ROWS, err) != 0)
            return -1;
        moved = loop_takes_moves(run);
        run->ended = loop_met_criterion(run) != NULL;
    }
    run->ended |= run->step == q->steps;
    /* A branch has its first checkpoint already, as it was before any perturbation. */
    if (first && run->parent)
        return 0;
    return (moved || run->ended || loop_saves_at(run, run->step)) && loop_save(run, moved, err) != 0
               ? -1
               : 0;
}

/* The checkpoint that a signal asks for, unless there is one. */
static int save_for_signal(struct run *run, struct err *err) {
    return run->step > run->base && run->saved != run->step ? loop_save(run, false, err) : 0;
}

static int stop(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (save_for_signal(run, err) != 0)
        return -1;
    progress_clear(&run->progress);
    if (run->step == run->base)
        return err_set(err, STATUS_AGAIN,
                       "%s: stopped before its first step by %s; run again to start", q->folder,
                       loop_stop_signal());
    return err_set(err, STATUS_AGAIN,
                   "%s: stopped at step %" PRId64 " of %" PRId64
                   " by %s, with a checkpoint; run again to resume",
                   q->folder, run->step, q->steps, loop_stop_signal());
}

static int heed_signals(struct run *run, struct err *err) {
    if (loop_take_evaluate_signal() && loop_evaluate(run, REPORT_NOTE, err) != 0)
        return -1;
    if (loop_take_save_signal()) {
        if (save_for_signal(run, err) != 0)
            return -1;
        progress_clear(&run->progress);
        msg_note("%s: a checkpoint of step %" PRId64 ", asked for by SIGUSR1", run->request->folder,
                 run->step);
    }
    return loop_stop_signal() ? stop(run, err) : 0;
}

static int train(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    run->progress = progress_start(run->step, q->steps, "steps");
    if (run->step == run->base && complete_step(run, err) != 0)
        return -1;
    while (!run->ended) {
        if (heed_signals(run, err) != 0)
            return -1;
        if (take_step(run, err) != 0) /* perhaps a signal called it off while it waited */
            return err->status == STATUS_AGAIN && loop_stop_signal() ? stop(run, err) : -1;
        if (complete_step(run, err) != 0)
            return -1;
        char detail[64];
        snprintf(detail, sizeof detail, "%.3g tokens/s, loss %.4f", loop_token_rate(run),
                 run->last_loss);
        progress_update(&run->progress, run->step, detail);
    }
    progress_clear(&run->progress);
    return 0;
}

static void tear_down(struct run *run) {
    metrics_abandon(run->metrics);
    metrics_abandon(run->timing);
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
    vocab_free(&run->names);
    milestones_free(&run->eval);
    milestones_free(&run->save);
    loop_free_watches(run);
    for (size_t i = 0; i < run->n_perturbations; i++)
        perturbation_free(&run->perturbations[i]);
    free(run->perturbations);
    checkpoint_free_state(&run->state);
    free(run->before);
    free(run->parent);
    task_free(&run->parent_task);
    manifest_free(run->manifest);
    if (run->lock >= 0)
        close(run->lock);
    free(run->manifest_path);
    free(run->metrics_path);
    free(run->timing_path);
}

/* How the run ended, for run.json. */
static void record_end(struct run *run, int result, enum status status) {
    const struct watch *met = result == 0 ? loop_met_criterion(run) : NULL;
    manifest_set_status(run->manifest, result == 0              ? MANIFEST_FINISHED
                                       : status == STATUS_AGAIN ? MANIFEST_STOPPED
                                                                : MANIFEST_FAILED);
    manifest_set_integer(run->manifest, NULL, "step", run->step);
    if (!met)
        return;
    manifest_set_string(run->manifest, "ended", "criterion", met->text);
    manifest_set_integer(run->manifest, "ended", "onset", (int64_t)met->memory[1]);
    msg_note("%s: ended at step %" PRId64 " by --stop-when '%s', which holds since step %" PRId64,
             run->request->folder, run->step, met->text, (int64_t)met->memory[1]);
}

static void tell_plan(const struct run *run) {
    char save[64] = "";
    if (run->save.every)
        snprintf(save, sizeof save, ", a checkpoint every %" PRId64 " steps", run->save.every);
    msg_note("%s: %zu parameters, vocabulary %zu, %s%s", run->request->folder,
             params_count(run->model->params), run->vocab.n,
             feed_is_stream(run->feed) ? "a stream of examples" : "examples in memory", save);
}

static int run_to_end(struct run *run, struct manifest *old, struct err *err) {
    loop_listen();
    if (set_up(run, old, err) != 0 || manifest_write(run->manifest, run->manifest_path, err) != 0) {
        if (err->status == STATUS_AGAIN && loop_stop_signal())
            err_set(err, STATUS_AGAIN, "%s: stopped by %s while it was set up; run again to go on",
                    run->request->folder, loop_stop_signal());
        return -1;
    }
    tell_plan(run);
    loop_tell_memory(run);
    int result = train(run, err);
    if (result == 0) {
        result = metrics_close(run->metrics, err);
        run->metrics = NULL;
    }
    if (result == 0) {
        result = metrics_close(run->timing, err);
        run->timing = NULL;
    }
    struct err second = {0};
    /* What led to the failure is worth reading; resuming drops it again. */
    if (result != 0 && ((run->metrics && metrics_sync(run->metrics, &second) != 0) ||
                        (run->timing && metrics_sync(run->timing, &second) != 0)))
        msg_warn("%s", second.text);
    record_end(run, result, err->status);
    if (manifest_write(run->manifest, run->manifest_path, &second) != 0 && result == 0) {
        *err = second;
        result = -1;
    }
    return result;
}

enum status loop_run(const struct loop_request *request, struct err *err) {
    struct run run = {.request = request, .lock = -1, .saved = -1, .program = mem_resident()};
    struct buf path = {0};
    mat_init();
    buf_printf(&path, "%s/run.json", request->folder);
    run.manifest_path = path.data;
    path = (struct buf){0};
    buf_printf(&path, "%s/metrics.tsv", request->folder);
    run.metrics_path = path.data;
    path = (struct buf){0};
    buf_printf(&path, "%s/timing.tsv", request->folder);
    run.timing_path = path.data;
    struct buf checkpoints = {0};
    buf_printf(&checkpoints, "%s/ckpt", request->folder);
    struct manifest *old = NULL;
    bool made = false;
    int result = loop_check_request(&run, err);
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
        msg_note("%s: already finished at step %" PRId64, request->folder,
                 manifest_integer(old, NULL, "step", request->steps));
    else if (result == 0)
        result = run_to_end(&run, old, err);
    if (result < 0 && access(run.manifest_path, F_OK) != 0) { /* nothing came of it */
        if (run.imported) {
            checkpoint_remove(request->folder, run.base);
            rmdir(checkpoints.data);
        }
        if (made)
            rmdir(request->folder);
    }
    buf_free(&checkpoints);
    manifest_free(old);
    loop_stop_listening();
    tear_down(&run);
    return result < 0 ? err->status : STATUS_OK;
}
