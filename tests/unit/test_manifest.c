/* lib/manifest: what run.json says, and what may be continued. */
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/hash.h"
#include "lib/manifest.h"
#include "lib/table.h"
#include "lib/version.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

static struct manifest *fresh(void) {
    static const char *const argv[] = {"train-x", "--steps", "5000"};
    return manifest_new("train-x", 3, (char *const *)argv);
}

static bool is_time(const char *t) {
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    if (!t || strlen(t) != strlen(shape))
        return false;
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? t[i] < '0' || t[i] > '9' : t[i] != shape[i])
            return false;
    return true;
}

static void filled_in(void **state) {
    (void)state;
    struct manifest *m = fresh();
    assert_string_equal(manifest_string(m, NULL, "tool"), "train-x");
    assert_string_equal(manifest_string(m, NULL, "version"), version_text());
    assert_string_equal(manifest_string(m, NULL, "command"), "train-x --steps 5000");
    assert_int_equal(manifest_status(m), MANIFEST_RUNNING);
    assert_true(is_time(manifest_string(m, NULL, "started")));
    assert_true(is_time(manifest_string(m, NULL, "updated")));
    assert_non_null(manifest_string(m, "machine", "host"));
    assert_non_null(manifest_string(m, "machine", "system"));
    assert_true(manifest_integer(m, "machine", "cores", 0) >= 1);
    manifest_free(m);
    manifest_free(NULL);
}

static void commands_are_quoted(void **state) {
    (void)state;
    static const char *const argv[] = {"gen",  "--where", "center=1.0", "",  "a b",
                                       "it's", "$x",      "*",          "~", "-o"};
    struct buf b = {0};
    manifest_put_command(&b, 10, (char *const *)argv);
    assert_string_equal(b.data, "gen --where center=1.0 '' 'a b' 'it'\\''s' '$x' '*' '~' -o");
    buf_free(&b);
    static const char *const not_utf8[] = {"a\xff"};
    struct manifest *m = manifest_new("t", 1, (char *const *)not_utf8);
    assert_string_equal(manifest_string(m, NULL, "command"), "'a?'");
    manifest_free(m);
}

static void values_round_trip(void **state) {
    (void)state;
    struct err err = {0};
    struct manifest *m = fresh();
    manifest_set_string(m, "options", "optimizer", "adamw \"\n\xc3\xa9");
    manifest_set_string(m, "options", "resume-from", NULL);
    manifest_set_integer(m, "options", "steps", INT64_MIN);
    manifest_set_number(m, "options", "lr", 0.1);
    manifest_set_number(m, "options", "eps", 1.0 / 3);
    manifest_set_number(m, "options", "big", DBL_MAX);
    manifest_set_number(m, "options", "tiny", DBL_TRUE_MIN);
    manifest_set_number(m, "options", "clip", INFINITY);
    manifest_set_number(m, "options", "loss", NAN);
    manifest_set_bool(m, "options", "tied", true);
    manifest_set_unsigned(m, "seeds", "init", 0);
    manifest_set_unsigned(m, "seeds", "order", UINT64_MAX);
    manifest_set_integer(m, "model", "parameters", 3); /* a section made at need */
    manifest_set_integer(m, "model", "parameters", 4);
    manifest_set_status(m, MANIFEST_STOPPED);
    assert_int_equal(manifest_write(m, scratch_file, &err), 0);
    manifest_free(m);
    m = manifest_read(scratch_file, &err);
    assert_string_equal(err.text, "");
    assert_non_null(m);
    assert_string_equal(manifest_string(m, "options", "optimizer"), "adamw \"\n\xc3\xa9");
    assert_null(manifest_string(m, "options", "resume-from"));
    assert_true(manifest_integer(m, "options", "steps", 0) == INT64_MIN);
    assert_true(manifest_number(m, "options", "lr", 0) == 0.1);
    assert_true(manifest_number(m, "options", "eps", 0) == 1.0 / 3);
    assert_true(manifest_number(m, "options", "big", 0) == DBL_MAX);
    assert_true(manifest_number(m, "options", "tiny", 0) == DBL_TRUE_MIN);
    assert_string_equal(manifest_string(m, "options", "clip"), "inf");
    assert_string_equal(manifest_string(m, "options", "loss"), "nan");
    assert_true(manifest_bool(m, "options", "tied", false));
    assert_int_equal(manifest_integer(m, "seeds", "init", 9), 0);
    assert_string_equal(manifest_string(m, "seeds", "order"), "18446744073709551615");
    assert_int_equal(manifest_integer(m, "model", "parameters", 0), 4);
    assert_int_equal(manifest_status(m), MANIFEST_STOPPED);
    /* Absent, or of another type. */
    assert_int_equal(manifest_integer(m, "options", "lr", 7), 7);
    assert_int_equal(manifest_integer(m, "none", "lr", 7), 7);
    assert_true(manifest_number(m, "options", "none", 7) == 7);
    assert_null(manifest_string(m, NULL, "none"));
    assert_true(manifest_bool(m, NULL, "tool", true));
    manifest_free(m);
}

static void layout(void **state) {
    (void)state;
    struct err err = {0};
    struct manifest *m = fresh();
    json_t *root = manifest_json(m);
    json_object_clear(root);
    manifest_set_string(m, NULL, "tool", "t");
    manifest_set_number(m, "options", "lr", 0.1);
    manifest_set_integer(m, "options", "b", 1);
    manifest_set_integer(m, "options", "a", 2);
    assert_int_equal(manifest_write(m, scratch_file, &err), 0);
    manifest_free(m);
    struct buf b = {0};
    assert_int_equal(table_load(scratch_file, &b, &err), 0);
    static const char expected[] = "{\n  \"tool\": \"t\",\n  \"options\": {\n    \"lr\": 0.1,\n"
                                   "    \"b\": 1,\n    \"a\": 2\n  },\n  \"updated\": \"";
    assert_int_equal(strncmp(b.data, expected, sizeof expected - 1), 0);
    assert_string_equal(b.data + b.len - 5, "Z\"\n}\n");
    buf_free(&b);
}

static void inputs(void **state) {
    (void)state;
    struct manifest *m = fresh();
    manifest_add_input(m, "train", "a.tsv", 3, 0x78af5f94892f3950);
    manifest_add_input(m, "eval:ood", "-", 5, 1);
    json_t *list = json_object_get(manifest_json(m), "inputs"), *first = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(first, "role")), "train");
    assert_string_equal(json_string_value(json_object_get(first, "path")), "a.tsv");
    assert_int_equal(json_integer_value(json_object_get(first, "examples")), 3);
    assert_string_equal(json_string_value(json_object_get(first, "xxh3")), "xxh3:78af5f94892f3950");
    manifest_free(m);
}

static void unreadable(void **state) {
    (void)state;
    struct err err = {0};
    assert_null(manifest_read(scratch_file, &err));
    assert_int_equal(err.status, STATUS_NOINPUT);
    static const char *const bad[] = {"", "{", "[]", "{\"a\":1,\"a\":2}", "{}x", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_put_text(bad[i]);
        assert_null(manifest_read(scratch_file, &err));
        assert_error(&err, STATUS_DATA, scratch_file, NULL);
    }
    assert_null(manifest_read(scratch_folder, &err));
    assert_int_equal(err.status, STATUS_IO);
    /* An object that is no manifest of ours gives nothing, harmlessly. */
    scratch_put_text("{\"status\":\"lost\",\"options\":3,\"inputs\":{}}");
    struct manifest *m = manifest_read(scratch_file, &err);
    assert_non_null(m);
    assert_int_equal(manifest_status(m), MANIFEST_UNKNOWN);
    assert_null(manifest_string(m, "options", "x"));
    manifest_set_integer(m, "options", "x", 1);
    manifest_add_input(m, "train", "-", 5, 1);
    assert_int_equal(manifest_integer(m, "options", "x", 0), 1);
    manifest_free(m);
}

/* The options of a manifest as JSON text, for short tests. */
static struct manifest *with(const char *section, const char *json) {
    struct manifest *m = fresh();
    json_t *value = json_loads(json, 0, NULL);
    assert_non_null(value);
    json_object_set_new(manifest_json(m), section, value);
    return m;
}

#define TAIL "; use another folder, or the options it was made with"

static void options_compared(void **state) {
    (void)state;
    static const char *const ignored[] = {"threads", "seed-order", NULL};
    static const struct {
        const char *section, *old, *now, *says; /* NULL: no difference */
    } rows[] = {
        {"options", "{}", "{}", NULL},
        {"options", "{\"steps\":5000}", "{\"steps\":6000}",
         "runs/x: made with --steps 5000, not 6000" TAIL},
        {"options", "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":5,\"c\":6}",
         "runs/x: made with --b 2, not 5" TAIL},
        {"options", "{\"lr\":0.1}", "{\"lr\":0.001}", "runs/x: made with --lr 0.1, not 0.001" TAIL},
        {"options", "{\"lr\":1}", "{\"lr\":1.0}", NULL},
        {"options", "{\"opt\":\"adam\"}", "{\"opt\":\"s g d\"}",
         "runs/x: made with --opt adam, not 's g d'" TAIL},
        {"options", "{\"tied\":true}", "{\"tied\":false}",
         "runs/x: made with --tied, not without it" TAIL},
        {"options", "{\"tied\":false}", "{\"tied\":true}", "runs/x: made without --tied" TAIL},
        {"options", "{\"e\":null}", "{\"e\":\"x\"}", "runs/x: made without --e" TAIL},
        {"options", "{}", "{\"e\":\"x\"}", "runs/x: made without --e" TAIL},
        {"options", "{\"e\":\"x\"}", "{}", "runs/x: made with --e x, not without it" TAIL},
        {"options", "{\"e\":null}", "{}", NULL},
        {"options", "{}", "{\"e\":null}", NULL},
        {"options", "{\"e\":\"\"}", "{\"e\":\"x\"}", "runs/x: made with --e '', not x" TAIL},
        {"options", "{\"threads\":1}", "{\"threads\":2}", NULL},
        {"options", "{\"threads\":1,\"k\":1}", "{\"threads\":2,\"k\":2}",
         "runs/x: made with --k 1, not 2" TAIL},
        {"options", "{\"eval\":[\"a\",\"b\"]}", "{\"eval\":[\"a\"]}",
         "runs/x: made with --eval [\"a\",\"b\"], not [\"a\"]" TAIL},
        {"options", "{\"eval\":[\"a\"]}", "{\"eval\":[\"a\"]}", NULL},
        {"seeds", "{\"init\":0}", "{\"init\":1}", "runs/x: made with --seed-init 0, not 1" TAIL},
        {"seeds", "{\"order\":0}", "{\"order\":1}", NULL},
        {"seeds", "{\"init\":1}", "{\"init\":\"18446744073709551615\"}",
         "runs/x: made with --seed-init 1, not 18446744073709551615" TAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct manifest *old = with(rows[i].section, rows[i].old);
        struct manifest *now = with(rows[i].section, rows[i].now);
        struct err err = {0};
        int status = manifest_compare(old, now, "runs/x", ignored, &err);
        assert_int_equal(status, rows[i].says ? -1 : 0);
        assert_int_equal(err.status, rows[i].says ? STATUS_USAGE : STATUS_OK);
        assert_string_equal(err.text, rows[i].says ? rows[i].says : "");
        assert_int_equal(manifest_compare_options(old, now, "runs/x", ignored, NULL), status);
        manifest_free(old);
        manifest_free(now);
    }
}

/* A value survives the file, so a run is the same as itself. */
static void same_after_reading(void **state) {
    (void)state;
    struct err err = {0};
    struct manifest *now = fresh();
    manifest_set_number(now, "options", "lr", 1.0 / 3);
    manifest_set_number(now, "options", "decay", 2);
    manifest_set_number(now, "options", "clip", NAN);
    manifest_set_string(now, "options", "from", NULL);
    manifest_set_string(now, "options", "path", "\xff");
    manifest_set_unsigned(now, "seeds", "init", UINT64_MAX);
    manifest_add_input(now, "train", "a", 1, 2);
    assert_int_equal(manifest_write(now, scratch_file, &err), 0);
    struct manifest *old = manifest_read(scratch_file, &err);
    assert_non_null(old);
    assert_int_equal(manifest_compare(old, now, "runs/x", NULL, &err), 0);
    manifest_free(old);
    manifest_free(now);
}

static void tools_and_inputs_compared(void **state) {
    (void)state;
    struct err err = {0};
    struct manifest *old = fresh(), *now = manifest_new("train-y", 0, NULL);
    assert_int_equal(manifest_compare(old, now, "runs/x", NULL, &err), -1);
    assert_string_equal(err.text, "runs/x: made by train-x, not train-y; use another folder");
    manifest_free(now);
    now = fresh();
    manifest_add_input(old, "train", "a.tsv", 3, 1);
    assert_int_equal(manifest_compare(old, now, "runs/x", NULL, &err), -1);
    assert_non_null(strstr(err.text, "made from 1 inputs, not 0"));
    manifest_add_input(now, "train", "b.tsv", 3, 1); /* moved, not changed */
    assert_int_equal(manifest_compare(old, now, "runs/x", NULL, &err), 0);
    manifest_add_input(old, "train", "c.tsv", 3, 5);
    manifest_add_input(now, "train", "d.tsv", 3, 6);
    assert_int_equal(manifest_compare(old, now, "runs/x", NULL, &err), -1);
    assert_non_null(strstr(err.text, "made from 'c.tsv', whose content was not that of 'd.tsv'"));
    assert_int_equal(err.status, STATUS_USAGE);
    manifest_free(old);
    manifest_free(now);
}

static void continued(void **state) {
    (void)state;
    struct manifest *old = fresh(), *now = fresh();
    manifest_set_string(old, NULL, "started", "2020-01-01T00:00:00Z");
    manifest_continue(now, old);
    assert_string_equal(manifest_string(now, NULL, "started"), "2020-01-01T00:00:00Z");
    assert_int_equal(manifest_integer(now, NULL, "resumed", 0), 1);
    manifest_continue(old, now);
    assert_int_equal(manifest_integer(old, NULL, "resumed", 0), 2);
    manifest_free(old);
    manifest_free(now);
}

static void refused_write_leaves_the_old(void **state) {
    (void)state;
    struct err err = {0};
    struct manifest *m = fresh();
    assert_int_equal(manifest_write(m, "/nonexistent/run.json", &err), -1);
    assert_int_equal(err.status, STATUS_CANTCREATE);
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(manifest_write(m, "/dev/full", &err), -1);
        assert_int_equal(err.status, STATUS_IO);
    }
    manifest_free(m);
}

#define TEST(f) cmocka_unit_test_teardown(f, scratch_empty)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(filled_in),
        TEST(commands_are_quoted),
        TEST(values_round_trip),
        TEST(layout),
        TEST(inputs),
        TEST(unreadable),
        TEST(options_compared),
        TEST(same_after_reading),
        TEST(tools_and_inputs_compared),
        TEST(continued),
        TEST(refused_write_leaves_the_old),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
