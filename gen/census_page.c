#include "gen/census_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/aligned.h"
#include "lib/opt.h"
#include "lib/statistics.h"

static void title(struct buf *out, const char *text) {
    buf_printf(out, "\n%s\n", text);
}

static void cell_count(struct aligned *t, uint64_t n) {
    aligned_cell(t, "%" PRIu64, n);
}

static void cell_number(struct aligned *t, double x) {
    if (isnan(x))
        aligned_cell(t, "-");
    else
        aligned_cell(t, "%.5g", x);
}

/* A share to four places, or what there is of a smaller one. */
static void put_share(struct buf *out, double x) {
    buf_printf(out, x == 0 || x >= 0.001 ? "%.4f" : "%.1e", x);
}

/* "k of n", the share, and its interval: three cells. */
static void cells_share(struct aligned *t, uint64_t k, uint64_t n) {
    aligned_cell(t, "%" PRIu64 " of %" PRIu64, k, n);
    if (n == 0) {
        aligned_cell(t, "-");
        aligned_cell(t, "-");
        return;
    }
    struct interval w = statistics_wilson(k, n, 0.95);
    struct buf text = {0};
    put_share(&text, (double)k / (double)n);
    aligned_cell(t, "%s", text.data);
    buf_clear(&text);
    buf_putc(&text, '[');
    put_share(&text, w.low);
    buf_puts(&text, ", ");
    put_share(&text, w.high);
    buf_putc(&text, ']');
    aligned_cell(t, "%s", text.data);
    buf_free(&text);
}

/* Lines that the rest of the page makes plain, or that name words and files. */
static bool is_told_elsewhere(const char *key) {
    static const char *const keys[] = {"prog", "cmd",    "vocab",   "class",   "rules", "tags",
                                       "in",   "not-in", "grammar", "process", "end"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* The commands that made a corpus, and what its header tells besides: numbers side by side, other
 * lines by themselves, of long ones the beginning. */
static void put_header(const struct corpus_reader *in, struct buf *out) {
    enum { MOST = 100 };
    const char *key, *value;
    double x;
    bool any = false;
    for (size_t k = 0; corpus_header_line(in, k, &key, &value); k++)
        if (strcmp(key, "cmd") == 0)
            buf_printf(out, "  made by: %s\n", value);
    for (size_t k = 0; corpus_header_line(in, k, &key, &value); k++)
        if (opt_read_number(value, &x) == 0) {
            buf_printf(out, "%s %s %s", any ? "," : "  header:", key, value);
            any = true;
        }
    if (any)
        buf_putc(out, '\n');
    for (size_t k = 0; corpus_header_line(in, k, &key, &value); k++)
        if (!is_told_elsewhere(key) && opt_read_number(value, &x) != 0) {
            size_t len = strlen(value), cut = len;
            for (; cut > MOST || (cut < len && ((unsigned char)value[cut] & 0xC0) == 0x80);)
                cut--;
            size_t from = out->len;
            buf_printf(out, "  header: %s %.*s%s\n", key, (int)cut, value, cut < len ? "..." : "");
            for (char *c = out->data + from; *c; c++)
                *c = *c == '\t' ? ' ' : *c;
        }
}

static void put_origin(const struct census *c, const struct census_origin *origin,
                       struct buf *out) {
    for (size_t i = 0; i < origin->n; i++)
        buf_printf(out, "%s%s", i ? ", " : "", corpus_name(origin->inputs[i]));
    buf_printf(out, ": %" PRIu64 " example%s", c->rows, c->rows == 1 ? "" : "s");
    if (c->sections != 1)
        buf_printf(out, " in %" PRIu64 " sections", c->sections);
    buf_puts(out, "\n  columns: ");
    for (size_t i = 0; i < c->n_names; i++)
        buf_printf(out, "%s%s", i ? ", " : "", c->names[i]);
    buf_putc(out, '\n');
    for (size_t i = 0; i < origin->n; i++)
        put_header(origin->inputs[i], out);
}

static bool counts(const struct census *c, enum overlap_kind kind) {
    switch (kind) {
    case OVERLAP_SOURCE:
        return c->columns.source >= 0;
    case OVERLAP_PAIR:
        return c->columns.source >= 0 && c->columns.target >= 0;
    case OVERLAP_TREE:
        return c->columns.tree >= 0;
    case OVERLAP_KINDS:
        break;
    }
    return false;
}

static void put_distinct(const struct census *c, struct buf *out) {
    static const char *const names[] = {"sources", "sources with their targets", "trees"};
    title(out, "Distinct");
    struct aligned t;
    aligned_start(&t, 4);
    aligned_cell(&t, "%s", "");
    aligned_cell(&t, "n");
    aligned_cell(&t, "distinct");
    aligned_cell(&t, "repeated");
    for (int k = 0; k < OVERLAP_KINDS; k++) {
        const struct tally *d = &c->distinct[k];
        if (!counts(c, (enum overlap_kind)k))
            continue;
        aligned_cell(&t, "%s", names[k]);
        cell_count(&t, d->total);
        if (d->full) {
            aligned_cell(&t, "over %zu", d->n);
            aligned_cell(&t, "-");
        } else {
            cell_count(&t, d->n);
            cell_count(&t, d->total - d->n);
        }
    }
    aligned_put(&t, out);
}

static void put_lengths(const struct census *c, struct buf *out) {
    static const int percents[] = {0, 5, 25, 50, 75, 95, 100};
    enum { PERCENTS = sizeof percents / sizeof *percents };
    title(out, "Lengths in words: mean, standard deviation, quantiles");
    struct aligned t;
    aligned_start(&t, 4 + PERCENTS);
    aligned_cell(&t, "%s", "");
    aligned_cell(&t, "n");
    aligned_cell(&t, "mean");
    aligned_cell(&t, "sd");
    for (int k = 0; k < PERCENTS; k++)
        aligned_cell(&t, k == 0 ? "least" : k == PERCENTS - 1 ? "most" : "%d%%", percents[k]);
    for (size_t i = 0; i < c->n_sentences; i++) {
        const struct word_census *w = &c->sentences[i];
        aligned_cell(&t, "%s", w->column);
        cell_count(&t, c->rows);
        cell_number(&t, statistics_counted_mean(w->lengths, w->n_lengths));
        cell_number(&t, statistics_counted_sd(w->lengths, w->n_lengths));
        for (int k = 0; k < PERCENTS; k++)
            cell_number(&t,
                        statistics_counted_quantile(w->lengths, w->n_lengths, percents[k] / 100.0));
    }
    aligned_put(&t, out);
}

static void put_words(const struct census *c, const struct census_origin *origin, int top,
                      struct buf *out) {
    title(out, "Words");
    struct aligned t;
    aligned_start(&t, 5);
    aligned_cell(&t, "%s", "");
    aligned_cell(&t, "tokens");
    aligned_cell(&t, "types");
    aligned_cell(&t, "types/tokens");
    aligned_cell(&t, "seen once");
    for (size_t i = 0; i < c->n_sentences; i++) {
        const struct word_census *w = &c->sentences[i];
        struct entropy e = word_census_entropy(w, 1);
        aligned_cell(&t, "%s", w->column);
        cell_count(&t, w->tokens);
        cell_count(&t, e.types);
        cell_number(&t, e.n ? (double)e.types / (double)e.n : NAN);
        cell_count(&t, e.once);
    }
    aligned_put(&t, out);
    if (c->n_sentences > 1)
        buf_printf(out, "  types in source and target together: %zu\n", c->words.n);
    struct declared_words d = census_declared(c, origin);
    if (d.any)
        buf_printf(out,
                   "  declared in the header: %" PRIu64 ", of which %" PRIu64
                   " do not occur; not declared: %" PRIu64 " (%" PRIu64 " times)\n",
                   d.declared, d.declared - d.used, d.outside, d.outside_run);
    int32_t *words = mem_alloc((size_t)top, sizeof *words);
    for (size_t i = 0; i < c->n_sentences; i++) {
        const struct word_census *w = &c->sentences[i];
        size_t n = census_top_words(w, top, words);
        buf_printf(out, "  most frequent in %s:", w->column);
        for (size_t k = 0; k < n; k++)
            buf_printf(out, "%s %s %.4f", k ? "," : "", w->words->words[words[k]],
                       (double)word_census_count(w, words[k]) / (double)w->tokens);
        buf_putc(out, '\n');
    }
    free(words);
}

static void entropy_row(struct aligned *t, const char *of, const struct entropy *e, bool full) {
    aligned_cell(t, "%s", of);
    if (full) {
        for (int k = 0; k < 7; k++)
            aligned_cell(t, k ? "-" : "too many");
        return;
    }
    cell_count(t, e->n);
    cell_count(t, e->types);
    cell_count(t, e->once);
    cell_number(t, entropy_coverage(e));
    cell_number(t, entropy_plug_in(e));
    cell_number(t, entropy_miller_madow(e));
    cell_number(t, entropy_chao(e));
}

static void put_entropies(const struct census *c, struct buf *out) {
    title(out, "Entropy in nats: plug-in, and corrected for what a sample does not show");
    struct aligned t;
    aligned_start(&t, 8);
    static const char *const heads[] = {"",         "n",       "types",        "seen once",
                                        "coverage", "plug-in", "Miller-Madow", "Chao-Wang-Jost"};
    for (int k = 0; k < 8; k++)
        aligned_cell(&t, "%s", heads[k]);
    struct buf of = {0};
    for (size_t i = 0; i < c->n_sentences; i++) {
        const struct word_census *w = &c->sentences[i];
        for (int n = 1; n <= w->orders; n++) {
            struct entropy e = word_census_entropy(w, n);
            buf_clear(&of);
            if (n == 1)
                buf_printf(&of, "words of %s", w->column);
            else
                buf_printf(&of, "%d-grams of %s", n, w->column);
            entropy_row(&t, of.data, &e, n > 1 && w->ngrams[n].full);
        }
    }
    buf_free(&of);
    if (counts(c, OVERLAP_SOURCE)) {
        struct entropy e = tally_entropy(&c->distinct[OVERLAP_SOURCE]);
        entropy_row(&t, "sources", &e, c->distinct[OVERLAP_SOURCE].full);
    }
    if (counts(c, OVERLAP_TREE)) {
        struct entropy e = tally_entropy(&c->distinct[OVERLAP_TREE]);
        entropy_row(&t, "trees", &e, c->distinct[OVERLAP_TREE].full);
    }
    aligned_put(&t, out);
    buf_puts(out, "  Coverage: the share of the distribution that was seen at all. Where it is far "
                  "below 1, every estimate is too low.\n");
}

static void put_values(const struct field_census *f, struct buf *out) {
    struct aligned t;
    aligned_start(&t, 4);
    size_t *order = field_census_order(f);
    for (size_t k = 0; k < f->values.n; k++) {
        aligned_cell(&t, "%s", f->values.words[order[k]]);
        cells_share(&t, f->count[order[k]], f->rows);
    }
    free(order);
    if (f->empty) {
        aligned_cell(&t, "(empty)");
        cells_share(&t, f->empty, f->rows);
    }
    aligned_put(&t, out);
}

static void put_numbers(const struct census *c, struct buf *out) {
    struct aligned t;
    aligned_start(&t, 7);
    static const char *const heads[] = {"", "n", "mean", "95 % interval", "sd", "least", "most"};
    for (int k = 0; k < 7; k++)
        aligned_cell(&t, "%s", heads[k]);
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field_census *f = &c->fields[i];
        if (!field_census_is_number(f))
            continue;
        double n = (double)f->n, sd = n > 1 ? sqrt(f->squares / (n - 1)) : NAN;
        double half = statistics_normal_quantile(0.975) * sd / sqrt(n);
        aligned_cell(&t, "%s", f->column);
        cell_count(&t, f->n);
        cell_number(&t, f->mean);
        if (isnan(half))
            aligned_cell(&t, "-");
        else
            aligned_cell(&t, "[%.5g, %.5g]", f->mean - half, f->mean + half);
        cell_number(&t, sd);
        cell_number(&t, f->least);
        cell_number(&t, f->most);
    }
    aligned_put(&t, out);
}

static void put_fields(const struct census *c, struct buf *out) {
    bool numbers = false;
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field_census *f = &c->fields[i];
        numbers |= field_census_is_number(f);
        if (!field_census_is_listed(f))
            continue;
        buf_printf(out, "\nExamples by %s\n", f->column);
        put_values(f, out);
    }
    if (!numbers)
        return;
    title(out, "Numbers");
    put_numbers(c, out);
}

static void put_rules(const struct census *c, struct buf *out) {
    if (!c->n_pairs)
        return;
    title(out, "Rules: on how many examples two give the same answer, the same first word");
    struct aligned t;
    aligned_start(&t, 7);
    for (size_t i = 0; i < c->n_pairs; i++) {
        const struct rule_pair *p = &c->pairs[i];
        aligned_cell(&t, "%s = %s", c->answers.items[p->one].rule, c->answers.items[p->other].rule);
        cells_share(&t, p->same, c->rows);
        cells_share(&t, p->same_word, c->rows);
    }
    aligned_put(&t, out);
}

static void put_overlap(const struct census *c, const struct overlap *o, struct buf *out) {
    static const char *const rows[] = {"examples whose source is there",
                                       "examples whose source and target are there",
                                       "examples whose tree is there"};
    static const char *const distinct[] = {"distinct sources", "distinct pairs", "distinct trees"};
    buf_printf(out, "\nAgainst %s (%" PRIu64 " examples)\n", o->path, o->examples);
    struct aligned t;
    aligned_start(&t, 4);
    for (int k = 0; k < OVERLAP_KINDS; k++) {
        if (!overlap_tells(o, &c->columns, (enum overlap_kind)k))
            continue;
        aligned_cell(&t, "%s", rows[k]);
        cells_share(&t, o->rows[k], c->rows);
        if (c->distinct[k].full)
            continue;
        aligned_cell(&t, "%s", distinct[k]);
        cells_share(&t, o->distinct[k], c->distinct[k].n);
    }
    struct declared_words d = census_unshared(c, o);
    uint64_t tokens = 0;
    for (size_t i = 0; i < c->n_sentences; i++)
        tokens += c->sentences[i].tokens;
    aligned_cell(&t, "types that are not there");
    cells_share(&t, d.outside, c->words.n);
    aligned_cell(&t, "tokens that are not there");
    cells_share(&t, d.outside_run, tokens);
    aligned_put(&t, out);
}

static bool anything_full(const struct census *c) {
    bool full = false;
    for (int k = 0; k < OVERLAP_KINDS; k++)
        full |= c->distinct[k].full;
    for (size_t i = 0; i < c->n_sentences; i++)
        for (int n = 2; n <= c->sentences[i].orders; n++)
            full |= c->sentences[i].ngrams[n].full;
    return full;
}

void census_put_page(const struct census *c, const struct census_origin *origin, int top,
                     struct buf *out) {
    put_origin(c, origin, out);
    put_distinct(c, out);
    if (c->n_sentences) {
        put_lengths(c, out);
        put_words(c, origin, top, out);
    }
    put_entropies(c, out);
    put_fields(c, out);
    put_rules(c, out);
    for (size_t i = 0; i < c->n_against; i++)
        put_overlap(c, &c->against[i], out);
    buf_puts(out, "\nIntervals are at 95 %, of shares Wilson's, and take the examples for "
                  "independent draws.\n");
    if (anything_full(c))
        buf_puts(out, "Some counts outgrew --memory and were given up.\n");
}
