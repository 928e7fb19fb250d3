#include "lib/vocab.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* The slot that holds the word, or the free one where it belongs. */
static size_t slot_of(const struct vocab *v, const char *word, size_t len) {
    size_t slot = (size_t)XXH3_64bits(word, len) & (v->n_slots - 1);
    while (v->slots[slot]) {
        const char *held = v->words[v->slots[slot] - 1];
        if (strncmp(held, word, len) == 0 && held[len] == '\0')
            break;
        slot = (slot + 1) & (v->n_slots - 1);
    }
    return slot;
}

static void widen(struct vocab *v) {
    free(v->slots);
    v->n_slots = v->n_slots ? v->n_slots * 2 : 64;
    v->slots = mem_alloc(v->n_slots, sizeof *v->slots);
    for (size_t i = 0; i < v->n; i++)
        v->slots[slot_of(v, v->words[i], strlen(v->words[i]))] = (int32_t)i + 1;
}

int32_t vocab_find(const struct vocab *v, const char *word, size_t len) {
    return v->n_slots ? v->slots[slot_of(v, word, len)] - 1 : -1;
}

int32_t vocab_add(struct vocab *v, const char *word, size_t len) {
    int32_t known = vocab_find(v, word, len);
    if (known >= 0)
        return known;
    if (v->n >= INT32_MAX - 1)
        msg_die(STATUS_DATA, "more than %d different words", INT32_MAX - 1);
    v->words = mem_grow(v->words, &v->cap, v->n + 1, sizeof *v->words);
    v->words[v->n++] = arena_strndup(&v->text, word, len);
    if (v->n * 2 > v->n_slots)
        widen(v);
    else
        v->slots[slot_of(v, word, len)] = (int32_t)v->n;
    return (int32_t)v->n - 1;
}

void vocab_add_text(struct vocab *v, const char *text) {
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        vocab_add(v, text, len);
        text += len;
    }
}

char *vocab_text(const struct vocab *v) {
    struct buf b = {0};
    buf_puts(&b, "");
    for (size_t i = 0; i < v->n; i++) {
        if (i)
            buf_putc(&b, ' ');
        buf_puts(&b, v->words[i]);
    }
    return b.data;
}

void vocab_free(struct vocab *v) {
    free(v->words);
    free(v->slots);
    arena_free(&v->text);
    *v = (struct vocab){0};
}
