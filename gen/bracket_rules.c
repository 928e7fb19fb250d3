#include "gen/bracket_rules.h"

#include <stdlib.h>
#include <string.h>

#include "gen/marker.h"

enum { SOURCE, TARGET, RULES, TAGS = RULES + BRACKET_RULES, DEPTHS, LENGTH, CLASS, N_COLUMNS };
static const char *const COLUMNS[N_COLUMNS] = {
    "source",           "target", "rule:nested", "rule:equal-count", "rule:first-symbol",
    "rule:last-symbol", "tags",   "depths",      "length",           "class",
};

static const char *const OWN_WORDS[] = {"(", ")", "true", "false", NULL};

struct worker {
    uint64_t bits[BRACKETS_MAX_LENGTH / 64];
    uint32_t length;
    unsigned kind;
};

static void *worker_new(void *context) {
    (void)context;
    return mem_alloc(1, sizeof(struct worker));
}

/* A string of the class and the length that stands in w. */
static void draw_string(const struct bracket_class *c, struct worker *w, struct rng *r) {
    do {
        c->draw(w->bits, w->length, r);
        w->kind = c->draw == brackets_draw_nested ? BRACKETS_KINDS - 1
                                                  : brackets_kind(w->bits, w->length);
    } while (!(c->kinds >> w->kind & 1));
}

static size_t next_class(void *context) {
    struct bracket_rules *b = context;
    int leak = leaks_next(&b->leaks);
    return leak >= 0 ? (size_t)leak : b->leaks.n + selection_next_class(&b->selection);
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)index, (void)err;
    const struct bracket_rules *b = context;
    const struct bracket_class *c = &b->classes[class_index];
    struct worker *w = worker;
    w->length = lengths_draw(b->law, r);
    if (!c->possible[(w->length - b->law->shortest) / 2])
        return 0;
    draw_string(c, w, r);
    brackets_put(w->bits, w->length, source);
    buf_add(source, b->mark.data, b->mark.len);
    return 1;
}

static bool is_fixed(int column) {
    return column != SOURCE && column != DEPTHS && column != LENGTH;
}

static const struct buf *fixed_text(const struct bracket_rules *b, size_t class_index,
                                    unsigned kind) {
    return b->fixed + (class_index * BRACKETS_KINDS + kind) * b->columns.n;
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)err;
    const struct bracket_rules *b = context;
    const struct worker *w = worker;
    const struct buf *fixed = fixed_text(b, class_index, w->kind);
    for (size_t i = 0; i < b->columns.n; i++) {
        int column = b->columns.which[i];
        if (is_fixed(column)) {
            buf_add(row, fixed[i].data, fixed[i].len);
            continue;
        }
        if (i)
            buf_putc(row, '\t');
        if (column == SOURCE)
            buf_add(row, source->data, source->len);
        else if (column == DEPTHS)
            brackets_put_depths(w->bits, w->length, row);
        else
            buf_put_integer(row, w->length);
    }
    return 1;
}

static const char *class_name(void *context, size_t class_index) {
    const struct bracket_rules *b = context;
    return b->classes[class_index].name;
}

struct maker bracket_rules_maker(struct bracket_rules *b) {
    return (struct maker){
        .context = b,
        .worker_new = worker_new,
        .worker_free = free,
        .next_class = next_class,
        .draw = draw,
        .complete = complete,
        .subject = "strings of these lengths",
        .class_name = class_name,
    };
}

static void put_tags(const struct bracket_rules *b, unsigned kind, struct buf *out) {
    const char *comma = "";
    for (size_t t = 0; t < b->tags.n; t++)
        if (kind >> t & 1) {
            buf_printf(out, "%s%s", comma, b->tags.words[t]);
            comma = ",";
        }
}

static void put_fixed(const struct bracket_rules *b, const struct bracket_class *c, unsigned kind,
                      int column, struct buf *out) {
    if (column == TAGS)
        put_tags(b, kind, out);
    else if (column == CLASS)
        buf_puts(out, c->name);
    else
        buf_puts(out, kind >> (column == TARGET ? c->rule : column - RULES) & 1 ? "true" : "false");
}

static void fix_text(struct bracket_rules *b) {
    b->fixed = mem_alloc(b->n_classes * BRACKETS_KINDS * b->columns.n, sizeof *b->fixed);
    for (size_t k = 0; k < b->n_classes * BRACKETS_KINDS; k++) {
        struct buf *own = b->fixed + k * b->columns.n, *first = own;
        for (size_t i = 0; i < b->columns.n; i++) {
            int column = b->columns.which[i];
            if (!is_fixed(column))
                continue;
            if (i == 0 || !is_fixed(b->columns.which[i - 1]))
                first = own + i;
            if (i)
                buf_putc(first, '\t');
            put_fixed(b, &b->classes[k / BRACKETS_KINDS], k % BRACKETS_KINDS, column, first);
        }
    }
}

static bool holds(const struct selection *s, unsigned kind) {
    return (kind & s->all) == s->all && !(kind & s->none);
}

/* The kinds of a class of the selection. */
static unsigned kinds_of(const struct bracket_rules *b, size_t class_index) {
    unsigned kinds = 0;
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++) {
        int found = selection_class_of(&b->selection, kind);
        bool exists = !(kind & BRACKETS_NESTED) || kind == BRACKETS_KINDS - 1;
        if (found == -2 && exists)
            msg_die(STATUS_USAGE, "--where: a string can belong to two of the classes");
        if (exists && found == (int)class_index)
            kinds |= 1u << kind;
    }
    return kinds;
}

/* What an example of a leak can be: equal counts, not nested, and as --where asks. */
static unsigned kinds_of_leak(const struct bracket_rules *b) {
    unsigned kinds = 0;
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
        if ((kind & BRACKETS_EQUAL) && !(kind & BRACKETS_NESTED) && holds(&b->selection, kind))
            kinds |= 1u << kind;
    return kinds;
}

static void find_possible(struct bracket_rules *b) {
    for (size_t k = 0; k < b->n_classes; k++) {
        struct bracket_class *c = &b->classes[k];
        unsigned unequal = 0, others = 0;
        for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
            if (c->kinds >> kind & 1) {
                unequal |= !(kind & BRACKETS_EQUAL);
                others |= !(kind & BRACKETS_NESTED);
            }
        c->draw = unequal ? brackets_draw_any : others ? brackets_draw_equal : brackets_draw_nested;
        c->possible = mem_alloc(b->law->n, sizeof *c->possible);
    }
    for (uint32_t i = 0; i < b->law->n; i++) {
        double share[BRACKETS_KINDS];
        brackets_shares(b->law->shortest + 2 * i, share);
        for (size_t k = 0; k < b->n_classes; k++)
            for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
                b->classes[k].possible[i] |= (b->classes[k].kinds >> kind & 1) &&
                                             share[kind] * b->law->share[i] > 0;
    }
}

static void check_classes(const struct bracket_rules *b) {
    for (size_t k = 0; k < b->n_classes; k++) {
        const struct bracket_class *c = &b->classes[k];
        bool any = false;
        for (uint32_t i = 0; i < b->law->n; i++)
            any |= c->possible[i];
        if (!any && c->share > 0)
            msg_die(STATUS_USAGE, "--where: no string of these lengths is of class '%s'", c->name);
    }
}

static void list_classes(struct bracket_rules *b) {
    size_t n_leaks = b->leaks.n, n_own = b->selection.n ? b->selection.n : 1;
    b->n_classes = n_leaks + n_own;
    b->classes = mem_alloc(b->n_classes, sizeof *b->classes);
    for (size_t k = 0; k < n_leaks; k++) {
        struct buf name = {0};
        buf_printf(&name, "leak:%s", b->rules.words[b->leaks.rules[k]]);
        b->classes[k] = (struct bracket_class){
            .name = name.data,
            .share = b->leaks.slots.parts[k + 1].share,
            .kinds = kinds_of_leak(b),
            .rule = b->leaks.rules[k],
        };
    }
    for (size_t k = 0; k < n_own; k++)
        b->classes[n_leaks + k] = (struct bracket_class){
            .name = mem_strdup(selection_class_name(&b->selection, k)),
            .share = b->leaks.slots.parts[0].share *
                     (b->selection.n ? b->selection.shares.parts[k].share : 1),
            .kinds = kinds_of(b, k),
        };
    find_possible(b);
}

/* The condition that one of --where without shares is added to: two halves, or what it leaves of
 * them. */
static const char *base_of(const struct bracket_rules *b,
                           const struct bracket_rules_options *options) {
    struct selection asked;
    struct err err = {0};
    bool nested = false, unequal = false, more = options->where != NULL;
    if (options->ood)
        return more ? "equal_count,!nested," : "equal_count,!nested";
    if (selection_read(&asked, options->where, &b->tags, &err) != 0)
        msg_die_err(&err);
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++) {
        nested |= kind == BRACKETS_KINDS - 1 && holds(&asked, kind);
        unequal |= !(kind & (BRACKETS_EQUAL | BRACKETS_NESTED)) && holds(&asked, kind);
    }
    selection_free(&asked);
    if (!nested && !unequal)
        msg_die(STATUS_USAGE,
                "--where: '%s' leaves neither nested strings nor unequal counts; --ood makes the "
                "others",
                options->where);
    if (nested && unequal)
        return more ? "nested=0.5,!equal_count=0.5," : "nested=0.5,!equal_count=0.5";
    return nested ? "nested," : "!equal_count,";
}

void bracket_rules_start(struct bracket_rules *b, const struct bracket_rules_options *options) {
    struct err err = {0};
    bool own_shares = options->where && strchr(options->where, '=');
    *b = (struct bracket_rules){.law = options->law};
    if (options->ood && own_shares)
        msg_die(STATUS_USAGE, "--ood and shares in --where exclude one another");
    if (options->ood && options->leak)
        msg_die(STATUS_USAGE, "--ood and --leak exclude one another");
    vocab_add_text(&b->tags, "nested equal_count first_open last_close");
    vocab_add_text(&b->rules, "nested equal-count first-symbol last-symbol");
    struct buf where = {0};
    buf_printf(&where, "%s%s", own_shares ? "" : base_of(b, options),
               options->where ? options->where : "");
    if (selection_read(&b->selection, where.data, &b->tags, &err) != 0 ||
        leaks_read(&b->leaks, options->leak, &b->rules, "rule choice", options->count,
                   options->skip, &err) != 0)
        msg_die_err(&err);
    buf_free(&where);
    list_classes(b);
    check_classes(b);

    marker_check("mark", options->mark);
    for (const char *const *word = OWN_WORDS; *word; word++)
        if (strcmp(options->mark, *word) == 0)
            msg_die(STATUS_USAGE, "--mark: '%s' is a bracket or an answer already", *word);
    buf_printf(&b->mark, " %s", options->mark);
    b->mark.len = *options->mark ? b->mark.len : 0;
    char *list = columns_expand(options->columns ? options->columns : "source,target,rules,tags",
                                "rules", "rule:equal-count,rule:first-symbol,rule:last-symbol");
    columns_read(&b->columns, list, COLUMNS, N_COLUMNS);
    free(list);
    fix_text(b);
}

void bracket_rules_free(struct bracket_rules *b) {
    for (size_t k = 0; k < b->n_classes; k++) {
        free(b->classes[k].name);
        free(b->classes[k].possible);
    }
    for (size_t k = 0; k < b->n_classes * BRACKETS_KINDS * b->columns.n; k++)
        buf_free(&b->fixed[k]);
    free(b->fixed);
    free(b->classes);
    columns_free(&b->columns);
    selection_free(&b->selection);
    leaks_free(&b->leaks);
    vocab_free(&b->rules);
    vocab_free(&b->tags);
    buf_free(&b->mark);
}
