#include "lib/rng.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/chi_square.h"
#include "tests/unit/feeding.h"

static struct layout of(enum shape shape, enum objective objective, bool bos, bool eos) {
    struct layout l = layout_default();
    l.shape = shape;
    l.objective = objective;
    l.bos = bos;
    l.eos = eos;
    return l;
}

static void rows_are_those_written_by_hand(void **state) {
    (void)state;
    enum { A = OBJECTIVE_ALL, T = OBJECTIVE_TARGET, C = OBJECTIVE_CLASS };
    const struct {
        const char *corpus;
        enum shape shape;
        int objective, bos, eos, prefix;
        const char *rows;
    } cases[] = {
        {"a b\tc d\n", SHAPE_DECODER, A, 1, 1, 0, "<bos>:a a:b b:c c:d d:<eos>"},
        {"a b\tc d\n", SHAPE_DECODER, A, 0, 1, 0, "a:b b:c c:d d:<eos>"},
        {"a b\tc d\n", SHAPE_DECODER, A, 1, 0, 0, "<bos>:a a:b b:c c:d"},
        {"a b\tc d\n", SHAPE_DECODER, A, 0, 0, 0, "a:b b:c c:d"},
        {"a b\n", SHAPE_DECODER, A, 1, 1, 0, "<bos>:a a:b b:<eos>"},
        {"a b\n", SHAPE_DECODER, A, 0, 0, 0, "a:b"},
        {"\tc\n", SHAPE_DECODER, A, 1, 1, 0, "<bos>:c c:<eos>"},
        {"a b\tc d\n", SHAPE_DECODER, T, 1, 1, 0, "<bos>:. a:. b:c c:d d:<eos>"},
        {"a b\tc d\n", SHAPE_DECODER, T, 0, 1, 0, "a:. b:c c:d d:<eos>"},
        {"a b\tc d\n", SHAPE_DECODER, T, 1, 0, 0, "<bos>:. a:. b:c c:d"},
        {"7 + 9 =\t3\n", SHAPE_DECODER, T, 0, 0, 0, "7:. +:. 9:. =:3"},
        {"a b\t\n", SHAPE_DECODER, T, 1, 1, 0, "<bos>:. a:. b:<eos>"},
        {"\tc d\n", SHAPE_DECODER, T, 0, 0, 0, "c:d"},
        {"a b\tc d\n", SHAPE_DECODER, T, 1, 1, 1, "^3 <bos>:. a:. b:c c:d d:<eos>"},
        {"a b\tc\n", SHAPE_DECODER, T, 0, 0, 1, "^2 a:. b:c"},
        {"a b\tc d\n", SHAPE_ENCODER_DECODER, T, 1, 1, 0, "{a b <eos>} <bos>:c c:d d:<eos>"},
        {"a b\tc d\n", SHAPE_ENCODER_DECODER, T, 1, 0, 0, "{a b} <bos>:c c:d"},
        {"a b\t\n", SHAPE_ENCODER_DECODER, T, 1, 1, 0, "{a b <eos>} <bos>:<eos>"},
        {"a b\tc d\n", SHAPE_ENCODER, C, 1, 1, 0, "<bos>:. a:. b:. <eos>:. =c"},
        {"a b\tc d\n", SHAPE_ENCODER, C, 0, 1, 0, "a:. b:. <eos>:. =c"},
        {"a b\tc d\n", SHAPE_DECODER, C, 0, 0, 0, "a:. b:. =c"},
        {"a b\tc d\ne\tf\n", SHAPE_ENCODER_DECODER, T, 1, 1, 0,
         "{a b <eos>} <bos>:c c:d d:<eos> / {e <eos>} <bos>:f f:<eos>"},
        {"a b\tc d\ne\tf\n", SHAPE_DECODER, T, 1, 1, 0,
         "<bos>:. a:. b:c c:d d:<eos> / <bos>:. e:f f:<eos>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.by = BATCH_ALL;
        q.layout = of(cases[i].shape, (enum objective)cases[i].objective, cases[i].bos,
                      cases[i].eos);
        q.layout.bidirectional_prefix = cases[i].prefix;
        struct feed *f = feeding_open(cases[i].corpus, &q, &v, &err);
        if (!f)
            fail_msg("case %zu: %s", i, err.text);
        assert_batch(f, &v, 1, cases[i].rows);
        /* The helper that scoring uses says where the words of the target are predicted. */
        struct batch b;
        const struct layout *l = feed_layout(f);
        assert_int_equal(feed_batch(f, 1, &b, &err), 0);
        if (b.sequences == 1 && layout_has_words(l) && strchr(cases[i].corpus, '\t')) {
            size_t m = strcspn(cases[i].corpus, "\t") / 2 + (cases[i].corpus[0] != '\t');
            if (cases[i].corpus[0] == '7')
                m = 4;
            const char *words = strchr(cases[i].corpus, '\t') + 1;
            for (size_t k = 0; words[2 * k] > ' '; k++) {
                int64_t row = layout_place(l, m, k);
                if (row >= 0)
                    assert_int_equal(v.words[b.target[row]][0], words[2 * k]);
            }
        }
        assert_int_equal(feed_facts(f).most_tokens, b.tokens);
        assert_int_equal(feed_facts(f).most_memory, b.memory_tokens);
        feed_free(f);
        vocab_free(&v);
    }
}

static void marks_are_added_only_where_they_are_used(void **state) {
    (void)state;
    const struct {
        struct layout layout;
        const char *words;
    } cases[] = {{of(SHAPE_DECODER, OBJECTIVE_ALL, true, true), "<bos> <eos> a b"},
                 {of(SHAPE_DECODER, OBJECTIVE_ALL, false, true), "<eos> a b"},
                 {of(SHAPE_DECODER, OBJECTIVE_ALL, false, false), "a b"},
                 {of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true), "<bos> <eos> <mask> a b"},
                 {of(SHAPE_ENCODER, OBJECTIVE_MASKED, false, false), "<mask> a b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.layout = cases[i].layout;
        struct feed *f = feeding_open("a b\n", &q, &v, &err);
        assert_non_null(f);
        char *text = vocab_text(&v);
        assert_string_equal(text, cases[i].words);
        struct layout found = cases[i].layout;
        assert_int_equal(lexicon_find_marks(&v, &found, &err), 0);
        assert_int_equal(found.token_bos, feed_layout(f)->token_bos);
        assert_int_equal(found.token_eos, feed_layout(f)->token_eos);
        assert_int_equal(found.token_mask, feed_layout(f)->token_mask);
        assert_int_equal(found.vocabulary, v.n);
        free(text);
        feed_free(f);
        vocab_free(&v);
    }
}

static void layouts_that_contradict_themselves_are_refused(void **state) {
    (void)state;
    const struct {
        struct layout layout;
        const char *message;
    } cases[] = {
        {of(SHAPE_ENCODER, OBJECTIVE_ALL, true, true), "an encoder sees"},
        {of(SHAPE_ENCODER, OBJECTIVE_TARGET, true, true), "an encoder sees"},
        {of(SHAPE_DECODER, OBJECTIVE_MASKED, true, true), "an encoder's"},
        {of(SHAPE_ENCODER_DECODER, OBJECTIVE_ALL, true, true), "predicts targets"},
        {of(SHAPE_ENCODER_DECODER, OBJECTIVE_CLASS, true, true), "predicts targets"},
        {of(SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET, false, true), "<bos>"},
    };
    struct err err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(layout_check(&cases[i].layout, &err), -1);
        assert_error(&err, STATUS_USAGE, NULL, cases[i].message);
    }
    struct layout l = of(SHAPE_DECODER, OBJECTIVE_ALL, true, true);
    l.bidirectional_prefix = true;
    assert_int_equal(layout_check(&l, &err), -1);
    assert_error(&err, STATUS_USAGE, NULL, "in view");
    for (int i = 0; i < 4; i++) {
        l = of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true);
        *(i == 0   ? &l.masking.share
          : i == 1 ? &l.masking.random
                   : &l.masking.keep) = i == 0   ? 0
                                        : i == 1 ? 0.95
                                                 : -0.1;
        if (i == 3)
            l.masking.share = 1.5, l.masking.keep = 0;
        assert_int_equal(layout_check(&l, &err), -1);
    }
}

static void examples_without_a_prediction_are_refused(void **state) {
    (void)state;
    const struct {
        const char *corpus;
        struct layout layout;
        const char *message;
    } cases[] = {
        {"a b\na\n", of(SHAPE_DECODER, OBJECTIVE_ALL, false, false), "line 2: there is no token"},
        {"a\tb\na\t\n", of(SHAPE_DECODER, OBJECTIVE_TARGET, false, false), "line 2: there is no"},
        {"\tb\n", of(SHAPE_DECODER, OBJECTIVE_TARGET, false, false), "there is no token"},
        {"a\tb\n\tb\n", of(SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET, true, false),
         "source is empty"},
        {"a b\n", of(SHAPE_DECODER, OBJECTIVE_TARGET, true, true), "no column 'target'"},
        {"a b\n", of(SHAPE_ENCODER, OBJECTIVE_CLASS, true, true), "no column 'target'"},
        {"a\tb\na\t\n", of(SHAPE_ENCODER, OBJECTIVE_CLASS, true, true), "line 2: no class"},
        {"\tb\n", of(SHAPE_ENCODER, OBJECTIVE_CLASS, false, false), "line 1: the source is empty"},
        {"\tb\n\t\n", of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true), "line 2: there is no token"},
        {"a <mask>\n", of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true), "reserved"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(1);
        q.layout = cases[i].layout;
        assert_null(feeding_open(cases[i].corpus, &q, &v, &err));
        assert_error(&err, STATUS_DATA, scratch_file, cases[i].message);
        vocab_free(&v);
    }
}

static void a_cloze_hides_the_words_of_a_class(void **state) {
    (void)state;
    struct err err = {0};
    const char *corpus = "##espalier 1\n##class\tAux\tdoes do\n#source\ttarget\n"
                         "my newt does read quest\tdoes my newt _ read\n"
                         "newts do read quest\tdo newts _ read\n##end\tn=2\n";
    for (int i = 0; i < 2; i++) {
        struct vocab v = {0};
        struct feed_request q = feeding_request(2);
        q.by = BATCH_ALL;
        q.layout = of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true);
        q.mask_words = i ? "does,do,_" : "Aux";
        struct feed *f = feeding_open(corpus, &q, &v, &err);
        assert_non_null(f);
        assert_batch(f, &v, 1,
                     i ? "<bos>:. my:. newt:. does:. read:. quest:. <mask>:does my:. newt:. "
                         "<mask>:_ read:. <eos>:. / <bos>:. newts:. do:. read:. quest:. <mask>:do "
                         "newts:. <mask>:_ read:. <eos>:."
                       : "<bos>:. my:. newt:. does:. read:. quest:. <mask>:does my:. newt:. _:. "
                         "read:. <eos>:. / <bos>:. newts:. do:. read:. quest:. <mask>:do newts:. "
                         "_:. read:. <eos>:.");
        feed_free(f);
        vocab_free(&v);
    }
    struct vocab v = {0};
    struct feed_request q = feeding_request(1);
    q.layout = of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true);
    q.mask_words = "does,walrus";
    assert_null(feeding_open("a does\tdoes a\n", &q, &v, &err));
    assert_error(&err, STATUS_USAGE, NULL, "'walrus' is not in the vocabulary");
    vocab_free(&v);
    q.mask_words = "does";
    assert_null(feeding_open("a does\tdoes a\nb does\ta\n", &q, &v, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "line 2: there is no word to mask");
    vocab_free(&v);
}

/* Each of n words is masked with s + (1 - s)^n / n, since one is when none is drawn. */
static void masks_fall_as_they_should(void **state) {
    (void)state;
    enum { STEPS = 3000, WORDS = 5 };
    const double share = 0.15, hidden = share + pow(1 - share, WORDS) / WORDS;
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(8);
    q.layout = of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true);
    struct feed *f = feeding_open("a b c\td e\n", &q, &v, &err);
    assert_non_null(f);
    uint64_t place[WORDS] = {0}, fate[3] = {0}, drawn[WORDS] = {0}, total = 0;
    for (int64_t step = 1; step <= STEPS; step++) {
        struct batch b;
        assert_int_equal(feed_batch(f, step, &b, &err), 0);
        for (int s = 0; s < b.sequences; s++) {
            int counted = 0, begin = b.offset[s];
            assert_int_equal(b.offset[s + 1] - begin, WORDS + 2);
            assert_int_equal(b.input[begin], feed_layout(f)->token_bos);
            assert_int_equal(b.target[begin], -1);
            assert_int_equal(b.target[begin + WORDS + 1], -1);
            for (int i = 0; i < WORDS; i++) {
                int32_t in = b.input[begin + 1 + i], out = b.target[begin + 1 + i];
                if (out < 0) {
                    assert_int_equal(in, 3 + i);
                    continue;
                }
                assert_int_equal(out, 3 + i);
                counted++;
                place[i]++;
                total++;
                fate[in == feed_layout(f)->token_mask ? 0 : in == out ? 1 : 2]++;
                if (in >= 3 && in != out)
                    drawn[in - 3]++;
            }
            assert_true(counted > 0);
        }
    }
    int freedom;
    double uniform[WORDS] = {0.2, 0.2, 0.2, 0.2, 0.2};
    double x = chi_square_of(place, uniform, WORDS, &freedom);
    assert_true(x < chi_square_limit(freedom));
    double n = (double)STEPS * 8 * WORDS,
           z = ((double)total - n * hidden) / sqrt(n * hidden * (1 - hidden));
    assert_true(fabs(z) < 5);
    /* A random word is the right one in a fifth of its draws. */
    const double fates[] = {0.8, 0.1 + 0.1 / WORDS, 0.1 * (1 - 1.0 / WORDS)};
    x = chi_square_of(fate, fates, 3, &freedom);
    assert_int_equal(freedom, 2);
    assert_true(x < chi_square_limit(freedom));
    x = chi_square_of(drawn, uniform, WORDS, &freedom);
    assert_true(x < chi_square_limit(freedom));
    feed_free(f);
    vocab_free(&v);
}

/* The mask of the k-th example shown is a function of the seed and k, whatever the batch. */
static void masks_do_not_depend_on_the_batch(void **state) {
    (void)state;
    struct buf texts[3] = {{0}, {0}, {0}};
    const int sizes[] = {1, 4, 12};
    for (int i = 0; i < 3; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct feed_request q = feeding_request(sizes[i]);
        q.layout = of(SHAPE_ENCODER, OBJECTIVE_MASKED, true, true);
        q.layout.masking.seed = 7;
        struct feed *f = feeding_open("a b c\nd e f\ng h i j\n", &q, &v, &err);
        assert_non_null(f);
        for (int64_t step = 1; step <= 12 / sizes[i]; step++) {
            struct batch b;
            assert_int_equal(feed_batch(f, step, &b, &err), 0);
            buf_printf(&texts[i], "%s%s", step > 1 ? " / " : "",
                       feeding_text(&v, feed_classes(f), &b));
        }
        feed_free(f);
        vocab_free(&v);
    }
    assert_string_equal(texts[0].data, texts[1].data);
    assert_string_equal(texts[0].data, texts[2].data);
    for (int i = 0; i < 3; i++)
        buf_free(&texts[i]);
}

static void layouts_survive_as_text(void **state) {
    (void)state;
    struct err err = {0};
    int n = 0;
    for (int s = 0; s < 3; s++)
        for (int o = 0; o < 5; o++)
            for (int m = 0; m < 8; m++) {
                struct layout l = of((enum shape)s, (enum objective)o, m & 1, m & 2), back;
                l.bidirectional_prefix = m & 4;
                l.masking.share = 1.0 / 3;
                if (layout_check(&l, NULL) != 0)
                    continue;
                char *text = layout_text(&l);
                assert_int_equal(layout_read(text, &back, &err), 0);
                assert_int_equal(back.shape, l.shape);
                assert_int_equal(back.objective, l.objective);
                assert_int_equal(back.bos, l.bos);
                assert_int_equal(back.eos, l.eos);
                assert_int_equal(back.bidirectional_prefix, l.bidirectional_prefix);
                if (o == OBJECTIVE_MASKED)
                    assert_true(back.masking.share == l.masking.share);
                free(text);
                n++;
            }
    assert_true(n > 20);
    const char *const bad[] = {"shape=cube",
                               "bos=2",
                               "share=x",
                               "bos",
                               "colour=red",
                               "shape=encoder",
                               "prefix=bidirectional objective=all"};
    struct layout l;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(layout_read(bad[i], &l, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_written_by_hand),
        cmocka_unit_test(marks_are_added_only_where_they_are_used),
        cmocka_unit_test(layouts_that_contradict_themselves_are_refused),
        cmocka_unit_test(examples_without_a_prediction_are_refused),
        cmocka_unit_test(a_cloze_hides_the_words_of_a_class),
        cmocka_unit_test(masks_fall_as_they_should),
        cmocka_unit_test(masks_do_not_depend_on_the_batch),
        cmocka_unit_test(layouts_survive_as_text),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
