/* lib/mixedstate, lib/hmm_entropy: how many beliefs there are, and entropies: against published
 * figures, closed forms, rational arithmetic, and sums over all words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/belief.h"
#include "lib/hmm_entropy.h"
#include "lib/mem.h"
#include "lib/mixedstate.h"
#include "tests/unit/models.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static const uint64_t BUDGET = 200000000;

static size_t count_beliefs(const struct hmm *h, size_t most, bool *closed) {
    struct mixed_states *m = mixed_states_new(h);
    assert_int_equal(mixed_states_add(m, h->start), 0);
    *closed = mixed_states_close(m, most);
    size_t n = mixed_states_count(m);
    mixed_states_free(m);
    return n;
}

/* Shai et al. 2024 count 36 for RRXOR; rounding alone would make more. */
static void numbers_of_beliefs(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t n;
    } rows[] = {{"rrxor", 36}, {"z1r", 7}, {"golden-mean", 3}, {"even", 4}, {"ring", 11}};
    bool closed;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct process *p = model_shipped(rows[k].name, NULL, 0);
        assert_int_equal(count_beliefs(&p->hmm, 1000, &closed), rows[k].n);
        assert_true(closed);
        process_free(p);
    }
    struct process *p = model_shipped("mess3", NULL, 0);
    assert_true(count_beliefs(&p->hmm, 3000, &closed) > 3000);
    assert_false(closed);
    process_free(p);
}

/* RRXOR's beliefs once more, in whole numbers: unnormalised beliefs 6 * 2^t b, divided by their
 * greatest common divisor. */
static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

static void rational_rrxor(void **state) {
    (void)state;
    /* S 0 1 T F; T^(s) in halves. */
    static const int twice[2][5][5] = {
        {{0, 1, 0, 0, 0}, {0, 0, 0, 0, 1}, {0, 0, 0, 1, 0}, {0}, {2, 0, 0, 0, 0}},
        {{0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, {2, 0, 0, 0, 0}, {0}},
    };
    static int64_t found[1000][5];
    size_t n = 1;
    struct process *p = model_shipped("rrxor", NULL, 0);
    struct mixed_states *m = mixed_states_new(&p->hmm);
    memcpy(found[0], (int64_t[]){2, 1, 1, 1, 1}, sizeof found[0]);
    for (size_t k = 0; k < n; k++)
        for (int s = 0; s < 2; s++) {
            int64_t next[5] = {0}, divisor = 0;
            for (int i = 0; i < 5; i++)
                for (int j = 0; j < 5; j++)
                    next[j] += found[k][i] * twice[s][i][j];
            for (int j = 0; j < 5; j++)
                divisor = gcd(divisor, next[j]);
            if (divisor == 0)
                continue;
            for (int j = 0; j < 5; j++)
                next[j] /= divisor;
            size_t same = 0;
            while (same < n && memcmp(found[same], next, sizeof next) != 0)
                same++;
            assert_true(same < 999);
            if (same == n)
                memcpy(found[n++], next, sizeof next);
        }
    assert_int_equal(n, 36);
    mixed_states_add(m, p->hmm.start);
    assert_true(mixed_states_close(m, 100));
    for (size_t k = 0; k < n; k++) { /* the same set */
        double row[5], sum = 0;
        for (int j = 0; j < 5; j++)
            sum += (double)found[k][j];
        for (int j = 0; j < 5; j++)
            row[j] = (double)found[k][j] / sum;
        assert_true(mixed_states_add(m, row) < 36);
    }
    assert_int_equal(mixed_states_count(m), 36);
    mixed_states_free(m);
    process_free(p);
}

/* The set tells beliefs 1e-10 apart, and not those that rounding moved. */
static void tolerance(void **state) {
    (void)state;
    struct process *p = model_shipped("mess3", NULL, 0);
    struct mixed_states *m = mixed_states_new(&p->hmm);
    struct rng r = rng_at(11, RNG_EVAL, 0);
    for (size_t k = 0; k < 3000; k++) {
        double row[3], moved[3];
        dirichlet_draw(&r, 1, row, 3);
        if (k % 3 == 0) /* on the borders of the cells */
            for (int i = 0; i < 3; i++)
                row[i] = floor(row[i] * 0x1p20) * 0x1p-20 + (k % 2 ? 0x1p-31 : 0);
        size_t number = mixed_states_add(m, row), n = mixed_states_count(m);
        for (int i = 0; i < 3; i++)
            moved[i] = row[i] + (double)((int)rng_below(&r, 3) - 1) * 4e-16;
        assert_int_equal(mixed_states_add(m, moved), number);
        assert_int_equal(mixed_states_count(m), n);
        moved[k % 3] += 1e-10;
        assert_int_not_equal(mixed_states_add(m, moved), number);
    }
    mixed_states_free(m);
    process_free(p);
}

/* h(t) at t = 0, 1, 2, 4, 9, the rate, and the mean over ten positions: the table of recomputed
 * values for Shai et al. 2024. */
static void published_values(void **state) {
    (void)state;
    static const char *const mild[] = {"x=0.15", "a=0.6"};
    static const struct {
        const char *name, *const *set;
        double h[5], rate, mean;
        enum known how;
    } rows[] = {
        {"mess3", NULL, {1.09861, .85772, .81336, .79474, .79346}, .793458, .83303, KNOWN_BOUNDS},
        {"mess3",
         mild,
         {1.09861, 1.09107, 1.08939, 1.08891, 1.08889},
         1.088888,
         1.09014,
         KNOWN_BOUNDS},
        {"z1r", NULL, {.69315, .63651, .46210, .23105, .23105}, .231049, .34091, KNOWN_EXACT},
        {"rrxor", NULL, {.69315, .69315, .63651, .59868, .51582}, .462098, .59717, KNOWN_EXACT},
    };
    static const size_t at[] = {0, 1, 2, 4, 9};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct process *p = model_shipped(rows[k].name, rows[k].set, rows[k].set ? 2 : 0);
        struct known_number rate = entropy_rate(&p->hmm, BUDGET);
        struct loss_curve curve = optimal_losses(&p->hmm, &rate, 10, BUDGET);
        double mean = 0;
        assert_int_equal(rate.how, rows[k].how);
        assert_true(rate.low <= rows[k].rate + 5e-7 && rate.high >= rows[k].rate - 5e-7);
        assert_near(rate.value, rows[k].rate, 1e-6);
        assert_int_equal(curve.n, 10);
        assert_int_equal(curve.n_bounded, 10);
        assert_true(curve.n_exact >= 9 && curve.within <= 5e-6);
        for (size_t i = 0; i < 5; i++)
            assert_near(curve.loss[at[i]], rows[k].h[i], 5.1e-6);
        for (size_t t = 0; t < 10; t++)
            mean += curve.loss[t] / 10;
        assert_near(mean, rows[k].mean, 5.1e-6);
        loss_curve_free(&curve);
        process_free(p);
    }
    struct process *p = model_shipped("rrxor", NULL, 0);
    struct known_number rate = entropy_rate(&p->hmm, BUDGET);
    struct loss_curve curve = optimal_losses(&p->hmm, &rate, 40, BUDGET);
    assert_near(curve.loss[39], .46215, 1e-5);
    loss_curve_free(&curve);
    process_free(p);
}

static void closed_forms(void **state) {
    (void)state;
    static const double ps[] = {0.5, 0.1, 0.83};
    for (size_t k = 0; k < 3; k++) {
        double p = ps[k], coin = -p * log(p) - (1 - p) * log(1 - p);
        char text[32];
        const char *set[] = {text};
        snprintf(text, sizeof text, "p=%.17g", p);
        static const char *const names[] = {"golden-mean", "even", "z1r"};
        /* A's share of the time: from A to B and at once back with 0 (golden mean) or 1 (even). */
        double expected[] = {coin / (1 + p), coin / (2 - p), coin / 3};
        for (int i = 0; i < 3; i++) {
            struct process *process = model_shipped(names[i], set, 1);
            struct known_number rate = entropy_rate(&process->hmm, 0);
            assert_int_equal(rate.how, KNOWN_EXACT);
            assert_near(rate.value, expected[i], 1e-12);
            process_free(process);
        }
    }
    struct process *ring = model_shipped("ring", NULL, 0);
    assert_near(entropy_rate(&ring->hmm, 0).value, log(2), 1e-14);
    process_free(ring);
}

/* The entropy of words of length n: the sum over all words. */
static double block_entropy(const struct hmm *h, struct belief *b, size_t n) {
    uint32_t word[16] = {0};
    double sum = 0;
    for (bool more = true; more;) {
        double p = 1;
        belief_start(b, h);
        for (size_t t = 0; t < n; t++)
            p *= b->n ? belief_observe(b, word[t]) : 0;
        sum -= p > 0 ? p * log(p) : 0;
        more = false;
        for (size_t t = n; t-- > 0 && !more;) {
            more = ++word[t] < h->n_symbols;
            word[t] = more ? word[t] : 0;
        }
    }
    return sum;
}

/* h(t) = H(X_1 .. X_t+1) - H(X_1 .. X_t), for models of all kinds: stationary or not, mixed. */
static void losses_are_differences_of_block_entropies(void **state) {
    (void)state;
    enum { N = 8 };
    struct hmm h = {0}, other = {0}, joint = {0};
    struct belief b = {0};
    for (uint64_t k = 0; k < 15; k++) {
        struct rng r = rng_at(12, RNG_EVAL, k);
        model_random(&h, &r, 1 + k % 4, 2 + k % 2, 0.5, k % 3 ? 0 : 0.5);
        if (k % 5 == 1)
            dirichlet_draw(&r, 1, h.start, h.n_states);
        if (k % 5 == 2) {
            model_random(&other, &r, 2, 2 + k % 2, 1, 0);
            hmm_clear(&joint, 2 + k % 2);
            hmm_join(&joint, &h, NULL, 0.3);
            hmm_join(&joint, &other, NULL, 0.7);
        }
        const struct hmm *model = k % 5 == 2 ? &joint : &h;
        struct known_number none = {.how = KNOWN_NOT};
        struct loss_curve curve = optimal_losses(model, &none, N, BUDGET);
        assert_int_equal(curve.n_exact, N);
        double before = 0;
        for (size_t t = 0; t < N; t++) {
            double block = block_entropy(model, &b, t + 1);
            assert_near(curve.loss[t], block - before, 1e-9);
            before = block;
        }
        loss_curve_free(&curve);
    }
    hmm_free(&h);
    hmm_free(&other);
    hmm_free(&joint);
    belief_free(&b);
}

/* Bounds hold, drawing agrees with them, and a budget is kept to. */
static void estimates_agree_with_bounds(void **state) {
    (void)state;
    struct hmm h = {0};
    for (uint64_t k = 0; k < 4; k++) {
        struct rng r = rng_at(13, RNG_EVAL, k);
        model_random(&h, &r, 3, 3, 1, 0);
        struct known_number good = entropy_rate(&h, BUDGET), poor = entropy_rate(&h, 3000000);
        assert_int_equal(good.how, KNOWN_BOUNDS);
        assert_true(good.low <= good.value && good.value <= good.high);
        assert_true(good.high - good.low <= 1e-5);
        assert_true(poor.low <= good.high && poor.high >= good.low);
        if (poor.how == KNOWN_ESTIMATE)
            assert_near(poor.value, good.value, 5 * poor.error + 1e-5);
        struct loss_curve exact = optimal_losses(&h, &good, 30, BUDGET);
        struct known_number none = {.how = KNOWN_NOT};
        struct loss_curve drawn = optimal_losses(&h, &none, 30, 3000000);
        assert_int_equal(exact.n_bounded, 30);
        assert_true(exact.n_exact < 30 && exact.within <= 5e-6);
        assert_near(exact.loss[29], exact.loss[exact.n_exact - 1], 2 * exact.within);
        assert_int_equal(drawn.n, 30);
        assert_true(drawn.n_exact < 30 && drawn.n_drawn >= 8);
        for (size_t t = 0; t < 30; t++) {
            assert_true((drawn.error[t] > 0) == (t >= drawn.n_bounded));
            assert_near(drawn.loss[t], exact.loss[t], 5 * drawn.error[t] + 1e-5);
        }
        loss_curve_free(&exact);
        loss_curve_free(&drawn);
        struct loss_curve nothing = optimal_losses(&h, &none, 30, 0);
        assert_true(nothing.n < 30);
        loss_curve_free(&nothing);
    }
    hmm_free(&h);
}

/* Persistent states: bounds are far apart for long, so the rate is drawn. Expected value from an
 * independent simulation (Python, 800,000 symbols: 0.96098, standard error 0.0001). */
static void slow_mixing(void **state) {
    (void)state;
    static const char *const set[] = {"x=0.001", "a=0.6"};
    struct process *p = model_shipped("mess3", set, 2);
    struct known_number rate = entropy_rate(&p->hmm, 50000000);
    assert_int_equal(rate.how, KNOWN_ESTIMATE);
    assert_true(rate.low <= rate.value && rate.value <= rate.high);
    assert_true(rate.error > 0 && rate.error < 0.001 && rate.n >= 8);
    assert_near(rate.value, 0.96098, 0.0015);
    process_free(p);
}

/* Several closed classes count by the probability of ending in each: from state 0 to class {1} with
 * 1/4, to class {2} with 3/4; states before a class add nothing. */
static void absorbing_classes(void **state) {
    (void)state;
    struct hmm h = {0};
    hmm_clear(&h, 3);
    hmm_add_edge(&h, 2, 0, 0.5);
    hmm_add_edge(&h, 2, 1, 0.125);
    hmm_add_edge(&h, 2, 2, 0.375);
    hmm_end_state(&h);
    hmm_add_edge(&h, 0, 1, 0.5);
    hmm_add_edge(&h, 1, 1, 0.5);
    hmm_end_state(&h);
    hmm_add_edge(&h, 0, 2, 1);
    hmm_end_state(&h);
    hmm_end(&h);
    h.start[0] = 1;
    struct known_number rate = entropy_rate(&h, BUDGET);
    assert_int_equal(rate.how, KNOWN_EXACT);
    assert_near(rate.value, 0.25 * log(2), 1e-12);
    hmm_free(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_beliefs),
        cmocka_unit_test(rational_rrxor),
        cmocka_unit_test(tolerance),
        cmocka_unit_test(published_values),
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(losses_are_differences_of_block_entropies),
        cmocka_unit_test(estimates_agree_with_bounds),
        cmocka_unit_test(slow_mixing),
        cmocka_unit_test(absorbing_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
