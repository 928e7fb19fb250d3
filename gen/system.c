#include "gen/system.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/hmm_choice.h"
#include "lib/mem.h"

/* Read "A,B" with counts from 1 to most. */
static int read_pair(const char *option, const char *text, const char *what, int64_t most,
                     size_t *a, size_t *b, struct err *err) {
    const char *comma = strchr(text, ',');
    int64_t x = 0, y = 0;
    char *first = mem_strndup(text, comma ? (size_t)(comma - text) : 0);
    bool ok = comma && opt_read_count(first, &x) == 0 && opt_read_count(comma + 1, &y) == 0;
    free(first);
    if (!ok || x < 1 || y < 1 || x > most || y > most)
        return err_set(err, STATUS_USAGE,
                       "%s is '%s'; it must be %s, two whole numbers from 1 to %" PRId64, option,
                       text, what, most);
    *a = (size_t)x;
    *b = (size_t)y;
    return 0;
}

static int check_size(double edges, double components, struct err *err) {
    if (edges * components <= HMM_MOST_EDGES)
        return 0;
    return err_set(err, STATUS_USAGE,
                   "%.0f component%s of %.0f edges are more than memory may hold (%d edges)",
                   components, components == 1 ? "" : "s", edges, HMM_MOST_EDGES);
}

static int start_kind(const struct system_request *q, bool *uniform, struct err *err) {
    *uniform = q->start && strcmp(q->start, "uniform") == 0;
    if (!q->start || *uniform || strcmp(q->start, "stationary") == 0)
        return 0;
    return err_set(err, STATUS_USAGE,
                   "--start is '%s'; for random systems it must be stationary or uniform",
                   q->start);
}

/* The weights of n components, from number `first` on. */
static void make_prior(struct system *s, const struct system_request *q, size_t n) {
    double sum = 0;
    s->prior = mem_alloc(n, sizeof *s->prior);
    for (size_t c = 0; c < n; c++) {
        struct rng r = hmm_choice(q->seed, CHOICE_PRIOR, s->first_component + c);
        s->prior[c] = strcmp(q->prior, "random") == 0 ? 1 - rng_uniform(&r) : 1;
        sum += s->prior[c];
    }
    for (size_t c = 0; c < n; c++)
        s->prior[c] /= sum;
}

static int make_from_files(struct system *s, const struct system_request *q, struct err *err) {
    if (q->components >= 0)
        return err_set(err, STATUS_USAGE,
                       "--components goes with --random-hmm, --random-chain or --ginc; several "
                       "files make a mixture of their own");
    s->processes = mem_alloc(q->n_paths, sizeof *s->processes);
    s->names = mem_alloc(q->n_paths, sizeof *s->names);
    double edges = 0;
    for (size_t c = 0; c < q->n_paths; c++) {
        struct process *p = process_read(q->paths[c], q->set.items, q->set.n, q->start, err);
        if (!p)
            return -1;
        s->processes[s->n_processes++] = p;
        edges += (double)hmm_n_edges(&p->hmm);
        for (size_t i = 0; i < p->symbols.n; i++)
            vocab_add(&s->symbols, p->symbols.words[i], strlen(p->symbols.words[i]));
        for (size_t i = 0; i < p->states.n; i++)
            vocab_add(&s->names[c], p->states.words[i], strlen(p->states.words[i]));
        s->n_names++;
    }
    s->subject = mem_strdup(s->processes[0]->path);
    if (check_size(edges, 1, err) != 0)
        return -1;
    make_prior(s, q, q->n_paths);
    hmm_clear(&s->hmm, s->symbols.n);
    for (size_t c = 0; c < q->n_paths; c++) {
        const struct process *p = s->processes[c];
        uint32_t *symbols = mem_alloc(p->symbols.n, sizeof *symbols);
        for (size_t i = 0; i < p->symbols.n; i++)
            symbols[i] = (uint32_t)vocab_find(&s->symbols, p->symbols.words[i],
                                              strlen(p->symbols.words[i]));
        hmm_join(&s->hmm, &p->hmm, symbols, s->prior[c]);
        free(symbols);
    }
    return 0;
}

static int make_random(struct system *s, const struct system_request *q, struct err *err) {
    size_t n = q->components < 0 ? 1 : (size_t)q->components;
    struct random_system *r = &s->random;
    *r = (struct random_system){.n_states = (size_t)q->random_chain,
                                .n_symbols = (size_t)q->random_chain,
                                .is_chain = q->random_chain > 0,
                                .doubly_stochastic = q->doubly_stochastic,
                                .alpha = q->alpha};
    if (q->random_hmm && read_pair("--random-hmm", q->random_hmm, "STATES,SYMBOLS", HMM_MOST_STATES,
                                   &r->n_states, &r->n_symbols, err) != 0)
        return -1;
    if (start_kind(q, &r->uniform_start, err) != 0 ||
        check_size(random_system_edges(r), n ? (double)n : 1, err) != 0)
        return -1;
    s->names = mem_alloc(1, sizeof *s->names);
    s->n_names = 1;
    random_system_names(r, &s->names[0], &s->symbols);
    struct buf subject = {0};
    if (r->is_chain)
        buf_printf(&subject, "random chain of %zu states", r->n_states);
    else
        buf_printf(&subject, "random model of %zu states", r->n_states);
    s->subject = subject.data;
    s->is_fresh = n == 0;
    if (s->is_fresh)
        return 0;
    make_prior(s, q, n);
    struct hmm one = {0};
    int result = 0;
    hmm_clear(&s->hmm, r->n_symbols);
    for (size_t c = 0; c < n && result == 0; c++) {
        struct rng draws = hmm_choice(q->seed, CHOICE_SYSTEM, c);
        result = random_system_draw(r, &draws, &one, err);
        if (result == 0)
            hmm_join(&s->hmm, &one, NULL, s->prior[c]);
        else
            err_prefix(err, "component %zu", c);
    }
    hmm_free(&one);
    return result;
}

static int make_ginc(struct system *s, const struct system_request *q, struct err *err) {
    struct ginc *g = &s->ginc;
    size_t total = q->components < 0 ? 10 : (size_t)q->components;
    s->is_ginc = true;
    s->subject = mem_strdup("GINC");
    *g = (struct ginc){.n_words = (size_t)q->words,
                       .transition_temperature = q->transition_temperature,
                       .start_temperature = q->start_temperature,
                       .persistence = q->persistence,
                       .seed = q->seed};
    if (read_pair("--ginc", q->ginc, "ENTITIES,PROPERTIES", HMM_MOST_STATES, &g->n_entities,
                  &g->n_properties, err) != 0)
        return -1;
    if (g->n_properties < 2 || g->n_entities * g->n_properties >= HMM_MOST_STATES)
        return err_set(err, STATUS_USAGE,
                       "--ginc is '%s'; it needs two properties at least, since the first is the "
                       "delimiter, and fewer than %d pairs",
                       q->ginc, HMM_MOST_STATES);
    if (total < 2)
        return err_set(err, STATUS_USAGE,
                       "--components is %zu; GINC needs two at least, since one half is kept "
                       "unseen",
                       total);
    s->first_component = q->unseen ? total / 2 : 0;
    size_t n = q->unseen ? total - total / 2 : total / 2;
    if (q->start)
        return err_set(err, STATUS_USAGE, "--start does not go with --ginc");
    if (check_size(ginc_edges(g), (double)n, err) != 0)
        return -1;
    ginc_begin(g);
    s->names = mem_alloc(1, sizeof *s->names);
    s->n_names = 1;
    ginc_names(g, &s->names[0], &s->symbols);
    make_prior(s, q, n);
    struct hmm one = {0};
    hmm_clear(&s->hmm, g->n_words);
    for (size_t c = 0; c < n; c++) {
        ginc_concept(g, s->first_component + c, &one);
        hmm_join(&s->hmm, &one, NULL, s->prior[c]);
    }
    hmm_free(&one);
    return 0;
}

int system_make(struct system *s, const struct system_request *q, struct err *err) {
    *s = (struct system){0};
    int result = q->n_paths ? make_from_files(s, q, err)
                 : q->ginc  ? make_ginc(s, q, err)
                            : make_random(s, q, err);
    if (result != 0)
        system_free(s);
    return result;
}

void system_free(struct system *s) {
    hmm_free(&s->hmm);
    vocab_free(&s->symbols);
    for (size_t c = 0; c < s->n_names; c++)
        vocab_free(&s->names[c]);
    for (size_t c = 0; c < s->n_processes; c++)
        process_free(s->processes[c]);
    free(s->names);
    free(s->processes);
    free(s->prior);
    free(s->subject);
    ginc_free(&s->ginc);
    *s = (struct system){0};
}

const char *system_state_name(const struct system *s, size_t state) {
    size_t c = s->is_fresh ? 0 : hmm_component_of(&s->hmm, state);
    size_t place = s->is_fresh ? state : state - s->hmm.component[c];
    return s->names[s->n_names > 1 ? c : 0].words[place];
}

void system_put_joint_name(const struct system *s, size_t state, struct buf *out) {
    if (s->hmm.n_components > 1)
        buf_printf(out, "%zu:", s->first_component + hmm_component_of(&s->hmm, state));
    buf_puts(out, system_state_name(s, state));
}
