/* From the rows of a corpus to examples: which columns are read, and how. */
#ifndef ESPALIER_FEED_ROW_H
#define ESPALIER_FEED_ROW_H

#include "lib/corpus.h"
#include "nn/lexicon.h"

/* The columns an objective reads, by name. NULL for the defaults: source, and target where there is
 * one; no features; the values are the numbers of target; the class is the first word of target. A
 * column of `label` is a class by its whole text. Features without a named source read no tokens.
 */
struct columns {
    const char *source, *target, *label;
    const char *features, *values; /* names joined by commas; a column may hold several numbers */
};

/* Examples in memory. */
struct example_item {
    size_t begin; /* into tokens: source, then target */
    uint32_t n_source, n_target;
};
struct example_store {
    struct tokens tokens, label;
    struct example_item *items;
    real *feature, *value; /* item by item */
    size_t n, cap_items, n_feature, cap_feature, n_value, cap_value;
};
void example_store_clear(struct example_store *s);
void example_store_free(struct example_store *s);

/* What is held to over all corpora of one reader. */
struct row_format {
    const struct layout *layout;
    const struct columns *columns;
    struct vocab *vocab, *classes;
    bool new_words; /* words and classes that are new are added, not refused */
    bool new_classes;
    bool no_label;             /* the labels are not wanted, and not looked for */
    bool joined;               /* examples are joined: what follows one predicts its last token */
    bool same_length;          /* examples of different numbers of tokens are refused */
    int max_length;            /* rows of a sequence; 0: no bound */
    const struct vocab *cloze; /* an example must hold one of these words where they are masked; or
                                  NULL */
    int64_t n_features, n_values, n_tokens; /* of every example; -1: not known yet */
};

/* The columns of one corpus. */
struct row_reader {
    struct row_format *format;
    struct corpus_reader *corpus;
    int source, target, label;
    int *feature, *value;
    size_t n_feature, n_value;
};

/* Find the columns. -1: STATUS_DATA, one is missing; *r is then to be freed too. */
int row_reader_open(struct row_reader *r, struct row_format *format, struct corpus_reader *c,
                    struct err *err) NODISCARD;
void row_reader_close(struct row_reader *r);

/* Append the example of a row to *s. -1 (STATUS_DATA), path and line first: a word or a class that
 * is not known, a number that is none, another count of numbers or (same_length) tokens than
 * before, more than max_length rows, nothing to predict. */
int row_read(struct row_reader *r, char **fields, struct example_store *s,
             struct err *err) NODISCARD;

/* Example i as the layout takes it. */
struct layout_example row_example(const struct row_format *f, const struct example_store *s,
                                  size_t i);

/* Add the words of a ##class of the corpus by that name, or else those that commas join. Whether it
 * is a class. */
bool feed_words(const struct corpus_reader *c, const char *text, struct vocab *out);

/* Put "PATH: line N: " before the sentence. */
int row_at_line(const struct corpus_reader *c, struct err *err);

#endif
