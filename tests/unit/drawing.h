/* Sampled examples of a grammar file, with every rule's answer: for tests that work the answers out
 * again from the words alone. */
#ifndef ESPALIER_DRAWING_H
#define ESPALIER_DRAWING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/sampler.h"
#include "lib/grammar.h"

enum { DRAWING_WORDS = 200, DRAWING_RULES = 8 };

/* A sentence cut at its spaces. */
struct words {
    char text[4096];
    char *word[DRAWING_WORDS];
    int n;
};

static inline void words_cut(struct words *w, const char *sentence) {
    assert_true(strlen(sentence) < sizeof w->text);
    strcpy(w->text, sentence);
    w->n = 0;
    for (char *word = strtok(w->text, " "); word; word = strtok(NULL, " ")) {
        assert_true(w->n < DRAWING_WORDS);
        w->word[w->n++] = word;
    }
}

/* Append words from..to-1, with a space before each but the first of `out`. */
static inline void words_put(const struct words *w, int from, int to, struct buf *out) {
    for (int i = from; i < to; i++)
        buf_printf(out, "%s%s", out->len ? " " : "", w->word[i]);
}

static inline bool among(const char *word, const char *const *list) {
    while (*list && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

struct drawing {
    struct grammar *grammar;
    struct sampler *sampler;
    struct rng rng;
    struct derivation tree;
    struct buf source, answers[DRAWING_RULES];
    struct words words; /* of the source */
    uint64_t tags;
};

static inline struct grammar *drawing_read(const char *path) {
    struct err err = {0};
    struct grammar *g = grammar_read(path, &err);
    if (!g)
        fail_msg("%s", err.text);
    return g;
}

static inline void drawing_begin(struct drawing *d, const char *path) {
    memset(d, 0, sizeof *d);
    d->grammar = drawing_read(path);
    assert_true(d->grammar->rules.n <= DRAWING_RULES);
    d->sampler = sampler_new(d->grammar);
    d->rng = rng_at(3, RNG_GEN, 0);
}

static inline void drawing_next(struct drawing *d) {
    struct err err = {0};
    const struct grammar *g = d->grammar;
    assert_int_equal(
        sampler_draw(d->sampler, &d->rng, &(struct word_draws){.all = &d->rng}, &d->tree, &err), 0);
    buf_clear(&d->source);
    derivation_put_source(g, &d->tree, &d->source);
    words_cut(&d->words, d->source.data);
    d->tags = d->tree.tags;
    if (grammar_pattern_tags(g, d->source.data, d->source.len, UINT64_MAX, &d->tags, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t r = 0; r < g->rules.n; r++) {
        buf_clear(&d->answers[r]);
        if (!grammar_is_string_rule(g, (int)r))
            derivation_put_target(g, &d->tree, &d->answers[r]);
        else if (grammar_apply_rule(g, (int)r, d->source.data, d->source.len, &d->answers[r],
                                    &err) != 0)
            fail_msg("%s", err.text);
    }
}

static inline bool drawing_has(const struct drawing *d, const char *tag) {
    int32_t t = vocab_find(&d->grammar->tags, tag, strlen(tag));
    if (t < 0)
        fail_msg("%s: no tag %s", d->grammar->path, tag);
    return d->tags >> t & 1;
}

static inline const char *drawing_answer(const struct drawing *d, const char *rule) {
    int32_t r = vocab_find(&d->grammar->rules, rule, strlen(rule));
    if (r < 0)
        fail_msg("%s: no rule %s", d->grammar->path, rule);
    return d->answers[r].data;
}

/* The tag, and what the words say of it. */
static inline void drawing_check_tag(const struct drawing *d, const char *tag, bool expected) {
    if (drawing_has(d, tag) != expected)
        fail_msg("'%s' %s the tag %s", d->source.data, expected ? "lacks" : "has", tag);
}

static inline void drawing_end(struct drawing *d) {
    sampler_free(d->sampler);
    derivation_free(&d->tree);
    buf_free(&d->source);
    for (int r = 0; r < DRAWING_RULES; r++)
        buf_free(&d->answers[r]);
    grammar_free(d->grammar);
}

#endif
