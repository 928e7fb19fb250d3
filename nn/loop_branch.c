#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/hash.h"
#include "lib/mem.h"
#include "nn/loop_private.h"

/* RUN@STEP, at the last @. *run is the caller's to free. */
static int split_branch(const char *text, char **run, int64_t *step, struct err *err) {
    const char *at = strrchr(text, '@');
    if (!at || at == text || opt_read_count(at + 1, step) != 0 || *step < 0)
        return err_set(err, STATUS_USAGE,
                       "--branch takes RUN@STEP, such as runs/first@1000, not '%s'", text);
    *run = mem_strndup(text, (size_t)(at - text));
    return 0;
}

int loop_read_branch(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (!q->branch)
        return q->fresh_optimiser
                   ? err_set(err, STATUS_USAGE, "--fresh-optimiser means nothing without --branch")
                   : 0;
    if (split_branch(q->branch, &run->parent, &run->base, err) != 0)
        return -1;
    struct stat a, b;
    if (stat(q->folder, &a) == 0 && stat(run->parent, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return err_set(err, STATUS_USAGE, "--branch: %s cannot branch from itself", q->folder);
    if (run->base >= q->steps)
        return err_set(err, STATUS_USAGE,
                       "--branch begins at step %" PRId64
                       ", not before the last of --steps %" PRId64,
                       run->base, q->steps);
    return 0;
}

/* Read an option's value from the options of a manifest; absent and null leave it as it is. */
static int adopt(struct opt *o, const json_t *value, const char *path, struct err *err) {
    bool sound = true;
    const char *text = json_string_value(value);
    switch (o->type) {
    case OPT_FLAG:
        sound = json_is_boolean(value);
        *(bool *)o->value = json_is_true(value);
        break;
    case OPT_COUNT:
        sound = json_is_integer(value);
        *(int64_t *)o->value = json_integer_value(value);
        break;
    case OPT_NUMBER:
        sound = json_is_number(value);
        *(double *)o->value = json_number_value(value);
        break;
    case OPT_TEXT:
        sound = text != NULL;
        *(const char **)o->value = text;
        break;
    case OPT_CHOICE: {
        size_t i = 0;
        while (text && o->choices[i] && strcmp(o->choices[i], text) != 0)
            i++;
        sound = text && o->choices[i];
        *(const char **)o->value = sound ? o->choices[i] : text;
        break;
    }
    case OPT_SEED: /* none describes a model; lists neither */
    case OPT_LIST:
    case OPT_GROUP:
    case OPT_END:
        break;
    }
    return sound ? 0
                 : err_set(err, STATUS_DATA, "%s: its --%s is not one that this program knows",
                           path, o->name);
}

/* Adopt the options of the rows that the command line does not give; the others must agree. */
static int adopt_all(struct manifest *m, const char *path, const struct opt_tool *tool,
                     const struct opt *rows, struct err *err) {
    const json_t *options = json_object_get(manifest_json(m), "options");
    for (const struct opt *row = rows; row->type != OPT_END; row++) {
        if (row->type == OPT_GROUP)
            continue;
        struct opt *o = (struct opt *)opt_find(tool, row->name);
        const json_t *value = o ? json_object_get(options, o->name) : NULL;
        if (!value || json_is_null(value))
            continue;
        char *now = opt_value_text(o);
        int result = adopt(o, value, path, err);
        char *old = result == 0 ? opt_value_text(o) : NULL;
        bool differs = old && strcmp(old, now) != 0;
        if (differs && o->given)
            result = err_set(err, STATUS_USAGE,
                             "%s: its model has --%s %s; a branch cannot have --%s %s", path,
                             o->name, old, o->name, now);
        else if (differs) { /* as if a preset had set it */
            o->given = true;
            o->source = OPT_PRESET;
        }
        free(now);
        free(old);
        if (result != 0)
            return -1;
    }
    return 0;
}

int loop_adopt_options(const char *folder, const char *branch, const struct opt_tool *tool,
                       const struct opt *rows, struct manifest **kept, struct err *err) {
    char *parent = NULL;
    int64_t step;
    *kept = NULL;
    if (!branch)
        return 0;
    if (split_branch(branch, &parent, &step, err) != 0)
        return -1;
    struct buf path = {0};
    buf_printf(&path, "%s/run.json", folder);
    if (access(path.data, F_OK) != 0) {
        buf_clear(&path);
        buf_printf(&path, "%s/run.json", parent);
    }
    int result = -1;
    if ((*kept = manifest_read(path.data, err))) {
        const char *made_by = manifest_string(*kept, NULL, "tool");
        if (made_by && strcmp(made_by, tool->name) == 0)
            result = adopt_all(*kept, path.data, tool, rows, err);
        else
            err_set(err, STATUS_USAGE, "%s: a run of %s, which %s cannot branch", path.data,
                    made_by ? made_by : "an unknown tool", tool->name);
    }
    free(parent);
    buf_free(&path);
    return result;
}

/* The checkpoint of the step is there, or the nearest are named. */
static int need_checkpoint(const char *folder, int64_t step, struct err *err) {
    int64_t *steps, below = -1, above = -1;
    size_t n;
    if (checkpoint_list(folder, &steps, &n, err) != 0)
        return -1;
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        found |= steps[i] == step;
        if (steps[i] < step)
            below = steps[i];
        else if (above < 0)
            above = steps[i];
    }
    free(steps);
    if (found)
        return 0;
    struct buf near = {0};
    buf_puts(&near, n ? "; there is one of step " : "; it has none");
    if (below >= 0)
        buf_printf(&near, "%" PRId64, below);
    if (below >= 0 && above >= 0)
        buf_puts(&near, " and one of step ");
    if (above >= 0)
        buf_printf(&near, "%" PRId64, above);
    err_set(err, STATUS_NOINPUT, "%s: has no checkpoint of step %" PRId64 "%s", folder, step,
            near.data);
    buf_free(&near);
    return -1;
}

/* Weights without moments are a branch only when that is asked for. At step 0 the moments are 0. */
static int need_state(const struct run *run, struct err *err) {
    if (run->request->fresh_optimiser || run->base == 0 ||
        checkpoint_has_state(run->parent, run->base))
        return 0;
    return err_set(err, STATUS_NOINPUT,
                   "%s: the optimiser's state of step %" PRId64 " was not kept "
                   "(--keep-states all keeps it); --fresh-optimiser branches its weights alone",
                   run->parent, run->base);
}

/* The weights of another objective would be those of another model. */
static int check_task(const struct run *run, const char *path, struct err *err) {
    const struct layout *was = &run->parent_task.layout, *is = &run->request->feed.layout;
    if (was->objective != is->objective)
        return err_set(err, STATUS_USAGE,
                       "%s: trained with --objective %s; a branch cannot have --objective %s", path,
                       layout_objectives[was->objective], layout_objectives[is->objective]);
    if (was->bidirectional_prefix != is->bidirectional_prefix)
        return err_set(err, STATUS_USAGE, "%s: trained with --prefix %s; a branch must have it",
                       path, was->bidirectional_prefix ? "bidirectional" : "causal");
    return 0;
}

int loop_take_parent(struct run *run, bool begun, struct err *err) {
    if (!run->parent)
        return 0;
    if (!begun && (need_checkpoint(run->parent, run->base, err) != 0 || need_state(run, err) != 0))
        return -1;
    char *path = checkpoint_path(begun ? run->request->folder : run->parent, run->base);
    int result = checkpoint_read_notes(path, &run->vocab, &run->parent_task, NULL, err);
    if (result == 0)
        result = check_task(run, path, err);
    free(path);
    return result;
}

int loop_check_vocabulary(const struct run *run, size_t known, struct err *err) {
    if (!run->parent || run->vocab.n == known)
        return 0;
    return err_set(err, STATUS_DATA,
                   "the corpora have the word '%.100s', which is not in the vocabulary of %s",
                   run->vocab.words[known], run->request->branch);
}

/* The configuration in the file must be the one that the options ask for. */
static int check_model(const struct run *run, const char *folder, struct err *err) {
    char *path = checkpoint_path(folder, run->base), *config = NULL;
    int result = checkpoint_read_notes(path, NULL, NULL, &config, err);
    char *was = result == 0 ? model_config_renew(config, err) : NULL;
    if (result == 0 && !was)
        result = err_prefix(err, "%s", path);
    if (was) {
        char *now = model_config_text(run->model);
        if (strcmp(now, was) != 0)
            result = err_set(err, STATUS_DATA,
                             "%s: its model is not the one that these corpora and the run.json "
                             "beside it ask for",
                             path);
        free(now);
    }
    free(was);
    free(config);
    free(path);
    return result;
}

int loop_import(struct run *run, struct manifest *old, struct err *err) {
    const struct loop_request *q = run->request;
    if (!run->parent)
        return 0;
    if (check_model(run, old ? q->folder : run->parent, err) != 0)
        return -1;
    json_t *root = manifest_json(run->manifest);
    if (old) {
        json_object_set(root, "branch", json_object_get(manifest_json(old), "branch"));
        return 0;
    }
    bool with_state = !q->fresh_optimiser && checkpoint_has_state(run->parent, run->base);
    uint64_t hash = 0, state_hash = 0;
    run->imported = true;
    if (checkpoint_copy(run->parent, run->base, q->folder, with_state, &hash, &state_hash, err) !=
        0)
        return -1;
    manifest_set_string(run->manifest, "branch", "parent", run->parent);
    manifest_set_integer(run->manifest, "branch", "step", run->base);
    manifest_set_string(run->manifest, "branch", "checkpoint", hash_text(hash).text);
    manifest_set_string(run->manifest, "branch", "state",
                        with_state ? hash_text(state_hash).text : NULL);
    return 0;
}
