/* gen-stat - one page on any corpus.
 *
 *     gen-stat c.zst
 *     gen-stat --tsv --against train.zst test.zst
 */
#include <stdlib.h>
#include <string.h>

#include "gen/census.h"
#include "gen/census_page.h"
#include "gen/inputs.h"
#include "lib/opt.h"
#include "lib/outfile.h"

struct stat_options {
    struct opt_list against;
    const char *output;
    int64_t ngrams, top, memory;
    bool tsv, quiet;
};

static void check_inputs(const struct stat_options *o, char *const *operands, int n_operands) {
    struct inputs inputs = {0};
    for (int i = 0; i < n_operands; i++)
        inputs_add(&inputs, operands[i]);
    for (size_t i = 0; i < o->against.n; i++)
        inputs_add(&inputs, o->against.items[i]);
    inputs_check(&inputs);
    inputs_free(&inputs);
}

/* Count the corpora as one; the readers stay open for their headers. */
static int read_corpora(struct census *c, const struct stat_options *o, struct overlap *against,
                        struct corpus_reader **readers, char *const *paths, int n_paths,
                        struct err *err) {
    for (int i = 0; i < n_paths; i++) {
        readers[i] = corpus_open(paths[i], err);
        if (!readers[i])
            return -1;
        if (i == 0)
            census_start(c, readers[0], (int)o->ngrams, (size_t)o->memory, against, o->against.n);
        if (census_add(c, readers[i], err) != 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct stat_options o = {.ngrams = 3, .top = 10, .memory = 4000000000};
    struct opt options[] = {
        {OPT_GROUP, .help = "What to tell"},
        {OPT_LIST, 0, "against", &o.against, "corpus",
         "also what is shared with this corpus; may be given several times"},
        {OPT_COUNT, 0, "ngrams", &o.ngrams, "count", "entropies of n-grams up to this n", 1,
         WORD_CENSUS_ORDERS},
        {OPT_COUNT, 0, "top", &o.top, "count", "how many of the most frequent words", 0, 1e6},
        {OPT_COUNT, 0, "memory", &o.memory, "bytes",
         "memory for counting different n-grams, sources and trees; what outgrows it is given up",
         1e6, 1e15},
        {OPT_GROUP, .help = "How to write it"},
        {OPT_FLAG, 0, "tsv", &o.tsv, NULL,
         "a table in long form: what, of, value, n, low, high (of 95 % intervals)"},
        {OPT_TEXT, 'o', "output", &o.output, "file", "write to this file", .aside = true},
        {OPT_FLAG, 'q', "quiet", &o.quiet, NULL, "no notes", .aside = true},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-stat",
        .summary = "Tell what is in a corpus.",
        .operands = "[OPTION]... [CORPUS]...",
        .options = options,
        .more = "Words are what spaces separate; n-grams lie within a sentence. Entropies are in\n"
                "nats: plug-in estimates, and two that correct their bias. Coverage is the share\n"
                "of the distribution that was seen at all; where it is far below 1, every\n"
                "estimate is too low. Trees are told apart by the column `tree_id`, or by the\n"
                "shape of `tree`. Several corpora are counted as one.\n"
                "Examples:\n"
                "  gen-stat c.zst\n"
                "  gen-stat --against train.zst test.zst\n"
                "  gen-grammar grammars/question.gr -n 1M --columns source,tree | gen-stat -\n"
                "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 73 or 74 cannot write.\n",
        .least_operands = 1,
        .most_operands = -1,
        .filter = true,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    struct err err = {0};
    check_inputs(&o, operands, n_operands);
    struct outfile *file = outfile_open(o.output, &err);
    if (!file)
        msg_die_err(&err);
    struct overlap *against = mem_alloc(o.against.n, sizeof *against);
    for (size_t i = 0; i < o.against.n; i++)
        if (overlap_read(&against[i], o.against.items[i], &err) != 0)
            msg_die_err(&err);
    struct census c = {0};
    struct corpus_reader **readers = mem_alloc((size_t)n_operands, sizeof *readers);
    if (read_corpora(&c, &o, against, readers, operands, n_operands, &err) != 0)
        msg_die_err(&err);
    struct census_origin origin = {readers, (size_t)n_operands};
    struct buf text = {0};
    (o.tsv ? census_put_table : census_put_page)(&c, &origin, (int)o.top, &text);
    if (outfile_write(file, text.data, text.len, &err) != 0 || outfile_commit(file, &err) != 0)
        msg_die_err(&err);
    buf_free(&text);
    census_free(&c);
    for (size_t i = 0; i < o.against.n; i++)
        overlap_free(&against[i]);
    for (int i = 0; i < n_operands; i++)
        corpus_close(readers[i]);
    free(against);
    free(readers);
    free(o.against.items);
    free(operands);
    return STATUS_OK;
}
