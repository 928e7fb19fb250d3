/* gen/recall, gen/repeat, gen/choose: the distribution of sequences and the losses of the best
 * predictor, against all sequences of small laws listed one by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen/choose.h"
#include "gen/recall.h"
#include "lib/mem.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

/* Sequences of at most MOST_LENGTH words, with probabilities. */
enum { MOST_LENGTH = 10 };

struct listing {
    uint32_t (*word)[MOST_LENGTH];
    double *p;
    size_t n, cap_words, cap_p;
};

/* Add a sequence, or to its probability. */
static void list(struct listing *l, const uint32_t *word, size_t length, double p) {
    for (size_t i = 0; i < l->n; i++)
        if (memcmp(l->word[i], word, length * sizeof *word) == 0) {
            l->p[i] += p;
            return;
        }
    l->word = mem_grow(l->word, &l->cap_words, l->n + 1, sizeof *l->word);
    l->p = mem_grow(l->p, &l->cap_p, l->n + 1, sizeof *l->p);
    memcpy(l->word[l->n], word, length * sizeof *word);
    l->p[l->n++] = p;
}

/* The probability of all sequences that begin so. */
static double prefix(const struct listing *l, const uint32_t *word, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < l->n; i++)
        if (memcmp(l->word[i], word, n * sizeof *word) == 0)
            sum += l->p[i];
    return sum;
}

static void check_means(const struct listing *l, size_t length, const double *mean) {
    double total = 0;
    for (size_t i = 0; i < l->n; i++)
        total += l->p[i];
    assert_near(total, 1, 1e-12);
    for (size_t t = 0; t < length; t++) {
        double sum = 0;
        for (size_t i = 0; i < l->n; i++)
            sum -= l->p[i] * log(prefix(l, l->word[i], t + 1) / prefix(l, l->word[i], t));
        assert_near(mean[t], sum, 1e-9);
    }
}

/* What is drawn follows the listing, by chi-square within six deviations, and its losses are those
 * of the listing. */
typedef void draw_one(const void *law, void *scratch, struct rng *r, struct recall_sequence *s);

static void check_draws(const struct listing *l, size_t length, draw_one *draw, const void *law,
                        void *scratch, bool with_losses) {
    struct recall_sequence s;
    recall_sequence_start(&s, length);
    size_t *count = mem_alloc(l->n, sizeof *count);
    enum { N = 40000 };
    for (int i = 0; i < N; i++) {
        struct rng r = rng_at(11, RNG_GEN, (uint64_t)i);
        draw(law, scratch, &r, &s);
        size_t k = 0;
        while (k < l->n && memcmp(l->word[k], s.word, length * sizeof *s.word) != 0)
            k++;
        assert_true(k < l->n);
        if (with_losses && count[k] == 0)
            for (size_t t = 0; t < length; t++)
                assert_near(s.loss[t], -log(prefix(l, s.word, t + 1) / prefix(l, s.word, t)), 1e-9);
        count[k]++;
    }
    double chi = 0, degrees = (double)l->n - 1;
    for (size_t k = 0; k < l->n; k++)
        chi += ((double)count[k] - N * l->p[k]) * ((double)count[k] - N * l->p[k]) / (N * l->p[k]);
    assert_true(chi < degrees + 6 * sqrt(2 * degrees));
    assert_true(chi > degrees - 6 * sqrt(2 * degrees));
    free(count);
    recall_sequence_free(&s);
}

static void draw_recall(const void *law, void *scratch, struct rng *r, struct recall_sequence *s) {
    recall_draw(law, scratch, r, recall_knows_losses(law), s);
}

static void draw_repeat(const void *law, void *scratch, struct rng *r, struct recall_sequence *s) {
    repeat_draw(law, scratch, r, true, s);
}

/* Every way to place the queries, one after the other, each with a key not asked for; then every
 * choice of fillers. */
struct lister {
    const struct recall_law *law;
    struct listing *l;
    uint32_t word[MOST_LENGTH], query_at[MOST_LENGTH];
};

static void list_fillers(struct lister *x, size_t place, double p) {
    const struct recall_law *law = x->law;
    size_t at = 2 * (law->pairs + place);
    if (at == law->length) {
        list(x->l, x->word, law->length, p);
        return;
    }
    uint32_t own = law->keys + law->values, n = law->fillers ? law->fillers : own;
    uint32_t first = law->fillers ? own : 0, pair = x->query_at[place];
    if (pair)
        x->word[at] = x->word[2 * (pair - 1)];
    for (uint32_t a = 0; a < (pair ? 1 : n); a++) {
        if (!pair)
            x->word[at] = first + a;
        bool fills = !pair || law->hidden;
        if (!fills)
            x->word[at + 1] = x->word[2 * (pair - 1) + 1];
        for (uint32_t b = 0; b < (fills ? n : 1); b++) {
            if (fills)
                x->word[at + 1] = first + b;
            list_fillers(x, place + 1, p / (pair ? 1 : n) / (fills ? n : 1));
        }
    }
}

static void list_queries(struct lister *x, uint32_t asked, double p) {
    const struct recall_law *law = x->law;
    size_t n_places = law->length / 2 - law->pairs;
    if (asked == law->queries) {
        list_fillers(x, 0, p);
        return;
    }
    double weights = 0;
    for (size_t i = 0; i < n_places; i++)
        weights += x->query_at[i] ? 0 : pow((double)i + 1, law->power - 1);
    bool all = law->queries == law->pairs; /* then the pairs are asked in their order */
    for (uint32_t pair = 1; pair <= law->pairs; pair++) {
        bool done = all && pair != asked + 1;
        for (size_t i = 0; i < n_places; i++)
            done |= x->query_at[i] == pair;
        for (size_t i = 0; i < n_places && !done; i++) {
            if (x->query_at[i])
                continue;
            double here = pow((double)i + 1, law->power - 1) / weights;
            x->query_at[i] = pair;
            list_queries(x, asked + 1, p * here / (all ? 1 : law->pairs - asked));
            x->query_at[i] = 0;
        }
    }
}

static void list_pairs(struct lister *x, uint32_t pair, double p) {
    const struct recall_law *law = x->law;
    if (pair == law->pairs) {
        list_queries(x, 0, p);
        return;
    }
    for (uint32_t key = 0; key < law->keys; key++)
        for (uint32_t value = law->keys; value < law->keys + law->values; value++) {
            bool met = false;
            for (uint32_t j = 0; j < pair; j++)
                met |= x->word[2 * j] == key || (law->distinct && x->word[2 * j + 1] == value);
            if (met)
                continue;
            x->word[2 * pair] = key;
            x->word[2 * pair + 1] = value;
            list_pairs(x, pair + 1,
                       p / (law->keys - pair) / (law->distinct ? law->values - pair : law->values));
        }
}

static void recall_laws(void **state) {
    (void)state;
    static const struct recall_law laws[] = {
        {.keys = 2, .values = 2, .fillers = 1, .pairs = 1, .queries = 1, .length = 8, .power = 1},
        {.keys = 2, .values = 1, .fillers = 2, .pairs = 2, .queries = 1, .length = 8, .power = 1},
        {.keys = 2, .values = 2, .fillers = 1, .pairs = 2, .queries = 2, .length = 10, .power = 1},
        {.keys = 3,
         .values = 2,
         .fillers = 1,
         .pairs = 2,
         .queries = 2,
         .length = 10,
         .power = 1,
         .distinct = true},
        {.keys = 2,
         .values = 1,
         .fillers = 2,
         .pairs = 2,
         .queries = 1,
         .length = 8,
         .power = 1,
         .hidden = true},
        {.keys = 2, .values = 1, .fillers = 1, .pairs = 2, .queries = 2, .length = 10, .power = 0},
        {.keys = 2,
         .values = 1,
         .fillers = 1,
         .pairs = 2,
         .queries = 1,
         .length = 10,
         .power = 0.3},
        {.keys = 1, .values = 2, .fillers = 0, .pairs = 1, .queries = 1, .length = 6, .power = 1},
    };
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        struct recall_law law = laws[k];
        struct listing l = {0};
        struct lister x = {.law = &law, .l = &l};
        list_pairs(&x, 0, 1);
        recall_start(&law);
        struct recall_scratch *scratch = recall_scratch_new(&law);
        check_draws(&l, law.length, draw_recall, &law, scratch, recall_knows_losses(&law));
        if (recall_knows_losses(&law)) {
            double mean[MOST_LENGTH];
            recall_mean_losses(&law, mean);
            check_means(&l, law.length, mean);
        }
        recall_scratch_free(scratch);
        recall_end(&law);
        free(l.word);
        free(l.p);
    }
}

static void list_repeats(const struct repeat_law *law, struct listing *l, uint32_t *word,
                         size_t period, size_t at, double p) {
    if (at == period) {
        for (size_t i = period; i < law->length; i++)
            word[i] = word[i - period];
        list(l, word, law->length, p);
        return;
    }
    for (uint32_t w = 0; w < law->words; w++) {
        bool met = false;
        for (size_t i = 0; i < at && law->distinct; i++)
            met |= word[i] == w;
        if (met)
            continue;
        word[at] = w;
        list_repeats(law, l, word, period, at + 1,
                     p / (law->distinct ? (double)(law->words - at) : law->words));
    }
}

static void repeat_laws(void **state) {
    (void)state;
    static const struct repeat_law laws[] = {
        {.words = 3, .length = 7, .period = {3, 3}},
        {.words = 4, .length = 6, .period = {4, 4}, .distinct = true},
        {.words = 3, .length = 7, .period = {1, 3}},
        {.words = 2, .length = 8, .period = {2, 6}},
        {.words = 4, .length = 6, .period = {1, 4}, .distinct = true},
        {.words = 5, .length = 7, .period = {2, 4}, .distinct = true},
        {.words = 1, .length = 4, .period = {1, 3}},
    };
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        struct repeat_law law = laws[k];
        struct listing l = {0};
        uint32_t word[MOST_LENGTH];
        double n_periods = (double)(law.period.most - law.period.least + 1), mean[MOST_LENGTH];
        for (int64_t p = law.period.least; p <= law.period.most; p++)
            list_repeats(&law, &l, word, (size_t)p, 0, 1 / n_periods);
        struct repeat_scratch *scratch = repeat_scratch_new(&law);
        if (l.n > 1)
            check_draws(&l, law.length, draw_repeat, &law, scratch, true);
        if (repeat_mean_losses(&law, mean))
            check_means(&l, law.length, mean);
        else
            assert_true(law.period.least < law.period.most && !law.distinct);
        repeat_scratch_free(scratch);
        free(l.word);
        free(l.p);
    }
}

/* Long sequences with many periods: the filter must neither overflow nor lose the period. */
static void long_repeats(void **state) {
    (void)state;
    struct repeat_law law = {.words = 1000, .length = 3000, .period = {100, 900}};
    for (int distinct = 0; distinct < 2; distinct++) {
        law.distinct = distinct;
        struct repeat_scratch *scratch = repeat_scratch_new(&law);
        struct recall_sequence s;
        recall_sequence_start(&s, law.length);
        for (uint64_t i = 0; i < 20; i++) {
            struct rng r = rng_at(1, RNG_GEN, i);
            repeat_draw(&law, scratch, &r, true, &s);
            for (size_t t = 0; t < s.length; t++) {
                assert_true(s.loss[t] >= 0 && s.loss[t] < 20);
                assert_true((s.answer[t] == RECALL_NO_ANSWER) == (t < s.cut));
                if (t > s.cut + 20)
                    assert_true(s.loss[t] < 1e-12);
                if (t < 100)
                    assert_near(s.loss[t], log(distinct ? 1000.0 - (double)t : 1000), 1e-9);
            }
        }
        recall_sequence_free(&s);
        repeat_scratch_free(scratch);
    }
}

/* Among n values of which one is right, any other of `words` values as well by chance. */
static void guesses(void **state) {
    (void)state;
    double accuracy, loss;
    recall_guess(8, 64, true, &accuracy, &loss);
    assert_near(accuracy, 1 / 8.0, 1e-15);
    assert_near(loss, log(8), 1e-15);
    for (uint32_t words = 1; words < 5; words++) {
        double sum = 0, sum_loss = 0, n = 0;
        for (uint32_t a = 0; a < words; a++)
            for (uint32_t b = 0; b < words; b++)
                for (uint32_t c = 0; c < words; c++, n++) {
                    double share = (1 + (a == 0) + (b == 0) + (c == 0)) / 4.0;
                    sum += share;
                    sum_loss -= log(share);
                }
        recall_guess(4, words, false, &accuracy, &loss);
        assert_near(accuracy, sum / n, 1e-12);
        assert_near(loss, sum_loss / n, 1e-12);
    }
}

static void chosen(void **state) {
    (void)state;
    struct choose c;
    choose_start(&c, 4);
    int count[64] = {0};
    enum { N = 24000 };
    for (uint64_t i = 0; i < N; i++) {
        struct rng r = rng_at(2, RNG_GEN, i);
        uint32_t out[3];
        choose_draw(&c, &r, 3, out);
        assert_true(out[0] != out[1] && out[0] != out[2] && out[1] != out[2] && out[2] < 4);
        count[16 * out[0] + 4 * out[1] + out[2]]++;
        for (uint32_t k = 0; k < 4; k++)
            assert_int_equal(c.order[k], k);
    }
    double chi = 0;
    for (int k = 0; k < 64; k++)
        chi += count[k] ? (count[k] - N / 24.0) * (count[k] - N / 24.0) / (N / 24.0) : 0;
    assert_true(chi < 70); /* 23 degrees of freedom: beyond with probability below 10^-5 */
    choose_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recall_laws),  cmocka_unit_test(repeat_laws),
        cmocka_unit_test(long_repeats), cmocka_unit_test(guesses),
        cmocka_unit_test(chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
