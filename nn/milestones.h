/* Steps of a run chosen beforehand: every so many, listed, or evenly spaced on a logarithmic scale.
 *
 * A list joins by commas: a step (500, 20k), a range by differences (first-last:stride, the stride
 * 1 when left out) and a range by ratios (first-last*factor): 0,1-512*2,1000-143k:1000 is the
 * schedule of Pythia (Biderman et al. 2023, arXiv:2304.01373). With `log` N there are N steps a
 * decade: 0, and 10^(k/N) for k = 0, 1, 2, ... rounded to the nearest whole number, each once. */
#ifndef ESPALIER_MILESTONES_H
#define ESPALIER_MILESTONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

/* What is asked for: 0 and NULL ask for nothing. */
struct milestone_request {
    int64_t every;
    const char *at; /* a list */
    int64_t log;    /* 1 .. MILESTONES_MOST_A_DECADE */
};

enum { MILESTONES_MOST_A_DECADE = 1000 };

struct milestone_range {
    int64_t first, last, stride, factor; /* factor 0: by differences */
};

struct milestones {
    int64_t every;
    struct milestone_range *ranges;
    size_t n_ranges, cap_ranges;
    int64_t *log; /* rising */
    size_t n_log, cap_log;
};

/* Fill *m, zeroed before, for a run of `steps` steps. `name` is that of the options, for messages:
 * --name-at. -1 (STATUS_USAGE): a list that cannot be read, or one that asks for a step beyond the
 * run. Free with milestones_free in any case. */
int milestones_read(struct milestones *m, const struct milestone_request *request, const char *name,
                    int64_t steps, struct err *err) NODISCARD;
void milestones_free(struct milestones *m);

/* Whether a step is one of those listed or spaced; whether it is a multiple of `every` (0 is not).
 */
bool milestones_lists(const struct milestones *m, int64_t step);
bool milestones_repeats(const struct milestones *m, int64_t step);

#endif
