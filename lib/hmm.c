#include "lib/hmm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ieee.h"
#include "lib/mem.h"

void hmm_clear(struct hmm *h, size_t n_symbols) {
    h->n_states = h->n_components = 0;
    h->n_symbols = n_symbols;
    h->first = mem_grow(h->first, &h->cap_first, 2, sizeof *h->first);
    h->first[0] = h->first[1] = 0;
}

/* first[n_states + 1] counts the edges of the state that is being made. */
void hmm_add_edge(struct hmm *h, uint32_t symbol, uint32_t to, double probability) {
    if (!(probability > 0))
        return;
    size_t end = h->first[h->n_states + 1];
    h->edges = mem_grow(h->edges, &h->cap_edges, end + 1, sizeof *h->edges);
    h->edges[end] = (struct hmm_edge){symbol, to, probability};
    h->first[h->n_states + 1]++;
}

static int by_symbol_and_target(const void *left, const void *right) {
    const struct hmm_edge *a = left, *b = right;
    if (a->symbol != b->symbol)
        return a->symbol < b->symbol ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return 0;
}

/* Equal edges too have an order, so that their sum has one value. */
static int by_all(const void *left, const void *right) {
    const struct hmm_edge *a = left, *b = right;
    int order = by_symbol_and_target(a, b);
    return order ? order : (a->probability > b->probability) - (a->probability < b->probability);
}

static bool in_order(const struct hmm_edge *edges, size_t n) {
    for (size_t k = 1; k < n; k++)
        if (by_symbol_and_target(&edges[k - 1], &edges[k]) >= 0)
            return false;
    return true;
}

void hmm_end_state(struct hmm *h) {
    size_t from = h->first[h->n_states], n = h->first[h->n_states + 1] - from, kept = 0;
    struct hmm_edge *edges = h->edges + from;
    double sum = 0;
    if (!in_order(edges, n)) {
        qsort(edges, n, sizeof *edges, by_all);
        for (size_t k = 0; k < n; k++) {
            if (kept && by_symbol_and_target(&edges[kept - 1], &edges[k]) == 0)
                edges[kept - 1].probability += edges[k].probability;
            else
                edges[kept++] = edges[k];
        }
        n = kept;
    }
    for (size_t k = 0; k < n; k++)
        sum += edges[k].probability;
    for (size_t k = 0; k < n; k++)
        edges[k].probability /= sum;
    h->n_states++;
    h->first = mem_grow(h->first, &h->cap_first, h->n_states + 2, sizeof *h->first);
    h->first[h->n_states] = h->first[h->n_states + 1] = from + n;
}

static void set_start_size(struct hmm *h, size_t n) {
    h->start = mem_grow(h->start, &h->cap_start, n, sizeof *h->start);
}

void hmm_end(struct hmm *h) {
    set_start_size(h, h->n_states);
    for (size_t i = 0; i < h->n_states; i++)
        h->start[i] = 0;
    h->component = mem_grow(h->component, &h->cap_component, 2, sizeof *h->component);
    h->n_components = 1;
    h->component[0] = 0;
    h->component[1] = h->n_states;
}

void hmm_free(struct hmm *h) {
    free(h->first);
    free(h->edges);
    free(h->start);
    free(h->component);
    *h = (struct hmm){0};
}

void hmm_join(struct hmm *joint, const struct hmm *part, const uint32_t *symbols, double weight) {
    size_t before = joint->n_states;
    for (size_t i = 0; i < part->n_states; i++) {
        for (size_t k = part->first[i]; k < part->first[i + 1]; k++) {
            const struct hmm_edge *e = &part->edges[k];
            hmm_add_edge(joint, symbols ? symbols[e->symbol] : e->symbol,
                         (uint32_t)(before + e->to), e->probability);
        }
        hmm_end_state(joint);
    }
    set_start_size(joint, joint->n_states);
    for (size_t i = 0; i < part->n_states; i++)
        joint->start[before + i] = weight * part->start[i];
    size_t n = joint->n_components;
    joint->component = mem_grow(joint->component, &joint->cap_component, n + part->n_components + 1,
                                sizeof *joint->component);
    for (size_t c = 0; c <= part->n_components; c++)
        joint->component[n + c] = before + part->component[c];
    joint->n_components += part->n_components;
}

void hmm_start_outside(struct hmm *h, const double *first) {
    for (size_t i = 0; i < h->n_symbols; i++)
        hmm_add_edge(h, (uint32_t)i, (uint32_t)i, first[i]);
    hmm_end_state(h);
    hmm_end(h);
    h->start[h->n_states - 1] = 1;
}

/* Tarjan's algorithm (1972, doi:10.1137/0201010) with its recursion on a stack of our own. */
struct search {
    const struct hmm *h;
    int32_t *number, *low, *class_of; /* number 0: not yet visited */
    uint32_t *open, *path;            /* states without a class; states from the root down */
    size_t *edge;                     /* [state]: its next edge */
    size_t n_open, n_path;
    int32_t visited, n_classes;
};

static void enter(struct search *s, uint32_t i) {
    s->number[i] = s->low[i] = ++s->visited;
    s->edge[i] = s->h->first[i];
    s->open[s->n_open++] = i;
    s->path[s->n_path++] = i;
}

static void leave(struct search *s, uint32_t i) {
    s->n_path--;
    if (s->n_path > 0) {
        uint32_t above = s->path[s->n_path - 1];
        if (s->low[i] < s->low[above])
            s->low[above] = s->low[i];
    }
    if (s->low[i] != s->number[i])
        return;
    uint32_t j;
    do {
        j = s->open[--s->n_open];
        s->class_of[j] = s->n_classes;
    } while (j != i);
    s->n_classes++;
}

static int32_t connected_classes(const struct hmm *h, int32_t *class_of) {
    size_t n = h->n_states;
    struct search s = {.h = h, .class_of = class_of};
    s.number = mem_alloc(n, sizeof *s.number);
    s.low = mem_alloc(n, sizeof *s.low);
    s.open = mem_alloc(n, sizeof *s.open);
    s.path = mem_alloc(n, sizeof *s.path);
    s.edge = mem_alloc(n, sizeof *s.edge);
    for (size_t i = 0; i < n; i++)
        class_of[i] = -1;
    for (size_t root = 0; root < n; root++) {
        if (s.number[root])
            continue;
        enter(&s, (uint32_t)root);
        while (s.n_path > 0) {
            uint32_t i = s.path[s.n_path - 1];
            if (s.edge[i] == h->first[i + 1]) {
                leave(&s, i);
                continue;
            }
            uint32_t j = h->edges[s.edge[i]++].to;
            if (!s.number[j])
                enter(&s, j);
            else if (class_of[j] < 0 && s.number[j] < s.low[i])
                s.low[i] = s.number[j];
        }
    }
    free(s.number);
    free(s.low);
    free(s.open);
    free(s.path);
    free(s.edge);
    return s.n_classes;
}

size_t hmm_closed_classes(const struct hmm *h, int32_t *class_of) {
    int32_t n = connected_classes(h, class_of);
    /* The closed ones get new numbers, in the order of their first states. */
    int32_t *renamed = mem_alloc((size_t)n, sizeof *renamed);
    for (size_t i = 0; i < h->n_states; i++)
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
            if (class_of[h->edges[k].to] != class_of[i])
                renamed[class_of[i]] = -1;
    int32_t n_closed = 0;
    for (size_t i = 0; i < h->n_states; i++) {
        int32_t *name = &renamed[class_of[i]];
        if (*name == 0)
            *name = ++n_closed;
        class_of[i] = *name > 0 ? *name - 1 : -1;
    }
    free(renamed);
    return (size_t)n_closed;
}

/* The transition probabilities among the m states of a class, row by row. */
static double *class_matrix(const struct hmm *h, const uint32_t *members, const uint32_t *place,
                            size_t m) {
    double *p = mem_alloc(m * m, sizeof *p);
    for (size_t a = 0; a < m; a++)
        for (size_t k = h->first[members[a]]; k < h->first[members[a] + 1]; k++)
            p[a * m + place[h->edges[k].to]] += h->edges[k].probability;
    return p;
}

/* States are eliminated so many at a time, so that the matrix is read so many times less. */
enum { ELIMINATED = 8 };

/* to[j] += f[0] rows[0][j] + f[1] rows[1][j] + ..., in this order. */
static void add_rows(double *to, const double *f, const double *const *rows, size_t n_rows,
                     size_t n) {
    enum { LANES = 8 };
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        double sum[LANES];
        memcpy(sum, to + j, sizeof sum);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t l = 0; l < LANES; l++)
                sum[l] += f[r] * rows[r][j + l];
        memcpy(to + j, sum, sizeof sum);
    }
    for (; j < n; j++)
        for (size_t r = 0; r < n_rows; r++)
            to[j] += f[r] * rows[r][j];
}

/* Take the states from .. to - 1 out of the matrix, the last one first: what goes through state k
 * is added to what goes past it. Column k comes to hold what goes from i to k for each departure
 * from k. */
static int eliminate(double *p, size_t m, size_t from, size_t to) {
    const double *rows[ELIMINATED];
    double out[ELIMINATED], f[ELIMINATED];
    for (size_t r = 0; r < to - from; r++) {
        size_t k = to - 1 - r;
        double *row = p + k * m;
        /* Those taken out before. */
        for (size_t q = 0; q < r; q++)
            f[q] = row[to - 1 - q];
        for (size_t q = 0; q < r; q++) {
            f[q] /= out[q];
            row[to - 1 - q] = f[q];
            for (size_t l = q + 1; l < r; l++)
                f[l] += f[q] * rows[q][to - 1 - l];
        }
        add_rows(row, f, rows, r, k + 1);
        rows[r] = row;
        out[r] = 0;
        for (size_t j = 0; j < k; j++)
            out[r] += row[j];
        if (!(out[r] > 0))
            return -1;
    }
    for (size_t i = 0; i < from; i++) {
        double *row = p + i * m;
        bool any = false;
        for (size_t r = 0; r < to - from; r++) {
            f[r] = row[to - 1 - r];
            for (size_t q = 0; q < r; q++)
                f[r] += f[q] * rows[q][to - 1 - r];
            f[r] /= out[r];
            row[to - 1 - r] = f[r];
            any |= f[r] > 0;
        }
        if (any)
            add_rows(row, f, rows, to - from, from);
    }
    return 0;
}

/* Solve x P = x, of sum 1, for an irreducible P, which is spoilt. */
static int solve_stationary(double *p, size_t m, double *x, struct err *err) {
    double sum = x[0] = 1;
    bool possible = true;
    for (size_t to = m, from; to > 1 && possible; to = from) {
        from = to > ELIMINATED ? to - ELIMINATED : 1;
        possible = eliminate(p, m, from, to) == 0;
    }
    for (size_t k = 1; k < m && possible; k++) {
        x[k] = 0;
        for (size_t i = 0; i < k; i++)
            x[k] += x[i] * p[i * m + k];
        sum += x[k];
    }
    for (size_t k = 0; k < m; k++)
        x[k] /= sum;
    if (possible && isfinite(sum))
        return 0;
    return err_set(err, STATUS_DATA,
                   "some probabilities are too small to compute a stationary distribution");
}

int hmm_class_stationary(const struct hmm *h, const int32_t *class_of, int32_t c,
                         double *distribution, struct err *err) {
    uint32_t *members = mem_alloc(h->n_states, sizeof *members);
    uint32_t *place = mem_alloc(h->n_states, sizeof *place);
    size_t m = 0;
    for (size_t i = 0; i < h->n_states; i++) {
        distribution[i] = 0;
        if (class_of[i] == c) {
            place[i] = (uint32_t)m;
            members[m++] = (uint32_t)i;
        }
    }
    int result = 0;
    if (m > HMM_MOST_STATES) {
        result = err_set(err, STATUS_DATA,
                         "a stationary distribution over %zu states; at most %d are possible", m,
                         HMM_MOST_STATES);
    } else {
        double *p = class_matrix(h, members, place, m), *x = mem_alloc(m, sizeof *x);
        result = solve_stationary(p, m, x, err);
        for (size_t a = 0; a < m && result == 0; a++)
            distribution[members[a]] = x[a];
        free(p);
        free(x);
    }
    free(members);
    free(place);
    return result;
}

int hmm_stationary(const struct hmm *h, double *distribution, size_t a[2], struct err *err) {
    int32_t *class_of = mem_alloc(h->n_states, sizeof *class_of);
    size_t n = hmm_closed_classes(h, class_of);
    int result = -1;
    a[0] = a[1] = 0;
    if (n == 1) {
        result = hmm_class_stationary(h, class_of, 0, distribution, err);
    } else {
        while (class_of[a[0]] != 0)
            a[0]++;
        while (class_of[a[1]] != 1)
            a[1]++;
    }
    free(class_of);
    return result;
}

bool hmm_is_stationary(const struct hmm *h) {
    double *next = mem_alloc(h->n_states, sizeof *next);
    for (size_t i = 0; i < h->n_states; i++)
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
            next[h->edges[k].to] += h->start[i] * h->edges[k].probability;
    bool same = true;
    for (size_t i = 0; i < h->n_states; i++)
        same = same && fabs(next[i] - h->start[i]) <= 1e-12;
    free(next);
    return same;
}

bool hmm_is_unifilar(const struct hmm *h) {
    for (size_t i = 0; i < h->n_states; i++)
        for (size_t k = h->first[i] + 1; k < h->first[i + 1]; k++)
            if (h->edges[k].symbol == h->edges[k - 1].symbol)
                return false;
    return true;
}

void hmm_reached(const struct hmm *h, bool *reached) {
    uint32_t *open = mem_alloc(h->n_states, sizeof *open);
    size_t n = 0;
    for (size_t i = 0; i < h->n_states; i++) {
        reached[i] = h->start[i] > 0;
        if (reached[i])
            open[n++] = (uint32_t)i;
    }
    while (n > 0) {
        uint32_t i = open[--n];
        for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
            uint32_t j = h->edges[k].to;
            if (!reached[j])
                open[n++] = j;
            reached[j] = true;
        }
    }
    free(open);
}

double hmm_state_entropy(const struct hmm *h, size_t i) {
    double sum = 0;
    for (size_t k = h->first[i]; k < h->first[i + 1]; k++)
        sum -= h->edges[k].probability * ieee_log(h->edges[k].probability);
    return sum;
}

size_t hmm_component_of(const struct hmm *h, size_t state) {
    size_t low = 0, high = h->n_components;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (h->component[middle] <= state)
            low = middle;
        else
            high = middle;
    }
    return low;
}
