/* The loop of every generator that samples: examples FIRST .. FIRST + COUNT of a seed, each made
 * from the random numbers of its own item, on any number of threads, in order.
 *
 * Example i is made by drawing from item i of stream RNG_GEN until a draw meets every condition, so
 * that --skip costs nothing, shards join to the same corpus and the number of threads changes
 * nothing. Only --unique looks back. */
#ifndef ESPALIER_GENERATE_H
#define ESPALIER_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/output.h"
#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/split.h"

struct generate {
    int64_t count, skip, threads, patience;
    uint64_t seed, seed_data; /* after generate_start seed_data is the seed of the corpus */
    bool unique;
    const char *split_text;
    struct split split;
};

#define GENERATE_DEFAULTS                                                                          \
    { .count = 1000, .threads = 1, .patience = 5000000 }

/* Rows of a tool's option table: the head of it, and those that choose among draws. */
#define GENERATE_OPTIONS(g)                                                                        \
    {OPT_GROUP, .help = "What to make"},                                                           \
        {OPT_COUNT, 'n', "count", &(g).count, "count", "number of examples", 0, 1e12},             \
        {OPT_SEED, 's', "seed", &(g).seed, "seed", "sets every seed that is not given itself"},    \
        {OPT_SEED, 0, "seed-data", &(g).seed_data, "seed", "seed of the corpus"},                  \
        {OPT_COUNT, 0, "skip", &(g).skip, "count", "leave out the first examples", 0, 1e12},       \
        {OPT_TEXT,                                                                                 \
         0,                                                                                        \
         "split",                                                                                  \
         &(g).split_text,                                                                          \
         "part",                                                                                   \
         "keep the examples whose content hash falls in these buckets, as 1-9/10 or 0/10: "        \
         "different buckets never share a source"},                                                \
    {                                                                                              \
        OPT_COUNT, 'j', "threads", &(g).threads, "count",                                          \
            "threads that make examples; the bytes do not depend on it", 1, 256, .aside = true     \
    }

#define GENERATE_UNIQUE_OPTIONS(g)                                                                 \
    {OPT_FLAG,                                                                                     \
     0,                                                                                            \
     "unique",                                                                                     \
     &(g).unique,                                                                                  \
     NULL,                                                                                         \
     "no source twice: drawing without replacement, by which small classes run dry and the "       \
     "others gain share (on one thread)"},                                                         \
    {                                                                                              \
        OPT_COUNT, 0, "patience", &(g).patience, "draws",                                          \
            "give up when so many draws in a row bring no example", 1, 1e15                        \
    }

/* After opt_parse: settle the seed and read --split. A wrong split ends the tool. */
void generate_start(struct generate *g, const struct opt_tool *tool);

/* How a generator makes an example. Every call may run on any thread; `worker` is what worker_new
 * made for the thread (NULL without it). */
struct maker {
    void *context;
    void *(*worker_new)(void *context);
    void (*worker_free)(void *worker);

    /* The class of the next example, asked once for example 0, 1, 2, ... in order, on one thread.
     * NULL: all are of class 0. */
    size_t (*next_class)(void *context);

    /* One draw: append the source of an example to `source` (empty on entry). 1: drawn; 0: this
     * draw is no example of the class, draw again; -1: error. */
    int (*draw)(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err);

    /* The source is wanted: append the example's row, without LF, to `row`. Results as of draw. May
     * draw from r: what follows the draws of the source. */
    int (*complete)(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err);

    /* About how many bytes a row may have, where that is many: then fewer are held at a time. 0:
     * not many. */
    size_t row_bytes;

    /* What cannot be made ("grammars/x.gr", for instance) and the name of a class (NULL for none),
     * for the sentence that says so. */
    const char *subject;
    const char *(*class_name)(void *context, size_t class_index);
};

/* Write the rows. -1 on error: what draw and complete report, STATUS_DATA when patience ends,
 * STATUS_IO. */
int generate_rows(const struct generate *g, const struct maker *maker, struct corpus_writer *out,
                  struct err *err) NODISCARD;

/* The end of a tool's main: write the rows and the trailer and commit the file. If the header could
 * not be written (`headed` false, *err says why) or anything fails, the file goes and the tool
 * ends. */
void generate_to_end(const struct generate *g, const struct maker *maker, bool headed,
                     struct corpus_writer *out, struct err *err);

#endif
