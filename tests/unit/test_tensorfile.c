/* lib/tensorfile: the reference writer's bytes, round trips, and files that mean harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/tensorfile.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

/* test_serialization and test_serialization_forced_alignement of safetensors/src/tensor.rs: the
 * bytes that the reference implementation writes. */
static void reference_bytes(void **state) {
    (void)state;
    static const float data[] = {0, 1, 2, 3, 4, 5};
    static const struct {
        struct tensor tensor;
        const char *head;
    } rows[] = {
        {{"attn.0", DTYPE_F32, 3, {1, 2, 3}, data},
         "@\0\0\0\0\0\0\0{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],"
         "\"data_offsets\":[0,24]}}"},
        {{"attn0", DTYPE_F32, 4, {1, 1, 2, 3}, data},
         "H\0\0\0\0\0\0\0{\"attn0\":{\"dtype\":\"F32\",\"shape\":[1,1,2,3],"
         "\"data_offsets\":[0,24]}}"},
    };
    static const size_t head_bytes[] = {8 + 64, 8 + 72};
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        assert_int_equal(tensorfile_write(scratch_file, &rows[i].tensor, 1, NULL, 0, &err), 0);
        struct buf b = {0};
        scratch_get(scratch_file, &b);
        assert_int_equal(b.len, head_bytes[i] + sizeof data);
        size_t json = 8 + strlen(rows[i].head + 8);
        assert_memory_equal(b.data, rows[i].head, json);
        for (size_t k = json; k < head_bytes[i]; k++)
            assert_int_equal(b.data[k], ' ');
        assert_memory_equal(b.data + head_bytes[i], data, sizeof data);
        buf_free(&b);
    }
}

/* The example in the documentation of SafeTensors::deserialize; its header is not padded. */
static void reference_example(void **state) {
    (void)state;
    static const char file[] = "<\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[2,2],"
                               "\"data_offsets\":[0,16]}}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct err err = {0};
    struct tensorfile *f = tensorfile_parse("doc", file, sizeof file, &err);
    assert_string_equal(err.text, "");
    assert_non_null(f);
    const struct tensor *t = tensorfile_find(f, "test");
    assert_non_null(t);
    assert_int_equal(t->dtype, DTYPE_I32);
    assert_int_equal(t->rank, 2);
    assert_int_equal(tensor_count(t), 4);
    assert_int_equal(((const int32_t *)t->data)[3], 0);
    tensorfile_close(f);
}

static const double doubles[] = {1.5, -2};
static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t step = 5000;
static const uint8_t bytes[] = {7, 8, 9};

static const struct tensor mixed[] = {
    {"b.bytes", DTYPE_U8, 1, {3}, bytes},
    {"z", DTYPE_F32, 2, {2, 3}, floats},
    {"step", DTYPE_I64, 0, {0}, &step},
    {"a", DTYPE_F32, 1, {6}, floats},
    {"empty", DTYPE_F32, 2, {0, 4}, NULL},
    {"d", DTYPE_F64, 1, {2}, doubles},
    {"\xc3\xa9\"\\\n", DTYPE_F32, 1, {1}, floats},
};
enum { N_MIXED = sizeof mixed / sizeof *mixed };
static const struct tensor_note notes[] = {{"format", "pt"}, {"config", "{\"layers\": 6}"}};

static void round_trip(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, mixed, N_MIXED, notes, 2, &err), 0);
    struct tensorfile *f = tensorfile_open(scratch_file, &err);
    assert_string_equal(err.text, "");
    assert_non_null(f);
    static const char *const order[N_MIXED] = {"step",           "d",      "a", "empty", "z",
                                               "\xc3\xa9\"\\\n", "b.bytes"};
    assert_int_equal(f->n, N_MIXED);
    for (size_t i = 0; i < N_MIXED; i++) {
        assert_string_equal(f->tensors[i].name, order[i]);
        assert_int_equal((uintptr_t)f->tensors[i].data % dtype_bytes(f->tensors[i].dtype), 0);
        const struct tensor *t = tensorfile_find(f, mixed[i].name);
        assert_non_null(t);
        assert_int_equal(t->dtype, mixed[i].dtype);
        assert_int_equal(t->rank, mixed[i].rank);
        assert_memory_equal(t->shape, mixed[i].shape, (size_t)t->rank * sizeof *t->shape);
        assert_int_equal(tensor_bytes(t), tensor_bytes(&mixed[i]));
        if (mixed[i].data)
            assert_memory_equal(t->data, mixed[i].data, tensor_bytes(t));
    }
    assert_int_equal(f->n_copies, 0);
    assert_int_equal(f->n_notes, 2);
    assert_string_equal(tensorfile_note(f, "format"), "pt");
    assert_string_equal(tensorfile_note(f, "config"), "{\"layers\": 6}");
    assert_null(tensorfile_note(f, "other"));
    assert_null(tensorfile_find(f, "other"));
    tensorfile_close(f);
    tensorfile_close(NULL);
}

static void order_of_arguments_does_not_matter(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, mixed, N_MIXED, notes, 2, &err), 0);
    struct buf one = {0}, other = {0};
    scratch_get(scratch_file, &one);
    struct tensor reversed[N_MIXED];
    for (size_t i = 0; i < N_MIXED; i++)
        reversed[i] = mixed[N_MIXED - 1 - i];
    assert_int_equal(tensorfile_write(scratch_file, reversed, N_MIXED, notes, 2, &err), 0);
    scratch_get(scratch_file, &other);
    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    buf_free(&one);
    buf_free(&other);
}

static void no_tensors(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, NULL, 0, NULL, 0, &err), 0);
    struct buf b = {0};
    scratch_get(scratch_file, &b);
    assert_int_equal(b.len, 16);
    assert_memory_equal(b.data, "\x08\0\0\0\0\0\0\0{}      ", 16);
    buf_free(&b);
    struct tensorfile *f = tensorfile_open(scratch_file, &err);
    assert_non_null(f);
    assert_int_equal(f->n, 0);
    tensorfile_close(f);
}

static void need(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, mixed, N_MIXED, NULL, 0, &err), 0);
    struct tensorfile *f = tensorfile_open(scratch_file, &err);
    assert_non_null(f);
    static const size_t right[] = {2, 3}, wrong[] = {3, 2};
    char expected[2048];
    assert_non_null(tensorfile_need(f, "z", DTYPE_F32, 2, right, &err));
    assert_non_null(tensorfile_need(f, "step", DTYPE_I64, 0, NULL, &err));
    assert_null(tensorfile_need(f, "z", DTYPE_F32, 2, wrong, &err));
    snprintf(expected, sizeof expected, "%s: tensor 'z': F32 [2,3], expected F32 [3,2]",
             scratch_file);
    assert_string_equal(err.text, expected);
    assert_null(tensorfile_need(f, "z", DTYPE_F64, 2, right, &err));
    assert_null(tensorfile_need(f, "z", DTYPE_F32, 1, right, &err));
    assert_int_equal(err.status, STATUS_DATA);
    assert_null(tensorfile_need(f, "y", DTYPE_F32, 2, right, &err));
    snprintf(expected, sizeof expected, "%s: no tensor 'y'", scratch_file);
    assert_string_equal(err.text, expected);
    tensorfile_close(f);
}

/* A refused write leaves the old file. */
static void refused_writes(void **state) {
    (void)state;
    struct err err = {0};
    scratch_put_text("old");
    static const struct {
        struct tensor tensors[2];
        size_t n;
        struct tensor_note notes[2];
        size_t n_notes;
        const char *says;
    } rows[] = {
        {{{"a", DTYPE_U8, 1, {3}, bytes}, {"a", DTYPE_U8, 1, {2}, bytes}}, 2, {{0}}, 0, "twice"},
        {{{"a", DTYPE_F64, 1, {2}, doubles}, {"a", DTYPE_U8, 1, {2}, bytes}}, 2, {{0}}, 0, "twice"},
        {{{"__metadata__", DTYPE_U8, 1, {3}, bytes}}, 1, {{0}}, 0, "named"},
        {{{"a", DTYPE_U8, 9, {3}, bytes}}, 1, {{0}}, 0, "rank 9"},
        {{{"a", DTYPE_U8, -1, {3}, bytes}}, 1, {{0}}, 0, "rank -1"},
        {{{"a", DTYPE_U8, 2, {SIZE_MAX, 2}, bytes}}, 1, {{0}}, 0, "overflows"},
        {{{"a", DTYPE_F32, 1, {SIZE_MAX / 2}, bytes}}, 1, {{0}}, 0, "overflows"},
        {{{"\xff", DTYPE_U8, 1, {3}, bytes}}, 1, {{0}}, 0, "UTF-8"},
        {{{"a", DTYPE_U8, 1, {3}, bytes}}, 1, {{"k", "\xff"}}, 1, "UTF-8"},
        {{{"a", DTYPE_U8, 1, {3}, bytes}}, 1, {{"\xff", "v"}}, 1, "UTF-8"},
        {{{"a", DTYPE_U8, 1, {3}, bytes}}, 1, {{"k", "v"}, {"k", "w"}}, 2, "twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(tensorfile_write(scratch_file, rows[i].tensors, rows[i].n, rows[i].notes,
                                          rows[i].n_notes, &err),
                         -1);
        assert_error(&err, STATUS_DATA, scratch_file, rows[i].says);
    }
    struct buf b = {0};
    scratch_get(scratch_file, &b);
    assert_string_equal(b.data, "old");
    buf_free(&b);
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(tensorfile_write("/dev/full", mixed, N_MIXED, NULL, 0, &err), -1);
        assert_int_equal(err.status, STATUS_IO);
    }
}

/* Parse from an allocation of exactly that size, so that the sanitizer sees a read beyond it. */
static struct tensorfile *parse(const void *file, size_t len, struct err *err) {
    char *copy = mem_alloc(len, 1);
    if (len)
        memcpy(copy, file, len);
    struct tensorfile *f = tensorfile_parse("x", copy, len, err);
    free(copy);
    return f;
}

/* A file of this header (its own length, unless given) and so many bytes of data. */
static struct buf hostile(const char *json, size_t data_bytes) {
    struct buf b = {0};
    uint64_t n = strlen(json);
    buf_add(&b, &n, 8);
    buf_puts(&b, json);
    for (size_t i = 0; i < data_bytes; i++)
        buf_putc(&b, (char)i);
    return b;
}

#define ENTRY(dtype, shape, offsets)                                                               \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void hostile_headers(void **state) {
    (void)state;
    static const struct {
        const char *json;
        size_t data_bytes;
        const char *says;
    } rows[] = {
        {"", 0, "not a JSON object"},
        {" {}", 0, "not a JSON object"},
        {"[]", 0, "not a JSON object"},
        {"{", 0, "header: byte"},
        {"{}x", 0, "header: byte"},
        {"{\"a\":" ENTRY("F32", "[2,3]", "[0,12]") "}", 12,
         "x: tensor 'a': offsets 0..12 do not fit shape [2,3] of F32"},
        {"{\"a\":" ENTRY("F32", "[2,3]", "[24,0]") "}", 24, "offsets 24..0 do not fit"},
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") "}", 3, "truncated: 3 bytes of tensors, 4 promised"},
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") "}", 5, "1 bytes after the last tensor"},
        {"{}", 1, "1 bytes after the last tensor"},
        {"{\"a\":" ENTRY("U8", "[4]", "[1,5]") "}", 5, "tensor 'a': begins at offset 1"},
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") ",\"b\":" ENTRY("U8", "[4]", "[5,9]") "}", 9,
         "tensor 'b': begins at offset 5, not at the end"}, /* a hole */
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") ",\"b\":" ENTRY("U8", "[4]", "[3,7]") "}", 7,
         "tensor 'b': begins at offset 3, inside"}, /* an overlap */
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") ",\"b\":" ENTRY("U8", "[4]", "[0,4]") "}", 4,
         "tensor 'b': begins at offset 0, inside"},
        {"{\"a\":" ENTRY("U8", "[4]", "[0,4]") ",\"a\":" ENTRY("U8", "[4]", "[4,8]") "}", 8,
         "duplicate"},
        {"{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}", 0, "duplicate"},
        {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
         "duplicate"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k' is not a string"},
        {"{\"__metadata__\":{\"k\":{\"l\":\"v\"}}}", 0, "metadata 'k' is not a string"},
        {"{\"__metadata__\":[]}", 0, "__metadata__ is not"},
        {"{\"__metadata__\":null}", 0, "__metadata__ is not"},
        {"{\"a\":7}", 0, "not a JSON object"},
        {"{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1, "no dtype"},
        {"{\"a\":{\"dtype\":3,\"shape\":[],\"data_offsets\":[0,1]}}", 1, "no dtype"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "no shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, "data_offsets"},
        {"{\"a\":" ENTRY("F7", "[1]", "[0,1]") "}", 1, "dtype 'F7' is not known"},
        {"{\"a\":" ENTRY("U8", "[-1]", "[0,1]") "}", 1, "dimension 0"},
        {"{\"a\":" ENTRY("U8", "[1,1.0]", "[0,1]") "}", 1, "dimension 1"},
        {"{\"a\":" ENTRY("U8", "[\"1\"]", "[0,1]") "}", 1, "dimension 0"},
        {"{\"a\":" ENTRY("U8", "[1]", "[-1,0]") "}", 1, "data_offsets are not two whole"},
        {"{\"a\":" ENTRY("U8", "[1]", "[0]") "}", 1, "data_offsets are not two whole"},
        {"{\"a\":" ENTRY("U8", "[1]", "[0,1,2]") "}", 1, "data_offsets are not two whole"},
        {"{\"a\":" ENTRY("U8", "[1]", "[0,1e0]") "}", 1, "data_offsets are not two whole"},
        {"{\"a\":" ENTRY("U8", "[1]", "[0,18446744073709551616]") "}", 1, "too big"},
        {"{\"a\":" ENTRY("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "rank 9"},
        /* Products that come to 0 or 1 when they wrap round. */
        {"{\"a\":" ENTRY("U8", "[4294967296,4294967296]", "[0,0]") "}", 0, "do not fit"},
        {"{\"a\":" ENTRY("U8", "[4294967296,4294967296,0]", "[0,0]") "}", 0, "do not fit"},
        {"{\"a\":" ENTRY("F64", "[2305843009213693952]", "[0,0]") "}", 0, "do not fit"},
        {"{\"a\":" ENTRY("F32", "[4611686018427387905]", "[0,4]") "}", 4, "do not fit"},
        {"{\"a\":" ENTRY("U8", "[9223372036854775807]", "[0,9223372036854775807]") "}", 4,
         "truncated"},
        {"{\"a\\u0000b\":" ENTRY("U8", "[1]", "[0,1]") "}", 1, "header: byte"},
        {"{\"\xff\":" ENTRY("U8", "[1]", "[0,1]") "}", 1, "header: byte"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = hostile(rows[i].json, rows[i].data_bytes);
        struct err err = {0};
        assert_null(parse(b.data, b.len, &err));
        assert_error(&err, STATUS_DATA, "x: ", rows[i].says);
        buf_free(&b);
    }
}

static void hostile_lengths(void **state) {
    (void)state;
    static const struct {
        uint64_t n;
        const char *says;
    } rows[] = {
        {UINT64_MAX, "more than 100000000"},
        {UINT64_MAX - 7, "more than 100000000"},
        {100000001, "more than 100000000"},
        {100000000, "truncated"},
        {3, "truncated"},
        {0, "not a JSON object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char file[10] = {0};
        memcpy(file, &rows[i].n, 8);
        memcpy(file + 8, "{}", 2);
        struct err err = {0};
        assert_null(parse(file, sizeof file, &err));
        assert_non_null(strstr(err.text, rows[i].says));
        scratch_put(file, sizeof file);
        assert_null(tensorfile_open(scratch_file, &err));
        assert_error(&err, STATUS_DATA, NULL, rows[i].says);
    }
}

static void deep_nesting(void **state) {
    (void)state;
    struct buf json = {0};
    buf_puts(&json, "{\"a\":");
    for (int i = 0; i < 1000000; i++)
        buf_putc(&json, '[');
    struct buf b = hostile(json.data, 0);
    struct err err = {0};
    assert_null(parse(b.data, b.len, &err));
    assert_non_null(strstr(err.text, "depth"));
    buf_free(&json);
    buf_free(&b);
}

/* Legal, if unusual: unordered entries, unaligned tensors, empty ones, unknown keys. */
static void unusual_files(void **state) {
    (void)state;
    struct buf b = hostile(
        "{\"f\":" ENTRY("F64", "[1]", "[3,11]") ",\"e\":" ENTRY(
            "F32", "[0,9]",
            "[3,3]") ",\"u\":" ENTRY("U8", "[3]", "[0,3]") ","
                                                           "\"s\":{\"dtype\":\"F16\",\"shape\":[],"
                                                           "\"data_offsets\":[11,13],\"new\":1}}  ",
        13);
    struct err err = {0};
    struct tensorfile *f = parse(b.data, b.len, &err);
    assert_string_equal(err.text, "");
    assert_non_null(f);
    static const char *const order[] = {"u", "e", "f", "s"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(f->tensors[i].name, order[i]);
        assert_int_equal((uintptr_t)f->tensors[i].data % dtype_bytes(f->tensors[i].dtype), 0);
    }
    double value;
    memcpy(&value, b.data + b.len - 10, sizeof value);
    assert_true(*(const double *)tensorfile_find(f, "f")->data == value);
    assert_int_equal(*(const uint16_t *)tensorfile_find(f, "s")->data, 11 | 12 << 8);
    tensorfile_close(f);
    buf_free(&b);
}

static void every_truncation_is_an_error(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, mixed, N_MIXED, notes, 2, &err), 0);
    struct buf b = {0};
    scratch_get(scratch_file, &b);
    for (size_t len = 0; len < b.len; len++)
        assert_null(parse(b.data, len, &err));
    struct tensorfile *f = parse(b.data, b.len, &err);
    assert_non_null(f);
    tensorfile_close(f);
    buf_free(&b);
}

/* Random damage may pass or not, but what passes can be read to its last byte. */
static void random_damage_does_no_harm(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(tensorfile_write(scratch_file, mixed, N_MIXED, notes, 2, &err), 0);
    struct buf b = {0};
    scratch_get(scratch_file, &b);
    char *damaged = mem_alloc(b.len, 1);
    static const char likely[] = "0123456789{}[]\",:- ";
    size_t passed = 0;
    for (uint64_t round = 0; round < 20000; round++) {
        struct rng r = rng_at(1, RNG_NOISE, round);
        memcpy(damaged, b.data, b.len);
        for (uint32_t k = 1 + rng_below(&r, 3); k; k--) {
            char c = likely[rng_below(&r, sizeof likely - 1)];
            damaged[rng_below(&r, (uint32_t)b.len)] = rng_below(&r, 4) ? c
                                                                       : (char)rng_below(&r, 256);
        }
        struct tensorfile *f = parse(damaged, b.len, &err);
        unsigned sum = 0;
        for (size_t i = 0; f && i < f->n; i++)
            for (size_t k = 0; k < tensor_bytes(&f->tensors[i]); k++)
                sum += ((const unsigned char *)f->tensors[i].data)[k];
        passed += f && sum != 1;
        tensorfile_close(f);
    }
    assert_true(passed > 0);
    free(damaged);
    buf_free(&b);
}

static void not_a_file(void **state) {
    (void)state;
    struct err err = {0};
    assert_null(tensorfile_open("/nonexistent/x.safetensors", &err));
    assert_int_equal(err.status, STATUS_NOINPUT);
    assert_null(tensorfile_open(scratch_folder, &err));
    assert_int_equal(err.status, STATUS_NOINPUT);
    assert_null(tensorfile_open("/dev/zero", &err));
    assert_int_equal(err.status, STATUS_NOINPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_bytes),
        cmocka_unit_test(reference_example),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(order_of_arguments_does_not_matter),
        cmocka_unit_test(no_tensors),
        cmocka_unit_test(need),
        cmocka_unit_test(refused_writes),
        cmocka_unit_test(hostile_headers),
        cmocka_unit_test(hostile_lengths),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(unusual_files),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(random_damage_does_no_harm),
        cmocka_unit_test(not_a_file),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
