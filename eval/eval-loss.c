/* eval-loss - what does every token cost, and what would the best possible model pay?
 *
 *     eval-loss --by position runs/mess3/s0 mess3.tsv.zst
 *     eval-loss --last --surprisal - runs/mess3/s0 mess3.tsv.zst -o loss.tsv | gen-stat -
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/axes.h"
#include "eval/corpora.h"
#include "eval/how.h"
#include "eval/loss_table.h"
#include "eval/optimum.h"
#include "eval/report.h"
#include "eval/subjects.h"
#include "eval/surprisal_columns.h"
#include "nn/mat.h"

static const char *const COLUMNS[] = {
    "run",       "step",    "corpus",  "by",        "group",       "n",           "examples",
    "loss",      "loss_lo", "loss_hi", "accuracy",  "accuracy_lo", "accuracy_hi", "entropy",
    "n_optimal", "optimal", "excess",  "excess_lo", "excess_hi",   NULL};

/* A corpus as loaded for one kind of model. */
struct set {
    struct surprisal *tokens;
    struct groupings *groupings;
    struct optimum optimum;
    struct loss_table all, *tables; /* tables: a grouping's each */
    bool *by_place;                 /* [grouping] */
};

struct evaluator {
    struct subjects subjects;
    struct opt_list by;
    uint64_t seed;
    int64_t limit;
    const char *target;
    struct set *sets; /* [subjects.n_corpora] */
    char *kind;       /* of model that they are loaded for; NULL: none */
    struct surprisal_columns columns;
    const char *surprisal;
    bool text;
    struct pool *pool;
    struct report *report;
    /* While a corpus is read: */
    struct set *reading;
    const struct model *model;
    struct vocab words; /* of the model */
};

static void close_sets(struct evaluator *e) {
    for (size_t i = 0; e->sets && i < e->subjects.n_corpora; i++) {
        struct set *s = &e->sets[i];
        surprisal_close(s->tokens);
        groupings_free(s->groupings);
        optimum_free(&s->optimum);
        loss_table_free(&s->all);
        for (size_t k = 0; k < e->by.n; k++)
            loss_table_free(&s->tables[k]);
        free(s->tables);
        free(s->by_place);
    }
    free(e->sets);
    free(e->kind);
    e->sets = NULL;
    e->kind = NULL;
}

/* Whether it is the column `target` that the model has to predict. */
static bool predicts_target(const struct evaluator *e) {
    const struct columns *c = &e->model->task.columns;
    const char *column = e->target ? e->target : c->label ? c->label : c->target;
    return !column || strcmp(column, "target") == 0;
}

static int read_row(void *context, const struct surprisal_row *row, struct err *err) {
    struct evaluator *e = context;
    struct set *s = e->reading;
    if (!s->groupings && !(s->groupings = groupings_open(e->by.items, e->by.n, e->model, &e->words,
                                                         row->corpus, err)))
        return -1;
    groupings_read(s->groupings, row);
    if (e->surprisal && surprisal_columns_keep(&e->columns, row, err) != 0)
        return -1;
    if (optimum_read(&s->optimum, e->model, predicts_target(e), row, err) != 0)
        return row_at_line(row->corpus, err);
    return 0;
}

static void note_facts(const char *path, const struct set *s) {
    size_t n = surprisal_examples(s->tokens), sources = surprisal_sources(s->tokens);
    if (sources < n)
        msg_note("%s: %zu examples, %zu distinct sources: the intervals take them for independent",
                 path, n, sources);
    const char *caution = optimum_caution(&s->optimum);
    if (caution)
        msg_note("%s: %s", path, caution);
}

static int open_set(struct evaluator *e, size_t i, struct err *err) {
    struct surprisal_options o = {.limit = (uint64_t)e->limit,
                                  .seed = e->seed,
                                  .target = e->target,
                                  .read = read_row,
                                  .context = e};
    struct set *s = e->reading = &e->sets[i];
    s->tables = mem_alloc(e->by.n, sizeof *s->tables);
    s->by_place = mem_alloc(e->by.n, sizeof *s->by_place);
    s->tokens = surprisal_open(e->subjects.corpora[i], e->model, &e->words, &o, err);
    if (!s->tokens || groupings_settle(s->groupings, err) != 0)
        return -1;
    for (size_t k = 0; k < e->by.n; k++)
        s->by_place[k] = groupings_by_place(s->groupings, k, !s->optimum.ends);
    note_facts(e->subjects.corpora[i], s);
    return 0;
}

/* Load the corpora for a model, unless they are loaded for its kind already. */
static int open_sets(struct evaluator *e, struct err *err) {
    char *kind = corpora_kind(e->model, &e->words);
    if (e->kind && strcmp(e->kind, kind) == 0) {
        free(kind);
        return 0;
    }
    for (size_t i = 0; e->kind && i < e->subjects.n_corpora; i++)
        if (strcmp(e->subjects.corpora[i], "-") == 0) {
            free(kind);
            return err_set(err, STATUS_USAGE,
                           "standard input is read once, but these checkpoints differ in "
                           "vocabulary, length or task and each kind must read it");
        }
    close_sets(e);
    e->kind = kind;
    e->sets = mem_alloc(e->subjects.n_corpora, sizeof *e->sets);
    for (size_t i = 0; i < e->subjects.n_corpora; i++)
        if (open_set(e, i, err) != 0)
            return -1;
    return 0;
}

static int visit(void *context, const struct surprisal_example *x, struct err *err) {
    struct evaluator *e = context;
    struct set *s = e->reading;
    for (size_t i = 0; i < x->n_tokens; i++) {
        const struct surprisal_token *t = &x->tokens[i];
        bool mean;
        double optimal = optimum_of(&s->optimum, x, t, &mean);
        loss_table_add(&s->all, 0, t, optimal);
        for (size_t k = 0; k < e->by.n; k++) {
            const size_t *group;
            size_t n = groupings_of(s->groupings, k, x, t, &group);
            for (size_t j = 0; j < n; j++)
                loss_table_add(&s->tables[k], group[j], t, mean && !s->by_place[k] ? NAN : optimal);
        }
    }
    loss_table_close_example(&s->all);
    for (size_t k = 0; k < e->by.n; k++)
        loss_table_close_example(&s->tables[k]);
    return e->surprisal ? surprisal_columns_put(&e->columns, x, err) : 0;
}

struct place {
    const char *run, *corpus, *by, *group;
    int64_t step;
    bool has_accuracy;
};

static void put_interval(struct report *r, const struct clusters *c) {
    struct interval i = clusters_interval(c, 0.95);
    report_interval(r, clusters_mean(c), i.low, i.high);
}

static int put_row(struct report *r, const struct place *at, const struct loss_group *g,
                   struct err *err) {
    double n = (double)g->loss.units, known = (double)g->excess.units;
    report_text(r, at->run);
    report_integer(r, at->step);
    report_text(r, at->corpus);
    report_text(r, at->by);
    report_text(r, at->group);
    report_integer(r, (int64_t)g->loss.units);
    report_integer(r, (int64_t)g->loss.n);
    put_interval(r, &g->loss);
    struct interval share = clusters_share(&g->right, 0.95);
    if (at->has_accuracy)
        report_interval(r, clusters_mean(&g->right), share.low, share.high);
    else
        report_interval(r, NAN, NAN, NAN);
    report_number(r, g->entropy / n);
    report_integer(r, (int64_t)g->excess.units);
    report_number(r, g->optimal / known);
    put_interval(r, &g->excess);
    return report_end_row(r, err);
}

static int put_groups(struct evaluator *e, const struct set *s, size_t k, struct place *at,
                      struct err *err) {
    size_t *order = groupings_order(s->groupings, k), n = groupings_count(s->groupings, k);
    int result = 0;
    at->by = e->by.items[k];
    for (size_t i = 0; i < n && result == 0; i++) {
        char *name = groupings_name(s->groupings, k, order[i]);
        at->group = name;
        result = put_row(e->report, at, &s->tables[k].groups[order[i]], err);
        free(name);
    }
    free(order);
    return result;
}

static int run_set(struct evaluator *e, size_t i, struct model *m, const struct subject *subject,
                   int64_t step, struct err *err) {
    struct set *s = e->reading = &e->sets[i];
    loss_table_clear(&s->all);
    for (size_t k = 0; k < e->by.n; k++)
        loss_table_clear(&s->tables[k]);
    if (e->surprisal &&
        surprisal_columns_open(&e->columns, e->surprisal, e->text ? CORPUS_TEXT : CORPUS_AUTO,
                               surprisal_corpus(s->tokens), subject->path, step, err) != 0)
        return -1;
    if (surprisal_run(s->tokens, m, e->pool, visit, e, err) != 0)
        return err->status == STATUS_NONFINITE ? err_prefix(err, "%s", subject->path) : -1;
    struct place at = {subject->run, e->subjects.corpora[i],           "all", "all",
                       step,         surprisal_has_accuracy(s->tokens)};
    int result = put_row(e->report, &at, &s->all.groups[0], err);
    for (size_t k = 0; k < e->by.n && result == 0; k++)
        result = put_groups(e, s, k, &at, err);
    return result;
}

static int run_subject(struct evaluator *e, const struct subject *subject, struct err *err) {
    int64_t step;
    struct model *m = subject_read(subject, &e->words, &step, err);
    int result = m ? 0 : -1;
    e->model = m;
    if (result == 0) {
        const struct layout *l = &m->task.layout;
        model_set_rows(m, MODEL_ROWS_PREDICTED);
        e->columns.ends = l->eos && layout_has_words(l);
        e->columns.whole = layout_is_whole(l);
        e->columns.ranked = l->objective != OBJECTIVE_VALUE;
        result = open_sets(e, err);
    }
    for (size_t i = 0; i < e->subjects.n_corpora && result == 0; i++)
        result = run_set(e, i, m, subject, step, err);
    model_free(m);
    e->model = NULL;
    vocab_free(&e->words);
    return result;
}

static int visit_subject(void *context, size_t number, struct err *err) {
    struct evaluator *e = context;
    return run_subject(e, &e->subjects.items[number], err);
}

static const char MORE[] =
    "A folder is a run, a .safetensors file a checkpoint, anything else a corpus.\n"
    "What is predicted, and so counted, is as in training: every word and the end\n"
    "of an example in a language model, the target's of an encoder-decoder, masked\n"
    "words, a class, values. Axes of --by, joined by commas to cross them:\n"
    "  position         words count from 0 through source, then target; then the\n"
    "                   end; position:16 puts 16 of them together\n"
    "  part             source, target, end\n"
    "  word             the word (or class) that is to be predicted\n"
    "  tag              each tag of the example (column tags), so that a token is\n"
    "                   in several groups\n"
    "  COLUMN           of the corpus: of each word its own entry, where every row\n"
    "                   has one for each word of source, target or both, and\n"
    "                   perhaps the end; else the whole text, of all that is\n"
    "                   predicted of the example\n"
    "  previous:COLUMN  the entry of the word before; - before the first word\n"
    "  column:COLUMN    a column that is called like an axis\n"
    "What has no class on an axis is in no group. Columns of the table:\n"
    "  run step corpus  what was evaluated, and on what\n"
    "  by group         the axes and the classes on them; all: everything\n"
    "  n examples       tokens (or examples) predicted, and examples they are of\n"
    "  loss             mean over these n: -ln p of the right word or class under\n"
    "                   the softmax, or what the trainer's --loss names, in its\n"
    "                   unit\n"
    "  accuracy         the share of the n that was the most likely (of equals the\n"
    "                   one with the lower number); of values, where they are\n"
    "                   signs, bits or one-hot\n"
    "  entropy          mean entropy of the predicted distributions, in nats: a\n"
    "                   calibrated model's equals its loss\n"
    "  n_optimal        how many of the n have a least possible loss that the\n"
    "                   corpus tells: by its column loss, its header\n"
    "                   ##optimal_loss, or ##bayes (of the column target). Headers\n"
    "                   tell means of the whole distribution: of all and by\n"
    "                   position or part, not of words, tags or columns, unless the\n"
    "                   answer is certain; nor are they true of chosen rows\n"
    "  optimal excess   means over these: the least loss, and the loss above it\n"
    "X_lo and X_hi are 95 % intervals over the examples of the corpus, not over\n"
    "seeds. Tokens of one example are not independent, so examples are clusters:\n"
    "for loss and excess the ratio estimate's, mean +- t sqrt(G/(G-1) sum (S - mean\n"
    "k)^2)/n over G examples of k tokens that sum to S (Cochran 1977, 6.4), with\n"
    "Student's t of G-1 degrees of freedom; for accuracy Wilson's, n divided by the\n"
    "design effect (Franco et al. 2019). nan: not defined.\n"
    "--surprisal writes the corpus again, for gen-filter, gen-stat and the like,\n"
    "with the columns surprisal (the loss), entropy and rank (1: the most likely):\n"
    "a number for each word of source and target, and for the end if the model\n"
    "predicts it; nan where it predicts nothing.\n"
    "Examples:\n"
    "  eval-loss runs/first eval.tsv.zst\n"
    "  eval-loss --last --by position --by previous:states runs/mess3/s* m.tsv.zst\n"
    "  eval-loss --last --by tag,position runs/first eval.tsv.zst\n"
    "  eval-loss --last --by position:32 runs/long long.tsv.zst\n"
    "  eval-loss --last -o loss.tsv --surprisal s.tsv.zst runs/first eval.tsv.zst\n"
    "  eval-loss --last -o loss.tsv --surprisal - runs/first e.tsv.zst | gen-stat -\n"
    "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 70 non-finite loss,\n"
    "73 or 74 cannot write.\n";

static bool is_stdout(const char *path) {
    return !path || strcmp(path, "-") == 0;
}

static void check_usage(struct opt_tool *tool, const struct evaluator *e, const char *output) {
    const struct subjects *s = &e->subjects;
    size_t inputs = 0;
    if (!s->n_corpora)
        msg_die(STATUS_USAGE, "name a corpus; all operands are runs or checkpoints");
    for (size_t i = 0; i < s->n_corpora; i++)
        inputs += strcmp(s->corpora[i], "-") == 0;
    if (inputs > 1)
        msg_die(STATUS_USAGE, "standard input is read once");
    if (!e->surprisal) {
        opt_means_nothing(tool, "text", "without --surprisal");
        opt_means_nothing(tool, "prefix", "without --surprisal");
        return;
    }
    if (s->n != 1 || s->n_corpora != 1)
        msg_die(STATUS_USAGE,
                "--surprisal is of one checkpoint and one corpus, not of %zu and %zu (--last, "
                "--steps)",
                s->n, s->n_corpora);
    if (output && strcmp(e->surprisal, output) == 0 && !is_stdout(output))
        msg_die(STATUS_USAGE, "%s: is named for the table (--output) and for --surprisal", output);
    if (is_stdout(e->surprisal) && is_stdout(output))
        msg_die(STATUS_USAGE, "--surprisal - and the table would both go to standard output: give "
                              "one of them a file");
}

int main(int argc, char **argv) {
    struct evaluator e = {0};
    struct how how;
    struct options table = {0};
    options_add(&table, (struct opt[]){{OPT_GROUP, .help = "What to evaluate"}, {OPT_END}});
    subjects_add_options(&table, &e.subjects);
    options_add(
        &table,
        (struct opt[]){
            {OPT_COUNT, 0, "limit", &e.limit, "count",
             "only the first examples of a corpus; 0: all", 0, 1e12},
            {OPT_TEXT, 0, "target", &e.target, "column",
             "what is predicted, in place of the task's own target: rule:linear"},
            {OPT_LIST, 0, "by", &e.by, "axes",
             "rows for the groups that these make too, as position or tag,position; may be given "
             "several times"},
            {OPT_SEED, 's', "seed", &e.seed, "seed",
             "which words are masked, of models that predict randomly masked words"},
            {OPT_GROUP, .help = "The corpus again"},
            {OPT_TEXT, 0, "surprisal", &e.surprisal, "file",
             "write the corpus with columns of each token's surprisal, entropy and rank (-: to "
             "standard output)",
             .aside = true},
            {OPT_TEXT, 0, "prefix", &e.columns.prefix, "text",
             "put this before the names of those columns"},
            {OPT_FLAG, 0, "text", &e.text, NULL,
             "write that corpus as plain text, as to a terminal", .aside = true},
            {OPT_END},
        });
    how_add_options(&table, &how, "write the table to this file");
    struct opt_tool tool = {
        .name = "eval-loss",
        .summary = "Tell loss, accuracy and excess over the best possible loss, token by token.",
        .operands = "[OPTION]... RUN|CHECKPOINT... CORPUS...",
        .options = table.items,
        .more = MORE,
        .least_operands = 2,
        .most_operands = -1,
    };
    int n;
    char **operands = opt_parse(&tool, argc, argv, &n);
    struct err err = {0};
    if (subjects_sort(&e.subjects, operands, n, &err) != 0)
        msg_die_err(&err);
    check_usage(&tool, &e, how.output);
    e.columns.tool = &tool;
    e.columns.operands = operands;
    e.columns.n_operands = n;
    mat_init();
    e.pool = pool_new((int)how.threads);
    e.report = report_open(how.output, how.tsv, COLUMNS, &err);
    if (!e.report)
        msg_die_err(&err);
    if (subjects_each(&e.subjects, visit_subject, &e, &err) != 0)
        msg_die_err(&err);
    if ((e.surprisal && surprisal_columns_finish(&e.columns, &err) != 0) ||
        report_commit(e.report, &err) != 0)
        msg_die_err(&err);
    surprisal_columns_free(&e.columns);
    close_sets(&e);
    subjects_free(&e.subjects);
    free(e.by.items);
    pool_free(e.pool);
    free(operands);
    options_free(&table);
    return STATUS_OK;
}
