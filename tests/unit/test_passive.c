/* grammars/passive.gr: both answers worked out from the words alone, and where they part. */
#include "tests/unit/drawing.h"

/* Every plural of the lexicon ends in s; of the singulars only walrus and tyrannosaurus do. */
static bool is_plural(const char *noun) {
    size_t n = strlen(noun);
    return noun[n - 1] == 's' && noun[n - 2] != 'u';
}

static void put_passive(const struct words *w, int from, int to, int noun, int verb, int subject,
                        struct buf *out) {
    buf_clear(out);
    words_put(w, from, to, out);
    buf_printf(out, " %s %s by", is_plural(w->word[noun]) ? "were" : "was", w->word[verb]);
    words_put(w, 0, subject, out);
    buf_puts(out, " .");
}

static void both_rules_by_hand(void **state) {
    (void)state;
    struct drawing d;
    struct buf expected = {0};
    int n[2][2][2] = {{{0}}};
    drawing_begin(&d, "grammars/passive.gr");
    assert_string_equal(d.grammar->rules.words[0], "hierarchical");
    for (int i = 0; i < 8000; i++) {
        drawing_next(&d);
        const struct words *w = &d.words;
        /* Det N [Prep Det N] V Det N [Prep Det N] . TASK */
        bool passiv = strcmp(w->word[w->n - 1], "passiv") == 0;
        int verb = strlen(w->word[2]) > 2 && strcmp(w->word[2] + strlen(w->word[2]) - 2, "ed") == 0
                       ? 2
                       : 5;
        int object = verb + 1, end = w->n - 2;
        assert_true(end == object + 2 || end == object + 5);
        assert_string_equal(w->word[end], ".");
        bool on_subject = verb == 5, on_object = end == object + 5;
        drawing_check_tag(&d, "passiv", passiv);
        drawing_check_tag(&d, "decl", !passiv);
        drawing_check_tag(&d, "pp_subject", on_subject);
        drawing_check_tag(&d, "bare_subject", !on_subject);
        drawing_check_tag(&d, "pp_object", on_object);
        drawing_check_tag(&d, "bare_object", !on_object);
        const char *second = w->word[on_subject ? 4 : object + 1];
        drawing_check_tag(&d, "same_number", is_plural(second) == is_plural(w->word[object + 1]));
        drawing_check_tag(&d, "different_noun",
                          !on_subject || strcmp(second, w->word[object + 1]) != 0);
        if (passiv) {
            put_passive(w, object, end, object + 1, verb, verb, &expected);
            assert_string_equal(drawing_answer(&d, "hierarchical"), expected.data);
            if (on_subject)
                put_passive(w, 3, 5, 4, verb, 2, &expected);
            assert_string_equal(drawing_answer(&d, "linear"), expected.data);
        } else {
            buf_clear(&expected);
            words_put(w, 0, w->n - 1, &expected);
            assert_string_equal(drawing_answer(&d, "hierarchical"), expected.data);
            assert_string_equal(drawing_answer(&d, "linear"), expected.data);
        }
        bool equal = strcmp(drawing_answer(&d, "hierarchical"), drawing_answer(&d, "linear")) == 0;
        assert_int_equal(equal, !(passiv && on_subject));
        n[passiv][on_subject][on_object]++;
    }
    for (int k = 0; k < 8; k++) /* 1000 expected of each, standard deviation 30 */
        assert_in_range(n[k >> 2][k >> 1 & 1][k & 1], 880, 1120);
    buf_free(&expected);
    drawing_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_rules_by_hand)};
    return cmocka_run_group_tests_name("passive", tests, NULL, NULL);
}
