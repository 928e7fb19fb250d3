/* The tokens of a model: two marks, then the words of its corpora.
 *
 * A sequence is <bos> source target <eos>; a corpus without a target is <bos> source <eos>. */
#ifndef ESPALIER_LEXICON_H
#define ESPALIER_LEXICON_H

#include <stdint.h>

#include "lib/msg.h"
#include "lib/vocab.h"

enum { TOKEN_BOS = 0, TOKEN_EOS = 1, TOKEN_WORDS = 2 };

/* Add the marks to an empty vocabulary. */
void lexicon_start(struct vocab *v);

/* A growable list of tokens. Zero-initialise it; free items. */
struct tokens {
    int32_t *items;
    size_t n, cap;
};
void tokens_add(struct tokens *t, int32_t token);

/* Append the words of a text, which spaces separate. -1 (STATUS_DATA) for a word outside the
 * vocabulary or one that is spelt like a mark: the sentence names the word, not the place. */
int lexicon_encode(const struct vocab *v, const char *text, struct tokens *out,
                   struct err *err) NODISCARD;

/* Add the words of a text to the vocabulary. -1: a word is spelt like a mark. */
int lexicon_learn(struct vocab *v, const char *text, struct err *err) NODISCARD;

#endif
