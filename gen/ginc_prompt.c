#include "gen/ginc_prompt.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/columns.h"
#include "lib/belief.h"
#include "lib/hmm_sample.h"
#include "lib/ieee.h"

enum { COLUMN_SOURCE, COLUMN_TARGET, COLUMN_BAYES, COLUMN_COMPONENT, COLUMN_STATES, N_COLUMNS };
static const char *const names[N_COLUMNS] = {"source", "target", "rule:bayes", "component",
                                             "states"};

/* Of a prompt; and about the bytes of a word, or of the name of a pair. */
enum { MOST_WORDS = 100000, WORD_BYTES = 8 };

struct ginc_prompts {
    const struct system *system;
    struct hmm_sampler sampler;
    struct columns columns;
    size_t examples, length; /* n and k */
    bool random_slots;
};

struct worker {
    const struct ginc_prompts *p;
    uint32_t *pairs; /* [word of the prompt]: its entity and property, as a state of a concept */
    size_t n;
    size_t component;
    uint32_t property;
    uint64_t *random;
    uint32_t *edges;
    struct belief belief;
    double *row, *prediction, *mixed, *log_weight;
};

struct ginc_prompts *ginc_prompts_new(const struct system *s, const char *text, bool random_slots,
                                      const char *columns) {
    struct ginc_prompts *p = mem_alloc(1, sizeof *p);
    const char *comma = strchr(text, ',');
    char *first = mem_strndup(text, comma ? (size_t)(comma - text) : 0);
    int64_t examples = -1, length = 0;
    bool wrong = !comma || opt_read_count(first, &examples) != 0 ||
                 opt_read_count(comma + 1, &length) != 0;
    free(first);
    if (wrong || examples < 0 || length < 2 || length > MOST_WORDS ||
        (double)(examples + 1) * (double)(length + 1) > MOST_WORDS)
        msg_die(STATUS_USAGE,
                "--prompt is '%s'; it must be EXAMPLES,LENGTH, as 8,5: examples of two words or "
                "more each, at most %d words in all",
                text, MOST_WORDS);
    p->system = s;
    p->examples = (size_t)examples;
    p->length = (size_t)length;
    p->random_slots = random_slots;
    columns_read(&p->columns, columns ? columns : "source,target", names, N_COLUMNS);
    if (random_slots && columns_have(&p->columns, COLUMN_BAYES))
        msg_die(STATUS_USAGE, "--columns: no 'rule:bayes' with --random-slots, whose examples tell "
                              "nothing of the concept");
    hmm_sampler_set(&p->sampler, &s->hmm);
    return p;
}

void ginc_prompts_free(struct ginc_prompts *p) {
    if (!p)
        return;
    hmm_sampler_free(&p->sampler);
    columns_free(&p->columns);
    free(p);
}

static void *worker_new(void *context) {
    const struct ginc_prompts *p = context;
    const struct system *s = p->system;
    struct worker *w = mem_alloc(1, sizeof *w);
    size_t properties = s->ginc.n_properties;
    w->p = p;
    w->pairs = mem_alloc((p->examples + 1) * (p->length + 1), sizeof *w->pairs);
    w->random = mem_alloc(p->length, sizeof *w->random);
    w->edges = mem_alloc(p->length, sizeof *w->edges);
    w->row = mem_alloc(s->hmm.n_states, sizeof *w->row);
    w->prediction = mem_alloc(s->symbols.n, sizeof *w->prediction);
    w->mixed = mem_alloc(s->symbols.n, sizeof *w->mixed);
    w->log_weight = mem_alloc(s->hmm.n_components * properties, sizeof *w->log_weight);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    belief_free(&w->belief);
    free(w->pairs);
    free(w->random);
    free(w->edges);
    free(w->row);
    free(w->prediction);
    free(w->mixed);
    free(w->log_weight);
    free(w);
}

static uint32_t word_of(const struct worker *w, uint32_t pair) {
    return w->p->system->ginc.memory[pair];
}

/* An example of `length` words from the worker's concept. */
static void draw_example(struct worker *w, struct rng *r, size_t length) {
    const struct ginc_prompts *p = w->p;
    const struct hmm *h = &p->system->hmm;
    const struct ginc *g = &p->system->ginc;
    uint32_t m = (uint32_t)g->n_properties, entity = rng_below(r, (uint32_t)g->n_entities);
    uint32_t offset = (uint32_t)h->component[w->component];
    if (p->random_slots) {
        for (size_t i = 0; i < length; i++)
            w->pairs[w->n++] = entity * m + 1 + rng_below(r, m - 1);
        return;
    }
    w->pairs[w->n++] = entity * m + w->property;
    rng_fill_u64(r, w->random, length - 1);
    hmm_sample(&p->sampler, offset + entity * m + w->property, w->random, w->edges, length - 1);
    for (size_t i = 0; i + 1 < length; i++)
        w->pairs[w->n++] = h->edges[w->edges[i]].to - offset;
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    const struct ginc_prompts *p = context;
    const struct system *s = p->system;
    struct worker *w = worker;
    (void)index, (void)class_index, (void)err;
    w->component = hmm_component_of(&s->hmm, hmm_sample_start(&p->sampler, rng_u64(r)));
    w->property = 1 + rng_below(r, (uint32_t)s->ginc.n_properties - 1);
    w->n = 0;
    for (size_t e = 0; e <= p->examples; e++) {
        /* The last one is asked about. */
        draw_example(w, r, e < p->examples ? p->length : p->length - 1);
        if (e < p->examples) {
            uint32_t entity = w->pairs[w->n - 1] / (uint32_t)s->ginc.n_properties;
            w->pairs[w->n++] = entity * (uint32_t)s->ginc.n_properties; /* the delimiter */
        }
    }
    for (size_t i = 0; i < w->n; i++) {
        if (i)
            buf_putc(source, ' ');
        buf_puts(source, s->symbols.words[word_of(w, w->pairs[i])]);
    }
    return 1;
}

/* Believe that a concept is at a pair that shows the first of n words, with this property (0: any),
 * all equally likely before, then learn of the other words. Returns the log-probability of all. */
static double read_words(struct worker *w, size_t component, uint32_t property,
                         const uint32_t *pairs, size_t n) {
    const struct system *s = w->p->system;
    const struct ginc *g = &s->ginc;
    size_t offset = s->hmm.component[component], n_pairs = g->n_entities * g->n_properties;
    size_t possible = 0, fitting = 0;
    for (size_t i = 0; i < n_pairs; i++) {
        bool starts = !property || i % g->n_properties == property;
        bool fits = starts && g->memory[i] == word_of(w, pairs[0]);
        possible += starts;
        fitting += fits;
        w->row[offset + i] = fits;
    }
    for (size_t i = 0; i < n_pairs && fitting; i++)
        w->row[offset + i] /= (double)fitting;
    belief_set(&w->belief, &s->hmm, w->row);
    memset(w->row + offset, 0, n_pairs * sizeof *w->row);
    double log_probability = ieee_log((double)fitting / (double)possible);
    for (size_t k = 1; k < n && w->belief.n > 0; k++)
        log_probability += ieee_log(belief_observe(&w->belief, word_of(w, pairs[k])));
    return w->belief.n > 0 ? log_probability : -INFINITY;
}

static size_t likeliest(const double *p, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (p[i] > p[best])
            best = i;
    return best;
}

static const uint32_t *query_of(const struct worker *w) {
    return w->pairs + w->n - (w->p->length - 1);
}

static const char *answer(struct worker *w) {
    const struct system *s = w->p->system;
    read_words(w, w->component, w->p->random_slots ? 0 : w->property, query_of(w),
               w->p->length - 1);
    belief_predict(&w->belief, w->prediction);
    return s->symbols.words[likeliest(w->prediction, s->symbols.n)];
}

/* The likeliest next word given the whole prompt, by one who knows how prompts are made and all
 * concepts of this half, but not which concept and property this one has. */
static const char *bayes_answer(struct worker *w) {
    const struct ginc_prompts *p = w->p;
    const struct system *s = p->system;
    size_t m = s->ginc.n_properties, step = p->length + 1;
    double most = -INFINITY;
    for (size_t c = 0; c < s->hmm.n_components; c++)
        for (uint32_t property = 1; property < m; property++) {
            double x = ieee_log(s->prior[c]);
            for (size_t e = 0; e < p->examples && x > -INFINITY; e++)
                x += read_words(w, c, property, w->pairs + e * step, p->length);
            if (x > -INFINITY)
                x += read_words(w, c, property, query_of(w), p->length - 1);
            w->log_weight[c * m + property] = x;
            most = fmax(most, x);
        }
    memset(w->mixed, 0, s->symbols.n * sizeof *w->mixed);
    for (size_t c = 0; c < s->hmm.n_components; c++)
        for (uint32_t property = 1; property < m; property++) {
            double weight = ieee_exp(w->log_weight[c * m + property] - most);
            if (!(weight > 0))
                continue;
            read_words(w, c, property, query_of(w), p->length - 1);
            belief_predict(&w->belief, w->prediction);
            for (size_t i = 0; i < s->symbols.n; i++)
                w->mixed[i] += weight * w->prediction[i];
        }
    return s->symbols.words[likeliest(w->mixed, s->symbols.n)];
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    const struct ginc_prompts *p = context;
    const struct system *s = p->system;
    struct worker *w = worker;
    (void)r, (void)index, (void)class_index, (void)err;
    for (size_t i = 0; i < p->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        switch (p->columns.which[i]) {
        case COLUMN_SOURCE:
            buf_add(row, source->data, source->len);
            break;
        case COLUMN_TARGET:
            buf_puts(row, answer(w));
            break;
        case COLUMN_BAYES:
            buf_puts(row, bayes_answer(w));
            break;
        case COLUMN_COMPONENT:
            buf_printf(row, "%zu", s->first_component + w->component);
            break;
        case COLUMN_STATES:
            for (size_t k = 0; k < w->n; k++)
                buf_printf(row, "%s%s", k ? " " : "", s->names[0].words[w->pairs[k]]);
            break;
        }
    }
    return 1;
}

int ginc_prompts_write(struct ginc_prompts *p, const struct generate *g, struct corpus_writer *out,
                       struct err *err) {
    struct maker maker = {
        .context = p,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .row_bytes = (p->examples + 1) * (p->length + 1) * 2 * WORD_BYTES,
        .subject = p->system->subject,
    };
    struct buf text = {0};
    buf_printf(&text, "examples=%zu length=%zu slots=%s", p->examples, p->length,
               p->random_slots ? "random" : "concept");
    int result = corpus_put_header(out, "prompts", text.data, err);
    buf_free(&text);
    if (result == 0 && columns_have(&p->columns, COLUMN_BAYES))
        result = corpus_put_header(out, "rules", "concept bayes", err);
    if (result != 0 || columns_put(&p->columns, out, err) != 0)
        return -1;
    return generate_rows(g, &maker, out, err);
}
