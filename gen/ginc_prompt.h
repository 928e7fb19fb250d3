/* Prompts for models trained on GINC documents (Xie et al. 2021, arXiv:2111.02080; construction of
 * its repository, p-lambda/incontext-learning): n examples of k words, a delimiter after each, then
 * k - 1 words whose next one is asked for. */
#ifndef ESPALIER_GINC_PROMPT_H
#define ESPALIER_GINC_PROMPT_H

#include <stdbool.h>

#include "gen/generate.h"
#include "gen/system.h"

/* All prompts of one kind. In a prompt one concept is drawn by the prior and one property, not the
 * delimiter, uniformly, at which every example begins with an entity of its own, drawn uniformly;
 * the concept leads on from there. The answer is the likeliest next word, the first if there are
 * several, given the concept, the property and the last k - 1 words. With random_slots, as in the
 * published out-of-distribution prompts, properties are drawn uniformly word by word and an
 * example's entity stays; the answer is the concept's for the last words alone, from any pair. */
struct ginc_prompts;

/* Read --prompt "EXAMPLES,LENGTH" and --columns (NULL: the default). A wrong one ends the tool. */
struct ginc_prompts *ginc_prompts_new(const struct system *s, const char *text, bool random_slots,
                                      const char *columns);

/* Write the header lines that are for prompts alone, the columns and the rows. */
int ginc_prompts_write(struct ginc_prompts *p, const struct generate *g, struct corpus_writer *out,
                       struct err *err) NODISCARD;

void ginc_prompts_free(struct ginc_prompts *p);

#endif
