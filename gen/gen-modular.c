/* gen-modular - tables of an operation modulo a number or in a group: a op b = c.
 *
 *     gen-modular + --modulus 113 --train-fraction 0.3 -o train.tsv.zst
 *     gen-modular + --modulus 113 --train-fraction 0.3 --part test -o test.tsv.zst
 *
 * Power et al. 2022 (arXiv:2201.02177), Nanda et al. 2023 (arXiv:2301.05217), Chughtai et al. 2023
 * (arXiv:2302.03025). The noise of a row is item `row` of stream RNG_NOISE; that of a sampled
 * example the item of its index. */
#include <stdlib.h>
#include <string.h>

#include "gen/modular.h"

int main(int argc, char **argv) {
    static const char *const sides[] = {"train", "test", NULL};
    static const char *const kinds[] = {"ordered", "unordered", NULL};
    static const char *const orders[] = {"shuffled", "table", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct modular m = {.fraction = 1};
    int64_t modulus = 97;
    uint64_t seed_noise = 0;
    const char *group_text = NULL, *part = "train", *pairs = "ordered", *order = "shuffled";
    const char *symbol = NULL, *equals = "=", *columns = NULL;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        {OPT_GROUP, .help = "The table"},
        {OPT_COUNT, 'p', "modulus", &modulus, "number", "calculate modulo this number", 2,
         OPERATION_MAX_MODULUS},
        {OPT_TEXT, 0, "group", &group_text, "name",
         "calculate in a group: C113, D59, S5, A5 or a product such as C2xC4"},
        {OPT_NUMBER, 0, "noise", &m.noise, "share",
         "probability that an answer is replaced by an element drawn evenly", 0, 1},
        {OPT_SEED, 0, "seed-noise", &seed_noise, "seed",
         "seed of the noise [the seed of the corpus]"},
        {OPT_GROUP, .help = "Which rows"},
        {OPT_NUMBER, 0, "train-fraction", &m.fraction, "share",
         "cut the table in two; with the same --seed-data, parts never overlap, and a smaller "
         "train part lies within a larger one",
         0, 1},
        {OPT_CHOICE, 0, "part", &part, "part", "which part is written", 0, 0, sides},
        {OPT_CHOICE, 0, "pairs", &pairs, "kind",
         "unordered: (x, y) and (y, x) go to the same part, or to the same bucket of --split", 0, 0,
         kinds},
        {OPT_FLAG, 0, "sample", &m.sample, NULL,
         "draw rows with replacement (with fresh noise), any number of them"},
        {OPT_CHOICE, 0, "order", &order, "order", "of the rows", 0, 0, orders},
        {OPT_COUNT, 0, "patience", &g.patience, "draws",
         "with --sample, give up when so many draws in a row bring no row of the part", 1, 1e15},
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "symbol", &symbol, "word",
         "the word between x and y, '' for none [the operation without its blanks]"},
        {OPT_TEXT, 0, "equals", &equals, "word", "the word after y, '' for none"},
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, target, rule:clean (the answer without noise), tags [source,target; with "
         "--noise all]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-modular",
        .summary = "Make the table of an operation modulo a number or in a group: a op b = c.",
        .operands = "[OPTION]... OPERATION",
        .options = options,
        .more = "OPERATION is + - * / or a formula in x and y, as x^2+xy+y^2 or\n"
                "'x/y if y odd else x-y'; in a group, products, quotients and powers, as\n"
                "'x*y*x^-1'. Rows where it would divide by a number that has no inverse are left\n"
                "out. Without -n the whole table, or the whole part, is written.\n"
                "Examples:\n"
                "  gen-modular + -p 113 --train-fraction 0.3 -o train.zst\n"
                "  gen-modular + -p 113 --train-fraction 0.3 --part test -o test.zst\n"
                "  gen-modular + -p 113 --train-fraction 0.3 --pairs unordered -o fair.zst\n"
                "  gen-modular + -p 113 --symbol '' --equals 113 --noise 0.1 --text\n"
                "  gen-modular '*' --group S5 --train-fraction 0.4 -o s5.zst\n"
                "Exit status: 0 done, 64 usage, 65 more rows than there are, 73 or 74 cannot\n"
                "write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    struct opt *count = (struct opt *)opt_find(&tool, "count");
    count->help = "number of examples [all rows]";
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    struct err err = {0};
    bool cuts = opt_find(&tool, "train-fraction")->given;
    if (opt_find(&tool, "part")->given && !cuts)
        msg_die(STATUS_USAGE, "--part needs --train-fraction");
    if (cuts && g.split.buckets)
        msg_die(STATUS_USAGE, "--split and --train-fraction exclude one another");
    if (opt_find(&tool, "pairs")->given && !cuts && !g.split.buckets)
        msg_die(STATUS_USAGE, "--pairs needs --train-fraction or --split");
    if (group_text && opt_find(&tool, "modulus")->given)
        msg_die(STATUS_USAGE, "--group and --modulus exclude one another");
    if (m.sample && opt_find(&tool, "order")->given)
        msg_die(STATUS_USAGE, "--order and --sample exclude one another");
    if (!m.sample && opt_find(&tool, "patience")->given)
        msg_die(STATUS_USAGE, "--patience needs --sample");
    if (opt_find(&tool, "seed-noise")->given && !opt_find(&tool, "noise")->given)
        msg_die(STATUS_USAGE, "--seed-noise needs --noise");
    struct group *group = group_text ? group_read(group_text, &err) : NULL;
    if (group_text && !group) {
        err_prefix(&err, "--group");
        msg_die_err(&err);
    }
    if (group && group_order(group) < 2)
        msg_die(STATUS_USAGE, "--group: %s has one element only", group_name(group));
    struct operation *operation = operation_read(operands[0], (uint32_t)modulus, group, &err);
    if (!operation)
        msg_die_err(&err);
    bool unordered = strcmp(pairs, "unordered") == 0;
    m.operation = operation;
    m.group = group;
    m.by_table = strcmp(order, "table") == 0;
    m.in_pairs = unordered;
    m.seed_noise = opt_find(&tool, "seed-noise")->given ? seed_noise : g.seed_data;
    m.split = g.split;
    g.split.buckets = 0; /* the table itself is split */
    pairs_init(&m.pairs, operation, g.seed_data);
    if (cuts) {
        pairs_split(&m.pairs, m.fraction, unordered, g.seed_data);
        m.side = strcmp(part, "test") == 0 ? PAIRS_TEST : PAIRS_TRAIN;
    }
    columns_read(&m.columns,
                 columns       ? columns
                 : m.noise > 0 ? "source,target,rule:clean,tags"
                               : "source,target",
                 modular_columns, MODULAR_COLUMNS);
    modular_choose_words(&m, operands[0], symbol, equals);
    modular_choose_way(&m, &g, count->given);

    struct corpus_writer *out = output_open(&o, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    struct maker maker = modular_maker(&m);
    bool headed = modular_put_header(&m, out, &err) == 0;
    generate_to_end(&g, &maker, headed, out, &err);
    modular_free(&m);
    operation_free(operation);
    group_free(group);
    free(operands);
    return STATUS_OK;
}
