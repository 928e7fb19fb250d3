/* Ordered parallel work: tasks are pushed in order, worked on by any thread, and finished in the
 * order of pushing on the thread that pushes. So what comes out does not depend on how many threads
 * there are.
 *
 * The use is a loop: t = pipeline_task(p); fill *t; pipeline_push(p) ...; pipeline_drain(p). */
#ifndef ESPALIER_PIPELINE_H
#define ESPALIER_PIPELINE_H

#include <stddef.h>

#include "lib/msg.h"

struct pipeline;

struct pipeline_stages {
    void *context;
    size_t task_size;
    /* Any thread; `worker` (0 .. max(threads, 1) - 1) tells whose scratch memory to use. -1: error.
     */
    int (*work)(void *context, void *task, int worker, struct err *err);
    /* The pushing thread, in order. -1: error. */
    int (*finish)(void *context, void *task, struct err *err);
    /* Free what a task holds; may be NULL. */
    void (*release)(void *task);
};

/* threads = 0: all work is done inside pipeline_push; else by so many threads beside the caller's.
 * Threads are started at the first push; if the system refuses one there are fewer. */
struct pipeline *pipeline_new(int threads, const struct pipeline_stages *stages);

/* A task of task_size bytes to fill: zeroed at its first use, later as its last user left it. NULL
 * on error: the error of the earliest task that failed, whatever came after it. After an error only
 * pipeline_free may be called. */
void *pipeline_task(struct pipeline *p, struct err *err) NODISCARD;

/* Hand over the task that pipeline_task returned. -1 as above. */
int pipeline_push(struct pipeline *p, struct err *err) NODISCARD;

/* Finish all tasks that were pushed. -1 as above. */
int pipeline_drain(struct pipeline *p, struct err *err) NODISCARD;

/* Wait for tasks at work, drop the results that are not finished, release all. NULL is allowed. */
void pipeline_free(struct pipeline *p);

#endif
