/* grammars/question-german.gr: German sentences are parsed here with tables of endings, so that
 * determiners, nouns, pronouns and verbs are held to gender, case and number; both answers are
 * worked out from the words alone. */
#include "lib/parse.h"
#include "tests/unit/drawing.h"

enum kase { NOMINATIVE, ACCUSATIVE, DATIVE };
enum column { MASCULINE, FEMININE, NEUTER, PLURAL };

static const char *const article[3][4] = {
    {"der", "die", "das", "die"}, {"den", "die", "das", "die"}, {"dem", "der", "dem", "den"}};
static const char *const ending[3][4] = {
    {"", "e", "", "e"}, {"en", "e", "", "e"}, {"em", "er", "em", "en"}};

/* Singular, its accusative and dative, plural, its dative. */
static const struct noun {
    enum column gender;
    const char *singular, *oblique, *plural, *plural_dative;
} nouns[] = {
    {MASCULINE, "Hund", "Hund", "Hunde", "Hunden"},
    {MASCULINE, "Esel", "Esel", "Esel", "Eseln"},
    {MASCULINE, "Molch", "Molch", "Molche", "Molchen"},
    {MASCULINE, "Löwe", "Löwen", "Löwen", "Löwen"},
    {MASCULINE, "Rabe", "Raben", "Raben", "Raben"},
    {FEMININE, "Katze", "Katze", "Katzen", "Katzen"},
    {FEMININE, "Ziege", "Ziege", "Ziegen", "Ziegen"},
    {FEMININE, "Eule", "Eule", "Eulen", "Eulen"},
    {FEMININE, "Maus", "Maus", "Mäuse", "Mäusen"},
    {NEUTER, "Pferd", "Pferd", "Pferde", "Pferden"},
    {NEUTER, "Kamel", "Kamel", "Kamele", "Kamelen"},
    {NEUTER, "Krokodil", "Krokodil", "Krokodile", "Krokodilen"},
    {NEUTER, "Zebra", "Zebra", "Zebras", "Zebras"},
};

static const char *const intransitive[][2] = {
    {"lachen", "gelacht"},  {"lächeln", "gelächelt"}, {"schlafen", "geschlafen"},
    {"feiern", "gefeiert"}, {"warten", "gewartet"},   {"arbeiten", "gearbeitet"},
    {"baden", "gebadet"},   {"lesen", "gelesen"},     {"essen", "gegessen"}};
static const char *const transitive[][2] = {
    {"unterhalten", "unterhalten"}, {"amüsieren", "amüsiert"}, {"nerven", "genervt"},
    {"erfreuen", "erfreut"},        {"verwirren", "verwirrt"}, {"bewundern", "bewundert"},
    {"akzeptieren", "akzeptiert"},  {"bedauern", "bedauert"},  {"trösten", "getröstet"}};

static bool is_aux(const char *word) {
    static const char *const list[] = {"kann", "können", "hat", "haben", NULL};
    return among(word, list);
}

/* kann, können: 0, with an infinitive; hat, haben: 1, with a participle. */
static int verb_form(const char *aux) {
    return aux[0] == 'h';
}

static bool is_plural_aux(const char *aux) {
    return strcmp(aux, "können") == 0 || strcmp(aux, "haben") == 0;
}

static bool is_verb(const char *word, const char *const verbs[9][2], int form) {
    for (int i = 0; i < 9; i++)
        if (strcmp(word, verbs[i][form]) == 0)
            return true;
    return false;
}

static bool is_determiner(const char *word, enum kase k, enum column c) {
    static const char *const stems[] = {"ein", "mein", "dein", "unser", "ihr"};
    if (strcmp(word, article[k][c]) == 0)
        return true;
    for (int i = 0; i < 5; i++) {
        char form[16];
        snprintf(form, sizeof form, "%s%s", i == 0 && c == PLURAL ? "einig" : stems[i],
                 ending[k][c]);
        if (strcmp(word, form) == 0)
            return true;
    }
    return false;
}

/* What the parses have met: so that no check is empty. */
static int n_phrases[3][4], n_pronouns[2][4];

/* Each parser takes the place of its first word and returns the place after its last, or -1. The
 * parts of a sentence end before its full stop, so that looking a few words ahead stays inside. */
static int parse_phrase(const struct words *w, int at, enum kase k, enum column *column) {
    for (int plural = 0; plural < 2; plural++)
        for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
            const struct noun *n = &nouns[i];
            const char *form = plural ? (k == DATIVE ? n->plural_dative : n->plural)
                                      : (k == NOMINATIVE ? n->singular : n->oblique);
            enum column c = plural ? PLURAL : n->gender;
            if (at + 1 < w->n && strcmp(w->word[at + 1], form) == 0 &&
                is_determiner(w->word[at], k, c)) {
                n_phrases[k][c]++;
                *column = c;
                return at + 2;
            }
        }
    return -1;
}

/* Verb and auxiliary at the end of a clause. */
static int parse_cluster(const struct words *w, int at, const char *const verbs[9][2],
                         bool plural) {
    if (at < 0 || at + 1 >= w->n || !is_aux(w->word[at + 1]) ||
        is_plural_aux(w->word[at + 1]) != plural)
        return -1;
    return is_verb(w->word[at], verbs, verb_form(w->word[at + 1])) ? at + 2 : -1;
}

static int parse_clause(const struct words *w, int at, enum column head) {
    const char *pronoun = w->word[at++];
    enum column c;
    if (strcmp(pronoun, article[NOMINATIVE][head]) == 0) {
        int end = parse_cluster(w, at, intransitive, head == PLURAL);
        if (end < 0)
            end = parse_cluster(w, parse_phrase(w, at, ACCUSATIVE, &c), transitive, head == PLURAL);
        if (end >= 0) {
            n_pronouns[NOMINATIVE][head]++;
            return end;
        }
    }
    if (strcmp(pronoun, article[ACCUSATIVE][head]) == 0) {
        int end = parse_phrase(w, at, NOMINATIVE, &c);
        if (end >= 0)
            end = parse_cluster(w, end, transitive, c == PLURAL);
        if (end >= 0)
            n_pronouns[ACCUSATIVE][head]++;
        return end;
    }
    return -1;
}

/* A noun phrase with what may follow it. */
static int parse_noun_phrase(const struct words *w, int at, enum kase k, enum column *column) {
    static const char *const prepositions[] = {"bei", "neben", "hinter", "über", "unter", NULL};
    int end = parse_phrase(w, at, k, column);
    if (end < 0 || end + 1 >= w->n)
        return -1;
    enum column inner;
    if (among(w->word[end], prepositions)) {
        end = parse_phrase(w, end + 1, DATIVE, &inner);
        return end < w->n ? end : -1;
    }
    if (strcmp(w->word[end], ",") != 0)
        return end;
    end = parse_clause(w, end + 1, *column);
    return end >= 0 && end < w->n && strcmp(w->word[end], ",") == 0 ? end + 1 : -1;
}

/* The place of the main auxiliary of a whole sentence with its full stop and task, or -1. */
static int parse_sentence(const struct words *w) {
    enum column subject, object;
    int aux = parse_noun_phrase(w, 0, NOMINATIVE, &subject);
    if (aux < 0 || !is_aux(w->word[aux]) || is_plural_aux(w->word[aux]) != (subject == PLURAL))
        return -1;
    int at = aux + 1, form = verb_form(w->word[aux]);
    bool good = is_verb(w->word[at], intransitive, form);
    if (!good) {
        at = parse_noun_phrase(w, at, ACCUSATIVE, &object);
        good = at >= 0 && is_verb(w->word[at], transitive, form);
    }
    return good && at == w->n - 3 && strcmp(w->word[at + 1], ".") == 0 ? aux : -1;
}

static void fronted(const struct words *w, int aux, struct buf *out) {
    buf_clear(out);
    words_put(w, aux, aux + 1, out);
    words_put(w, 0, aux, out);
    words_put(w, aux + 1, w->n - 2, out);
    buf_puts(out, " ?");
}

static void samples_are_german(void **state) {
    (void)state;
    struct drawing d;
    struct buf expected = {0};
    int n_parted = 0, n_center = 0;
    drawing_begin(&d, "grammars/question-german.gr");
    for (int i = 0; i < 10000; i++) {
        drawing_next(&d);
        const struct words *w = &d.words;
        int main_aux = parse_sentence(w), first = 0, n_aux = 0;
        if (main_aux < 0)
            fail_msg("no German: '%s'", d.source.data);
        while (!is_aux(w->word[first]))
            first++;
        bool quest = strcmp(w->word[w->n - 1], "quest") == 0, same_number = true;
        bool different = true;
        for (int k = 0; k < w->n; k++) {
            if (!is_aux(w->word[k]))
                continue;
            n_aux++;
            same_number &= is_plural_aux(w->word[k]) == is_plural_aux(w->word[first]);
            for (int m = 0; m < k; m++)
                different &= strcmp(w->word[k], w->word[m]) != 0;
        }
        bool center = first != main_aux;
        drawing_check_tag(&d, "quest", quest);
        drawing_check_tag(&d, "center", center);
        drawing_check_tag(&d, "one_aux", n_aux == 1);
        drawing_check_tag(&d, "two_aux", n_aux == 2);
        drawing_check_tag(&d, "three_aux", n_aux == 3);
        drawing_check_tag(&d, "same_number", same_number);
        drawing_check_tag(&d, "different_aux", different);
        drawing_check_tag(&d, "rc_on_object", n_aux - center == 2);
        const char *hierarchical = drawing_answer(&d, "hierarchical");
        const char *linear = drawing_answer(&d, "linear");
        if (quest) {
            fronted(w, main_aux, &expected);
            assert_string_equal(hierarchical, expected.data);
            fronted(w, first, &expected);
            assert_string_equal(linear, expected.data);
        } else {
            buf_clear(&expected);
            words_put(w, 0, w->n - 1, &expected);
            assert_string_equal(hierarchical, expected.data);
            assert_string_equal(linear, expected.data);
        }
        bool parted = strcmp(hierarchical, linear) != 0;
        assert_int_equal(parted, quest && center);
        n_parted += parted;
        n_center += center;
    }
    assert_in_range(n_center, 3133, 3533); /* a third; standard deviation 47 */
    assert_in_range(n_parted, 1517, 1817); /* half of them; 37 */
    for (int c = MASCULINE; c <= PLURAL; c++) {
        for (int k = NOMINATIVE; k <= DATIVE; k++)
            assert_true(n_phrases[k][c] > 300);
        for (int k = NOMINATIVE; k <= ACCUSATIVE; k++)
            assert_true(n_pronouns[k][c] > 50);
    }
    buf_free(&expected);
    drawing_end(&d);
}

/* What a speaker of German says yes and no to; the parser above and the grammar say the same. */
static void judgements(void **state) {
    (void)state;
    static const char *const good[] = {
        "die Maus hat geschlafen . decl",
        "ein Löwe hinter den Mäusen kann unseren Raben nerven . quest",
        "das Kamel , das die Eule getröstet hat , kann lesen . decl",
        "das Kamel , das die Eulen getröstet haben , kann lesen . decl",
        "dein Rabe hat meine Hunde , die ein Esel bewundern kann , akzeptiert . decl",
        "der Hund , den der Löwe verwirrt hat , hat das Pferd neben einer Ziege erfreut . quest",
        NULL};
    static const char *const bad[] = {
        "den Maus hat geschlafen . decl",                               /* gender */
        "die Hund hat geschlafen . decl",                               /* gender */
        "den Hund hat geschlafen . decl",                               /* case */
        "der Löwen hat geschlafen . decl",                              /* case */
        "der Hund hat den Rabe erfreut . decl",                         /* weak noun */
        "die Hunde hat geschlafen . decl",                              /* number */
        "die Katze hinter die Maus hat geschlafen . decl",              /* dative */
        "die Katze hinter den Mäuse hat geschlafen . decl",             /* dative plural */
        "der Hund kann geschlafen . decl",                              /* participle */
        "der Hund hat schlafen . decl",                                 /* infinitive */
        "der Hund hat genervt . decl",                                  /* no object */
        "der Hund hat die Maus gelacht . decl",                         /* an object */
        "die Katze , der gelacht hat , kann lesen . decl",              /* pronoun's gender */
        "die Katzen , die gelacht hat , können lesen . decl",           /* clause's number */
        "der Hund , der ein Rabe getröstet hat , kann lesen . decl",    /* pronoun's case */
        "der Hund , den einen Raben getröstet hat , kann lesen . decl", /* pronoun's case */
        "der Hund , der hat gelacht , kann lesen . decl",               /* verb final */
        "der Hund , der gelacht hat kann lesen . decl",                 /* comma */
        "der Hund der gelacht hat , kann lesen . decl",                 /* comma */
        "einige Maus hat geschlafen . decl",                            /* determiner */
        "ein Hunde haben geschlafen . decl",                            /* determiner */
        NULL};
    struct grammar *g = drawing_read("grammars/question-german.gr");
    struct parser *p = parser_new(g);
    struct err err = {0};
    for (int k = 0; k < 2; k++)
        for (const char *const *s = k ? good : bad; *s; s++) {
            struct words w;
            words_cut(&w, *s);
            if ((parse_sentence(&w) >= 0) != k)
                fail_msg("the test's parser on '%s'", *s);
            if (parser_parse(p, *s, strlen(*s), NULL, &err) != k)
                fail_msg("the grammar on '%s'", *s);
        }
    parser_free(p);
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_german),
        cmocka_unit_test(judgements),
    };
    return cmocka_run_group_tests_name("question-german", tests, NULL, NULL);
}
