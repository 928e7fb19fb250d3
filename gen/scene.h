/* Scenes of objects with attributes, and questions about them that need two attributes bound.
 *
 * An object has one of `values` values of each attribute a, b, c, ... A pair is a value of a with a
 * value of b, numbered a * values + b. Some pairs are held out of all training data; of the others
 * `n_shown` occur in it, the first of a fixed order, so that fewer lie within more, and the first
 * `values` of them hold each value of a and of b once. (Systematicity gap: Berlot-Attwell et al.
 * 2023, arXiv:2311.08695.) */
#ifndef ESPALIER_SCENE_H
#define ESPALIER_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/rng.h"

enum { SCENE_MOST_VALUES = 1000, SCENE_MOST_ATTRIBUTES = 26, SCENE_MOST_OBJECTS = 1000 };

struct scene_law {
    uint32_t attributes, values, objects;
    bool asks_value; /* of an attribute from c on, of the one object of a pair; else whether there
                        is an object of a pair */
    bool test;       /* asks about held out pairs; else about shown ones */
    double lures;    /* the share, among questions whose answer is no, of those whose values both
                        occur, in different objects */
    uint32_t *held, *order; /* pairs; [n_held], and all others */
    size_t n_held, n_order, n_shown;
    uint32_t *by_a, *by_b;     /* the shown pairs, sorted by a and by b */
    uint32_t *a_from, *b_from; /* [values + 1]: where each value begins there */
    uint32_t *lurable;         /* shown pairs that can be asked about with a lure */
    size_t n_lurable;
};

/* Choose the pairs held out (those of `hold_out`, as a1&b2, or one drawn) and the order of the
 * others from items 0 and 1 of stream RNG_CHOICE, and take the first n_shown of it (0: all). The
 * numbers of the law above must be set. -1: STATUS_USAGE. */
int scene_start(struct scene_law *law, const struct opt_list *hold_out, size_t n_shown,
                uint64_t seed, struct err *err) NODISCARD;
void scene_end(struct scene_law *law);

enum scene_kind {
    SCENE_PRESENT, /* there is such an object */
    SCENE_LURE,    /* there is none, but both values occur */
    SCENE_ABSENT,  /* nor do both occur */
};

struct scene {
    uint32_t *value; /* [objects][attributes] */
    uint32_t pair;   /* asked about */
    uint32_t asked;  /* the attribute asked for */
    uint32_t target; /* its object; objects when there is none */
    enum scene_kind kind;
};

void scene_begin(struct scene *s, const struct scene_law *law);
void scene_free(struct scene *s);

/* Draw scene number `index`, which alone decides the kind: the answers yes and no take turns, and
 * so do lures among the noes, by their share. False: the draw is not of the kind, draw again. */
bool scene_draw(struct scene *s, const struct scene_law *law, uint64_t index, struct rng *r);

/* The first object with the value of a (attribute 0) or b (1) that the pair has; objects if there
 * is none. */
uint32_t scene_first(const struct scene *s, const struct scene_law *law, uint32_t attribute);

/* How often the first object with the pair's value of one attribute gives the answer, when values
 * are asked for: exact but for rounding. */
double scene_first_accuracy(const struct scene_law *law, uint32_t attribute);

/* Append "a1". */
void scene_put_value(uint32_t attribute, uint32_t value, struct buf *out);

/* Append "a1&b2". */
void scene_put_pair(const struct scene_law *law, uint32_t pair, struct buf *out);

#endif
