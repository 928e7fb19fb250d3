/* Feeds from texts, and batches as text, for tests that lay out by hand. */
#ifndef ESPALIER_FEEDING_H
#define ESPALIER_FEEDING_H

#include <fcntl.h>

#include "nn/feed.h"
#include "tests/unit/scratch.h"

/* A request for scratch_file with the default layout, by examples. */
static inline struct feed_request feeding_request(int64_t batch) {
    static const char *paths[1];
    paths[0] = scratch_file;
    return (struct feed_request){.paths = paths,
                                 .n_paths = 1,
                                 .layout = layout_default(),
                                 .max_length = 100,
                                 .batch = batch};
}

static inline struct feed *feeding_open(const char *text, const struct feed_request *q,
                                        struct vocab *v, struct err *err) {
    scratch_put_text(text);
    return feed_open(q, v, err);
}

/* The same through standard input. */
static inline struct feed *feeding_stream(const char *text, struct feed_request *q, struct vocab *v,
                                          struct err *err) {
    static const char *dash[] = {"-"};
    scratch_put_text(text);
    int fd = open(scratch_file, O_RDONLY);
    if (fd < 0 || dup2(fd, 0) != 0 || close(fd) != 0)
        fail_msg("standard input cannot be set");
    q->paths = dash;
    return feed_open(q, v, err);
}

/* Sequences as "read:predicted ..." with . for what is not counted, joined by " / "; before each,
 * its memory in braces, ^ and the length of its prefix; after it =class. The text stays until the
 * next call. */
static inline const char *feeding_text(const struct vocab *v, const struct vocab *classes,
                                       const struct batch *b) {
    static struct buf text;
    buf_clear(&text);
    buf_puts(&text, "");
    for (int s = 0; s < b->sequences; s++) {
        const char *gap = s ? " / " : "";
        if (b->memory_offset) {
            buf_printf(&text, "%s{", gap);
            gap = "";
            for (int i = b->memory_offset[s]; i < b->memory_offset[s + 1]; i++) {
                buf_printf(&text, "%s%s", gap, v->words[b->memory[i]]);
                gap = " ";
            }
            buf_puts(&text, "}");
            gap = " ";
        }
        if (b->prefix) {
            buf_printf(&text, "%s^%d", gap, b->prefix[s]);
            gap = " ";
        }
        for (int i = b->offset ? b->offset[s] : 0; b->offset && i < b->offset[s + 1]; i++) {
            buf_printf(&text, "%s%s:%s", gap, v->words[b->input[i]],
                       b->target[i] < 0 ? "." : v->words[b->target[i]]);
            gap = " ";
        }
        if (b->label)
            buf_printf(&text, "%s=%s", gap, classes->words[b->label[s]]);
    }
    return text.data;
}

static inline void assert_batch_at(struct feed *f, const struct vocab *v, int64_t step,
                                   const char *expected, const char *file, int line) {
    struct batch b;
    struct err err = {0};
    const char *text = feed_batch(f, step, &b, &err) != 0 ? err.text
                                                          : feeding_text(v, feed_classes(f), &b);
    if (strcmp(text, expected) == 0)
        return;
    print_error("'%s' instead of '%s'\n", text, expected);
    _fail(file, line);
}
#define assert_batch(f, v, step, expected) assert_batch_at(f, v, step, expected, __FILE__, __LINE__)

#endif
