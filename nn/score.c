#include "nn/score.h"

#include <math.h>
#include <stdlib.h>

#include "nn/packed.h"
#include "nn/score_private.h"

enum {
    BATCH_SEQUENCES = 128, /* a forward pass takes at once; part of what fixes the bits */
    BATCH_ROWS = 1 << 26   /* beyond so many it takes no more */
};

/* One forward pass. What it found of row i is written at i, by the one worker that visits the row,
 * and read when all are done. Rows are those of ROWS_INPUT, or one an example. */
struct pass {
    struct score_set *set;
    struct packed packed;
    const int32_t *target; /* [row]: word or class; NULL for values */
    const real *value;     /* [row][output] */
    uint8_t *wanted;
    size_t cap_wanted;
    struct {
        size_t example;
        int rule;
        int leader; /* the sequence of the first rule's answer whose beginning it shares, which is
                       then not repeated in it; -1: it is whole */
        int common; /* words of the answers that are alike then */
        double fork_loss; /* of the word after these, at the leader's row that predicts it */
    } * sequence;
    size_t cap_sequence;
    int *shared; /* [sequence]: rows, as of batch.shared */
    size_t cap_shared;
    bool shares;      /* some sequences of this batch do */
    int *sequence_of; /* [row] */
    size_t cap_sequence_of;
    double *loss; /* [row] */
    size_t cap_loss;
    int32_t *top; /* [row]: the most likely token; of values: whether they are right */
    size_t cap_top;
    int32_t *chosen; /* [sequence]: at the parting, among the candidates */
    size_t cap_chosen;
    /* Where one pass predicts the answers of all rules (a class, a cloze): */
    int *word_of; /* [row]: which word of the answer it predicts */
    size_t cap_word_of;
    double *logp; /* [row][rule] */
    size_t cap_logp;
    bool whole, at_once;
};

static int begin_of(const struct pass *p, int sequence) {
    return p->whole ? sequence : p->packed.offset.items[sequence];
}

/* The row that predicts the k-th word of a sequence's answer. */
static int row_of(const struct pass *p, int sequence, int k) {
    const struct example *e = &p->set->examples[p->sequence[sequence].example];
    int row = begin_of(p, sequence);
    if (p->whole)
        return row;
    if (p->set->layout.objective != OBJECTIVE_MASKED)
        return row + (int)layout_place(&p->set->layout, (size_t)e->source_length, (size_t)k);
    for (k++; k > 0; row++)
        k -= p->packed.target.items[row] >= 0;
    return row - 1;
}

/* The row of a sequence whose word the rules disagree on (or, where they agree, its first). */
static int parting_row(const struct pass *p, int sequence) {
    int part = p->set->examples[p->sequence[sequence].example].part;
    return row_of(p, sequence, part > 0 ? part : 0);
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

int32_t score_largest(int n, const real *z) {
    int32_t top = 0;
    for (int32_t v = 1; v < n; v++)
        if (z[v] > z[top])
            top = v;
    return top;
}

/* Every rule's word at a row that predicts a word of all answers. */
static void keep_logp(struct pass *p, int sequence, int row, const real *z) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[p->sequence[sequence].example];
    bool single = s->outputs == 1; /* the logit of class 1 */
    double sum = single ? 0 : op_log_sum_exp(s->outputs, z);
    for (size_t r = 0; r < s->rules.n; r++) {
        int32_t word = answer_token(s, &s->answers[e->answers + r], p->word_of[row]);
        p->logp[(size_t)row * s->rules.n + r] =
            single ? -log1p(exp(word ? -(double)z[0] : (double)z[0])) : (double)z[word] - sum;
    }
}

/* What the words cost at which the answers that share a sequence's beginning leave it. */
static void keep_forks(struct pass *p, int leader, int row, const real *outputs) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[p->sequence[leader].example];
    for (int k = leader + 1; k < p->packed.sequences && p->sequence[k].leader == leader; k++) {
        int common = p->sequence[k].common;
        const struct answer *a = &s->answers[e->answers + (size_t)p->sequence[k].rule];
        if (row == row_of(p, leader, common))
            p->sequence[k].fork_loss = op_row_loss(LOSS_CROSS_ENTROPY, s->outputs, outputs,
                                                   answer_token(s, a, common), NULL);
    }
}

static void visit(void *context, int worker, int rows, const int *row, const real *outputs) {
    (void)worker;
    struct pass *p = context;
    const struct score_set *s = p->set;
    int n = s->outputs;
    for (int i = 0; i < rows; i++, outputs += n) {
        if (p->value) {
            const real *y = p->value + (size_t)row[i] * (size_t)n;
            p->loss[row[i]] = op_row_loss(s->loss, n, outputs, -1, y);
            p->top[row[i]] = value_is_right(s->values, (size_t)n, outputs, y);
            continue;
        }
        /* One output tells two classes apart by its sign (op_loss.h). */
        p->top[row[i]] = p->whole && n == 1 ? outputs[0] > 0 : score_largest(n, outputs);
        p->loss[row[i]] = op_row_loss(p->whole ? s->loss : LOSS_CROSS_ENTROPY, n, outputs,
                                      p->target[row[i]], NULL);
        int sequence = p->sequence_of[row[i]];
        if (p->at_once)
            keep_logp(p, sequence, row[i], outputs);
        if (!s->rules.n || p->sequence[sequence].rule != 0)
            continue;
        if (row[i] == parting_row(p, sequence))
            p->chosen[sequence] = choose(p, sequence, outputs);
        keep_forks(p, sequence, row[i], outputs);
    }
}

static void reserve(struct pass *p, size_t rows) {
    p->wanted = mem_grow(p->wanted, &p->cap_wanted, rows, sizeof *p->wanted);
    p->sequence_of = mem_grow(p->sequence_of, &p->cap_sequence_of, rows, sizeof *p->sequence_of);
    p->loss = mem_grow(p->loss, &p->cap_loss, rows, sizeof *p->loss);
    p->top = mem_grow(p->top, &p->cap_top, rows, sizeof *p->top);
    if (p->at_once) {
        p->word_of = mem_grow(p->word_of, &p->cap_word_of, rows, sizeof *p->word_of);
        p->logp = mem_grow(p->logp, &p->cap_logp, rows * p->set->rules.n, sizeof *p->logp);
    }
}

/* A sequence to be run: an example with a rule's answer; or (common >= 0) only what follows the
 * words that this has in common with the first rule's answer, which comes before it. */
struct job {
    size_t example;
    int rule, common;
};

static struct answer *answer_of(const struct score_set *s, const struct job *job) {
    return &s->answers[s->examples[job->example].answers + (size_t)job->rule];
}

static size_t begin_sequence(struct pass *p, const struct job *job, int leader) {
    size_t n = (size_t)p->packed.sequences + 1, begin = p->packed.input.n;
    p->sequence = mem_grow(p->sequence, &p->cap_sequence, n, sizeof *p->sequence);
    p->shared = mem_grow(p->shared, &p->cap_shared, n, sizeof *p->shared);
    p->chosen = mem_grow(p->chosen, &p->cap_chosen, n, sizeof *p->chosen);
    p->sequence[n - 1].example = job->example;
    p->sequence[n - 1].rule = job->rule;
    p->sequence[n - 1].leader = leader;
    p->sequence[n - 1].common = job->common;
    p->shared[n - 1] = 0;
    p->shares |= leader >= 0;
    return p->whole ? n - 1 : begin;
}

static void add_rest(struct pass *p, const struct job *job) {
    const struct score_set *s = p->set;
    const struct answer *a = answer_of(s, job);
    int sequence = p->packed.sequences, leader = sequence - 1;
    if (p->sequence[leader].leader >= 0)
        leader = p->sequence[leader].leader;
    size_t begin = begin_sequence(p, job, leader);
    p->shared[sequence] = row_of(p, leader, job->common) - begin_of(p, leader) + 1;
    int32_t input[64], target[64]; /* at a time */
    size_t length = (size_t)(a->length - job->common) - !s->layout.eos;
    int32_t *x = length > 64 ? mem_alloc(2 * length, sizeof *x) : input,
            *y = length > 64 ? x + length : target;
    for (size_t k = 0; k < length; k++) {
        x[k] = answer_token(s, a, job->common + (int)k);
        y[k] = answer_token(s, a, job->common + (int)k + 1);
    }
    packed_add_rows(&p->packed, x, y, length);
    if (length > 64)
        free(x);
    reserve(p, begin + length);
    for (size_t row = begin; row < begin + length; row++) {
        p->wanted[row] = true;
        p->sequence_of[row] = sequence;
    }
}

/* Append an example with a rule's answer. Of the first rule's all that is counted is wanted, for
 * the loss (unless answers alone are asked for); of another's the answer. */
static void add_sequence(struct pass *p, const struct job *job) {
    size_t index = job->example;
    int rule = job->rule;
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[index];
    const struct answer none = {0}, *a = s->layout.objective == OBJECTIVE_MASKED ? &e->target
                                         : s->rules.n ? &s->answers[e->answers + (size_t)rule]
                                                      : &none;
    int sequence = p->packed.sequences;
    size_t begin = begin_sequence(p, job, -1);
    struct layout_example x;
    if (p->whole) {
        x = row_example(&s->format, &s->base, e->source);
        x.label = s->rules.n ? s->tokens.items[a->begin] : -1;
    } else {
        static const int32_t nothing[1];
        const int32_t *words = s->tokens.items ? s->tokens.items : nothing;
        x = (struct layout_example){.source = words + e->source,
                                    .n_source = (size_t)e->source_length,
                                    .target = words + a->begin,
                                    .n_target = (size_t)a->length};
    }
    packed_add(&p->packed, &s->layout, &x, index,
               s->format.n_features > 0 ? (size_t)s->format.n_features : 0,
               s->format.n_values > 0 ? (size_t)s->format.n_values : 0);
    size_t end = p->whole ? begin + 1 : p->packed.input.n;
    reserve(p, end);
    bool all = rule == 0 && !(s->answers_only && s->rules.n);
    size_t answer = all ? begin : (size_t)row_of(p, sequence, 0);
    int word = 0;
    for (size_t row = begin; row < end; row++) {
        p->wanted[row] = row >= answer && (p->whole || p->packed.target.items[row] >= 0);
        p->sequence_of[row] = sequence;
        if (p->at_once) {
            p->word_of[row] = word;
            word += p->wanted[row];
        }
    }
}

/* Add the losses at the words of the source to those of their places. */
static void add_positions(struct pass *p, int sequence, const struct example *e) {
    struct score_set *s = p->set;
    int first = s->layout.bos ? 0 : 1; /* the word that the first row predicts */
    int begin = begin_of(p, sequence);
    for (int k = first; k < e->source_length; k++) {
        s->positions[k].loss += p->loss[begin + k - first];
        s->positions[k].n++;
    }
}

/* A rule's answer among what one pass predicts at once. */
static void read_answer(const struct pass *p, int sequence, int end, size_t rule,
                        struct cell *cell) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[p->sequence[sequence].example];
    cell->exact = true;
    cell->logp = 0;
    for (int row = begin_of(p, sequence); row < end; row++) {
        if (!p->wanted[row])
            continue;
        int32_t word = answer_token(s, &s->answers[e->answers + rule], p->word_of[row]);
        cell->exact &= p->top[row] == word;
        cell->logp += p->logp[(size_t)row * s->rules.n + rule];
    }
}

/* Of an answer whose beginning is in another sequence: what that part says of it. */
static void read_shared(const struct pass *p, int sequence, bool *exact, double *logp) {
    const struct score_set *s = p->set;
    int leader = p->sequence[sequence].leader, common = p->sequence[sequence].common;
    const struct example *e = &s->examples[p->sequence[sequence].example];
    const struct answer *a = &s->answers[e->answers + (size_t)p->sequence[sequence].rule];
    for (int k = 0; k < common; k++) {
        int row = row_of(p, leader, k);
        *exact &= p->top[row] == p->target[row];
        *logp -= p->loss[row];
    }
    *exact &= p->top[row_of(p, leader, common)] == answer_token(s, a, common);
    *logp -= p->sequence[sequence].fork_loss;
}

/* Read the results of one sequence into the cells of the rules that share its answer. */
static void collect(struct pass *p, int sequence) {
    struct score_set *s = p->set;
    size_t index = p->sequence[sequence].example;
    int rule = p->sequence[sequence].rule;
    const struct example *e = &s->examples[index];
    struct verdict *v = &s->verdicts[index];
    int begin = begin_of(p, sequence),
        end = p->whole ? begin + 1 : p->packed.offset.items[sequence + 1];
    if (rule == 0) {
        score_clear_verdict(v);
        v->chosen = true;
        v->top = s->rules.n ? p->top[parting_row(p, sequence)] : -1;
        for (int row = begin; row < end; row++) {
            if (!p->wanted[row])
                continue;
            v->loss += p->loss[row];
            v->counted++;
            v->right += p->value ? p->top[row] != 0 : p->top[row] == p->target[row];
        }
        if (s->layout.objective == OBJECTIVE_ALL && !(s->answers_only && s->rules.n))
            add_positions(p, sequence, e);
    }
    if (!s->rules.n)
        return;
    int place = e->part > 0 ? e->part : 0;
    bool exact = true;
    double logp = 0;
    bool shares = p->sequence[sequence].leader >= 0;
    if (shares)
        read_shared(p, sequence, &exact, &logp);
    for (int row = shares ? begin : row_of(p, sequence, 0); !p->at_once && row < end; row++) {
        exact &= p->top[row] == p->target[row];
        logp -= p->loss[row];
    }
    if (!p->at_once)
        v->exact_none &= !exact;
    for (size_t r = 0; r < s->rules.n; r++) {
        const struct answer *a = &s->answers[e->answers + r];
        struct cell *cell = &s->cells[index * s->rules.n + r];
        if (p->at_once) {
            read_answer(p, sequence, end, r, cell);
            v->exact_none &= !cell->exact;
        } else if (a->same_as == rule) {
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

static void run_pass(struct pass *p, score_forward *forward, void *predictor, struct pool *pool) {
    if (!p->packed.sequences)
        return;
    struct batch batch;
    packed_batch(&p->packed, &batch);
    batch.wanted = p->whole ? NULL : p->wanted;
    batch.shared = p->shares ? p->shared : NULL;
    p->target = p->whole ? batch.label : batch.target;
    p->value = batch.value;
    forward(predictor, pool, &batch, visit, p);
    for (int i = 0; i < p->packed.sequences; i++)
        collect(p, i);
    packed_clear(&p->packed);
    p->shares = false;
}

/* How many words the answers of rule r and the first have in common, if the rest of it can go
 * without them: something must follow in both. -1: it cannot. */
static int common_words(const struct score_set *s, const struct example *e, size_t r) {
    const struct answer *a = &s->answers[e->answers + r], *first = &s->answers[e->answers];
    int k = 0;
    while (k < a->length && k < first->length && answer_token(s, a, k) == answer_token(s, first, k))
        k++;
    bool goes_on = a->length - k - !s->layout.eos > 0, parts = s->layout.eos || k < first->length;
    return goes_on && parts ? k : -1;
}

static void add_job(struct job **jobs, size_t *n, size_t *cap, struct job job) {
    *jobs = mem_grow(*jobs, cap, *n + 1, sizeof **jobs);
    (*jobs)[(*n)++] = job;
}

/* Of each example the first rule's, behind it those that share its beginning, then the others. */
static struct job *list_jobs(const struct score_set *s, bool at_once, bool shares, size_t *n) {
    struct job *jobs = NULL;
    size_t cap = 0;
    *n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct example *e = &s->examples[i];
        add_job(&jobs, n, &cap, (struct job){i, 0, -1});
        for (int follows = shares; follows >= 0; follows--)
            for (size_t r = 1; r < s->rules.n && !at_once; r++) {
                int common = shares ? common_words(s, e, r) : -1;
                if (s->answers[e->answers + r].same_as == (int)r && (common >= 0) == follows)
                    add_job(&jobs, n, &cap, (struct job){i, (int)r, common});
            }
    }
    return jobs;
}

/* Rows of a job: of ROWS_INPUT, and of ROWS_MEMORY. */
static size_t rows_of(const struct pass *p, const struct job *job, size_t *memory) {
    const struct score_set *s = p->set;
    const struct example *e = &s->examples[job->example];
    *memory = 0;
    if (job->common >= 0)
        return (size_t)(answer_of(s, job)->length - job->common) - !s->layout.eos;
    if (p->whole)
        return s->format.n_tokens > 0 ? (size_t)s->format.n_tokens : (size_t)e->source_length + 2;
    size_t n = s->layout.objective == OBJECTIVE_MASKED ? (size_t)e->target.length
               : s->rules.n                            ? (size_t)answer_of(s, job)->length
                                                       : 0;
    *memory = layout_memory_rows(&s->layout, (size_t)e->source_length);
    return layout_rows(&s->layout, (size_t)e->source_length, n);
}

/* Where the batch that begins with a job ends. Sequences stay with those they share with. */
static size_t batch_end(const struct pass *p, const struct job *jobs, size_t n, size_t from) {
    size_t end = from, rows = 0, memory;
    while (end < n && end - from < BATCH_SEQUENCES && rows <= BATCH_ROWS)
        rows += rows_of(p, &jobs[end++], &memory);
    size_t back = end;
    while (back > from && back < n && jobs[back].common >= 0)
        back--;
    if (back > from)
        return back;
    while (end < n && jobs[end].common >= 0)
        end++;
    return end;
}

/* The room for all batches at once, so that it is not made anew as they grow. */
static struct graph_room room_of(const struct pass *p, const struct job *jobs, size_t n,
                                 const struct pool *pool) {
    size_t most = 0, most_memory = 0, longest = 0, longest_memory = 0, family = 0, sequences = 0;
    for (size_t from = 0, end; from < n; from = end) {
        size_t rows = 0, of_memory = 0, memory, kin = 0, first = 0;
        end = batch_end(p, jobs, n, from);
        for (size_t k = from; k < end; k++) {
            size_t own = rows_of(p, &jobs[k], &memory);
            bool shares = jobs[k].common >= 0;
            first = shares ? first : own;
            kin = shares ? kin + own : own;
            family = shares && kin > family ? kin : family;
            size_t length = shares ? first + own : own; /* at most */
            longest = length > longest ? length : longest;
            longest_memory = memory > longest_memory ? memory : longest_memory;
            rows += own;
            of_memory += memory;
        }
        most = rows > most ? rows : most;
        most_memory = of_memory > most_memory ? of_memory : most_memory;
        sequences = end - from > sequences ? end - from : sequences;
    }
    return (struct graph_room){.passing = {[ROWS_INPUT] = (int)most,
                                           [ROWS_MEMORY] = (int)most_memory,
                                           [ROWS_EXAMPLE] = (int)sequences},
                               .longest = (int)longest,
                               .longest_memory = (int)longest_memory,
                               .family = (int)family,
                               .workers = pool ? pool_workers(pool) : 1};
}

static struct pass begin_pass(const struct score_set *s) {
    return (struct pass){.set = (struct score_set *)(uintptr_t)s,
                         .whole = layout_is_whole(&s->layout),
                         .at_once = s->layout.objective == OBJECTIVE_CLASS || s->cloze.n > 0};
}

static bool can_share(const struct score_set *s, const struct graph *graph) {
    return graph && graph_can_share(graph) && s->layout.shape == SHAPE_DECODER &&
           layout_has_words(&s->layout) && !s->layout.bidirectional_prefix &&
           !s->format.same_length && s->rules.n <= BATCH_SEQUENCES;
}

struct graph_room score_room(const struct score_set *s, const struct model *model,
                             const struct pool *pool) {
    struct pass p = begin_pass(s);
    size_t n;
    struct job *jobs = list_jobs(s, p.at_once, can_share(s, model->graph), &n);
    struct graph_room room = room_of(&p, jobs, n, pool);
    free(jobs);
    return room;
}

/* `graph` to make room in, or NULL. */
static void run_jobs(struct score_set *s, score_forward *forward, void *predictor,
                     struct pool *pool, struct graph *graph) {
    struct pass p = begin_pass(s);
    bool shares = can_share(s, graph);
    for (size_t i = 0; i < s->n_positions; i++)
        s->positions[i].loss = 0, s->positions[i].n = 0;
    size_t n;
    struct job *jobs = list_jobs(s, p.at_once, shares, &n);
    if (graph && !p.whole) {
        struct graph_room room = room_of(&p, jobs, n, pool);
        graph_reserve(graph, &room);
    }
    for (size_t from = 0, end; from < n; from = end) {
        end = batch_end(&p, jobs, n, from);
        for (size_t k = from; k < end; k++)
            if (jobs[k].common >= 0)
                add_rest(&p, &jobs[k]);
            else
                add_sequence(&p, &jobs[k]);
        run_pass(&p, forward, predictor, pool);
    }
    free(jobs);
    packed_free(&p.packed);
    free(p.sequence);
    free(p.shared);
    free(p.chosen);
    free(p.wanted);
    free(p.sequence_of);
    free(p.loss);
    free(p.top);
    free(p.word_of);
    free(p.logp);
}

void score_run_by(struct score_set *s, score_forward *forward, void *predictor, struct pool *pool) {
    run_jobs(s, forward, predictor, pool, NULL);
}

void score_forward_model(void *model, struct pool *pool, const struct batch *batch,
                         score_visit *visit_rows, void *context) {
    model_predict(model, pool, batch, visit_rows, context);
}

void score_run(struct score_set *s, struct model *model, struct pool *pool) {
    run_jobs(s, score_forward_model, model, pool, model->graph);
}

static bool tells_accuracy(const struct score_set *s) {
    return s->layout.objective != OBJECTIVE_VALUE || s->values != VALUE_UNTOLD;
}

struct score_fit score_fit_of(const struct score_set *s, size_t example) {
    const struct verdict *v = &s->verdicts[example];
    return (struct score_fit){
        .examples = 1,
        .counted = v->counted,
        .loss = v->loss / v->counted,
        .accuracy = tells_accuracy(s) ? (double)v->right / v->counted : NAN,
    };
}

struct score_fit score_fit(const struct score_set *s, int tag) {
    struct score_fit fit = {0};
    double sum = 0, counted = 0;
    uint64_t right = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!score_has_tag(s, i, tag))
            continue;
        fit.examples++;
        sum += s->verdicts[i].loss;
        counted += s->verdicts[i].counted;
        right += s->verdicts[i].right;
    }
    fit.counted = (uint64_t)counted;
    fit.loss = sum / counted;
    fit.accuracy = tells_accuracy(s) ? (double)right / counted : NAN;
    return fit;
}

double score_loss(const struct score_set *s) {
    return score_fit(s, -1).loss;
}

const double *score_positions(const struct score_set *s, size_t *n) {
    *n = s->n_positions;
    for (size_t i = 0; i < s->n_positions; i++)
        s->position_means[i] = s->positions[i].loss / (double)s->positions[i].n;
    return s->position_means;
}

double score_excess_at(const struct score_set *s, size_t place) {
    const struct position *p = &s->positions[place];
    return p->loss / (double)p->n - p->optimal;
}

double score_excess(const struct score_set *s) {
    double sum = 0, n = 0;
    for (size_t i = 0; i < s->n_positions; i++) {
        const struct position *p = &s->positions[i];
        if (isnan(p->optimal))
            continue;
        sum += p->loss - (double)p->n * p->optimal;
        n += (double)p->n;
    }
    return sum / n;
}
