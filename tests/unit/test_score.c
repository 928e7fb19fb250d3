/* The scorer against sums made by hand, with a predictor that hashes what it may see. */
#include <math.h>

#include "lib/hash.h"
#include "lib/rng.h"
#include "nn/packed.h"
#include "nn/score.h"
#include "nn/transformer.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/feeding.h"

enum { MOST = 64 };

/* What the predictor makes of some tokens and a place. */
static void think(const int32_t *memory, int n_memory, const int32_t *input, int n_input, int n,
                  real *z) {
    struct hash_stream *h = hash_begin();
    hash_add(h, memory, (size_t)n_memory * sizeof *memory);
    hash_add(h, &n_memory, sizeof n_memory);
    hash_add(h, input, (size_t)n_input * sizeof *input);
    struct rng r = rng_at(hash_end(h), RNG_EVAL, 0);
    for (int i = 0; i < n; i++)
        z[i] = (real)rng_normal(&r);
}

struct predictor {
    const struct layout *layout;
    int n;
    int64_t rows; /* asked for */
};

static void predict(void *predictor, struct pool *pool, const struct batch *b, score_visit *visit,
                    void *context) {
    (void)pool;
    struct predictor *p = predictor;
    real z[MOST];
    static const int32_t none[1];
    for (int s = 0; s < b->sequences; s++) {
        int begin = b->offset[s], end = b->offset[s + 1];
        const int32_t *memory = b->memory_offset ? b->memory + b->memory_offset[s] : none;
        int n_memory = b->memory_offset ? b->memory_offset[s + 1] - b->memory_offset[s] : 0;
        if (layout_is_whole(p->layout)) {
            think(none, 0, b->input + begin, end - begin, p->n, z);
            visit(context, 0, 1, &s, z);
            p->rows++;
            continue;
        }
        for (int row = begin; row < end; row++) {
            if (b->wanted && !b->wanted[row])
                continue;
            if (p->layout->shape == SHAPE_ENCODER) { /* sees all, and where it stands */
                int32_t place = row - begin;
                think(&place, 1, b->input + begin, end - begin, p->n, z);
            } else {
                think(memory, n_memory, b->input + begin, row - begin + 1, p->n, z);
            }
            visit(context, 0, 1, &row, z);
            p->rows++;
        }
    }
}

static int top_of(const real *z, int n) {
    int top = 0;
    for (int i = 1; i < n; i++)
        top = z[i] > z[top] ? i : top;
    return top;
}

static double nll(const real *z, int n, int k) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp((double)z[i]);
    return log(sum) - (double)z[k];
}

static int words(const struct vocab *v, const char *text, int32_t *out) {
    int n = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        out[n++] = vocab_find(v, text, len);
        text += len;
    }
    return n;
}

static const char *const sources[] = {"a b", "b", "c a d", "d d", "a"},
                         *const firsts[] = {"c d", "a b c", "d", "a", "b b"},
                         *const seconds[] = {"c a", "a b d", "d", "b c d", "c"};
enum { EXAMPLES = 5 };

static void put_corpus(struct buf *b) {
    buf_puts(b, "##espalier 1\n##rules\tfirst second\n#source\ttarget\trule:second\ttags\n");
    for (int i = 0; i < EXAMPLES; i++)
        buf_printf(b, "%s\t%s\t%s\t%s\n", sources[i], firsts[i], seconds[i],
                   i % 2 ? "odd" : "even");
    buf_printf(b, "##end\tn=%d\n", EXAMPLES);
}

static void assert_near(double a, double b) {
    if (!(fabs(a - b) < 1e-5 * (1 + fabs(b))))
        fail_msg("%.9g is not %.9g", a, b);
}

/* One answer, word by word: the hits, and minus the log-probability. */
struct answer_sum {
    int n, right, top[MOST];
    double nll;
};

static struct answer_sum answer_of(const struct layout *l, const struct vocab *v,
                                   const char *source, const char *answer) {
    int32_t s[MOST], t[MOST], x[MOST], memory[MOST];
    int m = words(v, source, s), n = words(v, answer, t), n_memory = 0, k = 0;
    struct answer_sum a = {0};
    if (l->shape == SHAPE_ENCODER_DECODER) {
        for (; n_memory < m; n_memory++)
            memory[n_memory] = s[n_memory];
        if (l->eos)
            memory[n_memory++] = l->token_eos;
        m = 0;
    }
    if (l->bos)
        x[k++] = l->token_bos;
    for (int i = 0; i < m; i++)
        x[k++] = s[i];
    if (l->eos)
        t[n++] = l->token_eos;
    for (int i = 0; i < n; i++) {
        real z[MOST];
        think(memory, n_memory, x, k, (int)v->n, z);
        a.top[a.n++] = top_of(z, (int)v->n);
        a.right += a.top[i] == t[i];
        a.nll += nll(z, (int)v->n, t[i]);
        x[k++] = t[i];
    }
    return a;
}

/* The answer decoded word by word. */
static int decode(const struct layout *l, const struct vocab *v, const char *source, int most,
                  int32_t *out) {
    int32_t s[MOST], x[2 * MOST], memory[MOST];
    int m = words(v, source, s), n_memory = 0, k = 0, n = 0;
    if (l->shape == SHAPE_ENCODER_DECODER) {
        for (; n_memory < m; n_memory++)
            memory[n_memory] = s[n_memory];
        if (l->eos)
            memory[n_memory++] = l->token_eos;
        m = 0;
    }
    if (l->bos)
        x[k++] = l->token_bos;
    for (int i = 0; i < m; i++)
        x[k++] = s[i];
    while (n < most) {
        real z[MOST];
        think(memory, n_memory, x, k, (int)v->n, z);
        int top = top_of(z, (int)v->n);
        if (l->eos && top == l->token_eos)
            break;
        out[n++] = x[k++] = top;
    }
    return n;
}

/* Drafts change nothing: what is decoded is what word by word is; and taken for given answers, it
 * counts as the run did. */
static void assert_decoded(struct score_set *s, const struct layout *l, const struct vocab *v,
                           int max_length) {
    struct predictor p = {.layout = l, .n = (int)v->n};
    struct answer_list got = {0};
    assert_true(score_can_decode(s));
    score_decode_by(s, predict, &p, NULL, &got);
    assert_int_equal(got.n, EXAMPLES);
    for (int i = 0; i < EXAMPLES; i++) {
        int32_t a[MOST], b[MOST], expected[MOST];
        int n = words(v, firsts[i], a), m = words(v, seconds[i], b),
            source = words(v, sources[i], a);
        int most = 2 * (n > m ? n : m) + SCORE_DECODE_MORE;
        int before = (l->shape == SHAPE_ENCODER_DECODER ? 0 : source) + l->bos;
        most = !l->eos ? n : most > max_length - before ? max_length - before : most;
        int length = decode(l, v, sources[i], most, expected);
        struct score_words w = answer_list_get(&got, (size_t)i);
        assert_int_equal(w.n, length);
        assert_memory_equal(w.words, expected, (size_t)length * sizeof *expected);
    }
    struct score_summary run[2] = {score_summarise(s, 0, -1), score_summarise(s, 1, -1)};
    score_answers(s, &got);
    for (int r = 0; r < 2; r++) {
        struct score_summary given = score_summarise(s, r, -1);
        assert_int_equal(given.n, run[r].n);
        assert_int_equal(given.exact, run[r].exact);
        assert_true(isnan(given.logp));
    }
    answer_list_free(&got);
}

/* One example after the other adds up to all of them. */
static void assert_adds_up(const struct score_set *s) {
    struct score_fit fit = score_fit(s, -1);
    double loss = 0, right = 0, counted = 0;
    for (size_t i = 0; i < score_facts(s).examples; i++) {
        struct score_fit one = score_fit_of(s, i);
        assert_int_equal(one.examples, 1);
        counted += (double)one.counted;
        loss += one.loss * (double)one.counted;
        right += one.accuracy * (double)one.counted;
    }
    assert_near(counted, (double)fit.counted);
    assert_near(loss / counted, fit.loss);
    assert_near(right / counted, fit.accuracy);
    for (int rule = SCORE_NONE; rule < (int)score_rules(s); rule++) {
        struct score_summary all = score_summarise(s, rule, -1), sum = {0};
        for (uint32_t i = 0; i < score_facts(s).examples; i++) {
            struct score_summary one = score_summarise_some(s, rule, &i, 1);
            sum.n += one.n;
            sum.first += one.first;
            sum.choice += one.choice;
            sum.exact += one.exact;
            sum.logp += one.n ? one.logp : 0;
            assert_int_equal(one.has_choice, all.has_choice);
        }
        assert_int_equal(sum.n, all.n);
        assert_int_equal(sum.first, all.first);
        assert_int_equal(sum.choice, all.choice);
        assert_int_equal(sum.exact, all.exact);
        if (rule != SCORE_NONE && all.n)
            assert_near(sum.logp / (double)all.n, all.logp);
    }
}

static void words_are_scored_under_every_shape(void **state) {
    (void)state;
    const struct layout kinds[] = {
        {.shape = SHAPE_DECODER, .objective = OBJECTIVE_TARGET, .bos = true, .eos = true},
        {.shape = SHAPE_DECODER, .objective = OBJECTIVE_TARGET, .bos = false, .eos = true},
        {.shape = SHAPE_DECODER, .objective = OBJECTIVE_ALL, .bos = true, .eos = true},
        {.shape = SHAPE_ENCODER_DECODER, .objective = OBJECTIVE_TARGET, .bos = true, .eos = true},
        {.shape = SHAPE_DECODER,
         .objective = OBJECTIVE_TARGET,
         .bos = true,
         .eos = true,
         .bidirectional_prefix = true},
    };
    struct buf corpus = {0};
    put_corpus(&corpus);
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        struct vocab v = {0};
        struct err err = {0};
        struct layout l = kinds[kind];
        lexicon_start(&v, &l);
        vocab_add_text(&v, "a b c d");
        struct score_options options = {.layout = &l, .max_length = 20};
        scratch_put_text(corpus.data);
        struct score_set *s = score_open(scratch_file, &v, &options, &err);
        if (!s)
            fail_msg("%s", err.text);
        struct predictor p = {.layout = &l, .n = (int)v.n};
        score_run_by(s, predict, &p, NULL);
        assert_adds_up(s);
        double loss = 0, logp[2] = {0};
        int counted = 0, right = 0, parting = 0, exact[2] = {0}, first[2] = {0}, rows = 0;
        for (int i = 0; i < EXAMPLES; i++) {
            struct answer_sum a = answer_of(&l, &v, sources[i], firsts[i]),
                              b = answer_of(&l, &v, sources[i], seconds[i]);
            loss += a.nll;
            counted += a.n;
            right += a.right;
            rows += a.n;
            if (strcmp(firsts[i], seconds[i]) == 0)
                continue;
            rows += b.n;
            parting++;
            exact[0] += a.right == a.n;
            exact[1] += b.right == b.n;
            logp[0] -= a.nll;
            logp[1] -= b.nll;
            int32_t x[MOST], y[MOST];
            int n = words(&v, firsts[i], x), m = words(&v, seconds[i], y), k = 0;
            x[n] = y[m] = l.token_eos;
            while (x[k] == y[k])
                k++;
            first[0] += a.top[k] == x[k];
            first[1] += a.top[k] == y[k];
        }
        struct score_fit fit = score_fit(s, -1);
        assert_int_equal(fit.examples, EXAMPLES);
        if (l.objective == OBJECTIVE_TARGET) { /* nobody computes what nobody reads */
            assert_int_equal(fit.counted, counted);
            assert_near(fit.loss, loss / counted);
            assert_near(fit.accuracy, (double)right / counted);
            assert_int_equal(p.rows, rows);
        } else {
            assert_int_equal(fit.counted, counted + 9); /* and the words of the sources */
        }
        for (int r = 0; r < 2; r++) {
            struct score_summary sum = score_summarise(s, r, -1);
            assert_int_equal(sum.n, parting);
            assert_int_equal(sum.first, first[r]);
            assert_int_equal(sum.exact, exact[r]);
            assert_near(sum.logp, logp[r] / parting);
        }
        struct score_fit odd = score_fit(s, vocab_find(score_tags(s), "odd", 3)),
                         even = score_fit(s, vocab_find(score_tags(s), "even", 4));
        assert_int_equal(odd.examples, 2);
        assert_near(odd.loss * (double)odd.counted + even.loss * (double)even.counted,
                    fit.loss * (double)fit.counted);
        assert_decoded(s, &l, &v, 20);
        score_free(s);
        options.max_length = 8;
        s = score_open(scratch_file, &v, &options, &err);
        if (!s)
            fail_msg("%s", err.text);
        score_run_by(s, predict, &p, NULL);
        assert_decoded(s, &l, &v, 8);
        score_free(s);
        vocab_free(&v);
    }
    /* Without <eos> answers of one length. */
    struct vocab v = {0};
    struct err err = {0};
    struct layout l = {.shape = SHAPE_DECODER, .objective = OBJECTIVE_TARGET};
    lexicon_start(&v, &l);
    vocab_add_text(&v, "a b c d");
    scratch_put_text("a b\tc d a\nb\td d\nc\ta\n");
    struct score_set *s = score_open(scratch_file, &v, &(struct score_options){.layout = &l}, &err);
    if (!s)
        fail_msg("%s", err.text);
    struct predictor p = {.layout = &l, .n = (int)v.n};
    struct answer_list got = {0};
    score_decode_by(s, predict, &p, NULL, &got);
    static const char *const texts[] = {"a b", "b", "c"};
    for (int i = 0; i < 3; i++) {
        int32_t expected[MOST];
        assert_int_equal(decode(&l, &v, texts[i], 3 - i, expected), 3 - i);
        assert_int_equal(answer_list_get(&got, (size_t)i).n, 3 - i);
        assert_memory_equal(answer_list_get(&got, (size_t)i).words, expected,
                            (size_t)(3 - i) * sizeof *expected);
    }
    answer_list_free(&got);
    score_free(s);
    vocab_free(&v);
    buf_free(&corpus);
}

/* Four shares that make a whole, and the floors of chance, by hand. */
static void candidates_are_told_apart(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct layout l = layout_default();
    lexicon_start(&v, &l);
    struct score_options options = {
        .layout = &l, .new_words = true, .among = "p,q,r,s", .keep_columns = true};
    scratch_put_text("##espalier 1\n##rules\tone two\n#source\ttarget\trule:two\ttags\ttree\n"
                     "x p q\tp x\tq x\tt,u\t(A x)\n" /* p */
                     "x p q\tp x\tq x\tt\t(B x)\n"   /* q */
                     "x q p\tx p\tx q\tu\t(A x)\n"   /* x r: another candidate */
                     "x p q r\tp x\tq x\t\t(A x)\n"  /* z: none */
                     "x p q\tp x\tq x\t\t\n"         /* ended */
                     "x p q\tp x\tp x\t\t\n"         /* the rules agree */
                     "##end\tn=6\n");
    struct score_set *s = score_open(scratch_file, &v, &options, &err);
    if (!s)
        fail_msg("%s", err.text);
    static const char *const given[] = {"p x", "q", "y r", "z", "", "p x"};
    struct answer_list answers = {0};
    answer_list_start(&answers);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lexicon_encode_new(&v, given[i], &answers.words, &err), 0);
        answer_list_end_one(&answers);
    }
    score_answers(s, &answers);
    struct score_summary one = score_summarise(s, 0, -1), two = score_summarise(s, 1, -1),
                         none = score_summarise(s, SCORE_NONE, -1),
                         other = score_summarise(s, SCORE_OTHER, -1),
                         no_candidate = score_summarise(s, SCORE_NO_CANDIDATE, -1),
                         agreed = score_summarise(s, SCORE_AGREED, -1);
    assert_int_equal(one.n, 5);
    assert_int_equal(one.first, 1);
    assert_int_equal(one.exact, 1);
    assert_int_equal(two.first, 1);
    assert_int_equal(two.exact, 0);
    assert_int_equal(none.first, 3);
    assert_int_equal(none.exact, 4);
    assert_int_equal(other.first, 1);
    assert_int_equal(no_candidate.first, 2);
    assert_int_equal(agreed.n, 1);
    assert_int_equal(agreed.exact, 1);
    assert_false(one.has_choice); /* z is no candidate, and the fifth ended */
    assert_false(other.has_exact);
    assert_near(one.chance, 0.25);
    assert_near(none.chance, 0.5);
    assert_near(one.chance_present, (4 * 0.5 + 1. / 3) / 5);
    assert_near(none.chance_present, 1. / 3 / 5);
    assert_true(isnan(agreed.chance));
    static const uint32_t some[] = {0, 2};
    assert_int_equal(score_summarise_some(s, 0, some, 2).n, 2);
    assert_true(score_summarise_some(s, 0, some, 2).has_choice);
    assert_int_equal(score_summarise_some(s, 0, some, 2).choice, 1);
    assert_int_equal(score_first(s, 2), vocab_find(&v, "r", 1));
    assert_int_equal(score_first(s, 4), l.token_eos);
    assert_int_equal(score_parting(s, 2), 1);
    assert_string_equal(score_column(s, SCORE_TREE, 1), "(B x)");
    assert_null(score_column(s, SCORE_DEPTH, 1));
    assert_int_equal(score_source(s, 3).n, 4);
    assert_int_equal(score_answer(s, 1, 0).words[0], vocab_find(&v, "q", 1));
    assert_int_equal(score_among(s).n, 4);
    answer_list_free(&answers);
    score_free(s);
    vocab_free(&v);
}

static void forward_model(void *model, struct pool *pool, const struct batch *b, score_visit *visit,
                          void *context) {
    assert_null(b->shared);
    model_forward(model, pool, b, visit, context);
}

/* A model that can is run on the beginning that answers have in common once: the figures are those
 * of running it on each whole answer. */
static void shared_beginnings_change_nothing(void **state) {
    (void)state;
    struct buf corpus = {0};
    buf_puts(&corpus, "##espalier 1\n##rules\tone two three four\n"
                      "#source\ttarget\trule:two\trule:three\trule:four\n");
    struct rng r = rng_at(5, RNG_EVAL, 0);
    for (int i = 0; i < 150; i++) {
        for (int k = 0, n = 1 + (int)rng_below(&r, 6); k < n; k++)
            buf_printf(&corpus, "%s%c", k ? " " : "", 'a' + (int)rng_below(&r, 4));
        /* Answers that begin alike, end in one another, are one another, or are empty. */
        char one[32] = "", text[32];
        int n = (int)rng_below(&r, 6);
        for (int k = 0; k < n; k++) {
            one[2 * k] = (char)('a' + (int)rng_below(&r, 4));
            one[2 * k + 1] = ' ';
            one[2 * k + 2] = '\0';
        }
        buf_printf(&corpus, "\t%s", one);
        for (int rule = 1; rule < 4; rule++) {
            memcpy(text, one, sizeof text);
            text[2 * (int)rng_below(&r, (uint32_t)n + 1)] = '\0';
            buf_printf(&corpus, "\t%s%s", text, rng_below(&r, 3) ? "b c d a" : "");
        }
        buf_putc(&corpus, '\n');
    }
    buf_puts(&corpus, "##end\tn=150\n");
    struct pool *pool = pool_new(3);
    int shared = 0;
    for (int kind = 0; kind < 2 * (POSITIONS_NONE + 1); kind++) {
        struct vocab v = {0};
        struct err err = {0};
        struct layout l = layout_default();
        l.objective = kind % 2 ? OBJECTIVE_TARGET : OBJECTIVE_ALL;
        lexicon_start(&v, &l);
        vocab_add_text(&v, "a b c d");
        struct transformer_config config = {.vocabulary = (int)v.n,
                                            .dim = 12,
                                            .layers = 2,
                                            .heads = 2,
                                            .feedforward = 20,
                                            .max_length = 40,
                                            .positions = (enum positions)(kind / 2),
                                            .objective = l.objective};
        struct model *m = model_new(&transformer_architecture, &config, &err);
        if (!m)
            fail_msg("%s", err.text);
        model_init(m, (uint64_t)kind);
        for (size_t i = 0; i < params_count(m->params); i++)
            m->params->value[i] *= 2; /* so that it is sure of something */
        shared += graph_can_share(m->graph);
        assert_int_equal(graph_can_share(m->graph), kind / 2 == POSITIONS_SINUSOIDAL ||
                                                        kind / 2 == POSITIONS_LEARNED ||
                                                        kind / 2 == POSITIONS_NONE);
        scratch_put_text(corpus.data);
        struct score_options options = {.layout = &l, .max_length = 40};
        struct score_set *s = score_open(scratch_file, &v, &options, &err);
        if (!s)
            fail_msg("%s", err.text);
        score_run_by(s, forward_model, m, pool);
        struct score_summary whole[6];
        for (int rule = -2; rule < 4; rule++)
            whole[rule + 2] = score_summarise(s, rule, -1);
        struct score_fit fit = score_fit(s, -1);
        /* Also where the last block computes the wanted rows alone. */
        for (int narrow = 0; narrow < 2; narrow++) {
            bool shares = graph_can_share(m->graph);
            model_set_rows(m, narrow ? MODEL_ROWS_WANTED : MODEL_ROWS_ALL);
            assert_int_equal(graph_can_share(m->graph), shares);
            score_run(s, m, pool);
            for (int rule = -2; rule < 4; rule++) {
                struct score_summary got = score_summarise(s, rule, -1);
                assert_int_equal(got.n, whole[rule + 2].n);
                assert_int_equal(got.first, whole[rule + 2].first);
                assert_int_equal(got.choice, whole[rule + 2].choice);
                assert_int_equal(got.exact, whole[rule + 2].exact);
                if (rule >= 0)
                    assert_near(got.logp, whole[rule + 2].logp);
            }
            assert_int_equal(score_fit(s, -1).counted, fit.counted);
            assert_near(score_fit(s, -1).loss, fit.loss);
        }
        score_free(s);
        model_free(m);
        vocab_free(&v);
    }
    assert_int_equal(shared, 6);
    pool_free(pool);
    buf_free(&corpus);
}

static void classes_are_scored_once_for_all_rules(void **state) {
    (void)state;
    struct buf corpus = {0};
    put_corpus(&corpus);
    struct vocab v = {0}, classes = {0};
    struct err err = {0};
    struct layout l = layout_default();
    l.shape = SHAPE_ENCODER;
    l.objective = OBJECTIVE_CLASS;
    lexicon_start(&v, &l);
    vocab_add_text(&v, "a b c d");
    vocab_add_text(&classes, "d c b a");
    static const enum loss losses[] = {LOSS_CROSS_ENTROPY, LOSS_MSE, LOSS_HINGE};
    for (int trial = 0; trial < 3; trial++) {
        enum loss kind = losses[trial];
        struct score_options options = {.layout = &l, .classes = &classes, .loss = kind};
        scratch_put_text(corpus.data);
        struct score_set *s = score_open(scratch_file, &v, &options, &err);
        if (!s)
            fail_msg("%s", err.text);
        struct predictor p = {.layout = &l, .n = 4};
        score_run_by(s, predict, &p, NULL);
        assert_adds_up(s);
        assert_int_equal(p.rows, EXAMPLES);
        double loss = 0, logp = 0;
        int right = 0, follows[2] = {0}, none = 0, n = 0;
        for (int i = 0; i < EXAMPLES; i++) {
            int32_t x[MOST] = {l.token_bos};
            int m = words(&v, sources[i], x + 1);
            x[m + 1] = l.token_eos;
            real z[4];
            think(NULL, 0, x, m + 2, 4, z);
            int a = 'd' - firsts[i][0], b = 'd' - seconds[i][0], top = top_of(z, 4);
            if (kind == LOSS_CROSS_ENTROPY)
                loss += nll(z, 4, a);
            for (int k = 0; k < 4 && kind != LOSS_CROSS_ENTROPY; k++) {
                double y = k == a, h = 1 - (k == a ? 1 : -1) * (double)z[k];
                loss += (kind == LOSS_MSE ? pow((double)z[k] - y, 2) : h > 0 ? h : 0) / 4;
            }
            right += top == a;
            if (a == b)
                continue;
            n++;
            follows[0] += top == a;
            follows[1] += top == b;
            none += top != a && top != b;
            logp -= nll(z, 4, b);
        }
        struct score_fit fit = score_fit(s, -1);
        assert_near(fit.loss, loss / EXAMPLES);
        assert_near(fit.accuracy, (double)right / EXAMPLES);
        for (int r = 0; r < 2; r++) {
            assert_int_equal(score_summarise(s, r, -1).n, n);
            assert_int_equal(score_summarise(s, r, -1).first, follows[r]);
            assert_int_equal(score_summarise(s, r, -1).exact, follows[r]);
        }
        assert_int_equal(score_summarise(s, SCORE_NONE, -1).first, none);
        assert_int_equal(score_summarise(s, SCORE_NONE, -1).exact, none);
        assert_near(score_summarise(s, 1, -1).logp, logp / n);
        score_free(s);
    }
    vocab_free(&v);
    vocab_free(&classes);
    buf_free(&corpus);
}

static void a_cloze_is_scored_at_its_masked_words(void **state) {
    (void)state;
    struct vocab v = {0};
    struct err err = {0};
    struct layout l = layout_default();
    l.shape = SHAPE_ENCODER;
    l.objective = OBJECTIVE_MASKED;
    lexicon_start(&v, &l);
    vocab_add_text(&v, "a b c _");
    struct score_options options = {.layout = &l, .mask_words = "c,_"};
    const char *head = "##espalier 1\n##rules\tone two\n#source\ttarget\trule:two\n";
    struct buf text = {0};
    int first[2] = {0}, exact[2] = {0}, n = 0;
    double loss = 0, logp = 0;
    buf_puts(&text, head);
    for (int i = 0; i < 40; i++) {
        struct buf source = {0};
        for (int k = 0; k < 6; k++)
            buf_printf(&source, "%s%s", k ? " " : "", (i >> k) & 1 ? "a" : "b");
        buf_printf(&text, "%s\tc a _\t%s a %s\n", source.data, i % 4 ? "_" : "c",
                   i % 4 ? "c" : "_");
        int32_t x[MOST] = {l.token_bos};
        int m = 1 + words(&v, source.data, x + 1);
        const int32_t rest[] = {l.token_mask, vocab_find(&v, "a", 1), l.token_mask, l.token_eos};
        memcpy(x + m, rest, sizeof rest);
        real z[2][MOST];
        int c = vocab_find(&v, "c", 1), gap = vocab_find(&v, "_", 1), top[2];
        for (int k = 0; k < 2; k++) {
            int32_t place = m + 2 * k;
            think(&place, 1, x, m + 4, (int)v.n, z[k]);
            top[k] = top_of(z[k], (int)v.n);
        }
        loss += nll(z[0], (int)v.n, c) + nll(z[1], (int)v.n, gap);
        buf_free(&source);
        if (i % 4 == 0)
            continue;
        n++;
        first[0] += top[0] == c;
        first[1] += top[0] == gap;
        exact[0] += top[0] == c && top[1] == gap;
        exact[1] += top[0] == gap && top[1] == c;
        logp -= nll(z[0], (int)v.n, gap) + nll(z[1], (int)v.n, c);
    }
    buf_puts(&text, "##end\tn=40\n");
    scratch_put_text(text.data);
    struct corpus_digest digest, whole;
    options.digest = &digest;
    struct score_set *s = score_open(scratch_file, &v, &options, &err);
    if (!s)
        fail_msg("%s", err.text);
    struct predictor p = {.layout = &l, .n = (int)v.n};
    score_run_by(s, predict, &p, NULL);
    assert_adds_up(s);
    assert_int_equal(p.rows, 80);
    assert_int_equal(corpus_hash(scratch_file, &whole, &err), 0);
    assert_true(digest.hash == whole.hash && digest.examples == 40);
    /* A limit is on what is scored: the rest still tells the corpus. */
    digest.hash = 0;
    options.limit = 7;
    struct score_set *few = score_open(scratch_file, &v, &options, &err);
    assert_non_null(few);
    assert_int_equal(score_examples(few), 7);
    assert_true(digest.hash == whole.hash && digest.examples == 40);
    score_free(few);
    options.limit = 0;
    assert_near(score_loss(s), loss / 80);
    for (int r = 0; r < 2; r++) {
        assert_int_equal(score_summarise(s, r, -1).n, n);
        assert_int_equal(score_summarise(s, r, -1).first, first[r]);
        assert_int_equal(score_summarise(s, r, -1).exact, exact[r]);
    }
    assert_near(score_summarise(s, 1, -1).logp, logp / n);
    score_free(s);
    buf_clear(&text);
    buf_printf(&text, "%sa\tc a _\tc b _\n##end\tn=1\n", head);
    scratch_put_text(text.data);
    assert_null(score_open(scratch_file, &v, &options, &err));
    assert_error(&err, STATUS_DATA, scratch_file, "line 4: the answers of rules 'one' and 'two'");
    vocab_free(&v);
    buf_free(&text);
}

static void random_masks_are_those_of_training(void **state) {
    (void)state;
    const char *text = "a b c d\td c\nb b b\ta\nc\td\n";
    struct vocab v = {0};
    struct err err = {0};
    struct feed_request q = feeding_request(0);
    q.by = BATCH_ALL;
    q.layout.shape = SHAPE_ENCODER;
    q.layout.objective = OBJECTIVE_MASKED;
    q.layout.masking.seed = 5;
    struct feed *f = feeding_open(text, &q, &v, &err);
    assert_non_null(f);
    struct batch b;
    assert_int_equal(feed_batch(f, 1, &b, &err), 0);
    double loss = 0;
    int counted = 0, right = 0;
    for (int i = 0; i < b.sequences; i++)
        for (int row = b.offset[i]; row < b.offset[i + 1]; row++) {
            real z[MOST];
            int32_t place = row - b.offset[i];
            if (b.target[row] < 0)
                continue;
            think(&place, 1, b.input + b.offset[i], b.offset[i + 1] - b.offset[i], (int)v.n, z);
            loss += nll(z, (int)v.n, b.target[row]);
            right += top_of(z, (int)v.n) == b.target[row];
            counted++;
        }
    struct score_options options = {.layout = feed_layout(f)};
    struct score_set *s = score_open(scratch_file, &v, &options, &err);
    assert_non_null(s);
    assert_int_equal(score_rules(s), 0);
    struct predictor p = {.layout = feed_layout(f), .n = (int)v.n};
    score_run_by(s, predict, &p, NULL);
    assert_adds_up(s);
    assert_int_equal(p.rows, counted);
    assert_int_equal(score_fit(s, -1).counted, counted);
    assert_near(score_fit(s, -1).loss, loss / counted);
    assert_near(score_fit(s, -1).accuracy, (double)right / counted);
    score_free(s);
    feed_free(f);
    vocab_free(&v);
}

/* Gives an example's features back. */
static void echo(void *predictor, struct pool *pool, const struct batch *b, score_visit *visit,
                 void *context) {
    (void)pool;
    int n = *(int *)predictor;
    for (int s = 0; s < b->sequences; s++)
        visit(context, 0, 1, &s, b->feature + (size_t)s * (size_t)n);
}

static void values_have_errors_and_signs(void **state) {
    (void)state;
    const struct {
        const char *rows;
        int n;
        enum loss kind;
        double loss, accuracy;
    } cases[] = {
        {"2\t1\n-1\t-1\n0\t1\n-3\t1\n", 1, LOSS_MSE, (1 + 0 + 1 + 16) / 4.0, 0.5},
        {"2\t1\n-1\t-1\n0\t1\n-3\t1\n", 1, LOSS_HINGE, (0 + 0 + 1 + 4) / 4.0, 0.5},
        {"0.4\t0\n0.6\t0\n0.6\t1\n0.5\t1\n", 1, LOSS_MSE, (.16 + .36 + .16 + .25) / 4, 0.5},
        {"1 2 3\t0 0 1\n2 2 0\t0 1 0\n", 3, LOSS_MSE, (9.0 / 3 + 5.0 / 3) / 2, 0.5},
        {"1 2\t0 3\n", 2, LOSS_MSE, 1, NAN},
        {"1\t2\n", 1, LOSS_MSE, 1, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0};
        struct err err = {0};
        struct layout l = layout_default();
        l.objective = OBJECTIVE_VALUE;
        l.bos = l.eos = false;
        struct columns columns = {.features = "f", .values = "y"};
        int n = cases[i].n;
        struct score_options options = {
            .layout = &l, .columns = &columns, .features = n, .outputs = n, .loss = cases[i].kind};
        struct buf text = {0};
        buf_printf(&text, "##espalier 1\n#f\ty\n%s", cases[i].rows);
        scratch_put_text(text.data);
        struct score_set *s = score_open(scratch_file, &v, &options, &err);
        if (!s)
            fail_msg("%s", err.text);
        score_run_by(s, echo, &n, NULL);
        assert_near(score_fit(s, -1).loss, cases[i].loss);
        if (isnan(cases[i].accuracy))
            assert_true(isnan(score_fit(s, -1).accuracy));
        else
            assert_near(score_fit(s, -1).accuracy, cases[i].accuracy);
        score_free(s);
        options.features = n + 1;
        assert_null(score_open(scratch_file, &v, &options, &err));
        assert_error(&err, STATUS_DATA, scratch_file, "features where there must be");
        buf_free(&text);
        vocab_free(&v);
    }
}

/* Everything is as likely. */
static void shrug(void *predictor, struct pool *pool, const struct batch *b, score_visit *visit,
                  void *context) {
    (void)pool;
    real z[MOST] = {0};
    (void)predictor;
    for (int row = 0; row < b->tokens; row++)
        visit(context, 0, 1, &row, z);
}

static void losses_are_held_against_the_optimum(void **state) {
    (void)state;
    for (int marks = 0; marks < 2; marks++) {
        struct vocab v = {0};
        struct err err = {0};
        struct layout l = layout_default();
        l.bos = l.eos = marks;
        lexicon_start(&v, &l);
        vocab_add_text(&v, "0 1");
        struct score_options options = {.layout = &l};
        scratch_put_text("##espalier 1\n##optimal_loss\texact from=0 to=1\t0.5 0.25\n"
                         "##optimal_loss\tbounds from=2 to=2\t0.125\n#source\n0 1 1\n0 0 1 0 1\n"
                         "##end\tn=2\n");
        struct score_set *s = score_open(scratch_file, &v, &options, &err);
        assert_non_null(s);
        score_run_by(s, shrug, NULL, NULL);
        double nats = log((double)v.n);
        size_t n;
        const double *at = score_positions(s, &n);
        assert_int_equal(n, 5);
        for (size_t k = marks ? 0 : 1; k < n; k++)
            assert_near(at[k], nats);
        assert_int_equal(isnan(at[0]), !marks); /* read, never predicted */
        assert_near(score_excess(s), nats - (marks ? 0.875 / 3 : 0.375 / 2));
        score_run_by(s, shrug, NULL, NULL);
        assert_near(score_excess(s), nats - (marks ? 0.875 / 3 : 0.375 / 2));
        score_free(s);
        scratch_put_text("0 1\n");
        s = score_open(scratch_file, &v, &options, &err);
        score_run_by(s, shrug, NULL, NULL);
        assert_true(isnan(score_excess(s)));
        score_free(s);
        vocab_free(&v);
    }
}

static void corpora_of_other_tasks_are_refused(void **state) {
    (void)state;
    const struct {
        const char *text, *message;
        enum shape shape;
        enum objective objective;
        bool bos, eos;
        int max_length, tokens;
    } cases[] = {
        {"a b\n", "another task: has no column 'target'", SHAPE_DECODER, OBJECTIVE_TARGET, 1, 1, 0,
         0},
        {"a b\n", "has no column 'target'", SHAPE_ENCODER, OBJECTIVE_CLASS, 1, 1, 0, 0},
        {"a\tb\n", "line 1: answer of rule 'target': 'b' is none of the model's 1 classes",
         SHAPE_ENCODER, OBJECTIVE_CLASS, 1, 1, 0, 0},
        {"a\tx\n", "line 1: answer of rule 'target': word 'x' is not in", SHAPE_DECODER,
         OBJECTIVE_ALL, 1, 1, 0, 0},
        {"a b\ta b\n", "line 1: a sequence of 5 tokens; the model reads at most 4", SHAPE_DECODER,
         OBJECTIVE_ALL, 1, 1, 4, 0},
        {"a\tb\na b\tb\n", "line 2: 4 tokens where the model reads 3", SHAPE_DECODER,
         OBJECTIVE_TARGET, 1, 1, 0, 3},
        {"\tb\n", "line 1: there is no token to predict", SHAPE_DECODER, OBJECTIVE_TARGET, 0, 0, 0,
         0},
        {"\tb\n", "the first word of the answer is not predicted", SHAPE_DECODER, OBJECTIVE_ALL, 0,
         1, 0, 0},
        {"##espalier 1\n#source\ttarget\trule:r\na\ta\ta b\n", "line 3: one rule's answer begins",
         SHAPE_DECODER, OBJECTIVE_ALL, 1, 0, 0, 0},
        {"a\n", "column 'target'", SHAPE_DECODER, OBJECTIVE_VALUE, 1, 1, 0, 0},
        {"a\tb\n", "'b' is not a finite number", SHAPE_DECODER, OBJECTIVE_VALUE, 1, 1, 0, 0},
        {"a\t1 2\n", "2 values where there must be 1", SHAPE_DECODER, OBJECTIVE_VALUE, 1, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab v = {0}, classes = {0};
        struct err err = {0};
        struct layout l = layout_default();
        l.shape = cases[i].shape;
        l.objective = cases[i].objective;
        l.bos = cases[i].bos;
        l.eos = cases[i].eos;
        lexicon_start(&v, &l);
        vocab_add_text(&v, "a b");
        vocab_add_text(&classes, "a");
        struct score_options options = {.layout = &l,
                                        .classes = &classes,
                                        .outputs = 1,
                                        .max_length = cases[i].max_length,
                                        .tokens = cases[i].tokens};
        scratch_put_text(cases[i].text);
        assert_null(score_open(scratch_file, &v, &options, &err));
        assert_error(&err, STATUS_DATA, scratch_file, cases[i].message);
        vocab_free(&v);
        vocab_free(&classes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_scored_under_every_shape),
        cmocka_unit_test(candidates_are_told_apart),
        cmocka_unit_test(shared_beginnings_change_nothing),
        cmocka_unit_test(classes_are_scored_once_for_all_rules),
        cmocka_unit_test(a_cloze_is_scored_at_its_masked_words),
        cmocka_unit_test(random_masks_are_those_of_training),
        cmocka_unit_test(values_have_errors_and_signs),
        cmocka_unit_test(losses_are_held_against_the_optimum),
        cmocka_unit_test(corpora_of_other_tasks_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
