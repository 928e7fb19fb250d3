#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sampler_private.h"

/* The number of trees of each state; only for samplers without recursion. */
static double *count_trees(const struct sampler *s, bool words) {
    const struct grammar *g = s->grammar;
    double *count = mem_alloc(s->n_states, sizeof *count);
    for (size_t k = 0; k < s->n_states; k++) {
        const struct state *t = &s->states[k];
        if (!words && g->preterminal[t->symbol]) {
            count[k] = 1;
            continue;
        }
        for (int i = 0; i < t->n; i++) {
            const struct alternative *a = &s->alternatives[t->first + i];
            const struct production *p = &g->productions[a->production];
            double product = 1;
            for (int j = 0; j < p->n_source; j++)
                if (s->children[a->children + j] >= 0)
                    product *= count[s->children[a->children + j]];
            count[k] += product;
        }
    }
    return count;
}

/* Mean length, entropy and tree entropy of a state's trees. */
enum { QUANTITIES = 3 };

/* What an alternative brings by itself. */
static void own_part(const struct sampler *s, const struct alternative *a, double *own) {
    const struct production *p = &s->grammar->productions[a->production];
    double surprisal = -log(a->probability);
    int words = 0;
    for (int j = 0; j < p->n_source; j++)
        words += s->children[a->children + j] < 0;
    own[0] = words;
    own[1] = surprisal;
    own[2] = s->grammar->preterminal[p->left] ? 0 : surprisal;
}

/* One round of x = own + children's x over states k .. end-1; returns the greatest relative change.
 * Where there is no cycle it is exact. */
static double improve(const struct sampler *s, size_t k, size_t end, double *x) {
    double change = 0;
    for (; k < end; k++) {
        double sum[QUANTITIES] = {0};
        for (int i = 0; i < s->states[k].n; i++) {
            const struct alternative *a = &s->alternatives[s->states[k].first + i];
            int n = s->grammar->productions[a->production].n_source;
            double part[QUANTITIES];
            own_part(s, a, part);
            for (int j = 0; j < n; j++)
                for (int q = 0; q < QUANTITIES && s->children[a->children + j] >= 0; q++)
                    part[q] += x[QUANTITIES * s->children[a->children + j] + q];
            for (int q = 0; q < QUANTITIES; q++)
                sum[q] += a->probability * part[q];
        }
        for (int q = 0; q < QUANTITIES; q++) {
            double *old = &x[QUANTITIES * k + (size_t)q];
            change = fmax(change, fabs(sum[q] - *old) / fmax(1, sum[q]));
            *old = sum[q];
        }
    }
    return change;
}

void sampler_solve(double *m, size_t n, size_t columns) {
    size_t width = n + columns;
    for (size_t k = 0; k < n; k++)
        for (size_t i = k + 1; i < n; i++) {
            double factor = m[i * width + k] / m[k * width + k];
            for (size_t j = k; j < width && factor != 0; j++)
                m[i * width + j] -= factor * m[k * width + j];
        }
    for (size_t k = n; k-- > 0;)
        for (size_t q = n; q < width; q++) {
            double sum = m[k * width + q];
            for (size_t j = k + 1; j < n; j++)
                sum -= m[k * width + j] * m[j * width + q];
            m[k * width + q] = sum / m[k * width + k];
        }
}

/* The same equations for a component: (I - M) x = own and what children outside bring. */
static void solve(const struct sampler *s, size_t first, size_t end, double *x) {
    size_t n = end - first, width = n + QUANTITIES;
    double *m = mem_alloc(n * width, sizeof *m);
    for (size_t k = 0; k < n; k++) {
        double *row = m + k * width;
        const struct state *t = &s->states[first + k];
        row[k] = 1;
        for (int i = 0; i < t->n; i++) {
            const struct alternative *a = &s->alternatives[t->first + i];
            double part[QUANTITIES];
            own_part(s, a, part);
            for (int j = 0; j < s->grammar->productions[a->production].n_source; j++) {
                int child = s->children[a->children + j];
                if (child >= (int)first)
                    row[(size_t)child - first] -= a->probability;
                for (int q = 0; q < QUANTITIES && child >= 0 && child < (int)first; q++)
                    part[q] += x[QUANTITIES * child + q];
            }
            for (int q = 0; q < QUANTITIES; q++)
                row[n + (size_t)q] += a->probability * part[q];
        }
    }
    sampler_solve(m, n, QUANTITIES);
    for (size_t k = 0; k < n; k++)
        memcpy(x + QUANTITIES * (first + k), m + k * width + n, QUANTITIES * sizeof *x);
    free(m);
}

/* Whether the expectations of all states could be found. */
static bool find_expectations(const struct sampler *s, double *x) {
    enum { ROUNDS = 20000 };
    for (size_t k = 0, end; k < s->n_states; k = end) {
        end = (size_t)s->states[k].end;
        int round = 0;
        if (!sampler_has_cycle(s, k))
            improve(s, k, end, x);
        else if (end - k <= SAMPLER_MOST_SOLVED)
            solve(s, k, end, x);
        else
            while (round < ROUNDS && improve(s, k, end, x) > 1e-13)
                round++;
        if (round == ROUNDS)
            return false;
    }
    return true;
}

int sampler_census(const struct sampler *s, struct census *c, struct err *err) {
    *c = (struct census){.trees = INFINITY, .sentences = INFINITY, .infinite = s->recursive};
    if (!s->recursive) {
        double *trees = count_trees(s, false), *sentences = count_trees(s, true);
        c->trees = trees[s->start];
        c->sentences = sentences[s->start];
        free(trees);
        free(sentences);
    }
    double *x = mem_alloc(QUANTITIES * s->n_states, sizeof *x);
    bool found = find_expectations(s, x);
    const double *start = x + QUANTITIES * (size_t)s->start;
    c->mean_length = start[0];
    c->entropy = start[1];
    c->tree_entropy = start[2];
    free(x);
    if (!found || !(c->mean_length > 0 && c->mean_length < INFINITY))
        return err_set(err, STATUS_DATA,
                       "%s: the mean length of its sentences cannot be found: the recursive "
                       "productions weigh too much",
                       s->grammar->path);
    return 0;
}

static void *copy(const void *bytes, size_t n, size_t size) {
    void *new = mem_alloc(n, size);
    memcpy(new, bytes, n * size);
    return new;
}

struct sampler *sampler_new_even(const struct sampler *from, struct err *err) {
    const struct grammar *g = from->grammar;
    if (from->recursive) {
        err_set(err, STATUS_DATA,
                "%s: of infinitely many trees none can be likelier than another: bound --depth, or "
                "use --tree-choice probability",
                g->path);
        return NULL;
    }
    double *trees = count_trees(from, false);
    if (!isfinite(trees[from->start])) {
        err_set(err, STATUS_DATA, "%s: it has more than 10^308 trees: bound --depth", g->path);
        free(trees);
        return NULL;
    }
    struct sampler *s = mem_alloc(1, sizeof *s);
    *s = *from;
    s->cap_states = s->n_states;
    s->cap_alternatives = s->n_alternatives;
    s->cap_children = s->n_children;
    s->states = copy(from->states, s->n_states, sizeof *s->states);
    s->alternatives = copy(from->alternatives, s->n_alternatives, sizeof *s->alternatives);
    s->children = copy(from->children, s->n_children, sizeof *s->children);
    s->of_symbol = copy(from->of_symbol, g->symbols.n, sizeof *s->of_symbol);
    for (size_t k = 0; k < s->n_states; k++) {
        const struct state *t = &s->states[k];
        for (int i = 0; i < t->n && !g->preterminal[t->symbol]; i++) {
            struct alternative *a = &s->alternatives[t->first + i];
            const struct production *p = &g->productions[a->production];
            a->probability = 1 / trees[k];
            for (int j = 0; j < p->n_source; j++)
                if (s->children[a->children + j] >= 0)
                    a->probability *= trees[s->children[a->children + j]];
        }
    }
    free(trees);
    sampler_make_tables(s);
    return s;
}
