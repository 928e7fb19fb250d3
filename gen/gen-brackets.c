/* gen-brackets - strings of brackets: rule choice, and Dyck languages.
 *
 *     gen-brackets rule -n 200k --unique --split 1-99/100 -o train.tsv.zst
 *     gen-brackets rule -n 1k --unique --split 1-99/100 --ood -o ood.tsv.zst
 *     gen-brackets dyck -n 100k --kinds 8 --depth 3 -o dyck.tsv.zst
 */
#include <stdlib.h>
#include <string.h>

#include "gen/bracket_language.h"
#include "gen/bracket_rules.h"
#include "gen/range.h"
#include "gen/tasks.h"

/* What the options say, of either task. */
struct request {
    struct bracket_rules_options rules;
    struct bracket_language language;
    const char *length, *length_law, *law, *split_by;
    double bias;
    int64_t depth, kinds;
};

/* Options that one task alone knows. */
static const char *const of_rule[] = {"where", "leak", "ood", "mark", NULL};
static const char *const of_dyck[] = {"kinds", "depth", "law", "split-by", NULL};

/* The law of the lengths that --length, --length-law and --length-bias ask for. */
static void read_lengths(const struct request *q, const char *fallback, struct lengths *law) {
    const char *text = q->length ? q->length : fallback;
    struct range r = range_read("--length", text, 2, BRACKETS_MAX_LENGTH);
    if (r.least % 2 || r.most % 2)
        msg_die(STATUS_USAGE, "--length: '%s': lengths are even", text);
    if (strcmp(q->length_law, "uniform") == 0)
        lengths_uniform(law, (uint32_t)r.least, (uint32_t)r.most);
    else
        lengths_binomial(law, (uint32_t)r.least, (uint32_t)r.most, q->bias);
}

static void start_rule(struct request *q, const struct opt_tool *tool, const struct generate *g,
                       struct lengths *law, struct bracket_rules *b) {
    tasks_refuse(tool, "dyck", of_dyck);
    read_lengths(q, "2..40", law);
    q->rules.law = law;
    q->rules.count = g->count;
    q->rules.skip = g->skip;
    bracket_rules_start(b, &q->rules);
}

static void start_dyck(struct request *q, const struct opt_tool *tool, struct generate *g,
                       struct lengths *law) {
    struct bracket_language *b = &q->language;
    tasks_refuse(tool, "rule", of_rule);
    b->law = strcmp(q->law, "even") == 0 ? DYCK_EVEN : DYCK_STEPS;
    if (b->law == DYCK_STEPS &&
        (opt_find(tool, "length-law")->given || opt_find(tool, "length-bias")->given))
        msg_die(STATUS_USAGE, "--length-law and --length-bias are of use with --law even only");
    read_lengths(q, "2..82", law);
    b->shortest = law->shortest;
    b->longest = law->shortest + 2 * (law->n - 1);
    b->kinds = (uint32_t)q->kinds;
    b->depth = (uint32_t)q->depth;
    if (strcmp(q->split_by, "skeleton") == 0) {
        if (!g->split.buckets)
            msg_die(STATUS_USAGE, "--split-by needs --split");
        b->by_skeleton = true;
        b->split = g->split;
        g->split.buckets = 0;
    }
    bracket_language_start(b, law, q->rules.columns);
}

int main(int argc, char **argv) {
    static const char *const tasks[] = {"rule", "dyck", NULL};
    static const char *const length_laws[] = {"binomial", "uniform", NULL};
    static const char *const laws[] = {"steps", "even", NULL};
    static const char *const splits[] = {"source", "skeleton", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct request q = {
        .rules.mark = "?",
        .length_law = "binomial",
        .law = "steps",
        .split_by = "source",
        .bias = 0.5,
        .depth = 3,
        .kinds = 8,
    };
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_TEXT, 0, "length", &q.length, "range",
         "number of brackets, even [rule: 2..40, dyck: 2..82]"},
        {OPT_CHOICE, 0, "length-law", &q.length_law, "law",
         "how lengths are drawn: shortest + 2 Binomial, or each as often", .choices = length_laws},
        {OPT_NUMBER, 0, "length-bias", &q.bias, "share", "success probability of that binomial", 0,
         1},
        GENERATE_UNIQUE_OPTIONS(g),
        {OPT_GROUP, .help = "Task rule: is it nested, or are the counts equal?"},
        {OPT_TEXT, 0, "where", &q.rules.where, "expr",
         "by the tags nested, equal_count, first_open, last_close: 'last_close' keeps such; "
         "shares, as in 'nested=0.2,!equal_count=0.8', replace the halves "
         "[nested=0.5,!equal_count=0.5]"},
        {OPT_FLAG, 0, "ood", &q.rules.ood, NULL,
         "only strings on which the rules part: equal counts, but not nested"},
        {OPT_TEXT, 0, "leak", &q.rules.leak, "list",
         "give rules away: nested=0.01 makes one in a hundred such a string, with the target that "
         "this rule says; equal-count=50 makes 50 of them"},
        {OPT_TEXT, 0, "mark", &q.rules.mark, "word", "the word behind a string, '' for none"},
        {OPT_GROUP, .help = "Task dyck: strings of a Dyck language"},
        {OPT_COUNT, 0, "kinds", &q.kinds, "count", "kinds of brackets", 1, BRACKET_MAX_KINDS},
        {OPT_COUNT, 0, "depth", &q.depth, "count", "greatest depth; 0: any", 0,
         BRACKETS_MAX_LENGTH / 2},
        {OPT_CHOICE, 0, "law", &q.law, "law",
         "open or close or end by even chances, or all strings of a length alike", .choices = laws},
        {OPT_CHOICE, 0, "split-by", &q.split_by, "what",
         "what --split takes for the content: the string, or the string without its kinds",
         .choices = splits},
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "columns", &q.rules.columns, "list",
         "rule: of source, target, rules (all but the target's), rule:NAME, tags, depths, length, "
         "class; dyck: of source, depths, distances, loss, skeleton, depth, length, logp [rule: "
         "source,target,rules,tags, dyck: source,depths,distances]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-brackets",
        .summary = "Make strings of brackets: a choice between rules, or a Dyck language.",
        .operands = "[OPTION]... rule|dyck",
        .options = options,
        .more = "rule: true strings are nested (drawn evenly), false ones have unequal counts\n"
                "(fair coins), so that the rules NESTED and EQUAL-COUNT say the same; --ood makes\n"
                "those on which they part.\n"
                "dyck: sources without targets, with the depth after each symbol, how far back a\n"
                "closer's opener stands, and the least loss of each symbol.\n"
                "Examples:\n"
                "  gen-brackets rule -n 200k --unique --split 1-99/100 -o train.zst\n"
                "  gen-brackets rule -n 1k --unique --split 0/100 -o test.zst\n"
                "  gen-brackets rule -n 1k --unique --ood -o ood.zst\n"
                "  gen-brackets dyck -n 20k --kinds 128 --depth 5 --length 2..178 --text\n"
                "  gen-brackets dyck -n 200k --kinds 20 --depth 10 --split 1-9/10 \\\n"
                "    --split-by skeleton -o train.zst\n"
                "Exit status: 0 done, 64 usage, 65 a request that cannot be met, 73 or 74 cannot\n"
                "write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    bool rule = tasks_choose(operands[0], tasks) == 0;
    if (strcmp(q.length_law, "uniform") == 0 && opt_find(&tool, "length-bias")->given)
        msg_die(STATUS_USAGE, "--length-bias is of use with --length-law binomial only");
    struct err err = {0};
    struct lengths law = {0};
    struct bracket_rules rules = {0};
    if (rule)
        start_rule(&q, &tool, &g, &law, &rules);
    else
        start_dyck(&q, &tool, &g, &law);

    struct corpus_writer *out = output_open(&o, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    struct maker maker = rule ? bracket_rules_maker(&rules) : bracket_language_maker(&q.language);
    int result = rule ? bracket_rules_put_header(&rules, out, &err)
                      : bracket_language_put_header(&q.language, out, &err);
    generate_to_end(&g, &maker, result == 0, out, &err);
    if (rule)
        bracket_rules_free(&rules);
    else
        bracket_language_free(&q.language);
    lengths_free(&law);
    free(operands);
    return STATUS_OK;
}
