/* Memory: checked allocation, growable byte buffers, arenas.
 *
 * Running out of memory ends the process (status 71) with the size that was asked for: the one
 * place where library code does not return an error. */
#ifndef ESPALIER_MEM_H
#define ESPALIER_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/msg.h"

/* count * size bytes, zeroed; the product is checked. Never NULL, also for zero bytes.
 * Free with free(). */
void *mem_alloc(size_t count, size_t size);

/* The same, aligned to 64 bytes (a cache line, an AVX-512 register). Free with free(). */
void *mem_aligned(size_t count, size_t size);

/* The same not zeroed: what is not used then takes no memory. */
void *mem_aligned_bare(size_t count, size_t size);

/* Make room for at least `need` elements of `size` bytes: at least doubles *capacity. New room is
 * zeroed. Returns the array, which may have moved. */
void *mem_grow(void *array, size_t *capacity, size_t need, size_t size);

/* The same with new room not zeroed. */
void *mem_grow_bare(void *array, size_t *capacity, size_t need, size_t size);

/* Bytes of memory that this machine has; 0: it does not tell. What needs more is better refused
 * than killed half-way. */
double mem_machine(void);

/* Bytes of memory that this process has now, and has had at most, as the system counts them (the
 * resident set: code and libraries too); 0: it does not tell. */
double mem_resident(void);
double mem_peak(void);

char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t len);

/* A growable byte string; data is NUL-terminated whenever it is not NULL. Zero-initialise it. */
struct buf {
    char *data;
    size_t len, cap;
};

/* Make room for `more` bytes and the NUL beyond the length. */
void buf_reserve(struct buf *b, size_t more);

static inline void buf_add(struct buf *b, const void *bytes, size_t len) {
    if (len >= b->cap - b->len) /* len <= cap always; room for the NUL as well */
        buf_reserve(b, len);
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

static inline void buf_puts(struct buf *b, const char *text) {
    buf_add(b, text, strlen(text));
}

static inline void buf_putc(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

/* The decimal digits of a whole number, as %lld would have them. */
void buf_put_integer(struct buf *b, int64_t number);

void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* An arena hands out memory that is released together. Zero-initialise it. */
struct arena {
    struct arena_block *first, *current;
};

/* Zeroed, aligned to 16 bytes; valid until the next arena_reset or arena_free. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
char *arena_strndup(struct arena *a, const char *text, size_t len);

/* Release everything but keep the blocks for reuse; release the blocks too. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
