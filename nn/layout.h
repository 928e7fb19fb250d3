/* How an example of a corpus becomes rows of a batch: the one place that knows where the marks
 * stand and what is predicted. Training and scoring lay out alike.
 *
 * With source s1..sm and target t1..tn, in brackets what the loss counts:
 *     decoder          input  <bos> s1 .. sm t1 .. tn      predicts s1 .. sm t1 .. tn <eos>
 *       OBJECTIVE_ALL       [every token]        OBJECTIVE_TARGET  [t1 .. tn <eos>]
 *       prefix: with bidirectional_prefix the rows <bos> s1 .. sm see each other (prefix-LM)
 *     encoder-decoder  memory s1 .. sm <eos>, input <bos> t1 .. tn, predicts [t1 .. tn <eos>]
 *     encoder          input <bos> s1 .. sm (t1 .. tn) <eos>
 *       OBJECTIVE_MASKED    [the masked tokens, at their own rows]
 *       OBJECTIVE_CLASS     source alone; [label: the class of the example]
 * Without `bos` or `eos` those marks are left out, and the loss of an unread first token with
 * them. */
#ifndef ESPALIER_LAYOUT_H
#define ESPALIER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/batch.h"

enum shape { SHAPE_DECODER, SHAPE_ENCODER, SHAPE_ENCODER_DECODER };

/* OBJECTIVE_VALUE: regression on real-valued columns. */
enum objective {
    OBJECTIVE_ALL,
    OBJECTIVE_TARGET,
    OBJECTIVE_MASKED,
    OBJECTIVE_CLASS,
    OBJECTIVE_VALUE
};

struct layout {
    enum shape shape;
    enum objective objective;
    bool bos, eos;
    bool bidirectional_prefix;
};

#endif
