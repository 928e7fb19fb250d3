/* A pool of worker threads for fixed lists of tasks.
 *
 * Which worker runs which task is not determined; a task must therefore write only what no other
 * task of the list touches, and then results do not depend on the number of threads. Workers sleep
 * between lists, because several runs may share a machine. */
#ifndef ESPALIER_POOL_H
#define ESPALIER_POOL_H

struct pool;

/* One task: `task` is its index in the list, `worker` (0 .. pool_workers - 1) the index of the
 * worker running it, for scratch memory. No two tasks run on one worker at the same time. */
typedef void pool_task(void *ctx, int task, int worker);

/* A pool of `threads` workers (at least 1), of which the caller of pool_run is one. If the system
 * refuses to start a thread the pool is smaller. Free with pool_free. */
struct pool *pool_new(int threads);
void pool_free(struct pool *p);

/* The number of workers; 1 for a NULL pool, which everywhere means the calling thread alone. */
int pool_workers(const struct pool *p);

/* Run fn(ctx, task, worker) once for every task 0 .. n_tasks-1 and return when all have returned;
 * their writes are then visible to the caller. Tasks are claimed in order. Not reentrant: only
 * the thread that owns the pool calls this, and never from inside a task. */
void pool_run(struct pool *p, int n_tasks, pool_task *fn, void *ctx);

#endif
