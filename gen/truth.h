/* What is known exactly of a corpus, as lines of its header (man/espalier-corpus.5). Values are
 * words NAME=NUMBER; losses and entropies are in nats. */
#ifndef ESPALIER_TRUTH_H
#define ESPALIER_TRUTH_H

#include "lib/corpus.h"

/* Write ##key TAB value, the value as printf would. -1: see corpus_put_header. */
int truth_put(struct corpus_writer *out, struct err *err, const char *key, const char *format, ...)
    PRINTF_LIKE(4, 5) NODISCARD;

/* The same for a list of numbers, separated by spaces; each with 10 significant digits, so that the
 * last bits of a logarithm do not show. */
int truth_put_numbers(struct corpus_writer *out, struct err *err, const char *key, const double *x,
                      size_t n) NODISCARD;

/* The entropy of a coin that shows heads with probability p, in nats: 0 at 0 and 1. */
double truth_coin_entropy(double p);

#endif
