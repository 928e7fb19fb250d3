/* gen-hmm - sample sequences from hidden Markov models and Markov chains, with what is true of
 * them.
 *
 *     gen-hmm processes/mess3.hmm -n 100k --length 10 --columns source,beliefs,loss -o mess3.zst
 *
 * The models come from files, or are drawn at random: one, a mixture, a new one for every sequence,
 * or concepts over a shared memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/generate.h"
#include "gen/ginc_prompt.h"
#include "gen/hmm_columns.h"
#include "gen/hmm_header.h"
#include "gen/range.h"
#include "lib/hmm_sample.h"
#include "lib/outfile.h"
#include "lib/zio.h"

enum { MOST_LENGTH = 1000000 };

struct generator {
    struct system system;
    struct hmm_sampler sampler; /* unless each sequence has a system of its own */
    struct hmm_words *words;
    struct columns columns;
    struct range length;
    bool only_source;
    size_t row_bytes;
};

/* What a thread works on. */
struct worker {
    struct hmm own; /* the system of this sequence alone */
    struct hmm_sampler own_sampler;
    uint64_t *random;
    uint32_t *edges;
    struct hmm_sequence sequence;
    struct hmm_truth truth;
};

static void *worker_new(void *context) {
    struct generator *gen = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    size_t most = (size_t)gen->length.most;
    w->random = mem_alloc(most + 1, sizeof *w->random);
    w->edges = mem_alloc(most, sizeof *w->edges);
    hmm_truth_begin(&w->truth, &gen->system);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    hmm_free(&w->own);
    hmm_sampler_free(&w->own_sampler);
    free(w->random);
    free(w->edges);
    hmm_truth_free(&w->truth);
    free(w);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    const struct generator *gen = context;
    struct worker *w = worker;
    const struct hmm_sampler *sampler = &gen->sampler;
    int64_t spread = gen->length.most - gen->length.least;
    (void)index, (void)class_index;
    size_t n = (size_t)gen->length.least;
    if (spread > 0)
        n += rng_below(r, (uint32_t)spread + 1);
    if (gen->system.is_fresh) {
        if (random_system_draw(&gen->system.random, r, &w->own, err) != 0)
            return -1;
        hmm_sampler_set(&w->own_sampler, &w->own);
        sampler = &w->own_sampler;
    }
    rng_fill_u64(r, w->random, n + 1);
    uint32_t start = hmm_sample_start(sampler, w->random[0]);
    hmm_sample(sampler, start, w->random + 1, w->edges, n);
    w->sequence = (struct hmm_sequence){sampler->hmm, start, w->edges, n};
    hmm_words_put(gen->words, &w->sequence, source);
    return 1;
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    const struct generator *gen = context;
    struct worker *w = worker;
    (void)r, (void)index, (void)class_index;
    if (gen->only_source) {
        buf_add(row, source->data, source->len);
        return 1;
    }
    int result = hmm_columns_put(&gen->columns, &gen->system, &w->truth, &w->sequence, source, row,
                                 err);
    return result == 0 ? 1 : -1;
}

static int write_sequences(struct generator *gen, const struct generate *g, uint64_t budget,
                           struct corpus_writer *out, struct err *err) {
    struct maker maker = {
        .context = gen,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .row_bytes = gen->row_bytes,
        .subject = gen->system.subject,
    };
    if (hmm_header_put(&gen->system, columns_have(&gen->columns, COLUMN_BELIEFS), out, err) != 0 ||
        hmm_header_put_losses(&gen->system, gen->length.least, gen->length.most, budget, out,
                              err) != 0 ||
        columns_put(&gen->columns, out, err) != 0)
        return -1;
    if (!gen->system.is_fresh)
        hmm_sampler_set(&gen->sampler, &gen->system.hmm);
    return generate_rows(g, &maker, out, err);
}

/* Read --columns for sequences. What does not fit ends the tool. */
static void prepare_sequences(struct generator *gen, const char *columns) {
    struct err err = {0};
    columns_read(&gen->columns, columns ? columns : "source", hmm_column_names, N_HMM_COLUMNS);
    if (hmm_columns_check(&gen->columns, &gen->system, &err) != 0)
        msg_die_err(&err);
    gen->row_bytes = hmm_columns_bytes(&gen->columns, &gen->system, (size_t)gen->length.most);
    if (gen->row_bytes > ZIO_LINE_MAX / 2)
        msg_die(STATUS_USAGE,
                "%" PRId64 " symbols with these columns make rows of up to %zu bytes, longer than "
                "a corpus may have; --length or --columns must be less",
                gen->length.most, gen->row_bytes);
    gen->only_source = gen->columns.n == 1 && gen->columns.which[0] == COLUMN_SOURCE;
    gen->words = hmm_words_new(&gen->system.symbols);
}

/* Write sequences, or prompts where they are given; ends `out`. */
static int write_corpus(struct generator *gen, struct ginc_prompts *prompts,
                        const struct generate *g, uint64_t budget, struct corpus_writer *out,
                        struct err *err) {
    int result = prompts ? hmm_header_put(&gen->system, false, out, err) : 0;
    if (result == 0)
        result = prompts ? ginc_prompts_write(prompts, g, out, err)
                         : write_sequences(gen, g, budget, out, err);
    if (result == 0)
        return corpus_finish(out, err);
    corpus_discard(out);
    return -1;
}

/* Write the joint model as a .hmm file. */
static int show(const struct system *s, const struct output *o, struct err *err) {
    struct outfile *f = outfile_open(o->path, err);
    if (!f)
        return -1;
    struct vocab names = {0};
    struct buf name = {0}, text = {0};
    for (size_t i = 0; i < s->hmm.n_states; i++) {
        buf_clear(&name);
        system_put_joint_name(s, i, &name);
        vocab_add(&names, name.data, name.len);
    }
    process_put(&s->hmm, &names, &s->symbols, &text);
    int result = outfile_write(f, text.data, text.len, err);
    vocab_free(&names);
    buf_free(&name);
    buf_free(&text);
    if (result == 0)
        return outfile_commit(f, err);
    outfile_discard(f);
    return -1;
}

/* Options that mean something for some systems alone. */
static void refuse_strangers(const struct opt_tool *tool, const struct system_request *q) {
    static const struct {
        const char *name;
        bool files, random, ginc;
        const char *home;
    } rules[] = {
        {"set", true, false, false, "a file"},
        {"start", true, true, false, "files, --random-hmm or --random-chain"},
        {"prior", true, true, true, NULL},
        {"components", false, true, true, "--random-hmm, --random-chain or --ginc"},
        {"seed-task", false, true, true, "--random-hmm, --random-chain or --ginc"},
        {"alpha", false, true, false, "--random-hmm or --random-chain"},
        {"doubly-stochastic", false, true, false, "--random-chain"},
        {"unseen", false, false, true, "--ginc"},
        {"words", false, false, true, "--ginc"},
        {"transition-temperature", false, false, true, "--ginc"},
        {"start-temperature", false, false, true, "--ginc"},
        {"persistence", false, false, true, "--ginc"},
        {"prompt", false, false, true, "--ginc"},
        {"random-slots", false, false, true, "--ginc"},
    };
    bool is_random = q->random_hmm || q->random_chain > 0;
    if ((q->n_paths > 0) + (q->random_hmm != NULL) + (q->random_chain > 0) + (q->ginc != NULL) > 1)
        msg_die(STATUS_USAGE, "files, --random-hmm, --random-chain and --ginc exclude one another");
    if (!q->n_paths && !is_random && !q->ginc)
        msg_die(STATUS_USAGE, "missing operand; usage: %s %s (--help tells more)", tool->name,
                tool->operands);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (opt_find(tool, rules[i].name)->given && !(q->n_paths  ? rules[i].files
                                                      : is_random ? rules[i].random
                                                                  : rules[i].ginc))
            msg_die(STATUS_USAGE, "--%s goes with %s", rules[i].name, rules[i].home);
    if (q->doubly_stochastic && q->random_hmm)
        msg_die(STATUS_USAGE, "--doubly-stochastic goes with --random-chain");
}

int main(int argc, char **argv) {
    static const char *const priors[] = {"uniform", "random", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output output = {0};
    struct generator gen = {0};
    struct system_request q = SYSTEM_REQUEST_DEFAULTS;
    const char *columns = NULL, *length = "10", *prompt = NULL;
    uint64_t seed_task = 0;
    int64_t budget = 250000000;
    bool random_slots = false, only_show = false;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_TEXT, 0, "length", &length, "range", "symbols of a sequence, as 10 or 5..20"},
        {OPT_GROUP, .help = "From files"},
        {OPT_LIST, 0, "set", &q.set, "name=number",
         "give a parameter of the file another value, as x=0.15 or p=1/3"},
        {OPT_TEXT, 0, "start", &q.start, "states",
         "where sequences begin: stationary, uniform, a state, or A=1/2 B=1/2 [the file's]"},
        {OPT_GROUP, .help = "Drawn at random, rows from a symmetric Dirichlet distribution"},
        {OPT_TEXT, 0, "random-hmm", &q.random_hmm, "states,symbols",
         "hidden Markov models that emit on their edges"},
        {OPT_COUNT, 0, "random-chain", &q.random_chain, "states",
         "Markov chains; their states are the symbols [none]", 1, 4096},
        {OPT_NUMBER, 0, "alpha", &q.alpha, "number",
         "concentration: 1 makes all rows equally likely, less makes them more uneven", 1e-3, 1e6},
        {OPT_FLAG, 0, "doubly-stochastic", &q.doubly_stochastic, NULL,
         "chains whose columns sum to 1 too, so that all symbols are equally frequent"},
        {OPT_COUNT, 0, "components", &q.components, "count",
         "mix so many; 0: a new one for every sequence [1; with --ginc 10]", 0, 1e6},
        {OPT_CHOICE, 0, "prior", &q.prior, "how", "how often each of them comes",
         .choices = priors},
        {OPT_SEED, 0, "seed-task", &seed_task, "seed",
         "seed of the random systems, and of concepts [the seed of the corpus]"},
        {OPT_GROUP, .help = "Delimited documents for in-context learning, in the manner of GINC"},
        {OPT_TEXT, 0, "ginc", &q.ginc, "entities,properties",
         "hidden pairs, each with a word in a shared memory; property 0 is the delimiter"},
        {OPT_COUNT, 0, "words", &q.words, "count", "words, the delimiter included", 2,
         GINC_MOST_WORDS},
        {OPT_NUMBER, 0, "transition-temperature", &q.transition_temperature, "number",
         "of the mixtures of permutations by which pairs change", 1e-3, 1e6},
        {OPT_NUMBER, 0, "start-temperature", &q.start_temperature, "number",
         "of the distribution of the first pair", 1e-3, 1e6},
        {OPT_NUMBER, 0, "persistence", &q.persistence, "share",
         "share of the identity in how entities change", 0, 1},
        {OPT_FLAG, 0, "unseen", &q.unseen, NULL,
         "the second half of the concepts (--components); training data come from the first"},
        {OPT_TEXT, 0, "prompt", &prompt, "examples,length",
         "prompts instead of documents: so many examples of so many words, and a query"},
        {OPT_FLAG, 0, "random-slots", &random_slots, NULL,
         "prompts whose properties are drawn word by word, without a concept"},
        {OPT_GROUP, .help = "Which sequences"},
        GENERATE_UNIQUE_OPTIONS(g),
        OUTPUT_OPTIONS(output),
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, states, start, beliefs, predictions, loss, logp, component, posterior, "
         "matrix; "
         "of prompts: source, target, rule:bayes, component, states [source; source,target]"},
        {OPT_COUNT, 0, "budget", &budget, "count",
         "multiplications to spend on the optimal loss in the header; 0: none", 0, 1e15},
        {OPT_FLAG, 0, "show", &only_show, NULL,
         "write the model, mixed of all components, as a .hmm file instead", .aside = true},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-hmm",
        .summary = "Sample sequences from hidden Markov models and Markov chains, with hidden "
                   "states, beliefs and the best possible loss.",
        .operands = "[OPTION]... [PROCESS]...",
        .options = options,
        .more = "Several files are a mixture of them. Examples:\n"
                "  gen-hmm processes/mess3.hmm -n 100k --columns source,beliefs -o mess3.zst\n"
                "  gen-hmm processes/rrxor.hmm --length 1..40 --columns source,states,loss\n"
                "  gen-hmm --random-chain 10 --components 64 --prior random --length 512\n"
                "  gen-hmm --random-chain 3 --components 0 --start uniform --columns source,loss\n"
                "  gen-hmm --ginc 10,10 --length 1024 -n 10k -o train.zst\n"
                "  gen-hmm --ginc 10,10 --prompt 8,5 --columns source,target,rule:bayes\n"
                "Another --seed-data alone would draw other systems: fix --seed-task.\n"
                "Exit status: 0 done, 64 usage, 65 bad file or a request that cannot be met,\n"
                "66 no file, 73 or 74 cannot write.\n",
        .least_operands = 0,
        .most_operands = -1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    struct err err = {0};
    generate_start(&g, &tool);
    q.paths = operands;
    q.n_paths = (size_t)n_operands;
    q.seed = opt_find(&tool, "seed-task")->given ? seed_task : g.seed_data;
    if (!opt_find(&tool, "components")->given)
        q.components = -1;
    refuse_strangers(&tool, &q);
    gen.length = range_read("--length", length, 1, MOST_LENGTH);
    if (system_make(&gen.system, &q, &err) != 0)
        msg_die_err(&err);
    if (random_slots && !prompt)
        msg_die(STATUS_USAGE, "--random-slots goes with --prompt");
    if (prompt && opt_find(&tool, "length")->given)
        msg_die(STATUS_USAGE, "--length and --prompt exclude one another");
    if (only_show && gen.system.is_fresh)
        msg_die(STATUS_USAGE, "--show: every sequence has a system of its own; --columns matrix "
                              "tells them");
    int result = only_show ? show(&gen.system, &output, &err) : 0;
    if (!only_show) {
        struct ginc_prompts *prompts =
            prompt ? ginc_prompts_new(&gen.system, prompt, random_slots, columns) : NULL;
        if (!prompts)
            prepare_sequences(&gen, columns);
        struct corpus_writer *out = output_open(&output, &tool, operands, n_operands, NULL, 0,
                                                &err);
        result = out ? write_corpus(&gen, prompts, &g, (uint64_t)budget, out, &err) : -1;
        ginc_prompts_free(prompts);
    }
    if (result != 0)
        msg_die_err(&err);
    if (gen.words)
        hmm_words_free(gen.words);
    columns_free(&gen.columns);
    hmm_sampler_free(&gen.sampler);
    system_free(&gen.system);
    free(q.set.items);
    free(operands);
    return STATUS_OK;
}
