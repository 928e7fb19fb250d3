/* eval-rule - which rule do the checkpoints of a run follow?
 *
 *     eval-rule runs/center/s0 ood.tsv.zst
 *     eval-rule --last --by-tag --grammar grammars/question.gr runs/center/s* question.gen.zst
 */
#include <stdlib.h>
#include <string.h>

#include "eval/corpora.h"
#include "eval/how.h"
#include "eval/predictions.h"
#include "eval/rule_tables.h"
#include "eval/subjects.h"
#include "lib/options.h"
#include "nn/mat.h"

struct evaluator {
    struct subjects subjects;
    struct corpora corpora;
    struct opt_list predictions;
    struct rule_wish wish;
    struct rule_tables tables;
    struct rule_view *views;
    char *views_kind; /* the kind of model that the views were made for */
    struct pool *pool;
};

static void close_views(struct evaluator *e) {
    for (size_t i = 0; e->views && i < e->corpora.n; i++)
        rule_view_free(&e->views[i]);
    free(e->views);
    free(e->views_kind);
    e->views = NULL;
    e->views_kind = NULL;
}

/* Load the corpora for a model, and look at them, unless that is done for its kind already. */
static int open_views(struct evaluator *e, const struct model *m, const struct vocab *words,
                      struct err *err) {
    if (corpora_open(&e->corpora, m, words, err) != 0)
        return -1;
    if (e->views_kind && strcmp(e->views_kind, e->corpora.kind) == 0)
        return 0;
    close_views(e);
    e->views_kind = mem_strdup(e->corpora.kind);
    e->views = mem_alloc(e->corpora.n, sizeof *e->views);
    for (size_t i = 0; i < e->corpora.n; i++)
        if (rule_view_make(&e->views[i], &e->wish, e->corpora.paths[i], e->corpora.sets[i], err) !=
            0)
            return -1;
    return 0;
}

static int score_subject(struct evaluator *e, const struct subject *subject, struct err *err) {
    struct vocab words = {0};
    struct rule_place at = {.run = subject->run};
    struct model *model = subject_read(subject, &words, &at.step, err);
    if (model)
        model_set_rows(model, MODEL_ROWS_WANTED);
    int result = model ? open_views(e, model, &words, err) : -1;
    for (size_t i = 0; i < e->corpora.n && result == 0; i++) {
        struct rule_view *v = &e->views[i];
        score_run(v->set, model, e->pool);
        if (e->wish.answers && !score_can_decode(v->set))
            result = err_set(err, STATUS_USAGE,
                             "%s: reads sequences of one length, so it cannot answer freely",
                             subject->path);
        else if (e->wish.answers)
            score_decode(v->set, model, e->pool, &v->given);
        if (result == 0)
            result = rule_tables_put(&e->tables, v, e->wish.grammar, &at, err);
    }
    model_free(model);
    vocab_free(&words);
    return result;
}

static int visit_subject(void *context, size_t number, struct err *err) {
    struct evaluator *e = context;
    return score_subject(e, &e->subjects.items[number], err);
}

/* The answers of a file to a corpus, in place of a model's. */
static int score_file(struct evaluator *e, const char *file, const char *corpus, struct err *err) {
    struct vocab words = {0};
    struct layout layout = layout_default();
    struct rule_place at = {.run = file, .step = -1};
    struct rule_view v = {0};
    lexicon_start(&words, &layout);
    struct score_options options = {.layout = &layout,
                                    .limit = e->corpora.limit,
                                    .grammar = e->corpora.grammar,
                                    .among = e->corpora.among,
                                    .new_words = true,
                                    .keep_columns = true};
    struct score_set *set = score_open(corpus, &words, &options, err);
    int result = set ? corpora_check(corpus, set, true, err) : -1;
    if (result == 0)
        result = predictions_read(&v.given, file, &words, set, corpus, options.limit > 0, err);
    if (result == 0)
        result = rule_view_make(&v, &e->wish, corpus, set, err);
    if (result == 0) {
        score_answers(set, &v.given);
        result = rule_tables_put(&e->tables, &v, e->wish.grammar, &at, err);
    }
    rule_view_free(&v);
    score_free(set);
    vocab_free(&words);
    return result;
}

/* Everything is refused before anything is written. */
static int check_wishes(const struct evaluator *e, struct err *err) {
    const struct grammar *g = e->corpora.grammar;
    if (e->tables.paths[TABLE_FRONTING] && !e->corpora.among)
        return err_set(err, STATUS_USAGE, "--fronting needs the words that are moved: --among Aux");
    if (e->tables.paths[TABLE_SHORTCUTS] && !(g && g->shortcuts.n))
        return err_set(err, STATUS_USAGE,
                       "--shortcuts needs a --grammar that has some (%%shortcut)");
    if (e->tables.paths[TABLE_AGREEMENT] && !(g && grammar_agreeing(g, 0)))
        return err_set(err, STATUS_USAGE,
                       "--agreement needs a --grammar that says which words agree (%%agree)");
    if ((e->tables.paths[TABLE_DISTANCES] || e->tables.paths[TABLE_CORRELATION]) &&
        !e->wish.training)
        return err_set(err, STATUS_USAGE, "--%s needs --training-trees",
                       e->tables.paths[TABLE_DISTANCES] ? "distances" : "distance-correlation");
    if (e->tables.paths[TABLE_SEEDS] && e->predictions.n)
        return err_set(err, STATUS_USAGE, "--over-seeds is of runs, not of --predictions");
    if (e->predictions.n && (e->subjects.last || e->subjects.steps))
        return err_set(err, STATUS_USAGE, "--%s is of checkpoints, not of --predictions",
                       e->subjects.last ? "last" : "steps");
    if (e->predictions.n && e->predictions.n != e->corpora.n)
        return err_set(
            err, STATUS_USAGE,
            "give --predictions as often as there are corpora, in their order: %zu for %zu",
            e->predictions.n, e->corpora.n);
    int inputs = 0;
    for (size_t i = 0; i < e->predictions.n; i++)
        inputs += (strcmp(e->predictions.items[i], "-") == 0) +
                  (strcmp(e->corpora.paths[i], "-") == 0);
    return inputs > 1 ? err_set(err, STATUS_USAGE, "standard input can be read once only") : 0;
}

static int run(struct evaluator *e, const char *output, bool tsv, struct err *err) {
    if (check_wishes(e, err) != 0 || rule_tables_open(&e->tables, output, tsv, err) != 0)
        return -1;
    for (size_t i = 0; i < e->predictions.n; i++)
        if (score_file(e, e->predictions.items[i], e->corpora.paths[i], err) != 0)
            return -1;
    return subjects_each(&e->subjects, visit_subject, e, err) == 0
               ? rule_tables_commit(&e->tables, err)
               : -1;
}

/* A string constant may have 4095 characters. */
static const char on_rows[] =
    "A folder is a run, a .safetensors file a checkpoint, anything else a corpus.\n"
    "With --predictions, answers come from files and all operands are corpora.\n"
    "\n"
    "Over the n examples where the rules' answers part (any two differ), at the\n"
    "first place where they do:\n"
    "  first   the most likely word is this rule's\n"
    "  choice  the same among the words the rules propose (or --among)\n"
    "and on the whole answer:\n"
    "  exact   greedy decoding gives this rule's whole answer\n"
    "  logp    log-probability of this rule's answer with its end, mean over\n"
    "          examples\n"
    "Row `none`: no rule's word, no rule's answer. With --among it is split: `other`\n"
    "gives another of these words, `no_candidate` none of them, so that the shares\n"
    "of the rules, other and no_candidate sum to 1 (if the rules propose different\n"
    "words).\n"
    "Row `agreed`: the examples on which all rules agree; `first` is then the first\n"
    "word of the answer.\n"
    "  chance          the share that an even draw among the candidates would have\n"
    "  chance_present  the same among those of them that stand in the source\n"
    "Where four auxiliaries are candidates and two stand in the sentence, these are\n"
    ".25 and .5: a share near one of them is no rule.\n"
    "Column tag: all; a TAG; depth=N; distance=N; tree=(...), a syntax tree whose\n"
    "words are left out. `none` in place of a value: it is not known of these\n"
    "examples. Trees and depths are those of columns `tree` and `depth`, or else\n"
    "parsed by --grammar.\n"
    "Intervals are Wilson's, 95 %, over the examples of one corpus at one\n"
    "checkpoint, taken for independent; they say nothing of other seeds\n"
    "(--over-seeds does).\n"
    "\n"
    "Predictions. --predictions FILE, once for each corpus: one answer a line in the\n"
    "order of the corpus, or CSV or TSV with a column `prediction` and, if it has a\n"
    "column `source`, the corpus's sources. `first` is the answer's word at the\n"
    "place where the rules part, whatever stands before it; `choice` is nan unless\n"
    "all these words are candidates; logp is nan. Column run is the file, step nan.\n"
    "\n";
static const char on_tables[] =
    "The other tables need whole answers: of a model those it gives when it runs\n"
    "freely, each word the most likely after its own, up to the end or, at most, to\n"
    "twice the longest answer of the rules and 8 words (the less such answers are\n"
    "like any rule's, the longer it takes, up to a forward pass a word). They are\n"
    "over the examples where the rules part (--agreement has a row `agreed` of the\n"
    "others too); columns run, step, corpus, tag as above; X_lo and X_hi are\n"
    "Wilson's 95 %.\n"
    "--shortcuts: one row a shortcut (%shortcut in the grammar) and rule.\n"
    "  first, exact            share of the model's answers that are the shortcut's,\n"
    "                          at the place where the rules part, and whole\n"
    "  same_first, same_exact  in how many of the n examples the shortcut has the\n"
    "                          rule's word there, and its whole answer. Where\n"
    "                          same_first is n the corpus cannot tell the two apart;\n"
    "                          a note says so\n"
    "--fronting: which candidate was put in front (p) and which left out (d), after\n"
    "Crain and Nakayama (1987) as counted by McCoy, Frank and Linzen (2020,\n"
    "arXiv:2001.03632), by the number of candidates in the sentence.\n"
    "  answer  d2p2: the second left out, the second in front; dn: none is left out;\n"
    "          po: one in front that is not in the sentence; other: none of these\n"
    "  share   of the n examples with so many candidates\n"
    "The sentence is the source up to its first `.`; an answer is cut at `.` or `?`.\n"
    "--agreement: words that differ in number alone (%agree in the grammar), the\n"
    "k-th of the answer held against the k-th of the rule's; if their number\n"
    "differs, none counts.\n"
    "  sentences     share of the sentences_n examples with such words: all the\n"
    "                rule's\n"
    "  verbs         share of all verbs_n such words that are the rule's\n"
    "  number        ... that have its number; other_number: another\n"
    "  main, main_number, main_other_number\n"
    "                the same of the main_n main verbs alone: the first one of the\n"
    "                tree that is in no level of embedding (%depth in the grammar)\n"
    "--distances, --distance-correlation: by template, the tree edit distance to the\n"
    "nearest tree of --training-trees, words ignored (Zhang and Shasha 1989), and\n"
    "Spearman's correlation of distance with first and with exact over the\n"
    "templates, each of weight 1, with Bonett and Wright's interval and its p-value\n"
    "(exact to n = 10).\n"
    "--over-seeds: the runs in one folder are the seeds of an arm, each counted\n"
    "once, and each step is apart. Of first, choice, exact and logp: mean with\n"
    "Student's t interval, sd, median with the interval between order statistics\n"
    "(binomial; nan below 6 seeds), min, max.\n"
    "--write-predictions: run, step, corpus, source, prediction.\n"
    "\n"
    "Examples:\n"
    "  eval-rule runs/first ood.tsv.zst\n"
    "  eval-rule --last --among Aux --grammar grammars/question.gr runs/first gen.zst\n"
    "  eval-rule --last --grammar grammars/question.gr --among Aux \\\n"
    "      --fronting front.tsv \\\n"
    "      --shortcuts short.tsv --over-seeds arms.tsv -o rows.tsv runs/*/s* gen.zst\n"
    "  eval-rule --grammar grammars/tense.gr --agreement verbs.tsv \\\n"
    "      --predictions answers.txt tense.gen.tsv\n"
    "  eval-rule --last --grammar grammars/question.gr --training-trees train.zst \\\n"
    "      --distances near.tsv runs/first gen.zst\n"
    "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 73 or 74 cannot write.\n";

int main(int argc, char **argv) {
    struct evaluator e = {.corpora = {.need_rules = true, .keep_columns = true}};
    const char *grammar = NULL;
    int64_t limit = 0;
    struct how how;
    struct options table = {0};
    options_add(&table, (struct opt[]){{OPT_GROUP, .help = "What to score"}, {OPT_END}});
    subjects_add_options(&table, &e.subjects);
    options_add(
        &table,
        (struct opt[]){
            {OPT_LIST, 0, "predictions", &e.predictions, "file",
             "answers to score in place of a model's; once for each corpus"},
            {OPT_COUNT, 0, "limit", &limit, "count", "only the first examples of a corpus; 0: all",
             0, 1e12},
            {OPT_TEXT, 0, "grammar", &grammar, "file",
             "string rules for a corpus that has no rule columns, classes for --among, shortcuts, "
             "words that agree, and trees by parsing"},
            {OPT_TEXT, 0, "among", &e.corpora.among, "words",
             "make `choice` among these (a class such as Aux, or words joined by commas), not "
             "among the words the rules propose"},
            {OPT_GROUP, .help = "Rows beside those of all examples"},
            {OPT_FLAG, 0, "by-tag", &e.wish.groups.tags, NULL,
             "rows for each tag of the corpus too"},
            {OPT_FLAG, 0, "by-depth", &e.wish.groups.depths, NULL, "for each depth of embedding"},
            {OPT_FLAG, 0, "by-tree", &e.wish.groups.trees, NULL,
             "for each syntax tree without its words"},
            {OPT_TEXT, 0, "training-trees", &e.wish.training, "corpus",
             "for each distance to the nearest tree of this corpus"},
            {OPT_GROUP, .help = "Other tables, each into a file"},
            {OPT_TEXT, 0, "shortcuts", &e.tables.paths[TABLE_SHORTCUTS], "file",
             "the grammar's shortcuts, beside the rules they mimic"},
            {OPT_TEXT, 0, "fronting", &e.tables.paths[TABLE_FRONTING], "file",
             "which of the words of --among was put in front, which left out"},
            {OPT_TEXT, 0, "agreement", &e.tables.paths[TABLE_AGREEMENT], "file",
             "agreement in number: sentences, all verbs, main verbs"},
            {OPT_TEXT, 0, "distances", &e.tables.paths[TABLE_DISTANCES], "file",
             "each syntax tree with its distance to the nearest of --training-trees"},
            {OPT_TEXT, 0, "distance-correlation", &e.tables.paths[TABLE_CORRELATION], "file",
             "the rank correlation of these distances and the shares"},
            {OPT_TEXT, 0, "over-seeds", &e.tables.paths[TABLE_SEEDS], "file",
             "mean and median over the runs of one folder, with intervals over seeds"},
            {OPT_TEXT, 0, "write-predictions", &e.tables.paths[TABLE_PREDICTIONS], "file",
             "the answers themselves"},
            {OPT_END},
        });
    how_add_options(&table, &how, "write to this file");
    struct buf more = {0};
    buf_printf(&more, "%s%s", on_rows, on_tables);
    struct opt_tool tool = {
        .name = "eval-rule",
        .summary = "Score each rule's answers on checkpoints, with 95 % Wilson intervals.",
        .operands = "[OPTION]... [RUN|CHECKPOINT]... CORPUS...",
        .options = table.items,
        .more = more.data,
        .least_operands = 1,
        .most_operands = -1,
    };
    int n;
    char **operands = opt_parse(&tool, argc, argv, &n);
    struct err err = {0};
    if (e.predictions.n) {
        e.corpora.paths = (const char *const *)operands;
        e.corpora.n = (size_t)n;
    } else {
        if (subjects_sort(&e.subjects, operands, n, &err) != 0)
            msg_die_err(&err);
        if (!e.subjects.n_corpora)
            msg_die(STATUS_USAGE, "name a corpus; all operands are runs or checkpoints");
        e.corpora.paths = e.subjects.corpora;
        e.corpora.n = e.subjects.n_corpora;
    }
    if (grammar && !(e.corpora.grammar = grammar_read(grammar, &err)))
        msg_die_err(&err);
    e.corpora.limit = (uint64_t)limit;
    e.wish.groups.distances = e.wish.training != NULL;
    e.wish.grammar = e.corpora.grammar;
    e.wish.main_verbs = e.tables.paths[TABLE_AGREEMENT] != NULL;
    e.wish.answers = e.tables.paths[TABLE_SHORTCUTS] || e.tables.paths[TABLE_FRONTING] ||
                     e.tables.paths[TABLE_AGREEMENT] || e.tables.paths[TABLE_PREDICTIONS];
    mat_init();
    e.pool = pool_new((int)how.threads);
    int result = run(&e, how.output, how.tsv, &err);
    rule_tables_discard(&e.tables);
    if (result != 0)
        msg_die_err(&err);
    close_views(&e);
    corpora_close(&e.corpora);
    subjects_free(&e.subjects);
    pool_free(e.pool);
    grammar_free(e.corpora.grammar);
    free(e.predictions.items);
    options_free(&table);
    buf_free(&more);
    free(operands);
    return STATUS_OK;
}
