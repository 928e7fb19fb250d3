#include "lib/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(size_t count, size_t size) {
    msg_die(STATUS_OS, "out of memory: cannot have %zu elements of %zu bytes", count, size);
}

static size_t checked_bytes(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory(count, size);
    return bytes;
}

void *mem_alloc(size_t count, size_t size) {
    size_t bytes = checked_bytes(count, size);
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        out_of_memory(count, size);
    return p;
}

double mem_machine(void) {
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    return bytes > 0 ? bytes : 0;
}

void *mem_aligned_bare(size_t count, size_t size) {
    size_t bytes = checked_bytes(count, size);
    if (bytes > SIZE_MAX - 64)
        out_of_memory(count, size);
    void *p = aligned_alloc(64, (bytes + 64) / 64 * 64);
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *mem_aligned(size_t count, size_t size) {
    void *p = mem_aligned_bare(count, size);
    return memset(p, 0, count * size);
}

/* A line of /proc/self/status, in kB. getrusage's peak is also that of the process before exec. */
static double status_of(const char *key) {
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    double bytes = 0;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            bytes = strtod(line + strlen(key), NULL) * 1024;
    if (f)
        fclose(f);
    return bytes;
}

double mem_resident(void) {
    return status_of("VmRSS:");
}

double mem_peak(void) {
    return status_of("VmHWM:");
}

void *mem_grow(void *array, size_t *capacity, size_t need, size_t size) {
    size_t before = *capacity;
    char *p = mem_grow_bare(array, capacity, need, size);
    if (*capacity > before)
        memset(p + before * size, 0, (*capacity - before) * size);
    return p;
}

void *mem_grow_bare(void *array, size_t *capacity, size_t need, size_t size) {
    if (need <= *capacity)
        return array;
    size_t cap = *capacity < 8 ? 8 : *capacity;
    while (cap < need) {
        if (cap > SIZE_MAX / 2)
            out_of_memory(need, size);
        cap *= 2;
    }
    void *p = realloc(array, checked_bytes(cap, size));
    if (!p)
        out_of_memory(cap, size);
    *capacity = cap;
    return p;
}

char *mem_strndup(const char *text, size_t len) {
    char *p = mem_alloc(len + 1, 1);
    memcpy(p, text, len);
    return p;
}

char *mem_strdup(const char *text) {
    return mem_strndup(text, strlen(text));
}

void buf_reserve(struct buf *b, size_t more) {
    if (more >= SIZE_MAX - b->len)
        out_of_memory(more, 1);
    b->data = mem_grow(b->data, &b->cap, b->len + more + 1, 1);
}

void buf_put_integer(struct buf *b, int64_t number) {
    char digits[20];
    size_t n = sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--n] = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        digits[--n] = '-';
    buf_add(b, digits + n, sizeof digits - n);
}

void buf_printf(struct buf *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        b->data = mem_grow(b->data, &b->cap, b->len + (size_t)n + 1, 1);
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_clear(struct buf *b) {
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_free(struct buf *b) {
    free(b->data);
    *b = (struct buf){0};
}

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

void *arena_alloc(struct arena *a, size_t count, size_t size) {
    size_t bytes = checked_bytes(count, size);
    if (bytes > SIZE_MAX - 16 - sizeof(struct arena_block))
        out_of_memory(count, size);
    bytes = (bytes + 15) / 16 * 16;
    struct arena_block *block = a->current;
    while (block && block->size - block->used < bytes && block->next) {
        block = block->next;
        block->used = 0;
    }
    if (!block || block->size - block->used < bytes) {
        size_t want = block ? block->size * 2 : 65536;
        if (want < bytes)
            want = bytes;
        struct arena_block *fresh = mem_alloc(1, sizeof *fresh + want);
        fresh->size = want;
        if (block)
            block->next = fresh;
        else
            a->first = fresh;
        block = fresh;
    }
    a->current = block;
    void *p = block->bytes + block->used;
    block->used += bytes;
    return memset(p, 0, bytes);
}

char *arena_strndup(struct arena *a, const char *text, size_t len) {
    char *p = arena_alloc(a, len + 1, 1);
    memcpy(p, text, len);
    return p;
}

void arena_reset(struct arena *a) {
    a->current = a->first;
    if (a->first)
        a->first->used = 0;
}

void arena_free(struct arena *a) {
    for (struct arena_block *block = a->first, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *a = (struct arena){0};
}
