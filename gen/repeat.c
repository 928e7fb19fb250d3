#include <math.h>
#include <stdlib.h>

#include "gen/choose.h"
#include "gen/recall.h"
#include "lib/ieee.h"
#include "lib/mem.h"

struct repeat_scratch {
    struct choose words;
    double *weight;     /* of the periods, in the filter below */
    unsigned char *met; /* [words]: in the sequence so far */
    double *log_first;  /* [longest period]: -ln P of the word at this place of the first copy */
};

struct repeat_scratch *repeat_scratch_new(const struct repeat_law *law) {
    struct repeat_scratch *c = mem_alloc(1, sizeof *c);
    if (law->distinct)
        choose_start(&c->words, law->words);
    c->weight = mem_alloc((size_t)(law->period.most - law->period.least) + 1, sizeof *c->weight);
    c->met = mem_alloc(law->words, 1);
    c->log_first = mem_alloc((size_t)law->period.most, sizeof *c->log_first);
    for (int64_t i = 0; i < law->period.most; i++)
        c->log_first[i] = ieee_log((double)(law->distinct ? law->words - i : law->words));
    return c;
}

void repeat_scratch_free(struct repeat_scratch *c) {
    choose_free(&c->words);
    free(c->weight);
    free(c->met);
    free(c->log_first);
    free(c);
}

/* The losses of the best predictor, who knows the law but not the period: the posterior over
 * periods, and over "not repeating yet" with its share `first`, is filtered word by word. */
static void filter(const struct repeat_law *law, struct repeat_scratch *c,
                   struct recall_sequence *s) {
    int64_t least = law->period.least, most = law->period.most;
    double first = 1.0 / (double)(most - least + 1); /* of each period not reached */
    for (int64_t t = 0; t < (int64_t)s->length; t++) {
        uint32_t word = s->word[t];
        if (t >= least && t <= most)
            c->weight[t - least] = first;
        int64_t n_later = t >= most ? 0 : t < least ? most - least + 1 : most - t;
        double later = (double)n_later * first, right = 0, chance = 0;
        if (n_later > 0 && !(law->distinct && c->met[word]))
            chance = 1.0 / (double)(law->distinct ? law->words - t : law->words);
        double sum = later;
        for (int64_t p = least; p <= t && p <= most; p++) {
            double *w = &c->weight[p - least];
            sum += *w;
            if (s->word[t - p] != word)
                *w = 0;
            right += *w;
        }
        double total = right + later * chance, share = total / sum;
        s->loss[t] = share < 1 ? -ieee_log(share) : 0;
        first *= chance / total;
        for (int64_t p = least; p <= t && p <= most; p++)
            c->weight[p - least] /= total;
        c->met[word] = 1;
    }
    for (size_t t = 0; t < s->length; t++)
        c->met[s->word[t]] = 0;
}

void repeat_draw(const struct repeat_law *law, struct repeat_scratch *c, struct rng *r,
                 bool with_losses, struct recall_sequence *s) {
    uint32_t n_periods = (uint32_t)(law->period.most - law->period.least) + 1;
    size_t period = (size_t)law->period.least;
    if (n_periods > 1)
        period += rng_below(r, n_periods);
    if (law->distinct)
        choose_draw(&c->words, r, (uint32_t)period, s->word);
    else
        for (size_t i = 0; i < period; i++)
            s->word[i] = rng_below(r, law->words);
    for (size_t i = 0; i < s->length; i++) {
        bool again = i >= period;
        if (again)
            s->word[i] = s->word[i - period];
        s->answer[i] = again ? s->word[i] : RECALL_NO_ANSWER;
        if (n_periods == 1)
            s->loss[i] = again ? 0 : c->log_first[i];
    }
    s->cut = period;
    s->gap[0] = (uint32_t)period;
    s->n_gaps = 1;
    if (with_losses && n_periods > 1)
        filter(law, c, s);
}

bool repeat_mean_losses(const struct repeat_law *law, double *mean) {
    double least = (double)law->period.least, most = (double)law->period.most;
    if (least < most && !law->distinct)
        return false;
    for (size_t i = 0; i < law->length; i++) {
        double t = (double)i,
               first = t >= most ? 0 : log(law->distinct ? law->words - t : law->words);
        if (t < least) {
            mean[i] = first;
            continue;
        }
        /* Some period from t on with probability `open`; given that, t itself with 1 / `left`. */
        double left = most - t + 1, open = left / (most - least + 1);
        mean[i] = t > most ? 0 : open * (log(left) + (left - 1) / left * (first - log(left - 1)));
        if (t == most)
            mean[i] = 0;
    }
    return true;
}
