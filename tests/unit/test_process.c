/* lib/process: .hmm files, right and wrong. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/assert_error.h"
#include "tests/unit/models.h"
#include "tests/unit/scratch.h"

#define assert_near(x, y, tolerance) assert_true(fabs((x) - (y)) <= (tolerance))

static struct process *read_with(const char *text, const char *set, const char *start,
                                 struct err *err) {
    scratch_put_text(text);
    *err = (struct err){0};
    return process_read(scratch_file, set ? &set : NULL, set != NULL, start, err);
}

static struct process *read_right(const char *text) {
    struct err err;
    struct process *p = read_with(text, NULL, NULL, &err);
    if (!p)
        fail_msg("%s: %s", text, err.text);
    return p;
}

static double probability(const struct process *p, const char *from, const char *to,
                          const char *symbol) {
    size_t i = (size_t)vocab_find(&p->states, from, strlen(from));
    for (size_t k = p->hmm.first[i]; k < p->hmm.first[i + 1]; k++)
        if (strcmp(p->states.words[p->hmm.edges[k].to], to) == 0 &&
            strcmp(p->symbols.words[p->hmm.edges[k].symbol], symbol) == 0)
            return p->hmm.edges[k].probability;
    return 0;
}

/* The parametrisation of Shai et al. 2024: T_A[0,0] = .765, T_A[0,1] = .00375. */
static void mess3(void **state) {
    (void)state;
    struct process *p = model_shipped("mess3", NULL, 0);
    static const char *const states[] = {"A", "B", "C"}, *const symbols[] = {"0", "1", "2"};
    assert_near(probability(p, "A", "A", "0"), 0.765, 1e-15);
    assert_near(probability(p, "A", "B", "0"), 0.00375, 1e-15);
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                assert_near(probability(p, states[i], states[j], symbols[s]),
                            (i == j ? 0.9 : 0.05) * (j == s ? 0.85 : 0.075), 1e-15);
    assert_int_equal(p->parameters.n, 4);
    process_free(p);
    struct process *q = model_shipped("mess3", (const char *[]){"x=.15", "a=3/5"}, 2);
    assert_near(probability(q, "A", "A", "0"), 0.7 * 0.6, 1e-15);
    assert_near(q->values[vocab_find(&q->parameters, "b", 1)], 0.2, 1e-15);
    process_free(q);
}

static void layout(void **state) {
    (void)state;
    struct process *p = read_right("# a comment\n"
                                   "\n"
                                   "p=1/4   # a parameter\n"
                                   "  states\tup down#2  =\r\n"
                                   "symbols a#b = # the end\n"
                                   "up -> down#2 a#b 1 - p # more\n"
                                   "up -> = = p\n"
                                   "= -> up a#b 1\n"
                                   "matrix =\n"
                                   "\n"
                                   "# between rows\n"
                                   "0 0 0\n"
                                   "  2*p  (1-p)/3  0.25 \n"
                                   "0\t0\t0");
    assert_int_equal(p->states.n, 3);
    assert_int_equal(p->symbols.n, 2);
    assert_near(probability(p, "up", "down#2", "a#b"), 0.75, 1e-15);
    assert_near(probability(p, "up", "=", "="), 0.25, 1e-15);
    assert_near(probability(p, "down#2", "up", "="), 0.5, 1e-15);
    assert_near(probability(p, "down#2", "down#2", "="), 0.25, 1e-15);
    process_free(p);
}

static void chain(void **state) {
    (void)state;
    struct process *p = read_right("symbols a b\nchain\n0.5 0.5\n1 0\n");
    assert_true(p->is_chain);
    assert_int_equal(p->hmm.n_states, 2);
    assert_near(p->hmm.start[0], 2.0 / 3, 1e-15);
    assert_near(probability(p, "b", "a", "a"), 1, 0);
    process_free(p);
    /* A start is that of the first symbol. */
    p = read_right("symbols a ^ b\nchain\n.5 0 .5\n1 0 0\n0 .5 .5\nstart b=1/4 a=.75\n");
    assert_int_equal(p->hmm.n_states, 4);
    assert_string_equal(p->states.words[3], "^^");
    assert_true(p->hmm.start[3] == 1);
    assert_near(probability(p, "^^", "b", "b"), 0.25, 1e-15);
    assert_near(probability(p, "^^", "a", "a"), 0.75, 1e-15);
    process_free(p);
}

static const char TWO[] = "states A B\nsymbols 0 1\nA -> A 0 1/2\nA -> B 1 1/2\nB -> A 1 1\n";

static void starts(void **state) {
    (void)state;
    struct err err;
    struct process *p = read_with(TWO, NULL, "B", &err);
    assert_true(p && p->hmm.start[1] == 1);
    process_free(p);
    p = read_with(TWO, NULL, "uniform", &err);
    assert_true(p && p->hmm.start[0] == 0.5);
    process_free(p);
    p = read_with(TWO, NULL, "A=1/3 B=2/3", &err);
    assert_near(p->hmm.start[0], 1.0 / 3, 1e-15);
    process_free(p);
    char text[200];
    snprintf(text, sizeof text, "%sstart B\n", TWO);
    p = read_with(text, NULL, NULL, &err);
    assert_true(p && p->hmm.start[1] == 1);
    process_free(p);
    p = read_with(text, NULL, "stationary", &err);
    assert_near(p->hmm.start[0], 2.0 / 3, 1e-15);
    process_free(p);
    /* With a start, classes that never meet are allowed. */
    p = read_right("states A B\nsymbols 0\nA -> A 0 1\nB -> B 0 1\nstart A=.5 B=.5\n");
    process_free(p);
}

static void wrong_files(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", ": has no line 'symbols'"},
        {"symbols a\n", ": has no line 'states'"},
        {"states A\n", ": has no line 'symbols'"},
        {"states A B\nsymbols 0\nA -> B 0 1\n",
         ": line 1: the probabilities of leaving state 'B' sum to 0, not 1"},
        {"states A\nsymbols 0\nA -> A 0 0.9\n",
         ": line 3: the probabilities of leaving state 'A' sum to 0.9, not 1"},
        {"states A\nsymbols 0 1\nA -> A 0 0.9\n\nA -> A 1 0.2\n", ": line 5: the probabilities"},
        {"states A\nsymbols 0\nA -> A 0 -1\n", ": line 3: the probability -1 is -1, less than 0"},
        {"states A\nsymbols 0\nA -> A 0 2\n", ": line 3: the probability 2 is 2, more than 1"},
        {"p = 3\nstates A\nsymbols 0\nA -> A 0 1-p\n",
         ": line 4: the probability 1-p is -2, less than 0"},
        {"states A\nsymbols 0\nA -> A 0 nan\n", ": line 3: 'nan' is no parameter"},
        {"states A\nsymbols 0\nA -> A 0 0/0\n", ": line 3: '0/0' is no finite number"},
        {"states A\nsymbols 0\nA -> A 0 1e999\n", ": line 3: '1e999' is no number"},
        {"states A\nsymbols 0\nA -> A 0\n", ": line 3: an edge is written"},
        {"states A\nsymbols 0\nA ->\n", ": line 3: an edge is written"},
        {"states Alpha\nsymbols 0\nAlpha -> Alhpa 0 1\n",
         ": line 3: no state 'Alhpa'; did you mean 'Alpha'?"},
        {"states A\nsymbols zero\nA -> A zeor 1\n", ": line 3: no symbol 'zeor'; did you mean"},
        {"symbols 0\nA -> A 0 1\nstates A\n", ": line 2: the line 'states' must come before"},
        {"states A\nA -> A 0 1\nsymbols 0\n", ": line 2: the line 'symbols' must come before"},
        {"states A\nsymbols 0\nA -> A 0 .5\nA -> A 0 .5\n",
         ": line 4: the edge 'A -> A' with symbol '0' is also in line 3"},
        {"states A\nsymbols 0\nmatrix 0\n1\nA -> A 0 1\n", "is also in line 4"},
        {"states A\nsymbols 0\nmatrix 0\n1\nmatrix 0\n0\n",
         ": line 5: a second matrix of symbol '0'; the first is line 3"},
        {"states A B\nsymbols 0\nmatrix 0\n1 0\n",
         ": line 4: the file ends inside a matrix, after 1 of 2 rows"},
        {"states A B\nsymbols 0\nmatrix 0\n1\n0 1\n", ": line 4: 1 number in the matrix' row of "
                                                      "state 'A', not 2"},
        {"states A B\nsymbols 0\nmatrix 0\n1 0 0\n0 1\n", ": line 4: more than 2 numbers"},
        {"states A B\nsymbols 0\nmatrix 0\nA -> B 0 1\n", ": line 4: an edge between the rows"},
        {"states A\nsymbols 0\nmatrix\n1\n", ": line 3: 'matrix' takes one symbol"},
        {"states A\nsymbols 0\nmatrix 0 0\n1\n", ": line 3: 'matrix' takes one symbol"},
        {"states A\nstates B\n", ": line 2: a second line 'states'; the first is line 1"},
        {"states A A\n", ": line 1: state 'A' is named twice"},
        {"states\n", ": line 1: names no states"},
        {"states uniform\n", ": line 1: 'uniform' cannot name a state"},
        {"symbols a ->\n", ": line 1: '->' cannot name a symbol"},
        {"states=3\n", ": line 1: 'states' cannot name a parameter"},
        {"x = 1\nx = 2\n", ": line 2: parameter 'x' is set twice"},
        {"x = \n", ": line 1: a number or a name is missing"},
        {"x = y\ny = 1\n", ": line 1: 'y' is no parameter"},
        {"staets A\n", ": line 1: unknown word 'staets'; did you mean 'states'?"},
        {"hello world\n", ": line 1: 'hello' begins no line of this format"},
        {"states A\nsymbols 0\nA -> A 0 1\nstart C\n", ": line 4: no state 'C'"},
        {"states A\nsymbols 0\nA -> A 0 1\nstart A=.5\n", ": line 4: the start's probabilities sum "
                                                          "to 0.5"},
        {"states A\nsymbols 0\nA -> A 0 1\nstart A A\n", ": line 4: state 'A' starts twice"},
        {"states A\nsymbols 0\nA -> A 0 1\nstart A=-1\n", "is -1, less than 0"},
        {"states A\nsymbols 0\nA -> A 0 1\nstart\n", ": line 4: 'start' takes a state"},
        {"start A\nstart A\n", ": line 2: a second 'start'; the first is line 1"},
        {"states A B\nsymbols 0\nA -> A 0 1\nB -> B 0 1\n",
         ": no state can be reached both from 'A' and from 'B'"},
        {"symbols a\nchain\n1\nchain\n", ": line 4: a second 'chain'"},
        {"symbols a\nstates A\nchain\n1\n", ": line 3: the states of a chain are its symbols"},
        {"chain\n1\n", ": line 1: the line 'symbols' must come before"},
        {"symbols a\nchain of\n1\n", ": line 2: 'chain' stands alone"},
        {"symbols a\nchain\n1\na -> a a 1\n", ": line 4: an edge in the file of a chain"},
        {"symbols a\nchain\n1\nmatrix a\n1\n", ": line 4: a matrix in the file of a chain"},
        {"symbols a\nchain\n1\nstates A\n", ": line 4: a second line 'states'"},
        {"states A\nsymbols 0\nA -> A 0 1\nchain\n", ": line 4: a chain after other edges"},
        {"states \x01\n", ": line 1: a name holds a control character"},
        {"states \xff\n", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err;
        struct process *p = read_with(rows[i].text, NULL, NULL, &err);
        if (p)
            fail_msg("'%s' was read", rows[i].text);
        assert_error(&err, STATUS_DATA, scratch_file, rows[i].why);
    }
    struct err err = {0};
    assert_null(process_read(scratch_path("none"), NULL, 0, NULL, &err));
    assert_error(&err, STATUS_NOINPUT, scratch_path("none"), NULL);
}

static void wrong_requests(void **state) {
    (void)state;
    static const char text[] = "alpha = .5\nstates A B\nsymbols 0 1\nA -> A 0 alpha\n"
                               "A -> B 1 1-alpha\nB -> A 0 1\n";
    static const struct {
        const char *set, *start, *why;
    } rows[] = {
        {"alhpa=.1", NULL, "has no parameter 'alhpa'; did you mean 'alpha'?"},
        {"alpha", NULL, "--set is 'alpha'; it must be NAME=NUMBER"},
        {"=1", NULL, "--set is '=1'"},
        {"alpha=", NULL, "--set alpha=: a number or a name is missing"},
        {"alpha=x", NULL, "--set alpha=x: 'x' is no parameter"},
        {"alpha=1/0", NULL, "no finite number"},
        {NULL, "C", "--start: no state 'C'"},
        {NULL, "A=.5", "--start: the start's probabilities sum to 0.5, not 1"},
        {NULL, "", "--start: the start's probabilities sum to 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err;
        assert_null(read_with(text, rows[i].set, rows[i].start, &err));
        assert_error(&err, STATUS_USAGE, NULL, rows[i].why);
    }
    struct err err;
    assert_null(read_with(text, "alpha=1.5", NULL, &err)); /* the value, not the option */
    assert_error(&err, STATUS_DATA, scratch_file,
                 "line 4: the probability alpha is 1.5, more than 1");
    static const char *const twice[] = {"alpha=.1", "alpha=.2"};
    assert_null(process_read(scratch_file, twice, 2, NULL, &err));
    assert_error(&err, STATUS_USAGE, NULL, "--set gives 'alpha' twice");
}

/* Within 1e-6 the sum is taken for rounding, and the row divided by it. */
static void rounded_rows(void **state) {
    (void)state;
    struct process *p = read_right("states A\nsymbols a b c\nA -> A a 0.3333333\n"
                                   "A -> A b 0.3333333\nA -> A c 0.3333333\n");
    assert_near(probability(p, "A", "A", "a"), 1.0 / 3, 1e-16);
    process_free(p);
}

/* What is written is read as the same model. */
static void written_and_read(void **state) {
    (void)state;
    struct hmm h = {0};
    for (uint64_t k = 0; k < 30; k++) {
        struct rng r = rng_at(14, RNG_EVAL, k);
        struct vocab states = {0}, symbols = {0};
        struct buf text = {0};
        model_random(&h, &r, 1 + k % 6, 1 + k % 4, k % 2 ? 1 : 0.05, k % 3 ? 0 : 0.5);
        vocab_add_text(&states, "A B=1 C states 0:0 f");
        vocab_add_text(&symbols, "/ = 0 start");
        states.n = h.n_states;
        symbols.n = h.n_symbols;
        process_put(&h, &states, &symbols, &text);
        struct process *p = read_right(text.data);
        assert_int_equal(p->hmm.n_states, h.n_states);
        assert_int_equal(hmm_n_edges(&p->hmm), hmm_n_edges(&h));
        for (size_t i = 0; i < h.n_states; i++)
            assert_near(p->hmm.start[i], h.start[i], 1e-15);
        for (size_t e = 0; e < hmm_n_edges(&h); e++) {
            assert_int_equal(p->hmm.edges[e].to, h.edges[e].to);
            assert_int_equal(p->hmm.edges[e].symbol, h.edges[e].symbol);
            assert_near(p->hmm.edges[e].probability, h.edges[e].probability, 1e-15);
        }
        process_free(p);
        buf_free(&text);
        vocab_free(&states);
        vocab_free(&symbols);
    }
    hmm_free(&h);
}

/* Files with a few bytes changed are read or refused with a sentence, nothing else. */
static void damaged_files(void **state) {
    (void)state;
    static const char *const names[] = {"mess3", "rrxor", "ring", "even"};
    struct buf text = {0};
    size_t refused = 0;
    msg_set_quiet(true);
    for (uint64_t k = 0; k < 600; k++) {
        char path[64];
        struct rng r = rng_at(15, RNG_EVAL, k);
        snprintf(path, sizeof path, "processes/%s.hmm", names[k % 4]);
        scratch_get(path, &text);
        for (int i = 0; i < 3; i++)
            text.data[rng_below(&r, (uint32_t)text.len)] = " \n0A->=#9(p"[rng_below(&r, 11)];
        struct err err;
        struct process *p = read_with(text.data, NULL, NULL, &err);
        if (!p) {
            refused++;
            assert_true(*err.text);
        }
        process_free(p);
    }
    assert_true(refused > 100);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mess3),         cmocka_unit_test(layout),
        cmocka_unit_test(chain),         cmocka_unit_test(starts),
        cmocka_unit_test(wrong_files),   cmocka_unit_test(wrong_requests),
        cmocka_unit_test(rounded_rows),  cmocka_unit_test(written_and_read),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
