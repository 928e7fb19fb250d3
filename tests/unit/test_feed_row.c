#include <math.h>

#include "lib/rng.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/feeding.h"

static void vectors_are_read_from_their_columns(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(0);
    q.by = BATCH_ALL;
    q.layout.objective = OBJECTIVE_VALUE;
    q.columns = (struct columns){.features = "a,b", .values = "y"};
    struct feed *f = feeding_open(
        "##espalier 1\n#a\ty\tb\n1 -2.5\t7\t3e-1\n 4  5 \t-1\t6\n##end\tn=2\n", &q, &v, &err);
    if (!f)
        fail_msg("%s", err.text);
    struct feed_facts facts = feed_facts(f);
    assert_int_equal(facts.features, 3);
    assert_int_equal(facts.outputs, 1);
    assert_int_equal(facts.tokens, 0);
    assert_int_equal(facts.most_sequences, 2);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    const real features[] = {1, (real)-2.5, (real)3e-1, 4, 5, 6}, values[] = {7, -1};
    assert_int_equal(b.sequences, 2);
    assert_int_equal(b.tokens, 0);
    assert_memory_equal(b.feature, features, sizeof features);
    assert_memory_equal(b.value, values, sizeof values);
    assert_null(b.offset);
    assert_null(b.label);
    feed_free(f);
    vocab_free(&v);
}

static void vectors_stand_beside_tokens_and_classes(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(2);
    q.by = BATCH_ALL;
    q.layout.objective = OBJECTIVE_CLASS;
    q.layout.bos = q.layout.eos = false;
    q.columns = (struct columns){.source = "source", .features = "f", .label = "kind"};
    q.same_length = true;
    struct feed *f = feeding_open(
        "#source\tf\tkind\nx y\t0.5\tthe one\ny x\t1\tno\nx x\t2\tthe one\n", &q, &v, &err);
    if (!f)
        fail_msg("%s", err.text);
    assert_batch(f, &v, 1, "x:. y:. =the one / y:. x:. =no / x:. x:. =the one");
    struct feed_facts facts = feed_facts(f);
    assert_int_equal(facts.classes, 2);
    assert_int_equal(facts.vocabulary, 2);
    assert_int_equal(facts.features, 1);
    assert_int_equal(facts.tokens, 2);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    assert_true(b.feature[0] == 0.5 && b.feature[2] == 2);
    feed_free(f);
    vocab_free(&v);
}

static void the_columns_of_words_can_be_named(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(1);
    q.layout.objective = OBJECTIVE_TARGET;
    q.columns = (struct columns){.source = "q", .target = "a"};
    struct feed *f = feeding_open("##espalier 1\n#a\tsource\tq\nx\tz\ty\n##end\tn=1\n", &q, &v,
                                  &err);
    assert_non_null(f);
    assert_batch(f, &v, 1, "<bos>:. y:x x:<eos>");
    feed_free(f);
    vocab_free(&v);
}

static void bad_rows_are_refused_with_their_line(void **state) {
    (void)state;
    const struct {
        const char *text, *features, *values;
        enum objective objective;
        bool same;
        const char *message;
    } cases[] = {
        {"#source\tf\ty\na\t1\t1\na\tx\t1\n", "f", "y", OBJECTIVE_VALUE, false,
         "line 3: column 'f': 'x' is not a finite number"},
        {"#source\tf\ty\na\t1\tnan\n", "f", "y", OBJECTIVE_VALUE, false,
         "line 2: column 'y': 'nan'"},
        {"#source\tf\ty\na\tinf\t1\n", "f", "y", OBJECTIVE_VALUE, false, "'inf'"},
        {"#source\tf\ty\na\t1e999\t1\n", "f", "y", OBJECTIVE_VALUE, false, "'1e999'"},
        {"#source\tf\ty\na\t0x10\t1\n", "f", "y", OBJECTIVE_VALUE, false, "'0x10'"},
        {"#source\tf\ty\na\t1,2\t1\n", "f", "y", OBJECTIVE_VALUE, false, "'1,2'"},
        {"#source\tf\ty\na\t\t1\n", "f", "y", OBJECTIVE_VALUE, false, "line 2: no features"},
        {"#source\tf\ty\na\t1 2\t1\nb\t1\t1\n", "f", "y", OBJECTIVE_VALUE, false,
         "line 3: 1 features where there must be 2"},
        {"#source\tf\ty\na\t1\t1\nb\t1\t1 2\n", "f", "y", OBJECTIVE_VALUE, false,
         "line 3: 2 values where there must be 1"},
        {"#source\tf\ty\na\t1\t1\nb\t1\n", "f", "y", OBJECTIVE_VALUE, false, "line 3"},
        {"#source\tf\ty\na\t1\t1\n", "g", "y", OBJECTIVE_VALUE, false, "'g'"},
        {"#source\tf\ty\na\t1\t1\n", "f,", "z", OBJECTIVE_VALUE, false, "'z'"},
        {"a b\ta\na b c\ta\n", NULL, NULL, OBJECTIVE_CLASS, true,
         "line 2: 5 tokens where there must be 4"},
        {"a b\n", NULL, NULL, OBJECTIVE_VALUE, false, "'target'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.layout.objective = cases[i].objective;
        q.columns.features = cases[i].features;
        q.columns.values = cases[i].values;
        q.same_length = cases[i].same;
        assert_null(feeding_open(cases[i].text, &q, &v, &err));
        assert_error(&err, STATUS_DATA, scratch_file, cases[i].message);
        vocab_free(&v);
    }
}

static void a_default_regression_reads_the_target(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(1);
    q.layout.objective = OBJECTIVE_VALUE;
    struct feed *f = feeding_open("a b\t0.25 -1\n", &q, &v, &err);
    assert_non_null(f);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    assert_int_equal(b.tokens, 4);
    assert_true(b.value[0] == (real)0.25 && b.value[1] == -1);
    assert_int_equal(v.n, 4); /* the numbers are no words */
    feed_free(f);
    vocab_free(&v);
}

/* Whatever bytes come, there is a feed or a sentence. */
static void hostile_rows_end_in_a_feed_or_a_sentence(void **state) {
    (void)state;
    static const char *const pieces[] = {"a",
                                         " ",
                                         "\t",
                                         "\n",
                                         "<bos>",
                                         "1",
                                         "-0.5",
                                         "nan",
                                         "#",
                                         "##",
                                         "  ",
                                         "b",
                                         "source",
                                         "target",
                                         "x",
                                         "\t\t",
                                         "##espalier 1\n",
                                         "##end\tn=1\n",
                                         "##vocab\ta b\n",
                                         "\r\n",
                                         "<mask>",
                                         "#source\ttarget\n"};
    int opened = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct rng r = rng_at(seed, RNG_EVAL, 0);
        struct buf text = {0};
        buf_puts(&text, "");
        for (uint32_t n = rng_below(&r, 14); n > 0; n--)
            buf_puts(&text, pieces[rng_below(&r, sizeof pieces / sizeof *pieces)]);
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1 + rng_below(&r, 3));
        q.layout.objective = (enum objective)rng_below(&r, 5);
        q.layout.shape = q.layout.objective == OBJECTIVE_MASKED ? SHAPE_ENCODER
                         : rng_below(&r, 3) == 0                ? SHAPE_ENCODER_DECODER
                                                                : SHAPE_DECODER;
        q.layout.bos = rng_below(&r, 2);
        q.layout.eos = rng_below(&r, 2);
        q.by = (enum batch_by)rng_below(&r, 3);
        q.pack = rng_below(&r, 4) == 0 ? 1 + rng_below(&r, 5) : 0;
        q.window = rng_below(&r, 4) == 0 ? 1 + rng_below(&r, 5) : 0;
        q.columns.features = rng_below(&r, 5) == 0 ? "source" : NULL;
        q.mask_words = rng_below(&r, 4) == 0 ? "a,b" : NULL;
        struct feed *f = feeding_open(text.data, &q, &v, &err);
        if (!f) {
            assert_true(err.status == STATUS_DATA || err.status == STATUS_USAGE);
            assert_true(strlen(err.text) > 10);
        }
        for (int64_t step = 1; f && step < 6; step++) {
            struct batch b;
            assert_int_equal(feed_batch(f, step, &b, &err), 0);
            int counted = b.label || b.value;
            for (int i = 0; i < b.tokens; i++) {
                assert_in_range(b.input[i], 0, v.n - 1);
                assert_true(b.target[i] >= -1 && b.target[i] < (int32_t)v.n);
                counted += b.target[i] >= 0;
            }
            assert_true(counted > 0 || q.pack);
            assert_true(b.tokens <= feed_most_tokens(f));
            for (int s = 0; b.offset && s < b.sequences; s++)
                assert_true(b.offset[s + 1] - b.offset[s] <= feed_longest(f));
        }
        opened += f != NULL;
        feed_free(f);
        vocab_free(&v);
        buf_free(&text);
    }
    assert_in_range(opened, 100, 3900);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_read_from_their_columns),
        cmocka_unit_test(vectors_stand_beside_tokens_and_classes),
        cmocka_unit_test(the_columns_of_words_can_be_named),
        cmocka_unit_test(bad_rows_are_refused_with_their_line),
        cmocka_unit_test(a_default_regression_reads_the_target),
        cmocka_unit_test(hostile_rows_end_in_a_feed_or_a_sentence),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
