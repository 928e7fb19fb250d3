#include "lib/apportion.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"

void apportion_add(struct apportion *a, double share) {
    a->parts = mem_grow(a->parts, &a->cap, a->n + 1, sizeof *a->parts);
    a->parts[a->n++] = (struct apportion_part){.share = share};
}

/* Tijdeman's rule: of the parts whose count may still grow, the one whose next slot is due first.
 * No count is ever off by more than 1 - slack, which leaves rounding errors much room below 1. */
size_t apportion_next(struct apportion *a) {
    size_t best = 0;
    double earliest = INFINITY;
    double now = (double)a->slots++ + 1;
    const double slack = a->n > 1 ? 1.0 / (2.0 * (double)a->n - 2) : 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct apportion_part *p = &a->parts[i];
        double owed = p->share * now - (double)p->taken;
        if (p->share <= 0 || owed < slack - 1e-9)
            continue;
        double due = ((double)p->taken + 1 - slack) / p->share;
        if (due < earliest - 1e-9) {
            earliest = due;
            best = i;
        }
    }
    if (a->n)
        a->parts[best].taken++;
    return best;
}

void apportion_free(struct apportion *a) {
    free(a->parts);
    *a = (struct apportion){0};
}
