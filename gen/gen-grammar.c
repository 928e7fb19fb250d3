/* gen-grammar - sample a corpus from a grammar file.
 *
 *     gen-grammar grammars/question.gr -n 100k --agree --split 1-9/10 -o train.tsv.zst
 *
 * Example i (from 0) of a seed is made from the random numbers of item i alone, by drawing trees
 * until one meets every condition: so --skip costs nothing and shards join to the same corpus. Only
 * --unique looks back, and shares count. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/corpus.h"
#include "lib/derivation.h"
#include "lib/grammar.h"
#include "lib/hash.h"
#include "lib/opt.h"
#include "lib/selection.h"
#include "lib/split.h"
#include "lib/version.h"

enum column_kind {
    COLUMN_SOURCE,
    COLUMN_TARGET,
    COLUMN_RULE,
    COLUMN_TAGS,
    COLUMN_TREE,
    COLUMN_LOGP
};

struct column {
    enum column_kind kind;
    int rule;
    char *name;
};

/* An example as it is being made; buffers are reused. */
struct example {
    struct derivation tree;
    struct buf source, tags_text, tree_text, logp;
    struct buf *answers; /* [rule] */
    uint64_t tags;
};

struct generator {
    struct grammar *grammar;
    struct sampler *sampler;
    struct selection selection;
    struct split split;
    struct column *columns;
    size_t n_columns;
    bool agree, disagree, unique;
    uint64_t seed;
    int64_t patience;
    uint64_t tags_needed; /* by the selection or the tags column */
    bool early_class;     /* the tree alone decides the class */
    struct hash128 *seen; /* open addressing; all zero = free */
    size_t n_seen, n_slots;
};

static int rule_named(const struct grammar *g, const char *name) {
    int32_t rule = vocab_find(&g->rules, name, strlen(name));
    if (rule >= 0)
        return rule;
    const char *near = msg_nearest(name, g->rules.words, g->rules.n);
    msg_die(STATUS_USAGE, "--columns: %s has no rule '%s'%s%s%s", g->path, name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void add_column(struct generator *gen, size_t *cap, enum column_kind kind, int rule,
                       const char *name) {
    gen->columns = mem_grow(gen->columns, cap, gen->n_columns + 1, sizeof *gen->columns);
    gen->columns[gen->n_columns++] = (struct column){kind, rule, mem_strdup(name)};
}

static void add_rule_column(struct generator *gen, size_t *cap, int rule) {
    struct buf name = {0};
    buf_printf(&name, "rule:%s", gen->grammar->rules.words[rule]);
    add_column(gen, cap, COLUMN_RULE, rule, name.data);
    buf_free(&name);
}

/* Read --columns. `rules` stands for the answers of all rules but the first, which is the target.
 */
static void read_columns(struct generator *gen, const char *list) {
    static const char *const names[] = {"source", "target", "rules", "tags", "tree", "logp"};
    const struct grammar *g = gen->grammar;
    bool has_rules = g->rules.n > 0;
    size_t cap = 0;
    if (!list)
        list = has_rules ? "source,target,rules,tags" : "source,tags";
    while (list) {
        size_t len = strcspn(list, ",");
        char *name = mem_strndup(list, len);
        list = list[len] ? list + len + 1 : NULL;
        if (strcmp(name, "source") == 0)
            add_column(gen, &cap, COLUMN_SOURCE, 0, name);
        else if (strcmp(name, "target") == 0 && has_rules)
            add_column(gen, &cap, COLUMN_TARGET, 0, name);
        else if (strcmp(name, "target") == 0) {
            free(name);
            msg_die(STATUS_USAGE, "--columns: %s has neither target sides nor rules, so no target",
                    g->path);
        } else if (strcmp(name, "tags") == 0)
            add_column(gen, &cap, COLUMN_TAGS, 0, name);
        else if (strcmp(name, "tree") == 0)
            add_column(gen, &cap, COLUMN_TREE, 0, name);
        else if (strcmp(name, "logp") == 0)
            add_column(gen, &cap, COLUMN_LOGP, 0, name);
        else if (strncmp(name, "rule:", 5) == 0)
            add_rule_column(gen, &cap, rule_named(g, name + 5));
        else if (strcmp(name, "rules") == 0)
            for (size_t r = 1; r < g->rules.n; r++)
                add_rule_column(gen, &cap, (int)r);
        else {
            const char *near = msg_nearest(name, names, sizeof names / sizeof *names);
            msg_die(
                STATUS_USAGE,
                "--columns: no column '%s'%s%s%s (source, target, rules, rule:NAME, tags, tree, "
                "logp)",
                name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        free(name);
    }
    for (size_t i = 0; i < gen->n_columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(gen->columns[i].name, gen->columns[j].name) == 0)
                msg_die(STATUS_USAGE, "--columns names '%s' twice", gen->columns[i].name);
}

static bool needs_column(const struct generator *gen, enum column_kind kind) {
    for (size_t i = 0; i < gen->n_columns; i++)
        if (gen->columns[i].kind == kind)
            return true;
    return false;
}

static int find_answers(const struct generator *gen, struct example *e, struct err *err) {
    const struct grammar *g = gen->grammar;
    for (size_t r = 0; r < g->rules.n; r++) {
        struct buf *answer = &e->answers[r];
        buf_clear(answer);
        if (!grammar_is_string_rule(g, (int)r))
            derivation_put_target(g, &e->tree, answer);
        else if (grammar_apply_rule(g, (int)r, e->source.data, e->source.len, answer, err) != 0)
            return -1;
    }
    return 0;
}

static bool same_text(const struct buf *a, const struct buf *b) {
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Whether the rules' answers are as --agree or --disagree asks. */
static bool answers_fit(const struct generator *gen, const struct example *e) {
    size_t n = gen->grammar->rules.n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            bool same = same_text(&e->answers[i], &e->answers[j]);
            if ((gen->agree && !same) || (gen->disagree && same))
                return false;
        }
    return true;
}

static size_t seen_slot(const struct generator *gen, struct hash128 h) {
    size_t slot = (size_t)h.low & (gen->n_slots - 1);
    while (gen->seen[slot].low | gen->seen[slot].high) {
        if (gen->seen[slot].low == h.low && gen->seen[slot].high == h.high)
            break;
        slot = (slot + 1) & (gen->n_slots - 1);
    }
    return slot;
}

/* Remember a source; false if it was there. Two of 10^9 different sources share a 128-bit hash
 * with probability below 10^-20. */
static bool first_time(struct generator *gen, const struct buf *source) {
    struct hash128 h = hash_bytes128(source->data, source->len);
    h.low |= !(h.low | h.high);
    if (2 * (gen->n_seen + 1) > gen->n_slots) {
        struct hash128 *old = gen->seen;
        size_t n_old = gen->n_slots;
        gen->n_slots = n_old ? 2 * n_old : 1024;
        gen->seen = mem_alloc(gen->n_slots, sizeof *gen->seen);
        for (size_t i = 0; i < n_old; i++)
            if (old[i].low | old[i].high)
                gen->seen[seen_slot(gen, old[i])] = old[i];
        free(old);
    }
    size_t slot = seen_slot(gen, h);
    if (gen->seen[slot].low | gen->seen[slot].high)
        return false;
    gen->seen[slot] = h;
    gen->n_seen++;
    return true;
}

/* One draw. 1: it meets every condition and is in e; 0: it does not; -1: error. */
static int try_example(struct generator *gen, struct rng *r, size_t class_index, struct example *e,
                       struct err *err) {
    const struct grammar *g = gen->grammar;
    if (derivation_sample(gen->sampler, r, &e->tree, err) != 0)
        return -1;
    e->tags = e->tree.tags;
    if (gen->early_class && selection_class_of(&gen->selection, e->tags) != (int)class_index &&
        selection_class_of(&gen->selection, e->tags) != -2)
        return 0;
    buf_clear(&e->source);
    derivation_put_source(g, &e->tree, &e->source);
    if (!split_keeps(&gen->split, e->source.data, e->source.len))
        return 0;
    if (grammar_pattern_tags(g, e->source.data, e->source.len, gen->tags_needed, &e->tags, err))
        return -1;
    int class_of = selection_class_of(&gen->selection, e->tags);
    if (class_of == -2)
        return err_set(err, STATUS_USAGE,
                       "--where: '%s' belongs to two of the classes; classes with shares must "
                       "exclude one another",
                       e->source.data);
    if (class_of != (int)class_index)
        return 0;
    if (g->rules.n && find_answers(gen, e, err) != 0)
        return -1;
    if (!answers_fit(gen, e))
        return 0;
    return !gen->unique || first_time(gen, &e->source);
}

static const char *field(const struct generator *gen, const struct column *c, struct example *e) {
    const struct grammar *g = gen->grammar;
    switch (c->kind) {
    case COLUMN_SOURCE:
        return e->source.data;
    case COLUMN_TARGET:
        return e->answers[0].data;
    case COLUMN_RULE:
        return e->answers[c->rule].data;
    case COLUMN_TAGS:
        buf_clear(&e->tags_text);
        buf_puts(&e->tags_text, "");
        for (size_t t = 0; t < g->tags.n; t++)
            if (e->tags >> t & 1)
                buf_printf(&e->tags_text, "%s%s", e->tags_text.len ? "," : "", g->tags.words[t]);
        return e->tags_text.data;
    case COLUMN_TREE:
        buf_clear(&e->tree_text);
        derivation_put_tree(g, &e->tree, &e->tree_text);
        return e->tree_text.data;
    case COLUMN_LOGP:
        buf_clear(&e->logp);
        buf_printf(&e->logp, "%.9g", e->tree.log_probability);
        return e->logp.data;
    }
    return "";
}

static int put_headers(const struct generator *gen, struct corpus_writer *out,
                       const struct opt_tool *tool, char **operands, struct err *err) {
    struct grammar *g = gen->grammar;
    struct buf text = {0};
    buf_printf(&text, "%s %s", tool->name, version_text());
    int bad = corpus_put_header(out, "prog", text.data, err);
    char *command = opt_command_text(tool, operands, 1);
    bad = bad || corpus_put_header(out, "cmd", command, err);
    buf_clear(&text);
    buf_printf(&text, "%s\t%s", hash_text(g->hash).text, g->path);
    bad = bad || corpus_put_header(out, "grammar", text.data, err);
    char *words = grammar_vocabulary_text(g), *rules = vocab_text(&g->rules),
         *tags = vocab_text(&g->tags);
    bad = bad || corpus_put_header(out, "vocab", words, err);
    size_t n_classes;
    const char *const *classes = grammar_mentioned_classes(g, &n_classes);
    for (size_t i = 0; i < n_classes && !bad; i++) {
        const char *const *members;
        size_t n;
        bad = grammar_class(g, classes[i], &members, &n, err);
        buf_clear(&text);
        buf_printf(&text, "%s\t", classes[i]);
        for (size_t k = 0; k < n && !bad; k++)
            buf_printf(&text, "%s%s", k ? " " : "", members[k]);
        bad = bad || corpus_put_header(out, "class", text.data, err);
    }
    if (g->rules.n)
        bad = bad || corpus_put_header(out, "rules", rules, err);
    if (g->tags.n)
        bad = bad || corpus_put_header(out, "tags", tags, err);
    const char **names = mem_alloc(gen->n_columns, sizeof *names);
    for (size_t i = 0; i < gen->n_columns; i++)
        names[i] = gen->columns[i].name;
    bad = bad || corpus_put_columns(out, names, gen->n_columns, err);
    free(names);
    free(command);
    free(words);
    free(rules);
    free(tags);
    buf_free(&text);
    return bad ? -1 : 0;
}

/* The sentence for a request that cannot be met. */
static int explain_failure(const struct generator *gen, size_t class_index, int64_t made,
                           struct err *err) {
    struct buf why = {0};
    buf_printf(&why, "%s: could make %" PRId64 " example%s, then none in %" PRId64 " draws",
               gen->grammar->path, made, made == 1 ? "" : "s", gen->patience);
    if (gen->selection.n)
        buf_printf(&why, " of class '%s'", selection_class_name(&gen->selection, class_index));
    buf_puts(&why, ";");
    if (gen->unique && made)
        buf_puts(&why, " there may be no more different ones (--unique)");
    else
        buf_puts(&why, " perhaps no sentence meets all conditions");
    buf_puts(&why, "; --patience draws longer");
    err_set(err, STATUS_DATA, "%s", why.data);
    buf_free(&why);
    return -1;
}

static int generate(struct generator *gen, int64_t skip, int64_t count, struct corpus_writer *out,
                    struct err *err) {
    struct example e = {0};
    e.answers = mem_alloc(gen->grammar->rules.n, sizeof *e.answers);
    const char **fields = mem_alloc(gen->n_columns, sizeof *fields);
    int result = 0;
    int64_t first = gen->unique || gen->selection.n ? 0 : skip; /* only those look back */
    for (int64_t i = first; i < skip + count && result == 0; i++) {
        size_t class_index = selection_next_class(&gen->selection);
        if (i < skip && !gen->unique)
            continue;
        struct rng r = rng_at(gen->seed, RNG_GEN, (uint64_t)i);
        int found = 0;
        for (int64_t draw = 0; draw < gen->patience && found == 0; draw++)
            found = try_example(gen, &r, class_index, &e, err);
        if (found < 0)
            result = -1;
        else if (found == 0)
            result = explain_failure(gen, class_index, i < skip ? 0 : i - skip, err);
        else if (i >= skip) {
            for (size_t k = 0; k < gen->n_columns; k++)
                fields[k] = field(gen, &gen->columns[k], &e);
            result = corpus_put_row(out, fields, err);
        }
    }
    derivation_free(&e.tree);
    for (size_t r = 0; r < gen->grammar->rules.n; r++)
        buf_free(&e.answers[r]);
    free(e.answers);
    buf_free(&e.source);
    buf_free(&e.tags_text);
    buf_free(&e.tree_text);
    buf_free(&e.logp);
    free(fields);
    return result;
}

static void free_generator(struct generator *gen) {
    sampler_free(gen->sampler);
    grammar_free(gen->grammar);
    selection_free(&gen->selection);
    for (size_t i = 0; i < gen->n_columns; i++)
        free(gen->columns[i].name);
    free(gen->columns);
    free(gen->seen);
}

int main(int argc, char **argv) {
    int64_t count = 1000, skip = 0;
    uint64_t seed = 0, seed_data = 0;
    const char *where = NULL, *split = NULL, *columns = NULL, *output = NULL;
    bool text = false, zstd = false, quiet = false;
    struct generator gen = {.patience = 5000000};
    struct opt options[] = {
        {OPT_GROUP, .help = "What to make"},
        {OPT_COUNT, 'n', "count", &count, "count", "number of examples", 0, 1e12},
        {OPT_SEED, 's', "seed", &seed, "seed", "sets every seed that is not given itself"},
        {OPT_SEED, 0, "seed-data", &seed_data, "seed", "seed of the corpus"},
        {OPT_COUNT, 0, "skip", &skip, "count", "leave out the first examples", 0, 1e12},
        {OPT_TEXT, 0, "split", &split, "part",
         "keep the examples whose content hash falls in these buckets, as 1-9/10 or 0/10: "
         "different "
         "buckets never share a source"},
        {OPT_GROUP, .help = "Which examples"},
        {OPT_FLAG, 0, "agree", &gen.agree, NULL,
         "keep those on which all rules agree (ambiguous "
         "data)"},
        {OPT_FLAG, 0, "disagree", &gen.disagree, NULL,
         "keep those on which all rules' answers differ from one another (out-of-distribution "
         "data)"},
        {OPT_TEXT, 0, "where", &where, "expr",
         "keep by tags and fix shares: 'quest,!center' keeps; 'center=0.3,right=0.7' mixes "
         "exactly; "
         "'decl&center=0.1' takes tags together; shares below 1 leave the rest to the others"},
        {OPT_FLAG, 0, "unique", &gen.unique, NULL,
         "no source twice: drawing without replacement, by which small classes run dry and the "
         "others gain share"},
        {OPT_COUNT, 0, "patience", &gen.patience, "draws",
         "give up when so many draws in a row bring no example", 1, 1e15},
        {OPT_GROUP, .help = "How to write it"},
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, target, rules (all but the target's), rule:NAME, tags, tree, logp [source,"
         "target,rules,tags]"},
        {OPT_TEXT, 'o', "output", &output, "file", "write to this file", .aside = true},
        {OPT_FLAG, 0, "text", &text, NULL, "write plain text (the default on a terminal)",
         .aside = true},
        {OPT_FLAG, 0, "zstd", &zstd, NULL, "write zstd (the default elsewhere)", .aside = true},
        {OPT_FLAG, 'q', "quiet", &quiet, NULL, "no notes", .aside = true},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-grammar",
        .summary = "Sample a corpus from a grammar: sources, targets, and each rule's answer.",
        .operands = "[OPTION]... GRAMMAR",
        .options = options,
        .more = "Examples:\n"
                "  gen-grammar grammars/question.gr -n 20 --columns source,target,tags\n"
                "  gen-grammar grammars/question.gr -n 100k --agree --split 1-9/10 -o train.zst\n"
                "  gen-grammar grammars/question.gr -n 2k --disagree --split 0/10 -o ood.zst\n"
                "Exit status: 0 done, 64 usage, 65 bad grammar or a request that cannot be met,\n"
                "66 no grammar, 73 or 74 cannot write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    struct err err = {0};
    if (gen.agree && gen.disagree)
        msg_die(STATUS_USAGE, "--agree and --disagree exclude one another");
    if (text && zstd)
        msg_die(STATUS_USAGE, "--text and --zstd exclude one another");
    gen.seed = opt_find(&tool, "seed-data")->given ? seed_data : seed;
    if (split_read(&gen.split, split, &err) != 0)
        msg_die_err(&err);
    gen.grammar = grammar_read(operands[0], &err);
    if (!gen.grammar)
        msg_die_err(&err);
    if ((gen.agree || gen.disagree) && gen.grammar->rules.n < 2)
        msg_die(STATUS_USAGE, "--%s: %s has fewer than two rules", gen.agree ? "agree" : "disagree",
                gen.grammar->path);
    if (selection_read(&gen.selection, where, &gen.grammar->tags, &err) != 0)
        msg_die_err(&err);
    read_columns(&gen, columns);
    gen.tags_needed = needs_column(&gen, COLUMN_TAGS) ? UINT64_MAX : gen.selection.wanted;
    gen.early_class = !(gen.selection.wanted & grammar_tags_by_pattern(gen.grammar));
    gen.sampler = sampler_new(gen.grammar);

    struct corpus_writer *out = corpus_create(output,
                                              text   ? CORPUS_TEXT
                                              : zstd ? CORPUS_ZSTD
                                                     : CORPUS_AUTO,
                                              &err);
    if (!out)
        msg_die_err(&err);
    if (put_headers(&gen, out, &tool, operands, &err) != 0 ||
        generate(&gen, skip, count, out, &err) != 0) {
        corpus_discard(out);
        msg_die_err(&err);
    }
    if (corpus_finish(out, &err) != 0)
        msg_die_err(&err);
    free_generator(&gen);
    free(operands);
    return STATUS_OK;
}
