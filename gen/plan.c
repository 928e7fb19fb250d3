#include "gen/plan.h"

#include <stdlib.h>
#include <string.h>

static size_t add_kind(struct plan *p, size_t class_index, int leak, const struct derivation *tree,
                       char *name) {
    p->kinds = mem_grow(p->kinds, &p->cap_kinds, p->n_kinds + 1, sizeof *p->kinds);
    p->kinds[p->n_kinds] = (struct plan_kind){class_index, leak, tree, name};
    return p->n_kinds++;
}

static int read_leaks(struct plan *p, const struct grammar *g, const char *list, int64_t count,
                      struct err *err) {
    if (leaks_read(&p->leaks, list, &g->rules, g->path, count, err) != 0)
        return -1;
    for (size_t i = 0; i < p->leaks.n; i++) {
        struct buf name = {0};
        buf_printf(&name, "leak:%s", g->rules.words[p->leaks.rules[i]]);
        add_kind(p, 0, p->leaks.rules[i], NULL, name.data);
    }
    return 0;
}

/* Whether all examples of a class belong to a group of trees. */
static bool covers(const struct tree_group *group, const struct selection *s, size_t class_index) {
    uint64_t all = s->all, none = s->none;
    if (s->n && s->classes[class_index].text) {
        all |= s->classes[class_index].all;
        none |= s->classes[class_index].none;
    }
    return (group->all & ~all) == 0 && (group->none & ~none) == 0;
}

/* Kinds for the trees of a group that a class may have. `tag` decides by patterns are left to the
 * draws. */
static int add_tree_kinds(struct plan *p, const struct grammar *g, const struct tree_group *group,
                          size_t class_index, bool even, struct err *err) {
    const struct selection *s = p->selection;
    struct apportion *shares = &p->tree_shares[class_index];
    uint64_t by_tree = ~grammar_tags_by_pattern(g), all = s->all, none = s->none;
    if (s->n && s->classes[class_index].text) {
        all |= s->classes[class_index].all;
        none |= s->classes[class_index].none;
    }
    double total = 0;
    for (size_t k = 0; k < group->n; k++) {
        const struct chosen_tree *tree = &group->trees[k];
        uint64_t tags = tree->derivation.tags;
        if ((all & by_tree & ~tags) || (none & by_tree & tags) ||
            !treeset_allows(p->trees, g, &tree->derivation))
            continue;
        add_kind(p, class_index, -1, &tree->derivation,
                 mem_strdup(selection_class_name(s, class_index)));
        apportion_add(shares, even ? 1 : tree->probability);
        total += even ? 1 : tree->probability;
    }
    if (shares->n == 0)
        return err_set(err, STATUS_DATA, "%s: --trees: none of the chosen trees is of class '%s'",
                       g->path, selection_class_name(s, class_index));
    for (size_t k = 0; k < shares->n; k++)
        shares->parts[k].share /= total;
    return 0;
}

static int add_class(struct plan *p, const struct grammar *g, size_t class_index, bool even,
                     struct err *err) {
    p->first_kind[class_index] = p->n_kinds;
    for (size_t i = 0; i < p->trees->n; i++)
        if (covers(&p->trees->groups[i], p->selection, class_index))
            return add_tree_kinds(p, g, &p->trees->groups[i], class_index, even, err);
    add_kind(p, class_index, -1, NULL, mem_strdup(selection_class_name(p->selection, class_index)));
    return 0;
}

int plan_make(struct plan *p, const struct grammar *g, struct selection *selection,
              const struct treeset *trees, bool even, const char *leaks, int64_t count,
              struct err *err) {
    *p = (struct plan){.selection = selection, .trees = trees};
    size_t n_classes = selection->n ? selection->n : 1;
    p->first_kind = mem_alloc(n_classes, sizeof *p->first_kind);
    p->tree_shares = mem_alloc(n_classes, sizeof *p->tree_shares);
    if (read_leaks(p, g, leaks, count, err) != 0)
        return -1;
    for (size_t i = 0; i < n_classes; i++)
        if (add_class(p, g, i, even, err) != 0)
            return -1;
    return 0;
}

size_t plan_next(struct plan *p) {
    int leak = leaks_next(&p->leaks);
    if (leak >= 0)
        return (size_t)leak;
    size_t class_index = selection_next_class(p->selection);
    struct apportion *shares = &p->tree_shares[class_index];
    return p->first_kind[class_index] + (shares->n > 1 ? apportion_next(shares) : 0);
}

void plan_free(struct plan *p) {
    for (size_t i = 0; i < p->n_kinds; i++)
        free(p->kinds[i].name);
    for (size_t i = 0; p->tree_shares && i < (p->selection->n ? p->selection->n : 1); i++)
        apportion_free(&p->tree_shares[i]);
    leaks_free(&p->leaks);
    free(p->kinds);
    free(p->first_kind);
    free(p->tree_shares);
}
