/* grammars/question-deep.gr: sentences are parsed here, every rule's answer and every tag is worked
 * out from the words alone, and what the file's comment says of each shortcut is checked. */
#include "tests/unit/drawing.h"

static bool is_det(const char *w) {
    static const char *const list[] = {"the", "some", "my", "your", "our", "her", NULL};
    return among(w, list);
}

static bool is_prep(const char *w) {
    static const char *const list[] = {"around", "near",  "with",  "upon", "by",
                                       "behind", "above", "below", NULL};
    return among(w, list);
}

static bool is_rel(const char *w) {
    return strcmp(w, "who") == 0 || strcmp(w, "that") == 0;
}

static bool is_aux(const char *w) {
    static const char *const list[] = {"does",  "do",    "can",   "will", "doesn't",
                                       "don't", "can't", "won't", NULL};
    return among(w, list);
}

static bool is_negative(const char *w) {
    return strstr(w, "n't") != NULL;
}

static bool is_intransitive(const char *w) {
    static const char *const list[] = {"giggle", "smile",  "sleep", "swim", "wait",
                                       "move",   "change", "read",  "eat",  NULL};
    return among(w, list);
}

static bool is_transitive(const char *w) {
    static const char *const list[] = {"entertain", "amuse",  "high_five", "applaud", "confuse",
                                       "admire",    "accept", "remember",  "comfort", NULL};
    return among(w, list);
}

/* Neither determiner nor function word nor verb. */
static bool is_noun(const char *w) {
    return !is_det(w) && !is_prep(w) && !is_rel(w) && !is_aux(w) && !is_intransitive(w) &&
           !is_transitive(w) && strlen(w) > 2;
}

static bool is_plural(const char *noun) {
    size_t n = strlen(noun);
    return noun[n - 1] == 's' && noun[n - 2] != 'u';
}

/* -1: does, doesn't; 1: do, don't; 0: modals. */
static int aux_number(const char *w) {
    return strncmp(w, "does", 4) == 0 ? -1 : strncmp(w, "do", 2) == 0 ? 1 : 0;
}

static bool fits(const char *aux, const char *noun) {
    return aux_number(aux) != (is_plural(noun) ? -1 : 1);
}

/* What the parse of a sentence finds. */
struct parse {
    bool rc_subject, rc_object;
    int depth;
};

static void parse_clause(const struct words *w, int *at, const char *subject, bool gap, int depth,
                         struct parse *p);

/* Det N, with a phrase or a clause at the next depth. Returns the head. */
static const char *parse_phrase(const struct words *w, int *at, int depth, struct parse *p) {
    assert_true(is_det(w->word[*at]) && is_noun(w->word[*at + 1]));
    const char *head = w->word[*at + 1];
    *at += 2;
    if (is_prep(w->word[*at])) {
        assert_true(is_det(w->word[*at + 1]) && is_noun(w->word[*at + 2]));
        *at += 3;
    } else if (is_rel(w->word[*at])) {
        if (depth + 1 > p->depth)
            p->depth = depth + 1;
        ++*at;
        if (is_aux(w->word[*at])) {
            p->rc_subject = true;
            parse_clause(w, at, head, false, depth + 1, p);
        } else {
            p->rc_object = true;
            const char *subject = parse_phrase(w, at, depth + 1, p);
            parse_clause(w, at, subject, true, depth + 1, p);
        }
    }
    return head;
}

/* Auxiliary, verb, and the object unless it is the gap. */
static void parse_clause(const struct words *w, int *at, const char *subject, bool gap, int depth,
                         struct parse *p) {
    assert_true(is_aux(w->word[*at]) && fits(w->word[*at], subject));
    const char *verb = w->word[*at + 1];
    *at += 2;
    if (gap || is_transitive(verb)) {
        assert_true(is_transitive(verb));
        if (!gap)
            parse_phrase(w, at, depth, p);
    } else {
        assert_true(is_intransitive(verb));
    }
}

enum { FIRST, SECOND, LAST, NEGATIVE, AFFIRMATIVE, AGREEING, N_SHORTCUTS };

static const char *const shortcut_names[] = {"linear",   "second",      "last",
                                             "negative", "affirmative", "agreeing"};

struct sentence {
    int edge;         /* the place after the comma, or 0 */
    int aux[12], n;   /* places of the auxiliaries */
    int main;         /* which of them is the main one */
    int object_depth; /* of the clauses on the object */
    struct parse subject, object;
    int choice[N_SHORTCUTS]; /* which auxiliary a shortcut fronts */
};

static void parse_sentence(const struct words *w, struct sentence *s) {
    memset(s, 0, sizeof *s);
    int at = 0;
    if (is_prep(w->word[0])) {
        assert_true(is_det(w->word[1]) && is_noun(w->word[2]));
        assert_string_equal(w->word[3], ",");
        at = s->edge = 4;
    }
    for (int i = 0; i < w->n; i++)
        if (is_aux(w->word[i])) {
            assert_true(s->n < 12);
            s->aux[s->n++] = i;
        }
    const char *head = parse_phrase(w, &at, 0, &s->subject);
    while (s->main < s->n && s->aux[s->main] != at)
        s->main++;
    parse_clause(w, &at, head, false, 0, &s->object);
    assert_string_equal(w->word[at], ".");
    assert_int_equal(at, w->n - 2);
    const char *first_noun = w->word[s->edge ? 2 : 1];
    s->choice[SECOND] = s->n > 1;
    s->choice[LAST] = s->n - 1;
    for (int i = s->n - 1; i >= 0; i--) {
        const char *aux = w->word[s->aux[i]];
        s->choice[is_negative(aux) ? NEGATIVE : AFFIRMATIVE] = i;
        if (fits(aux, first_noun))
            s->choice[AGREEING] = i;
    }
}

static void check_tags(const struct drawing *d, const struct sentence *s) {
    const struct words *w = &d->words;
    bool negative_before = false, affirmative_before = false, singular = false, plural = false;
    bool different = true, same = true;
    for (int i = 0; i < s->n; i++) {
        const char *aux = w->word[s->aux[i]];
        negative_before |= i < s->main && is_negative(aux);
        affirmative_before |= i < s->main && !is_negative(aux);
        singular |= aux_number(aux) < 0;
        plural |= aux_number(aux) > 0;
        same &= strcmp(aux, w->word[s->aux[0]]) == 0;
        for (int k = 0; k < i; k++)
            different &= strcmp(aux, w->word[s->aux[k]]) != 0;
    }
    int subject = s->subject.depth, object = s->object.depth;
    for (int k = 1; k <= 5; k++) {
        char tag[32];
        snprintf(tag, sizeof tag, "subject_depth%d", k);
        drawing_check_tag(d, tag, subject >= k);
        snprintf(tag, sizeof tag, "object_depth%d", k);
        drawing_check_tag(d, tag, object >= k);
        snprintf(tag, sizeof tag, "depth%d", k);
        drawing_check_tag(d, tag, subject >= k || object >= k);
    }
    drawing_check_tag(d, "rc_on_subject", subject > 0);
    drawing_check_tag(d, "rc_on_object", object > 0);
    drawing_check_tag(d, "rc_subject", s->subject.rc_subject || s->object.rc_subject);
    drawing_check_tag(d, "rc_object", s->subject.rc_object || s->object.rc_object);
    drawing_check_tag(d, "left_edge", s->edge > 0);
    bool negative = is_negative(w->word[s->aux[s->main]]);
    drawing_check_tag(d, "main_negative", negative);
    drawing_check_tag(d, "main_affirmative", !negative);
    drawing_check_tag(d, "negative_before", negative_before);
    drawing_check_tag(d, "affirmative_before", affirmative_before);
    drawing_check_tag(d, "first_agrees", fits(w->word[s->aux[0]], w->word[s->edge ? 2 : 1]));
    drawing_check_tag(d, "mismatch", singular && plural);
    drawing_check_tag(d, "different_aux", different);
    drawing_check_tag(d, "same_aux", same);
}

static void fronted(const struct words *w, const struct sentence *s, int which, struct buf *out) {
    int at = s->aux[which];
    buf_clear(out);
    words_put(w, 0, s->edge, out);
    words_put(w, at, at + 1, out);
    words_put(w, s->edge, at, out);
    words_put(w, at + 1, w->n - 2, out);
    buf_puts(out, " ?");
}

/* The comment's table: what parts a shortcut from the hierarchical rule. 1: it does; 0: they agree;
 * -1: nothing is said. */
static int table(const struct drawing *d, int shortcut) {
    bool on_subject = drawing_has(d, "rc_on_subject"), on_object = drawing_has(d, "rc_on_object");
    switch (shortcut) {
    case FIRST:
        return on_subject;
    case SECOND:
        return drawing_has(d, "subject_depth2") || (on_object && !on_subject);
    case LAST:
        return on_object;
    case NEGATIVE:
        return drawing_has(d, "negative_before") ? 1 : -1;
    case AFFIRMATIVE:
        return drawing_has(d, "affirmative_before") ? 1 : -1;
    default:
        return on_subject && drawing_has(d, "first_agrees") ? 1 : -1;
    }
}

static void rules_and_tags_by_hand(void **state) {
    (void)state;
    struct drawing d;
    struct buf expected = {0};
    int n_subject[6] = {0}, n_object[6] = {0}, n_all_wrong = 0, n_published = 0;
    int n_right[N_SHORTCUTS] = {0}, n_quests = 0;
    drawing_begin(&d, "grammars/question-deep.gr");
    assert_true(d.grammar->tags.n <= 64);
    assert_int_equal(d.grammar->rules.n, 1 + N_SHORTCUTS);
    for (int i = 0; i < 12000; i++) {
        struct sentence s;
        drawing_next(&d);
        parse_sentence(&d.words, &s);
        /* One auxiliary for each level: so the table can go by depths. */
        assert_int_equal(s.main, s.subject.depth);
        assert_int_equal(s.n, 1 + s.subject.depth + s.object.depth);
        check_tags(&d, &s);
        n_subject[s.subject.depth]++;
        n_object[s.object.depth]++;
        const char *hierarchical = drawing_answer(&d, "hierarchical");
        bool quest = strcmp(d.words.word[d.words.n - 1], "quest") == 0;
        drawing_check_tag(&d, "quest", quest);
        drawing_check_tag(&d, "decl", !quest);
        if (quest) {
            fronted(&d.words, &s, s.main, &expected);
        } else {
            buf_clear(&expected);
            words_put(&d.words, 0, d.words.n - 1, &expected);
        }
        assert_string_equal(hierarchical, expected.data);
        n_quests += quest;
        int n_wrong = 0;
        for (int k = 0; k < N_SHORTCUTS; k++) {
            const char *answer = drawing_answer(&d, shortcut_names[k]);
            if (quest)
                fronted(&d.words, &s, s.choice[k], &expected);
            assert_string_equal(answer, expected.data);
            bool wrong = strcmp(answer, hierarchical) != 0;
            if (quest && table(&d, k) >= 0)
                assert_int_equal(wrong, table(&d, k));
            n_wrong += wrong;
            n_right[k] += quest && !wrong;
        }
        /* The test set that the comment gives. */
        if (quest && drawing_has(&d, "subject_depth2") && drawing_has(&d, "rc_on_object") &&
            drawing_has(&d, "negative_before") && drawing_has(&d, "affirmative_before") &&
            drawing_has(&d, "first_agrees")) {
            assert_int_equal(n_wrong, N_SHORTCUTS);
            n_all_wrong++;
        }
        /* Sentences of the published kind: second and last are right, the first is wrong. */
        if (quest && s.subject.depth == 1 && s.object.depth == 0) {
            assert_string_equal(drawing_answer(&d, "second"), hierarchical);
            assert_string_equal(drawing_answer(&d, "last"), hierarchical);
            assert_string_not_equal(drawing_answer(&d, "linear"), hierarchical);
            n_published++;
        }
    }
    for (int k = 0; k <= 5; k++) {
        assert_true(n_subject[k] > 100);
        assert_true(n_object[k] > 100);
    }
    assert_true(n_all_wrong > 100 && n_published > 500);
    for (int k = 0; k < N_SHORTCUTS; k++) /* none is the hierarchical rule, none is nonsense */
        assert_in_range(n_right[k], n_quests / 3, n_quests * 3 / 4);
    buf_free(&expected);
    drawing_end(&d);
}

/* The example of the comment. */
static void every_shortcut_on_one_sentence(void **state) {
    (void)state;
    static const char source[] =
        "her newt that can admire my yaks who don't sleep doesn't amuse the "
        "yak that does swim . quest";
    static const char *const first_word[] = {"can", "don't", "does", "don't", "can", "can"};
    struct grammar *g = drawing_read("grammars/question-deep.gr");
    struct buf out = {0};
    struct err err = {0};
    for (int k = 0; k < N_SHORTCUTS; k++) {
        int rule = vocab_find(&g->rules, shortcut_names[k], strlen(shortcut_names[k]));
        assert_int_equal(grammar_apply_rule(g, rule, source, strlen(source), &out, &err), 0);
        struct words w;
        words_cut(&w, out.data);
        assert_string_equal(w.word[0], first_word[k]);
        assert_string_equal(w.word[w.n - 1], "?");
    }
    buf_free(&out);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_and_tags_by_hand),
        cmocka_unit_test(every_shortcut_on_one_sentence),
    };
    return cmocka_run_group_tests_name("question-deep", tests, NULL, NULL);
}
