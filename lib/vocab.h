/* A vocabulary: words with consecutive numbers from 0, in the order they were added. */
#ifndef ESPALIER_VOCAB_H
#define ESPALIER_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"

/* Zero-initialise it. Words are copied and stay where they are until vocab_free. */
struct vocab {
    const char **words;
    size_t n, cap;
    struct vocab_slot *slots; /* open addressing */
    size_t n_slots;
    struct arena text;
};

/* The word's number, added if it is new. */
int32_t vocab_add(struct vocab *v, const char *word, size_t len);

/* The word's number, or -1. */
int32_t vocab_find(const struct vocab *v, const char *word, size_t len);

/* Add the words of a text that spaces separate. */
void vocab_add_text(struct vocab *v, const char *text);

/* The words joined by spaces, in order of their numbers; the caller frees it. */
char *vocab_text(const struct vocab *v);

void vocab_free(struct vocab *v);

#endif
