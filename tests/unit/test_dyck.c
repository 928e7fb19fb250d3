/* grammars/dyck.gr and dyck-2-3.gr: balanced, all of them, each with its probability. */
#include <math.h>
#include <stdlib.h>

#include "lib/parse.h"
#include "tests/unit/drawing.h"

/* The greatest depth of a string of brackets, or -1 if it is not balanced. */
static int depth_of(const struct words *w) {
    char stack[DRAWING_WORDS];
    int open = 0, depth = 0;
    for (int i = 0; i < w->n; i++) {
        char c = w->word[i][0];
        if (w->word[i][1] || !strchr("[]{}", c))
            return -1;
        if (c == '[' || c == '{')
            stack[open++] = c;
        else if (!open || stack[--open] != (c == ']' ? '[' : '{'))
            return -1;
        if (open > depth)
            depth = open;
    }
    return open ? -1 : depth;
}

/* The probability of a string when a sequence goes on with probability `more`, a pair above the
 * depth `bound` holds something with probability 1/2, and kinds are equally likely. */
static double log_probability(const struct words *w, double more, int bound) {
    double p = 0;
    int depth = 0;
    for (int i = 0; i < w->n; i++) {
        bool opens = strchr("[{", w->word[i][0]) != NULL;
        bool after_open = i > 0 && strchr("[{", w->word[i - 1][0]) != NULL;
        if (after_open && depth < bound)
            p += log(0.5);
        else if (i > 0 && !after_open)
            p += log(opens ? more : 1 - more);
        if (opens)
            p += log(0.5);
        depth += opens ? 1 : -1;
    }
    return p + log(1 - more);
}

static void check_samples(const char *path, double more, int bound, int tags, double mean) {
    struct drawing d;
    struct err err = {0};
    int seen[6] = {0}, n_draws = 0;
    double sum = 0;
    drawing_begin(&d, path);
    struct parser *parser = parser_new(d.grammar);
    assert_true(fabs(d.grammar->mean_length - mean) < 1e-9);
    for (; n_draws < 20000; n_draws++) {
        struct rng rng = rng_at(4, RNG_GEN, (uint64_t)n_draws);
        d.rng = rng;
        drawing_next(&d);
        int depth = depth_of(&d.words);
        assert_in_range(depth, 1, bound);
        for (int k = 1; k <= tags; k++) {
            char tag[16];
            snprintf(tag, sizeof tag, "depth%d", k);
            drawing_check_tag(&d, tag, depth >= k);
            seen[k] += depth == k || (k == tags && depth > k);
        }
        double p = log_probability(&d.words, more, bound);
        assert_true(fabs(p - d.tree.log_probability) < 1e-9 * d.words.n);
        sum += d.words.n;
        if (n_draws < 1000)
            assert_int_equal(parser_parse(parser, d.source.data, d.source.len, NULL, &err), 1);
    }
    for (int k = 1; k <= tags; k++)
        assert_true(seen[k] > 200);
    assert_true(fabs(sum / n_draws - mean) < 0.5);
    parser_free(parser);
    drawing_end(&d);
}

static void samples(void **state) {
    (void)state;
    check_samples("grammars/dyck.gr", 0.25, DRAWING_WORDS, 5, 8);
    check_samples("grammars/dyck-2-3.gr", 0.5, 3, 3, 12);
}

/* Of the strings of 2n brackets, those in the language: as many as the balanced ones, so many of
 * which nest to depth 4. */
static void short_strings(void **state) {
    (void)state;
    static const int dyck[] = {0, 2, 8, 40, 14 * 16}, bounded[] = {0, 2, 8, 40, 13 * 16};
    struct grammar *g[2] = {drawing_read("grammars/dyck.gr"), drawing_read("grammars/dyck-2-3.gr")};
    struct parser *p[2] = {parser_new(g[0]), parser_new(g[1])};
    struct err err = {0};
    for (int n = 1; n <= 4; n++) {
        int count[2] = {0}, balanced = 0;
        for (int code = 0; code < 1 << 4 * n; code++) {
            char text[32];
            for (int i = 0; i < 2 * n; i++) {
                text[2 * i] = "[]{}"[code >> 2 * i & 3];
                text[2 * i + 1] = i + 1 < 2 * n ? ' ' : '\0';
            }
            struct words w;
            words_cut(&w, text);
            int depth = depth_of(&w);
            balanced += depth > 0;
            /* Only the half that begins and ends well is worth the asking. */
            if (strchr("]}", text[0]) || strchr("[{", text[4 * n - 2]))
                continue;
            for (int k = 0; k < 2; k++) {
                int accepted = parser_parse(p[k], text, strlen(text), NULL, &err);
                assert_int_equal(accepted, depth > 0 && (k == 0 || depth <= 3));
                count[k] += accepted;
            }
        }
        assert_int_equal(balanced, dyck[n]);
        assert_int_equal(count[0], dyck[n]);
        assert_int_equal(count[1], bounded[n]);
    }
    /* No bound in the one. */
    struct buf deep = {0};
    for (int i = 0; i < 200; i++)
        buf_puts(&deep, i % 3 ? "[ " : "{ ");
    for (int i = 199; i >= 0; i--)
        buf_printf(&deep, "%s%s", i % 3 ? "]" : "}", i ? " " : "");
    assert_int_equal(parser_parse(p[0], deep.data, deep.len, NULL, &err), 1);
    assert_int_equal(parser_parse(p[1], deep.data, deep.len, NULL, &err), 0);
    buf_free(&deep);
    for (int k = 0; k < 2; k++) {
        parser_free(p[k]);
        grammar_free(g[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples), cmocka_unit_test(short_strings)};
    return cmocka_run_group_tests_name("dyck", tests, NULL, NULL);
}
