/* gen/scene and gen/identity: which pairs are held out and shown, what scenes hold, how often
 * shortcuts are right, where points lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/identity.h"
#include "gen/scene.h"
#include "lib/mem.h"
#include "tests/unit/assert_error.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static struct scene_law start(struct scene_law law, const char *hold_out, size_t n_shown,
                              uint64_t seed) {
    const char *items[] = {hold_out};
    struct opt_list list = {.items = items, .n = hold_out ? 1 : 0};
    struct err err = {0};
    if (scene_start(&law, &list, n_shown, seed, &err) != 0)
        fail_msg("%s", err.text);
    return law;
}

static const struct scene_law plain = {.attributes = 3, .values = 5, .objects = 2};

/* 25 pairs: one held out, the first five with every value once, fewer always within more. */
static void pairs_are_nested_and_cover(void **state) {
    (void)state;
    int held[25] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct scene_law all = start(plain, NULL, 0, seed), few = start(plain, NULL, 9, seed);
        assert_int_equal(all.n_shown, 24);
        assert_int_equal(few.n_shown, 9);
        assert_int_equal(all.held[0], few.held[0]);
        assert_memory_equal(all.order, few.order, 24 * sizeof *all.order);
        held[all.held[0]]++;
        int met[25] = {0}, a_met[5] = {0}, b_met[5] = {0};
        for (int i = 0; i < 24; i++) {
            assert_int_equal(met[all.order[i]]++, 0);
            assert_true(all.order[i] != all.held[0]);
            if (i < 5) {
                a_met[all.order[i] / 5]++;
                b_met[all.order[i] % 5]++;
            }
        }
        for (int v = 0; v < 5; v++)
            assert_true(a_met[v] == 1 && b_met[v] == 1);
        scene_end(&all);
        scene_end(&few);
    }
    double chi = 0;
    for (int k = 0; k < 25; k++)
        chi += (held[k] - 8) * (held[k] - 8) / 8.0;
    assert_true(chi < 70); /* 24 degrees of freedom */
}

static void bad_requests(void **state) {
    (void)state;
    static const struct {
        const char *hold_out[4];
        size_t n, n_shown;
        uint32_t values, objects;
        double lures;
        const char *why;
    } rows[] = {
        {{"a1"}, 1, 0, 4, 2, 0, "write a0&b0 to a3&b3"},
        {{"a1&b4"}, 1, 0, 4, 2, 0, "'a1&b4' is no pair"},
        {{"a1&b2x"}, 1, 0, 4, 2, 0, "is no pair"},
        {{"b1&a2"}, 1, 0, 4, 2, 0, "is no pair"},
        {{"a&b"}, 1, 0, 4, 2, 0, "is no pair"},
        {{"a99999999999999999999&b1"}, 1, 0, 4, 2, 0, "is no pair"},
        {{""}, 1, 0, 4, 2, 0, "is no pair"},
        {{"a1&b2", "a1&b2"}, 2, 0, 4, 2, 0, "names a1&b2 twice"},
        {{"a1&b0", "a1&b1"}, 2, 0, 2, 1, 0, "do not hold every value"},
        {{"a1&b1"}, 1, 3, 4, 2, 0, "--diversity: 3 pairs; 4 show every value, and there are 15"},
        {{"a1&b1"}, 1, 16, 4, 2, 0, "--diversity: 16 pairs"},
        {{"a1&b1"}, 1, 4, 4, 4, 0, "so 4 shown pairs allow 3 objects"},
        {{"a1&b1"}, 1, 0, 4, 1, 0.5, "a lure takes two objects"},
        {{"a1&b1"}, 1, 4, 4, 2, 0.5, "among 4 pairs none shares both"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *items[4];
        memcpy(items, rows[i].hold_out, sizeof items);
        struct opt_list list = {.items = items, .n = rows[i].n};
        struct scene_law law = {.attributes = 2,
                                .values = rows[i].values,
                                .objects = rows[i].objects,
                                .lures = rows[i].lures};
        struct err err = {0};
        assert_int_equal(scene_start(&law, &list, rows[i].n_shown, 0, &err), -1);
        assert_error(&err, STATUS_USAGE, NULL, rows[i].why);
        scene_end(&law);
    }
}

static bool is_shown(const struct scene_law *law, uint32_t pair) {
    for (size_t i = 0; i < law->n_shown; i++)
        if (law->order[i] == pair)
            return true;
    return false;
}

static uint32_t pair_at(const struct scene *s, const struct scene_law *law, uint32_t i) {
    return s->value[i * law->attributes] * law->values + s->value[i * law->attributes + 1];
}

/* What every scene must be, of every kind, in both parts. */
static void scenes_keep_the_law(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (uint32_t objects = 2; objects < 7; objects++) {
            struct scene_law law = start((struct scene_law){.attributes = 4,
                                                            .values = 5,
                                                            .objects = objects,
                                                            .asks_value = kind & 1,
                                                            .test = kind & 2,
                                                            .lures = 0.3},
                                         "a2&b3", 12, 7);
            struct scene s;
            scene_begin(&s, &law);
            int targets[7] = {0}, lures = 0;
            enum { N = 4000 };
            for (uint64_t i = 0; i < N; i++) {
                struct rng r = rng_at(1, RNG_GEN, i);
                while (!scene_draw(&s, &law, i, &r))
                    ;
                uint32_t n_equal = 0;
                bool a = false, b = false;
                for (uint32_t k = 0; k < objects; k++) {
                    uint32_t pair = pair_at(&s, &law, k);
                    assert_true(is_shown(&law, pair) || (law.test && pair == 13 && s.target == k));
                    for (uint32_t j = 0; j < k; j++)
                        assert_true(pair_at(&s, &law, j) != pair);
                    n_equal += pair == s.pair;
                    a |= pair / 5 == s.pair / 5;
                    b |= pair % 5 == s.pair % 5;
                }
                assert_true(law.test ? s.pair == 13 : is_shown(&law, s.pair));
                assert_int_equal(n_equal, s.kind == SCENE_PRESENT);
                if (s.kind == SCENE_PRESENT)
                    assert_true(pair_at(&s, &law, s.target) == s.pair);
                else
                    assert_int_equal(s.target, objects);
                assert_true((a && b) == (s.kind != SCENE_ABSENT));
                assert_true(law.asks_value || (s.kind == SCENE_PRESENT) == (i % 2 == 0));
                assert_true(!law.asks_value || (s.asked >= 2 && s.asked < 4));
                if (s.kind == SCENE_PRESENT)
                    targets[s.target]++;
                lures += s.kind == SCENE_LURE;
                double no = (double)(i + 1) / 2;
                assert_true(law.asks_value || fabs(lures - 0.3 * floor(no)) < 1);
            }
            double each = (law.asks_value ? N : N / 2.0) / objects;
            for (uint32_t k = 0; k < objects; k++)
                assert_true(fabs(targets[k] - each) < 6 * sqrt(each));
            scene_free(&s);
            scene_end(&law);
        }
}

/* Two objects out of five shown pairs, every scene as likely: each asked pair with each
 * other one, in both orders. */
static void queries_are_even(void **state) {
    (void)state;
    struct scene_law law = start(
        (struct scene_law){.attributes = 3, .values = 3, .objects = 2, .asks_value = true}, "a0&b0",
        5, 3);
    struct scene s;
    scene_begin(&s, &law);
    int count[9][9][2] = {{{0}}};
    enum { N = 40000 };
    for (uint64_t i = 0; i < N; i++) {
        struct rng r = rng_at(2, RNG_GEN, i);
        assert_true(scene_draw(&s, &law, i, &r));
        count[s.pair][pair_at(&s, &law, 1 - s.target)][s.target]++;
    }
    double chi = 0, each = N / (5 * 4 * 2.0);
    int n = 0;
    for (int k = 0; k < 9 * 9 * 2; k++)
        if ((&count[0][0][0])[k]) {
            double d = (&count[0][0][0])[k] - each;
            chi += d * d / each;
            n++;
        }
    assert_int_equal(n, 40);
    assert_true(chi < 95); /* 39 degrees of freedom: beyond with probability below 10^-5 */
    scene_free(&s);
    scene_end(&law);
}

/* The first object with the value of a, or b, against all choices of other objects. */
static double first_by_enumeration(const struct scene_law *law, int attribute) {
    double sum = 0, n = 0;
    size_t n_asked = law->test ? law->n_held : law->n_shown;
    for (size_t q = 0; q < n_asked; q++) {
        uint32_t asked = law->test ? law->held[q] : law->order[q];
        for (uint32_t set = 0; set < 1u << law->n_shown; set++) {
            if (__builtin_popcount(set) != (int)law->objects - 1)
                continue;
            int mates = 0;
            bool asked_in = false;
            for (size_t i = 0; i < law->n_shown; i++)
                if (set >> i & 1) {
                    uint32_t pair = law->order[i], v = law->values;
                    asked_in |= pair == asked;
                    mates += attribute ? pair % v == asked % v : pair / v == asked / v;
                }
            if (asked_in)
                continue;
            sum += 1.0 / (mates + 1) + (1 - 1.0 / (mates + 1)) / law->values;
            n++;
        }
    }
    return sum / n;
}

static void shortcuts_by_enumeration(void **state) {
    (void)state;
    for (uint32_t objects = 1; objects < 6; objects++)
        for (int test = 0; test < 2; test++)
            for (size_t n_shown = 6; n_shown < 16; n_shown += 3) {
                struct scene_law law = start((struct scene_law){.attributes = 3,
                                                                .values = 4,
                                                                .objects = objects,
                                                                .asks_value = true,
                                                                .test = test},
                                             NULL, n_shown, objects);
                for (int k = 0; k < 2; k++)
                    assert_near(scene_first_accuracy(&law, (uint32_t)k),
                                first_by_enumeration(&law, k), 1e-9);
                scene_end(&law);
            }
}

static double *copy(const double *x, size_t n) {
    double *y = mem_alloc(n, sizeof *y);
    memcpy(y, x, n * sizeof *x);
    return y;
}

static void points_have_their_moments(void **state) {
    (void)state;
    struct identity_law law = {0};
    struct err err = {0};
    const double means[] = {1, -2}, deviations[] = {0.5, 0.1, 2};
    assert_int_equal(identity_start(&law, copy(means, 2), 2, copy(deviations, 3), 3, 3, &err), 0);
    enum { N = 100000 };
    double sum[2][3] = {{0}}, squares[2][3] = {{0}}, fourth[3] = {0};
    int n[2] = {0};
    for (uint64_t i = 0; i < N; i++) {
        struct rng r = rng_at(3, RNG_GEN, i);
        double x[3];
        size_t cluster = identity_draw(&law, i, &r, x);
        assert_int_equal(cluster, i % 2);
        n[cluster]++;
        for (size_t k = 0; k < 3; k++) {
            double d = x[k] - (k == cluster ? means[k] : 0);
            sum[cluster][k] += d;
            squares[cluster][k] += d * d;
            fourth[k] += d * d * d * d / N;
        }
    }
    for (int c = 0; c < 2; c++)
        for (int k = 0; k < 3; k++) {
            double s = deviations[k];
            assert_near(sum[c][k] / n[c], 0, 5 * s / sqrt(n[c]));
            assert_near(squares[c][k] / n[c], s * s, 5 * s * s * sqrt(2.0 / n[c]));
            assert_near(fourth[k], 3 * s * s * s * s, 5 * s * s * s * s * sqrt(96.0 / N));
        }
    double corner[3];
    identity_corner(&law, corner);
    assert_true(corner[0] == 1 && corner[1] == -2 && corner[2] == 0);
    identity_end(&law);
}

static void identity_requests(void **state) {
    (void)state;
    const double x[] = {1, 2, 3};
    struct identity_law law = {0};
    struct err err = {0};
    assert_int_equal(identity_start(&law, copy(x, 3), 3, copy(x, 1), 1, 2, &err), -1);
    assert_error(&err, STATUS_USAGE, "--dimension: 2 axes for 3 means", NULL);
    identity_end(&law);
    assert_int_equal(identity_start(&law, copy(x, 2), 2, copy(x, 3), 3, 4, &err), -1);
    assert_error(&err, STATUS_USAGE, "--deviations: 3 numbers", NULL);
    identity_end(&law);
    assert_int_equal(identity_start(&law, copy(x, 2), 2, copy(x, 2), 2, 4, &err), 0);
    assert_true(law.deviation[1] == 2 && law.deviation[2] == 0 && law.deviation[3] == 0);
    identity_end(&law);
    assert_int_equal(identity_start(&law, copy(x, 2), 2, copy(x, 1), 1, 0, &err), 0);
    assert_int_equal(law.dimension, 2);
    assert_true(law.deviation[1] == 1);
    identity_end(&law);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_nested_and_cover), cmocka_unit_test(bad_requests),
        cmocka_unit_test(scenes_keep_the_law),        cmocka_unit_test(queries_are_even),
        cmocka_unit_test(shortcuts_by_enumeration),   cmocka_unit_test(points_have_their_moments),
        cmocka_unit_test(identity_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
