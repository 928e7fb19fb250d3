/* Which of several parts each slot of a sequence belongs to, so that every part has its share at
 * every length: among the first n slots a part of share p has n*p, rounded up or down, and exactly
 * n*p for all parts when those are whole numbers (n up to 10^12). The sequence depends on the
 * shares alone (Tijdeman 1980, "The chairman assignment problem",
 * doi:10.1016/0012-365X(80)90269-1). */
#ifndef ESPALIER_APPORTION_H
#define ESPALIER_APPORTION_H

#include <stddef.h>
#include <stdint.h>

struct apportion_part {
    double share;   /* 0 to 1; all shares sum to 1 */
    uint64_t taken; /* slots so far */
};

/* Zero-initialise it. */
struct apportion {
    struct apportion_part *parts;
    size_t n, cap;
    uint64_t slots; /* so far */
};

void apportion_add(struct apportion *a, double share);

/* The part of the next slot: an index; 0 without parts. */
size_t apportion_next(struct apportion *a);

void apportion_free(struct apportion *a);

#endif
