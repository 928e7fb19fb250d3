#include "gen/treeset.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "lib/selection.h"

/* The draws of trees stand apart from other choices of a seed, which have small items. */
#define TREE_ITEM ((uint64_t)1 << 40)

/* Give up after so many draws that bring no usable tree: then one of probability above 10^-5 among
 * the draws is missed once in e^20 times. A new tree that turns out to be of no use took hundreds
 * of choices of words, so it counts for as many draws; among new trees, one in 200 is found. */
enum { DRY = 2000000, UNUSABLE = 500 };

uint64_t treeset_tags_of_words(const struct grammar *g) {
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
    if (result == 0 && (group.all | group.none) & treeset_tags_of_words(g))
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

static double tree_log_probability(const struct grammar *g, const struct derivation *d) {
    double sum = 0;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct production *p = &g->productions[d->nodes[i].production];
        if (!g->preterminal[p->left])
            sum += p->log_probability;
    }
    return sum;
}

static void keep(struct tree_group *group, const struct grammar *g, const struct derivation *d,
                 uint64_t id) {
    group->trees = mem_grow(group->trees, &group->cap, group->n + 1, sizeof *group->trees);
    struct chosen_tree *tree = &group->trees[group->n++];
    treeset_copy(d, &tree->derivation);
    tree->log_probability = tree_log_probability(g, d);
    seen_add(&group->ids, (const char *)&id, sizeof id);
}

/* How many syntax trees there are; INFINITY also where that cannot be told. */
static double count_trees(const struct sampler *from) {
    struct err ignored;
    struct census c;
    return sampler_census(from, &c, &ignored) == 0 ? c.trees : INFINITY;
}

static int too_few(const struct tree_group *group, const struct grammar *g, size_t met, bool all,
                   struct err *err) {
    struct buf found = {0};
    if (all && group->n == met)
        buf_printf(&found, "there are only %zu", met);
    else
        buf_printf(&found, "only %zu of the %zu%s meet all conditions", group->n, met,
                   all ? "" : " that were drawn");
    const char *of = *group->text ? " of '" : "", *end = *group->text ? "'" : "";
    err_set(err, STATUS_DATA, "%s: --trees: %" PRId64 " trees%s%s%s are wanted, but %s", g->path,
            group->wanted, of, group->text, end, found.data);
    buf_free(&found);
    return -1;
}

static int choose(struct tree_group *group, const struct sampler *from, const struct grammar *g,
                  uint64_t seed, int (*usable)(void *, const struct derivation *), void *context,
                  struct err *err) {
    struct rng trees = rng_at(seed, RNG_CHOICE, TREE_ITEM);
    struct rng others = rng_at(seed, RNG_CHOICE, TREE_ITEM + 1);
    struct word_draws words = {.all = &others};
    struct derivation d = {0};
    struct seen met = {0};
    size_t belonging = 0;
    const double total = count_trees(from);
    int result = 0;
    for (int dry = 0;
         result == 0 && dry < DRY && (int64_t)group->n < group->wanted && (double)met.n < total;
         dry++) {
        result = sampler_draw(from, &trees, &words, &d, err);
        if (result != 0)
            break;
        uint64_t id = derivation_tree_id(g, &d);
        if (!seen_add(&met, (const char *)&id, sizeof id) || !belongs(group, d.tags))
            continue;
        belonging++;
        int fits = usable(context, &d);
        if (fits > 0)
            keep(group, g, &d, id);
        dry = fits > 0 ? 0 : dry + UNUSABLE;
        result = fits < 0 ? -1 : 0;
    }
    if (result == 0 && (int64_t)group->n < group->wanted)
        result = too_few(group, g, belonging, (double)met.n >= total, err);
    derivation_free(&d);
    seen_free(&met);
    return result;
}

static int check_apart(const struct treeset *t, struct err *err) {
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->groups[i].n; k++)
            for (size_t j = 0; j < t->n; j++)
                if (j != i && belongs(&t->groups[j], t->groups[i].trees[k].derivation.tags))
                    return err_set(err, STATUS_USAGE,
                                   "--trees: some trees are in two of its items, '%s%s%" PRId64
                                   "' and '%s%s%" PRId64 "'; they must exclude one another",
                                   t->groups[i].text, *t->groups[i].text ? "=" : "",
                                   t->groups[i].wanted, t->groups[j].text,
                                   *t->groups[j].text ? "=" : "", t->groups[j].wanted);
    return 0;
}

int treeset_choose(struct treeset *t, const struct sampler *from, const struct grammar *g,
                   uint64_t seed, int (*usable)(void *context, const struct derivation *d),
                   void *context, struct err *err) {
    for (size_t i = 0; i < t->n; i++)
        if (choose(&t->groups[i], from, g, seed, usable, context, err) != 0)
            return -1;
    return check_apart(t, err);
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
