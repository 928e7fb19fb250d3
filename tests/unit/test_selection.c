/* lib/selection: classes, and slots that keep exact shares. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/selection.h"
#include "tests/unit/assert_error.h"

static struct vocab tags;

static int make_tags(void **state) {
    (void)state;
    vocab_add_text(&tags, "quest decl center right two_aux");
    for (int i = 5; i < 64; i++) {
        char name[8];
        int n = snprintf(name, sizeof name, "t%d", i);
        vocab_add(&tags, name, (size_t)n);
    }
    return 0;
}

static int free_tags(void **state) {
    (void)state;
    vocab_free(&tags);
    return 0;
}

enum { QUEST = 1, DECL = 2, CENTER = 4, RIGHT = 8, TWO_AUX = 16 };

static void read_good(struct selection *s, const char *text) {
    struct err err = {0};
    if (selection_read(s, text, &tags, &err) != 0)
        fail_msg("%s: %s", text, err.text);
}

static void read_bad(const char *text, const char *why) {
    struct err err = {0};
    struct selection s;
    assert_int_equal(selection_read(&s, text, &tags, &err), -1);
    assert_error(&err, STATUS_USAGE, NULL, why);
    selection_free(&s);
}

static void everything(void **state) {
    (void)state;
    struct selection s;
    read_good(&s, NULL);
    assert_int_equal(s.n, 0);
    assert_int_equal(s.wanted, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(selection_next_class(&s), 0);
    assert_int_equal(selection_class_of(&s, 0), 0);
    assert_int_equal(selection_class_of(&s, UINT64_MAX), 0);
    assert_string_equal(selection_class_name(&s, 0), "all");
    selection_free(&s);
    selection_free(&s);
}

static void conditions(void **state) {
    (void)state;
    struct selection s;
    read_good(&s, "quest,!center&two_aux");
    assert_int_equal(s.wanted, QUEST | CENTER | TWO_AUX);
    assert_int_equal(selection_class_of(&s, QUEST | TWO_AUX), 0);
    assert_int_equal(selection_class_of(&s, QUEST | TWO_AUX | RIGHT), 0);
    assert_int_equal(selection_class_of(&s, QUEST), -1);
    assert_int_equal(selection_class_of(&s, QUEST | TWO_AUX | CENTER), -1);
    selection_free(&s);
    read_good(&s, "t63");
    assert_int_equal(selection_class_of(&s, (uint64_t)1 << 63), 0);
    assert_int_equal(selection_class_of(&s, ~((uint64_t)1 << 63)), -1);
    selection_free(&s);
}

static void classes_with_shares(void **state) {
    (void)state;
    struct selection s;
    read_good(&s, "quest,center=0.3,!center&two_aux=0.2");
    assert_int_equal(s.n, 3);
    assert_int_equal(selection_class_of(&s, QUEST | CENTER), 0);
    assert_int_equal(selection_class_of(&s, QUEST | TWO_AUX), 1);
    assert_int_equal(selection_class_of(&s, QUEST | CENTER | TWO_AUX), 0);
    assert_int_equal(selection_class_of(&s, QUEST), 2); /* the rest */
    assert_int_equal(selection_class_of(&s, CENTER), -1);
    assert_string_equal(selection_class_name(&s, 1), "!center&two_aux");
    assert_string_equal(selection_class_name(&s, 2), "the rest");
    selection_free(&s);
    read_good(&s, "center=0.5,right=0.5"); /* no rest */
    assert_int_equal(s.n, 2);
    assert_int_equal(selection_class_of(&s, QUEST), -1);
    assert_int_equal(selection_class_of(&s, CENTER | RIGHT), -2); /* overlap */
    selection_free(&s);
    read_good(&s, "center=1");
    assert_int_equal(s.n, 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(selection_next_class(&s), 0);
    selection_free(&s);
    read_good(&s, "center=0"); /* all to the rest */
    for (int i = 0; i < 10; i++)
        assert_int_equal(selection_next_class(&s), 1);
    selection_free(&s);
    read_good(&s, "quest=0.1,decl=0.2,center=0.7"); /* 0.1 + 0.2 + 0.7 in doubles */
    assert_int_equal(s.n, 3);
    selection_free(&s);
}

static void errors(void **state) {
    (void)state;
    read_bad("qest", "no tag 'qest'; did you mean 'quest'?");
    read_bad("", "a tag is missing");
    read_bad(",", "a tag is missing");
    read_bad("quest,", "a tag is missing");
    read_bad("quest&", "a tag is missing");
    read_bad("&quest", "a tag is missing");
    read_bad("!", "a tag is missing");
    read_bad("!!quest", "no tag '!quest'");
    read_bad(" quest", "no tag ' quest'");
    read_bad("=0.5", "a tag is missing");
    read_bad("quest=", "the share ''");
    read_bad("quest=x", "the share 'x' is no number from 0 to 1");
    read_bad("quest=1.1", "the share '1.1'");
    read_bad("quest=-0.1", "the share '-0.1'");
    read_bad("quest=nan", "the share 'nan'");
    read_bad("quest=0x1", "the share '0x1'");
    read_bad("quest=0.5=0.5", "the share '0.5=0.5'");
    read_bad("quest=0.6,decl=0.6", "the shares sum to 1.2");
    read_bad("quest&!quest", "asks for a tag and against it");
    read_bad("quest,!quest", "asks for a tag and against it");
    read_bad("quest&!quest=0.5", "'quest&!quest' asks for a tag and against it");
    read_bad("!quest,quest=0.5", "no example of class 'quest' may be kept");
    read_bad("quest&center=0.5,!quest", "no example of class 'quest&center' may be kept");
    read_bad("zzzzzzzzzz", "the tags are: quest decl");
    struct vocab none = {0};
    struct err err = {0};
    struct selection s;
    assert_int_equal(selection_read(&s, "quest", &none, &err), -1);
    assert_non_null(strstr(err.text, "the grammar has no tags"));
    selection_free(&s);
}

/* Among the first n slots a class of share p has n*p, rounded up or down: for every n. */
static void follow(const double *shares, size_t n_shares, int slots) {
    struct buf text = {0};
    for (size_t i = 0; i < n_shares; i++)
        buf_printf(&text, "%st%zu=%.17g", i ? "," : "", i + 5, shares[i]);
    struct selection s;
    read_good(&s, text.data);
    uint64_t *taken = mem_alloc(s.n, sizeof *taken);
    for (int n = 1; n <= slots; n++) {
        size_t class_index = selection_next_class(&s);
        assert_true(class_index < s.n);
        taken[class_index]++;
        for (size_t i = 0; i < s.n; i++) {
            double owed = n * s.shares.parts[i].share;
            if (!(fabs((double)taken[i] - owed) < 1 - 1e-9) ||
                (s.shares.parts[i].share == 0 && taken[i]))
                fail_msg("%s: after %d slots class %zu has %llu of %g", text.data, n, i,
                         (unsigned long long)taken[i], owed);
        }
    }
    selection_free(&s);
    free(taken);
    buf_free(&text);
}

static void shares_hold_for_every_prefix(void **state) {
    (void)state;
    const double fixed[][6] = {
        {0.5, 0.5},   {0.3, 0.7}, {0.1, 0.2, 0.7}, {1.0 / 3, 1.0 / 3, 1.0 / 3},
        {0.01},       {0.99},     {1e-6},          {0.5, 0.25, 0.125, 0.0625},
        {0.41, 0.59}, {0, 0, 1},  {0, 0.5, 0.5}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        size_t n = 6;
        while (n > 1 && fixed[i][n - 1] == 0)
            n--;
        follow(fixed[i], n, 5000);
    }
    for (uint64_t trial = 0; trial < 400; trial++) {
        struct rng r = rng_at(3, RNG_NOISE, trial);
        double shares[50], sum = 0;
        size_t n = 1 + rng_below(&r, trial % 10 ? 8 : 50);
        for (size_t i = 0; i < n; i++) /* uneven: some near 0 */
            sum += shares[i] = pow(rng_uniform(&r), trial % 4 + 1);
        double whole = trial % 3 ? 1 : rng_uniform(&r); /* a third leave a rest */
        for (size_t i = 0; i < n; i++)
            shares[i] *= whole / sum;
        follow(shares, n, 1500);
    }
}

static void whole_numbers_are_exact(void **state) {
    (void)state;
    for (uint64_t trial = 0; trial < 200; trial++) {
        struct rng r = rng_at(4, RNG_NOISE, trial);
        uint32_t parts[5], total = 0;
        for (int i = 0; i < 5; i++)
            total += parts[i] = rng_below(&r, 40);
        if (!total)
            continue;
        struct buf text = {0};
        for (int i = 0; i < 5; i++)
            buf_printf(&text, "%st%d=%.17g", i ? "," : "", i + 5, (double)parts[i] / total);
        struct selection s;
        read_good(&s, text.data);
        uint32_t taken[6] = {0};
        for (uint32_t n = 0; n < 7 * total; n++) {
            taken[selection_next_class(&s)]++;
            if ((n + 1) % total == 0)
                for (int i = 0; i < 5; i++)
                    assert_int_equal(taken[i], parts[i] * ((n + 1) / total));
        }
        selection_free(&s);
        buf_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(conditions),
        cmocka_unit_test(classes_with_shares),
        cmocka_unit_test(errors),
        cmocka_unit_test(shares_hold_for_every_prefix),
        cmocka_unit_test(whole_numbers_are_exact),
    };
    return cmocka_run_group_tests_name("selection", tests, make_tags, free_tags);
}
