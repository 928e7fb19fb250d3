/* lib/belief: against sums over all paths of hidden states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/belief.h"
#include "lib/hmm_sample.h"
#include "lib/mem.h"
#include "tests/unit/models.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

enum { LENGTH = 6 };

/* Add the probability of each path that emits the word, to the entry of its last state. */
static void paths(const struct hmm *h, const uint32_t *word, size_t n, size_t state, double p,
                  double *end) {
    if (n == 0) {
        end[state] += p;
        return;
    }
    for (size_t e = h->first[state]; e < h->first[state + 1]; e++)
        if (h->edges[e].symbol == *word)
            paths(h, word + 1, n - 1, h->edges[e].to, p * h->edges[e].probability, end);
}

static double brute_force(const struct hmm *h, const uint32_t *word, size_t n, double *end) {
    double total = 0;
    for (size_t i = 0; i < h->n_states; i++)
        end[i] = 0;
    for (size_t i = 0; i < h->n_states; i++)
        paths(h, word, n, i, h->start[i], end);
    for (size_t i = 0; i < h->n_states; i++)
        total += end[i];
    for (size_t i = 0; i < h->n_states && total > 0; i++)
        end[i] /= total;
    return total;
}

/* All words of a length, one after another; false at the end. */
static bool next_word(uint32_t *word, size_t n, size_t n_symbols) {
    for (size_t t = n; t-- > 0;) {
        if (++word[t] < n_symbols)
            return true;
        word[t] = 0;
    }
    return false;
}

static void check_all_words(const struct hmm *h) {
    struct belief b = {0};
    double *end = mem_alloc(h->n_states, sizeof *end), *row = mem_alloc(h->n_states, sizeof *row);
    double *prediction = mem_alloc(h->n_symbols, sizeof *prediction);
    double *shares = mem_alloc(h->n_components, sizeof *shares), sum = 0;
    uint32_t word[LENGTH + 1] = {0};
    do {
        double p = 1;
        belief_start(&b, h);
        for (int t = 0; t < LENGTH; t++)
            p *= belief_observe(&b, word[t]);
        double expected = brute_force(h, word, LENGTH, end);
        assert_near(p, expected, 1e-14);
        assert_true((b.n == 0) == (expected == 0));
        sum += p;
        if (b.n == 0)
            continue;
        belief_row(&b, row);
        belief_components(&b, shares);
        belief_predict(&b, prediction);
        for (size_t i = 0; i < h->n_states; i++) {
            assert_near(row[i], end[i], 1e-12);
            shares[hmm_component_of(h, i)] -= end[i];
        }
        for (size_t c = 0; c < h->n_components; c++)
            assert_near(shares[c], 0, 1e-12);
        for (uint32_t s = 0; s < h->n_symbols; s++) {
            word[LENGTH] = s;
            assert_near(prediction[s], brute_force(h, word, LENGTH + 1, end) / expected, 1e-12);
        }
    } while (next_word(word, LENGTH, h->n_symbols));
    assert_near(sum, 1, 1e-12);
    belief_free(&b);
    free(end);
    free(row);
    free(prediction);
    free(shares);
}

static void shipped(void **state) {
    (void)state;
    static const char *const names[] = {"mess3", "z1r", "rrxor", "golden-mean", "even"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct process *p = model_shipped(names[k], NULL, 0);
        check_all_words(&p->hmm);
        process_free(p);
    }
}

static void random_models(void **state) {
    (void)state;
    struct hmm h = {0};
    for (uint64_t k = 0; k < 12; k++) {
        struct rng r = rng_at(8, RNG_EVAL, k);
        model_random(&h, &r, 1 + k % 5, 2 + k % 2, 0.5, k % 3 ? 0 : 0.6);
        check_all_words(&h);
    }
    hmm_free(&h);
}

/* The posterior of a mixture's components: prior times likelihood, from the components alone. */
static void mixture_posterior(void **state) {
    (void)state;
    static const double prior[] = {0.6, 0.3, 0.1};
    struct hmm joint = {0}, parts[3] = {{0}};
    struct rng r = rng_at(9, RNG_EVAL, 0);
    hmm_clear(&joint, 2);
    for (int c = 0; c < 3; c++) {
        model_random(&parts[c], &r, 3, 2, 1, 0);
        hmm_join(&joint, &parts[c], NULL, prior[c]);
    }
    check_all_words(&joint);
    uint32_t word[LENGTH] = {0};
    struct belief b = {0};
    do {
        double likelihood[3], end[3], total = 0, posterior[3];
        belief_start(&b, &joint);
        for (int t = 0; t < LENGTH; t++)
            belief_observe(&b, word[t]);
        belief_components(&b, posterior);
        for (int c = 0; c < 3; c++) {
            likelihood[c] = prior[c] * brute_force(&parts[c], word, LENGTH, end);
            total += likelihood[c];
        }
        for (int c = 0; c < 3; c++)
            assert_near(posterior[c], likelihood[c] / total, 1e-12);
    } while (next_word(word, LENGTH, 2));
    belief_free(&b);
    hmm_free(&joint);
    for (int c = 0; c < 3; c++)
        hmm_free(&parts[c]);
}

/* Ten thousand symbols: nothing underflows, and the belief stays a distribution. */
static void long_sequences(void **state) {
    (void)state;
    enum { LONG = 10000 };
    struct process *p = model_shipped("mess3", NULL, 0);
    struct hmm_sampler s = {0};
    struct belief b = {0};
    static uint64_t random[LONG];
    static uint32_t edges[LONG];
    struct rng r = rng_at(10, RNG_GEN, 0);
    hmm_sampler_set(&s, &p->hmm);
    rng_fill_u64(&r, random, LONG);
    hmm_sample(&s, 0, random, edges, LONG);
    belief_start(&b, &p->hmm);
    double loss = 0;
    for (int t = 0; t < LONG; t++) {
        double sum = 0;
        loss -= log(belief_observe(&b, p->hmm.edges[edges[t]].symbol));
        for (size_t a = 0; a < b.n; a++)
            sum += b.share[a];
        assert_near(sum, 1, 1e-14);
    }
    assert_near(loss / LONG, 0.793458, 0.03); /* five standard errors */
    hmm_sampler_free(&s);
    belief_free(&b);
    process_free(p);
}

static void entropies(void **state) {
    (void)state;
    assert_near(entropy_of((double[]){0.5, 0, 0.5}, 3), log(2), 1e-15);
    assert_true(entropy_of((double[]){1}, 1) == 0);
    assert_near(entropy_of((double[]){0.1, 0.2, 0.7}, 3),
                -0.1 * log(0.1) - 0.2 * log(0.2) - 0.7 * log(0.7), 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped),           cmocka_unit_test(random_models),
        cmocka_unit_test(mixture_posterior), cmocka_unit_test(long_sequences),
        cmocka_unit_test(entropies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
