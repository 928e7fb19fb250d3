#include "gen/ginc.h"

#include <math.h>
#include <stdlib.h>

#include "gen/hmm_choice.h"
#include "lib/ieee.h"
#include "lib/mem.h"
#include "lib/rng.h"

/* Weights softmax(u / temperature), u uniform on (-1/2, 1/2). */
static void random_softmax(struct rng *r, double temperature, double *p, size_t n) {
    double most = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        p[i] = rng_uniform(r);
        most = fmax(most, p[i]);
    }
    for (size_t i = 0; i < n; i++)
        sum += p[i] = ieee_exp((p[i] - most) / temperature);
    for (size_t i = 0; i < n; i++)
        p[i] /= sum;
}

/* A mixture of n random permutations of n. */
static void random_mixture(struct rng *r, double temperature, double *matrix, size_t n) {
    double *weight = mem_alloc(n, sizeof *weight);
    uint32_t *order = mem_alloc(n, sizeof *order);
    random_softmax(r, temperature, weight, n);
    for (size_t k = 0; k < n; k++) {
        rng_permutation(r, order, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
            matrix[i * n + order[i]] += weight[k];
    }
    free(weight);
    free(order);
}

void ginc_begin(struct ginc *g) {
    size_t n = g->n_entities;
    g->memory = mem_alloc(n * g->n_properties, sizeof *g->memory);
    g->entities = mem_alloc(n * n, sizeof *g->entities);
    struct rng r = hmm_choice(g->seed, CHOICE_MEMORY, 0);
    for (size_t v = 0; v < n; v++)
        for (size_t s = 1; s < g->n_properties; s++)
            g->memory[v * g->n_properties + s] = 1 + rng_below(&r, (uint32_t)g->n_words - 1);
    r = hmm_choice(g->seed, CHOICE_ENTITIES, 0);
    random_mixture(&r, g->transition_temperature, g->entities, n);
    for (size_t i = 0; i < n * n; i++)
        g->entities[i] *= 1 - g->persistence;
    for (size_t v = 0; v < n; v++)
        g->entities[v * n + v] += g->persistence;
}

void ginc_free(struct ginc *g) {
    free(g->memory);
    free(g->entities);
    g->memory = NULL;
    g->entities = NULL;
}

void ginc_concept(const struct ginc *g, size_t c, struct hmm *out) {
    size_t n_pairs = g->n_entities * g->n_properties, m = g->n_properties;
    double *start = mem_alloc(n_pairs, sizeof *start);
    double *properties = mem_alloc(m * m, sizeof *properties);
    struct rng r = hmm_choice(g->seed, CHOICE_SYSTEM, c);
    random_softmax(&r, g->start_temperature, start, n_pairs);
    random_mixture(&r, g->transition_temperature, properties, m);
    hmm_clear(out, g->n_words);
    for (size_t i = 0; i < n_pairs; i++) {
        for (size_t j = 0; j < n_pairs; j++)
            hmm_add_edge(out, g->memory[j], (uint32_t)j,
                         g->entities[i / m * g->n_entities + j / m] *
                             properties[i % m * m + j % m]);
        hmm_end_state(out);
    }
    for (size_t j = 0; j < n_pairs; j++)
        hmm_add_edge(out, g->memory[j], (uint32_t)j, start[j]);
    hmm_end_state(out);
    hmm_end(out);
    out->start[n_pairs] = 1;
    free(start);
    free(properties);
}

double ginc_edges(const struct ginc *g) {
    double n = (double)g->n_entities * (double)g->n_properties;
    return n * n + n;
}

/* Append word k, from 0, in the order a .. z, ab, ac, ... ba, bc, ...: no letter twice. */
static void put_letters(struct buf *b, size_t k) {
    size_t length = 1, words = 26;
    for (; k >= words; length++) {
        k -= words;
        words *= 26 - length;
    }
    bool used[26] = {false};
    for (size_t place = 0; place < length; place++) {
        words /= 26 - place;
        size_t skip = k / words, letter = 0;
        k %= words;
        while (used[letter] || skip-- > 0)
            letter++;
        used[letter] = true;
        buf_putc(b, (char)('a' + letter));
    }
}

void ginc_names(const struct ginc *g, struct vocab *states, struct vocab *symbols) {
    struct buf name = {0};
    vocab_add(symbols, "/", 1);
    for (size_t k = 0; k + 1 < g->n_words; k++) {
        buf_clear(&name);
        put_letters(&name, k);
        vocab_add(symbols, name.data, name.len);
    }
    for (size_t v = 0; v < g->n_entities; v++)
        for (size_t s = 0; s < g->n_properties; s++) {
            buf_clear(&name);
            buf_printf(&name, "%zu.%zu", v, s);
            vocab_add(states, name.data, name.len);
        }
    vocab_add(states, "^", 1);
    buf_free(&name);
}
