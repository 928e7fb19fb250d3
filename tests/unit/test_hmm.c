/* lib/hmm, lib/hmm_sample: building, stationary distributions, classes, mixtures, draws. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hmm_sample.h"
#include "lib/mem.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/models.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static void building(void **state) {
    (void)state;
    struct hmm h = {0};
    for (int again = 0; again < 2; again++) { /* cleared memory is used again */
        hmm_clear(&h, 3);
        hmm_add_edge(&h, 2, 0, 1);
        hmm_add_edge(&h, 0, 1, 2);
        hmm_add_edge(&h, 1, 1, 0);
        hmm_add_edge(&h, 0, 0, 4);
        hmm_add_edge(&h, 2, 0, 1);
        hmm_end_state(&h);
        hmm_add_edge(&h, 1, 0, 0.25);
        hmm_end_state(&h);
        hmm_end(&h);
        assert_int_equal(h.n_states, 2);
        assert_int_equal(hmm_n_edges(&h), 4);
        static const struct hmm_edge expected[] = {
            {0, 0, 0.5}, {0, 1, 0.25}, {2, 0, 0.25}, {1, 0, 1}};
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(h.edges[k].symbol, expected[k].symbol);
            assert_int_equal(h.edges[k].to, expected[k].to);
            assert_true(h.edges[k].probability == expected[k].probability);
        }
        assert_false(hmm_is_unifilar(&h));
        assert_near(hmm_state_entropy(&h, 0), 1.5 * log(2), 1e-15);
        assert_true(hmm_state_entropy(&h, 1) == 0);
    }
    hmm_free(&h);
}

/* Every entry, however small; and where it converges, against x <- x (P + I) / 2, which does so for
 * periodic chains too. */
static void stationary_is_a_fixed_point(void **state) {
    (void)state;
    struct hmm h = {0};
    for (uint64_t k = 0; k < 60; k++) {
        struct rng r = rng_at(2, RNG_EVAL, k);
        size_t n = 1 + k % 8;
        model_random(&h, &r, n, 1 + k % 3, k % 2 ? 1 : 0.1, k % 3 ? 0 : 0.6);
        double x[8], next[8], sum = 0;
        for (size_t i = 0; i < n; i++)
            x[i] = 1.0 / (double)n;
        for (int step = 0; step < 20000; step++) {
            for (size_t i = 0; i < n; i++)
                next[i] = x[i] / 2;
            for (size_t i = 0; i < n; i++)
                for (size_t e = h.first[i]; e < h.first[i + 1]; e++)
                    next[h.edges[e].to] += x[i] * h.edges[e].probability / 2;
            memcpy(x, next, sizeof x);
        }
        memset(next, 0, sizeof next);
        for (size_t i = 0; i < n; i++)
            for (size_t e = h.first[i]; e < h.first[i + 1]; e++)
                next[h.edges[e].to] += h.start[i] * h.edges[e].probability;
        for (size_t i = 0; i < n; i++) {
            assert_near(next[i], h.start[i], 1e-13 * h.start[i]);
            if (k % 2)
                assert_near(h.start[i], x[i], 1e-9);
            sum += h.start[i];
        }
        assert_near(sum, 1, 1e-14);
        assert_true(hmm_is_stationary(&h));
    }
    hmm_free(&h);
}

/* Entries of very different size are all exact: a birth and death chain, p up, q down, has
 * pi[i] = (p / q)^i pi[0]. */
static void stationary_is_exact_in_every_entry(void **state) {
    (void)state;
    enum { N = 40 };
    struct hmm h = {0};
    hmm_clear(&h, 1);
    for (uint32_t i = 0; i < N; i++) {
        hmm_add_edge(&h, 0, i + 1 < N ? i + 1 : i, 1e-4);
        hmm_add_edge(&h, 0, i ? i - 1 : i, 1 - 1e-4);
        hmm_end_state(&h);
    }
    hmm_end(&h);
    model_stationary(&h);
    for (int i = 1; i < N; i++)
        assert_near(h.start[i] / h.start[i - 1] / (1e-4 / (1 - 1e-4)), 1, 1e-12);
    assert_true(h.start[N - 1] < 1e-150 && h.start[N - 1] > 0);
    hmm_free(&h);
}

static void periodic_chain(void **state) {
    (void)state;
    struct process *z1r = model_shipped("z1r", NULL, 0);
    for (int i = 0; i < 3; i++)
        assert_near(z1r->hmm.start[i], 1.0 / 3, 1e-15);
    process_free(z1r);
    struct process *rrxor = model_shipped("rrxor", NULL, 0);
    static const double expected[] = {2, 1, 1, 1, 1};
    for (int i = 0; i < 5; i++)
        assert_near(rrxor->hmm.start[i], expected[i] / 6, 1e-15);
    process_free(rrxor);
}

/* Reachability by Warshall's algorithm. */
static size_t slow_classes(const struct hmm *h, int32_t *class_of) {
    enum { MOST = 64 };
    static bool reaches[MOST][MOST];
    size_t n = h->n_states, classes = 0;
    memset(reaches, 0, sizeof reaches);
    for (size_t i = 0; i < n; i++) {
        reaches[i][i] = true;
        for (size_t e = h->first[i]; e < h->first[i + 1]; e++)
            reaches[i][h->edges[e].to] = true;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                reaches[i][j] |= reaches[i][k] && reaches[k][j];
    for (size_t i = 0; i < n; i++) {
        bool closed = true;
        for (size_t j = 0; j < n; j++)
            closed &= !reaches[i][j] || reaches[j][i];
        class_of[i] = -1;
        for (size_t j = 0; j < i && closed; j++)
            if (reaches[i][j])
                class_of[i] = class_of[j];
        if (closed && class_of[i] < 0)
            class_of[i] = (int32_t)classes++;
    }
    return classes;
}

static void closed_classes(void **state) {
    (void)state;
    struct hmm h = {0};
    size_t several = 0, one = 0;
    for (uint64_t k = 0; k < 500; k++) {
        struct rng r = rng_at(4, RNG_EVAL, k);
        uint32_t n = 1 + rng_below(&r, 40);
        hmm_clear(&h, 1);
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t e = 0; e < 1 + k % 3; e++)
                hmm_add_edge(&h, 0, rng_below(&r, n), 1);
            hmm_end_state(&h);
        }
        hmm_end(&h);
        int32_t got[64], expected[64];
        assert_int_equal(hmm_closed_classes(&h, got), slow_classes(&h, expected));
        assert_memory_equal(got, expected, n * sizeof *got);
        size_t apart[2];
        struct err err = {0};
        if (hmm_stationary(&h, h.start, apart, &err) == 0) {
            one++;
            for (uint32_t i = 0; i < n; i++)
                assert_true((h.start[i] > 0) == (got[i] == 0));
            assert_true(hmm_is_stationary(&h));
        } else {
            several++;
            assert_true(got[apart[0]] >= 0 && got[apart[1]] >= 0 && got[apart[0]] != got[apart[1]]);
        }
    }
    assert_true(several > 50 && one > 50);
    hmm_free(&h);
}

/* A path of a hundred thousand states: no recursion. */
static void long_paths(void **state) {
    (void)state;
    enum { N = 100000 };
    struct hmm h = {0};
    hmm_clear(&h, 1);
    for (uint32_t i = 0; i < N; i++) {
        hmm_add_edge(&h, 0, i + 1 < N ? i + 1 : 0, 1);
        hmm_end_state(&h);
    }
    hmm_end(&h);
    int32_t *class_of = mem_alloc(N, sizeof *class_of);
    assert_int_equal(hmm_closed_classes(&h, class_of), 1);
    free(class_of);
    size_t apart[2];
    struct err err = {0};
    assert_int_equal(hmm_stationary(&h, h.start, apart, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "over 100000 states; at most 4096");
    hmm_free(&h);
}

static void mixtures(void **state) {
    (void)state;
    struct hmm joint = {0}, parts[3] = {{0}};
    struct rng r = rng_at(5, RNG_EVAL, 0);
    static const double weights[] = {0.5, 0.2, 0.3};
    static const uint32_t renamed[] = {3, 1};
    hmm_clear(&joint, 4);
    for (int c = 0; c < 3; c++) {
        model_random(&parts[c], &r, 2 + (size_t)c, 2, 1, 0);
        hmm_join(&joint, &parts[c], c == 1 ? renamed : NULL, weights[c]);
    }
    assert_int_equal(joint.n_components, 3);
    assert_int_equal(joint.n_states, 9);
    assert_true(hmm_is_stationary(&joint));
    for (size_t i = 0, c = 0, place = 0; i < 9; i++, place++) {
        if (place == parts[c].n_states)
            c++, place = 0;
        assert_int_equal(hmm_component_of(&joint, i), c);
        assert_near(joint.start[i], weights[c] * parts[c].start[place], 1e-16);
        size_t n = parts[c].first[place + 1] - parts[c].first[place];
        assert_int_equal(joint.first[i + 1] - joint.first[i], n);
        for (size_t k = 0; k < n; k++) { /* every edge is there, perhaps in another order */
            struct hmm_edge e = parts[c].edges[parts[c].first[place] + k];
            bool found = false;
            for (size_t m = joint.first[i]; m < joint.first[i + 1]; m++)
                found |= joint.edges[m].symbol == (c == 1 ? renamed[e.symbol] : e.symbol) &&
                         joint.edges[m].to == joint.component[c] + e.to &&
                         fabs(joint.edges[m].probability - e.probability) < 1e-15;
            assert_true(found);
        }
    }
    int32_t class_of[9];
    assert_int_equal(hmm_closed_classes(&joint, class_of), 3);
    hmm_free(&joint);
    for (int c = 0; c < 3; c++)
        hmm_free(&parts[c]);
}

static void start_outside(void **state) {
    (void)state;
    struct process *p = model_shipped("ring", NULL, 0);
    double first[10] = {0.25, 0, 0.75};
    hmm_start_outside(&p->hmm, first);
    assert_int_equal(p->hmm.n_states, 11);
    assert_int_equal(p->hmm.component[1], 11);
    assert_true(p->hmm.start[10] == 1 && p->hmm.start[0] == 0);
    assert_int_equal(p->hmm.first[11] - p->hmm.first[10], 2);
    bool reached[11];
    hmm_reached(&p->hmm, reached);
    for (int i = 0; i < 11; i++)
        assert_true(reached[i]);
    process_free(p);
}

static void reached(void **state) {
    (void)state;
    struct hmm h = {0};
    static const uint32_t to[] = {1, 0, 3, 3, 2};
    hmm_clear(&h, 1);
    for (int i = 0; i < 5; i++) {
        hmm_add_edge(&h, 0, to[i], 1);
        hmm_end_state(&h);
    }
    hmm_end(&h);
    bool got[5];
    h.start[2] = 1;
    hmm_reached(&h, got);
    assert_false(got[0] || got[1] || got[4]);
    assert_true(got[2] && got[3]);
    hmm_free(&h);
}

/* Pearson's statistic of edge counts given their state; degrees of freedom are added up. */
static void draws_follow_the_model(void **state) {
    (void)state;
    enum { LENGTH = 1000, SEQUENCES = 200 };
    static const char *const shipped[] = {"mess3", "z1r", "rrxor", "golden-mean", "even", "ring"};
    for (int k = 0; k < 12; k++) {
        struct process *p = k < 6 ? model_shipped(shipped[k], NULL, 0) : NULL;
        struct hmm random = {0};
        struct rng r = rng_at(6, RNG_EVAL, (uint64_t)k);
        if (!p)
            model_random(&random, &r, 6, 3, 0.5, 0.3);
        const struct hmm *h = p ? &p->hmm : &random;
        struct hmm_sampler s = {0};
        hmm_sampler_set(&s, h);
        size_t *counts = mem_alloc(hmm_n_edges(h), sizeof *counts);
        size_t *starts = mem_alloc(h->n_states, sizeof *starts);
        uint64_t draws[LENGTH + 1];
        uint32_t edges[LENGTH];
        for (int i = 0; i < SEQUENCES; i++) {
            rng_fill_u64(&r, draws, LENGTH + 1);
            uint32_t at = hmm_sample_start(&s, draws[0]);
            starts[at]++;
            hmm_sample(&s, at, draws + 1, edges, LENGTH);
            for (int t = 0; t < LENGTH;
                 t++) { /* each edge leaves the state that the last entered */
                assert_true(edges[t] >= h->first[at] && edges[t] < h->first[at + 1]);
                counts[edges[t]]++;
                at = h->edges[edges[t]].to;
            }
        }
        double x = 0, freedom = 0;
        for (size_t i = 0; i < h->n_states; i++) {
            double visits = 0, n = (double)(h->first[i + 1] - h->first[i]);
            for (size_t e = h->first[i]; e < h->first[i + 1]; e++)
                visits += (double)counts[e];
            for (size_t e = h->first[i]; e < h->first[i + 1]; e++) {
                double expected = visits * h->edges[e].probability;
                if (expected > 0)
                    x += (counts[e] - expected) * (counts[e] - expected) / expected;
            }
            freedom += n - 1;
            double error = sqrt(SEQUENCES * h->start[i] * (1 - h->start[i]));
            assert_near(starts[i], SEQUENCES * h->start[i], 5 * error + 1e-9);
        }
        assert_true(fabs(x - freedom) <= 6 * sqrt(2 * freedom) + 1e-9);
        free(counts);
        free(starts);
        hmm_sampler_free(&s);
        hmm_free(&random);
        process_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(building),
        cmocka_unit_test(stationary_is_a_fixed_point),
        cmocka_unit_test(stationary_is_exact_in_every_entry),
        cmocka_unit_test(periodic_chain),
        cmocka_unit_test(closed_classes),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(mixtures),
        cmocka_unit_test(start_outside),
        cmocka_unit_test(reached),
        cmocka_unit_test(draws_follow_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
