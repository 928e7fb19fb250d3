#include "lib/derivation.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

int derivation_add(const struct grammar *g, struct derivation *d, int production) {
    const struct production *p = &g->productions[production];
    if (d->n_nodes == d->cap_nodes)
        d->nodes = mem_grow(d->nodes, &d->cap_nodes, d->n_nodes + 1, sizeof *d->nodes);
    int node = (int)d->n_nodes++;
    d->nodes[node] = (struct derivation_node){production, (int)d->n_children};
    if (p->lexical)
        return node;
    size_t n = (size_t)p->n_source;
    if (d->n_children + n > d->cap_children)
        d->children = mem_grow(d->children, &d->cap_children, d->n_children + n,
                               sizeof *d->children);
    d->n_children += n;
    return node;
}

void derivation_sum_up(const struct grammar *g, struct derivation *d) {
    d->tags = 0;
    d->log_probability = 0;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct production *p = &g->productions[d->nodes[i].production];
        d->tags |= p->tags;
        d->log_probability += p->log_probability;
    }
}

/* Most words are short: sixteen bytes at once cost less than a call that counts them. */
static inline void put_text(struct buf *out, struct spaced_text t) {
    if (t.len + 16 > out->cap - out->len)
        buf_reserve(out, t.len + 16);
    char *to = out->data + out->len;
    if (t.len <= 16)
        memcpy(to, t.text, 16);
    else
        memcpy(to, t.text, t.len);
    out->len += t.len;
}

static void put_source(const struct grammar *g, const struct derivation *d, int node,
                       struct buf *out) {
    const struct production *p = &g->productions[d->nodes[node].production];
    const int *children = d->children + d->nodes[node].children;
    for (int i = 0; i < p->n_source; i++) {
        int child = children[i];
        if (child < 0) {
            put_text(out, g->spaced[p->source[i]]);
            continue;
        }
        const struct production *below = &g->productions[d->nodes[child].production];
        if (below->lexical)
            put_text(out, below->source_text);
        else
            put_source(g, d, child, out);
    }
}

static void put_target(const struct grammar *g, const struct derivation *d, int node,
                       struct buf *out) {
    const struct production *p = &g->productions[d->nodes[node].production];
    const int *children = d->children + d->nodes[node].children;
    for (int i = 0; i < p->n_target; i++) {
        const struct target_item *t = &p->target[i];
        if (t->child < 0) {
            put_text(out, g->spaced[t->word]);
            continue;
        }
        int child = children[t->child];
        const struct production *below = &g->productions[d->nodes[child].production];
        if (below->lexical)
            put_text(out, t->copy ? below->source_text : below->target_text);
        else if (t->copy)
            put_source(g, d, child, out);
        else
            put_target(g, d, child, out);
    }
}

/* The space after the last word goes. */
static void end_text(struct buf *out) {
    out->data[--out->len] = '\0';
}

void derivation_put_source(const struct grammar *g, const struct derivation *d, struct buf *out) {
    const struct production *root = &g->productions[d->nodes[0].production];
    if (root->lexical)
        put_text(out, root->source_text);
    else
        put_source(g, d, 0, out);
    end_text(out);
}

void derivation_put_target(const struct grammar *g, const struct derivation *d, struct buf *out) {
    const struct production *root = &g->productions[d->nodes[0].production];
    if (root->lexical)
        put_text(out, root->target_text);
    else
        put_target(g, d, 0, out);
    end_text(out);
}

static void put_subtree(const struct grammar *g, const struct derivation *d, int node, bool words,
                        struct buf *out) {
    const struct production *p = &g->productions[d->nodes[node].production];
    if (!words && g->preterminal[p->left]) {
        buf_puts(out, g->symbols.words[p->left]);
        return;
    }
    const int *children = p->lexical ? NULL : d->children + d->nodes[node].children;
    buf_putc(out, '(');
    buf_puts(out, g->symbols.words[p->left]);
    for (int i = 0; i < p->n_source; i++) {
        buf_putc(out, ' ');
        if (!children || children[i] < 0)
            buf_puts(out, g->symbols.words[p->source[i]]);
        else
            put_subtree(g, d, children[i], words, out);
    }
    buf_putc(out, ')');
}

void derivation_put_tree(const struct grammar *g, const struct derivation *d, struct buf *out) {
    put_subtree(g, d, 0, true, out);
}

void derivation_put_syntax(const struct grammar *g, const struct derivation *d, struct buf *out) {
    put_subtree(g, d, 0, false, out);
}

/* Two rounds of the finaliser of MurmurHash3 keep the order of the productions in the hash. */
static uint64_t mix(uint64_t h, uint64_t signature) {
    h = (h ^ signature) * 0xFF51AFD7ED558CCDu;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
    return h ^ h >> 33;
}

uint64_t derivation_tree_id(const struct grammar *g, const struct derivation *d) {
    uint64_t h = 0;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct production *p = &g->productions[d->nodes[i].production];
        /* A preterminal's place is told by the production above it. */
        if (!g->preterminal[p->left])
            h = mix(h, p->signature);
    }
    return h;
}

static int depth_below(const struct grammar *g, const struct derivation *d, int node) {
    const struct production *p = &g->productions[d->nodes[node].production];
    if (p->lexical)
        return g->level[p->left];
    const int *children = d->children + d->nodes[node].children;
    int deepest = 0;
    for (int i = 0; i < p->n_source; i++)
        if (children[i] >= 0) {
            int depth = depth_below(g, d, children[i]);
            deepest = depth > deepest ? depth : deepest;
        }
    return deepest + g->level[p->left];
}

int derivation_depth(const struct grammar *g, const struct derivation *d) {
    return depth_below(g, d, 0);
}

void derivation_free(struct derivation *d) {
    free(d->nodes);
    free(d->children);
    *d = (struct derivation){0};
}
