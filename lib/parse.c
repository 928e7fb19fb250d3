#include "lib/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dotted.h"
#include "lib/mem.h"
#include "lib/scaled.h"

/* What is known of all the ways to make a part of a sentence. */
struct ways {
    struct scaled inside; /* sum of their probabilities */
    int64_t cost;         /* of the most probable: see COST_UNIT */
    uint64_t number;      /* saturates */
};

/* An entry of the chart: a symbol that derives the words from `start` to the end of the span, or a
 * dotted production, some of whose symbols do. */
struct entry {
    struct ways ways;
    int label; /* the symbol, or the number of symbols + the state */
    int start;
    /* Of the most probable way: */
    int production;   /* of a symbol; -1: a word */
    int before, last; /* the entries of the dotted production before its last symbol (-1: it has one
                         only) and of that symbol */
    int next;         /* of the same list, -1 at the last */
};

/* The dotted productions in one state that end at one position. */
struct group {
    int state;
    int first; /* entry */
    int next;  /* group at the same position */
};

struct position {
    int first_group, n_groups;
};

/* A hash table that is emptied by counting `now` up. */
struct slot {
    uint64_t key;
    uint32_t stamp;
    int index;
};
struct index {
    struct slot *slots;
    size_t n, used;
    uint32_t now;
};

struct rule {
    struct scaled probability;
    int64_t cost;
    int left;
};

struct parser {
    const struct grammar *grammar;
    struct dotted *dotted;
    struct rule *rules; /* [production] */

    /* the sentence at hand */
    int *words;
    size_t n_words, cap_words;
    struct position *positions; /* [0 .. n_words]: position p is before word p */
    size_t cap_positions;
    struct entry *entries;
    size_t n_entries, cap_entries;
    struct group *groups;
    size_t n_groups, cap_groups;
    struct index group_index; /* (position, state) -> group */
    uint64_t steps;
    bool full; /* a bound is passed */
    int root;  /* the entry of the whole sentence, -1 if there is none */

    /* what ends at the position at hand */
    int start, end;
    struct index entry_index; /* (start, label) -> entry */
    int *to_do;               /* [start]: list of symbols found there, -1 if there is none */
    size_t cap_to_do;
    uint64_t *heap; /* those of the span at hand: height and entry; lowest height first */
    size_t n_heap, cap_heap;
};

/* Costs are negative binary logarithms of probabilities in whole units, so that their sums do not
 * depend on the order and equal derivations compare as equal. Beyond 2^62 they stay there. */
static const double COST_UNIT = 0x1p-40;
static const int64_t MAX_COST = (int64_t)1 << 62;

static int64_t add_costs(int64_t a, int64_t b) {
    return a + b < MAX_COST ? a + b : MAX_COST;
}

static uint64_t add_numbers(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t multiply_numbers(uint64_t a, uint64_t b) {
    if ((a | b) >> 32 == 0)
        return a * b;
    return a > UINT64_MAX / b ? UINT64_MAX : a * b; /* neither is zero */
}

struct parser *parser_new(const struct grammar *g) {
    struct parser *p = mem_alloc(1, sizeof *p);
    p->grammar = g;
    p->dotted = dotted_new(g);
    p->rules = mem_alloc((size_t)g->n_productions, sizeof *p->rules);
    for (int i = 0; i < g->n_productions; i++) {
        double probability = g->productions[i].probability;
        if (!(probability > 0)) /* out of use (grammar_limit_words), and not in the trie */
            continue;
        p->rules[i] = (struct rule){.probability = scaled_from(probability),
                                    .cost = llround(-log2(probability) / COST_UNIT),
                                    .left = g->productions[i].left};
    }
    p->root = -1;
    return p;
}

void parser_free(struct parser *p) {
    if (!p)
        return;
    dotted_free(p->dotted);
    free(p->rules);
    free(p->words);
    free(p->positions);
    free(p->entries);
    free(p->groups);
    free(p->group_index.slots);
    free(p->entry_index.slots);
    free(p->to_do);
    free(p->heap);
    free(p);
}

static size_t first_slot(const struct index *t, uint64_t key) {
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(key ^ key >> 32) & (t->n - 1);
}

static struct slot *find_slot(const struct index *t, uint64_t key) {
    size_t at = first_slot(t, key);
    while (t->slots[at].stamp == t->now && t->slots[at].key != key)
        at = (at + 1) & (t->n - 1);
    return &t->slots[at];
}

static void empty_index(struct index *t) {
    t->used = 0;
    if (++t->now == 0) { /* stamps from 2^32 rounds ago would look new */
        for (size_t i = 0; i < t->n; i++)
            t->slots[i].stamp = 0;
        t->now = 1;
    }
}

static void widen_index(struct index *t) {
    struct slot *old = t->slots;
    size_t n = t->n;
    t->n = n ? 2 * n : 256;
    t->slots = mem_alloc(t->n, sizeof *t->slots);
    for (size_t i = 0; i < n; i++)
        if (old[i].stamp == t->now)
            *find_slot(t, old[i].key) = old[i];
    free(old);
}

/* What is kept under a key, -1 if nothing is. */
static int look_up(const struct index *t, uint64_t key) {
    if (!t->n)
        return -1;
    const struct slot *slot = find_slot(t, key);
    return slot->stamp == t->now ? slot->index : -1;
}

/* The same; where nothing was, `index` is from now on. */
static int look_up_or_add(struct index *t, uint64_t key, int index) {
    if (2 * (t->used + 1) > t->n)
        widen_index(t);
    struct slot *slot = find_slot(t, key);
    if (slot->stamp == t->now)
        return slot->index;
    *slot = (struct slot){key, t->now, index};
    t->used++;
    return -1;
}

static uint64_t pair(int a, int b) {
    return (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
}

static void push(struct parser *p, int entry) {
    uint64_t item = pair(p->dotted->height[p->entries[entry].label], entry);
    if (p->n_heap == p->cap_heap)
        p->heap = mem_grow(p->heap, &p->cap_heap, p->n_heap + 1, sizeof *p->heap);
    size_t at = p->n_heap++;
    for (; at && p->heap[(at - 1) / 2] > item; at = (at - 1) / 2)
        p->heap[at] = p->heap[(at - 1) / 2];
    p->heap[at] = item;
}

static int pop(struct parser *p) {
    int entry = (int)(uint32_t)p->heap[0];
    uint64_t item = p->heap[--p->n_heap];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < p->n_heap; at = child) {
        child += child + 1 < p->n_heap && p->heap[child + 1] < p->heap[child];
        if (item <= p->heap[child])
            break;
        p->heap[at] = p->heap[child];
    }
    p->heap[at] = item;
    return entry;
}

/* A new entry goes to the list where it will be looked for. */
static void list_entry(struct parser *p, int entry) {
    struct entry *e = &p->entries[entry];
    int state = e->label - (int)p->grammar->symbols.n;
    if (state < 0 && e->start == p->start) {
        push(p, entry);
    } else if (state < 0) {
        e->next = p->to_do[e->start];
        p->to_do[e->start] = entry;
    } else {
        int group = look_up_or_add(&p->group_index, pair(p->end, state), (int)p->n_groups);
        if (group < 0) {
            struct position *here = &p->positions[p->end];
            p->groups = mem_grow(p->groups, &p->cap_groups, p->n_groups + 1, sizeof *p->groups);
            group = (int)p->n_groups++;
            p->groups[group] = (struct group){state, -1, here->first_group};
            here->first_group = group;
            here->n_groups++;
        }
        e->next = p->groups[group].first;
        p->groups[group].first = entry;
    }
}

/* A way, or several, to make what `e` names. Those with the same production come with the last
 * child growing longer, and the longer one is preferred. */
static void add(struct parser *p, const struct entry *e) {
    int index = look_up_or_add(&p->entry_index, pair(e->start, e->label), (int)p->n_entries);
    if (index < 0) {
        if (p->n_entries == PARSER_MAX_ENTRIES) {
            p->full = true;
            return;
        }
        if (p->n_entries == p->cap_entries)
            p->entries = mem_grow(p->entries, &p->cap_entries, p->n_entries + 1,
                                  sizeof *p->entries);
        p->entries[p->n_entries] = *e;
        list_entry(p, (int)p->n_entries++);
        return;
    }
    struct entry *old = &p->entries[index];
    old->ways.inside = scaled_plus(old->ways.inside, e->ways.inside);
    old->ways.number = add_numbers(old->ways.number, e->ways.number);
    if (e->ways.cost < old->ways.cost ||
        (e->ways.cost == old->ways.cost && e->production <= old->production)) {
        old->ways.cost = e->ways.cost;
        old->production = e->production;
        old->before = e->before;
        old->last = e->last;
    }
}

/* Read the symbol of entry `last` behind the dotted production of entry `before`, or behind none
 * (-1): that leads to `state`. */
static void advance(struct parser *p, int state, int before, int last) {
    const struct dotted_state *s = &p->dotted->states[state];
    struct entry e = p->entries[last];
    if (before >= 0) {
        const struct entry *b = &p->entries[before];
        e.start = b->start;
        e.ways.inside = scaled_times(e.ways.inside, b->ways.inside);
        e.ways.cost = add_costs(e.ways.cost, b->ways.cost);
        e.ways.number = multiply_numbers(e.ways.number, b->ways.number);
    }
    e.before = before;
    e.last = last;
    p->steps += 1 + (uint64_t)s->n_ends;
    if (s->n_edges && p->end < (int)p->n_words) {
        e.label = (int)p->grammar->symbols.n + state;
        e.production = 0;
        add(p, &e);
    }
    struct ways ways = e.ways;
    for (int i = 0; i < s->n_ends; i++) {
        e.production = p->dotted->ends[s->first_end + i];
        const struct rule *rule = &p->rules[e.production];
        e.label = rule->left;
        e.ways.inside = scaled_times(ways.inside, rule->probability);
        e.ways.cost = add_costs(ways.cost, rule->cost);
        add(p, &e);
    }
}

static void advance_group(struct parser *p, int group, int to, int last) {
    for (int i = p->groups[group].first; i >= 0 && !p->full; i = p->entries[i].next)
        advance(p, to, i, last);
}

/* All ways to make the symbol of an entry are known: use it. */
static void complete(struct parser *p, int entry) {
    const struct dotted *d = p->dotted;
    int symbol = p->entries[entry].label, start = p->entries[entry].start;
    if (d->first_state[symbol] >= 0)
        advance(p, d->first_state[symbol], -1, entry);
    const struct position *here = &p->positions[start];
    int first = d->first_inner[symbol], end = d->first_inner[symbol + 1];
    if (end - first <= here->n_groups) {
        p->steps += (uint64_t)(end - first);
        for (int i = first; i < end; i++) {
            int group = look_up(&p->group_index, pair(start, d->inner[i].from));
            if (group >= 0)
                advance_group(p, group, d->inner[i].to, entry);
        }
    } else {
        p->steps += (uint64_t)here->n_groups;
        for (int group = here->first_group; group >= 0; group = p->groups[group].next) {
            int to = dotted_next(d, p->groups[group].state, symbol);
            if (to >= 0)
                advance_group(p, group, to, entry);
        }
    }
    p->full |= p->steps > PARSER_MAX_STEPS;
}

/* Everything that ends at p->end. What a span is extended to begins at or before the span's start:
 * going down, each start is finished when the next is taken. */
static void find_spans(struct parser *p) {
    empty_index(&p->entry_index);
    for (int i = 0; i < p->end; i++)
        p->to_do[i] = -1;
    p->positions[p->end] = (struct position){-1, 0};
    for (p->start = p->end - 1; p->start >= 0 && !p->full; p->start--) {
        for (int i = p->to_do[p->start]; i >= 0; i = p->entries[i].next)
            push(p, i);
        if (p->start == p->end - 1)
            add(p, &(struct entry){.ways = {{1, 0}, 0, 1},
                                   .label = p->words[p->start],
                                   .start = p->start,
                                   .production = -1,
                                   .before = -1,
                                   .last = -1});
        while (p->n_heap && !p->full)
            complete(p, pop(p));
    }
    p->n_heap = 0;
}

/* 1: the words are in p->words; 0: one of them is no word of the grammar; -1: too many. */
static int read_words(struct parser *p, const char *sentence, size_t len, struct parse *out,
                      struct err *err) {
    const struct grammar *g = p->grammar;
    const char *end = sentence + len;
    p->n_words = 0;
    for (const char *word = sentence, *stop; word; word = stop < end ? stop + 1 : NULL) {
        stop = memchr(word, ' ', (size_t)(end - word));
        stop = stop ? stop : end;
        int symbol = vocab_find(&g->symbols, word, (size_t)(stop - word));
        if (symbol < 0 || !grammar_is_word(g, symbol)) {
            out->unknown = word;
            out->unknown_len = (size_t)(stop - word);
            return 0;
        }
        if (p->n_words < PARSER_MAX_WORDS) {
            p->words = mem_grow(p->words, &p->cap_words, p->n_words + 1, sizeof *p->words);
            p->words[p->n_words] = symbol;
        }
        p->n_words++;
    }
    if (p->n_words > PARSER_MAX_WORDS)
        return err_set(err, STATUS_DATA,
                       "a sentence of %zu words is too long to parse (at most %d)", p->n_words,
                       PARSER_MAX_WORDS);
    return 1;
}

int parser_parse(struct parser *p, const char *sentence, size_t len, struct parse *out,
                 struct err *err) {
    struct parse unwanted = {0};
    out = out ? out : &unwanted;
    *out = (struct parse){.log_probability = -INFINITY};
    p->root = -1;
    p->n_entries = p->n_groups = 0;
    p->steps = 0;
    p->full = false;
    int known = read_words(p, sentence, len, out, err);
    if (known <= 0)
        return known;
    p->positions = mem_grow(p->positions, &p->cap_positions, p->n_words + 1, sizeof *p->positions);
    p->to_do = mem_grow(p->to_do, &p->cap_to_do, p->n_words, sizeof *p->to_do);
    empty_index(&p->group_index);
    p->positions[0] = (struct position){-1, 0};
    for (p->end = 1; p->end <= (int)p->n_words && !p->full; p->end++)
        find_spans(p);
    if (p->full)
        return err_set(err, STATUS_DATA,
                       "a sentence of %zu words is too ambiguous to parse with %s (more than %d "
                       "parts or %d steps)",
                       p->n_words, p->grammar->path, PARSER_MAX_ENTRIES, PARSER_MAX_STEPS);
    p->root = look_up(&p->entry_index, pair(0, p->grammar->start));
    if (p->root < 0)
        return 0;
    const struct ways *ways = &p->entries[p->root].ways;
    out->derivations = ways->number;
    out->log_probability = scaled_log(ways->inside);
    return 1;
}

/* Put the node of an entry and all below it, in preorder. Returns its number, -1 for a word, -2
 * when it is too deep. */
static int put_node(const struct parser *p, int entry, int depth, struct derivation *d) {
    const struct entry *e = &p->entries[entry];
    if (e->production < 0)
        return -1;
    if (depth > PARSER_MAX_DEPTH)
        return -2;
    const struct production *production = &p->grammar->productions[e->production];
    int node = derivation_add(p->grammar, d, e->production), n = production->n_source;
    if (production->lexical)
        return node;
    /* The chain of dotted productions tells the children from the last to the first. */
    int children = d->nodes[node].children;
    d->children[children + n - 1] = e->last;
    for (int i = n - 2; i >= 0; i--) {
        e = &p->entries[e->before];
        d->children[children + i] = e->last;
    }
    for (int i = 0; i < n; i++) {
        int child = put_node(p, d->children[children + i], depth + 1, d);
        if (child == -2)
            return -2;
        d->children[children + i] = child;
    }
    return node;
}

int parser_best(struct parser *p, struct derivation *d, struct err *err) {
    d->n_nodes = d->n_children = 0;
    if (put_node(p, p->root, 0, d) < 0)
        return err_set(err, STATUS_DATA,
                       "%s: the tree of a sentence of %zu words has more than %d levels",
                       p->grammar->path, p->n_words, PARSER_MAX_DEPTH);
    derivation_sum_up(p->grammar, d);
    return 0;
}
