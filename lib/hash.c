#include "lib/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/mem.h"

struct hash_stream {
    XXH3_state_t *state;
};

uint64_t hash_bytes(const void *bytes, size_t len) {
    return XXH3_64bits(bytes, len);
}

struct hash128 hash_bytes128(const void *bytes, size_t len) {
    XXH128_hash_t h = XXH3_128bits(bytes, len);
    return (struct hash128){.low = h.low64, .high = h.high64};
}

struct hash_stream *hash_begin(void) {
    struct hash_stream *h = mem_alloc(1, sizeof *h);
    h->state = XXH3_createState();
    if (!h->state)
        msg_die(STATUS_OS, "out of memory: cannot have a hash state");
    XXH3_64bits_reset(h->state);
    return h;
}

void hash_add(struct hash_stream *h, const void *bytes, size_t len) {
    if (len)
        XXH3_64bits_update(h->state, bytes, len);
}

uint64_t hash_value(const struct hash_stream *h) {
    return XXH3_64bits_digest(h->state);
}

uint64_t hash_end(struct hash_stream *h) {
    uint64_t value = hash_value(h);
    XXH3_freeState(h->state);
    free(h);
    return value;
}

int hash_file(const char *path, uint64_t *hash, uint64_t *bytes, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, STATUS_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
    enum { CHUNK = 1 << 16 };
    unsigned char *chunk = mem_alloc(CHUNK, 1);
    struct hash_stream *h = hash_begin();
    uint64_t total = 0;
    ssize_t n;
    while ((n = read(fd, chunk, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        hash_add(h, chunk, (size_t)n);
        total += (uint64_t)n;
    }
    int status = 0;
    if (n < 0)
        status = err_set(err, STATUS_IO, "%s: cannot read: %s", path, strerror(errno));
    uint64_t value = hash_end(h);
    free(chunk);
    close(fd);
    if (status == 0 && hash)
        *hash = value;
    if (status == 0 && bytes)
        *bytes = total;
    return status;
}

struct hash_text hash_text(uint64_t hash) {
    struct hash_text t;
    snprintf(t.text, sizeof t.text, "xxh3:%016" PRIx64, hash);
    return t;
}

bool hash_parse(const char *text, uint64_t *hash) {
    static const char digits[] = "0123456789abcdef";
    if (strncmp(text, "xxh3:", 5) != 0 || strlen(text) != HASH_TEXT_SIZE - 1)
        return false;
    uint64_t value = 0;
    for (const char *p = text + 5; *p; p++) {
        const char *digit = strchr(digits, *p);
        if (!digit)
            return false;
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *hash = value;
    return true;
}
