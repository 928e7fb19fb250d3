#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/census_page.h"
#include "lib/opt.h"
#include "lib/statistics.h"

static void put_number(struct buf *out, double x) {
    if (isnan(x))
        buf_puts(out, "\tnan");
    else
        buf_printf(out, "\t%.12g", x);
}

/* A fact without n and interval: NaN for what is missing. */
static void fact(struct buf *out, const char *what, const char *of, double value, double n,
                 double low, double high) {
    buf_printf(out, "%s\t%s", what, of);
    put_number(out, value);
    put_number(out, n);
    put_number(out, low);
    put_number(out, high);
    buf_putc(out, '\n');
}

static void plain(struct buf *out, const char *what, const char *of, double value) {
    fact(out, what, of, value, NAN, NAN, NAN);
}

static void share(struct buf *out, const char *what, const char *of, uint64_t k, uint64_t n) {
    struct interval w = statistics_wilson(k, n, 0.95);
    fact(out, what, of, n ? (double)k / (double)n : NAN, (double)n, w.low, w.high);
}

/* A header line of one number, or of words and NAME=NUMBER: ##baseline uniform loss=1.0986 tells
 * `baseline uniform loss`. */
static void put_header(const char *key, const char *value, struct buf *out) {
    double x;
    if (opt_read_number(value, &x) == 0) {
        plain(out, "header", key, x);
        return;
    }
    struct buf of = {0}, word = {0};
    buf_puts(&of, key);
    for (const char *end = value + strcspn(value, "\t"); value < end;) {
        size_t len = strcspn(value, " \t");
        buf_clear(&word);
        buf_add(&word, value, len);
        char *equals = strchr(word.data, '=');
        if (equals && opt_read_number(equals + 1, &x) == 0) {
            size_t label = of.len;
            *equals = '\0';
            buf_printf(&of, " %s", word.data);
            plain(out, "header", of.data, x);
            of.data[of.len = label] = '\0';
        } else if (len) {
            buf_printf(&of, " %s", word.data);
        }
        value += len + 1;
    }
    buf_free(&of);
    buf_free(&word);
}

/* Lines that name words, files and commands, or go on for long. */
static bool tells_no_numbers(const char *key) {
    static const char *const keys[] = {"prog", "cmd",     "vocab",   "class",    "rules",
                                       "tags", "in",      "not-in",  "shown",    "held_out",
                                       "end",  "grammar", "process", "by_length"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void put_headers(const struct census_origin *origin, struct buf *out) {
    for (size_t i = 0; i < origin->n; i++) {
        const char *key, *value;
        for (size_t k = 0; corpus_header_line(origin->inputs[i], k, &key, &value); k++)
            if (!tells_no_numbers(key))
                put_header(key, value, out);
    }
}

static const char *const kinds[OVERLAP_KINDS] = {"source", "source+target", "tree"};

static bool counts(const struct census *c, int kind) {
    return kind == OVERLAP_TREE     ? c->columns.tree >= 0
           : kind == OVERLAP_SOURCE ? c->columns.source >= 0
                                    : c->columns.source >= 0 && c->columns.target >= 0;
}

static void put_distinct(const struct census *c, struct buf *out) {
    for (int k = 0; k < OVERLAP_KINDS; k++)
        if (counts(c, k))
            fact(out, "distinct", kinds[k], c->distinct[k].full ? NAN : (double)c->distinct[k].n,
                 (double)c->distinct[k].total, NAN, NAN);
}

static void put_entropy(const char *of, const struct entropy *e, struct buf *out) {
    double n = e->n ? (double)e->n : NAN;
    fact(out, "types", of, e->n ? (double)e->types : NAN, n, NAN, NAN);
    fact(out, "once", of, e->n ? (double)e->once : NAN, n, NAN, NAN);
    fact(out, "coverage", of, entropy_coverage(e), n, NAN, NAN);
    fact(out, "entropy_plug_in", of, entropy_plug_in(e), n, NAN, NAN);
    fact(out, "entropy_miller_madow", of, entropy_miller_madow(e), n, NAN, NAN);
    fact(out, "entropy_chao", of, entropy_chao(e), n, NAN, NAN);
}

static void put_sentences(const struct census *c, int top, struct buf *out) {
    for (size_t i = 0; i < c->n_sentences; i++) {
        const struct word_census *w = &c->sentences[i];
        double n = (double)c->rows;
        plain(out, "tokens", w->column, (double)w->tokens);
        fact(out, "length_mean", w->column, statistics_counted_mean(w->lengths, w->n_lengths), n,
             NAN, NAN);
        fact(out, "length_sd", w->column, statistics_counted_sd(w->lengths, w->n_lengths), n, NAN,
             NAN);
        static const int percents[] = {0, 5, 25, 50, 75, 95, 100};
        for (size_t k = 0; k < sizeof percents / sizeof *percents; k++) {
            char what[24];
            snprintf(what, sizeof what, "length_p%d", percents[k]);
            fact(out, what, w->column,
                 statistics_counted_quantile(w->lengths, w->n_lengths, percents[k] / 100.0), n, NAN,
                 NAN);
        }
        for (int order = 1; order <= w->orders; order++) {
            char ngrams[64];
            snprintf(ngrams, sizeof ngrams, "%s:%d-grams", w->column, order);
            struct entropy e = word_census_entropy(w, order);
            put_entropy(ngrams, &e, out);
        }
        int32_t *words = mem_alloc((size_t)top, sizeof *words);
        size_t n_words = census_top_words(w, top, words);
        struct buf of = {0};
        for (size_t k = 0; k < n_words; k++) {
            buf_clear(&of);
            buf_printf(&of, "%s:%s", w->column, w->words->words[words[k]]);
            share(out, "word_share", of.data, word_census_count(w, words[k]), w->tokens);
        }
        buf_free(&of);
        free(words);
    }
}

static void put_wholes(const struct census *c, struct buf *out) {
    for (int k = 0; k < OVERLAP_KINDS; k++)
        if (k != OVERLAP_PAIR && counts(c, k)) {
            struct entropy e = tally_entropy(&c->distinct[k]);
            put_entropy(kinds[k], &e, out);
        }
}

static void put_words(const struct census *c, const struct census_origin *origin, struct buf *out) {
    struct declared_words d = census_declared(c, origin);
    plain(out, "words", "all", (double)c->words.n);
    if (!d.any)
        return;
    plain(out, "words", "declared", (double)d.declared);
    plain(out, "words", "declared_unused", (double)(d.declared - d.used));
    plain(out, "words", "undeclared", (double)d.outside);
    plain(out, "tokens", "undeclared", (double)d.outside_run);
}

static void put_fields(const struct census *c, struct buf *out) {
    struct buf of = {0};
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field_census *f = &c->fields[i];
        if (f->empty)
            share(out, "empty", f->column, f->empty, f->rows);
        size_t *order = field_census_order(f);
        for (size_t k = 0; field_census_is_listed(f) && k < f->values.n; k++) {
            buf_clear(&of);
            buf_printf(&of, "%s:%s", f->column, f->values.words[order[k]]);
            share(out, "share", of.data, f->count[order[k]], f->rows);
        }
        free(order);
        if (!field_census_is_number(f))
            continue;
        double n = (double)f->n, sd = n > 1 ? sqrt(f->squares / (n - 1)) : NAN;
        double half = statistics_normal_quantile(0.975) * sd / sqrt(n);
        fact(out, "mean", f->column, f->mean, n, f->mean - half, f->mean + half);
        fact(out, "sd", f->column, sd, n, NAN, NAN);
        fact(out, "min", f->column, f->least, n, NAN, NAN);
        fact(out, "max", f->column, f->most, n, NAN, NAN);
    }
    buf_free(&of);
}

static void put_rules(const struct census *c, struct buf *out) {
    struct buf of = {0};
    for (size_t i = 0; i < c->n_pairs; i++) {
        const struct rule_pair *p = &c->pairs[i];
        buf_clear(&of);
        buf_printf(&of, "%s=%s", c->answers.items[p->one].rule, c->answers.items[p->other].rule);
        share(out, "agree", of.data, p->same, c->rows);
        share(out, "agree_first_word", of.data, p->same_word, c->rows);
    }
    buf_free(&of);
}

static void put_overlaps(const struct census *c, struct buf *out) {
    static const char *const rows[] = {"rows_with_shared_source", "rows_with_shared_pair",
                                       "rows_with_shared_tree"};
    static const char *const distinct[] = {"shared_sources", "shared_pairs", "shared_trees"};
    for (size_t i = 0; i < c->n_against; i++) {
        const struct overlap *o = &c->against[i];
        struct declared_words d = census_unshared(c, o);
        plain(out, "against_examples", o->path, (double)o->examples);
        for (int k = 0; k < OVERLAP_KINDS; k++) {
            if (!overlap_tells(o, &c->columns, (enum overlap_kind)k))
                continue;
            share(out, rows[k], o->path, o->rows[k], c->rows);
            if (!c->distinct[k].full)
                share(out, distinct[k], o->path, o->distinct[k], c->distinct[k].n);
        }
        share(out, "words_not_in", o->path, d.outside, c->words.n);
        share(out, "tokens_not_in", o->path, d.outside_run,
              (c->n_sentences > 0 ? c->sentences[0].tokens : 0) +
                  (c->n_sentences > 1 ? c->sentences[1].tokens : 0));
    }
}

void census_put_table(const struct census *c, const struct census_origin *origin, int top,
                      struct buf *out) {
    buf_puts(out, "what\tof\tvalue\tn\tlow\thigh\n");
    plain(out, "examples", "all", (double)c->rows);
    plain(out, "sections", "all", (double)c->sections);
    put_headers(origin, out);
    put_distinct(c, out);
    put_sentences(c, top, out);
    put_wholes(c, out);
    put_words(c, origin, out);
    put_fields(c, out);
    put_rules(c, out);
    put_overlaps(c, out);
}
