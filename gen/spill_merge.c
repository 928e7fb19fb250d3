#include "gen/spill_merge.h"

#include <stdlib.h>

static bool before(const struct spill_merge *m, size_t a, size_t b) {
    return m->runs[a].key < m->runs[b].key || (m->runs[a].key == m->runs[b].key && a < b);
}

/* Let the run at a place of the heap sink to where it belongs. */
static void sink(struct spill_merge *m, size_t at) {
    size_t run = m->heap[at];
    for (size_t child; (child = 2 * at + 1) < m->n_heap; at = child) {
        if (child + 1 < m->n_heap && before(m, m->heap[child + 1], m->heap[child]))
            child++;
        if (!before(m, m->heap[child], run))
            break;
        m->heap[at] = m->heap[child];
    }
    m->heap[at] = run;
}

int spill_merge_start(struct spill_merge *m, struct spill *file, const int64_t *bounds, size_t n,
                      size_t room, struct err *err) {
    *m = (struct spill_merge){.n = n};
    m->runs = mem_alloc(n, sizeof *m->runs);
    m->heap = mem_alloc(n, sizeof *m->heap);
    for (size_t k = 0; k < n; k++) {
        spill_run_start(&m->runs[k], file, bounds[k], bounds[k + 1], room);
        int got = spill_run_next(&m->runs[k], err);
        if (got < 0)
            return -1;
        if (got > 0)
            m->heap[m->n_heap++] = k;
    }
    for (size_t at = m->n_heap / 2; at-- > 0;)
        sink(m, at);
    return 0;
}

int spill_merge_next(struct spill_merge *m, const struct spill_run **record, struct err *err) {
    if (!m->n_heap)
        return 0;
    if (m->used) {
        int got = spill_run_next(&m->runs[m->heap[0]], err);
        if (got < 0)
            return -1;
        if (got == 0)
            m->heap[0] = m->heap[--m->n_heap];
        if (!m->n_heap)
            return 0;
        sink(m, 0);
    }
    m->used = true;
    *record = &m->runs[m->heap[0]];
    return 1;
}

void spill_merge_free(struct spill_merge *m) {
    for (size_t k = 0; k < m->n; k++)
        spill_run_free(&m->runs[k]);
    free(m->runs);
    free(m->heap);
    *m = (struct spill_merge){0};
}
