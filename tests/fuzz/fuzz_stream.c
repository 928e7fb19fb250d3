/* A corpus stream: the bytes as they are, and as the text of a compressed stream. */
#include <string.h>
#include <zstd.h>

#include "lib/corpus.h"
#include "tests/fuzz/fuzz_input.h"

/* So that no reading is left out. */
static volatile size_t touched;

static void read_all(const char *path) {
    struct err err = {0};
    struct corpus_reader *c = corpus_open(path, &err);
    if (!c) {
        if (!*err.text)
            abort();
        return;
    }
    size_t n;
    const char *const *columns = corpus_columns(c, &n);
    char **fields;
    int got;
    while ((got = corpus_next(c, &fields, &err)) > 0)
        for (size_t i = 0; i < n; i++)
            touched += strlen(fields[i]) + strlen(columns[i]);
    if (got < 0 && !*err.text)
        abort();
    const char *key, *value;
    for (size_t i = 0; corpus_header_line(c, i, &key, &value); i++)
        touched += strlen(key) + strlen(value);
    corpus_close(c);
    struct corpus_digest digest;
    if (corpus_hash(path, &digest, &err) != 0 && !*err.text)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0 || size > 100000)
        return 0;
    if (bytes[0] & 1) {
        static uint8_t frame[200000];
        size_t cut = bytes[0] >> 1;
        size_t n = ZSTD_compress(frame, sizeof frame, bytes + 1, size - 1, 1);
        if (ZSTD_isError(n))
            abort();
        /* Sometimes the frame is cut short. */
        read_all(fuzz_path(frame, n > cut && cut > 100 ? n - (cut - 100) : n));
    } else {
        read_all(fuzz_path(bytes + 1, size - 1));
    }
    return 0;
}
