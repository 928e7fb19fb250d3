/* The tokens of a model: the marks its layout needs, then the words of its corpora. */
#ifndef ESPALIER_LEXICON_H
#define ESPALIER_LEXICON_H

#include <stdint.h>

#include "lib/msg.h"
#include "lib/vocab.h"
#include "nn/layout.h"

/* Under a layout with <bos> and <eos> and nothing masked. */
enum { TOKEN_BOS = 0, TOKEN_EOS = 1, TOKEN_WORDS = 2 };

/* Add the marks of a layout to an empty vocabulary, <bos>, <eos>, <mask> in this order, and set
 * their identities in it, -1 for those it has not. */
void lexicon_start(struct vocab *v, struct layout *l);

/* Set a layout's identities, and the size of the vocabulary, from a vocabulary that is complete.
 * -1 (STATUS_DATA): a mark is missing. */
int lexicon_find_marks(const struct vocab *v, struct layout *l, struct err *err) NODISCARD;

/* A growable list of tokens. Zero-initialise it; free items. */
struct tokens {
    int32_t *items;
    size_t n, cap;
};

static inline void tokens_add(struct tokens *t, int32_t token) {
    if (t->n == t->cap)
        t->items = mem_grow_bare(t->items, &t->cap, t->n + 1, sizeof *t->items);
    t->items[t->n++] = token;
}

/* Append the words of a text, which spaces separate. -1 (STATUS_DATA) for a word outside the
 * vocabulary or one that is spelt like a mark: the sentence names the word, not the place. */
int lexicon_encode(const struct vocab *v, const char *text, struct tokens *out,
                   struct err *err) NODISCARD;

/* The same, but a word that is new is added to the vocabulary. */
int lexicon_encode_new(struct vocab *v, const char *text, struct tokens *out,
                       struct err *err) NODISCARD;

/* Add the words of a text to the vocabulary. -1: a word is spelt like a mark. */
int lexicon_learn(struct vocab *v, const char *text, struct err *err) NODISCARD;

/* Add the words of a file, which spaces and lines separate. -1: STATUS_NOINPUT, STATUS_DATA (as
 * above; none at all), STATUS_IO. */
int lexicon_read(struct vocab *v, const char *path, struct err *err) NODISCARD;

#endif
