#include "lib/components.h"

#include <stdlib.h>

#include "lib/mem.h"

struct search {
    const struct graph *g;
    int *number, *low; /* [node]; number 0: not met */
    int *open;         /* nodes met whose component is not complete */
    int *path;         /* from the root to the node at work */
    size_t *next;      /* [node]: the next edge to follow */
    size_t n_open, depth, n_done;
    int met, n_components;
    int *order, *component;
};

static void enter(struct search *t, int node) {
    t->number[node] = t->low[node] = ++t->met;
    t->next[node] = t->g->first[node];
    t->open[t->n_open++] = node;
    t->path[t->depth++] = node;
}

static void leave(struct search *t) {
    int node = t->path[--t->depth], member;
    if (t->depth) {
        int *low = &t->low[t->path[t->depth - 1]];
        *low = t->low[node] < *low ? t->low[node] : *low;
    }
    if (t->low[node] != t->number[node])
        return;
    do {
        member = t->open[--t->n_open];
        t->component[member] = t->n_components;
        t->order[t->n_done++] = member;
    } while (member != node);
    t->n_components++;
}

static void search_from(struct search *t, int root) {
    enter(t, root);
    while (t->depth) {
        int node = t->path[t->depth - 1];
        if (t->next[node] == t->g->first[node + 1]) {
            leave(t);
            continue;
        }
        int child = t->g->to[t->next[node]++];
        if (!t->number[child])
            enter(t, child);
        else if (t->component[child] < 0 && t->number[child] < t->low[node])
            t->low[node] = t->number[child];
    }
}

size_t components_find(const struct graph *g, int root, int *order, int *component) {
    struct search t = {.g = g, .order = order, .component = component};
    t.number = mem_alloc(g->n, sizeof *t.number);
    t.low = mem_alloc(g->n, sizeof *t.low);
    t.open = mem_alloc(g->n, sizeof *t.open);
    t.path = mem_alloc(g->n, sizeof *t.path);
    t.next = mem_alloc(g->n, sizeof *t.next);
    for (size_t i = 0; i < g->n; i++)
        component[i] = -1;
    if (root >= 0)
        search_from(&t, root);
    else
        for (size_t i = 0; i < g->n; i++)
            if (!t.number[i])
                search_from(&t, (int)i);
    free(t.number);
    free(t.low);
    free(t.open);
    free(t.path);
    free(t.next);
    return t.n_done;
}

bool components_has_loop(const struct graph *g, int node) {
    for (size_t i = g->first[node]; i < g->first[node + 1]; i++)
        if (g->to[i] == node)
            return true;
    return false;
}
