#include "tests/unit/assert_error.h"
#include "tests/unit/feeding.h"

enum { LINES = 60 };

/* A corpus whose line i is "wI" and some more words; it names its vocabulary. */
static char *corpus(void) {
    struct buf b = {0};
    buf_puts(&b, "##espalier 1\n##vocab\tx y");
    for (int i = 0; i < LINES; i++)
        buf_printf(&b, " w%d", i);
    buf_puts(&b, "\n#source\ttarget\n");
    for (int i = 0; i < LINES; i++)
        buf_printf(&b, "w%d%s\t%s\n", i, i % 3 ? " x" : "", i % 4 ? "y" : "x y x");
    buf_printf(&b, "##end\tn=%d\n", LINES);
    return b.data;
}

static void add_batch(struct buf *b, struct feed *f, const struct vocab *v, int64_t step) {
    struct batch batch;
    struct err err = {0};
    if (feed_batch(f, step, &batch, &err) != 0)
        fail_msg("%s", err.text);
    buf_printf(b, "%s%s", b->len ? " / " : "", feeding_text(v, feed_classes(f), &batch));
}

/* A stream gives what a full batch of the same corpus in memory holds, however it is cut. */
static void a_stream_is_the_corpus_in_memory(void **state) {
    (void)state;
    char *text = corpus();
    for (int kind = 0; kind < 4; kind++) {
        struct vocab v = {0}, w = {0};
        struct err err = {0};
        struct feed_request memory = feeding_request(0), q = feeding_request(kind == 1 ? 23 : 6);
        memory.by = BATCH_ALL;
        if (kind == 1)
            q.by = BATCH_TOKENS;
        if (kind == 2) {
            memory.layout.shape = q.layout.shape = SHAPE_ENCODER_DECODER;
            memory.layout.objective = q.layout.objective = OBJECTIVE_TARGET;
        }
        if (kind == 3)
            memory.window = q.window = 3;
        struct feed *f = feeding_open(text, &memory, &v, &err);
        assert_non_null(f);
        struct buf all = {0}, parts = {0};
        add_batch(&all, f, &v, 1);
        feed_free(f);
        f = feeding_stream(text, &q, &w, &err);
        assert_non_null(f);
        assert_true(feed_is_stream(f));
        assert_int_equal(feed_examples(f), 0);
        for (int64_t step = 1; parts.len < all.len * 4 / 5; step++)
            add_batch(&parts, f, &w, step);
        if (strncmp(all.data, parts.data, parts.len) != 0)
            fail_msg("'%s' is not the beginning of '%s'", parts.data, all.data);
        feed_free(f);
        vocab_free(&v);
        vocab_free(&w);
        buf_free(&all);
        buf_free(&parts);
    }
    free(text);
}

static void a_packed_stream_carries_on(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(2);
    q.pack = 3;
    struct feed *f = feeding_stream(
        "##espalier 1\n##vocab\ta b c d e\n#source\na b\nc\nd e a b c\nd\na\n##end\tn=5\n", &q, &v,
        &err);
    assert_non_null(f);
    assert_batch(f, &v, 1, "<bos>:a a:b b:<eos> / <eos>:. <bos>:c c:<eos>");
    assert_batch(f, &v, 2, "<eos>:. <bos>:d d:e / e:a a:b b:c");
    struct vocab w = {0};
    struct feed *g = feeding_stream(
        "##espalier 1\n##vocab\ta b c d e\n#source\na b\nc\nd e a b c\nd\na\n##end\tn=5\n", &q, &w,
        &err);
    assert_int_equal(feed_skip(g, 2, &err), 0);
    assert_true(feed_hash(g) == feed_hash(f));
    assert_batch(g, &w, 3, "c:<eos> <eos>:. <bos>:d / d:<eos> <eos>:. <bos>:a");
    struct batch b;
    assert_int_equal(feed_batch(g, 4, &b, &err), -1);
    assert_error(&err, STATUS_DATA, "standard input", "ended at step 4");
    feed_free(f);
    feed_free(g);
    vocab_free(&v);
    vocab_free(&w);
}

static int number_at(const struct vocab *v, const struct batch *b, int s) {
    return atoi(v->words[b->input[b->offset[s] + 1]] + 1);
}

/* A shuffle buffer gives a permutation, no example more than its size early; the same again, also
 * when it is entered in the middle. */
static void a_shuffle_buffer_permutes_within_its_bound(void **state) {
    (void)state;
    char *text = corpus();
    const int64_t sizes[] = {1, 2, 7, 59, 60, 1000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct vocab v = {0}, w = {0}, u = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(5);
        q.shuffle_buffer = sizes[k];
        q.seed_order = 11;
        struct feed *f = feeding_stream(text, &q, &v, &err);
        assert_non_null(f);
        int order[LINES], seen[LINES] = {0}, moved = 0;
        struct batch b;
        for (int64_t step = 1; step <= LINES / 5; step++) {
            assert_int_equal(feed_batch(f, step, &b, &err), 0);
            for (int s = 0; s < 5; s++)
                order[(step - 1) * 5 + s] = number_at(&v, &b, s);
        }
        for (int i = 0; i < LINES; i++) {
            seen[order[i]]++;
            moved += order[i] != i;
            assert_true(order[i] - i <= sizes[k] - 1);
        }
        for (int i = 0; i < LINES; i++)
            assert_int_equal(seen[i], 1);
        assert_int_equal(moved > 0, sizes[k] > 1);
        assert_int_equal(feed_batch(f, LINES / 5 + 1, &b, &err), -1);
        assert_error(&err, STATUS_DATA, "standard input", "ended at step 13");
        feed_free(f);
        f = feeding_stream(text, &q, &w, &err);
        assert_int_equal(feed_skip(f, 7, &err), 0);
        for (int64_t step = 8; step <= LINES / 5; step++) {
            assert_int_equal(feed_batch(f, step, &b, &err), 0);
            for (int s = 0; s < 5; s++)
                assert_int_equal(order[(step - 1) * 5 + s], number_at(&w, &b, s));
        }
        feed_free(f);
        q.seed_order = 12;
        f = feeding_stream(text, &q, &u, &err);
        int other = 0;
        for (int64_t step = 1; step <= LINES / 5; step++) {
            assert_int_equal(feed_batch(f, step, &b, &err), 0);
            for (int s = 0; s < 5; s++)
                other += order[(step - 1) * 5 + s] != number_at(&u, &b, s);
        }
        assert_int_equal(other > 0, sizes[k] > 1);
        feed_free(f);
        vocab_free(&v);
        vocab_free(&w);
        vocab_free(&u);
    }
    free(text);
}

/* Over many seeds the first example given is any of those in the buffer alike. */
static void a_shuffle_buffer_draws_uniformly(void **state) {
    (void)state;
    enum { SIZE = 4, SEEDS = 400 };
    char *text = corpus();
    int count[SIZE] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.shuffle_buffer = SIZE;
        q.seed_order = seed;
        struct feed *f = feeding_stream(text, &q, &v, &err);
        struct batch b;
        assert_int_equal(feed_batch(f, 1, &b, &err), 0);
        count[number_at(&v, &b, 0)]++;
        feed_free(f);
        vocab_free(&v);
    }
    double x = 0;
    for (int i = 0; i < SIZE; i++)
        x += (count[i] - SEEDS / SIZE) * (count[i] - SEEDS / SIZE) / (double)(SEEDS / SIZE);
    assert_true(x < 32); /* the upper 1e-6 point with 3 degrees of freedom is 30.7 */
    free(text);
}

static void headerless_input_is_read_to_memory_unless_its_words_are_known(void **state) {
    (void)state;
    const char *path = scratch_path("words");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("a b\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    for (int known = 0; known < 2; known++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.vocabulary = known ? path : NULL;
        struct feed *f = feeding_stream("a\nb\n", &q, &v, &err);
        assert_non_null(f);
        assert_int_equal(feed_is_stream(f), known);
        assert_int_equal(feed_hash(f) != 0, true);
        struct batch b;
        int result = 0;
        for (int64_t step = 1; step <= 3 && result == 0; step++)
            result = feed_batch(f, step, &b, &err);
        assert_int_equal(result, known ? -1 : 0);
        feed_free(f);
        vocab_free(&v);
    }
}

static void the_first_row_of_a_stream_tells_its_sizes(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(1);
    q.layout.objective = OBJECTIVE_VALUE;
    q.layout.bos = q.layout.eos = false;
    q.columns.features = "f";
    q.columns.values = "y";
    struct feed *f = feeding_stream(
        "##espalier 1\n##vocab\t\n#f\ty\n1 2 3\t4\n5 6 7\t8\n9 1\t2\n##end\tn=3\n", &q, &v, &err);
    if (!f)
        fail_msg("%s", err.text);
    assert_int_equal(feed_facts(f).features, 3);
    assert_int_equal(feed_facts(f).outputs, 1);
    assert_int_equal(feed_facts(f).tokens, 0);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    assert_true(b.feature[2] == 3 && b.value[0] == 4 && !b.offset);
    assert_int_equal(feed_batch(f, 2, &b, &err), 0);
    assert_true(b.feature[0] == 5 && b.value[0] == 8);
    assert_int_equal(feed_batch(f, 3, &b, &err), -1);
    assert_error(&err, STATUS_DATA, "standard input: line 6", "2 features where there must be 3");
    feed_free(f);
    vocab_free(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_the_corpus_in_memory),
        cmocka_unit_test(a_packed_stream_carries_on),
        cmocka_unit_test(a_shuffle_buffer_permutes_within_its_bound),
        cmocka_unit_test(a_shuffle_buffer_draws_uniformly),
        cmocka_unit_test(headerless_input_is_read_to_memory_unless_its_words_are_known),
        cmocka_unit_test(the_first_row_of_a_stream_tells_its_sizes),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
