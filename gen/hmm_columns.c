#include "gen/hmm_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ieee.h"

const char *const hmm_column_names[N_HMM_COLUMNS] = {
    "source", "states", "start",     "beliefs",   "predictions",
    "loss",   "logp",   "component", "posterior", "matrix",
};

/* The longest that hmm_number_put makes of a probability, with a separator. */
enum { NUMBER_BYTES = 11 };

void hmm_number_put(struct buf *out, double x) {
    enum { DECIMALS = 8, SCALE = 100000000 };
    uint64_t scaled = (uint64_t)(fabs(x) * SCALE + 0.5), whole = scaled / SCALE,
             part = scaled % SCALE;
    char text[32] = "", *end = text + sizeof text, *c = end;
    for (int i = 0; i < DECIMALS; i++, part /= 10)
        *--c = (char)('0' + part % 10);
    while (end > c && end[-1] == '0')
        end--;
    if (end > c)
        *--c = '.';
    do
        *--c = (char)('0' + whole % 10);
    while (whole /= 10);
    if (x < 0 && scaled)
        *--c = '-';
    buf_add(out, c, (size_t)(end - c));
}

static void put_numbers(struct buf *out, const double *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        hmm_number_put(out, x[i]);
    }
}

/* Begin the next position of a column. */
static struct buf *next(struct buf *out) {
    if (out->len)
        buf_putc(out, ' ');
    return out;
}

/* Whether the best prediction for a fresh system is known: from counts. */
static bool counts_suffice(const struct system *s) {
    return s->is_fresh && s->random.is_chain && !s->random.doubly_stochastic;
}

static size_t longest_word(const struct vocab *v, size_t n) {
    size_t longest = 0;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < v[k].n; i++) {
            size_t len = strlen(v[k].words[i]);
            longest = len > longest ? len : longest;
        }
    return longest;
}

size_t hmm_columns_bytes(const struct columns *c, const struct system *s, size_t length) {
    size_t numbers = 0, once = 100, word = longest_word(&s->symbols, 1) + 1,
           state = longest_word(s->names, s->n_names) + 1, bytes = word;
    for (size_t i = 0; i < c->n; i++)
        switch (c->which[i]) {
        case COLUMN_STATES:
            bytes += state;
            break;
        case COLUMN_BELIEFS:
            numbers += s->hmm.n_states;
            break;
        case COLUMN_POSTERIOR:
            numbers += s->hmm.n_components;
            break;
        case COLUMN_PREDICTIONS:
            numbers += s->symbols.n;
            break;
        case COLUMN_LOSS:
            numbers += 2; /* a loss may have more digits */
            break;
        case COLUMN_MATRIX:
            once += 2 * NUMBER_BYTES * (size_t)random_system_edges(&s->random);
            break;
        }
    return once + length * (bytes + numbers * NUMBER_BYTES);
}

int hmm_columns_check(const struct columns *c, const struct system *s, struct err *err) {
    for (size_t i = 0; i < c->n; i++) {
        const char *name = hmm_column_names[c->which[i]];
        switch (c->which[i]) {
        case COLUMN_BELIEFS:
        case COLUMN_COMPONENT:
        case COLUMN_POSTERIOR:
            if (s->is_fresh)
                return err_set(err, STATUS_USAGE,
                               "--columns: no '%s' where every sequence has a system of its own "
                               "(--components 0)",
                               name);
            break;
        case COLUMN_PREDICTIONS:
        case COLUMN_LOSS:
        case COLUMN_LOGP:
            if (s->is_fresh && !counts_suffice(s))
                return err_set(
                    err, STATUS_USAGE,
                    "--columns: no '%s', for the best prediction has no closed form "
                    "where every sequence has a %s of its own (--components 0)",
                    name, s->random.is_chain ? "doubly stochastic chain" : "hidden Markov model");
            break;
        case COLUMN_MATRIX:
            if (!s->is_fresh)
                return err_set(err, STATUS_USAGE,
                               "--columns: 'matrix' is for systems of one sequence (--components "
                               "0); --show writes those of all sequences");
            break;
        }
    }
    return 0;
}

/* Words of up to 7 bytes are copied 8 bytes at a time, with the space behind. */
struct hmm_words {
    const struct vocab *symbols;
    bool all_short;
    struct word {
        char text[8];
        size_t len; /* with the space */
    } * words;
    size_t longest;
};

struct hmm_words *hmm_words_new(const struct vocab *symbols) {
    struct hmm_words *w = mem_alloc(1, sizeof *w);
    w->symbols = symbols;
    w->words = mem_alloc(symbols->n, sizeof *w->words);
    for (size_t s = 0; s < symbols->n; s++) {
        size_t len = strlen(symbols->words[s]);
        w->words[s].len = len + 1;
        w->longest = len + 1 > w->longest ? len + 1 : w->longest;
        memcpy(w->words[s].text, symbols->words[s], len < 8 ? len : 8);
        if (len < 8)
            w->words[s].text[len] = ' ';
    }
    w->all_short = w->longest <= 8;
    return w;
}

void hmm_words_free(struct hmm_words *w) {
    free(w->words);
    free(w);
}

void hmm_words_put(const struct hmm_words *w, const struct hmm_sequence *q, struct buf *out) {
    const struct hmm_edge *edges = q->hmm->edges;
    /* Room for all, and for 8 bytes behind. */
    out->data = mem_grow(out->data, &out->cap, out->len + q->n * w->longest + 9, 1);
    char *to = out->data + out->len;
    if (w->all_short) {
        for (size_t t = 0; t < q->n; t++) {
            const struct word *word = &w->words[edges[q->edges[t]].symbol];
            memcpy(to, word->text, 8);
            to += word->len;
        }
    } else {
        for (size_t t = 0; t < q->n; t++) {
            uint32_t s = edges[q->edges[t]].symbol;
            memcpy(to, w->symbols->words[s], w->words[s].len - 1);
            to += w->words[s].len;
            to[-1] = ' ';
        }
    }
    out->len = (size_t)(to - out->data) - (q->n > 0);
    out->data[out->len] = '\0';
}

void hmm_truth_begin(struct hmm_truth *t, const struct system *s) {
    *t = (struct hmm_truth){0};
    t->row = mem_alloc(s->hmm.n_states, sizeof *t->row);
    t->prediction = mem_alloc(s->symbols.n, sizeof *t->prediction);
    t->posterior = mem_alloc(s->hmm.n_components, sizeof *t->posterior);
    if (counts_suffice(s)) {
        size_t k = s->symbols.n;
        t->counts = mem_alloc(k * k, sizeof *t->counts);
        t->totals = mem_alloc(k, sizeof *t->totals);
    }
}

void hmm_truth_free(struct hmm_truth *t) {
    belief_free(&t->belief);
    free(t->row);
    free(t->prediction);
    free(t->posterior);
    free(t->counts);
    free(t->totals);
    for (int i = 0; i < N_HMM_COLUMNS; i++)
        buf_free(&t->text[i]);
}

static bool wanted(const struct columns *c, enum hmm_column which) {
    return columns_have(c, (int)which);
}

/* The symbol's part in the loss and logp columns. */
static int put_loss(struct hmm_truth *t, double p, double *logp, struct err *err) {
    double loss = -ieee_log(p);
    if (!isfinite(loss))
        return err_set(err, STATUS_DATA,
                       "a sequence is less probable than the smallest number, so its loss cannot "
                       "be told");
    hmm_number_put(next(&t->text[COLUMN_LOSS]), loss > 0 ? loss : 0);
    *logp -= loss;
    return 0;
}

/* The columns that follow from the belief after each symbol. */
static int follow_belief(const struct columns *c, struct hmm_truth *t, const struct hmm_sequence *q,
                         double *logp, struct err *err) {
    const struct hmm *h = q->hmm;
    bool beliefs = wanted(c, COLUMN_BELIEFS), posterior = wanted(c, COLUMN_POSTERIOR),
         predictions = wanted(c, COLUMN_PREDICTIONS);
    belief_start(&t->belief, h);
    for (size_t i = 0; i < q->n; i++) {
        if (put_loss(t, belief_observe(&t->belief, h->edges[q->edges[i]].symbol), logp, err) != 0)
            return -1;
        if (beliefs) {
            belief_row(&t->belief, t->row);
            put_numbers(next(&t->text[COLUMN_BELIEFS]), t->row, h->n_states);
        }
        if (posterior) {
            belief_components(&t->belief, t->posterior);
            put_numbers(next(&t->text[COLUMN_POSTERIOR]), t->posterior, h->n_components);
        }
        if (predictions) {
            belief_predict(&t->belief, t->prediction);
            put_numbers(next(&t->text[COLUMN_PREDICTIONS]), t->prediction, h->n_symbols);
        }
    }
    return 0;
}

/* The same for a fresh chain: (count(i, j) + alpha) / (count(i) + k alpha). */
static int follow_counts(const struct columns *c, const struct system *s, struct hmm_truth *t,
                         const struct hmm_sequence *q, double *logp, struct err *err) {
    size_t k = s->symbols.n, last = 0;
    double alpha = s->random.alpha;
    bool predictions = wanted(c, COLUMN_PREDICTIONS);
    memset(t->counts, 0, k * k * sizeof *t->counts);
    memset(t->totals, 0, k * sizeof *t->totals);
    for (size_t i = 0; i < q->n; i++) {
        size_t symbol = q->hmm->edges[q->edges[i]].symbol;
        double p = 1.0 / (double)k;
        if (i > 0) {
            p = (t->counts[last * k + symbol] + alpha) / (t->totals[last] + (double)k * alpha);
            t->counts[last * k + symbol]++;
            t->totals[last]++;
        }
        if (put_loss(t, p, logp, err) != 0)
            return -1;
        last = symbol;
        for (size_t j = 0; j < k && predictions; j++)
            t->prediction[j] = (t->counts[last * k + j] + alpha) /
                               (t->totals[last] + (double)k * alpha);
        if (predictions)
            put_numbers(next(&t->text[COLUMN_PREDICTIONS]), t->prediction, k);
    }
    return 0;
}

/* The probabilities of a sequence's own system: a row for each state, in a chain by next symbol, in
 * a hidden Markov model by symbol, then by next state. */
static void put_matrix(const struct system *s, const struct hmm *h, struct buf *out) {
    size_t n = s->random.n_states, cells = s->random.is_chain ? n : n * s->random.n_symbols;
    for (size_t i = 0; i < n; i++) {
        size_t edge = h->first[i];
        next(out);
        for (size_t k = 0; k < cells; k++) {
            size_t symbol = s->random.is_chain ? k : k / n, to = k % n;
            bool here = edge < h->first[i + 1] && h->edges[edge].symbol == symbol &&
                        h->edges[edge].to == to;
            buf_printf(out, "%s%.9g", k ? "," : "", here ? h->edges[edge].probability : 0);
            edge += here;
        }
    }
}

static void put_states(const struct system *s, const struct hmm_sequence *q, struct buf *out) {
    for (size_t i = 0; i < q->n; i++)
        buf_puts(next(out), system_state_name(s, q->hmm->edges[q->edges[i]].to));
}

int hmm_columns_put(const struct columns *c, const struct system *s, struct hmm_truth *t,
                    const struct hmm_sequence *q, const struct buf *source, struct buf *row,
                    struct err *err) {
    double logp = 0;
    for (int i = 0; i < N_HMM_COLUMNS; i++)
        buf_clear(&t->text[i]);
    if (wanted(c, COLUMN_STATES))
        put_states(s, q, &t->text[COLUMN_STATES]);
    if (wanted(c, COLUMN_START))
        buf_puts(&t->text[COLUMN_START], system_state_name(s, q->start));
    if (wanted(c, COLUMN_COMPONENT))
        buf_printf(&t->text[COLUMN_COMPONENT], "%zu",
                   s->first_component + hmm_component_of(q->hmm, q->start));
    if (wanted(c, COLUMN_MATRIX))
        put_matrix(s, q->hmm, &t->text[COLUMN_MATRIX]);
    if (wanted(c, COLUMN_BELIEFS) || wanted(c, COLUMN_POSTERIOR) || wanted(c, COLUMN_PREDICTIONS) ||
        wanted(c, COLUMN_LOSS) || wanted(c, COLUMN_LOGP)) {
        int result = s->is_fresh ? follow_counts(c, s, t, q, &logp, err)
                                 : follow_belief(c, t, q, &logp, err);
        if (result != 0)
            return -1;
        buf_printf(&t->text[COLUMN_LOGP], "%.9g", logp);
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct buf *text = c->which[i] == COLUMN_SOURCE ? source : &t->text[c->which[i]];
        if (i)
            buf_putc(row, '\t');
        if (text->len)
            buf_add(row, text->data, text->len);
    }
    return 0;
}
