/* lib/hash: published XXH3 values, pieces, files, the written form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/hash.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

/* XXH3 with seed 0 of "", "a" and "abc", as xxhsum -H3 and the language bindings print them. */
static void published_values(void **state) {
    (void)state;
    assert_true(hash_bytes("", 0) == 0x2d06800538d394c2u);
    assert_true(hash_bytes("a", 1) == 0xe6c632b61e964e1fu);
    assert_true(hash_bytes("abc", 3) == 0x78af5f94892f3950u);
    struct hash128 h = hash_bytes128("", 0);
    assert_true(h.high == 0x99aa06d3014798d8u && h.low == 0x6001c324468d497fu);
    h = hash_bytes128("a", 1);
    assert_true(h.high == 0xa96faf705af16834u && h.low == 0xe6c632b61e964e1fu);
}

static void pieces_equal_the_whole(void **state) {
    (void)state;
    unsigned char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i >> 3);
    static const size_t pieces[] = {1, 7, 64, 239, 240, 241, 1024, 4999};
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
        struct hash_stream *h = hash_begin();
        assert_true(hash_value(h) == hash_bytes("", 0));
        for (size_t at = 0; at < sizeof bytes; at += pieces[k]) {
            size_t left = sizeof bytes - at;
            hash_add(h, bytes + at, left < pieces[k] ? left : pieces[k]);
        }
        hash_add(h, NULL, 0);
        assert_true(hash_end(h) == hash_bytes(bytes, sizeof bytes));
    }
}

static void files(void **state) {
    (void)state;
    size_t len = 200001; /* more than one read */
    char *bytes = calloc(len, 1);
    assert_non_null(bytes);
    bytes[len - 1] = 'x';
    struct err err = {0};
    scratch_put(bytes, len);
    uint64_t hash = 1, size = 2;
    assert_int_equal(hash_file(scratch_file, &hash, &size, &err), 0);
    assert_true(hash == hash_bytes(bytes, len) && size == len);
    assert_int_equal(hash_file(scratch_file, NULL, NULL, &err), 0);
    free(bytes);
    unlink(scratch_file);
    assert_int_equal(hash_file(scratch_file, &hash, &size, &err), -1);
    assert_error(&err, STATUS_NOINPUT, scratch_file, NULL);
    assert_int_equal(hash_file(scratch_folder, &hash, &size, &err), -1);
    assert_int_equal(err.status, STATUS_IO);
    assert_true(size == len);
}

static void written_form(void **state) {
    (void)state;
    assert_string_equal(hash_text(0x2d06800538d394c2u).text, "xxh3:2d06800538d394c2");
    assert_string_equal(hash_text(10).text, "xxh3:000000000000000a");
    uint64_t hash = 5;
    assert_true(hash_parse("xxh3:2d06800538d394c2", &hash));
    assert_true(hash == 0x2d06800538d394c2u);
    static const char *const bad[] = {"",
                                      "xxh3:",
                                      "xxh3:2d06800538d394c",
                                      "xxh3:2d06800538d394c22",
                                      "xxh3:2D06800538d394c2",
                                      "xxh4:2d06800538d394c2",
                                      "xxh3:2d06800538d394g2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hash_parse(bad[i], &hash));
    assert_true(hash == 0x2d06800538d394c2u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(pieces_equal_the_whole),
        cmocka_unit_test(files),
        cmocka_unit_test(written_form),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
