#include "tests/unit/assert_error.h"
#include "tests/unit/feeding.h"
#include "train/data_options.h"

/* Set an option of the table as the command line would. */
static void give(struct opt *table, const char *name, const char *text) {
    for (struct opt *o = table; o->type != OPT_END; o++) {
        if (!o->name || strcmp(o->name, name) != 0)
            continue;
        o->given = true;
        int bad = 0;
        if (o->type == OPT_FLAG) {
            *(bool *)o->value = true;
        } else if (o->type == OPT_COUNT) {
            bad = opt_read_count(text, o->value);
        } else if (o->type == OPT_NUMBER) {
            bad = opt_read_number(text, o->value);
        } else if (o->type == OPT_LIST) {
            struct opt_list *list = o->value;
            list->items = mem_grow(list->items, &list->cap, list->n + 1, sizeof *list->items);
            list->items[list->n++] = text;
        } else {
            *(const char **)o->value = text;
        }
        assert_int_equal(bad, 0);
        return;
    }
    fail_msg("there is no --%s", name);
}

static const char *words_alone;

/* Options as "name=value name ..." with a shape; the request, or -1. */
static int ask(const char *options, enum shape shape, struct feed_request *q, struct err *err) {
    static struct data_options o;
    static struct opt table[DATA_OPTIONS_MOST];
    static char copy[512];
    static const char *paths[] = {"corpus"};
    free(o.then.items);
    o = data_options_default();
    memcpy(table, data_options(&o), sizeof table);
    snprintf(copy, sizeof copy, "%s", options);
    char *rest = copy, *word;
    while ((word = strtok_r(rest, " ", &rest))) {
        char *value = strchr(word, ':');
        if (value)
            *value++ = '\0';
        give(table, word, value);
    }
    struct opt_tool tool = {.name = "test", .options = table};
    struct data_limits limits = {
        .shape = shape, .max_length = 9, .seed_order = 4, .words_alone = words_alone};
    return data_request(&o, &tool, &limits, paths, 1, q, err);
}

static void numbers_are_refused_where_words_are_read(void **state) {
    (void)state;
    struct feed_request q;
    struct err err = {0};
    words_alone = "for a model that reads words alone";
    assert_int_equal(ask("objective:class features:x", SHAPE_DECODER, &q, &err), -1);
    assert_error(&err, STATUS_USAGE, NULL, "--features means nothing for a model");
    words_alone = NULL;
    assert_int_equal(ask("objective:class features:x", SHAPE_DECODER, &q, &err), 0);
    data_request_free(&q);
}

static void options_become_a_request(void **state) {
    (void)state;
    struct feed_request q;
    struct err err = {0};
    assert_int_equal(ask("", SHAPE_DECODER, &q, &err), 0);
    assert_int_equal(q.layout.objective, OBJECTIVE_ALL);
    assert_true(q.layout.bos && q.layout.eos && !q.layout.bidirectional_prefix);
    assert_int_equal(q.by, BATCH_EXAMPLES);
    assert_int_equal(q.batch, 32);
    assert_int_equal(q.max_length, 9);
    assert_int_equal(q.n_phases, 0);
    data_request_free(&q);
    assert_int_equal(ask("", SHAPE_ENCODER_DECODER, &q, &err), 0);
    assert_int_equal(q.layout.objective, OBJECTIVE_TARGET);
    data_request_free(&q);
    assert_int_equal(ask("", SHAPE_ENCODER, &q, &err), 0);
    assert_int_equal(q.layout.objective, OBJECTIVE_MASKED);
    assert_int_equal(q.layout.masking.seed, 4);
    data_request_free(&q);
    assert_int_equal(ask("objective:target prefix:bidirectional no-eos batch-tokens:2k",
                         SHAPE_DECODER, &q, &err),
                     0);
    assert_true(q.layout.bidirectional_prefix && !q.layout.eos && q.layout.bos);
    assert_int_equal(q.by, BATCH_TOKENS);
    assert_int_equal(q.batch, 2000);
    data_request_free(&q);
    assert_int_equal(
        ask("objective:value features:a,b values:y full-batch", SHAPE_DECODER, &q, &err), 0);
    assert_true(!q.layout.bos && !q.layout.eos);
    assert_int_equal(q.by, BATCH_ALL);
    assert_string_equal(q.columns.features, "a,b");
    data_request_free(&q);
    assert_int_equal(
        ask("then:10=a,b then:1k=c pack:8 vocabulary:v shuffle-buffer:7", SHAPE_DECODER, &q, &err),
        0);
    assert_int_equal(q.n_phases, 2);
    assert_int_equal(q.phases[0].first, 10);
    assert_int_equal(q.phases[0].n_paths, 2);
    assert_string_equal(q.phases[0].paths[1], "b");
    assert_int_equal(q.phases[1].first, 1000);
    assert_int_equal(q.pack, 8);
    assert_int_equal(q.shuffle_buffer, 7);
    assert_string_equal(q.vocabulary, "v");
    data_request_free(&q);
    assert_int_equal(
        ask("mask-words:Aux source:s target:t window:4 stride:2", SHAPE_ENCODER, &q, &err), 0);
    assert_string_equal(q.mask_words, "Aux");
    assert_int_equal(q.stride, 2);
    data_request_free(&q);
}

static void options_without_meaning_are_refused(void **state) {
    (void)state;
    const struct {
        const char *options;
        enum shape shape;
        const char *message;
    } cases[] = {
        {"mask-share:0.2", SHAPE_DECODER, "--mask-share means nothing without --objective masked"},
        {"mask-words:a", SHAPE_DECODER, "--mask-words means nothing"},
        {"mask-words:a mask-keep:0.2", SHAPE_ENCODER, "--mask-keep means nothing beside"},
        {"mask-keep:0.6 mask-random:0.6", SHAPE_ENCODER, "sum to at most 1"},
        {"prefix:causal", SHAPE_DECODER, "--prefix means nothing without --objective target"},
        {"prefix:bidirectional", SHAPE_ENCODER_DECODER, "--prefix means nothing without a decoder"},
        {"label:x", SHAPE_DECODER, "--label means nothing"},
        {"values:x", SHAPE_DECODER, "--values means nothing"},
        {"features:x", SHAPE_DECODER, "--features means nothing"},
        {"objective:class label:x target:y", SHAPE_ENCODER,
         "--target means nothing beside --label"},
        {"objective:value target:y", SHAPE_DECODER, "name --values"},
        {"objective:value features:x no-bos", SHAPE_DECODER, "--no-bos means nothing"},
        {"objective:value features:x vocabulary:v", SHAPE_DECODER, "--vocabulary means nothing"},
        {"stride:3", SHAPE_DECODER, "--stride means nothing without --window"},
        {"full-batch batch:3", SHAPE_DECODER, "--batch means nothing beside --full-batch"},
        {"full-batch batch-tokens:3", SHAPE_DECODER, "--batch-tokens means nothing"},
        {"batch-tokens:3 batch:3", SHAPE_DECODER, "--batch means nothing beside --batch-tokens"},
        {"objective:masked", SHAPE_DECODER, "an encoder's"},
        {"objective:all", SHAPE_ENCODER, "an encoder sees"},
        {"no-bos", SHAPE_ENCODER_DECODER, "<bos>"},
        {"then:5", SHAPE_DECODER, "--then takes"},
        {"then:5=", SHAPE_DECODER, "--then takes"},
        {"then:1=a", SHAPE_DECODER, "--then takes"},
        {"then:x=a", SHAPE_DECODER, "--then takes"},
        {"then:5=a,-", SHAPE_DECODER, "standard input"},
        {"then:5=a,,b", SHAPE_DECODER, "an empty name"},
        {"then:5=a then:5=b", SHAPE_DECODER, "does not come after"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct feed_request q;
        struct err err = {0};
        if (ask(cases[i].options, cases[i].shape, &q, &err) == 0)
            fail_msg("'%s' is taken", cases[i].options);
        assert_error(&err, STATUS_USAGE, NULL, cases[i].message);
    }
}

/* All that a request says, but for the default text of columns. */
static char *describe(const struct feed_request *q) {
    struct buf b = {0};
    char *layout = layout_text(&q->layout);
    const char *const texts[] = {q->columns.source,   q->columns.target, q->columns.label,
                                 q->columns.features, q->columns.values, q->vocabulary,
                                 q->mask_words};
    buf_printf(&b, "%s %d %lld %lld %lld %lld %lld %d", layout, (int)q->by, (long long)q->batch,
               (long long)q->pack, (long long)q->window, (long long)q->stride,
               (long long)q->shuffle_buffer, q->n_phases);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_printf(&b, " %s", texts[i] ? texts[i] : "-");
    free(layout);
    return b.data;
}

/* Every option of the table changes the request or is refused, alone. */
static void every_option_is_honoured_or_refused(void **state) {
    (void)state;
    struct data_options o = data_options_default();
    struct opt table[DATA_OPTIONS_MOST];
    memcpy(table, data_options(&o), sizeof table);
    int taken = 0, n = 0;
    for (const struct opt *p = table; p->type != OPT_END; p++) {
        if (p->type == OPT_GROUP)
            continue;
        const char *value = p->type == OPT_COUNT    ? "3"
                            : p->type == OPT_NUMBER ? "0.3"
                            : p->type == OPT_LIST   ? "3=x"
                            : p->type == OPT_CHOICE ? p->choices[1]
                                                    : "x";
        for (int shape = 0; shape < 3; shape++) {
            char text[100];
            struct feed_request plain, q;
            struct err err = {0};
            snprintf(text, sizeof text, "%s:%s", p->name, value);
            assert_int_equal(ask("", (enum shape)shape, &plain, &err), 0);
            n++;
            char *before = describe(&plain);
            data_request_free(&plain);
            if (ask(text, (enum shape)shape, &q, &err) != 0) {
                assert_int_equal(err.status, STATUS_USAGE);
                free(before);
                continue;
            }
            taken++;
            char *after = describe(&q);
            /* What an encoder-decoder has for its objective anyway. */
            if (strcmp(before, after) == 0 && !(shape == 2 && strcmp(p->name, "objective") == 0))
                fail_msg("--%s is ignored", text);
            free(before);
            free(after);
            data_request_free(&q);
        }
    }
    assert_in_range(taken, n / 2, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_a_request),
        cmocka_unit_test(numbers_are_refused_where_words_are_read),
        cmocka_unit_test(options_without_meaning_are_refused),
        cmocka_unit_test(every_option_is_honoured_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
