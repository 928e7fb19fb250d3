/* The distribution of derivations that a grammar states, or a part of it, to draw from.
 *
 * A sampler is a set of states, each with its alternatives: a production, its probability given the
 * state, and the states of its children. Without bounds the states are the nonterminals. With
 * bounds on depth they are nonterminals with what is still allowed and still owed, and their
 * probabilities are the conditional ones (inside probabilities of the bounded grammar), so that
 * every draw is a tree within the bounds and nothing is drawn in vain. Alternatives are drawn with
 * alias tables (Walker 1977; Vose 1991, doi:10.1109/32.92917). */
#ifndef ESPALIER_SAMPLER_H
#define ESPALIER_SAMPLER_H

#include "lib/derivation.h"
#include "lib/grammar.h"
#include "lib/rng.h"

/* Bounds on one derivation; a grammar that passes them is reported, not truncated. */
enum { DERIVATION_MAX_NODES = 1000000, DERIVATION_MAX_DEPTH = 5000 };

struct sampler;

/* All trees, by the probabilities of the productions as they stand. The grammar must outlive the
 * sampler and keep its probabilities. */
struct sampler *sampler_new(const struct grammar *g);

/* The trees of depth least .. most (derivation_depth; most < 0: no upper bound), in proportion to
 * their probabilities. NULL (STATUS_DATA): there are none, or they are rarer than 10^-290. */
struct sampler *sampler_new_bounded(const struct grammar *g, int least, int most,
                                    struct err *err) NODISCARD;

/* The trees of another sampler, every syntax tree equally likely; words are drawn as there. NULL
 * (STATUS_DATA): there are infinitely many. */
struct sampler *sampler_new_even(const struct sampler *s, struct err *err) NODISCARD;

void sampler_free(struct sampler *s);

/* The probability under the grammar that a tree lies within the bounds; 1 without. */
double sampler_mass(const struct sampler *s);

/* Where the choice of words takes its random numbers: one source for all, or one for each
 * preterminal, so that its k-th word does not depend on what else the tree holds. */
struct word_draws {
    struct rng *all;
    struct rng *by_symbol; /* [symbol], or NULL */
};

/* Draw a tree. Structure and words may share one source of random numbers. The log-probability is
 * that of the tree in the grammar, whatever the sampler's bounds. -1 (STATUS_DATA) when it grows
 * past the size bounds. */
int sampler_draw(const struct sampler *s, struct rng *structure, const struct word_draws *words,
                 struct derivation *d, struct err *err) NODISCARD;

/* Draw the words of a tree anew, under the same syntax tree. */
void sampler_redraw_words(const struct sampler *s, const struct word_draws *words,
                          struct derivation *d);

/* What is known of the distribution. Counts that are infinite, or past the range of a double, are
 * INFINITY; entropies in nats. */
struct census {
    bool infinite;
    double trees;        /* syntax trees: words ignored */
    double sentences;    /* derivations: a sentence counts once for each of its trees */
    double mean_length;  /* words of a sentence */
    double entropy;      /* of derivations */
    double tree_entropy; /* of syntax trees */
};

/* Expectations are the least solutions of linear equations over the states (Booth & Thompson 1973,
 * doi:10.1109/T-C.1973.223746). -1 (STATUS_DATA): they cannot be found. */
int sampler_census(const struct sampler *s, struct census *c, struct err *err) NODISCARD;

#endif
