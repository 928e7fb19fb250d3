#include "lib/hmm_entropy.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/belief.h"
#include "lib/hmm_sample.h"
#include "lib/mem.h"
#include "lib/mixedstate.h"
#include "lib/rng.h"

/* Beliefs may take so many bytes. */
static const size_t MOST_BYTES = (size_t)1 << 28;
/* Bounds are followed until they are this close, and serve as an answer when they are that close.
 */
static const double CLOSE = 4e-7, CLOSE_ENOUGH = 1e-5;
/* A loss that has come down to the rate itself stays there. */
static const double ROUNDING = 1e-12;
enum { LEAST_DRAWN = 8, MOST_DRAWN = 4096, RATE_BURN_IN = 256, RATE_LENGTH = 1024 };

/* Sequences drawn one after another, and what is predicted along them. */
struct drawing {
    struct hmm_sampler sampler;
    struct belief belief;
    uint64_t *random;
    uint32_t *edges;
    double *prediction;
    size_t length;
};

static void drawing_begin(struct drawing *d, const struct hmm *h, size_t length) {
    *d = (struct drawing){.length = length};
    hmm_sampler_set(&d->sampler, h);
    d->random = mem_alloc(length, sizeof *d->random);
    d->edges = mem_alloc(length, sizeof *d->edges);
    d->prediction = mem_alloc(h->n_symbols, sizeof *d->prediction);
}

/* The entropies of the predictions at positions from .. length - 1 of sequence `item`. Returns the
 * positions done before the work came to exceed `most`. */
static size_t draw_entropies(struct drawing *d, uint64_t item, size_t from, uint64_t most,
                             double *entropy) {
    const struct hmm *h = d->sampler.hmm;
    struct rng r = rng_at(0, RNG_EVAL, item);
    rng_fill_u64(&r, d->random, d->length);
    hmm_sample(&d->sampler, hmm_sample_start(&d->sampler, d->random[0]), d->random + 1, d->edges,
               d->length - 1);
    belief_start(&d->belief, h);
    for (size_t t = 0; t < d->length; t++) {
        if (d->belief.work > most)
            return t;
        if (t >= from) {
            belief_predict(&d->belief, d->prediction);
            entropy[t - from] = entropy_of(d->prediction, h->n_symbols);
        }
        if (t + 1 < d->length)
            belief_observe(&d->belief, h->edges[d->edges[t]].symbol);
    }
    return d->length;
}

static void drawing_end(struct drawing *d) {
    hmm_sampler_free(&d->sampler);
    belief_free(&d->belief);
    free(d->random);
    free(d->edges);
    free(d->prediction);
}

static double standard_error(double sum, double squares, double n) {
    double variance = (squares - sum * sum / n) / (n - 1);
    return variance > 0 ? sqrt(variance / n) : 0;
}

static double unifilar_rate(const struct hmm *h) {
    double rate = 0;
    for (size_t i = 0; i < h->n_states; i++)
        rate += h->start[i] * hmm_state_entropy(h, i);
    return rate;
}

/* Close in on the rate of a model that starts stationary. */
static void bound_rate(const struct hmm *h, uint64_t budget, struct known_number *rate) {
    struct mixed_states *m = mixed_states_new(h);
    struct mixed_walk above = {0}, below = {0};
    double *row = mem_alloc(h->n_states, sizeof *row);
    mixed_walk_begin(&above, mixed_states_add(m, h->start), 1);
    for (size_t i = 0; i < h->n_states; i++) {
        row[i] = 1;
        mixed_walk_begin(&below, mixed_states_add(m, row), h->start[i]);
        row[i] = 0;
    }
    for (;;) {
        double high = mixed_walk_step(&above, m, budget, MOST_BYTES);
        if (isnan(high))
            break;
        rate->high = high;
        double low = mixed_walk_step(&below, m, budget, MOST_BYTES);
        if (isnan(low))
            break;
        rate->low = low;
        rate->how = KNOWN_BOUNDS;
        if (high - low <= CLOSE)
            break;
    }
    mixed_walk_free(&above);
    mixed_walk_free(&below);
    mixed_states_free(m);
    free(row);
}

static void estimate_rate(const struct hmm *h, uint64_t budget, struct known_number *rate) {
    enum { KEPT = RATE_LENGTH - RATE_BURN_IN };
    struct drawing d;
    double entropy[KEPT], sum = 0, squares = 0;
    uint64_t n = 0;
    drawing_begin(&d, h, RATE_LENGTH);
    for (; n < MOST_DRAWN; n++) {
        uint64_t most = n < LEAST_DRAWN ? budget / LEAST_DRAWN * (n + 1) : budget;
        if (draw_entropies(&d, n, RATE_BURN_IN, most, entropy) < RATE_LENGTH)
            break;
        double mean = 0;
        for (size_t t = 0; t < KEPT; t++)
            mean += entropy[t] / KEPT;
        sum += mean;
        squares += mean * mean;
    }
    drawing_end(&d);
    if (n < LEAST_DRAWN)
        return;
    double mean = sum / (double)n, error = standard_error(sum, squares, (double)n);
    if (rate->how == KNOWN_BOUNDS && rate->high - rate->low <= 4 * error)
        return;
    rate->how = KNOWN_ESTIMATE;
    rate->value = mean < rate->low ? rate->low : mean > rate->high ? rate->high : mean;
    rate->error = error;
    rate->n = n;
}

/* The rate of a model that is one closed class and starts stationary. */
static struct known_number class_rate(const struct hmm *h, uint64_t budget) {
    struct known_number rate = {.low = 0, .high = INFINITY};
    if (hmm_is_unifilar(h)) {
        rate.how = KNOWN_EXACT;
        rate.value = rate.low = rate.high = unifilar_rate(h);
        return rate;
    }
    bound_rate(h, budget / 3 * 2, &rate);
    rate.value = (rate.low + rate.high) / 2;
    if (rate.how == KNOWN_NOT || rate.high - rate.low > CLOSE_ENOUGH)
        estimate_rate(h, budget / 3, &rate);
    return rate;
}

/* A closed class, where sequences end with probability `weight`, as a model of its own, stationary.
 * If the start is stationary, so is its part in the class. */
static int class_model(const struct hmm *h, const int32_t *class_of, int32_t c, double weight,
                       bool start_is_stationary, struct hmm *out) {
    double *distribution = mem_alloc(h->n_states, sizeof *distribution);
    uint32_t *place = mem_alloc(h->n_states, sizeof *place), n = 0;
    int result = 0;
    if (!start_is_stationary)
        result = hmm_class_stationary(h, class_of, c, distribution, NULL);
    for (size_t i = 0; i < h->n_states && start_is_stationary; i++)
        distribution[i] = h->start[i] / weight;
    for (size_t i = 0; i < h->n_states; i++)
        if (class_of[i] == c)
            place[i] = n++;
    hmm_clear(out, h->n_symbols);
    for (size_t i = 0; i < h->n_states && result == 0; i++) {
        if (class_of[i] != c)
            continue;
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
            hmm_add_edge(out, h->edges[k].symbol, place[h->edges[k].to], h->edges[k].probability);
        hmm_end_state(out);
    }
    hmm_end(out);
    for (size_t i = 0; i < h->n_states && result == 0; i++)
        if (class_of[i] == c)
            out->start[place[i]] = distribution[i];
    free(distribution);
    free(place);
    return result;
}

/* The probability of ending in each closed class. False when too much is still on the way after
 * many steps. */
static bool endings(const struct hmm *h, const int32_t *class_of, double *p) {
    double *now = mem_alloc(h->n_states, sizeof *now), *next = mem_alloc(h->n_states, sizeof *next);
    double left = 1;
    memcpy(now, h->start, h->n_states * sizeof *now);
    for (int step = 0; step < 100000 && left > 1e-14; step++) {
        left = 0;
        memset(next, 0, h->n_states * sizeof *next);
        for (size_t i = 0; i < h->n_states; i++) {
            if (now[i] == 0)
                continue;
            if (class_of[i] >= 0) {
                p[class_of[i]] += now[i];
                continue;
            }
            for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
                next[h->edges[k].to] += now[i] * h->edges[k].probability;
            left += now[i];
        }
        double *swap = now;
        now = next;
        next = swap;
    }
    free(now);
    free(next);
    return left <= 1e-10;
}

static size_t count_not_unifilar(const struct hmm *h, const int32_t *class_of, size_t n) {
    bool *hard = mem_alloc(n, sizeof *hard);
    size_t count = 0;
    for (size_t i = 0; i < h->n_states; i++)
        for (size_t k = h->first[i] + 1; k < h->first[i + 1]; k++)
            if (h->edges[k].symbol == h->edges[k - 1].symbol && class_of[i] >= 0)
                hard[class_of[i]] = true;
    for (size_t c = 0; c < n; c++)
        count += hard[c];
    free(hard);
    return count;
}

struct known_number entropy_rate(const struct hmm *h, uint64_t budget) {
    struct known_number rate = {.how = KNOWN_EXACT};
    int32_t *class_of = mem_alloc(h->n_states, sizeof *class_of);
    size_t n = hmm_closed_classes(h, class_of);
    double *weight = mem_alloc(n, sizeof *weight), variance = 0;
    struct hmm model = {0};
    bool known = endings(h, class_of, weight), stationary = hmm_is_stationary(h);
    size_t n_hard = count_not_unifilar(h, class_of, n);
    for (size_t c = 0; c < n && known; c++) {
        if (weight[c] == 0)
            continue;
        known = class_model(h, class_of, (int32_t)c, weight[c], stationary, &model) == 0;
        if (!known)
            break;
        struct known_number one = class_rate(&model, n_hard ? budget / n_hard : budget);
        known = one.how != KNOWN_NOT;
        rate.how = one.how > rate.how ? one.how : rate.how;
        rate.value += weight[c] * one.value;
        rate.low += weight[c] * one.low;
        rate.high += weight[c] * one.high;
        rate.n += one.n;
        variance += weight[c] * weight[c] * one.error * one.error;
    }
    rate.error = sqrt(variance);
    hmm_free(&model);
    free(class_of);
    free(weight);
    return known ? rate : (struct known_number){.how = KNOWN_NOT};
}

/* Enumerate positions from the first on, until n or until bounds give the others. */
static void enumerate(const struct hmm *h, double floor, double near, size_t n, uint64_t budget,
                      struct loss_curve *c) {
    struct mixed_states *m = mixed_states_new(h);
    struct mixed_walk walk = {0};
    size_t t = 0;
    mixed_walk_begin(&walk, mixed_states_add(m, h->start), 1);
    for (bool done = false; t < n && !done; t++) {
        double loss = mixed_walk_step(&walk, m, budget, MOST_BYTES);
        if (isnan(loss))
            break;
        c->loss[t] = loss;
        done = loss - floor <= near;
    }
    mixed_walk_free(&walk);
    mixed_states_free(m);
    c->n = c->n_exact = c->n_bounded = t;
    if (t == 0 || c->loss[t - 1] - floor > near)
        return;
    double last = c->loss[t - 1];
    c->within = (last - floor) / 2;
    for (; t < n; t++)
        c->loss[t] = floor + c->within;
    c->n = c->n_bounded = n;
    if (c->within <= ROUNDING)
        c->n_exact = n;
}

/* Fill the positions from c->n to `n` by drawing. */
static void draw_curve(const struct hmm *h, size_t n, uint64_t budget, struct loss_curve *c) {
    size_t from = c->n, kept = n - from;
    struct drawing d;
    double *entropy = mem_alloc(kept, sizeof *entropy), *squares = mem_alloc(kept, sizeof *squares);
    drawing_begin(&d, h, n);
    /* How far the first sequence comes with its part of the budget is how far all go. */
    d.length = draw_entropies(&d, 0, from, budget / LEAST_DRAWN, entropy);
    kept = d.length > from ? d.length - from : 0;
    uint64_t drawn = 0;
    while (kept && drawn < MOST_DRAWN) {
        for (size_t t = 0; t < kept; t++) {
            c->loss[from + t] += entropy[t];
            squares[t] += entropy[t] * entropy[t];
        }
        drawn++;
        if (d.belief.work > budget || draw_entropies(&d, drawn, from, UINT64_MAX, entropy) == 0)
            break;
    }
    for (size_t t = 0; t < kept; t++) {
        double sum = c->loss[from + t], count = (double)drawn;
        c->loss[from + t] = sum / count;
        c->error[from + t] = standard_error(sum, squares[t], count);
    }
    c->n_drawn = drawn;
    c->n = from + kept;
    drawing_end(&d);
    free(entropy);
    free(squares);
}

struct loss_curve optimal_losses(const struct hmm *h, const struct known_number *rate, size_t n,
                                 uint64_t budget) {
    struct loss_curve c = {.loss = mem_alloc(n, sizeof *c.loss),
                           .error = mem_alloc(n, sizeof *c.error)};
    bool bounded = rate->how != KNOWN_NOT && rate->low > 0 && hmm_is_stationary(h);
    double gap = rate->high - rate->low;
    if (gap > CLOSE_ENOUGH)
        bounded = false;
    enumerate(h, bounded ? rate->low : -INFINITY, gap > CLOSE ? gap : CLOSE, n, budget / 2, &c);
    if (c.n < n)
        draw_curve(h, n, budget / 2, &c);
    return c;
}

void loss_curve_free(struct loss_curve *c) {
    free(c->loss);
    free(c->error);
    *c = (struct loss_curve){0};
}
