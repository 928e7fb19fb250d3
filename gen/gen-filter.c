/* gen-filter - keep some of a corpus's examples, or some of its columns.
 *
 *     gen-filter --where 'quest,!center' --not-in train.zst test.zst -o clean.zst
 *     gen-grammar grammars/question.gr -n 1M | gen-filter --match 'source=/ walrus/' -n 100 -
 *
 * Every section of the input becomes a section of the output, with its own header: so, but for what
 * looks back (--unique, --skip, -n, shares), the filter of joined corpora is the filters joined. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gen/answers.h"
#include "gen/columns.h"
#include "gen/deal.h"
#include "gen/inputs.h"
#include "gen/match.h"
#include "gen/output.h"
#include "gen/row_key.h"
#include "gen/row_text.h"
#include "gen/tagset.h"
#include "lib/hash.h"
#include "lib/selection.h"
#include "lib/split.h"

struct filter {
    /* as asked for */
    const char *where, *split_text, *by, *columns;
    struct opt_list match, in, not_in;
    bool agree, disagree, unique, invert;
    int64_t skip, count;
    struct output output;
    struct opt_tool *tool;
    char **operands;
    int n_operands;
    /* as resolved for the corpus being read */
    struct tagset tags;
    struct selection selection;
    struct matches matches;
    struct answers answers;
    struct split split;
    size_t source;
    struct row_key key;
    struct row_text text;
    /* over all corpora */
    const char **names; /* of the columns of the first */
    size_t n_names;
    const char **written; /* the names of those that are written */
    size_t n_written;
    struct seen *in_sets, not_in_set, seen; /* in_sets: [each of --in] */
    struct deal deal;
    uint64_t read, kept, written_rows;
    struct corpus_writer *out;
};

static bool uses_key(const struct filter *f) {
    return f->unique || f->in.n || f->not_in.n;
}

/* The options that look at columns, for a corpus that has just been opened. */
static int resolve(struct filter *f, const struct corpus_reader *in, struct err *err) {
    const char *missing;
    if (f->where && !f->out &&
        (tagset_read(&f->tags, f->where, in, err) != 0 ||
         selection_read(&f->selection, f->where, &f->tags.names, err) != 0))
        return -1;
    matches_free(&f->matches);
    answers_free(&f->answers);
    answers_find(&f->answers, in);
    if ((f->agree || f->disagree) && f->answers.n < 2)
        return err_set(err, STATUS_DATA,
                       "%s: %s needs two answers or more: columns target and rule:NAME",
                       corpus_name(in), f->agree ? "--agree" : "--disagree");
    row_key_free(&f->key);
    row_text_free(&f->text);
    if (matches_read(&f->matches, &f->match, in, err) != 0 ||
        (f->split_text && corpus_need_column(in, "source", &f->source, err) != 0) ||
        (uses_key(f) && row_key_read(&f->key, f->by, in, err) != 0))
        return -1;
    if (row_text_make(&f->text, in, f->written, f->n_written, NULL, NULL, &missing) != 0)
        return err_set(err, STATUS_DATA, "%s: has no column '%s'", corpus_name(in), missing);
    if (f->invert && f->selection.n)
        return err_set(err, STATUS_USAGE, "--invert and shares in --where exclude one another");
    return 0;
}

/* Later corpora must have the columns of the first. */
static int check_columns(const struct filter *f, const struct corpus_reader *in, struct err *err) {
    size_t n;
    const char *const *names = corpus_columns(in, &n);
    bool same = n == f->n_names;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(names[i], f->names[i]) == 0;
    return same ? 0
                : err_set(err, STATUS_DATA, "%s: its columns are not those of the corpus before",
                          corpus_name(in));
}

static void take_columns(struct filter *f, const struct corpus_reader *in) {
    const char *const *names = corpus_columns(in, &f->n_names);
    f->names = mem_alloc(f->n_names, sizeof *f->names);
    f->written = mem_alloc(f->n_names, sizeof *f->written);
    for (size_t i = 0; i < f->n_names; i++)
        f->names[i] = mem_strdup(names[i]);
    if (!f->columns) {
        memcpy(f->written, f->names, f->n_names * sizeof *f->names);
        f->n_written = f->n_names;
        return;
    }
    struct columns chosen;
    columns_read(&chosen, f->columns, f->names, f->n_names);
    for (f->n_written = 0; f->n_written < chosen.n; f->n_written++)
        f->written[f->n_written] = f->names[chosen.which[f->n_written]];
    columns_free(&chosen);
}

/* Whether the row that was read last meets every condition: 1 or 0; -1: error. */
static int meets(struct filter *f, const struct corpus_reader *in, int *class_index,
                 struct err *err) {
    if (f->where) {
        *class_index = selection_class_of(&f->selection, tagset_of_row(&f->tags, in));
        if (*class_index == -2)
            return err_set(err, STATUS_USAGE,
                           "%s: line %" PRIu64 ": --where: belongs to two of the classes; classes "
                           "with shares must exclude one another",
                           corpus_name(in), corpus_line(in));
        if (*class_index == -1)
            return 0;
    }
    size_t len;
    if ((f->agree && !answers_all_equal(&f->answers, in)) ||
        (f->disagree && answers_first_shared(&f->answers, in)))
        return 0;
    if (f->split_text) {
        const char *source = corpus_field(in, f->source, &len);
        if (!split_keeps(&f->split, source, len))
            return 0;
    }
    if (f->match.n) {
        int hold = matches_hold(&f->matches, in, err);
        if (hold <= 0)
            return hold;
    }
    if (uses_key(f)) {
        const char *key = row_key_of(&f->key, in, &len);
        for (size_t i = 0; i < f->in.n; i++)
            if (!seen_has(&f->in_sets[i], key, len))
                return 0;
        if (seen_has(&f->not_in_set, key, len) || (f->unique && !seen_add(&f->seen, key, len)))
            return 0;
    }
    return 1;
}

static bool has_enough(const struct filter *f) {
    return f->count >= 0 && f->written_rows >= (uint64_t)f->count;
}

static int put(struct filter *f, const char *row, size_t len, struct err *err) {
    if (f->kept++ < (uint64_t)f->skip)
        return 0;
    f->written_rows++;
    return corpus_put_line(f->out, row, len, err);
}

/* Deal what can be dealt. */
static int put_dealt(struct filter *f, struct err *err) {
    const char *row;
    size_t len;
    int result = 0;
    while (result == 0 && !has_enough(f) && deal_next(&f->deal, &row, &len))
        result = put(f, row, len, err);
    return result;
}

static int take_row(struct filter *f, const struct corpus_reader *in, const char *row, size_t len,
                    struct err *err) {
    int class_index = 0, keep = meets(f, in, &class_index, err);
    f->read++;
    if (keep < 0)
        return -1;
    if ((keep > 0) == f->invert)
        return 0;
    if (row_text_of(&f->text, in, row, len, &row, &len, err) != 0)
        return -1;
    if (!f->selection.n)
        return put(f, row, len, err);
    deal_add(&f->deal, (size_t)class_index, row, len);
    return put_dealt(f, err);
}

/* Name the corpora of --in and --not-in, by their content where they can be read again. */
static int put_others(const struct filter *f, const char *key, const struct opt_list *paths,
                      struct err *err) {
    struct buf line = {0};
    int result = 0;
    for (size_t i = 0; i < paths->n && result == 0; i++) {
        struct stat st;
        struct corpus_digest digest = {0};
        buf_clear(&line);
        if (stat(paths->items[i], &st) == 0 && S_ISREG(st.st_mode))
            result = corpus_hash(paths->items[i], &digest, err);
        buf_printf(&line, "%s\t%s", digest.hash ? hash_text(digest.hash).text : "-",
                   paths->items[i]);
        for (char *c = line.data; *c; c++)
            if ((unsigned char)*c < 0x20 && *c != '\t')
                *c = '?';
        if (result == 0)
            result = corpus_put_header(f->out, key, line.data, err);
    }
    buf_free(&line);
    return result;
}

/* What the header says last. */
static int end_header(const struct filter *f, struct err *err) {
    if (put_others(f, "in", &f->in, err) != 0 || put_others(f, "not-in", &f->not_in, err) != 0)
        return -1;
    return corpus_put_columns(f->out, f->written, f->n_written, err);
}

/* Pass on the header of a section. */
static int begin_section(struct filter *f, struct corpus_reader *in, size_t section,
                         struct err *err) {
    if (heading_section(f->out, f->tool, f->operands, f->n_operands, in, section, err) != 0)
        return -1;
    return end_header(f, err);
}

/* Filter what is left of a corpus, whose sections below `section` are begun. */
static int filter_rows(struct filter *f, struct corpus_reader *in, size_t section,
                       struct err *err) {
    const char *row;
    size_t len;
    while (!has_enough(f)) {
        if (!corpus_ready(in) && corpus_flush(f->out, err) != 0)
            return -1;
        int got = corpus_next_row(in, &row, &len, err);
        for (; got >= 0 && section < corpus_sections(in); section++)
            if (begin_section(f, in, section, err) != 0)
                return -1;
        if (got <= 0)
            return got;
        if (take_row(f, in, row, len, err) != 0)
            return -1;
    }
    return 0;
}

static int filter_corpus(struct filter *f, const char *path, struct err *err) {
    struct corpus_reader *in = corpus_open(path, err);
    if (!in)
        return -1;
    bool first = !f->names;
    if (first)
        take_columns(f, in);
    int result = first ? 0 : check_columns(f, in, err);
    if (result == 0)
        result = resolve(f, in, err);
    if (result == 0 && first) {
        f->out = output_open(&f->output, f->tool, f->operands, f->n_operands, &in, 1, err);
        result = f->out ? end_header(f, err) : -1;
        if (f->selection.n)
            deal_start(&f->deal, &f->selection.shares,
                       f->count < 0 ? UINT64_MAX : (uint64_t)f->skip + (uint64_t)f->count);
    }
    if (result == 0)
        result = filter_rows(f, in, first, err);
    corpus_close(in);
    return result;
}

static int load_sets(struct filter *f, struct err *err) {
    f->in_sets = mem_alloc(f->in.n, sizeof *f->in_sets);
    for (size_t i = 0; i < f->in.n; i++)
        if (row_key_collect(&f->in_sets[i], f->by, f->in.items[i], NULL, err) != 0)
            return err_prefix(err, "--in");
    for (size_t i = 0; i < f->not_in.n; i++)
        if (row_key_collect(&f->not_in_set, f->by, f->not_in.items[i], NULL, err) != 0)
            return err_prefix(err, "--not-in");
    return 0;
}

static void report(const struct filter *f) {
    msg_note("%" PRIu64 " example%s read%s, %" PRIu64 " written", f->read, f->read == 1 ? "" : "s",
             has_enough(f) ? " until there were enough" : "", f->written_rows);
    if (f->selection.n && !has_enough(f))
        msg_note("no example was left of class '%s', so that the shares could not be kept any "
                 "longer",
                 selection_class_name(&f->selection, f->deal.turn));
}

static void free_filter(struct filter *f) {
    deal_free(&f->deal);
    tagset_free(&f->tags);
    selection_free(&f->selection);
    matches_free(&f->matches);
    answers_free(&f->answers);
    row_key_free(&f->key);
    row_text_free(&f->text);
    for (size_t i = 0; i < f->n_names; i++)
        free((char *)f->names[i]);
    free(f->names);
    free(f->written);
    for (size_t i = 0; i < f->in.n; i++)
        seen_free(&f->in_sets[i]);
    free(f->in_sets);
    seen_free(&f->not_in_set);
    seen_free(&f->seen);
    free(f->match.items);
    free(f->in.items);
    free(f->not_in.items);
}

static void check_inputs(const struct filter *f) {
    struct inputs inputs = {0};
    for (int i = 0; i < f->n_operands; i++)
        inputs_add(&inputs, f->operands[i]);
    for (size_t i = 0; i < f->in.n; i++)
        inputs_add(&inputs, f->in.items[i]);
    for (size_t i = 0; i < f->not_in.n; i++)
        inputs_add(&inputs, f->not_in.items[i]);
    inputs_check(&inputs);
    inputs_free(&inputs);
}

int main(int argc, char **argv) {
    struct filter f = {.by = "source", .count = -1};
    struct opt options[] = {
        {OPT_GROUP, .help = "Which examples"},
        {OPT_TEXT, 0, "where", &f.where, "expr",
         "keep by tags and fix shares: 'quest,!center' keeps; 'center=0.3,right=0.7' deals the "
         "examples of both in turn, in exact shares, until one has no more"},
        {OPT_LIST, 0, "match", &f.match, "condition",
         "keep by a pattern (PCRE2): 'COLUMN=/PATTERN/' found, 'COLUMN!=/PATTERN/' not found; may "
         "be given several times"},
        {OPT_FLAG, 0, "agree", &f.agree, NULL, "keep those on which all rules agree"},
        {OPT_FLAG, 0, "disagree", &f.disagree, NULL,
         "keep those on which the target differs from the answer of every other rule"},
        {OPT_TEXT, 0, "split", &f.split_text, "part",
         "keep those whose source falls in these buckets, as 1-9/10 or 0/10: the same buckets as "
         "in the generators"},
        {OPT_LIST, 0, "in", &f.in, "corpus",
         "keep those that are in this corpus too; may be given several times, for those in all"},
        {OPT_LIST, 0, "not-in", &f.not_in, "corpus",
         "drop those that are in this corpus; may be given several times"},
        {OPT_FLAG, 0, "unique", &f.unique, NULL, "drop all but the first of those that are equal"},
        {OPT_TEXT, 0, "by", &f.by, "list",
         "the columns by which --in, --not-in and --unique tell examples apart"},
        {OPT_FLAG, 0, "invert", &f.invert, NULL, "keep what would be dropped, and drop the rest"},
        {OPT_COUNT, 0, "skip", &f.skip, "count", "leave out the first of those that are kept", 0,
         1e12},
        {OPT_COUNT, 'n', "first", &f.count, "count",
         "stop after so many, and read no further [all]", 0, 1e12},
        OUTPUT_OPTIONS(f.output),
        {OPT_TEXT, 0, "columns", &f.columns, "list", "the columns to write, in this order"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-filter",
        .summary = "Keep the examples of a corpus that meet every condition.",
        .operands = "[OPTION]... [CORPUS]...",
        .options = options,
        .more = "Examples:\n"
                "  gen-filter --where 'quest,!center' c.zst -o simple.zst\n"
                "  gen-filter --not-in train.zst --unique test.zst -o clean.zst\n"
                "  gen-filter --match 'source=/ walrus/' -n 10 --columns source,tags c.zst\n"
                "  gen-filter --where center=0.25,right=0.75 -n 10k c.zst -o shares.zst\n"
                "Conditions on tags need the column `tags`, those on rules `target` and\n"
                "`rule:NAME`. With shares, examples wait in memory for their turn.\n"
                "Exit status: 0 done (also when nothing is kept), 64 usage, 65 bad data,\n"
                "66 no input, 73 or 74 cannot write.\n",
        .least_operands = 1,
        .most_operands = -1,
        .filter = true,
    };
    f.operands = opt_parse(&tool, argc, argv, &f.n_operands);
    f.tool = &tool;
    struct err err = {0};
    if (f.agree && f.disagree)
        msg_die(STATUS_USAGE, "--agree and --disagree exclude one another");
    if (opt_find(&tool, "by")->given && !uses_key(&f))
        msg_die(STATUS_USAGE, "--by is of use with --in, --not-in and --unique only");
    check_inputs(&f);
    int result = split_read(&f.split, f.split_text, &err);
    if (result == 0)
        result = load_sets(&f, &err);
    for (int i = 0; i < f.n_operands && result == 0 && (i == 0 || !has_enough(&f)); i++)
        result = filter_corpus(&f, f.operands[i], &err);
    if (result != 0) {
        corpus_discard(f.out);
        msg_die_err(&err);
    }
    if (corpus_finish(f.out, &err) != 0)
        msg_die_err(&err);
    report(&f);
    free_filter(&f);
    free(f.operands);
    return STATUS_OK;
}
