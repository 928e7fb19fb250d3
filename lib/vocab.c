#include "lib/vocab.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* A corpus asks for every word of every line: words of up to 16 bytes are told apart by two numbers
 * and their length, without a look at the text. */
struct key {
    uint64_t head, tail; /* the first bytes and the last; of longer words the tail is a hash */
    size_t length;
};

struct vocab_slot {
    struct key key;
    int32_t number; /* of the word, + 1; 0: free */
};

enum { SHORT_WORD = 16 };

static inline uint64_t bytes8(const char *p) {
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline uint64_t bytes4(const char *p) {
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline uint64_t byte(const char *p) {
    return (unsigned char)*p;
}

/* Parts of a short word may overlap: its length tells how. */
static inline struct key key_of(const char *word, size_t n) {
    if (n >= 8)
        return (struct key){bytes8(word),
                            n > SHORT_WORD ? XXH3_64bits(word, n) : bytes8(word + n - 8), n};
    if (n >= 4)
        return (struct key){bytes4(word) | bytes4(word + n - 4) << 32, 0, n};
    return (struct key){n ? byte(word) | byte(word + n / 2) << 8 | byte(word + n - 1) << 16 : 0, 0,
                        n};
}

static inline bool equal(const struct key *a, const struct key *b) {
    return a->head == b->head && a->tail == b->tail && a->length == b->length;
}

/* The upper bits of a product depend on all bits of its factors. */
static inline size_t hash_of(const struct key *k) {
    uint64_t x = (k->head ^ k->length << 56) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 32 ^ k->tail) * 0xD6E8FEB86659FD93u;
    return (size_t)(x >> 32);
}

/* The slot that holds the word, or the free one where it belongs. */
static inline struct vocab_slot *slot_of(const struct vocab *v, const char *word,
                                         const struct key *key) {
    size_t mask = v->n_slots - 1;
    for (size_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        struct vocab_slot *s = &v->slots[i];
        if (!s->number)
            return s;
        if (equal(&s->key, key) &&
            (key->length <= SHORT_WORD || memcmp(v->words[s->number - 1], word, key->length) == 0))
            return s;
    }
}

static void widen(struct vocab *v) {
    struct vocab_slot *old = v->slots;
    size_t n_old = v->n_slots;
    v->n_slots = n_old ? n_old * 2 : 64;
    v->slots = mem_alloc(v->n_slots, sizeof *v->slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].number)
            *slot_of(v, v->words[old[i].number - 1], &old[i].key) = old[i];
    free(old);
}

int32_t vocab_find(const struct vocab *v, const char *word, size_t len) {
    struct key key = key_of(word, len);
    return v->n_slots ? slot_of(v, word, &key)->number - 1 : -1;
}

int32_t vocab_add(struct vocab *v, const char *word, size_t len) {
    if ((v->n + 1) * 2 > v->n_slots)
        widen(v);
    struct key key = key_of(word, len);
    struct vocab_slot *slot = slot_of(v, word, &key);
    if (slot->number)
        return slot->number - 1;
    if (v->n >= INT32_MAX - 1)
        msg_die(STATUS_DATA, "more than %d different words", INT32_MAX - 1);
    v->words = mem_grow(v->words, &v->cap, v->n + 1, sizeof *v->words);
    v->words[v->n++] = arena_strndup(&v->text, word, len);
    *slot = (struct vocab_slot){key, (int32_t)v->n};
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
