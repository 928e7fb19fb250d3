/* gen-recall - sequences to recall from: multi-query associative recall (Arora et al. 2023,
 * arXiv:2312.04927) and repeated random sequences, the test of induction heads (Olsson et al. 2022,
 * arXiv:2209.11895).
 *
 *     gen-recall recall --pairs 8 --length 64 -n 100k -o train.tsv.zst
 *     gen-recall repeat --words 64 --period 32 --length 64 -n 100k -o train.tsv.zst */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/numbers.h"
#include "gen/recall.h"
#include "gen/tasks.h"
#include "gen/truth.h"

enum { RECALL, REPEAT };
enum { SOURCE, ANSWERS, LOSS, GAPS, TARGET };

/* The header tells the mean loss of so many places at most. */
enum { HEADER_PLACES = 4096 };

struct task {
    bool repeats, cuts, with_losses;
    struct recall_law recall;
    struct repeat_law repeat;
    size_t length;
    struct columns columns;
    struct buf text;   /* the vocabulary, separated by spaces */
    uint32_t *word_at; /* where each word begins there, and the end */
    uint32_t n_words;
};

struct worker {
    struct recall_sequence sequence;
    struct recall_scratch *recall;
    struct repeat_scratch *repeat;
};

static void *worker_new(void *context) {
    const struct task *t = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    recall_sequence_start(&w->sequence, t->length);
    if (t->repeats)
        w->repeat = repeat_scratch_new(&t->repeat);
    else
        w->recall = recall_scratch_new(&t->recall);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    recall_sequence_free(&w->sequence);
    if (w->repeat)
        repeat_scratch_free(w->repeat);
    if (w->recall)
        recall_scratch_free(w->recall);
    free(w);
}

static void add_words(struct task *t, char letter, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        t->word_at[t->n_words++] = (uint32_t)t->text.len;
        buf_putc(&t->text, letter);
        buf_put_integer(&t->text, i);
        buf_putc(&t->text, ' ');
    }
    t->word_at[t->n_words] = (uint32_t)t->text.len;
}

static void put_word(const struct task *t, uint32_t word, struct buf *out) {
    uint32_t at = t->word_at[word];
    buf_add(out, t->text.data + at, t->word_at[word + 1] - at - 1);
}

static void put_words(const struct task *t, const uint32_t *words, size_t n, struct buf *out) {
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ' ');
        put_word(t, words[i], out);
    }
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)index, (void)class_index, (void)err;
    const struct task *t = context;
    struct worker *w = worker;
    struct recall_sequence *s = &w->sequence;
    if (t->repeats)
        repeat_draw(&t->repeat, w->repeat, r, t->with_losses, s);
    else
        recall_draw(&t->recall, w->recall, r, t->with_losses, s);
    put_words(t, s->word, t->cuts ? s->cut : s->length, source);
    return 1;
}

/* With --cut, the target: the last answer, or what repeats. */
static void put_target(const struct task *t, const struct recall_sequence *s, struct buf *row) {
    put_words(t, s->answer + s->cut, t->repeats ? s->length - s->cut : 1, row);
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)class_index, (void)err;
    const struct task *t = context;
    const struct recall_sequence *s = &((struct worker *)worker)->sequence;
    size_t length = t->cuts && !t->repeats ? s->cut + 1 : s->length;
    for (size_t k = 0; k < t->columns.n; k++) {
        int column = t->columns.which[k];
        if (k)
            buf_putc(row, '\t');
        if (column == SOURCE)
            buf_add(row, source->data, source->len);
        else if (column == TARGET)
            put_target(t, s, row);
        for (size_t i = 0; column == ANSWERS && i < length; i++) {
            if (i)
                buf_putc(row, ' ');
            if (s->answer[i] == RECALL_NO_ANSWER)
                buf_putc(row, '-');
            else
                put_word(t, s->answer[i], row);
        }
        for (size_t i = 0; column == LOSS && i < length; i++) {
            if (i)
                buf_putc(row, ' ');
            numbers_put_decimal(row, s->loss[i], 8);
        }
        for (size_t i = 0; column == GAPS && i < s->n_gaps; i++) {
            if (i)
                buf_putc(row, ' ');
            buf_put_integer(row, s->gap[i]);
        }
    }
    return 1;
}

static int put_losses(const struct task *t, struct corpus_writer *out, struct err *err) {
    double *mean = mem_alloc(t->length, sizeof *mean), sum = 0;
    bool known = t->repeats ? repeat_mean_losses(&t->repeat, mean)
                            : recall_knows_losses(&t->recall);
    if (known && !t->repeats)
        recall_mean_losses(&t->recall, mean);
    int result = 0;
    if (known) {
        size_t shown = t->length < HEADER_PLACES ? t->length : HEADER_PLACES;
        struct buf text = {0};
        buf_printf(&text, "exact from=0 to=%zu\t", shown - 1);
        for (size_t i = 0; i < t->length; i++) {
            if (i < shown)
                buf_printf(&text, "%s%.6f", i ? " " : "", mean[i]);
            sum += mean[i];
        }
        result = corpus_put_header(out, "optimal_loss", text.data, err);
        buf_free(&text);
        if (result == 0)
            result = truth_put(out, err, "entropy", "source=%.10g", sum);
    }
    free(mean);
    return result;
}

static int put_guess(const char *who, uint32_t n, uint32_t words, bool distinct,
                     struct corpus_writer *out, struct err *err) {
    double accuracy, loss;
    recall_guess(n, words, distinct, &accuracy, &loss);
    return truth_put(out, err, "baseline", "%s accuracy=%.10g loss=%.10g", who, accuracy, loss);
}

static int put_repeat(const struct repeat_law *law, struct corpus_writer *out, struct err *err) {
    if (truth_put(out, err, "task",
                  "repetition words=%" PRIu32 " length=%zu period=%" PRId64 "..%" PRId64 "%s",
                  law->words, law->length, law->period.least, law->period.most,
                  law->distinct ? " distinct" : "") != 0)
        return -1;
    bool one = law->period.least == law->period.most;
    if (one && (truth_put(out, err, "bayes", "accuracy=1 loss=0") != 0 ||
                put_guess("word of the period", (uint32_t)law->period.most, law->words,
                          law->distinct, out, err) != 0))
        return -1;
    return put_guess("uniform word", law->words, 1, true, out, err);
}

static int put_recall(const struct recall_law *law, struct corpus_writer *out, struct err *err) {
    if (truth_put(out, err, "task",
                  "associative recall keys=%" PRIu32 " values=%" PRIu32 " fillers=%" PRIu32
                  " pairs=%" PRIu32 " queries=%" PRIu32 " length=%zu power=%.10g%s%s",
                  law->keys, law->values, law->fillers, law->pairs, law->queries, law->length,
                  law->power, law->distinct ? " distinct" : "",
                  law->hidden ? " hidden-answers" : "") != 0)
        return -1;
    /* Where a filler may be a key that nothing follows from, no answer in place is certain. */
    bool certain = law->fillers > 0 || law->hidden;
    if (certain && truth_put(out, err, "bayes", "accuracy=1 loss=0") != 0)
        return -1;
    return put_guess("value of the context", law->pairs, law->values, law->distinct, out, err) != 0
               ? -1
               : put_guess("uniform value", law->values, 1, true, out, err);
}

static int put_truth(const struct task *t, struct corpus_writer *out, struct err *err) {
    char *vocabulary = mem_strndup(t->text.data, t->text.len - 1);
    int result = corpus_put_header(out, "vocab", vocabulary, err);
    free(vocabulary);
    if (result == 0)
        result = t->repeats ? put_repeat(&t->repeat, out, err) : put_recall(&t->recall, out, err);
    if (result == 0 && (t->repeats || !t->cuts))
        result = put_losses(t, out, err);
    return result;
}

static void start_repeat(struct task *t, int64_t words, const char *period) {
    t->repeat = (struct repeat_law){
        .words = (uint32_t)words,
        .length = t->length,
        .period = range_read("--period", period, 1, (int64_t)t->length - 1),
        .distinct = t->recall.distinct,
    };
    if (t->repeat.distinct && words < t->repeat.period.most)
        msg_die(STATUS_USAGE,
                "--distinct: %" PRId64 " words do not suffice for a period of %" PRId64, words,
                t->repeat.period.most);
    add_words(t, 'w', t->repeat.words);
}

static void start_recall(struct task *t) {
    struct recall_law *law = &t->recall;
    if (law->pairs > law->keys)
        msg_die(STATUS_USAGE, "--pairs: %" PRIu32 " pairs need as many keys (--keys %" PRIu32 ")",
                law->pairs, law->keys);
    if (law->distinct && law->pairs > law->values)
        msg_die(STATUS_USAGE,
                "--distinct: %" PRIu32 " pairs need as many values (--values %" PRIu32 ")",
                law->pairs, law->values);
    if (law->queries > law->pairs)
        msg_die(STATUS_USAGE, "--queries: each of the %" PRIu32 " pairs is asked for once at most",
                law->pairs);
    size_t least = 2 * ((size_t)law->pairs + law->queries);
    if (t->length % 2 || t->length < least)
        msg_die(STATUS_USAGE,
                "--length: %" PRIu32 " pairs and %" PRIu32
                " queries need an even length of %zu or more",
                law->pairs, law->queries, least);
    law->length = t->length;
    recall_start(law);
    add_words(t, 'k', law->keys);
    add_words(t, 'v', law->values);
    add_words(t, 'f', law->fillers);
}

static void read_columns(struct task *t, const char *list) {
    static const char *const names[] = {"source", "answers", "loss", "gaps", "target"};
    columns_read(&t->columns,
                 list      ? list
                 : t->cuts ? "source,target"
                           : "source,answers",
                 names, t->cuts ? 5 : 4);
    t->with_losses = columns_have(&t->columns, LOSS);
    if (t->with_losses && !t->repeats && !recall_knows_losses(&t->recall))
        msg_die(STATUS_USAGE,
                "--columns: the least loss is known only with --power 1 and --fillers above 0");
}

int main(int argc, char **argv) {
    static const char *const tasks[] = {"recall", "repeat", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct task t = {.recall = {.power = 1}};
    int64_t length = 64, keys = 64, values = 64, fillers = 16, pairs = 8, queries = 8, words = 64;
    const char *period = "32", *columns = NULL;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_GROUP, .help = "Sequences"},
        {OPT_COUNT, 0, "length", &length, "words", "words of a sequence", 2, 1e7},
        {OPT_FLAG, 0, "distinct", &t.recall.distinct, NULL,
         "draw without replacement: the values of a sequence, or the words of a period"},
        {OPT_FLAG, 0, "cut", &t.cuts, NULL,
         "write source and target: the target is the last answer of a sequence, which ends there; "
         "or all that repeats"},
        GENERATE_UNIQUE_OPTIONS(g),
        {OPT_GROUP, .help = "Recall"},
        {OPT_COUNT, 0, "pairs", &pairs, "count", "pairs of a key and a value in a sequence", 1,
         1e6},
        {OPT_COUNT, 0, "queries", &queries, "count",
         "how many of the keys are asked for [all of them]", 1, 1e6},
        {OPT_COUNT, 0, "keys", &keys, "words", "keys there are: k0, k1, ...", 1, 1e6},
        {OPT_COUNT, 0, "values", &values, "words", "values there are: v0, v1, ...", 1, 1e6},
        {OPT_COUNT, 0, "fillers", &fillers, "words",
         "words that fill the other places: f0, f1, ...; 0: any key or value, as in the published "
         "code",
         0, 1e6},
        {OPT_NUMBER, 0, "power", &t.recall.power, "number",
         "the i-th place for a query has weight i^(number - 1): 1 is even, 0.01 the published "
         "power law, by which most queries come soon",
         0, 1},
        {OPT_FLAG, 0, "hidden-answers", &t.recall.hidden, NULL,
         "fill the place after a query, too, as in the published code: its answer stands in column "
         "answers alone"},
        {OPT_GROUP, .help = "Repeat"},
        {OPT_COUNT, 0, "words", &words, "words", "words there are: w0, w1, ...", 1, 1e6},
        {OPT_TEXT, 0, "period", &period, "range",
         "after how many words a sequence repeats; of a range such as 16..48, each sequence draws "
         "its own, so that no fixed distance will do"},
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source; target (with --cut); answers: for each word the one that is due there, - "
         "where none is; loss: for each word what the best predictor loses, in nats; gaps: for "
         "each answer how many words back it stood first (of repeat: the period) [source,answers; "
         "with --cut source,target]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-recall",
        .summary = "Make sequences to recall from: key-value pairs, or random words that repeat.",
        .operands = "[OPTION]... recall|repeat",
        .options = options,
        .more = "recall: pairs of a key and a value, then, two words each, keys with their values\n"
                "        again and fillers. A language model learns to complete the pairs.\n"
                "repeat: random words, then the same again.\n"
                "Examples:\n"
                "  gen-recall recall --pairs 2 --length 12 --columns source,loss,gaps --text\n"
                "  gen-recall recall --queries 1 --cut -n 100k -o train.zst\n"
                "  gen-recall repeat --period 16..48 --columns source,loss -o induction.zst\n"
                "The published data (a vocabulary of 8,192 words):\n"
                "  gen-recall recall --keys 4095 --values 4096 --fillers 0 --power 0.01\n"
                "    --distinct --hidden-answers\n"
                "Exit status: 0 done, 64 usage, 65 a request that cannot be met, 73 or 74 cannot\n"
                "write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    t.repeats = tasks_choose(operands[0], tasks) == REPEAT;
    if (t.repeats)
        tasks_refuse(&tool, "recall",
                     (const char *const[]){"pairs", "queries", "keys", "values", "fillers", "power",
                                           "hidden-answers", NULL});
    else
        tasks_refuse(&tool, "repeat", (const char *const[]){"words", "period", NULL});
    t.length = (size_t)length;
    t.recall.pairs = (uint32_t)pairs;
    t.recall.queries = (uint32_t)(opt_find(&tool, "queries")->given ? queries : pairs);
    t.recall.keys = (uint32_t)keys;
    t.recall.values = (uint32_t)values;
    t.recall.fillers = (uint32_t)fillers;
    t.word_at = mem_alloc((size_t)(t.repeats ? words : keys + values + fillers) + 1,
                          sizeof *t.word_at);
    if (t.repeats)
        start_repeat(&t, words, period);
    else
        start_recall(&t);
    read_columns(&t, columns);

    struct err err = {0};
    struct corpus_writer *out = output_open(&o, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    struct maker maker = {
        .context = &t,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .subject = operands[0],
    };
    bool headed = put_truth(&t, out, &err) == 0 && columns_put(&t.columns, out, &err) == 0;
    generate_to_end(&g, &maker, headed, out, &err);
    recall_end(&t.recall);
    columns_free(&t.columns);
    buf_free(&t.text);
    free(t.word_at);
    free(operands);
    return STATUS_OK;
}
