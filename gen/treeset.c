#include "gen/treeset.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "lib/selection.h"

/* The draws of trees stand apart from other choices of a seed, which have small items. */
#define TREE_ITEM ((uint64_t)1 << 40)

/* Give up after so many draws that bring no new tree: then one of probability above 10^-5 among
 * the draws is missed once in e^20 times. */
enum { DRY = 2000000 };

/* The tags that words decide: given by patterns, or by the productions of preterminals. */
static uint64_t tags_of_words(const struct grammar *g) {
    uint64_t tags = grammar_tags_by_pattern(g);
    for (int i = 0; i < g->n_productions; i++)
        if (g->preterminal[g->productions[i].left])
            tags |= g->productions[i].tags;
    return tags;
}

static int read_item(struct treeset *t, const char *item, const struct grammar *g,
                     struct err *err) {
    const char *equals = strchr(item, '=');
    struct tree_group group = {0};
    int result = 0;
    if (equals)
        result = selection_read_conjunction("--trees", item, (size_t)(equals - item), &g->tags,
                                            &group.all, &group.none, err);
    if (result == 0 && (group.all | group.none) & tags_of_words(g))
        result = err_set(err, STATUS_USAGE,
                         "--trees: '%s' is decided by the words, not by the tree alone", item);
    const char *count = equals ? equals + 1 : item;
    if (result == 0 && (opt_read_count(count, &group.wanted) != 0 || group.wanted < 1))
        result = err_set(err, STATUS_USAGE, "--trees: '%s' is no count from 1 on", count);
    if (result != 0)
        return -1;
    group.text = equals ? mem_strndup(item, (size_t)(equals - item)) : mem_strdup("");
    t->groups = mem_grow(t->groups, &t->cap, t->n + 1, sizeof *t->groups);
    t->groups[t->n++] = group;
    return 0;
}

int treeset_read(struct treeset *t, const char *text, const struct grammar *g, struct err *err) {
    *t = (struct treeset){0};
    for (bool more = text != NULL; more;) {
        size_t len = strcspn(text, ",");
        char *item = mem_strndup(text, len);
        int result = read_item(t, item, g, err);
        free(item);
        if (result != 0)
            return -1;
        more = text[len] == ',';
        text += len + more;
    }
    return 0;
}

static bool belongs(const struct tree_group *group, uint64_t tags) {
    return (tags & group->all) == group->all && !(tags & group->none);
}

void treeset_copy(const struct derivation *from, struct derivation *to) {
    to->nodes = mem_grow(to->nodes, &to->cap_nodes, from->n_nodes, sizeof *to->nodes);
    to->children = mem_grow(to->children, &to->cap_children, from->n_children,
                            sizeof *to->children);
    memcpy(to->nodes, from->nodes, from->n_nodes * sizeof *to->nodes);
    if (from->n_children)
        memcpy(to->children, from->children, from->n_children * sizeof *to->children);
    to->n_nodes = from->n_nodes;
    to->n_children = from->n_children;
    to->tags = from->tags;
    to->log_probability = from->log_probability;
}

static double tree_probability(const struct grammar *g, const struct derivation *d) {
    double sum = 0;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct production *p = &g->productions[d->nodes[i].production];
        if (!g->preterminal[p->left])
            sum += p->log_probability;
    }
    return exp(sum);
}

static void keep(struct tree_group *group, const struct grammar *g, const struct derivation *d,
                 uint64_t id) {
    group->trees = mem_grow(group->trees, &group->cap, group->n + 1, sizeof *group->trees);
    struct chosen_tree *tree = &group->trees[group->n++];
    treeset_copy(d, &tree->derivation);
    tree->probability = tree_probability(g, d);
    seen_add(&group->ids, (const char *)&id, sizeof id);
}

static int choose(struct tree_group *group, const struct sampler *from, const struct grammar *g,
                  uint64_t seed, int (*usable)(void *, const struct derivation *), void *context,
                  struct err *err) {
    struct rng r = rng_at(seed, RNG_CHOICE, TREE_ITEM);
    struct word_draws words = {.all = &r};
    struct derivation d = {0};
    struct seen met = {0};
    int result = 0;
    for (int dry = 0; result == 0 && dry < DRY && (int64_t)group->n < group->wanted; dry++) {
        result = sampler_draw(from, &r, &words, &d, err);
        if (result != 0 || !belongs(group, d.tags))
            continue;
        uint64_t id = derivation_tree_id(g, &d);
        if (!seen_add(&met, (const char *)&id, sizeof id))
            continue;
        dry = 0;
        int fits = usable(context, &d);
        if (fits > 0)
            keep(group, g, &d, id);
        result = fits < 0 ? -1 : 0;
    }
    if (result == 0 && (int64_t)group->n < group->wanted)
        result = err_set(err, STATUS_DATA,
                         "%s: --trees: %" PRId64 " trees%s%s%s are wanted, but only %zu were found "
                         "that meet all conditions (of %zu)",
                         g->path, group->wanted, *group->text ? " of '" : "", group->text,
                         *group->text ? "'" : "", group->n, met.n);
    derivation_free(&d);
    seen_free(&met);
    return result;
}

int treeset_choose(struct treeset *t, const struct sampler *from, const struct grammar *g,
                   uint64_t seed, int (*usable)(void *context, const struct derivation *d),
                   void *context, struct err *err) {
    for (size_t i = 0; i < t->n; i++)
        if (choose(&t->groups[i], from, g, seed, usable, context, err) != 0)
            return -1;
    return 0;
}

bool treeset_allows(const struct treeset *t, const struct grammar *g, const struct derivation *d) {
    uint64_t id = t->n ? derivation_tree_id(g, d) : 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct tree_group *group = &t->groups[i];
        if (belongs(group, d->tags) && !seen_has(&group->ids, (const char *)&id, sizeof id))
            return false;
    }
    return true;
}

void treeset_free(struct treeset *t) {
    for (size_t i = 0; i < t->n; i++) {
        struct tree_group *group = &t->groups[i];
        for (size_t k = 0; k < group->n; k++)
            derivation_free(&group->trees[k].derivation);
        free(group->trees);
        seen_free(&group->ids);
        free(group->text);
    }
    free(t->groups);
}
