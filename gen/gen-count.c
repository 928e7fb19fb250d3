/* gen-count - count from one number to another; add two numbers (Zhou et al. 2023,
 * arXiv:2310.16028; Zhao et al. 2025, arXiv:2502.17356).
 *
 *     gen-count add --length 1..10 -n 100k -o train.tsv.zst
 *     gen-count add --length 11..20 -n 2k -o longer.tsv.zst
 *
 * Example i has a length that i alone decides, in turns, so that every length has exactly its
 * share in every shard. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/addition.h"
#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/tasks.h"
#include "gen/truth.h"

enum { COUNT, ADD };
enum { SOURCE, TARGET, LENGTH, TAGS, CARRIES, CHAIN, DIGITWISE };

struct task {
    bool adds;
    struct columns columns;
    struct addition_law law; /* of the lengths when counting, too */
    struct range numbers;
    bool source_reversed, sum_reversed;
    enum addition_zeros zeros;
};

struct worker {
    struct addition sum;
    unsigned char *digitwise;
    int64_t first, length; /* of the numbers counted */
};

static void *worker_new(void *context) {
    const struct task *t = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    addition_start(&w->sum, &t->law);
    w->digitwise = mem_alloc((size_t)t->law.length.most + 1, 1);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    addition_free(&w->sum);
    free(w->digitwise);
    free(w);
}

static int draw_count(const struct task *t, struct worker *w, struct rng *r, int64_t index,
                      struct buf *source) {
    uint32_t n = (uint32_t)(t->numbers.most - t->numbers.least) + 1;
    uint32_t n_lengths = (uint32_t)(t->law.length.most - t->law.length.least) + 1;
    uint32_t start;
    if (t->law.by_number) {
        start = rng_below(r, n);
        w->length = t->law.length.least + rng_below(r, n_lengths);
        if (start + w->length > n)
            return 0;
    } else {
        w->length = t->law.length.least + index % n_lengths;
        start = rng_below(r, n - (uint32_t)w->length + 1);
    }
    w->first = t->numbers.least + start;
    buf_put_integer(source, w->first);
    buf_putc(source, ' ');
    buf_put_integer(source, w->first + w->length - 1);
    return 1;
}

static void put_number(const struct task *t, const struct addition *x, const unsigned char *number,
                       bool is_sum, struct buf *out) {
    size_t digits = addition_digits(x, t->zeros, number, is_sum);
    addition_put(x, &t->law, number, digits, is_sum ? t->sum_reversed : t->source_reversed, out);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)class_index, (void)err;
    const struct task *t = context;
    struct worker *w = worker;
    if (!t->adds)
        return draw_count(t, w, r, index, source);
    struct addition *x = &w->sum;
    if (!addition_draw(x, &t->law, (uint64_t)index, r))
        return 0;
    put_number(t, x, x->addend[0], false, source);
    buf_puts(source, " + ");
    put_number(t, x, x->addend[1], false, source);
    buf_puts(source, " =");
    return 1;
}

static void put_target(const struct task *t, const struct worker *w, struct buf *row) {
    if (t->adds) {
        put_number(t, &w->sum, w->sum.sum, true, row);
        return;
    }
    for (int64_t i = 0; i < w->length; i++) {
        if (i)
            buf_putc(row, ' ');
        buf_put_integer(row, w->first + i);
    }
}

static void put_tags(const struct addition *x, struct buf *row) {
    buf_puts(row, x->carries ? "carry" : "no_carry");
    if (x->chain > 1)
        buf_puts(row, ",chain");
    if (x->sum[x->length])
        buf_puts(row, ",overflow");
}

/* The sum of one who never carries. */
static void put_digitwise(const struct task *t, const struct worker *w, struct buf *row) {
    const struct addition *x = &w->sum;
    for (size_t i = 0; i <= x->length; i++)
        w->digitwise[i] = (unsigned char)((x->addend[0][i] + x->addend[1][i]) % 10);
    put_number(t, x, w->digitwise, true, row);
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)class_index, (void)err;
    const struct task *t = context;
    const struct worker *w = worker;
    for (size_t i = 0; i < t->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        switch (t->columns.which[i]) {
        case SOURCE:
            buf_add(row, source->data, source->len);
            break;
        case TARGET:
            put_target(t, w, row);
            break;
        case LENGTH:
            buf_put_integer(row, t->adds ? (int64_t)w->sum.length : w->length);
            break;
        case TAGS:
            put_tags(&w->sum, row);
            break;
        case CARRIES:
            buf_put_integer(row, w->sum.carries);
            break;
        case CHAIN:
            buf_put_integer(row, w->sum.chain);
            break;
        default:
            put_digitwise(t, w, row);
        }
    }
    return 1;
}

/* ln of the number of spans of each length, averaged over the lengths' shares, and the entropy of
 * the length itself. */
static double count_entropy(const struct task *t) {
    double n = (double)(t->numbers.most - t->numbers.least) + 1, spans = 0, mean = 0;
    double n_lengths = (double)(t->law.length.most - t->law.length.least) + 1;
    for (int64_t k = t->law.length.least; k <= t->law.length.most; k++) {
        spans += n - (double)k + 1;
        mean += log(n - (double)k + 1) / n_lengths;
    }
    return t->law.by_number ? log(spans) : mean + log(n_lengths);
}

static int put_vocabulary(const struct task *t, struct corpus_writer *out, struct err *err) {
    struct buf words = {0};
    int64_t low = t->adds ? 0 : t->numbers.least, high = t->adds ? 9 : t->numbers.most;
    for (int64_t i = low; i <= high; i++) {
        if (i > low)
            buf_putc(&words, ' ');
        buf_put_integer(&words, i);
    }
    if (t->adds)
        buf_puts(&words, " + =");
    for (int64_t i = 0; t->adds && i < t->law.hints; i++) {
        buf_puts(&words, " h");
        buf_put_integer(&words, i);
    }
    int result = corpus_put_header(out, "vocab", words.data, err);
    buf_free(&words);
    return result;
}

static int put_truth(const struct task *t, const struct opt_tool *tool, struct corpus_writer *out,
                     struct err *err) {
    const struct addition_law *law = &t->law;
    const char *shares = law->by_number ? "number" : "length";
    double entropy, guess;
    int result = put_vocabulary(t, out, err);
    if (result != 0)
        return -1;
    if (t->adds) {
        struct addition_truth truth = addition_know(law);
        entropy = truth.entropy;
        guess = 10;
        char *reverse = opt_value_text(opt_find(tool, "reverse"));
        char *zeros = opt_value_text(opt_find(tool, "zeros"));
        result = truth_put(out, err, "task",
                           "addition length=%" PRId64 "..%" PRId64
                           " shares=%s addends=%s reverse=%s zeros=%s hints=%" PRId64 "%s",
                           law->length.least, law->length.most, shares,
                           law->equal ? "equal" : "any", reverse, zeros, law->hints,
                           law->fixed_hints ? " fixed-hints" : "");
        free(reverse);
        free(zeros);
        if (result == 0)
            result = corpus_put_header(out, "rules", "sum digitwise", err);
        if (result == 0)
            result = corpus_put_header(out, "tags", "carry no_carry chain overflow", err);
        if (result == 0)
            result = truth_put(out, err, "carries", "mean=%.10g overflow=%.10g", truth.carries,
                               truth.overflow);
        if (result == 0)
            result = truth_put(out, err, "baseline", "rule:digitwise accuracy=%.10g",
                               truth.no_carry);
    } else {
        entropy = count_entropy(t);
        guess = (double)(t->numbers.most - t->numbers.least) + 1;
        result = truth_put(
            out, err, "task",
            "counting length=%" PRId64 "..%" PRId64 " shares=%s numbers=%" PRId64 "..%" PRId64,
            law->length.least, law->length.most, shares, t->numbers.least, t->numbers.most);
    }
    if (result == 0)
        result = truth_put(out, err, "bayes", "accuracy=1 loss=0");
    if (result == 0)
        result = truth_put(out, err, "baseline", "uniform %s accuracy=%.10g loss=%.10g",
                           t->adds ? "digit" : "number", 1 / guess, log(guess));
    if (result == 0)
        result = truth_put(out, err, "entropy", "source=%.10g target=0", entropy);
    return result;
}

static void read_lengths(struct task *t, const char *length, const char *numbers) {
    enum { MOST_DIGITS = 100000, MOST_NUMBER = 999999 };
    t->numbers = range_read("--numbers", numbers, 0, MOST_NUMBER);
    int64_t n = t->numbers.most - t->numbers.least + 1;
    t->law.length = range_read("--length", length, 1, t->adds ? MOST_DIGITS : n);
    if (t->adds && t->law.hints && t->law.hints <= t->law.length.most)
        msg_die(STATUS_USAGE,
                "--hints: %" PRId64 " hints do not suffice for numbers of %" PRId64
                " digits and a carry",
                t->law.hints, t->law.length.most);
}

int main(int argc, char **argv) {
    static const char *const tasks[] = {"count", "add", NULL};
    static const char *const shares_by[] = {"length", "number", NULL};
    static const char *const addends_of[] = {"any", "equal", NULL};
    static const char *const reversed[] = {"sum", "all", "none", NULL};
    static const char *const zeros_of[] = {"carry", "equal", "none", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct task t = {.law.hints = 100};
    const char *length = "1..10", *shares = "length", *numbers = "0..99", *addends = "any";
    const char *reverse = "sum", *zeros = "carry", *columns = NULL;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_GROUP, .help = "Lengths"},
        {OPT_TEXT, 0, "length", &length, "range",
         "how many numbers to count; or how many digits the larger addend has"},
        {OPT_CHOICE, 0, "shares", &shares, "of",
         "give each length exactly the same share, in turns; or every span of numbers, every pair "
         "of addends the same probability",
         0, 0, shares_by},
        GENERATE_UNIQUE_OPTIONS(g),
        {OPT_GROUP, .help = "Counting"},
        {OPT_TEXT, 0, "numbers", &numbers, "range", "the numbers, each of them a word"},
        {OPT_GROUP, .help = "Adding"},
        {OPT_CHOICE, 0, "addends", &addends, "which",
         "any pair of the length; or equal numbers of digits", 0, 0, addends_of},
        {OPT_CHOICE, 0, "reverse", &reverse, "which",
         "what to write least significant digit first: the sum, as published, or all, or none", 0,
         0, reversed},
        {OPT_CHOICE, 0, "zeros", &zeros, "which",
         "zeros in front: until all have room for the last carry, as published; until the addends "
         "are equally long; or none",
         0, 0, zeros_of},
        {OPT_COUNT, 0, "hints", &t.law.hints, "count",
         "how many index hints there are, h0, h1, ...: every digit is preceded by that of its "
         "place; 0: none",
         0, 1e6},
        {OPT_FLAG, 0, "fixed-hints", &t.law.fixed_hints, NULL,
         "let h0 be the hint of the first place (that of the last carry), not a random one that "
         "leaves room for the others"},
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, target, length, and when adding tags, carries (places that carry), chain (the "
         "most of them in a row), rule:digitwise (the sum without carries) [all but "
         "rule:digitwise]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-count",
        .summary = "Make algorithmic tasks of any length: counting, and addition with index hints.",
        .operands = "[OPTION]... count|add",
        .options = options,
        .more = "count: the source is the first and the last number, the target all of them.\n"
                "add:   the source is two numbers, the target their sum, a digit a word.\n"
                "Examples:\n"
                "  gen-count count -n 5 --length 3..6 --text\n"
                "  gen-count add -n 5 --length 1..4 --text\n"
                "  gen-count add --length 1..10 --split 1-9/10 -n 100k -o train.zst\n"
                "  gen-count add --length 11..20 -n 2k -o longer.zst\n"
                "  gen-count add --hints 0 --zeros none --reverse none --text\n"
                "Exit status: 0 done, 64 usage, 65 a request that cannot be met, 73 or 74 cannot\n"
                "write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    t.adds = tasks_choose(operands[0], tasks) == ADD;
    if (t.adds)
        tasks_refuse(&tool, "count", (const char *const[]){"numbers", NULL});
    else
        tasks_refuse(
            &tool, "add",
            (const char *const[]){"addends", "reverse", "zeros", "hints", "fixed-hints", NULL});
    if (t.law.fixed_hints && !t.law.hints)
        msg_die(STATUS_USAGE, "--fixed-hints and --hints 0 exclude one another");
    t.law.by_number = strcmp(shares, "number") == 0;
    t.law.equal = strcmp(addends, "equal") == 0;
    t.source_reversed = strcmp(reverse, "all") == 0;
    t.sum_reversed = strcmp(reverse, "none") != 0;
    t.zeros = strcmp(zeros, "carry") == 0   ? ADDITION_ZEROS_CARRY
              : strcmp(zeros, "equal") == 0 ? ADDITION_ZEROS_EQUAL
                                            : ADDITION_ZEROS_NONE;
    read_lengths(&t, length, numbers);
    static const char *const names[] = {"source",  "target", "length",        "tags",
                                        "carries", "chain",  "rule:digitwise"};
    columns_read(&t.columns,
                 columns  ? columns
                 : t.adds ? "source,target,length,tags,carries,chain"
                          : "source,target,length",
                 names, t.adds ? 7 : 3);

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
    bool headed = put_truth(&t, &tool, out, &err) == 0 && columns_put(&t.columns, out, &err) == 0;
    generate_to_end(&g, &maker, headed, out, &err);
    columns_free(&t.columns);
    free(operands);
    return STATUS_OK;
}
