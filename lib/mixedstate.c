#include "lib/mixedstate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/belief.h"
#include "lib/hash.h"
#include "lib/mem.h"

/* Equal but for rounding. */
static const double TOLERANCE = 1e-11;

/* Beliefs are found by the cell of a grid that they fall into. The few that lie so near a border
 * that an equal one may be beyond it are found by a second grid too, in which they are, but for
 * rare accidents, well inside. */
static const double CELLS = 0x1p30, SHIFT[2] = {0.5, 0.1180339887498949};
enum { N_GRIDS = 2 };

/* What finding a belief costs beside arithmetic, in multiplications: it is rarely in a cache. */
enum { LOOKUP = 200 };

struct successor {
    uint32_t to;
    double probability;
};

struct mixed_states {
    const struct hmm *hmm;
    size_t n, cap_rows, cap_info;
    double *rows; /* n x n_states */
    struct info {
        bool expanded;
        double entropy; /* of the next symbol */
        size_t first, n_successors;
    } * info;
    struct successor *successors;
    size_t n_successors, cap_successors;
    /* Open addressing: the upper half of the cell's hash, then the belief + 1; 0 is free. */
    uint64_t *slots[N_GRIDS];
    size_t n_slots;
    uint64_t work;
    struct belief belief;
    double *prediction, *row;
    int32_t *cell;
};

struct mixed_states *mixed_states_new(const struct hmm *h) {
    struct mixed_states *m = mem_alloc(1, sizeof *m);
    m->hmm = h;
    m->n_slots = 1024;
    for (int g = 0; g < N_GRIDS; g++)
        m->slots[g] = mem_alloc(m->n_slots, sizeof *m->slots[g]);
    m->prediction = mem_alloc(h->n_symbols, sizeof *m->prediction);
    m->row = mem_alloc(h->n_states, sizeof *m->row);
    m->cell = mem_alloc(h->n_states, sizeof *m->cell);
    return m;
}

void mixed_states_free(struct mixed_states *m) {
    if (!m)
        return;
    free(m->rows);
    free(m->info);
    free(m->successors);
    for (int g = 0; g < N_GRIDS; g++)
        free(m->slots[g]);
    free(m->prediction);
    free(m->row);
    free(m->cell);
    belief_free(&m->belief);
    free(m);
}

size_t mixed_states_count(const struct mixed_states *m) {
    return m->n;
}

const double *mixed_states_row(const struct mixed_states *m, size_t number) {
    return m->rows + number * m->hmm->n_states;
}

uint64_t mixed_states_work(const struct mixed_states *m) {
    return m->work + m->belief.work;
}

size_t mixed_states_bytes(const struct mixed_states *m) {
    return m->cap_rows * sizeof *m->rows + m->cap_info * sizeof *m->info +
           m->cap_successors * sizeof *m->successors + N_GRIDS * m->n_slots * sizeof **m->slots;
}

/* The hash of the row's cell. */
static uint64_t cell_of(const struct mixed_states *m, int grid, const double *row) {
    for (size_t i = 0; i < m->hmm->n_states; i++)
        m->cell[i] = (int32_t)(row[i] * CELLS + SHIFT[grid]);
    return hash_bytes(m->cell, m->hmm->n_states * sizeof *m->cell);
}

/* How many grids a row is entered in. */
static int n_grids_of(const struct mixed_states *m, const double *row) {
    for (size_t i = 0; i < m->hmm->n_states; i++) {
        double place = row[i] * CELLS + SHIFT[0], inside = place - (double)(int32_t)place;
        if (row[i] > 0 && (inside < TOLERANCE * CELLS || inside > 1 - TOLERANCE * CELLS))
            return N_GRIDS;
    }
    return 1;
}

static bool same(const struct mixed_states *m, const double *a, const double *b) {
    for (size_t i = 0; i < m->hmm->n_states; i++)
        if (fabs(a[i] - b[i]) > TOLERANCE)
            return false;
    return true;
}

static void enter(struct mixed_states *m, size_t number, int grid, uint64_t cell) {
    size_t slot = (size_t)cell & (m->n_slots - 1);
    while (m->slots[grid][slot])
        slot = (slot + 1) & (m->n_slots - 1);
    m->slots[grid][slot] = cell >> 32 << 32 | (number + 1);
}

/* The number of an equal row, or m->n. */
static size_t find(const struct mixed_states *m, int grid, uint64_t cell, const double *row) {
    size_t slot = (size_t)cell & (m->n_slots - 1);
    for (uint64_t held; (held = m->slots[grid][slot]); slot = (slot + 1) & (m->n_slots - 1)) {
        size_t number = (uint32_t)held - 1;
        if (held >> 32 == cell >> 32 && same(m, mixed_states_row(m, number), row))
            return number;
    }
    return m->n;
}

static void widen(struct mixed_states *m) {
    m->n_slots *= 4;
    for (int g = 0; g < N_GRIDS; g++) {
        free(m->slots[g]);
        m->slots[g] = mem_alloc(m->n_slots, sizeof *m->slots[g]);
    }
    for (size_t k = 0; k < m->n; k++) {
        const double *row = mixed_states_row(m, k);
        for (int g = 0; g < n_grids_of(m, row); g++)
            enter(m, k, g, cell_of(m, g, row));
    }
}

size_t mixed_states_add(struct mixed_states *m, const double *row) {
    size_t width = m->hmm->n_states;
    uint64_t cell[N_GRIDS];
    if (2 * (m->n + 1) > m->n_slots)
        widen(m);
    m->work += 2 * width + LOOKUP;
    int n_grids = n_grids_of(m, row);
    for (int g = 0; g < n_grids; g++) {
        cell[g] = cell_of(m, g, row);
        size_t number = find(m, g, cell[g], row);
        if (number < m->n)
            return number;
    }
    m->rows = mem_grow(m->rows, &m->cap_rows, (m->n + 1) * width, sizeof *m->rows);
    m->info = mem_grow(m->info, &m->cap_info, m->n + 1, sizeof *m->info);
    memcpy(m->rows + m->n * width, row, width * sizeof *row);
    m->info[m->n] = (struct info){0};
    for (int g = 0; g < n_grids; g++)
        enter(m, m->n, g, cell[g]);
    return m->n++;
}

/* Find what may follow a belief. */
static void expand(struct mixed_states *m, size_t number) {
    if (m->info[number].expanded)
        return;
    const struct hmm *h = m->hmm;
    belief_set(&m->belief, h, mixed_states_row(m, number));
    belief_predict(&m->belief, m->prediction);
    m->info[number].expanded = true;
    m->info[number].entropy = entropy_of(m->prediction, h->n_symbols);
    m->info[number].first = m->n_successors;
    for (uint32_t s = 0; s < h->n_symbols; s++) {
        if (m->prediction[s] == 0)
            continue;
        belief_set(&m->belief, h, mixed_states_row(m, number));
        double p = belief_observe(&m->belief, s);
        if (p == 0) /* smaller than any number */
            continue;
        belief_row(&m->belief, m->row);
        uint32_t to = (uint32_t)mixed_states_add(m, m->row);
        m->successors = mem_grow(m->successors, &m->cap_successors, m->n_successors + 1,
                                 sizeof *m->successors);
        m->successors[m->n_successors++] = (struct successor){to, p};
    }
    m->info[number].n_successors = m->n_successors - m->info[number].first;
}

bool mixed_states_close(struct mixed_states *m, size_t most) {
    for (size_t k = 0; k < m->n; k++) {
        if (m->n > most)
            return false;
        expand(m, k);
    }
    return m->n <= most;
}

static void add_weight(struct mixed_layer *l, size_t number, double weight) {
    l->weight = mem_grow(l->weight, &l->cap_weight, number + 1, sizeof *l->weight);
    if (l->weight[number] == 0) {
        l->list = mem_grow(l->list, &l->cap_list, l->n + 1, sizeof *l->list);
        l->list[l->n++] = (uint32_t)number;
    }
    l->weight[number] += weight;
}

void mixed_walk_begin(struct mixed_walk *w, size_t number, double weight) {
    if (weight > 0)
        add_weight(&w->now, number, weight);
}

double mixed_walk_step(struct mixed_walk *w, struct mixed_states *m, uint64_t most_work,
                       size_t most_bytes) {
    double mean = 0;
    for (size_t a = 0; a < w->now.n; a++) {
        if (mixed_states_work(m) > most_work || mixed_states_bytes(m) > most_bytes)
            return NAN;
        uint32_t number = w->now.list[a];
        double weight = w->now.weight[number];
        w->now.weight[number] = 0;
        expand(m, number);
        const struct info *info = &m->info[number];
        mean += weight * info->entropy;
        for (size_t k = info->first; k < info->first + info->n_successors; k++) {
            double p = weight * m->successors[k].probability;
            if (p > 0)
                add_weight(&w->later, m->successors[k].to, p);
        }
        m->work += info->n_successors;
    }
    w->now.n = 0;
    struct mixed_layer swap = w->now;
    w->now = w->later;
    w->later = swap;
    return mean;
}

void mixed_walk_free(struct mixed_walk *w) {
    for (int i = 0; i < 2; i++) {
        struct mixed_layer *l = i ? &w->later : &w->now;
        free(l->weight);
        free(l->list);
        *l = (struct mixed_layer){0};
    }
}
