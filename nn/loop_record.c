#include "nn/loop_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/corpus.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "nn/mat.h"

int loop_make_folders(const char *path, bool *made, struct err *err) {
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

int loop_lock_folder(struct run *run, struct err *err) {
    run->lock = open(run->request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->lock < 0)
        return err_set(err, STATUS_CANTCREATE, "%s: cannot open: %s", run->request->folder,
                       strerror(errno));
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(err, STATUS_CANTCREATE, "%s: another process is training in this folder",
                       run->request->folder);
    return 0;
}

void loop_remove_unfinished(const char *folder, const char *mark) {
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

static void record_option(struct manifest *m, const struct opt *o, bool names_alone) {
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
        for (size_t i = 0; i < list->n; i++) {
            const char *item = list->items[i];
            buf_printf(&names, "%s%.*s", i ? " " : "",
                       (int)(names_alone ? strcspn(item, "=") : strlen(item)), item);
        }
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

void loop_start_manifest(struct run *run) {
    const struct loop_request *q = run->request;
    run->manifest = manifest_new(q->tool->name, q->argc, q->argv);
    manifest_set_string(run->manifest, "machine", "blas", mat_config());
    manifest_set_string(run->manifest, "machine", "blas_core", mat_core_name());
    for (const struct opt *o = q->tool->options; o->type != OPT_END; o++)
        record_option(run->manifest, o, o->value == q->evals);
    manifest_set_unsigned(run->manifest, "seeds", "init", q->seed_init);
    manifest_set_unsigned(run->manifest, "seeds", "order", q->feed.seed_order);
    manifest_set_unsigned(run->manifest, "seeds", "dropout", q->seed_dropout);
    manifest_set_unsigned(run->manifest, "seeds", "noise", q->seed_noise);
}

/* A version that did not know an option yet did what its default does. */
static bool is_newer(const struct opt *o, const struct manifest *old) {
    const json_t *root = manifest_json((struct manifest *)old);
    const json_t *options = json_object_get(root, "options");
    if (o->given || !json_object_get(options, "steps"))
        return false;
    if (strncmp(o->name, "seed-", 5) == 0)
        return !json_object_get(json_object_get(root, "seeds"), o->name + 5);
    return !json_object_get(options, o->name);
}

const char **loop_ignored_options(const struct run *run, const struct manifest *old) {
    size_t n = 0, most = 1;
    const struct opt *o = run->request->tool->options;
    for (; o->type != OPT_END; o++)
        most++;
    const char **ignored = mem_alloc(most, sizeof *ignored);
    for (o = run->request->tool->options; o->type != OPT_END; o++)
        if (o->name && (o->aside || is_newer(o, old)))
            ignored[n++] = o->name;
    return ignored;
}

/* --eval NAME=CORPUS: the corpus. */
const char *loop_corpus_of(const char *item) {
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
static int check_corpora(const struct loop_request *q, struct err *err) {
    for (int i = 0; i < q->feed.n_paths; i++)
        if (check_path(q->feed.paths[i], err) != 0)
            return -1;
    for (int k = 0; k < q->feed.n_phases; k++)
        for (int i = 0; i < q->feed.phases[k].n_paths; i++)
            if (check_path(q->feed.phases[k].paths[i], err) != 0)
                return -1;
    for (size_t i = 0; i < q->evals->n; i++) {
        const char *item = q->evals->items[i], *path = loop_corpus_of(item);
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

/* "all", "last" or a number: 0, 1, that number. */
static int read_keep(struct run *run, struct err *err) {
    const char *text = run->request->keep;
    run->keep = 0;
    if (!text || strcmp(text, "all") == 0)
        return 0;
    run->keep = 1;
    if (strcmp(text, "last") == 0 || (opt_read_count(text, &run->keep) == 0 && run->keep > 0))
        return 0;
    return err_set(err, STATUS_USAGE, "--keep takes all, last or a number from 1, not '%s'", text);
}

static int read_perturbations(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    size_t n = q->perturb ? q->perturb->n : 0;
    run->perturbations = mem_alloc(n, sizeof *run->perturbations);
    for (; run->n_perturbations < n; run->n_perturbations++) {
        struct perturbation *p = &run->perturbations[run->n_perturbations];
        const char *text = q->perturb->items[run->n_perturbations];
        if (perturbation_read(p, text, err) != 0)
            return -1;
        if (p->step < run->base || p->step > q->steps) {
            run->n_perturbations++;
            return err_set(err, STATUS_USAGE,
                           "--perturb '%s': the run goes from step %" PRId64 " to %" PRId64, text,
                           run->base, q->steps);
        }
    }
    return 0;
}

int loop_check_request(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    if (loop_read_branch(run, err) != 0 ||
        milestones_read(&run->eval, &q->eval, "eval", q->steps, err) != 0 ||
        milestones_read(&run->save, &q->save, "save", q->steps, err) != 0 ||
        loop_read_watches(run, err) != 0 || loop_read_track(run, q->track, err) != 0 ||
        read_keep(run, err) != 0 || read_perturbations(run, err) != 0)
        return -1;
    return check_corpora(q, err);
}

/* Record a corpus in the manifest, with the digest it is known to have, or else its own. */
static int add_input(struct run *run, const char *role, const char *path,
                     const struct corpus_digest *known, struct err *err) {
    struct corpus_digest digest;
    if (strcmp(path, "-") == 0)
        return 0;
    if (!known && corpus_hash(path, &digest, err) != 0)
        return -1;
    known = known ? known : &digest;
    manifest_add_input(run->manifest, role, path, known->examples, known->hash);
    return 0;
}

int loop_add_inputs(struct run *run, struct err *err) {
    const struct loop_request *q = run->request;
    /* The corpora of a finished run are not opened. */
    const struct corpus_digest *known = run->feed ? feed_digests(run->feed) : NULL;
    struct buf role = {0};
    int result = 0;
    for (int i = 0; i < q->feed.n_paths && result == 0; i++)
        result = add_input(run, "train", q->feed.paths[i], known ? known++ : NULL, err);
    for (int k = 0; k < q->feed.n_phases; k++)
        for (int i = 0; i < q->feed.phases[k].n_paths && result == 0; i++) {
            buf_clear(&role);
            buf_printf(&role, "train@%lld", (long long)q->feed.phases[k].first);
            result = add_input(run, role.data, q->feed.phases[k].paths[i], known ? known++ : NULL,
                               err);
        }
    for (size_t i = 0; i < q->evals->n && result == 0; i++) {
        const char *item = q->evals->items[i];
        buf_clear(&role);
        buf_printf(&role, "eval:%.*s", (int)strcspn(item, "="), item);
        result = add_input(run, role.data, loop_corpus_of(item),
                           run->evals ? &run->evals[i].digest : NULL, err);
    }
    buf_free(&role);
    uint64_t hash;
    if (q->feed.vocabulary && result == 0) {
        result = hash_file(q->feed.vocabulary, &hash, NULL, err);
        if (result == 0) /* words, no examples */
            manifest_add_input(run->manifest, "vocabulary", q->feed.vocabulary, 0, hash);
    }
    return result;
}

/* A finished run is what it is even when its corpora are gone; but those that are there must be the
 * ones it was made from. */
static int check_finished(struct run *run, const struct manifest *old, const char **ignored,
                          struct err *err) {
    if (loop_add_inputs(run, NULL) != 0)
        return 0;
    return manifest_compare(old, run->manifest, run->request->folder, ignored, err);
}

/* 1: the run is finished already. */
int loop_meet_old_run(struct run *run, struct manifest **old, struct err *err) {
    *old = NULL;
    if (access(run->manifest_path, F_OK) != 0)
        return 0;
    *old = manifest_read(run->manifest_path, err);
    if (!*old)
        return -1;
    const char **ignored = loop_ignored_options(run, *old);
    int result = manifest_compare_options(*old, run->manifest, run->request->folder, ignored, err);
    bool finished = manifest_status(*old) == MANIFEST_FINISHED;
    if (result == 0 && finished)
        result = check_finished(run, *old, ignored, err);
    free(ignored);
    return result != 0 ? -1 : finished;
}
