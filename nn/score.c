#include "nn/score.h"

#include <math.h>
#include <stdlib.h>

#include "nn/score_private.h"

/* Sequences a forward pass takes at once; part of what fixes the bits. */
enum { BATCH_SEQUENCES = 128 };

/* One forward pass. Row i of a batch predicts target[i]; what it found is written at i, by the one
 * worker that visits the row, and read when all are done. */
struct pass {
    struct score_set *set;
    struct tokens input, target;
    uint8_t *wanted;
    size_t cap_wanted;
    int offset[BATCH_SEQUENCES + 1];
    struct {
        size_t example;
        int rule;
    } sequence[BATCH_SEQUENCES];
    int n_sequences;
    int *sequence_of; /* [row] */
    size_t cap_sequence_of;
    double *nll; /* [row] */
    size_t cap_nll;
    int32_t *top; /* [row]: the most likely token */
    size_t cap_top;
    int32_t chosen[BATCH_SEQUENCES]; /* at the parting, among the candidates */
    int vocabulary;
};

/* The row of a sequence whose word the rules disagree on (or, where they agree, its first). */
static int parting_row(const struct pass *p, int sequence) {
    const struct example *e = &p->set->examples[p->sequence[sequence].example];
    return p->offset[sequence] + e->source_length + (e->part > 0 ? e->part : 0);
}

static int32_t choose(const struct pass *p, int sequence, const real *logits) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[p->sequence[sequence].example];
    int32_t best = -1;
    for (size_t i = 0; i < s->n_among; i++)
        if (best < 0 || logits[s->among[i]] > logits[best] ||
            (logits[s->among[i]] == logits[best] && s->among[i] < best))
            best = s->among[i];
    for (size_t r = 0; !s->n_among && r < s->rules.n; r++) {
        int32_t word = answer_token(s, &s->answers[e->answers + r], e->part > 0 ? e->part : 0);
        if (best < 0 || logits[word] > logits[best] ||
            (logits[word] == logits[best] && word < best))
            best = word;
    }
    return best;
}

static void visit(void *context, int worker, int rows, const int *row, const real *logits) {
    (void)worker;
    struct pass *p = context;
    for (int i = 0; i < rows; i++, logits += p->vocabulary) {
        int32_t top = 0;
        for (int32_t v = 1; v < p->vocabulary; v++)
            if (logits[v] > logits[top])
                top = v;
        p->top[row[i]] = top;
        p->nll[row[i]] = op_log_sum_exp(p->vocabulary, logits) -
                         (double)logits[p->target.items[row[i]]];
        int sequence = p->sequence_of[row[i]];
        if (p->set->rules.n && p->sequence[sequence].rule == 0 &&
            row[i] == parting_row(p, sequence))
            p->chosen[sequence] = choose(p, sequence, logits);
    }
}

/* Append <bos> source answer to the pass. For the target every row is wanted, for the loss. */
static void add_sequence(struct pass *p, size_t index, int rule) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[index];
    const struct answer none = {0},
                        *a = s->rules.n ? &s->answers[e->answers + (size_t)rule] : &none;
    int length = 1 + e->source_length + a->length, begin = p->offset[p->n_sequences];
    size_t rows = (size_t)(begin + length);
    p->wanted = mem_grow(p->wanted, &p->cap_wanted, rows, sizeof *p->wanted);
    p->sequence_of = mem_grow(p->sequence_of, &p->cap_sequence_of, rows, sizeof *p->sequence_of);
    p->nll = mem_grow(p->nll, &p->cap_nll, rows, sizeof *p->nll);
    p->top = mem_grow(p->top, &p->cap_top, rows, sizeof *p->top);
    for (int k = 0; k < length; k++) {
        int32_t word[2];
        for (int ahead = 0; ahead < 2; ahead++) {
            int at = k + ahead;
            word[ahead] = at == 0                  ? TOKEN_BOS
                          : at <= e->source_length ? s->tokens.items[e->source + (size_t)at - 1]
                                                   : answer_token(s, a, at - 1 - e->source_length);
        }
        tokens_add(&p->input, word[0]);
        tokens_add(&p->target, word[1]);
        p->wanted[begin + k] = rule == 0 || k >= e->source_length;
        p->sequence_of[begin + k] = p->n_sequences;
    }
    p->sequence[p->n_sequences].example = index;
    p->sequence[p->n_sequences].rule = rule;
    p->offset[++p->n_sequences] = (int)rows;
}

/* Read the results of one sequence into the cells of the rules that share its answer. */
static void collect(struct pass *p, int sequence) {
    struct score_set *s = p->set;
    size_t index = p->sequence[sequence].example;
    int rule = p->sequence[sequence].rule;
    const struct example *e = &s->examples[index];
    struct verdict *v = &s->verdicts[index];
    int begin = p->offset[sequence], end = p->offset[sequence + 1];
    if (rule == 0) {
        *v = (struct verdict){.first_none = true, .choice_none = true, .exact_none = true};
        for (int row = begin; row < end; row++)
            v->loss += p->nll[row];
        v->counted = end - begin;
    }
    if (!s->rules.n)
        return;
    bool exact = true;
    double logp = 0;
    for (int row = begin + e->source_length; row < end; row++) {
        exact &= p->top[row] == p->target.items[row];
        logp -= p->nll[row];
    }
    v->exact_none &= !exact;
    int place = e->part > 0 ? e->part : 0;
    for (size_t r = 0; r < s->rules.n; r++) {
        const struct answer *a = &s->answers[e->answers + r];
        struct cell *cell = &s->cells[index * s->rules.n + r];
        if (a->same_as == rule) {
            cell->exact = exact;
            cell->logp = logp;
        }
        if (rule == 0) { /* the words before the parting are the same for all */
            cell->first = p->top[parting_row(p, sequence)] == answer_token(s, a, place);
            cell->choice = p->chosen[sequence] == answer_token(s, a, place);
            v->first_none &= !cell->first;
            v->choice_none &= !cell->choice;
        }
    }
}

static void run_pass(struct pass *p, struct model *model, struct pool *pool) {
    if (!p->n_sequences)
        return;
    struct batch batch = {.sequences = p->n_sequences,
                          .tokens = (int)p->input.n,
                          .offset = p->offset,
                          .input = p->input.items,
                          .wanted = p->wanted};
    model_forward(model, pool, &batch, visit, p);
    for (int i = 0; i < p->n_sequences; i++)
        collect(p, i);
    p->input.n = p->target.n = 0;
    p->n_sequences = 0;
}

void score_run(struct score_set *s, struct model *model, struct pool *pool) {
    struct pass p = {.set = s, .vocabulary = model->facts.vocabulary};
    for (size_t i = 0; i < s->n; i++)
        for (int r = 0; r < (s->rules.n ? (int)s->rules.n : 1); r++) {
            if (s->rules.n && s->answers[s->examples[i].answers + (size_t)r].same_as != r)
                continue;
            add_sequence(&p, i, r);
            if (p.n_sequences == BATCH_SEQUENCES)
                run_pass(&p, model, pool);
        }
    run_pass(&p, model, pool);
    free(p.input.items);
    free(p.target.items);
    free(p.wanted);
    free(p.sequence_of);
    free(p.nll);
    free(p.top);
}

double score_loss(const struct score_set *s) {
    double sum = 0, counted = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->verdicts[i].loss;
        counted += s->verdicts[i].counted;
    }
    return sum / counted;
}

static bool has_tag(const struct score_set *s, const struct example *e, int tag) {
    for (int i = 0; i < e->n_tags; i++)
        if (s->tag_lists[e->tags + (size_t)i] == tag)
            return true;
    return tag < 0;
}

struct score_summary score_summarise(const struct score_set *s, int rule, int tag) {
    struct score_summary sum = {.has_choice = s->n_among || rule >= 0};
    double logp = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct example *e = &s->examples[i];
        bool agreed = e->part < 0;
        if (agreed != (rule == SCORE_AGREED) || !has_tag(s, e, tag))
            continue;
        sum.n++;
        if (rule == SCORE_NONE) {
            sum.first += s->verdicts[i].first_none;
            sum.choice += s->verdicts[i].choice_none;
            sum.exact += s->verdicts[i].exact_none;
        } else {
            const struct cell *c = &s->cells[i * s->rules.n + (size_t)(rule > 0 ? rule : 0)];
            sum.first += c->first;
            sum.choice += c->choice;
            sum.exact += c->exact;
            logp += c->logp;
        }
    }
    sum.logp = rule == SCORE_NONE ? NAN : logp / (double)sum.n;
    return sum;
}
