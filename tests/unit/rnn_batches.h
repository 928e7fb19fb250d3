/* Random batches for recurrent models of every shape, of sentences of very different lengths. */
#ifndef ESPALIER_RNN_BATCHES_H
#define ESPALIER_RNN_BATCHES_H

#include <stdio.h>
#include <string.h>

#include "lib/rng.h"
#include "nn/rnn.h"

enum { SENTENCES = 240, LONGEST = 40, TOKENS = SENTENCES * LONGEST };

struct sentences {
    int offset[SENTENCES + 1], memory_offset[SENTENCES + 1];
    int32_t input[TOKENS], target[TOKENS], memory[TOKENS], label[SENTENCES];
};

/* Sentence 0 has one token (if there are others), 1 has `longest`, and the others lengths between.
 * A token in five is not counted, nor is an example in five of a classifier. first_differs:
 * sentences begin with tokens 0, 1, 2, ..., sources too, so that what follows can be known. */
static inline struct batch draw_batch(struct sentences *s, const struct rnn_config *c,
                                      int sequences, int longest, bool first_differs,
                                      uint64_t seed) {
    struct rng r = rng_at(seed, RNG_EVAL, 0);
    uint32_t v = (uint32_t)c->vocabulary;
    memset(s, 0, sizeof *s);
    for (int i = 0; i < sequences; i++)
        for (int side = 0; side < 2; side++) {
            int *offset = side ? s->memory_offset : s->offset;
            int n = 1 + (int)rng_below(&r, (uint32_t)longest);
            if (sequences == 1 || i == 1 - side)
                n = longest;
            else if (i == side)
                n = 1;
            if (first_differs && n == 1)
                n = 2;
            offset[i + 1] = offset[i] + n;
        }
    int tokens = s->offset[sequences], memory = s->memory_offset[sequences];
    for (int t = 0; t < tokens; t++) {
        s->input[t] = (int32_t)rng_below(&r, v);
        s->target[t] = rng_below(&r, 5) ? (int32_t)rng_below(&r, v) : -1;
    }
    for (int t = 0; t < memory; t++)
        s->memory[t] = (int32_t)rng_below(&r, v);
    for (int i = 0; i < sequences; i++) {
        s->label[i] = rng_below(&r, 5) && c->classes ? (int32_t)rng_below(&r, (uint32_t)c->classes)
                                                     : -1;
        if (first_differs) {
            s->input[s->offset[i]] = s->memory[s->memory_offset[i]] = (int32_t)((uint32_t)i % v);
            s->label[i] = c->classes ? i % c->classes : -1;
        }
    }
    s->target[tokens - 1] = s->label[0] = 0;
    bool class = c->objective == OBJECTIVE_CLASS, pair = c->shape == SHAPE_ENCODER_DECODER;
    return (struct batch){.sequences = sequences,
                          .tokens = tokens,
                          .offset = s->offset,
                          .input = s->input,
                          .target = class ? NULL : s->target,
                          .memory_tokens = pair ? memory : 0,
                          .memory_offset = pair ? s->memory_offset : NULL,
                          .memory = pair ? s->memory : NULL,
                          .label = class ? s->label : NULL,
                          .seed_dropout = 3,
                          .number = seed};
}

/* Every cell with every shape, read-out, attention and way of tying, of these sizes; false: there
 * are no more. */
static inline bool rnn_variant(int number, const struct rnn_config *sizes, struct rnn_config *c,
                               char *name, size_t room) {
    static const struct {
        const char *name;
        enum shape shape;
        enum objective objective;
        enum readout read_out;
        enum rnn_attention attention;
        bool tied, separate;
    } kinds[] = {
        {"language model", SHAPE_DECODER, OBJECTIVE_ALL},
        {"tied language model", SHAPE_DECODER, OBJECTIVE_TARGET, .tied = true},
        {"classifier, first", SHAPE_DECODER, OBJECTIVE_CLASS, READOUT_FIRST},
        {"classifier, last", SHAPE_DECODER, OBJECTIVE_CLASS, READOUT_LAST},
        {"classifier, mean", SHAPE_DECODER, OBJECTIVE_CLASS, READOUT_MEAN},
        {"both ways, masked", SHAPE_ENCODER, OBJECTIVE_MASKED},
        {"both ways, first", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_FIRST},
        {"both ways, last", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_LAST},
        {"both ways, mean", SHAPE_ENCODER, OBJECTIVE_CLASS, READOUT_MEAN},
        {"encoder-decoder", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET},
        {"encoder-decoder, dot", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET,
         .attention = RNN_ATTENTION_DOT, .tied = true},
        {"encoder-decoder, general", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET,
         .attention = RNN_ATTENTION_GENERAL, .separate = true},
        {"encoder-decoder, concat", SHAPE_ENCODER_DECODER, OBJECTIVE_TARGET,
         .attention = RNN_ATTENTION_CONCAT, .tied = true, .separate = true},
    };
    int n = (int)(sizeof kinds / sizeof *kinds);
    if (number >= 4 * n)
        return false;
    int kind = number % n;
    *c = *sizes;
    c->cell = (enum cell)(number / n);
    c->shape = kinds[kind].shape;
    c->objective = kinds[kind].objective;
    c->classes = c->objective == OBJECTIVE_CLASS ? 3 : 0;
    c->read_out = kinds[kind].read_out;
    c->attention = kinds[kind].attention;
    c->tied = kinds[kind].tied;
    c->separate_embeddings = kinds[kind].separate;
    c->output_bias = number % 3 != 0;
    snprintf(name, room, "%s %s", rnn_cells[c->cell], kinds[kind].name);
    return true;
}

#endif
