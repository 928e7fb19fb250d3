#include "train/data_options.h"

#include <stdlib.h>
#include <string.h>

#include "nn/packed.h"

struct data_options data_options_default(void) {
    struct layout l = layout_default();
    return (struct data_options){.objective = layout_objectives[OBJECTIVE_ALL],
                                 .prefix = "causal",
                                 .mask_share = l.masking.share,
                                 .mask_random = l.masking.random,
                                 .mask_keep = l.masking.keep,
                                 .batch = 32};
}

const struct opt *data_options(struct data_options *o) {
    static const char *const prefixes[] = {"causal", "bidirectional", NULL};
    static struct opt table[DATA_OPTIONS_MOST];
    const struct opt rows[] = {
        {OPT_GROUP, .help = "What is predicted"},
        {OPT_CHOICE, 0, "objective", &o->objective, "what",
         "all tokens; the target; masked words; the class of an example; values (numbers)",
         .choices = layout_objectives},
        {OPT_CHOICE, 0, "prefix", &o->prefix, "mask",
         "whether source tokens see each other in both directions (with --objective target)",
         .choices = prefixes},
        {OPT_FLAG, 0, "no-bos", &o->no_bos, NULL, "no <bos> before an example"},
        {OPT_FLAG, 0, "no-eos", &o->no_eos, NULL, "no <eos> after an example"},
        {OPT_NUMBER, 0, "mask-share", &o->mask_share, "share", "of the words that are masked", 1e-6,
         1},
        {OPT_NUMBER, 0, "mask-random", &o->mask_random, "part",
         "of the masked words that are replaced by any word", 0, 1},
        {OPT_NUMBER, 0, "mask-keep", &o->mask_keep, "part", "of the masked words that stay", 0, 1},
        {OPT_TEXT, 0, "mask-words", &o->mask_words, "words",
         "mask these words of the target, not random ones: a class of the corpus such as Aux, or "
         "words joined by commas"},
        {OPT_GROUP, .help = "The columns"},
        {OPT_TEXT, 0, "source", &o->columns.source, "column",
         "its words are read [source; with --features none]"},
        {OPT_TEXT, 0, "target", &o->columns.target, "column",
         "its words are predicted [target, if there is one]"},
        {OPT_TEXT, 0, "label", &o->columns.label, "column",
         "its text is the class [first word of the target]"},
        {OPT_TEXT, 0, "features", &o->columns.features, "columns",
         "names joined by commas: their numbers are read"},
        {OPT_TEXT, 0, "values", &o->columns.values, "columns",
         "names joined by commas: their numbers are predicted [target]"},
        {OPT_TEXT, 0, "vocabulary", &o->vocabulary, "file",
         "words, in the order of their numbers, that the corpora are held to"},
        {OPT_GROUP, .help = "Batches"},
        {OPT_COUNT, 'b', "batch", &o->batch, "count", "examples (with --pack, sequences) in a step",
         1, 1e6},
        {OPT_COUNT, 0, "batch-tokens", &o->batch_tokens, "count",
         "whole examples up to so many tokens in a step, not --batch; 0: not", 0, PACKED_MOST},
        {OPT_FLAG, 0, "full-batch", &o->full_batch, NULL, "all examples in every step"},
        {OPT_COUNT, 0, "pack", &o->pack, "tokens",
         "join examples to sequences of so many tokens; attention crosses their borders; 0: not", 0,
         1048576},
        {OPT_COUNT, 0, "window", &o->window, "tokens",
         "cut examples to windows of so many tokens; 0: not", 0, 1048576},
        {OPT_COUNT, 0, "stride", &o->stride, "tokens",
         "from the start of one window to that of the next [--window]", 1, 1048576},
        {OPT_COUNT, 0, "shuffle-buffer", &o->shuffle_buffer, "count",
         "shuffle a stream within so many examples; 0: not", 0, 1e9},
        {OPT_LIST, 0, "then", &o->then, "step=corpora",
         "from this step on train on these corpora, joined by commas; may be given often"},
        {OPT_END},
    };
    _Static_assert(sizeof rows <= sizeof table, "DATA_OPTIONS_MOST is too small");
    memcpy(table, rows, sizeof rows);
    return table;
}

/* Refuse the options of a list, which NULL ends, that stand on the command line; a preset's return
 * to their defaults. */
static int refuse(struct opt_tool *tool, const char *const *names, const char *why,
                  struct err *err) {
    for (; *names; names++) {
        const struct opt *o = opt_find(tool, *names);
        if (o && o->given && o->source != OPT_PRESET)
            return err_set(err, STATUS_USAGE, "--%s means nothing %s", *names, why);
        if (o)
            opt_means_nothing(tool, *names, why);
    }
    return 0;
}

static int check_options(const struct data_options *o, struct opt_tool *tool,
                         const struct data_limits *limits, const struct layout *l,
                         struct err *err) {
    static const char *const masks[] = {"mask-share", "mask-random", "mask-keep", "mask-words",
                                        NULL};
    static const char *const random[] = {"mask-share", "mask-random", "mask-keep", NULL};
    static const char *const
        prefix[] = {"prefix", NULL},
        *const label[] = {"label", NULL}, *const values[] = {"values", NULL},
        *const stride[] = {"stride", NULL}, *const target[] = {"target", NULL},
        *const features[] = {"features", NULL}, *const batch[] = {"batch", NULL},
        *const tokens[] = {"batch-tokens", NULL}, *const order[] = {"seed-order", NULL},
        *const rules[] = {"among", "per-tag", NULL}, *const places[] = {"per-position", NULL},
        *const marks[] = {"no-bos", "no-eos", "vocabulary", NULL};
    bool whole = layout_is_whole(l), no_tokens = o->columns.features && !o->columns.source,
         drawn = l->objective == OBJECTIVE_MASKED && !o->mask_words;
    if ((limits->words_alone && refuse(tool, features, limits->words_alone, err) != 0) ||
        (l->objective != OBJECTIVE_MASKED &&
         refuse(tool, masks, "without --objective masked", err) != 0) ||
        (o->mask_words && refuse(tool, random, "beside --mask-words", err) != 0) ||
        (l->objective != OBJECTIVE_TARGET &&
         refuse(tool, prefix, "without --objective target", err) != 0) ||
        (l->shape != SHAPE_DECODER && refuse(tool, prefix, "without a decoder", err) != 0) ||
        (l->objective != OBJECTIVE_CLASS &&
         refuse(tool, label, "without --objective class", err) != 0) ||
        (l->objective != OBJECTIVE_VALUE &&
         refuse(tool, values, "without --objective value", err) != 0) ||
        (o->columns.label && refuse(tool, target, "beside --label", err) != 0) ||
        (l->objective == OBJECTIVE_VALUE &&
         refuse(tool, target, "with --objective value: name --values", err) != 0) ||
        (!whole && refuse(tool, features, "without --objective class or value", err) != 0) ||
        (no_tokens && refuse(tool, marks, "without tokens (--source)", err) != 0) ||
        (!o->window && refuse(tool, stride, "without --window", err) != 0) ||
        ((o->full_batch || o->batch_tokens) &&
         refuse(tool, batch, o->full_batch ? "beside --full-batch" : "beside --batch-tokens",
                err) != 0) ||
        (o->full_batch && refuse(tool, tokens, "beside --full-batch", err) != 0) ||
        (o->full_batch && !drawn &&
         refuse(tool, order, "with --full-batch: every step has all examples", err) != 0) ||
        (l->objective != OBJECTIVE_ALL &&
         refuse(tool, places, "without --objective all", err) != 0) ||
        (l->objective == OBJECTIVE_VALUE &&
         refuse(tool, rules, "with --objective value", err) != 0) ||
        (l->objective == OBJECTIVE_MASKED && !o->mask_words &&
         refuse(tool, rules, "with masked words but without --mask-words", err) != 0))
        return -1;
    return 0;
}

/* STEP=CORPUS[,CORPUS...] */
static int read_phase(const char *item, struct feed_phase *phase, struct err *err) {
    const char *equals = strchr(item, '=');
    char *step = mem_strndup(item, equals ? (size_t)(equals - item) : strlen(item));
    int bad = !equals || !equals[1] || opt_read_count(step, &phase->first) != 0;
    free(step);
    if (bad || phase->first < 2)
        return err_set(err, STATUS_USAGE,
                       "--then takes STEP=CORPUS[,CORPUS...] with a step from 2 on, not '%s'",
                       item);
    size_t cap = 0;
    const char **paths = NULL;
    for (const char *p = equals + 1; *p; p += *p == ',') {
        size_t len = strcspn(p, ",");
        paths = mem_grow(paths, &cap, (size_t)phase->n_paths + 1, sizeof *paths);
        paths[phase->n_paths++] = mem_strndup(p, len);
        p += len;
    }
    phase->paths = paths;
    for (int i = 0; i < phase->n_paths; i++)
        if (!*paths[i] || strcmp(paths[i], "-") == 0)
            return err_set(err, STATUS_USAGE, "--then %s: %s", item,
                           *paths[i] ? "cannot read standard input" : "an empty name");
    return 0;
}

static int read_phases(const struct data_options *o, struct feed_request *q, struct err *err) {
    struct feed_phase *phases = mem_alloc(o->then.n, sizeof *phases);
    q->phases = phases;
    for (size_t i = 0; i < o->then.n; i++) {
        q->n_phases++;
        if (read_phase(o->then.items[i], &phases[i], err) != 0)
            return -1;
        if (i && phases[i].first <= phases[i - 1].first)
            return err_set(err, STATUS_USAGE, "--then: step %lld does not come after step %lld",
                           (long long)phases[i].first, (long long)phases[i - 1].first);
    }
    return 0;
}

void data_request_free(struct feed_request *q) {
    for (int i = 0; i < q->n_phases; i++) {
        for (int k = 0; k < q->phases[i].n_paths; k++)
            free((void *)(uintptr_t)q->phases[i].paths[k]);
        free((void *)(uintptr_t)q->phases[i].paths);
    }
    free((void *)(uintptr_t)q->phases);
    q->phases = NULL;
    q->n_phases = 0;
}

static enum objective objective_of(const struct data_options *o, const struct opt_tool *tool,
                                   enum shape shape) {
    /* A trainer may have another default. */
    bool chosen = opt_given(tool, "objective") ||
                  strcmp(o->objective, layout_objectives[OBJECTIVE_ALL]) != 0;
    for (int i = 0; chosen && layout_objectives[i]; i++)
        if (strcmp(o->objective, layout_objectives[i]) == 0)
            return (enum objective)i;
    return shape == SHAPE_ENCODER           ? OBJECTIVE_MASKED
           : shape == SHAPE_ENCODER_DECODER ? OBJECTIVE_TARGET
                                            : OBJECTIVE_ALL;
}

int data_request(const struct data_options *o, struct opt_tool *tool,
                 const struct data_limits *limits, const char *const *paths, int n_paths,
                 struct feed_request *q, struct err *err) {
    *q = (struct feed_request){.paths = paths,
                               .n_paths = n_paths,
                               .layout = layout_default(),
                               .columns = o->columns,
                               .vocabulary = o->vocabulary,
                               .mask_words = o->mask_words,
                               .max_length = limits->max_length,
                               .same_length = limits->same_length,
                               .seed_order = limits->seed_order,
                               .by = o->full_batch     ? BATCH_ALL
                                     : o->batch_tokens ? BATCH_TOKENS
                                                       : BATCH_EXAMPLES,
                               .batch = o->batch_tokens ? o->batch_tokens : o->batch,
                               .pack = o->pack,
                               .window = o->window,
                               .stride = o->stride,
                               .shuffle_buffer = o->shuffle_buffer};
    struct layout *l = &q->layout;
    l->shape = limits->shape;
    l->objective = objective_of(o, tool, limits->shape);
    bool no_tokens = o->columns.features && !o->columns.source;
    l->bos = !o->no_bos && !no_tokens;
    l->eos = !o->no_eos && !no_tokens;
    l->bidirectional_prefix = strcmp(o->prefix, "bidirectional") == 0;
    l->masking = (struct masking){.share = o->mask_share,
                                  .random = o->mask_random,
                                  .keep = o->mask_keep,
                                  .seed = limits->seed_order};
    if (check_options(o, tool, limits, l, err) != 0 || layout_check(l, err) != 0)
        return -1;
    if (read_phases(o, q, err) != 0) {
        data_request_free(q);
        return -1;
    }
    return 0;
}
