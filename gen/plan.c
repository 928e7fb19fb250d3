#include "gen/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t add_kind(struct plan *p, size_t class_index, int leak, const struct derivation *tree,
                       char *name) {
    p->kinds = mem_grow(p->kinds, &p->cap_kinds, p->n_kinds + 1, sizeof *p->kinds);
    p->kinds[p->n_kinds] = (struct plan_kind){class_index, leak, tree, name};
    return p->n_kinds++;
}

static int read_leaks(struct plan *p, const struct plan_request *q, struct err *err) {
    const struct grammar *g = q->grammar;
    if (leaks_read(&p->leaks, q->leaks, &g->rules, g->path, q->count, q->skip, err) != 0)
        return -1;
    for (size_t i = 0; i < p->leaks.n; i++) {
        struct buf name = {0};
        buf_printf(&name, "leak:%s", g->rules.words[p->leaks.rules[i]]);
        add_kind(p, PLAN_ANY_CLASS, p->leaks.rules[i], NULL, name.data);
    }
    return 0;
}

/* Whether all examples of a class belong to a group of trees. Those of the rest lack each tag that
 * makes a class alone. */
static bool covers(const struct tree_group *group, const struct selection *s, size_t class_index) {
    uint64_t all = s->all, none = s->none;
    for (size_t i = 0; i < s->n; i++) {
        const struct selection_class *c = &s->classes[i];
        uint64_t tags = c->all | c->none;
        if (i == class_index && c->text) {
            all |= c->all;
            none |= c->none;
        } else if (!s->classes[class_index].text && c->text && (tags & (tags - 1)) == 0) {
            all |= c->none;
            none |= c->all;
        }
    }
    return (group->all & ~all) == 0 && (group->none & ~none) == 0;
}

/* Kinds for the trees of a group that a class may have. */
static int add_tree_kinds(struct plan *p, const struct plan_request *q,
                          const struct tree_group *group, size_t class_index, struct err *err) {
    struct plan_trees *trees = &p->trees[class_index];
    const char *name = selection_class_name(q->selection, class_index);
    double greatest = -INFINITY, total = 0;
    for (size_t k = 0; k < group->n; k++) {
        const struct chosen_tree *tree = &group->trees[k];
        int fits = q->usable(q->context, class_index, &tree->derivation);
        if (fits < 0)
            return -1;
        if (!fits)
            continue;
        add_kind(p, class_index, -1, &tree->derivation, mem_strdup(name));
        trees->n++;
        if (!q->even)
            apportion_add(&trees->shares, tree->log_probability);
        greatest = fmax(greatest, tree->log_probability);
    }
    if (trees->n == 0)
        return err_set(
            err, STATUS_DATA,
            "%s: --trees: none of the chosen trees can be of class '%s'; it can be given "
            "trees of its own",
            q->grammar->path, name);
    for (size_t k = 0; k < trees->shares.n; k++)
        total += trees->shares.parts[k].share = exp(trees->shares.parts[k].share - greatest);
    for (size_t k = 0; k < trees->shares.n; k++)
        trees->shares.parts[k].share /= total;
    return 0;
}

static int add_class(struct plan *p, const struct plan_request *q, size_t class_index,
                     struct err *err) {
    const struct selection *s = q->selection;
    p->trees[class_index] = (struct plan_trees){.first = p->n_kinds};
    bool wanted = !s->n || s->shares.parts[class_index].share > 0;
    for (size_t i = 0; i < q->trees->n && wanted; i++)
        if (covers(&q->trees->groups[i], s, class_index))
            return add_tree_kinds(p, q, &q->trees->groups[i], class_index, err);
    add_kind(p, class_index, -1, NULL, mem_strdup(selection_class_name(s, class_index)));
    p->trees[class_index].n = 1;
    return 0;
}

int plan_make(struct plan *p, const struct plan_request *q, struct err *err) {
    *p = (struct plan){.selection = q->selection};
    size_t n_classes = q->selection->n ? q->selection->n : 1;
    p->trees = mem_alloc(n_classes, sizeof *p->trees);
    if (read_leaks(p, q, err) != 0)
        return -1;
    for (size_t i = 0; i < n_classes; i++)
        if (add_class(p, q, i, err) != 0)
            return -1;
    return 0;
}

size_t plan_next(struct plan *p) {
    int leak = leaks_next(&p->leaks);
    if (leak >= 0)
        return (size_t)leak;
    struct plan_trees *trees = &p->trees[selection_next_class(p->selection)];
    if (trees->shares.n)
        return trees->first + apportion_next(&trees->shares);
    /* Turns are what Tijdeman's rule comes to for equal shares. */
    size_t turn = trees->turn;
    trees->turn = turn + 1 < trees->n ? turn + 1 : 0;
    return trees->first + turn;
}

void plan_free(struct plan *p) {
    for (size_t i = 0; i < p->n_kinds; i++)
        free(p->kinds[i].name);
    for (size_t i = 0; p->trees && i < (p->selection->n ? p->selection->n : 1); i++)
        apportion_free(&p->trees[i].shares);
    leaks_free(&p->leaks);
    free(p->kinds);
    free(p->trees);
}
