/* gen/plan: every kind of example in its share, at every length. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/plan.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

/* Trees of 0.3 0.2 0.1 (x) and 0.2 0.12 0.08 (y); two rules beside the target's. */
static const char six[] = "3\tS\tX A\tA X\t@x\n2\tS\tY A\tA Y\t@y\n"
                          "3\tX\tB\t\t@one\n2\tX\tB B\n1\tX\tB B B\n"
                          "5\tY\tB\t\t@one\n3\tY\tB B\n2\tY\tB B B\n"
                          "1\tA\ta\n1\tA\tAA\t\t@loud\n1\tB\tb\n%words AA\n"
                          "%rule left s/b/c/\n%rule right s/^(.*)b/${1}c/\n";

static struct grammar *grammar;
static struct sampler *sampler;

static int begin(void **state) {
    struct err err = {0};
    if (scratch_make(state) != 0)
        return -1;
    scratch_put_text(six);
    grammar = grammar_read(scratch_file, &err);
    sampler = grammar ? sampler_new(grammar) : NULL;
    if (!grammar)
        print_error("%s\n", err.text);
    return grammar ? 0 : -1;
}

static int end(void **state) {
    sampler_free(sampler);
    grammar_free(grammar);
    return scratch_remove(state);
}

static int any(void *context, const struct derivation *d) {
    (void)context, (void)d;
    return 1;
}

/* By the tags of the tree. */
static int of_class(void *context, size_t class_index, const struct derivation *d) {
    const struct selection *s = context;
    return selection_class_of(s, d->tags) == (int)class_index;
}

struct setting {
    struct selection selection;
    struct treeset trees;
    struct plan plan;
};

static int make(struct setting *s, const char *where, const char *trees, bool even,
                const char *leaks, int64_t count, int64_t skip, struct err *err) {
    memset(s, 0, sizeof *s);
    if (selection_read(&s->selection, where, &grammar->tags, err) != 0 ||
        treeset_read(&s->trees, trees, grammar, err) != 0 ||
        treeset_choose(&s->trees, sampler, grammar, 5, any, NULL, err) != 0)
        fail_msg("%s", err->text);
    return plan_make(&s->plan,
                     &(struct plan_request){.grammar = grammar,
                                            .selection = &s->selection,
                                            .trees = &s->trees,
                                            .even = even,
                                            .leaks = leaks,
                                            .count = count,
                                            .skip = skip,
                                            .usable = of_class,
                                            .context = &s->selection},
                     err);
}

static void discard(struct setting *s) {
    plan_free(&s->plan);
    treeset_free(&s->trees);
    selection_free(&s->selection);
}

/* Ask for n slots and hold each kind's count against its share at every length; *count[kind]. */
static void assert_shares(struct setting *s, const double *share, int64_t n, int64_t *count) {
    size_t kinds = s->plan.n_kinds;
    for (size_t k = 0; k < kinds; k++)
        count[k] = 0;
    for (int64_t i = 1; i <= n; i++) {
        size_t kind = plan_next(&s->plan);
        assert_true(kind < kinds);
        count[kind]++;
        for (size_t k = 0; k < kinds; k++)
            if (fabs((double)count[k] - share[k] * (double)i) >= 1 + 1e-9)
                fail_msg("kind %zu: %lld among %lld, share %g", k, (long long)count[k],
                         (long long)i, share[k]);
    }
}

static void one_kind(void **state) {
    (void)state;
    struct err err = {0};
    struct setting s;
    assert_int_equal(make(&s, NULL, NULL, true, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 1);
    assert_int_equal(plan_next(&s.plan), 0);
    assert_null(s.plan.kinds[0].tree);
    assert_int_equal(s.plan.kinds[0].leak, -1);
    assert_string_equal(s.plan.kinds[0].name, "all");
    discard(&s);
}

static void trees_in_equal_shares(void **state) {
    (void)state;
    struct err err = {0};
    for (int k = 1; k <= 6; k++) {
        struct setting s;
        char list[16];
        snprintf(list, sizeof list, "%d", k);
        assert_int_equal(make(&s, NULL, list, true, NULL, 10, 0, &err), 0);
        assert_int_equal(s.plan.n_kinds, k);
        double share[6];
        int64_t count[6];
        for (int i = 0; i < k; i++) {
            share[i] = 1.0 / k;
            assert_ptr_equal(s.plan.kinds[i].tree, &s.trees.groups[0].trees[i].derivation);
        }
        assert_shares(&s, share, 60 * k, count);
        for (int i = 0; i < k; i++)
            assert_int_equal(count[i], 60);
        discard(&s);
    }
}

static void trees_by_probability(void **state) {
    (void)state;
    struct err err = {0};
    struct setting s;
    assert_int_equal(make(&s, NULL, "6", false, NULL, 10, 0, &err), 0);
    double share[6], sum = 0;
    int64_t count[6];
    for (size_t i = 0; i < 6; i++)
        sum += share[i] = exp(s.trees.groups[0].trees[i].log_probability);
    assert_true(fabs(sum - 1) < 1e-12);
    assert_shares(&s, share, 5000, count);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(count[i], lround(5000 * share[i]));
    discard(&s);
    /* Some of them: in proportion. */
    assert_int_equal(make(&s, NULL, "x=2", false, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 1); /* not all examples are x */
    discard(&s);
    assert_int_equal(make(&s, "x", "x=2", false, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 2);
    sum = 0;
    for (size_t i = 0; i < 2; i++)
        sum += share[i] = exp(s.trees.groups[0].trees[i].log_probability);
    share[0] /= sum, share[1] /= sum;
    assert_shares(&s, share, 1000, count);
    discard(&s);
}

/* Probabilities that are 0 as doubles keep their proportions. */
static void trees_of_no_size(void **state) {
    (void)state;
    struct err err = {0};
    struct setting s;
    assert_int_equal(make(&s, NULL, "2", false, NULL, 10, 0, &err), 0);
    struct tree_group *group = &s.trees.groups[0];
    group->trees[0].log_probability = -2000;
    group->trees[1].log_probability = -2000 + log(3);
    plan_free(&s.plan);
    assert_int_equal(plan_make(&s.plan,
                               &(struct plan_request){.grammar = grammar,
                                                      .selection = &s.selection,
                                                      .trees = &s.trees,
                                                      .usable = of_class,
                                                      .context = &s.selection},
                               &err),
                     0);
    int64_t count[2];
    assert_shares(&s, (double[]){0.25, 0.75}, 1000, count);
    assert_int_equal(count[0], 250);
    discard(&s);
}

/* Classes have their shares, and in each the trees theirs. */
static void classes_and_trees(void **state) {
    (void)state;
    struct err err = {0};
    struct setting s;
    assert_int_equal(make(&s, "x=0.3", "x=2,!x=3", true, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 5); /* the rest is !x */
    assert_string_equal(s.plan.kinds[0].name, "x");
    assert_string_equal(s.plan.kinds[4].name, "the rest");
    assert_non_null(s.plan.kinds[4].tree);
    discard(&s);
    assert_int_equal(make(&s, "x&one=0.3", "x=2,!x=3", true, NULL, 10, 0, &err), 0);
    assert_null(s.plan.kinds[s.plan.n_kinds - 1].tree); /* the rest may be x or not */
    discard(&s);
    assert_int_equal(make(&s, "!x=0.3", "x=2,!x=3", true, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 5);
    discard(&s);
    assert_int_equal(make(&s, "x=0.3,y=0.7", "x=2,y=3", true, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 5);
    int64_t count[6];
    /* Within a class exact; slots of the class itself are within one. */
    for (int i = 0; i < 1000; i++)
        (void)plan_next(&s.plan);
    discard(&s);
    assert_int_equal(make(&s, "x=0.3,y=0.7", "x=2,y=3", true, NULL, 10, 0, &err), 0);
    memset(count, 0, sizeof count);
    for (int i = 0; i < 3000; i++)
        count[plan_next(&s.plan)]++;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(count[i], i < 2 ? 450 : 700);
        assert_string_equal(s.plan.kinds[i].name, i < 2 ? "x" : "y");
        assert_int_equal(s.plan.kinds[i].class_index, i >= 2);
    }
    discard(&s);
    /* One set for all classes: each takes its own. */
    assert_int_equal(make(&s, "x=0.5,one=0.1,!x&!one=0.4", "6", true, NULL, 10, 0, &err), 0);
    discard(&s);
    assert_int_equal(make(&s, "x=0.5", "6", true, NULL, 10, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 6);
    memset(count, 0, sizeof count);
    for (int i = 0; i < 600; i++)
        count[plan_next(&s.plan)]++;
    for (int i = 0; i < 6; i++)
        assert_int_equal(count[i], 100);
    discard(&s);
    /* A class that is wanted nowhere needs no trees. */
    assert_int_equal(make(&s, "x&y=0,y=1", "y=2", true, NULL, 10, 0, &err), 0);
    for (int i = 0; i < 10; i++)
        assert_true(plan_next(&s.plan) > 0);
    discard(&s);
}

static void leaks(void **state) {
    (void)state;
    struct err err = {0};
    struct setting s;
    int64_t count[8];
    assert_int_equal(make(&s, NULL, NULL, true, "left=0.01,right=20", 1000, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 3);
    assert_int_equal(s.plan.kinds[0].leak, 1);
    assert_int_equal(s.plan.kinds[1].leak, 2);
    assert_int_equal(s.plan.kinds[2].leak, -1);
    assert_string_equal(s.plan.kinds[0].name, "leak:left");
    assert_true(s.plan.kinds[0].class_index == PLAN_ANY_CLASS);
    assert_shares(&s, (double[]){0.01, 0.02, 0.97}, 1000, count);
    assert_int_equal(count[0], 10);
    assert_int_equal(count[1], 20);
    discard(&s);
    /* Shares of classes and trees are of what is not leaked. */
    assert_int_equal(make(&s, "x=0.25,y=0.75", "x=2,y=3", true, "right=100", 900, 0, &err), 0);
    assert_int_equal(s.plan.n_kinds, 6);
    assert_null(s.plan.kinds[0].tree);
    memset(count, 0, sizeof count);
    for (int i = 0; i < 900; i++)
        count[plan_next(&s.plan)]++;
    static const int64_t expected[] = {100, 100, 100, 200, 200, 200};
    for (int i = 0; i < 6; i++)
        assert_int_equal(count[i], expected[i]);
    discard(&s);
    static const struct {
        const char *list;
        int n;
    } amounts[] = {
        {"left=0", 0}, {"left=1", 1}, {"left=0.1k", 100}, {"left=1k", 1000}, {"left=0.999", 999}};
    for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++) {
        assert_int_equal(make(&s, NULL, NULL, true, amounts[k].list, 1000, 0, &err), 0);
        memset(count, 0, sizeof count);
        for (int i = 0; i < 1000; i++)
            count[plan_next(&s.plan)]++;
        assert_int_equal(count[0], amounts[k].n);
        discard(&s);
    }
    assert_int_equal(make(&s, NULL, NULL, true, "left=5", 0, 0, &err), 0); /* none of none */
    discard(&s);
}

static void errors(void **state) {
    (void)state;
    static const struct {
        const char *where, *trees, *leaks;
        enum status status;
        const char *why;
    } bad[] = {
        {NULL, NULL, "", STATUS_USAGE, "--leak: '' is not RULE=AMOUNT"},
        {NULL, NULL, "left", STATUS_USAGE, "--leak: 'left' is not RULE=AMOUNT"},
        {NULL, NULL, "left=", STATUS_USAGE, "'' is neither a share below 1 nor a whole number"},
        {NULL, NULL, "left=1.5", STATUS_USAGE, "'1.5' is neither"},
        {NULL, NULL, "left=-1", STATUS_USAGE, "'-1' is neither"},
        {NULL, NULL, "left=nan", STATUS_USAGE, "'nan' is neither"},
        {NULL, NULL, "up=1", STATUS_USAGE, "has no rule 'up'"},
        {NULL, NULL, "lefft=1", STATUS_USAGE, "did you mean 'left'?"},
        {NULL, NULL, "left=101", STATUS_USAGE, "--leak: more than all examples"},
        {NULL, NULL, "left=0.6,right=0.6", STATUS_USAGE, "--leak: more than all examples"},
        {NULL, NULL, "left=0.1,left=0.2", STATUS_USAGE, "--leak names 'left' twice"},
        {"x&y=0.5,one=0.5", "6", NULL, STATUS_DATA,
         "--trees: none of the chosen trees can be of class 'x&y'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct setting s;
        assert_int_equal(make(&s, bad[i].where, bad[i].trees, true, bad[i].leaks, 100, 0, &err),
                         -1);
        assert_error(&err, bad[i].status, NULL, bad[i].why);
        discard(&s);
    }
    struct err err = {0};
    struct setting s;
    assert_int_equal(make(&s, NULL, NULL, true, "left=50", 100, 5, &err), -1);
    assert_error(&err, STATUS_USAGE, "--leak: 50 of how many examples?", "give a share");
    discard(&s);
    assert_int_equal(make(&s, NULL, NULL, true, "left=0.5", 100, 5, &err), 0);
    discard(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_kind),
        cmocka_unit_test(trees_in_equal_shares),
        cmocka_unit_test(trees_by_probability),
        cmocka_unit_test(trees_of_no_size),
        cmocka_unit_test(classes_and_trees),
        cmocka_unit_test(leaks),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("plan", tests, begin, end);
}
