/* Content hashes: XXH3 (Collet, xxhash.com), 64 and 128 bits, seed 0.
 *
 * They tell files and examples apart and split corpora; they do not resist an adversary. The
 * values are a function of the bytes alone, on every machine. */
#ifndef ESPALIER_HASH_H
#define ESPALIER_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

uint64_t hash_bytes(const void *bytes, size_t len);

struct hash128 {
    uint64_t low, high;
};
struct hash128 hash_bytes128(const void *bytes, size_t len);

/* The 64-bit hash of bytes that come in pieces: equal to hash_bytes of the pieces joined.
 * hash_end frees the stream; hash_value may be asked at any time before. */
struct hash_stream *hash_begin(void) NODISCARD;
void hash_add(struct hash_stream *h, const void *bytes, size_t len);
uint64_t hash_value(const struct hash_stream *h);
uint64_t hash_end(struct hash_stream *h);

/* Hash the content of a file and count its bytes (either result may be NULL). -1 on error, with
 * the results untouched: STATUS_NOINPUT when it cannot be opened, STATUS_IO when reading fails. */
int hash_file(const char *path, uint64_t *hash, uint64_t *bytes, struct err *err) NODISCARD;

/* The written form, "xxh3:" and 16 hexadecimal digits. */
enum { HASH_TEXT_SIZE = 22 };
struct hash_text {
    char text[HASH_TEXT_SIZE];
};
struct hash_text hash_text(uint64_t hash);

/* Read the written form; false (and *hash untouched) when it is not exactly that. */
bool hash_parse(const char *text, uint64_t *hash);

#endif
