#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nn/feed.h"
#include "tests/unit/assert_error.h"
#include "lib/hash.h"
#include "tests/unit/feeding.h"

static struct feed *open_feed(struct vocab *v, int max_length, uint64_t seed, int batch,
                              struct err *err) {
    struct feed_request q = feeding_request(batch);
    q.max_length = max_length;
    q.seed_order = seed;
    return feed_open(&q, v, err);
}

/* The first word of sequence s of a batch, as text. */
static const char *word_of(const struct vocab *v, const struct batch *b, int s) {
    return v->words[b->input[b->offset[s] + 1]];
}

static void sequences_carry_marks_and_shifted_targets(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    scratch_put_text("a b\tc\n");
    struct feed *f = open_feed(&v, 10, 0, 1, &err);
    assert_non_null(f);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    int a = vocab_find(&v, "a", 1), bb = vocab_find(&v, "b", 1), c = vocab_find(&v, "c", 1);
    const int input[] = {TOKEN_BOS, a, bb, c}, target[] = {a, bb, c, TOKEN_EOS};
    assert_int_equal(b.tokens, 4);
    assert_int_equal(feed_longest(f), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(b.input[i], input[i]);
        assert_int_equal(b.target[i], target[i]);
    }
    feed_free(f);
    vocab_free(&v);
}

static void every_epoch_sees_every_example_once(void **state) {
    (void)state;
    enum { N = 7, BATCH = 3, EPOCHS = 30 };
    struct vocab v = {0};
    struct err err = {0};
    scratch_put_text("a\nb\nc\nd\ne\nf\ng\n");
    struct feed *f = open_feed(&v, 10, 5, BATCH, &err);
    assert_non_null(f);
    assert_int_equal(feed_examples(f), N);
    char row[N * EPOCHS];
    int different = 0;
    for (int step = 1; step <= N * EPOCHS / BATCH; step++) {
        struct batch b;
        assert_int_equal(feed_batch(f, step, &b, &err), 0);
        for (int s = 0; s < BATCH; s++)
            row[(step - 1) * BATCH + s] = word_of(&v, &b, s)[0];
    }
    for (int e = 0; e < EPOCHS; e++) {
        int seen[N] = {0};
        for (int i = 0; i < N; i++)
            seen[row[e * N + i] - 'a']++;
        for (int i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
        different += e > 0 && memcmp(row, row + (size_t)e * N, N) != 0;
    }
    assert_true(different > EPOCHS - 4);
    /* Any batch can be asked for alone. */
    struct batch b;
    assert_int_equal(feed_batch(f, 11, &b, &err), 0);
    for (int s = 0; s < BATCH; s++)
        assert_int_equal(word_of(&v, &b, s)[0], row[10 * BATCH + s]);
    feed_free(f);
    vocab_free(&v);
}

static void the_order_seed_changes_the_order_alone(void **state) {
    (void)state;
    scratch_put_text("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    char rows[2][10];
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed *f = open_feed(&v, 10, seed, 10, &err);
        struct batch b;
        assert_int_equal(feed_batch(f, 1, &b, &err), 0);
        for (int s = 0; s < 10; s++)
            rows[seed][s] = word_of(&v, &b, s)[0];
        assert_int_equal(vocab_find(&v, "a", 1), TOKEN_WORDS);
        feed_free(f);
        vocab_free(&v);
    }
    assert_memory_not_equal(rows[0], rows[1], 10);
}

static void a_named_vocabulary_is_held_to(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    scratch_put_text("##espalier 1\n##vocab\tz a b\n#source\na b\nb q\n##end\tn=2\n");
    assert_null(open_feed(&v, 10, 0, 1, &err));
    assert_error(&err, STATUS_DATA, NULL, "line 5");
    assert_non_null(strstr(err.text, "'q'"));
    vocab_free(&v);
    scratch_put_text("##espalier 1\n##vocab\tz a b\n#source\na b\n##end\tn=1\n"
                     "##espalier 1\n##vocab\tz q\n#source\nq\n##end\tn=1\n");
    struct feed *f = open_feed(&v, 10, 0, 1, &err);
    assert_non_null(f);
    assert_int_equal(vocab_find(&v, "z", 1), TOKEN_WORDS);
    assert_int_equal(vocab_find(&v, "q", 1), TOKEN_WORDS + 3);
    feed_free(f);
    vocab_free(&v);
}

static void what_cannot_be_fed_is_refused(void **state) {
    (void)state;
    const struct {
        const char *text, *message;
    } cases[] = {
        {"a b c\n", "at most 3"},
        {"a <eos>\n", "reserved"},
        {"##espalier 1\n#target\na\n##end\tn=1\n", "source"},
        {"##espalier 1\n#source\n##end\tn=0\n", "no examples"},
        {"", "empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        scratch_put_text(cases[i].text);
        assert_null(open_feed(&v, 3, 0, 1, &err));
        assert_error(&err, STATUS_DATA, NULL, cases[i].message);
        vocab_free(&v);
    }
}

/* One for each path in order, also of a phase; what the corpora say, and not how. */
static void corpora_are_told_apart_by_what_they_say(void **state) {
    (void)state;
    const char *one = scratch_path("one"), *two = scratch_path("two");
    const char *texts[] = {"a b\nb\n", "##espalier 1\n##prog\tx\n##vocab\ta b\n#source\nb a\n"},
               *telling = "##espalier 1\n##vocab\ta b\n#source\nb a\n";
    scratch_put_text(texts[0]);
    assert_int_equal(rename(scratch_file, one), 0);
    scratch_put_text(texts[1]);
    assert_int_equal(rename(scratch_file, two), 0);
    const char *first[] = {one, two}, *later[] = {two, one, two};
    struct feed_phase phase = {.first = 3, .paths = later, .n_paths = 3};
    struct feed_request q = feeding_request(2);
    q.paths = first;
    q.n_paths = 2;
    q.phases = &phase;
    q.n_phases = 1;
    struct vocab v = {0};
    struct err err = {0};
    struct feed *f = feed_open(&q, &v, &err);
    if (!f)
        fail_msg("%s", err.text);
    const struct corpus_digest *d = feed_digests(f);
    static const int which[] = {0, 1, 1, 0, 1};
    for (int i = 0; i < 5; i++) {
        const char *text = which[i] ? telling : texts[0];
        assert_true(d[i].hash == hash_bytes(text, strlen(text)));
        assert_int_equal(d[i].examples, which[i] ? 1 : 2);
    }
    feed_free(f);
    vocab_free(&v);
    q = feeding_request(1);
    f = feeding_stream("a b\n", &q, &v, &err);
    if (!f)
        fail_msg("%s", err.text);
    assert_int_equal(feed_digests(f)->hash, 0);
    feed_free(f);
    vocab_free(&v);
    scratch_empty(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_carry_marks_and_shifted_targets),
        cmocka_unit_test(every_epoch_sees_every_example_once),
        cmocka_unit_test(the_order_seed_changes_the_order_alone),
        cmocka_unit_test(a_named_vocabulary_is_held_to),
        cmocka_unit_test(what_cannot_be_fed_is_refused),
        cmocka_unit_test(corpora_are_told_apart_by_what_they_say),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
