#include "gen/recall.h"

#include <math.h>
#include <stdlib.h>

#include "gen/choose.h"
#include "lib/ieee.h"
#include "lib/mem.h"

void recall_sequence_start(struct recall_sequence *s, size_t length) {
    *s = (struct recall_sequence){
        .length = length,
        .word = mem_alloc(length, sizeof *s->word),
        .answer = mem_alloc(length, sizeof *s->answer),
        .loss = mem_alloc(length, sizeof *s->loss),
        .gap = mem_alloc(length, sizeof *s->gap),
    };
}

void recall_sequence_free(struct recall_sequence *s) {
    free(s->word);
    free(s->answer);
    free(s->loss);
    free(s->gap);
}

struct recall_scratch {
    struct choose keys, values, pairs, places;
    uint32_t *key, *value, *asked, *place; /* what was chosen */
    uint32_t *query_at;                    /* of each place: the pair it asks for, plus 1; or 0 */
};

static size_t n_places(const struct recall_law *law) {
    return law->length / 2 - law->pairs;
}

void recall_start(struct recall_law *law) {
    if (law->power == 1)
        return;
    double sum = 0;
    law->weight = mem_alloc(n_places(law), sizeof *law->weight);
    for (size_t i = 0; i < n_places(law); i++)
        law->weight[i] = sum += ieee_exp((law->power - 1) * ieee_log((double)i + 1));
}

void recall_end(struct recall_law *law) {
    free(law->weight);
}

struct recall_scratch *recall_scratch_new(const struct recall_law *law) {
    struct recall_scratch *s = mem_alloc(1, sizeof *s);
    choose_start(&s->keys, law->keys);
    choose_start(&s->values, law->values);
    choose_start(&s->pairs, law->pairs);
    choose_start(&s->places, (uint32_t)n_places(law));
    s->key = mem_alloc(law->pairs, sizeof *s->key);
    s->value = mem_alloc(law->pairs, sizeof *s->value);
    s->asked = mem_alloc(law->pairs, sizeof *s->asked);
    s->place = mem_alloc(law->queries, sizeof *s->place);
    s->query_at = mem_alloc(n_places(law), sizeof *s->query_at);
    return s;
}

void recall_scratch_free(struct recall_scratch *s) {
    choose_free(&s->keys);
    choose_free(&s->values);
    choose_free(&s->pairs);
    choose_free(&s->places);
    free(s->key);
    free(s->value);
    free(s->asked);
    free(s->place);
    free(s->query_at);
    free(s);
}

bool recall_knows_losses(const struct recall_law *law) {
    return law->power == 1 && law->fillers > 0;
}

/* A place by weight, not among those taken: drawing until one is free draws from the rest by
 * weight. */
static uint32_t weighted_place(const struct recall_law *law, const uint32_t *query_at,
                               struct rng *r) {
    size_t n = n_places(law);
    for (;;) {
        double at = rng_uniform(r) * law->weight[n - 1];
        size_t low = 0, high = n - 1; /* the first sum above `at` is there */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (law->weight[middle] > at)
                high = middle;
            else
                low = middle + 1;
        }
        if (!query_at[low])
            return (uint32_t)low;
    }
}

static void choose_queries(const struct recall_law *law, struct recall_scratch *c, struct rng *r) {
    if (law->queries < law->pairs)
        choose_draw(&c->pairs, r, law->queries, c->asked);
    else
        for (uint32_t j = 0; j < law->pairs; j++)
            c->asked[j] = j;
    if (law->power == 1)
        choose_draw(&c->places, r, law->queries, c->place);
    for (uint32_t j = 0; j < law->queries; j++) {
        if (law->power != 1)
            c->place[j] = weighted_place(law, c->query_at, r);
        c->query_at[c->place[j]] = c->asked[j] + 1;
    }
}

static uint32_t filler(const struct recall_law *law, struct rng *r) {
    uint32_t own = law->keys + law->values;
    return law->fillers ? own + rng_below(r, law->fillers) : rng_below(r, own);
}

/* Losses place by place: what the best predictor, who knows the law, makes of the sequence. */
static void find_losses(const struct recall_law *law, struct recall_sequence *s) {
    for (uint32_t j = 0; j < law->pairs; j++) {
        s->loss[2 * j] = ieee_log(law->keys - j);
        s->loss[2 * j + 1] = ieee_log(law->distinct ? law->values - j : law->values);
    }
    double fill = ieee_log(law->fillers);
    uint32_t asked = 0;
    for (size_t i = 0; i < n_places(law); i++) {
        /* Of the places that are left, those for the queries that are left are drawn evenly, and so
         * is the next key among those not asked for. */
        double ask = (law->queries - asked) / (double)(n_places(law) - i);
        double *loss = s->loss + 2 * (law->pairs + i);
        bool query = s->answer[2 * (law->pairs + i) + 1] != RECALL_NO_ANSWER;
        loss[0] = query ? ieee_log(law->pairs - asked) - ieee_log(ask) : fill - ieee_log(1 - ask);
        loss[1] = query && !law->hidden ? 0 : fill;
        asked += query;
    }
}

void recall_draw(const struct recall_law *law, struct recall_scratch *c, struct rng *r,
                 bool with_losses, struct recall_sequence *s) {
    choose_draw(&c->keys, r, law->pairs, c->key);
    if (law->distinct)
        choose_draw(&c->values, r, law->pairs, c->value);
    for (uint32_t j = 0; j < law->pairs; j++) {
        if (!law->distinct)
            c->value[j] = rng_below(r, law->values);
        s->word[2 * j] = c->key[j];
        s->word[2 * j + 1] = law->keys + c->value[j];
    }
    choose_queries(law, c, r);
    for (size_t i = 0; i < s->length; i++)
        s->answer[i] = RECALL_NO_ANSWER;
    s->n_gaps = 0;
    for (size_t i = 0; i < n_places(law); i++) {
        size_t at = 2 * (law->pairs + i);
        if (!c->query_at[i]) {
            s->word[at] = filler(law, r);
            s->word[at + 1] = filler(law, r);
            continue;
        }
        uint32_t pair = c->query_at[i] - 1;
        c->query_at[i] = 0;
        s->word[at] = c->key[pair];
        s->answer[at + 1] = law->keys + c->value[pair];
        s->word[at + 1] = law->hidden ? filler(law, r) : s->answer[at + 1];
        s->gap[s->n_gaps++] = (uint32_t)(at - 2 * pair);
        s->cut = at + 1;
    }
    if (with_losses)
        find_losses(law, s);
}

/* With p[a], the chance that a queries came before place i. */
void recall_mean_losses(const struct recall_law *law, double *mean) {
    for (uint32_t j = 0; j < law->pairs; j++) {
        mean[2 * j] = log(law->keys - j);
        mean[2 * j + 1] = log(law->distinct ? law->values - j : law->values);
    }
    double *p = mem_alloc(law->queries + 2, sizeof *p), fill = log(law->fillers);
    double share = law->queries / (double)n_places(law);
    p[0] = 1;
    for (size_t i = 0; i < n_places(law); i++) {
        size_t at = 2 * (law->pairs + i);
        mean[at] = 0;
        mean[at + 1] = (law->hidden ? 1 : 1 - share) * fill;
        for (uint32_t a = law->queries + 1; a-- > 0;) {
            double ask = (law->queries - a) / (double)(n_places(law) - i);
            if (p[a] > 0 && ask > 0)
                mean[at] += p[a] * ask * (log(law->pairs - a) - log(ask));
            if (p[a] > 0 && ask < 1)
                mean[at] += p[a] * (1 - ask) * (fill - log1p(-ask));
            p[a + 1] += p[a] * ask;
            p[a] *= 1 - ask;
        }
    }
    free(p);
}

void recall_guess(uint32_t n, uint32_t words, bool distinct, double *accuracy, double *loss) {
    if (distinct) {
        *accuracy = 1.0 / n;
        *loss = log(n);
        return;
    }
    /* Of the other n - 1, a binomial number b are the right word by chance. */
    double same = 1.0 / words, p = pow(1 - same, n - 1);
    *accuracy = (1 + (n - 1) * same) / n;
    *loss = 0;
    for (uint32_t b = 0; b < n; b++) {
        *loss += p * log((double)n / (1 + b));
        if (words > 1)
            p *= (double)(n - 1 - b) / (b + 1) * same / (1 - same);
        else
            p = b + 2 == n;
    }
}
