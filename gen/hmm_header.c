#include "gen/hmm_header.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/hmm_columns.h"
#include "lib/belief.h"
#include "lib/dirichlet.h"
#include "lib/hash.h"
#include "lib/hmm_entropy.h"
#include "lib/hmm_sample.h"
#include "lib/ieee.h"
#include "lib/rng.h"

/* The states of a file are told in any case where there are no more than these. */
enum { MOST_NAMED = 100 };

static int put(struct corpus_writer *out, struct err *err, const char *key, struct buf *value) {
    int result = corpus_put_header(out, key, value->data ? value->data : "", err);
    buf_clear(value);
    return result;
}

static void describe(const struct system *s, struct buf *out) {
    const struct random_system *r = &s->random;
    if (s->is_ginc)
        buf_printf(out, "GINC entities=%zu properties=%zu concepts=%zu-%zu", s->ginc.n_entities,
                   s->ginc.n_properties, s->first_component,
                   s->first_component + s->hmm.n_components - 1);
    else if (s->is_fresh || s->n_processes == 0)
        buf_printf(out, "%s%s alpha=%.9g components=%zu states=%zu",
                   r->doubly_stochastic ? "doubly stochastic " : "",
                   r->is_chain ? "random Markov chain" : "random hidden Markov model", r->alpha,
                   s->hmm.n_components, r->n_states);
    else
        buf_printf(out, "hidden Markov model components=%zu states=%zu", s->hmm.n_components,
                   s->hmm.n_states);
    buf_printf(out, " symbols=%zu", s->symbols.n);
}

static int put_files(const struct system *s, struct corpus_writer *out, struct buf *text,
                     struct err *err) {
    for (size_t c = 0; c < s->n_processes; c++) {
        const struct process *p = s->processes[c];
        buf_printf(text, "%s\t%s", hash_text(p->hash).text, p->path);
        if (put(out, err, "process", text) != 0)
            return -1;
        for (size_t i = 0; i < p->parameters.n; i++)
            buf_printf(text, "%s%s=%.9g", i ? " " : "", p->parameters.words[i], p->values[i]);
        if (p->parameters.n && put(out, err, "parameters", text) != 0)
            return -1;
    }
    return 0;
}

static int put_memory(const struct system *s, struct corpus_writer *out, struct buf *text,
                      struct err *err) {
    const struct ginc *g = &s->ginc;
    for (size_t v = 0; v < g->n_entities; v++) {
        buf_printf(text, "%zu\t", v);
        for (size_t p = 0; p < g->n_properties; p++)
            buf_printf(text, "%s%s", p ? " " : "",
                       s->symbols.words[g->memory[v * g->n_properties + p]]);
        if (put(out, err, "memory", text) != 0)
            return -1;
    }
    return 0;
}

static void put_list(struct buf *text, const double *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(text, ' ');
        hmm_number_put(text, x[i]);
    }
}

static int put_states(const struct system *s, struct corpus_writer *out, struct buf *text,
                      struct err *err) {
    for (size_t i = 0; i < s->hmm.n_states; i++) {
        if (i)
            buf_putc(text, ' ');
        system_put_joint_name(s, i, text);
    }
    if (put(out, err, "states", text) != 0)
        return -1;
    put_list(text, s->hmm.start, s->hmm.n_states);
    return put(out, err, "start", text);
}

int hmm_header_put(const struct system *s, bool with_states, struct corpus_writer *out,
                   struct err *err) {
    struct buf text = {0};
    describe(s, &text);
    int bad = put(out, err, "task", &text) || put_files(s, out, &text, err);
    char *words = vocab_text(&s->symbols);
    bad = bad || corpus_put_header(out, "vocab", words, err);
    free(words);
    if (s->is_ginc)
        bad = bad || put_memory(s, out, &text, err);
    if (with_states || (s->n_processes == 1 && s->hmm.n_states <= MOST_NAMED))
        bad = bad || put_states(s, out, &text, err);
    if (s->hmm.n_components > 1) {
        put_list(&text, s->prior, s->hmm.n_components);
        bad = bad || put(out, err, "prior", &text);
    }
    buf_printf(&text, "uniform loss=%.6f", ieee_log((double)s->symbols.n));
    bad = bad || put(out, err, "baseline", &text);
    buf_free(&text);
    return bad ? -1 : 0;
}

static const char *const how_known[] = {"", "exact", "bounds", "estimate"};

static int put_rate(const struct known_number *rate, struct corpus_writer *out, struct buf *text,
                    struct err *err) {
    if (rate->how == KNOWN_NOT)
        return 0;
    buf_printf(text, "%s value=%.6f", how_known[rate->how], rate->value);
    if (rate->how == KNOWN_ESTIMATE)
        buf_printf(text, " error=%.6f n=%" PRIu64, rate->error, rate->n);
    if (rate->how != KNOWN_EXACT && isfinite(rate->high) && rate->high > rate->low)
        buf_printf(text, " low=%.7f high=%.7f", rate->low, rate->high);
    return put(out, err, "entropy_rate", text);
}

/* Positions from .. to - 1 of a part of a curve, as one line. */
static int put_part(const char *key, enum known how, const struct loss_curve *c, const double *x,
                    size_t from, size_t to, struct corpus_writer *out, struct buf *text,
                    struct err *err) {
    if (from == to)
        return 0;
    buf_printf(text, "%s from=%zu to=%zu", how_known[how], from, to - 1);
    if (how == KNOWN_BOUNDS)
        buf_printf(text, " within=%.7f", c->within);
    if (how == KNOWN_ESTIMATE)
        buf_printf(text, " n=%" PRIu64, c->n_drawn);
    buf_putc(text, '\t');
    for (size_t t = from; t < to; t++)
        buf_printf(text, "%s%.6f", t > from ? " " : "", x[t]);
    return put(out, err, key, text);
}

/* ##KEY, ##KEY_error, and, where every position of every sequence is known, the mean: ##bayes, or
 * ##baseline for a loss that is not the least. */
static int put_losses(const char *key, const struct loss_curve *c, int64_t least, int64_t most,
                      struct corpus_writer *out, struct buf *text, struct err *err) {
    struct buf error_key = {0};
    buf_printf(&error_key, "%s_error", key);
    int bad = put_part(key, KNOWN_EXACT, c, c->loss, 0, c->n_exact, out, text, err) ||
              put_part(key, KNOWN_BOUNDS, c, c->loss, c->n_exact, c->n_bounded, out, text, err) ||
              put_part(key, KNOWN_ESTIMATE, c, c->loss, c->n_bounded, c->n, out, text, err) ||
              put_part(error_key.data, KNOWN_ESTIMATE, c, c->error, c->n_bounded, c->n, out, text,
                       err);
    buf_free(&error_key);
    if (!bad && least == most && (int64_t)c->n == most) {
        double sum = 0;
        for (size_t t = 0; t < c->n; t++)
            sum += c->loss[t];
        bool is_best = strcmp(key, "optimal_loss") == 0;
        enum known how = c->n_bounded < c->n         ? KNOWN_ESTIMATE
                         : c->n_exact < c->n_bounded ? KNOWN_BOUNDS
                                                     : KNOWN_EXACT;
        buf_printf(text, "%s%s loss=%.6f", is_best ? "" : "counts ", how_known[how],
                   sum / (double)c->n);
        bad = put(out, err, is_best ? "bayes" : "baseline", text);
    }
    return bad ? -1 : 0;
}

/* The mean over fresh chains of what counting achieves, and of their entropy rates. */
struct fresh_estimate {
    struct loss_curve curve;
    struct known_number rate;
};

static double error_of(double sum, double squares, double n) {
    double variance = (squares - sum * sum / n) / (n - 1);
    return variance > 0 ? sqrt(variance / n) : 0;
}

/* One sequence of a fresh chain: at each position the entropy of the prediction from counts, or,
 * where that prediction is not the best one, the loss it suffers. */
static void count_losses(const struct random_system *r, const struct hmm *h, const uint32_t *edges,
                         size_t n, bool is_best, double *loss) {
    size_t k = r->n_symbols, last = 0;
    uint32_t *counts = mem_alloc(k * k, sizeof *counts), *totals = mem_alloc(k, sizeof *totals);
    double *p = mem_alloc(k, sizeof *p);
    for (size_t t = 0; t < n; t++) {
        size_t symbol = h->edges[edges[t]].symbol;
        for (size_t j = 0; j < k; j++)
            p[j] = t == 0
                       ? 1.0 / (double)k
                       : (counts[last * k + j] + r->alpha) / (totals[last] + (double)k * r->alpha);
        loss[t] = is_best ? entropy_of(p, k) : -ieee_log(p[symbol]);
        if (t > 0) {
            counts[last * k + symbol]++;
            totals[last]++;
        }
        last = symbol;
    }
    free(counts);
    free(totals);
    free(p);
}

static int estimate_fresh(const struct random_system *r, size_t n, uint64_t budget,
                          struct fresh_estimate *e, struct err *err) {
    enum { LEAST = 8, MOST = 4096, DRAW = 100 };
    double k = (double)r->n_states, work = (double)n * k + k * k * (DRAW + k / 3);
    double most = (double)budget / work;
    uint64_t drawn = most > MOST ? MOST : (uint64_t)most;
    *e = (struct fresh_estimate){
        .curve = {.loss = mem_alloc(n, sizeof(double)), .error = mem_alloc(n, sizeof(double))}};
    if (drawn < LEAST)
        return 0;
    struct hmm h = {0};
    struct hmm_sampler sampler = {0};
    uint64_t *random = mem_alloc(n + 1, sizeof *random);
    uint32_t *edges = mem_alloc(n, sizeof *edges);
    double *loss = mem_alloc(n, sizeof *loss), *squares = mem_alloc(n, sizeof *squares), rate = 0,
           rate_squares = 0, count = (double)drawn;
    int result = 0;
    for (uint64_t i = 0; i < drawn && result == 0; i++) {
        struct rng draws = rng_at(0, RNG_EVAL, i);
        result = random_system_draw(r, &draws, &h, err);
        if (result != 0)
            break;
        hmm_sampler_set(&sampler, &h);
        rng_fill_u64(&draws, random, n + 1);
        hmm_sample(&sampler, hmm_sample_start(&sampler, random[0]), random + 1, edges, n);
        count_losses(r, &h, edges, n, r->uniform_start, loss);
        for (size_t t = 0; t < n; t++) {
            e->curve.loss[t] += loss[t] / count;
            squares[t] += loss[t] * loss[t];
        }
        double one = entropy_rate(&h, 0).value;
        rate += one;
        rate_squares += one * one;
    }
    for (size_t t = 0; t < n; t++)
        e->curve.error[t] = error_of(e->curve.loss[t] * count, squares[t], count);
    e->curve.n = n;
    e->curve.n_drawn = drawn;
    e->rate = (struct known_number){.how = KNOWN_ESTIMATE,
                                    .value = rate / count,
                                    .error = error_of(rate, rate_squares, count),
                                    .n = drawn};
    hmm_free(&h);
    hmm_sampler_free(&sampler);
    free(random);
    free(edges);
    free(loss);
    free(squares);
    return result;
}

static int put_fresh(const struct system *s, int64_t least, int64_t most, size_t n, uint64_t budget,
                     struct corpus_writer *out, struct buf *text, struct err *err) {
    const struct random_system *r = &s->random;
    if (!r->is_chain)
        return 0;
    struct fresh_estimate e;
    int bad = estimate_fresh(r, n, budget, &e, err);
    if (!r->doubly_stochastic) {
        buf_printf(text, "exact mean=%.6f", dirichlet_mean_entropy(r->alpha, r->n_symbols));
        bad = bad || put(out, err, "row_entropy", text);
        bad = bad || put_losses(r->uniform_start ? "optimal_loss" : "count_loss", &e.curve, least,
                                most, out, text, err);
    }
    bad = bad || put_rate(&e.rate, out, text, err);
    loss_curve_free(&e.curve);
    return bad ? -1 : 0;
}

int hmm_header_put_losses(const struct system *s, int64_t least, int64_t most, uint64_t budget,
                          struct corpus_writer *out, struct err *err) {
    if (budget == 0)
        return 0;
    struct buf text = {0};
    size_t n = most < HEADER_POSITIONS ? (size_t)most : HEADER_POSITIONS;
    int bad;
    if (s->is_fresh) {
        bad = put_fresh(s, least, most, n, budget, out, &text, err);
    } else {
        struct known_number rate = entropy_rate(&s->hmm, budget / 5 * 3);
        struct loss_curve curve = optimal_losses(&s->hmm, &rate, n, budget / 5 * 2);
        bad = put_losses("optimal_loss", &curve, least, most, out, &text, err) ||
              put_rate(&rate, out, &text, err);
        loss_curve_free(&curve);
    }
    buf_free(&text);
    return bad ? -1 : 0;
}
