#include "gen/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void scene_put_value(uint32_t attribute, uint32_t value, struct buf *out) {
    buf_putc(out, (char)('a' + attribute));
    buf_put_integer(out, value);
}

void scene_put_pair(const struct scene_law *law, uint32_t pair, struct buf *out) {
    scene_put_value(0, pair / law->values, out);
    buf_putc(out, '&');
    scene_put_value(1, pair % law->values, out);
}

static bool is_among(const uint32_t *list, size_t n, uint32_t x) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == x)
            return true;
    return false;
}

/* Read letter and number at *text, which moves behind them; -1 when they are not there. */
static int64_t read_value(const char **text, char letter, uint32_t values) {
    if (**text != letter)
        return -1;
    size_t n = strspn(++*text, "0123456789");
    char *digits = mem_strndup(*text, n);
    int64_t value;
    if (opt_read_count(digits, &value) != 0 || value >= values)
        value = -1;
    free(digits);
    *text += n;
    return value;
}

static int hold_out_pairs(struct scene_law *law, const struct opt_list *list, uint64_t seed,
                          struct err *err) {
    law->held = mem_alloc(list->n + 1, sizeof *law->held);
    for (size_t i = 0; i < list->n; i++) {
        const char *text = list->items[i];
        int64_t a = read_value(&text, 'a', law->values), b = -1;
        if (a >= 0 && *text++ == '&')
            b = read_value(&text, 'b', law->values);
        if (a < 0 || b < 0 || *text)
            return err_set(err, STATUS_USAGE,
                           "--hold-out: '%s' is no pair of values; write a0&b0 to a%u&b%u",
                           list->items[i], law->values - 1, law->values - 1);
        uint32_t pair = (uint32_t)a * law->values + (uint32_t)b;
        if (is_among(law->held, law->n_held, pair))
            return err_set(err, STATUS_USAGE, "--hold-out names %s twice", list->items[i]);
        law->held[law->n_held++] = pair;
    }
    if (list->n == 0) {
        struct rng r = rng_at(seed, RNG_CHOICE, 0);
        law->held[law->n_held++] = rng_below(&r, law->values * law->values);
    }
    return 0;
}

/* Order the pairs that are not held out: first, for each value of a, one with its own value of b,
 * then the others. */
static int order_pairs(struct scene_law *law, uint64_t seed, struct err *err) {
    enum { TRIES = 10000 };
    uint32_t v = law->values, n_pairs = v * v;
    struct rng r = rng_at(seed, RNG_CHOICE, 1);
    uint32_t *b_of = mem_alloc(v, sizeof *b_of), *all = mem_alloc(n_pairs, sizeof *all);
    unsigned char *taken = mem_alloc(n_pairs, 1);
    int tries = 0;
    for (bool bad = true; bad && tries < TRIES; tries++) {
        rng_permutation(&r, b_of, v);
        bad = false;
        for (size_t i = 0; i < law->n_held; i++)
            bad |= b_of[law->held[i] / v] == law->held[i] % v;
    }
    law->order = mem_alloc(n_pairs, sizeof *law->order);
    for (size_t i = 0; i < law->n_held; i++)
        taken[law->held[i]] = 1;
    for (uint32_t a = 0; a < v; a++) {
        law->order[law->n_order++] = a * v + b_of[a];
        taken[a * v + b_of[a]] = 1;
    }
    rng_permutation(&r, all, n_pairs);
    for (uint32_t i = 0; i < n_pairs; i++)
        if (!taken[all[i]])
            law->order[law->n_order++] = all[i];
    free(b_of);
    free(all);
    free(taken);
    if (tries == TRIES)
        return err_set(err, STATUS_USAGE,
                       "--hold-out: the other pairs do not hold every value of a and b, each with "
                       "one of its own");
    return 0;
}

/* Sort the shown pairs by one of their values, by counting. */
static void sort_by(const struct scene_law *law, bool by_b, uint32_t *sorted, uint32_t *from) {
    uint32_t v = law->values;
    for (size_t i = 0; i < law->n_shown; i++)
        from[(by_b ? law->order[i] % v : law->order[i] / v) + 1]++;
    for (uint32_t k = 0; k < v; k++)
        from[k + 1] += from[k];
    for (size_t i = 0; i < law->n_shown; i++)
        sorted[from[by_b ? law->order[i] % v : law->order[i] / v]++] = law->order[i];
    memmove(from + 1, from, v * sizeof *from);
    from[0] = 0;
}

static uint32_t n_with_a(const struct scene_law *law, uint32_t a) {
    return law->a_from[a + 1] - law->a_from[a];
}

static uint32_t n_with_b(const struct scene_law *law, uint32_t b) {
    return law->b_from[b + 1] - law->b_from[b];
}

int scene_start(struct scene_law *law, const struct opt_list *hold_out, size_t n_shown,
                uint64_t seed, struct err *err) {
    uint32_t v = law->values;
    if (hold_out_pairs(law, hold_out, seed, err) != 0 || order_pairs(law, seed, err) != 0)
        return -1;
    law->n_shown = n_shown ? n_shown : law->n_order;
    if (law->n_shown < v || law->n_shown > law->n_order)
        return err_set(err, STATUS_USAGE,
                       "--diversity: %zu pairs; %u show every value, and there are %zu", n_shown, v,
                       law->n_order);
    if (law->objects >= law->n_shown)
        return err_set(err, STATUS_USAGE,
                       "--objects: the pairs of a scene differ from one another and from another "
                       "one, so %zu shown pairs allow %zu objects",
                       law->n_shown, law->n_shown - 1);
    law->by_a = mem_alloc(law->n_shown, sizeof *law->by_a);
    law->by_b = mem_alloc(law->n_shown, sizeof *law->by_b);
    law->a_from = mem_alloc((size_t)v + 2, sizeof *law->a_from);
    law->b_from = mem_alloc((size_t)v + 2, sizeof *law->b_from);
    sort_by(law, false, law->by_a, law->a_from);
    sort_by(law, true, law->by_b, law->b_from);
    law->lurable = mem_alloc(law->n_shown, sizeof *law->lurable);
    for (size_t i = 0; i < law->n_shown; i++)
        if (n_with_a(law, law->order[i] / v) > 1 && n_with_b(law, law->order[i] % v) > 1)
            law->lurable[law->n_lurable++] = law->order[i];
    if (!law->asks_value && law->lures > 0 && law->objects < 2)
        return err_set(err, STATUS_USAGE, "--lures: a lure takes two objects (--objects)");
    if (!law->asks_value && law->lures > 0 && !law->test && law->n_lurable == 0)
        return err_set(err, STATUS_USAGE,
                       "--lures: among %zu pairs none shares both its values with others; give "
                       "more --diversity, or --lures 0",
                       law->n_shown);
    return 0;
}

void scene_end(struct scene_law *law) {
    free(law->held);
    free(law->order);
    free(law->by_a);
    free(law->by_b);
    free(law->a_from);
    free(law->b_from);
    free(law->lurable);
}

void scene_begin(struct scene *s, const struct scene_law *law) {
    *s = (struct scene){
        .value = mem_alloc((size_t)law->objects * law->attributes, sizeof *s->value)};
}

void scene_free(struct scene *s) {
    free(s->value);
}

static uint32_t pair_of(const struct scene *s, const struct scene_law *law, uint32_t object) {
    const uint32_t *value = s->value + (size_t)object * law->attributes;
    return value[0] * law->values + value[1];
}

static void set_pair(struct scene *s, const struct scene_law *law, uint32_t object, uint32_t pair) {
    uint32_t *value = s->value + (size_t)object * law->attributes;
    value[0] = pair / law->values;
    value[1] = pair % law->values;
}

/* Objects from..: shown pairs, drawn evenly, different from one another and from the asked one. */
static void draw_others(struct scene *s, const struct scene_law *law, uint32_t from,
                        struct rng *r) {
    for (uint32_t i = from; i < law->objects; i++) {
        uint32_t pair;
        bool met;
        do {
            pair = law->order[rng_below(r, (uint32_t)law->n_shown)];
            met = pair == s->pair;
            for (uint32_t j = 0; j < i && !met; j++)
                met = pair_of(s, law, j) == pair;
        } while (met);
        set_pair(s, law, i, pair);
    }
}

/* A shown pair, not the asked one, with its value of a, or of b. */
static uint32_t mate(const struct scene *s, const struct scene_law *law, bool by_b, struct rng *r) {
    uint32_t value = by_b ? s->pair % law->values : s->pair / law->values;
    const uint32_t *from = by_b ? law->b_from : law->a_from;
    const uint32_t *sorted = by_b ? law->by_b : law->by_a;
    for (;;) {
        uint32_t pair = sorted[from[value] + rng_below(r, from[value + 1] - from[value])];
        if (pair != s->pair)
            return pair;
    }
}

static enum scene_kind kind_of(const struct scene_law *law, uint64_t index) {
    if (law->asks_value || index % 2 == 0)
        return SCENE_PRESENT;
    double no = (double)(index / 2);
    return floor((no + 1) * law->lures) > floor(no * law->lures) ? SCENE_LURE : SCENE_ABSENT;
}

bool scene_draw(struct scene *s, const struct scene_law *law, uint64_t index, struct rng *r) {
    s->kind = kind_of(law, index);
    bool lures = s->kind == SCENE_LURE;
    if (law->test)
        s->pair = law->held[rng_below(r, (uint32_t)law->n_held)];
    else if (lures)
        s->pair = law->lurable[rng_below(r, (uint32_t)law->n_lurable)];
    else
        s->pair = law->order[rng_below(r, (uint32_t)law->n_shown)];
    uint32_t set = 0;
    if (s->kind == SCENE_PRESENT) {
        set_pair(s, law, set++, s->pair);
    } else if (lures) {
        set_pair(s, law, set++, mate(s, law, false, r));
        set_pair(s, law, set++, mate(s, law, true, r));
    }
    draw_others(s, law, set, r);
    if (s->kind == SCENE_ABSENT && scene_first(s, law, 0) < law->objects &&
        scene_first(s, law, 1) < law->objects)
        return false;
    s->target = s->kind == SCENE_PRESENT ? 0 : law->objects;
    for (uint32_t i = law->objects; i > 1; i--) {
        uint32_t j = rng_below(r, i), one = pair_of(s, law, i - 1);
        set_pair(s, law, i - 1, pair_of(s, law, j));
        set_pair(s, law, j, one);
        if (s->target == j)
            s->target = i - 1;
        else if (s->target == i - 1)
            s->target = j;
    }
    for (uint32_t i = 0; i < law->objects; i++)
        for (uint32_t k = 2; k < law->attributes; k++)
            s->value[(size_t)i * law->attributes + k] = rng_below(r, law->values);
    if (law->asks_value)
        s->asked = 2 + rng_below(r, law->attributes - 2);
    return true;
}

uint32_t scene_first(const struct scene *s, const struct scene_law *law, uint32_t attribute) {
    uint32_t value = attribute ? s->pair % law->values : s->pair / law->values, i = 0;
    while (i < law->objects && s->value[(size_t)i * law->attributes + attribute] != value)
        i++;
    return i;
}

/* With n other objects out of `pairs`, of which `mates` have the value too, h of them in the scene:
 * the asked object is the first of h + 1 with chance 1 / (h + 1), whose mean over the
 * hypergeometric h is (pairs + 1) / ((mates + 1) (n + 1)) times one minus the chance that n + 1 of
 * pairs + 1, of which mates + 1 count, have none. Another object is right by chance. */
double scene_first_accuracy(const struct scene_law *law, uint32_t attribute) {
    const uint32_t *asked = law->test ? law->held : law->order;
    size_t n_asked = law->test ? law->n_held : law->n_shown;
    double sum = 0, n = law->objects - 1, pairs = (double)law->n_shown - !law->test;
    for (size_t i = 0; i < n_asked; i++) {
        double mates = attribute ? n_with_b(law, asked[i] % law->values)
                                 : n_with_a(law, asked[i] / law->values);
        mates -= !law->test;
        double none = 1;
        for (double k = 0; k <= n && none > 0; k++)
            none *= (pairs - mates - k) / (pairs + 1 - k);
        sum += (pairs + 1) / ((mates + 1) * (n + 1)) * (1 - (none > 0 ? none : 0));
    }
    double first = sum / (double)n_asked;
    return first + (1 - first) / law->values;
}
