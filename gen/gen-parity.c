/* gen-parity - sparse parity (Barak et al. 2022, arXiv:2207.08799): the target is the parity of a
 * few hidden bits of the source.
 *
 *     gen-parity --length 40 --degree 3 -n 100k -o train.tsv.zst
 *
 * The hidden bits are item 0 of stream RNG_CHOICE under --seed-task, members of a pool the items
 * after it under --seed-data; the flip of a fresh example is item i of RNG_NOISE, that of a member
 * of the pool the item of its number from above. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/numbers.h"
#include "gen/parities.h"
#include "gen/parity_pool.h"
#include "gen/truth.h"

enum { SOURCE, TARGET, CLEAN, TAGS, RIVALS };

struct task {
    struct parities parities;
    enum parities_keep keep;
    double noise;
    uint64_t seed_noise;
    bool signs, from_pool;
    struct columns columns;
    char **names; /* of the columns; from RIVALS on those of the rivals' answers */
    struct parity_pool pool;
};

struct worker {
    uint64_t *bits;
    char *text;
    bool flip;
};

static void *worker_new(void *context) {
    const struct task *t = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    w->bits = mem_alloc(t->parities.n_words, sizeof *w->bits);
    w->text = mem_alloc(t->parities.n_bits, 3);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    free(w->bits);
    free(w->text);
    free(w);
}

static const char *word(const struct task *t, bool bit) {
    return t->signs ? bit ? "-1" : "1" : bit ? "1" : "0";
}

static void put_bits(const struct task *t, struct worker *w, struct buf *source) {
    char *p = w->text;
    for (size_t i = 0; i < t->parities.n_bits; i++) {
        bool bit = w->bits[i / 64] >> i % 64 & 1;
        if (t->signs && bit)
            *p++ = '-';
        *p++ = t->signs || bit ? '1' : '0';
        *p++ = ' ';
    }
    buf_add(source, w->text, (size_t)(p - w->text) - 1);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)class_index, (void)err;
    const struct task *t = context;
    struct worker *w = worker;
    if (t->from_pool) {
        size_t member = (uint64_t)index % t->pool.n;
        memcpy(w->bits, t->pool.bits + member * t->parities.n_words,
               t->parities.n_words * sizeof *w->bits);
        w->flip = t->pool.flips[member];
    } else {
        parities_draw(&t->parities, r, w->bits);
        if (!parities_keeps(&t->parities, t->keep, w->bits) ||
            parity_pool_has(&t->pool, &t->parities, w->bits))
            return 0;
        struct rng noise = rng_at(t->seed_noise, RNG_NOISE, (uint64_t)index);
        w->flip = t->noise > 0 && rng_uniform(&noise) < t->noise;
    }
    put_bits(t, w, source);
    return 1;
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)class_index, (void)err;
    const struct task *t = context;
    const struct worker *w = worker;
    bool clean = parities_value(&t->parities, 0, w->bits);
    for (size_t i = 0; i < t->columns.n; i++) {
        int column = t->columns.which[i];
        if (i)
            buf_putc(row, '\t');
        if (column == SOURCE)
            buf_add(row, source->data, source->len);
        else if (column == TARGET)
            buf_puts(row, word(t, clean ^ w->flip));
        else if (column == CLEAN)
            buf_puts(row, word(t, clean));
        else if (column == TAGS)
            buf_puts(row, w->flip ? "corrupted" : "");
        else
            buf_puts(row, word(t, parities_value(&t->parities, column - RIVALS + 1, w->bits)));
    }
    return 1;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void check_different(const char *option, const int64_t *bits, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (bits[i] == bits[i - 1])
            msg_die(STATUS_USAGE, "--%s names bit %" PRId64 " twice", option, bits[i]);
}

/* The hidden bits: those of --bits, or `degree` drawn ones. */
static void hide_bits(struct task *t, const char *list, int64_t degree, uint64_t seed_task) {
    size_t n_bits = t->parities.n_bits, n = (size_t)degree;
    int64_t *bits;
    if (list) {
        n = numbers_counts("--bits", list, 0, (int64_t)n_bits - 1, &bits);
        if (degree && (int64_t)n != degree)
            msg_die(STATUS_USAGE, "--bits names %zu bits, --degree asks for %" PRId64, n, degree);
    } else {
        n = degree ? n : 3;
        if (n > n_bits)
            msg_die(STATUS_USAGE, "--degree %zu: a source has only %zu bits (--length)", n, n_bits);
        uint32_t *order = mem_alloc(n_bits, sizeof *order);
        struct rng r = rng_at(seed_task, RNG_CHOICE, 0);
        rng_permutation(&r, order, (uint32_t)n_bits);
        bits = mem_alloc(n, sizeof *bits);
        for (size_t i = 0; i < n; i++)
            bits[i] = order[i];
        free(order);
    }
    qsort(bits, n, sizeof *bits, by_size);
    check_different("bits", bits, n);
    parities_add(&t->parities, bits, n);
    free(bits);
}

static void add_rivals(struct task *t, const struct opt_list *rivals) {
    size_t n_columns = RIVALS + rivals->n;
    if (rivals->n >= PARITIES_MOST)
        msg_die(STATUS_USAGE, "--rival: at most %d of them", PARITIES_MOST - 1);
    t->names = mem_alloc(n_columns, sizeof *t->names);
    static const char *const first[] = {"source", "target", "rule:clean", "tags"};
    for (size_t i = 0; i < RIVALS; i++)
        t->names[i] = mem_strdup(first[i]);
    for (size_t k = 0; k < rivals->n; k++) {
        int64_t *bits;
        size_t n = numbers_counts("--rival", rivals->items[k], 0, (int64_t)t->parities.n_bits - 1,
                                  &bits);
        qsort(bits, n, sizeof *bits, by_size);
        check_different("rival", bits, n);
        parities_add(&t->parities, bits, n);
        struct buf name = {0};
        for (size_t i = 0; i < n; i++)
            buf_printf(&name, "%s%" PRId64, i ? "+" : "rule:", bits[i]);
        t->names[RIVALS + k] = name.data;
        free(bits);
        size_t n_words = t->parities.n_words;
        const uint64_t *own = t->parities.sets + (k + 1) * n_words;
        for (size_t j = 0; j <= k; j++)
            if (memcmp(own, t->parities.sets + j * n_words, n_words * sizeof *own) == 0)
                msg_die(STATUS_USAGE, "--rival %s: it is %s", rivals->items[k],
                        j ? "there already" : "the hidden parity itself");
    }
}

static void read_columns(struct task *t, const char *list) {
    struct buf all = {0};
    buf_puts(&all, t->noise > 0 ? "source,target,rule:clean,tags" : "source,target");
    for (int k = 1; k < t->parities.n; k++)
        buf_printf(&all, ",%s", t->names[RIVALS + k - 1]);
    columns_read(&t->columns, list ? list : all.data, (const char *const *)t->names,
                 (size_t)(RIVALS + t->parities.n - 1));
    buf_free(&all);
}

static int put_losses(struct corpus_writer *out, struct err *err, const char *key, double wrong) {
    double least = wrong < 1 - wrong ? wrong : 1 - wrong;
    return truth_put(out, err, key, "accuracy=%.10g loss=%.10g hinge=%.10g square=%.10g", 1 - least,
                     truth_coin_entropy(wrong), 2 * least, 4 * wrong * (1 - wrong));
}

static int put_truth(const struct task *t, struct corpus_writer *out, struct err *err) {
    const struct parities *p = &t->parities;
    double kept, ones, agrees[PARITIES_MOST];
    parities_shares(p, t->keep, &kept, &ones, agrees);
    if (!(kept > 0))
        msg_die(STATUS_USAGE, "--%s: there is no such source",
                t->keep == PARITIES_AGREE ? "agree" : "disagree");
    struct buf hidden = {0}, rules = {0};
    size_t degree = 0;
    for (size_t i = 0; i < p->n_bits; i++)
        if (parities_holds_bit(p, 0, i))
            buf_printf(&hidden, "%s%zu", degree++ ? " " : "", i);
    buf_puts(&rules, t->noise > 0 ? "noisy clean" : "parity");
    for (int k = 1; k < p->n; k++)
        buf_printf(&rules, " %s", t->names[RIVALS + k - 1] + strlen("rule:"));
    int result = corpus_put_header(out, "vocab", t->signs ? "1 -1" : "0 1", err);
    if (result == 0)
        result = truth_put(out, err, "task", "sparse parity length=%zu degree=%zu noise=%.10g",
                           p->n_bits, degree, t->noise);
    if (result == 0)
        result = corpus_put_header(out, "hidden", hidden.data, err);
    if (result == 0 && (p->n > 1 || t->noise > 0))
        result = corpus_put_header(out, "rules", rules.data, err);
    if (result == 0 && columns_have(&t->columns, TAGS))
        result = corpus_put_header(out, "tags", "corrupted", err);
    buf_free(&hidden);
    buf_free(&rules);
    if (result == 0)
        result = put_losses(out, err, "bayes", t->noise);
    if (result == 0)
        result = put_losses(out, err, "chance", ones + t->noise - 2 * ones * t->noise);
    if (result == 0)
        result = truth_put(out, err, "baseline", "zero output hinge=1 square=1");
    for (int k = 1; k < p->n && result == 0; k++)
        result = truth_put(out, err, "baseline", "%s accuracy=%.10g", t->names[RIVALS + k - 1],
                           agrees[k] + t->noise - 2 * agrees[k] * t->noise);
    /* Of a biased source under a condition the entropy is not so simple. */
    if (result == 0 && (t->keep == PARITIES_ALL || !p->biased))
        result = truth_put(out, err, "entropy", "source=%.10g target=%.10g",
                           parities_entropy(p) + log(kept), truth_coin_entropy(t->noise));
    if (result == 0 && t->pool.n) {
        size_t n_ones = 0, n_flipped = 0;
        for (size_t i = 0; i < t->pool.n; i++) {
            n_ones += parities_value(p, 0, t->pool.bits + i * p->n_words);
            n_flipped += t->pool.flips[i];
        }
        result = truth_put(out, err, "pool", "sources=%zu ones=%zu flipped=%zu", t->pool.n, n_ones,
                           n_flipped);
    }
    return result;
}

static void free_task(struct task *t) {
    for (size_t i = 0; i < (size_t)(RIVALS + t->parities.n - 1); i++)
        free(t->names[i]);
    free(t->names);
    parities_free(&t->parities);
    columns_free(&t->columns);
    parity_pool_free(&t->pool);
}

int main(int argc, char **argv) {
    static const char *const parts[] = {"train", "test", NULL}, *const words[] = {"bits", "signs",
                                                                                  NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct task t = {0};
    struct opt_list rivals = {0};
    int64_t length = 40, degree = 0, samples = 0;
    double bias = 0.5, hidden_bias = 0.5;
    uint64_t seed_task = 0, seed_noise = 0;
    bool agree = false, disagree = false;
    const char *bits = NULL, *part = "train", *alphabet = "bits", *columns = NULL;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_GROUP, .help = "The parity"},
        {OPT_COUNT, 0, "length", &length, "bits", "bits of a source", 1, 1e6},
        {OPT_COUNT, 0, "degree", &degree, "bits", "hidden bits, whose parity is the target [3]", 1,
         1e6},
        {OPT_TEXT, 0, "bits", &bits, "list",
         "which bits are hidden, from 0, as 0,1,2 [drawn from --seed-task]"},
        {OPT_SEED, 0, "seed-task", &seed_task, "seed",
         "seed of the hidden bits [the seed of the corpus]"},
        {OPT_CHOICE, 0, "alphabet", &alphabet, "words",
         "write a bit as 0 or 1, or as 1 or -1, where the target is the product", 0, 0, words},
        {OPT_NUMBER, 0, "bias", &bias, "share", "share of ones in a bit that is not hidden", 0, 1},
        {OPT_NUMBER, 0, "hidden-bias", &hidden_bias, "share", "share of ones in a hidden bit", 0,
         1},
        {OPT_NUMBER, 0, "noise", &t.noise, "share", "probability that a target is flipped", 0, 1},
        {OPT_SEED, 0, "seed-noise", &seed_noise, "seed",
         "seed of the noise [the seed of the corpus]"},
        {OPT_GROUP, .help = "Which examples"},
        {OPT_COUNT, 0, "samples", &samples, "count",
         "a pool of so many different sources, flips included: example i is its member i modulo "
         "count [0: every example is fresh]",
         0, 4e9},
        {OPT_CHOICE, 0, "part", &part, "part", "the pool, or fresh sources outside it", 0, 0,
         parts},
        {OPT_LIST, 0, "rival", &rivals, "bits",
         "a competing parity, as 4,7, with its answers in column rule:4+7; may be given 8 times"},
        {OPT_FLAG, 0, "agree", &agree, NULL,
         "keep those on which all rivals agree with the target"},
        {OPT_FLAG, 0, "disagree", &disagree, NULL,
         "keep those on which no rival agrees with the target"},
        GENERATE_UNIQUE_OPTIONS(g),
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, target, rule:clean (the target before the flip), tags (corrupted: it was "
         "flipped), rule:BITS [source,target, with --noise rule:clean,tags, and every rival]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-parity",
        .summary = "Make sparse parity: the target is the parity of a few hidden bits.",
        .operands = "[OPTION]...",
        .options = options,
        .more = "Examples:\n"
                "  gen-parity --text -n 5 --length 10 --bits 0,1,2\n"
                "  gen-parity -s 1 --samples 1000 -n 1000 --noise 0.1 -o train.zst\n"
                "  gen-parity -s 1 --samples 1000 --part test -n 10k -o test.zst\n"
                "  gen-parity --bits 0,1,2 --rival 5,6 --agree -n 1M -o both.zst\n"
                "Another --seed-data alone would hide other bits: fix --seed-task or --bits.\n"
                "Exit status: 0 done, 64 usage, 65 a request that cannot be met, 73 or 74 cannot\n"
                "write.\n",
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    if (agree && disagree)
        msg_die(STATUS_USAGE, "--agree and --disagree exclude one another");
    if ((agree || disagree) && !rivals.n)
        msg_die(STATUS_USAGE, "--%s needs a --rival", agree ? "agree" : "disagree");
    if (bits && opt_find(&tool, "seed-task")->given)
        msg_die(STATUS_USAGE, "--bits and --seed-task exclude one another");
    if (opt_find(&tool, "seed-noise")->given && !opt_find(&tool, "noise")->given)
        msg_die(STATUS_USAGE, "--seed-noise needs --noise");
    bool test = strcmp(part, "test") == 0;
    if (test && !samples)
        msg_die(STATUS_USAGE, "--part test is what lies outside a pool: give --samples too");
    if (samples && !test && (g.unique || g.split.buckets))
        msg_die(STATUS_USAGE, "--%s: a pool is given whole; --part and --samples split it",
                g.unique ? "unique" : "split");
    t.seed_noise = opt_find(&tool, "seed-noise")->given ? seed_noise : g.seed_data;
    t.signs = strcmp(alphabet, "signs") == 0;
    t.keep = agree ? PARITIES_AGREE : disagree ? PARITIES_DISAGREE : PARITIES_ALL;
    parities_start(&t.parities, (size_t)length);
    hide_bits(&t, bits, degree, opt_find(&tool, "seed-task")->given ? seed_task : g.seed_data);
    add_rivals(&t, &rivals);
    parities_bias(&t.parities, hidden_bias, bias);
    read_columns(&t, columns);
    if (length < 62 && samples + test > (int64_t)1 << length)
        msg_die(STATUS_USAGE,
                "--samples %" PRId64 ": there are %" PRId64 " sources of %" PRId64 " bits%s",
                samples, (int64_t)1 << length, length,
                test ? ", and --part test needs another" : "");
    struct err err = {0};
    if (samples && parity_pool_fill(&t.pool, &t.parities, t.keep, t.noise, (size_t)samples,
                                    g.seed_data, t.seed_noise, g.patience, &err) != 0)
        msg_die_err(&err);
    t.from_pool = samples && !test;

    struct corpus_writer *out = output_open(&o, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    struct maker maker = {
        .context = &t,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .subject = "these parities",
    };
    bool headed = put_truth(&t, out, &err) == 0 && columns_put(&t.columns, out, &err) == 0;
    generate_to_end(&g, &maker, headed, out, &err);
    free_task(&t);
    free(rivals.items);
    free(operands);
    return STATUS_OK;
}
