/* A grammar file, and everything that is done with one: census, draws, texts, rules, tags, parses,
 * bounds on depth, fewer words. */
#include "lib/grammar_vary.h"
#include "lib/parse.h"
#include "lib/sampler.h"
#include "tests/fuzz/fuzz_input.h"

/* What was drawn can be parsed, if no bound is passed. */
static void parse(struct parser *parser, const struct buf *source) {
    struct err err = {0};
    struct derivation best = {0};
    int found = parser_parse(parser, source->data, source->len, NULL, &err);
    if (found == 0 || (found < 0 && !*err.text))
        abort();
    if (found > 0 && parser_best(parser, &best, &err) != 0 && !*err.text)
        abort();
    derivation_free(&best);
}

static void use(const struct grammar *g, const struct sampler *s) {
    struct err err = {0};
    struct census census;
    struct derivation d = {0};
    struct buf source = {0}, answer = {0};
    struct parser *parser = parser_new(g);
    if (sampler_census(s, &census, &err) != 0 && !*err.text)
        abort();
    for (uint64_t i = 0; i < 4; i++) {
        struct rng r = rng_at(1, RNG_GEN, i);
        if (sampler_draw(s, &r, &(struct word_draws){.all = &r}, &d, &err) != 0 || d.n_nodes > 2000)
            continue;
        buf_clear(&source);
        buf_clear(&answer);
        derivation_put_source(g, &d, &source);
        derivation_put_target(g, &d, &answer);
        derivation_put_tree(g, &d, &answer);
        derivation_tree_id(g, &d);
        derivation_depth(g, &d);
        if (source.len > 2000)
            continue;
        parse(parser, &source);
        for (size_t k = 0; k < g->rules.n; k++)
            if (grammar_is_string_rule(g, (int)k) &&
                grammar_apply_rule(g, (int)k, source.data, source.len, &answer, &err) != 0 &&
                !*err.text)
                abort();
        uint64_t tags = 0;
        if (grammar_pattern_tags(g, source.data, source.len, UINT64_MAX, &tags, &err) != 0 &&
            !*err.text)
            abort();
    }
    buf_free(&source);
    buf_free(&answer);
    derivation_free(&d);
    parser_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct err err = {0};
    if (size > 20000)
        return 0;
    struct grammar *g = grammar_read(fuzz_path(bytes, size), &err);
    if (!g) {
        if (!*err.text)
            abort();
        return 0;
    }
    struct sampler *s = sampler_new(g);
    use(g, s);
    sampler_free(s);
    s = sampler_new_bounded(g, 1, 3, &err);
    if (s)
        use(g, s);
    sampler_free(s);
    if (grammar_limit_words(g, "1", 7, &err) == 0) {
        s = sampler_new(g);
        use(g, s);
        sampler_free(s);
    }
    grammar_free(g);
    return 0;
}
