#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/bracket_rules.h"
#include "gen/truth.h"

/* Exact shares of the corpus, over the law of lengths and the classes. */
struct shares {
    double *length;                             /* [i]: of the i-th length */
    double *right;                              /* [i][rule]: where the rule says the target */
    double agree[BRACKET_RULES][BRACKET_RULES]; /* where two rules say the same */
    double right_in_all[BRACKET_RULES], true_targets, mean_length;
};

/* Add what one class has at one length: `mass` is its share of the corpus. */
static void add_class(struct shares *s, const struct bracket_class *c, uint32_t i, double mass,
                      const double kinds[BRACKETS_KINDS]) {
    double all = 0;
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++)
        all += c->kinds >> kind & 1 ? kinds[kind] : 0;
    s->length[i] += mass;
    for (unsigned kind = 0; kind < BRACKETS_KINDS; kind++) {
        double share = c->kinds >> kind & 1 ? mass * kinds[kind] / all : 0;
        bool target = kind >> c->rule & 1;
        s->true_targets += target ? share : 0;
        for (int a = 0; a < BRACKET_RULES; a++) {
            bool says = kind >> a & 1;
            s->right[i * BRACKET_RULES + (uint32_t)a] += says == target ? share : 0;
            s->right_in_all[a] += says == target ? share : 0;
            for (int b = 0; b < a; b++)
                s->agree[a][b] += says == (kind >> b & 1) ? share : 0;
        }
    }
}

static void find_shares(const struct bracket_rules *b, struct shares *s) {
    double *total = mem_alloc(b->n_classes, sizeof *total);
    *s = (struct shares){.length = mem_alloc(b->law->n, sizeof *s->length),
                         .right = mem_alloc((size_t)b->law->n * BRACKET_RULES, sizeof *s->right)};
    for (size_t k = 0; k < b->n_classes; k++)
        for (uint32_t i = 0; i < b->law->n; i++)
            total[k] += b->classes[k].possible[i] ? b->law->share[i] : 0;
    for (uint32_t i = 0; i < b->law->n; i++) {
        double kinds[BRACKETS_KINDS];
        brackets_shares(b->law->shortest + 2 * i, kinds);
        for (size_t k = 0; k < b->n_classes; k++)
            if (b->classes[k].share > 0 && b->classes[k].possible[i])
                add_class(s, &b->classes[k], i, b->classes[k].share * b->law->share[i] / total[k],
                          kinds);
        s->mean_length += s->length[i] * (b->law->shortest + 2.0 * i);
    }
    free(total);
}

/* LENGTH:NUMBER for each length that occurs: its share, or how often a rule is right there. */
static int put_by_length(const struct bracket_rules *b, const struct shares *s, int rule,
                         struct corpus_writer *out, struct err *err) {
    struct buf text = {0};
    buf_puts(&text, rule < 0 ? "share" : b->rules.words[rule]);
    for (uint32_t i = 0; i < b->law->n; i++)
        if (s->length[i] > 0)
            buf_printf(&text, " %u:%.10g", b->law->shortest + 2 * i,
                       rule < 0 ? s->length[i]
                                : s->right[i * BRACKET_RULES + (uint32_t)rule] / s->length[i]);
    int result = corpus_put_header(out, "by_length", text.data, err);
    buf_free(&text);
    return result;
}

static int put_shares(const struct bracket_rules *b, const struct shares *s,
                      struct corpus_writer *out, struct err *err) {
    double most = fmax(s->true_targets, 1 - s->true_targets);
    uint32_t longest = b->law->shortest + 2 * (b->law->n - 1);
    if (truth_put(out, err, "task", "rule choice on brackets shortest=%u longest=%u mean=%.10g",
                  b->law->shortest, longest, s->mean_length) != 0 ||
        truth_put(out, err, "bayes", "accuracy=1 loss=0") != 0 ||
        truth_put(out, err, "chance", "accuracy=%.10g loss=%.10g", most,
                  truth_coin_entropy(s->true_targets)) != 0)
        return -1;
    for (int a = 0; a < BRACKET_RULES; a++)
        if (truth_put(out, err, "baseline", "rule:%s accuracy=%.10g", b->rules.words[a],
                      s->right_in_all[a]) != 0)
            return -1;
    for (int c = 0; c < BRACKET_RULES; c++)
        for (int a = c + 1; a < BRACKET_RULES; a++)
            if (truth_put(out, err, "agreement", "%s %s share=%.10g", b->rules.words[c],
                          b->rules.words[a], s->agree[a][c]) != 0)
                return -1;
    for (int rule = -1; rule < BRACKET_RULES; rule++)
        if (put_by_length(b, s, rule, out, err) != 0)
            return -1;
    return 0;
}

static int put_words(const struct bracket_rules *b, struct corpus_writer *out, struct err *err) {
    struct vocab words = {0};
    vocab_add_text(&words, "( )");
    vocab_add_text(&words, b->mark.len ? b->mark.data : "");
    vocab_add_text(&words, "true false");
    char *text = vocab_text(&words), *rules = vocab_text(&b->rules), *tags = vocab_text(&b->tags);
    int result = corpus_put_header(out, "vocab", text, err);
    if (result == 0)
        result = corpus_put_header(out, "class", "answer\ttrue false", err);
    if (result == 0)
        result = corpus_put_header(out, "rules", rules, err);
    if (result == 0)
        result = corpus_put_header(out, "tags", tags, err);
    free(text);
    free(rules);
    free(tags);
    vocab_free(&words);
    return result;
}

int bracket_rules_put_header(const struct bracket_rules *b, struct corpus_writer *out,
                             struct err *err) {
    struct shares s;
    find_shares(b, &s);
    int result = put_shares(b, &s, out, err);
    free(s.length);
    free(s.right);
    if (result == 0)
        result = put_words(b, out, err);
    return result == 0 ? columns_put(&b->columns, out, err) : -1;
}
