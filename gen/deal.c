#include "gen/deal.h"

#include <stdlib.h>
#include <string.h>

void deal_start(struct deal *d, struct apportion *shares, uint64_t most) {
    *d = (struct deal){.shares = shares, .most = most};
    d->queues = mem_alloc(shares->n, sizeof *d->queues);
    d->turn = apportion_next(shares);
}

/* Drop the rows that have gone once they are the larger part. */
static void tidy(struct deal_queue *q) {
    if (q->next == 0 || q->next < q->rows.len - q->next)
        return;
    memmove(q->rows.data, q->rows.data + q->next, q->rows.len - q->next);
    q->rows.len -= q->next;
    q->next = 0;
}

void deal_add(struct deal *d, size_t class_index, const char *row, size_t len) {
    struct deal_queue *q = &d->queues[class_index];
    if ((double)q->taken >= d->shares->parts[class_index].share * (double)d->most + 1)
        return;
    q->taken++;
    tidy(q);
    buf_add(&q->rows, row, len);
    buf_putc(&q->rows, '\n');
}

bool deal_next(struct deal *d, const char **row, size_t *len) {
    struct deal_queue *q = &d->queues[d->turn];
    if (q->next == q->rows.len)
        return false;
    *row = q->rows.data + q->next;
    *len = (size_t)((const char *)memchr(*row, '\n', q->rows.len - q->next) - *row);
    q->next += *len + 1;
    d->turn = apportion_next(d->shares);
    return true;
}

void deal_free(struct deal *d) {
    for (size_t i = 0; d->queues && i < d->shares->n; i++)
        buf_free(&d->queues[i].rows);
    free(d->queues);
    *d = (struct deal){0};
}
