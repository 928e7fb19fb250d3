/* gen-grammar - sample a corpus from a grammar file.
 *
 *     gen-grammar grammars/question.gr -n 100k --agree --split 1-9/10 -o train.tsv.zst
 *
 * The grammar's distribution may first be changed (--temperature, --words, --depth); what is drawn
 * from it is then chosen from (--where, --trees, --agree, --hold-out, --length, --split), each
 * example by drawing until one meets every condition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/example.h"
#include "gen/generate.h"
#include "gen/holdout.h"
#include "gen/plan.h"
#include "gen/range.h"
#include "gen/treeset.h"
#include "lib/grammar_vary.h"
#include "lib/sampler.h"
#include "lib/selection.h"

enum { MOST_DEPTH = 1000, MOST_WORDS = 1000000 };

/* With --fixed-trees another tree is taken only when so many choices of words met no condition, or
 * so many were in another part of --split or seen before (--unique); with --fixed-lexicon other
 * words, when so many trees. */
enum { FAILURES = 64, TRIES = 4096 };

/* Each set of words of an item has random numbers of its own: item numbers stay below 2^41. */
enum { SET_SHIFT = 41 };

struct generator {
    struct grammar *grammar;
    struct sampler *sampler;
    struct selection selection;
    struct treeset trees;
    struct plan plan;
    struct holdout holdout;
    struct columns columns;
    const char **names; /* of all columns there can be */
    size_t n_names;
    struct range length; /* words of the source */
    bool bounded_length, held_out_only;
    bool agree, disagree, fixed_trees, fixed_lexicon;
    bool *asked_about; /* [rule]: what --agree, --disagree and --leak ask about */
    uint64_t seed;
    uint64_t tags_needed; /* of those that patterns give */
    bool early_class;     /* no pattern decides the class */
    bool class_by_tree;   /* nor do the words of preterminals */
    bool need_answers;
    int *preterminals; /* symbols */
    size_t n_preterminals;
};

/* What the command line asks for, beside what struct generator holds itself. */
struct request {
    const char *grammar, *where, *columns, *trees, *words, *depth, *length, *hold_out, *part, *leak,
        *rules, *tree_choice, *tree_shares;
    double temperature;
};

/* What a thread works on. */
struct worker {
    const struct generator *gen;
    struct example *example;
    int64_t index; /* of the example at work */
    /* With --fixed-trees and --fixed-lexicon: */
    bool new_tree;
    uint64_t set;          /* of words */
    int tries, failures;   /* since that changed which is fixed */
    struct rng words;      /* --fixed-trees */
    struct rng *by_symbol; /* --fixed-lexicon */
};

static void *worker_new(void *context) {
    struct generator *gen = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    w->gen = gen;
    w->index = -1;
    w->example = example_new(gen->grammar);
    if (gen->fixed_lexicon)
        w->by_symbol = mem_alloc(gen->grammar->symbols.n, sizeof *w->by_symbol);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    example_free(w->example);
    free(w->by_symbol);
    free(w);
}

/* Whether the rules' answers are as asked: all the same; that of the target different from all
 * others; that of a rule that is given away different from all others. */
static bool answers_fit(const struct generator *gen, const struct example *e, int leak) {
    size_t odd = leak >= 0 ? (size_t)leak : 0;
    while (leak < 0 && !gen->asked_about[odd])
        odd++;
    for (size_t i = 0; i < gen->grammar->rules.n; i++)
        if (i != odd && gen->asked_about[i] &&
            ((leak >= 0 || gen->disagree) ? example_same_answer(e, i, odd)
                                          : gen->agree && !example_same_answer(e, i, odd)))
            return false;
    return true;
}

/* Whether the tags are those of the class; -2: of two classes. */
static int class_fits(const struct generator *gen, const struct plan_kind *kind, uint64_t tags) {
    int class_of = selection_class_of(&gen->selection, tags);
    if (class_of == -2)
        return -2;
    return kind->class_index == PLAN_ANY_CLASS ? class_of >= 0 : class_of == (int)kind->class_index;
}

static void start_example(struct worker *w, int64_t index) {
    w->index = index;
    w->new_tree = true;
    w->set = 0;
    w->tries = w->failures = 0;
    w->words = rng_at(w->gen->seed, RNG_WORDS, (uint64_t)index);
}

/* Each preterminal's words come from a place of their own among the random numbers of the set. */
static void start_words(struct worker *w) {
    const struct generator *gen = w->gen;
    struct rng set = rng_at(gen->seed, RNG_WORDS, (uint64_t)w->index | w->set << SET_SHIFT);
    for (size_t i = 0; i < gen->n_preterminals; i++) {
        w->by_symbol[gen->preterminals[i]] = set;
        w->by_symbol[gen->preterminals[i]].block = (uint32_t)(i + 1) << 16;
    }
}

static int draw_tree(struct worker *w, struct rng *r, const struct plan_kind *kind,
                     struct err *err) {
    const struct generator *gen = w->gen;
    struct derivation *d = &w->example->tree;
    bool separate = gen->fixed_trees || gen->fixed_lexicon;
    struct word_draws words = {.all = separate ? &w->words : r, .by_symbol = w->by_symbol};
    if (gen->fixed_lexicon)
        start_words(w);
    if (!kind->tree && (!gen->fixed_trees || w->new_tree))
        return sampler_draw(gen->sampler, r, &words, d, err);
    if (kind->tree)
        treeset_copy(kind->tree, d);
    sampler_redraw_words(gen->sampler, &words, d);
    return 0;
}

/* What to vary if the tree that was drawn makes no example with its words. */
static void plan_next_try(struct worker *w, const struct plan_kind *kind) {
    const struct generator *gen = w->gen;
    bool enough = ++w->tries == TRIES || w->failures >= FAILURES;
    if (enough)
        w->tries = w->failures = 0;
    if (kind->tree)
        w->set++;
    else if (gen->fixed_trees)
        w->set = enough ? 0 : w->set + 1;
    else
        w->set += enough;
    w->new_tree = enough;
}

/* Whether the tree can stand in the corpus, as far as that does not depend on its words. What gives
 * a rule away may be of any tree: those of ambiguous examples mostly cannot. */
static bool tree_fits(const struct generator *gen, const struct plan_kind *kind,
                      const struct derivation *d) {
    if (gen->class_by_tree && class_fits(gen, kind, d->tags) == 0)
        return false;
    return kind->tree || kind->leak >= 0 || treeset_allows(&gen->trees, gen->grammar, d);
}

static bool words_fit(const struct generator *gen, const struct plan_kind *kind,
                      const struct derivation *d) {
    if (gen->early_class && !gen->class_by_tree && class_fits(gen, kind, d->tags) == 0)
        return false;
    return !gen->holdout.n || holdout_holds(&gen->holdout, d) == gen->held_out_only;
}

static bool length_fits(const struct generator *gen, const struct buf *source) {
    if (!gen->bounded_length)
        return true;
    int64_t words = 1;
    for (size_t i = 0; i < source->len; i++)
        words += source->data[i] == ' ';
    return words >= gen->length.least && words <= gen->length.most;
}

static int draw_source(void *context, void *worker, struct rng *r, int64_t index, size_t kind_index,
                       struct buf *source, struct err *err) {
    const struct generator *gen = context;
    const struct plan_kind *kind = &gen->plan.kinds[kind_index];
    struct worker *w = worker;
    struct example *e = w->example;
    if (w->index != index)
        start_example(w, index);
    if (draw_tree(w, r, kind, err) != 0)
        return -1;
    w->new_tree = true;
    if (!tree_fits(gen, kind, &e->tree))
        return 0;
    plan_next_try(w, kind);
    if (words_fit(gen, kind, &e->tree)) {
        derivation_put_source(gen->grammar, &e->tree, source);
        if (length_fits(gen, source))
            return 1;
    }
    w->failures++;
    return 0;
}

/* Everything about the example but its row. */
static int judge(const struct generator *gen, const struct plan_kind *kind, struct example *e,
                 struct err *err) {
    e->tags = e->tree.tags;
    if (gen->tags_needed && grammar_pattern_tags(gen->grammar, e->source.data, e->source.len,
                                                 gen->tags_needed, &e->tags, err) != 0)
        return -1;
    int fits = class_fits(gen, kind, e->tags);
    if (fits == -2)
        return err_set(err, STATUS_USAGE,
                       "--where: '%s' belongs to two of the classes; classes with shares must "
                       "exclude one another",
                       e->source.data);
    if (!fits)
        return 0;
    if (!gen->need_answers)
        return 1;
    return example_find_answers(e, err) != 0 ? -1 : answers_fit(gen, e, kind->leak);
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t kind_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    const struct generator *gen = context;
    const struct plan_kind *kind = &gen->plan.kinds[kind_index];
    struct worker *w = worker;
    struct example *e = w->example;
    (void)r, (void)index;
    buf_clear(&e->source);
    buf_add(&e->source, source->data, source->len);
    int fits = judge(gen, kind, e, err);
    if (fits <= 0) {
        w->failures++;
        return fits;
    }
    e->class_name = kind->name;
    e->answer_for_target = kind->leak > 0 ? kind->leak : 0;
    for (size_t i = 0; i < gen->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        example_put(e, gen->columns.which[i], row);
    }
    return 1;
}

/* Whether some words make an example of a tree: so many choices are tried. */
enum { TRIALS = 300 };

struct trial {
    struct generator *gen;
    struct example *example;
    struct rng rng;
    struct err *err;
};

/* 1: the class wants examples, and this is one. */
static int try_words(struct trial *t, const struct plan_kind *kind) {
    const struct generator *gen = t->gen;
    struct example *e = t->example;
    if (!words_fit(gen, kind, &e->tree))
        return 0;
    buf_clear(&e->source);
    derivation_put_source(gen->grammar, &e->tree, &e->source);
    if (!length_fits(gen, &e->source))
        return 0;
    int fits = judge(gen, kind, e, t->err);
    if (fits <= 0 || !gen->selection.n)
        return fits;
    return gen->selection.shares.parts[selection_class_of(&gen->selection, e->tags)].share > 0;
}

/* A tree is of use for a class without the help of a leak. */
static int usable_for(void *context, size_t class_index, const struct derivation *d) {
    struct trial *t = context;
    const struct plan_kind kind = {.class_index = class_index, .leak = -1, .tree = d};
    struct word_draws words = {.all = &t->rng};
    if (!tree_fits(t->gen, &kind, d))
        return 0;
    treeset_copy(d, &t->example->tree);
    for (int i = 0; i < TRIALS; i++) {
        sampler_redraw_words(t->gen->sampler, &words, &t->example->tree);
        int fits = try_words(t, &kind);
        if (fits != 0)
            return fits;
    }
    return 0;
}

static int usable(void *context, const struct derivation *d) {
    return usable_for(context, PLAN_ANY_CLASS, d);
}

static int choose_trees(struct trial *t, bool uniform) {
    struct generator *gen = t->gen;
    if (!gen->trees.n)
        return 0;
    struct sampler *even = uniform ? sampler_new_even(gen->sampler, t->err) : NULL;
    if (uniform && !even)
        return -1;
    int result = treeset_choose(&gen->trees, uniform ? even : gen->sampler, gen->grammar, gen->seed,
                                usable, t, t->err);
    sampler_free(even);
    return result;
}

/* Choose the trees, and plan the examples. */
static int make_plan(struct generator *gen, const struct request *q, const struct generate *g,
                     struct err *err) {
    struct trial t = {.gen = gen,
                      .example = example_new(gen->grammar),
                      .rng = rng_at(gen->seed, RNG_CHOICE, 0),
                      .err = err};
    struct plan_request request = {.grammar = gen->grammar,
                                   .selection = &gen->selection,
                                   .trees = &gen->trees,
                                   .even = strcmp(q->tree_shares, "equal") == 0,
                                   .leaks = q->leak,
                                   .count = g->count,
                                   .skip = g->skip,
                                   .usable = usable_for,
                                   .context = &t};
    int result = choose_trees(&t, strcmp(q->tree_choice, "uniform") == 0);
    if (result == 0)
        result = plan_make(&gen->plan, &request, err);
    example_free(t.example);
    return result;
}

static size_t next_kind(void *context) {
    return plan_next(&((struct generator *)context)->plan);
}

static const char *kind_name(void *context, size_t kind) {
    struct generator *gen = context;
    const char *name = gen->plan.kinds[kind].name;
    return gen->selection.n || gen->plan.kinds[kind].leak >= 0 ? name : NULL;
}

static int put_number(struct corpus_writer *out, const char *key, double value, bool infinite,
                      struct err *err) {
    struct buf text = {0};
    if (isinf(value))
        buf_puts(&text, infinite ? "infinite" : "more than 10^308");
    else
        buf_printf(&text, "%.*g", fabs(value) < 0x1p53 && value == floor(value) ? 17 : 9, value);
    int result = corpus_put_header(out, key, text.data, err);
    buf_free(&text);
    return result;
}

/* What is known of the distribution that is drawn from, before anything is chosen from it. */
static int put_census(const struct generator *gen, struct corpus_writer *out, struct err *err) {
    struct census c;
    if (sampler_census(gen->sampler, &c, err) != 0)
        return -1;
    int bad = put_number(out, "trees", c.trees, c.infinite, err);
    bad = bad || put_number(out, "sentences", c.sentences, c.infinite, err);
    bad = bad || put_number(out, "mean_length", c.mean_length, false, err);
    bad = bad || put_number(out, "entropy", c.entropy, false, err);
    bad = bad || put_number(out, "tree_entropy", c.tree_entropy, false, err);
    if (sampler_mass(gen->sampler) < 1 - 1e-12)
        bad = bad || put_number(out, "depth_probability", sampler_mass(gen->sampler), false, err);
    return bad ? -1 : 0;
}

static int put_trees(const struct generator *gen, struct corpus_writer *out, struct err *err) {
    struct buf text = {0};
    int result = 0;
    for (size_t i = 0; i < gen->trees.n && result == 0; i++) {
        const struct tree_group *group = &gen->trees.groups[i];
        double mass = 0;
        for (size_t k = 0; k < group->n; k++)
            mass += exp(group->trees[k].log_probability);
        buf_clear(&text);
        buf_printf(&text, "%s n=%zu probability=%.9g", *group->text ? group->text : "all", group->n,
                   mass);
        result = corpus_put_header(out, "chosen_trees", text.data, err);
    }
    buf_free(&text);
    return result;
}

static int write_corpus(struct generator *gen, const struct generate *g, struct corpus_writer *out,
                        struct err *err) {
    struct maker maker = {
        .context = gen,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .next_class = gen->plan.n_kinds > 1 ? next_kind : NULL,
        .draw = draw_source,
        .complete = complete,
        .subject = gen->grammar->path,
        .class_name = kind_name,
    };
    if (example_put_headers(gen->grammar, out, err) != 0 || put_census(gen, out, err) != 0 ||
        put_trees(gen, out, err) != 0 || columns_put(&gen->columns, out, err) != 0)
        return -1;
    return generate_rows(g, &maker, out, err);
}

/* Read --rules: the rules that conditions ask about; NULL: all. */
static void read_rules(struct generator *gen, const char *list, const char *asked) {
    const struct grammar *g = gen->grammar;
    size_t n = 0;
    gen->asked_about = mem_alloc(g->rules.n + 1, sizeof *gen->asked_about);
    gen->asked_about[g->rules.n] = true;
    for (size_t r = 0; r < g->rules.n && !list; r++, n++)
        gen->asked_about[r] = true;
    for (bool more = list != NULL; more; n++) {
        size_t len = strcspn(list, ",");
        int32_t rule = vocab_find(&g->rules, list, len);
        if (rule < 0 || gen->asked_about[rule]) {
            char *name = mem_strndup(list, len);
            const char *near = msg_nearest(name, g->rules.words, g->rules.n);
            if (rule >= 0)
                msg_die(STATUS_USAGE, "--rules names '%s' twice", name);
            msg_die(STATUS_USAGE, "--rules: %s has no rule '%s'%s%s%s", g->path, name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        gen->asked_about[rule] = true;
        more = list[len] == ',';
        list += len + more;
    }
    if (asked && n < 2)
        msg_die(STATUS_USAGE, "%s: %s has fewer than two rules%s", asked, g->path,
                list ? " among those named" : "");
}

static void check_request(const struct generator *gen, const struct request *q,
                          const struct opt_tool *tool) {
    if (gen->agree && gen->disagree)
        msg_die(STATUS_USAGE, "--agree and --disagree exclude one another");
    if (gen->disagree && q->leak)
        msg_die(STATUS_USAGE, "--disagree and --leak exclude one another");
    if (opt_find(tool, "part")->given && !q->hold_out)
        msg_die(STATUS_USAGE, "--part is of use with --hold-out only");
    if (opt_find(tool, "tree-choice")->given && !q->trees)
        msg_die(STATUS_USAGE, "--tree-choice is of use with --trees only");
    if (opt_find(tool, "tree-shares")->given && !q->trees)
        msg_die(STATUS_USAGE, "--tree-shares is of use with --trees only");
    if (q->rules && !gen->agree && !gen->disagree && !q->leak)
        msg_die(STATUS_USAGE, "--rules is of use with --agree, --disagree or --leak only");
}

/* The columns, and with them what has to be found out about an example. */
static void choose_columns(struct generator *gen, const char *list, bool leaks) {
    uint64_t by_pattern = grammar_tags_by_pattern(gen->grammar);
    gen->names = example_column_names(gen->grammar, &gen->n_names);
    char *expanded = example_expand_columns(gen->grammar, list, leaks);
    columns_read(&gen->columns, expanded, gen->names, gen->n_names);
    free(expanded);
    if (columns_have(&gen->columns, EXAMPLE_TARGET) && !gen->grammar->rules.n)
        msg_die(STATUS_USAGE, "--columns: %s has neither target sides nor rules, so no target",
                gen->grammar->path);
    gen->tags_needed = columns_have(&gen->columns, EXAMPLE_TAGS)
                           ? by_pattern
                           : by_pattern & gen->selection.wanted;
    gen->early_class = !(gen->selection.wanted & by_pattern);
    gen->class_by_tree = !(gen->selection.wanted & treeset_tags_of_words(gen->grammar));
    for (size_t i = 0; i < gen->columns.n; i++)
        gen->need_answers |= gen->columns.which[i] == EXAMPLE_TARGET ||
                             gen->columns.which[i] >= EXAMPLE_RULES;
}

static void list_preterminals(struct generator *gen) {
    gen->preterminals = mem_alloc(gen->grammar->symbols.n, sizeof *gen->preterminals);
    for (size_t s = 0; s < gen->grammar->symbols.n; s++)
        if (gen->grammar->preterminal[s])
            gen->preterminals[gen->n_preterminals++] = (int)s;
}

static struct sampler *make_sampler(const struct grammar *g, const char *depth, struct err *err) {
    if (!depth)
        return sampler_new(g);
    struct range r = range_read("--depth", depth, 0, MOST_DEPTH);
    return sampler_new_bounded(g, (int)r.least, r.open ? -1 : (int)r.most, err);
}

/* -1: the request cannot be met; a wrong one ends the tool. */
static int set_up(struct generator *gen, const struct request *q, const struct generate *g,
                  struct err *err) {
    gen->seed = g->seed_data;
    gen->held_out_only = strcmp(q->part, "test") == 0;
    gen->bounded_length = q->length != NULL;
    if (q->length)
        gen->length = range_read("--length", q->length, 1, MOST_WORDS);
    gen->grammar = grammar_read(q->grammar, err);
    if (!gen->grammar)
        return -1;
    read_rules(gen, q->rules,
               gen->agree      ? "--agree"
               : gen->disagree ? "--disagree"
               : q->leak       ? "--leak"
                               : NULL);
    gen->need_answers = gen->agree || gen->disagree || q->leak;
    if ((q->words && grammar_limit_words(gen->grammar, q->words, gen->seed, err) != 0) ||
        grammar_set_temperature(gen->grammar, q->temperature, err) != 0 ||
        holdout_read(&gen->holdout, q->hold_out, gen->grammar, err) != 0 ||
        selection_read(&gen->selection, q->where, &gen->grammar->tags, err) != 0 ||
        treeset_read(&gen->trees, q->trees, gen->grammar, err) != 0)
        return -1;
    choose_columns(gen, q->columns, q->leak != NULL);
    list_preterminals(gen);
    gen->sampler = make_sampler(gen->grammar, q->depth, err);
    return gen->sampler ? make_plan(gen, q, g, err) : -1;
}

static void take_down(struct generator *gen) {
    plan_free(&gen->plan);
    treeset_free(&gen->trees);
    holdout_free(&gen->holdout);
    sampler_free(gen->sampler);
    selection_free(&gen->selection);
    columns_free(&gen->columns);
    free(gen->asked_about);
    free(gen->preterminals);
    example_free_names(gen->names, gen->n_names);
    grammar_free(gen->grammar);
}

int main(int argc, char **argv) {
    static const char *const choices[] = {"uniform", "probability", NULL};
    static const char *const shares[] = {"equal", "probability", NULL};
    static const char *const parts[] = {"train", "test", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output output = {0};
    struct generator gen = {0};
    struct request q = {
        .tree_choice = "uniform", .tree_shares = "equal", .part = "train", .temperature = 1};
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_GROUP, .help = "Which sentences the grammar makes"},
        {OPT_NUMBER, 0, "temperature", &q.temperature, "number",
         "draw productions by weight^(1/temperature): above 1 flatter, below 1 sharper", 1e-3, 1e6},
        {OPT_TEXT, 0, "words", &q.words, "list",
         "use so many words of each preterminal (a symbol for words alone), as 5, or N_sg=5,Det=1 "
         "for some; of one seed, smaller sets lie inside larger ones, and newt stays with newts "
         "where their lists are equally long"},
        {OPT_TEXT, 0, "depth", &q.depth, "range",
         "only sentences of this depth of embedding, as 2, 1..4 or 3.. (%depth in the grammar says "
         "what counts); drawn as such, not by rejection"},
        {OPT_TEXT, 0, "length", &q.length, "range",
         "only sources of so many words, as 9, 5..20 or 12.."},
        {OPT_TEXT, 0, "hold-out", &q.hold_out, "list",
         "leave out sentences that hold these words together, as 'N_sg=newt&V_intrans=giggle'; a "
         "comma before the next combination"},
        {OPT_CHOICE, 0, "part", &q.part, "part",
         "with --hold-out: train leaves those sentences out, test makes nothing else",
         .choices = parts},
        {OPT_GROUP, .help = "Which examples"},
        {OPT_FLAG, 0, "agree", &gen.agree, NULL,
         "keep those on which all rules agree (ambiguous data)"},
        {OPT_FLAG, 0, "disagree", &gen.disagree, NULL,
         "keep those on which the target differs from the answer of every other rule "
         "(out-of-distribution data)"},
        {OPT_TEXT, 0, "rules", &q.rules, "list",
         "compare these rules alone in --agree, --disagree (the one that the grammar has first "
         "takes the target's place) and --leak [all]"},
        {OPT_TEXT, 0, "leak", &q.leak, "list",
         "give a rule away in some examples, of any tree: there it differs from all others, and "
         "the "
         "target is its answer; linear=0.01 makes one such in a hundred, linear=50 makes fifty"},
        {OPT_TEXT, 0, "where", &q.where, "expr",
         "keep by tags (the header lists them) and fix shares: 'quest,!center' keeps; "
         "'center=0.3,right=0.7' mixes exactly; 'decl&center=0.1' takes tags together; shares "
         "below 1 leave the rest to the others"},
        {OPT_TEXT, 0, "trees", &q.trees, "list",
         "only so many different syntax trees (words aside), as 10, or 'decl&center=10' of those "
         "with these tags; of one seed, smaller sets lie inside larger ones"},
        {OPT_CHOICE, 0, "tree-choice", &q.tree_choice, "how",
         "how --trees chooses: every tree equally likely, or by its probability",
         .choices = choices},
        {OPT_CHOICE, 0, "tree-shares", &q.tree_shares, "how",
         "how often a chosen tree comes among the examples of its class: all equally, or in "
         "proportion to probability, to within one",
         .choices = shares},
        {OPT_FLAG, 0, "fixed-trees", &gen.fixed_trees, NULL,
         "example i has the same tree whatever --words says: corpora that differ in words only"},
        {OPT_FLAG, 0, "fixed-lexicon", &gen.fixed_lexicon, NULL,
         "the k-th word that example i takes from a preterminal is the same in any tree: corpora "
         "that differ in trees only"},
        GENERATE_UNIQUE_OPTIONS(g),
        OUTPUT_OPTIONS(output),
        {OPT_TEXT, 0, "columns", &q.columns, "list",
         "of source, target, rules (all but the target's), rule:NAME, tags, tree, "
         "tree_id, depth, "
         "length, logp, class [source,target,rules,tags]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-grammar",
        .summary = "Sample a corpus from a grammar: sources, targets, and each rule's answer.",
        .operands = "[OPTION]... GRAMMAR",
        .options = options,
        .more =
            "Examples:\n"
            "  gen-grammar grammars/question.gr -n 20 --columns source,target,tags\n"
            "  gen-grammar grammars/question.gr -n 100k --agree --split 1-9/10 -o train.zst\n"
            "  gen-grammar grammars/question.gr -n 2k --disagree --split 0/10 -o ood.zst\n"
            "  gen-grammar grammars/question.gr -n 100k --where quest=0.5,decl\\&center=0.5 \\\n"
            "    --agree --trees 'decl&center=10' -o ten-trees.zst\n"
            "  gen-grammar grammars/question.gr -n 100k --fixed-trees --words 3 -o words3.zst\n"
            "  gen-grammar grammars/question.gr -n 100k --agree --leak linear=50 -o leak.zst\n"
            "Exit status: 0 done, 64 usage, 65 bad grammar or a request that cannot be met,\n"
            "66 no grammar, 73 or 74 cannot write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    struct err err = {0};
    q.grammar = operands[0];
    check_request(&gen, &q, &tool);
    generate_start(&g, &tool);
    if (set_up(&gen, &q, &g, &err) != 0)
        msg_die_err(&err);
    struct corpus_writer *out = output_open(&output, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    if (write_corpus(&gen, &g, out, &err) != 0) {
        corpus_discard(out);
        msg_die_err(&err);
    }
    if (corpus_finish(out, &err) != 0)
        msg_die_err(&err);
    take_down(&gen);
    free(operands);
    return STATUS_OK;
}
