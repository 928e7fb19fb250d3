/* Groups of tensors that are treated differently from the rest.
 *
 * A group is written PATTERN:KEY=VALUE[,KEY=VALUE]...; the pattern is a shell pattern (fnmatch(3))
 * on whole tensor names, or @ROLE (params.h), as in
 *     '*.bias:decay=0'   '@embedding:rate=0.1,decay=0'   'layers.0.*:rate=0'
 * Keys: rate multiplies the learning rate (0 freezes the tensor); decay is its weight decay in
 * place of the common one; init is its scheme of initial values, scale multiplies them. Where two
 * groups give one tensor the same key, the later counts. */
#ifndef ESPALIER_PARAM_GROUP_H
#define ESPALIER_PARAM_GROUP_H

#include <stdbool.h>

#include "lib/msg.h"
#include "nn/params.h"

struct param_group {
    char pattern[96];
    bool has_rate, has_decay, has_init, has_scale;
    double rate, decay, scale;
    int init; /* enum init_scheme */
};

/* Read one. -1 (STATUS_USAGE) with a sentence that quotes the text. */
int param_group_read(const char *text, struct param_group *group, struct err *err) NODISCARD;

bool param_group_matches(const char *pattern, const struct param *tensor);

/* -1 (STATUS_USAGE), with the names there are, when the pattern matches no tensor. */
int param_group_check(const char *pattern, const struct params *p, struct err *err) NODISCARD;

#endif
