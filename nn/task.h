/* What a model was trained to do: how the rows of a corpus become examples, and examples rows of a
 * batch. It stands in a checkpoint beside the model, so that an evaluator reads corpora alike. */
#ifndef ESPALIER_TASK_H
#define ESPALIER_TASK_H

#include "lib/vocab.h"
#include "nn/feed_row.h"

/* Strings are owned. Zero: no task yet. */
struct task {
    struct layout layout; /* without cloze words and identities, which hang on the vocabulary */
    struct columns columns;
    const char *mask_words; /* the cloze (feed.h), or NULL */
    struct vocab classes;   /* in order of their numbers */
};

/* Copy a task into an empty one. classes may be NULL. */
void task_set(struct task *t, const struct layout *layout, const struct columns *columns,
              const char *mask_words, const struct vocab *classes);
void task_free(struct task *t);

/* As JSON, the caller's to free; and back into an empty task. -1: STATUS_DATA. */
char *task_text(const struct task *t);
int task_read(const char *text, struct task *t, struct err *err) NODISCARD;

#endif
