#include "tests/unit/assert_error.h"
#include "tests/unit/feeding.h"

/* Words a0 .. of n lines; line i has 1 + i % 5 of them, and begins with its own word wI. */
static void put_lines(struct buf *b, int n) {
    buf_clear(b);
    for (int i = 0; i < n; i++) {
        buf_printf(b, "w%d", i);
        for (int k = 0; k < i % 5; k++)
            buf_printf(b, " a%d", k);
        buf_putc(b, '\n');
    }
}

static void batches_of_tokens_see_every_example_once_an_epoch(void **state) {
    (void)state;
    enum { N = 37, EPOCHS = 4, ROOM = 20 };
    struct buf lines = {0};
    put_lines(&lines, N);
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(ROOM);
    q.by = BATCH_TOKENS;
    q.seed_order = 3;
    struct feed *f = feeding_open(lines.data, &q, &v, &err);
    assert_non_null(f);
    assert_int_equal(feed_facts(f).most_tokens, ROOM);
    int seen[N * EPOCHS] = {0}, shown = 0;
    uint64_t first[1000];
    int64_t step = 1;
    for (; shown < N * EPOCHS; step++) {
        struct batch b;
        assert_int_equal(feed_batch(f, step, &b, &err), 0);
        assert_in_range(b.tokens, ROOM - 5, ROOM);
        first[step] = (uint64_t)b.input[1];
        for (int s = 0; s < b.sequences && shown < N * EPOCHS; s++)
            seen[shown++] = atoi(v.words[b.input[b.offset[s] + 1]] + 1);
    }
    for (int e = 0; e < EPOCHS; e++) {
        int count[N] = {0};
        for (int i = 0; i < N; i++)
            count[seen[e * N + i]]++;
        for (int i = 0; i < N; i++)
            assert_int_equal(count[i], 1);
    }
    /* The order is that of batches by examples. */
    struct vocab w = {0};
    struct feed_request by_examples = feeding_request(N * EPOCHS);
    by_examples.seed_order = 3;
    struct feed *g = feeding_open(lines.data, &by_examples, &w, &err);
    struct batch b;
    assert_int_equal(feed_batch(g, 1, &b, &err), 0);
    for (int i = 0; i < N * EPOCHS; i++)
        assert_int_equal(atoi(w.words[b.input[b.offset[i] + 1]] + 1), seen[i]);
    feed_free(g);
    vocab_free(&w);
    /* However a batch is reached: backwards, by leaps, in a feed that is new. */
    for (int64_t k = step - 1; k > 0; k -= 3) {
        assert_int_equal(feed_batch(f, k, &b, &err), 0);
        assert_int_equal(b.input[1], first[k]);
    }
    feed_free(f);
    vocab_free(&v);
    f = feeding_open(lines.data, &q, &v, &err);
    assert_int_equal(feed_skip(f, 10, &err), 0);
    assert_int_equal(feed_batch(f, 11, &b, &err), 0);
    assert_int_equal(b.input[1], first[11]);
    feed_free(f);
    vocab_free(&v);
    q.batch = 4;
    assert_null(feeding_open(lines.data, &q, &v, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "line 4: an example of 5 tokens; a batch holds");
    vocab_free(&v);
    buf_free(&lines);
}

static void a_full_batch_is_the_corpus_in_its_order(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(0);
    q.by = BATCH_ALL;
    struct feed *f = feeding_open("a\nb c\nd\n", &q, &v, &err);
    assert_non_null(f);
    for (int64_t step = 1; step < 4; step++)
        assert_batch(f, &v, step, "<bos>:a a:<eos> / <bos>:b b:c c:<eos> / <bos>:d d:<eos>");
    assert_int_equal(feed_facts(f).most_tokens, 7);
    assert_int_equal(feed_facts(f).most_sequences, 3);
    feed_free(f);
    vocab_free(&v);
}

/* Packed sequences are slices of the epochs end to end. */
static void packing_joins_and_carries_on(void **state) {
    (void)state;
    enum { N = 11, EPOCHS = 7 };
    struct buf lines = {0};
    put_lines(&lines, N);
    for (int marks = 0; marks < 4; marks++)
        for (int64_t length = 1; length < 40; length += 6) {
            struct vocab v = {0}, w = {0};
            struct err err = {0};
            struct feed_request q = feeding_request(N * EPOCHS);
            q.layout.bos = marks & 1;
            q.layout.eos = marks & 2;
            /* The whole: all examples of some epochs, as a masked-out class would read them. */
            struct feed_request whole = feeding_request(N * EPOCHS);
            whole.columns.label = "source";
            whole.layout = q.layout;
            whole.layout.objective = OBJECTIVE_CLASS;
            struct feed *g = feeding_open(lines.data, &whole, &w, &err);
            struct batch all, b;
            if (!g && marks == 0)
                fail_msg("%s", err.text);
            assert_non_null(g);
            assert_int_equal(feed_batch(g, 1, &all, &err), 0);
            q.batch = 3;
            q.pack = length;
            struct feed *f = feeding_open(lines.data, &q, &v, &err);
            assert_non_null(f);
            assert_int_equal(feed_longest(f), length);
            assert_int_equal(feed_most_tokens(f), 3 * length);
            int64_t steps = (all.tokens - 1) / (3 * length);
            for (int64_t step = steps; step > 0; step -= step > 3 ? 3 : 1) {
                assert_int_equal(feed_batch(f, step, &b, &err), 0);
                assert_int_equal(b.tokens, 3 * length);
                const int32_t *x = all.input + (step - 1) * 3 * length;
                for (int i = 0; i < b.tokens; i++) {
                    assert_int_equal(b.input[i], x[i]);
                    int32_t next = x[i + 1];
                    assert_int_equal(b.target[i], (marks & 1) && next == 0 ? -1 : next);
                }
                for (int s = 0; s <= 3; s++)
                    assert_int_equal(b.offset[s], s * length);
            }
            feed_free(f);
            feed_free(g);
            vocab_free(&v);
            vocab_free(&w);
        }
    buf_free(&lines);
    /* From the target on. */
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(1);
    q.pack = 9;
    q.layout.objective = OBJECTIVE_TARGET;
    struct feed *f = feeding_open("a b\tc\n", &q, &v, &err);
    assert_non_null(f);
    assert_batch(f, &v, 1, "<bos>:. a:. b:c c:<eos> <eos>:. <bos>:. a:. b:c c:<eos>");
    assert_batch(f, &v, 2, "<eos>:. <bos>:. a:. b:c c:<eos> <eos>:. <bos>:. a:. b:c");
    feed_free(f);
    vocab_free(&v);
}

static void windows_cover_an_example(void **state) {
    (void)state;
    const struct {
        int64_t window, stride;
        bool marks;
        const char *rows;
    } cases[] = {
        {3, 0, true, "<bos>:a a:b b:c / c:d d:e e:<eos> / <bos>:f f:<eos>"},
        {4, 0, true, "<bos>:a a:b b:c c:d / d:e e:<eos> / <bos>:f f:<eos>"},
        {4, 2, true, "<bos>:a a:b b:c c:d / b:c c:d d:e e:<eos> / <bos>:f f:<eos>"},
        {4, 1, true,
         "<bos>:a a:b b:c c:d / a:b b:c c:d d:e / b:c c:d d:e e:<eos> / <bos>:f f:<eos>"},
        {9, 0, true, "<bos>:a a:b b:c c:d d:e e:<eos> / <bos>:f f:<eos>"},
        {2, 0, false, "a:b b:c / c:d d:e / f:g"},
        {1, 1, false, "a:b / b:c / c:d / d:e / f:g"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(0);
        q.by = BATCH_ALL;
        q.window = cases[i].window;
        q.stride = cases[i].stride;
        q.layout.bos = q.layout.eos = cases[i].marks;
        struct feed *f = feeding_open(cases[i].marks ? "a b c d e\nf\n" : "a b c d e\nf g\n", &q,
                                      &v, &err);
        assert_non_null(f);
        assert_batch(f, &v, 1, cases[i].rows);
        assert_in_range(feed_longest(f), 1, cases[i].window);
        feed_free(f);
        vocab_free(&v);
    }
}

static void phases_follow_one_another(void **state) {
    (void)state;
    enum { N = 6 };
    char paths[3][1280];
    const char *texts[] = {"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\nf\n", "x\n"};
    for (int i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "%s",
                 scratch_path(i == 0   ? "first"
                              : i == 1 ? "second"
                                       : "third"));
        FILE *f = fopen(paths[i], "w");
        assert_non_null(f);
        assert_true(fputs(texts[i], f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
    const char *first[] = {paths[0]}, *second[] = {paths[1]}, *third[] = {paths[2], paths[0]};
    struct feed_phase phases[] = {{11, second, 1}, {21, third, 2}};
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(N);
    q.paths = first;
    q.phases = phases;
    q.n_phases = 2;
    struct feed *f = feed_open(&q, &v, &err);
    assert_non_null(f);
    assert_int_equal(v.n, 2 + N + 1); /* the words of all phases, from the start */
    assert_int_equal(feed_examples(f), 2 * N + N + 1);
    struct buf orders[3] = {{0}, {0}, {0}};
    for (int64_t step = 1; step <= 30; step++) {
        struct batch b;
        assert_int_equal(feed_batch(f, step, &b, &err), 0);
        for (int s = 0; s < N; s++)
            buf_putc(&orders[(step - 1) / 10], v.words[b.input[b.offset[s] + 1]][0]);
    }
    assert_null(strchr(orders[0].data, 'x'));
    assert_null(strchr(orders[1].data, 'x'));
    assert_non_null(strchr(orders[2].data, 'x'));
    /* The same corpus, but epochs of its own. */
    assert_string_not_equal(orders[0].data, orders[1].data);
    /* The first phase is that of a run without others. */
    struct feed_request alone = feeding_request(N);
    alone.paths = first;
    struct vocab w = {0};
    struct feed *g = feed_open(&alone, &w, &err);
    for (int64_t step = 1; step <= 10; step++) {
        struct batch b;
        assert_int_equal(feed_batch(g, step, &b, &err), 0);
        for (int s = 0; s < N; s++)
            assert_int_equal(orders[0].data[(step - 1) * N + s],
                             w.words[b.input[b.offset[s] + 1]][0]);
    }
    for (int i = 0; i < 3; i++)
        buf_free(&orders[i]);
    feed_free(f);
    feed_free(g);
    vocab_free(&v);
    vocab_free(&w);
    phases[1].first = 11;
    assert_null(feed_open(&q, &v, &err));
    assert_error(&err, STATUS_USAGE, NULL, "come after");
    vocab_free(&v);
}

static void a_given_vocabulary_is_held_to(void **state) {
    (void)state;
    const char *path = scratch_path("words");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("z b\na\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(1);
    q.vocabulary = path;
    struct feed *f = feeding_open("a b\n", &q, &v, &err);
    assert_non_null(f);
    char *text = vocab_text(&v);
    assert_string_equal(text, "<bos> <eos> z b a");
    free(text);
    feed_free(f);
    vocab_free(&v);
    assert_null(feeding_open("a b\na c\n", &q, &v, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "line 2: word 'c' is not in the vocabulary");
    vocab_free(&v);
    /* A header does not widen it. */
    assert_null(
        feeding_open("##espalier 1\n##vocab\ta b c\n#source\nc\n##end\tn=1\n", &q, &v, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "line 4: word 'c'");
    vocab_free(&v);
    q.vocabulary = "/nonexistent";
    assert_null(feeding_open("a b\n", &q, &v, &err));
    assert_error(&err, STATUS_NOINPUT, "/nonexistent", NULL);
    vocab_free(&v);
}

static void requests_that_contradict_themselves_are_refused(void **state) {
    (void)state;
    struct feed_request q[12];
    for (int i = 0; i < 12; i++) {
        q[i] = feeding_request(4);
        q[i].max_length = 8;
    }
    static const char *const messages[] = {
        "exclude each other",  "for a decoder",       "for a decoder", "one length",
        "--stride is at most", "--stride is at most", "reads at most", "reads at most",
        "for a stream",        "a batch of 0",        "features",      "more than"};
    q[0].pack = q[0].window = 4;
    q[1].window = 4, q[1].layout.objective = OBJECTIVE_TARGET;
    q[2].pack = 4, q[2].layout.shape = SHAPE_ENCODER_DECODER;
    q[2].layout.objective = OBJECTIVE_TARGET;
    q[3].pack = 4, q[3].by = BATCH_TOKENS;
    q[4].window = 4, q[4].stride = 5;
    q[5].stride = 5;
    q[6].pack = 9;
    q[7].window = 9;
    q[8].shuffle_buffer = 5;
    q[9].batch = 0;
    q[10].columns.features = "source";
    q[11].pack = 4, q[11].batch = 1000000000;
    for (int i = 0; i < 12; i++) {
        struct vocab v = {0};
        struct err err = {0};
        assert_null(feeding_open("a b\tc\n", &q[i], &v, &err));
        assert_error(&err, STATUS_USAGE, NULL, messages[i]);
        vocab_free(&v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_tokens_see_every_example_once_an_epoch),
        cmocka_unit_test(a_full_batch_is_the_corpus_in_its_order),
        cmocka_unit_test(packing_joins_and_carries_on),
        cmocka_unit_test(windows_cover_an_example),
        cmocka_unit_test(phases_follow_one_another),
        cmocka_unit_test(a_given_vocabulary_is_held_to),
        cmocka_unit_test(requests_that_contradict_themselves_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
