/* Transformers of every kind, and batches for them, for tests. */
#ifndef ESPALIER_TEST_TRANSFORMERS_H
#define ESPALIER_TEST_TRANSFORMERS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "nn/transformer.h"

/* A variant is a choice of each factor. */
enum factor {
    TASK,
    NORM,
    POSITIONS,
    FEED,
    GATED,
    TIED,
    SCALED,
    HEAD,
    BIASES,
    OUTPUT_BIAS,
    FINAL_NORM,
    DISTANCE,
    ATTENTION_SCALE,
    OUTPUT_SCALE,
    LOSS,
    DROPOUT,
    FACTORS
};

static const struct {
    const char *name;
    enum shape shape;
    enum objective objective;
    enum readout readout;
    bool prefix, separate;
    int decoder_layers;
} tasks[] = {
    {"decoder", SHAPE_DECODER, OBJECTIVE_ALL, READOUT_LAST, false, false, 0},
    {"decoder target", SHAPE_DECODER, OBJECTIVE_TARGET, READOUT_LAST, false, false, 0},
    {"prefix", SHAPE_DECODER, OBJECTIVE_TARGET, READOUT_LAST, true, false, 0},
    {"decoder last", SHAPE_DECODER, OBJECTIVE_CLASS, READOUT_LAST, false, false, 0},
    {"decoder mean", SHAPE_DECODER, OBJECTIVE_CLASS, READOUT_MEAN, false, false, 0},
    {"encoder first", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_FIRST, false, false, 0},
    {"encoder last", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_LAST, false, false, 0},
    {"encoder mean", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_MEAN, false, false, 0},
    {"cloze", SHAPE_ENCODER, OBJECTIVE_MASKED, READOUT_LAST, false, false, 0},
    {"seq2seq", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET, READOUT_LAST, false, false, 0},
    {"seq2seq separate", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET, READOUT_LAST, false, true, 1},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static const int levels[FACTORS] = {
    [TASK] = TASKS,        [NORM] = 3,         [POSITIONS] = 7,  [FEED] = 8,
    [GATED] = 2,           [TIED] = 2,         [SCALED] = 2,     [HEAD] = 2,
    [BIASES] = 4,          [OUTPUT_BIAS] = 3,  [FINAL_NORM] = 3, [DISTANCE] = 2,
    [ATTENTION_SCALE] = 2, [OUTPUT_SCALE] = 2, [LOSS] = 6,       [DROPOUT] = 2,
};

/* The configuration of a variant; base gives the sizes, with an even dim / heads. */
static inline struct transformer_config variant_config(const int *v,
                                                       struct transformer_config base) {
    struct transformer_config c = base;
    c.shape = tasks[v[TASK]].shape;
    c.objective = tasks[v[TASK]].objective;
    c.readout = tasks[v[TASK]].readout;
    c.bidirectional_prefix = tasks[v[TASK]].prefix;
    c.separate_embedding = tasks[v[TASK]].separate;
    c.decoder_layers = tasks[v[TASK]].decoder_layers;
    c.classes = c.objective == OBJECTIVE_CLASS ? 3 : 0;
    c.norm = (enum norm_place)v[NORM];
    c.positions = (enum positions)v[POSITIONS];
    if (v[FEED] < 7)
        c.activation = (enum activation)v[FEED];
    else
        c.feedforward = 0;
    c.gated = v[GATED];
    c.tied = v[TIED];
    c.scale_embedding = v[SCALED];
    c.head_width = v[HEAD] ? 4 : 0;
    c.biases = (enum biases)v[BIASES];
    c.output_bias = (enum wish)v[OUTPUT_BIAS];
    c.final_norm = (enum wish)v[FINAL_NORM];
    c.relative_distance = v[DISTANCE] ? 2 : 0;
    c.attention_scale = v[ATTENTION_SCALE] ? 0.3 : 0;
    c.output_scale = v[OUTPUT_SCALE] ? 0.5 : 0;
    c.label_smoothing = v[LOSS] % 2 ? 0.1 : 0;
    c.loss = (enum loss)(v[LOSS] / 2);
    if (v[DROPOUT]) {
        c.dropout_embedding = 0.1;
        c.dropout_attention = 0.3;
        c.dropout_residual = 0.2;
        c.dropout_activation = c.feedforward ? 0.25 : 0;
    }
    return c;
}

static inline void variant_text(const int *v, char *text, size_t size) {
    snprintf(text, size, "%s", tasks[v[TASK]].name);
    for (int f = 1; f < FACTORS; f++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, " %d", v[f]);
    }
}

/* Variants so that every pair of choices of two factors that can go together is in one of them.
 * dropout: also those with dropout. Returns their number; *variants is the caller's to free. */
static inline int pairwise(struct transformer_config base, bool dropout,
                           int (**variants)[FACTORS]) {
    enum { LEVELS = 12, DRAWS = 40000 };
    static bool covered[FACTORS][LEVELS][FACTORS][LEVELS];
    memset(covered, 0, sizeof covered);
    int n = 0;
    size_t room = 0;
    *variants = NULL;
    struct rng r = rng_at(1, RNG_EVAL, 99);
    /* Those that cover many new pairs first. */
    for (int least = 24; least >= 1; least = least > 1 ? least / 2 : 0)
        for (int draw = 0; draw < DRAWS / 5; draw++) {
            int v[FACTORS], fresh = 0;
            for (int f = 0; f < FACTORS; f++)
                v[f] = (int)rng_below(&r, (uint32_t)levels[f]);
            if (!dropout)
                v[DROPOUT] = 0;
            struct err err;
            struct transformer_config c = variant_config(v, base);
            if (transformer_check_config(&c, &err) != 0)
                continue;
            for (int f = 0; f < FACTORS; f++)
                for (int g = 0; g < f; g++)
                    fresh += !covered[f][v[f]][g][v[g]];
            if (fresh < least)
                continue;
            for (int f = 0; f < FACTORS; f++)
                for (int g = 0; g < f; g++)
                    covered[f][v[f]][g][v[g]] = true;
            *variants = mem_grow(*variants, &room, (size_t)n + 1, sizeof **variants);
            memcpy((*variants)[n++], v, sizeof v);
        }
    return n;
}

/* A batch of any model. Its arrays are the struct's. */
enum { MOST_EXAMPLES = 64, LONGEST = 24 };
struct examples {
    int offset[MOST_EXAMPLES + 1], memory_offset[MOST_EXAMPLES + 1], prefix[MOST_EXAMPLES];
    int32_t label[MOST_EXAMPLES];
    int32_t input[MOST_EXAMPLES * LONGEST], target[MOST_EXAMPLES * LONGEST];
    int32_t memory[MOST_EXAMPLES * LONGEST];
};

/* Random tokens, targets (one in five not counted), labels, prefixes; lengths 1 .. max_length. */
static inline struct batch draw_examples(const struct transformer_config *c, struct examples *e,
                                         int sequences, struct rng *r) {
    memset(e, 0, sizeof *e);
    bool both = c->shape == SHAPE_ENCODER_DECODER;
    uint32_t words = (uint32_t)c->vocabulary;
    for (int s = 0; s < sequences; s++) {
        uint32_t longest = (uint32_t)(c->max_length < LONGEST ? c->max_length : LONGEST);
        int n = s == 1 ? 1 : s == 2 ? (int)longest : 1 + (int)rng_below(r, longest);
        int m = s == 2 ? 1 : s == 3 ? (int)longest : 1 + (int)rng_below(r, longest);
        e->offset[s + 1] = e->offset[s] + n;
        e->memory_offset[s + 1] = e->memory_offset[s] + m;
        e->prefix[s] = (int)rng_below(r, (uint32_t)n + 1);
        e->label[s] = c->classes ? (int32_t)rng_below(r, (uint32_t)c->classes + 1) - 1 : 0;
    }
    for (int t = 0; t < e->offset[sequences]; t++) {
        e->input[t] = (int32_t)rng_below(r, words);
        e->target[t] = rng_below(r, 5) ? (int32_t)rng_below(r, words) : -1;
    }
    for (int t = 0; t < e->memory_offset[sequences]; t++)
        e->memory[t] = (int32_t)rng_below(r, words);
    e->target[0] = 1;
    e->label[0] = 1;
    return (struct batch){.sequences = sequences,
                          .tokens = e->offset[sequences],
                          .offset = e->offset,
                          .input = e->input,
                          .target = e->target,
                          .prefix = c->bidirectional_prefix ? e->prefix : NULL,
                          .memory_tokens = both ? e->memory_offset[sequences] : 0,
                          .memory_offset = both ? e->memory_offset : NULL,
                          .memory = both ? e->memory : NULL,
                          .label = c->classes ? e->label : NULL,
                          .seed_dropout = 7,
                          .number = 3};
}

#endif
