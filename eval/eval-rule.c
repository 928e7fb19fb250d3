/* eval-rule - which rule do the checkpoints of a run follow?
 *
 *     eval-rule runs/center/s0 ood.tsv.zst
 *     eval-rule --last --by-tag --grammar grammars/question.gr runs/center/s* question.gen.zst
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/opt.h"
#include "lib/outfile.h"
#include "lib/progress.h"
#include "lib/statistics.h"
#include "nn/checkpoint.h"
#include "nn/mat.h"
#include "nn/score.h"

/* A checkpoint to be scored: of a run's folder, or a file by itself. */
struct subject {
    const char *run;
    char *path;
};

struct evaluator {
    struct subject *subjects;
    size_t n_subjects, cap_subjects;
    const char **corpora;
    size_t n_corpora, cap_corpora;
    struct score_options options;
    bool by_tag, table, has_head;
    int run_width, corpus_width; /* of the table */
    struct pool *pool;
    struct outfile *out;
    /* The sets as loaded for one kind of model: what it reads, and how, as text. */
    char *kind;
    struct vocab words;
    struct task task;
    struct score_set **sets;
};

static const char COLUMNS[] = "run\tstep\tcorpus\ttag\trule\tn\tfirst\tfirst_lo\tfirst_hi\tchoice\t"
                              "choice_lo\tchoice_hi\texact\texact_lo\texact_hi\tlogp\n";

static bool ends_with(const char *text, const char *ending) {
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

static void add_subject(struct evaluator *e, const char *run, char *path) {
    e->subjects = mem_grow(e->subjects, &e->cap_subjects, e->n_subjects + 1, sizeof *e->subjects);
    e->subjects[e->n_subjects++] = (struct subject){run, path};
}

/* A folder is a run, a .safetensors file a checkpoint, anything else a corpus. */
static void sort_operand(struct evaluator *e, char *operand, bool last) {
    struct stat st;
    struct err err = {0};
    bool is_stdin = strcmp(operand, "-") == 0;
    if (!is_stdin && stat(operand, &st) != 0)
        msg_die(STATUS_NOINPUT, "%s: cannot open: %s", operand, strerror(errno));
    if (!is_stdin && S_ISDIR(st.st_mode)) {
        size_t length = strlen(operand);
        while (length > 1 && operand[length - 1] == '/')
            operand[--length] = '\0';
        int64_t *steps;
        size_t n;
        if (checkpoint_list(operand, &steps, &n, &err) != 0)
            msg_die_err(&err);
        if (n == 0)
            msg_die(STATUS_NOINPUT, "%s: holds no checkpoints (ckpt/*.safetensors)", operand);
        for (size_t i = last ? n - 1 : 0; i < n; i++)
            add_subject(e, operand, checkpoint_path(operand, steps[i]));
        free(steps);
    } else if (ends_with(operand, ".safetensors")) {
        add_subject(e, operand, mem_strdup(operand));
    } else {
        e->corpora = mem_grow(e->corpora, &e->cap_corpora, e->n_corpora + 1, sizeof *e->corpora);
        e->corpora[e->n_corpora++] = operand;
    }
}

static void close_sets(struct evaluator *e) {
    for (size_t i = 0; e->sets && i < e->n_corpora; i++)
        score_free(e->sets[i]);
    free(e->sets);
    free(e->kind);
    vocab_free(&e->words);
    task_free(&e->task);
    e->sets = NULL;
    e->kind = NULL;
}

/* Tell what a reader of the figures should know. */
static void note_facts(const char *corpus, const struct score_set *set) {
    struct score_facts f = score_facts(set);
    if (f.sources < f.examples)
        msg_note("%s: %zu examples, %zu distinct sources: the intervals take them for independent",
                 corpus, f.examples, f.sources);
    if (f.at_first_word && f.at_first_word < f.parting)
        msg_note(
            "%s: the rules part at the answer's first word in %zu of %zu examples, later in the "
            "others; `first` and `choice` mix both",
            corpus, f.at_first_word, f.parting);
}

static char *kind_of(const struct model *m, const struct vocab *words) {
    char *text = vocab_text(words), *task = task_text(&m->task);
    struct buf kind = {0};
    buf_printf(&kind, "%s\n%s\n%d %d %d %d %d", text, task, m->facts.outputs, m->facts.features,
               m->facts.tokens_per_example, m->facts.max_length, (int)m->facts.loss);
    free(text);
    free(task);
    return kind.data;
}

/* Load the corpora for a kind of model, unless they are loaded for it already. */
static int open_sets(struct evaluator *e, const struct model *m, const struct vocab *words,
                     struct err *err) {
    char *kind = kind_of(m, words);
    if (e->kind && strcmp(e->kind, kind) == 0) {
        free(kind);
        return 0;
    }
    for (size_t i = 0; e->kind && i < e->n_corpora; i++)
        if (strcmp(e->corpora[i], "-") == 0) {
            free(kind);
            return err_set(err, STATUS_USAGE,
                           "standard input is read once, but these checkpoints differ in "
                           "vocabulary, length or task and each kind must read it");
        }
    close_sets(e);
    e->kind = kind;
    for (size_t i = 0; i < words->n; i++)
        vocab_add(&e->words, words->words[i], strlen(words->words[i]));
    task_set(&e->task, &m->task.layout, &m->task.columns, m->task.mask_words, &m->task.classes);
    struct score_options wished = e->options;
    e->options = score_options_of(m);
    e->options.layout = &e->task.layout;
    e->options.columns = &e->task.columns;
    e->options.classes = &e->task.classes;
    e->options.mask_words = e->task.mask_words;
    e->options.limit = wished.limit;
    e->options.grammar = wished.grammar;
    e->options.among = wished.among;
    e->sets = mem_alloc(e->n_corpora, sizeof *e->sets);
    for (size_t i = 0; i < e->n_corpora; i++) {
        e->sets[i] = score_open(e->corpora[i], &e->words, &e->options, err);
        if (!e->sets[i])
            return -1;
        note_facts(e->corpora[i], e->sets[i]);
        if (!score_rules(e->sets[i]))
            return err_set(err, STATUS_DATA,
                           "%s: has neither answers (a column 'target' or 'rule:NAME') nor a "
                           "--grammar with string rules: nothing to score",
                           e->corpora[i]);
    }
    return 0;
}

static void put_share(struct buf *line, bool table, bool defined, uint64_t k, uint64_t n) {
    double share = defined && n ? (double)k / (double)n : NAN;
    struct interval w = statistics_wilson(defined ? k : 0, defined ? n : 0, 0.95);
    if (!table)
        buf_printf(line, "\t%.6g\t%.6g\t%.6g", share, w.low, w.high);
    else if (isnan(share))
        buf_printf(line, "  %19s", "-");
    else
        buf_printf(line, "  %.3f [%.3f,%.3f]", share, w.low, w.high);
}

struct place {
    const char *run, *corpus, *tag;
    int64_t step;
};

static int put_head(struct evaluator *e, struct err *err) {
    struct buf head = {0};
    bool bold = e->table && msg_colour(outfile_fd(e->out));
    if (e->table)
        buf_printf(&head, "%s%-*s %8s  %-*s %-18s %-14s %6s  %-19s  %-19s  %-19s  %8s%s\n",
                   bold ? "\033[1m" : "", e->run_width, "run", "step", e->corpus_width, "corpus",
                   "tag", "rule", "n", "first [95 %]", "choice [95 %]", "exact [95 %]", "logp",
                   bold ? "\033[0m" : "");
    else
        buf_puts(&head, COLUMNS);
    e->has_head = true;
    int result = outfile_write(e->out, head.data, head.len, err);
    buf_free(&head);
    return result;
}

static int put_row(struct evaluator *e, const struct place *at, const char *rule,
                   const struct score_summary *s, bool none, struct err *err) {
    struct buf line = {0};
    if (e->table)
        buf_printf(&line, "%-*s %8" PRId64 "  %-*s %-18s %-14s %6" PRIu64, e->run_width, at->run,
                   at->step, e->corpus_width, at->corpus, at->tag, rule, s->n);
    else
        buf_printf(&line, "%s\t%" PRId64 "\t%s\t%s\t%s\t%" PRIu64, at->run, at->step, at->corpus,
                   at->tag, rule, s->n);
    put_share(&line, e->table, true, s->first, s->n);
    put_share(&line, e->table, s->has_choice, s->choice, s->n);
    put_share(&line, e->table, true, s->exact, s->n);
    if (!e->table)
        buf_printf(&line, "\t%.6g\n", s->logp);
    else if (none || isnan(s->logp))
        buf_printf(&line, "  %8s\n", "-");
    else
        buf_printf(&line, "  %8.3f\n", s->logp);
    int result = outfile_write(e->out, line.data, line.len, err);
    buf_free(&line);
    return result;
}

/* The rows of one corpus, for all examples (tag -1) or one tag's. */
static int put_rows(struct evaluator *e, const struct score_set *set, const struct place *at,
                    int tag, struct err *err) {
    struct score_summary s = score_summarise(set, 0, tag);
    if (s.n) {
        for (size_t r = 0; r < score_rules(set); r++) {
            s = score_summarise(set, (int)r, tag);
            if (put_row(e, at, score_rule_name(set, r), &s, false, err) != 0)
                return -1;
        }
        s = score_summarise(set, SCORE_NONE, tag);
        if (put_row(e, at, "none", &s, true, err) != 0)
            return -1;
    }
    s = score_summarise(set, SCORE_AGREED, tag);
    const char *name = score_rules(set) == 1 ? score_rule_name(set, 0) : "agreed";
    return s.n ? put_row(e, at, name, &s, false, err) : 0;
}

static int score_subject(struct evaluator *e, const struct subject *subject, struct err *err) {
    struct vocab words = {0};
    struct place at = {.run = subject->run};
    struct model *model = checkpoint_read(subject->path, &words, &at.step, err);
    int result = model ? open_sets(e, model, &words, err) : -1;
    /* Not before the inputs are known to be good. */
    if (result == 0 && !e->has_head)
        result = put_head(e, err);
    for (size_t i = 0; i < e->n_corpora && result == 0; i++) {
        struct score_set *set = e->sets[i];
        at.corpus = e->corpora[i];
        at.tag = "all";
        score_run(set, model, e->pool);
        result = put_rows(e, set, &at, -1, err);
        const struct vocab *tags = score_tags(set);
        for (size_t t = 0; e->by_tag && t < tags->n && result == 0; t++) {
            at.tag = tags->words[t];
            result = put_rows(e, set, &at, (int)t, err);
        }
    }
    model_free(model);
    vocab_free(&words);
    return result;
}

static int evaluate(struct evaluator *e, struct err *err) {
    int result = 0;
    struct progress progress = progress_start(0, (int64_t)e->n_subjects, "checkpoints");
    for (size_t i = 0; i < e->n_subjects && result == 0; i++) {
        result = score_subject(e, &e->subjects[i], err);
        progress_update(&progress, (int64_t)i + 1, e->subjects[i].run);
    }
    progress_clear(&progress);
    return result;
}

static int wider(int width, const char *text) {
    int n = (int)strlen(text);
    return n > width ? n : width;
}

int main(int argc, char **argv) {
    struct evaluator e = {.run_width = 6, .corpus_width = 6};
    const char *grammar = NULL, *output = NULL;
    int64_t limit = 0, threads = 1;
    bool last = false, tsv = false, quiet = false;
    struct opt options[] = {
        {OPT_GROUP, .help = "What to score"},
        {OPT_FLAG, 0, "last", &last, NULL, "only the last checkpoint of each run"},
        {OPT_COUNT, 0, "limit", &limit, "count", "only the first examples of a corpus; 0: all", 0,
         1e12},
        {OPT_TEXT, 0, "grammar", &grammar, "file",
         "string rules for a corpus that has no rule columns, and classes for --among"},
        {OPT_TEXT, 0, "among", &e.options.among, "words",
         "make `choice` among these (a class such as Aux, or words joined by commas), not among "
         "the "
         "words the rules propose"},
        {OPT_FLAG, 0, "by-tag", &e.by_tag, NULL, "rows for each tag of the corpus too"},
        {OPT_GROUP, .help = "How"},
        {OPT_COUNT, 'j', "threads", &threads, "count", "the results do not depend on it", 1, 256},
        {OPT_TEXT, 'o', "output", &output, "file", "write to this file"},
        {OPT_FLAG, 0, "tsv", &tsv, NULL, "TSV on a terminal too"},
        {OPT_FLAG, 'q', "quiet", &quiet, NULL, "no notes and no progress"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "eval-rule",
        .summary = "Score each rule's answers on checkpoints, with 95 % Wilson intervals.",
        .operands = "[OPTION]... RUN|CHECKPOINT... CORPUS...",
        .options = options,
        .more = "A folder is a run, a .safetensors file a checkpoint, anything else a corpus.\n"
                "Over the n examples where the rules' answers part (any two differ), at the first\n"
                "place where they do:\n"
                "  first   the most likely word is this rule's\n"
                "  choice  the same among the words the rules propose (or --among)\n"
                "and on the whole answer:\n"
                "  exact   greedy decoding gives this rule's whole answer\n"
                "  logp    log-probability of this rule's answer with its end, mean over examples\n"
                "Row `none`: no rule's word, no rule's answer. Row `agreed`: the examples on\n"
                "which all rules agree; `first` is then the first word of the answer.\n"
                "Intervals are over the examples of one corpus at one checkpoint, not over seeds.\n"
                "Examples:\n"
                "  eval-rule runs/first ood.tsv.zst\n"
                "  eval-rule --last --among Aux --grammar grammars/question.gr runs/first gen.zst\n"
                "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 73 or 74 cannot write.\n",
        .least_operands = 2,
        .most_operands = -1,
    };
    int n;
    char **operands = opt_parse(&tool, argc, argv, &n);
    struct err err = {0};
    for (int i = 0; i < n; i++)
        sort_operand(&e, operands[i], last);
    if (!e.n_subjects)
        msg_die(STATUS_USAGE, "name a run's folder or a checkpoint; all operands are corpora");
    if (!e.n_corpora)
        msg_die(STATUS_USAGE, "name a corpus; all operands are runs or checkpoints");
    if (grammar && !(e.options.grammar = grammar_read(grammar, &err)))
        msg_die_err(&err);
    e.options.limit = (uint64_t)limit;
    mat_init();
    e.pool = pool_new((int)threads);
    e.out = outfile_open(output, &err);
    if (!e.out)
        msg_die_err(&err);
    for (size_t i = 0; i < e.n_subjects; i++)
        e.run_width = wider(e.run_width, e.subjects[i].run);
    for (size_t i = 0; i < e.n_corpora; i++)
        e.corpus_width = wider(e.corpus_width, e.corpora[i]);
    e.table = !tsv && isatty(outfile_fd(e.out));
    if (evaluate(&e, &err) != 0) {
        outfile_discard(e.out);
        msg_die_err(&err);
    }
    if (outfile_commit(e.out, &err) != 0)
        msg_die_err(&err);
    close_sets(&e);
    for (size_t i = 0; i < e.n_subjects; i++)
        free(e.subjects[i].path);
    free(e.subjects);
    free(e.corpora);
    pool_free(e.pool);
    grammar_free(e.options.grammar);
    free(operands);
    return STATUS_OK;
}
