/* Rows dealt into slots, so that classes have exact shares: a row waits until a slot of its class
 * comes (lib/apportion tells which class that is), in the order of arrival. */
#ifndef ESPALIER_DEAL_H
#define ESPALIER_DEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/apportion.h"
#include "lib/mem.h"

/* Rows that wait, each with its LF; those before `next` have gone. */
struct deal_queue {
    struct buf rows;
    size_t next;
    uint64_t taken;
};

struct deal {
    struct apportion *shares;
    struct deal_queue *queues; /* [class] */
    uint64_t most;             /* slots that will ever be dealt */
    size_t turn;               /* the class of the next slot */
};

/* `most` bounds how many rows need ever wait. The shares must outlive it. */
void deal_start(struct deal *d, struct apportion *shares, uint64_t most);

/* Let a row of a class wait. Rows that no slot can need are dropped. */
void deal_add(struct deal *d, size_t class_index, const char *row, size_t len);

/* The row of the next slot; false when none waits for it. Valid until the next call. */
bool deal_next(struct deal *d, const char **row, size_t *len);

void deal_free(struct deal *d);

#endif
