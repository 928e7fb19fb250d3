#include "nn/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/mem.h"

struct worker {
    struct pool *pool;
    int index;
    pthread_t thread;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct worker *worker; /* [0] is the caller and has no thread */
    int workers;

    /* Under the lock. */
    unsigned long list; /* counts the lists given out, so that a worker joins each at most once */
    int next, n_tasks, running;
    bool stop;
    pool_task *fn;
    void *ctx;
};

/* Claim and run tasks until none is left; the lock is held on entry and on return. */
static void work(struct pool *p, int worker) {
    while (p->next < p->n_tasks) {
        int task = p->next++;
        p->running++;
        pthread_mutex_unlock(&p->lock);
        p->fn(p->ctx, task, worker);
        pthread_mutex_lock(&p->lock);
        p->running--;
    }
}

static void *worker_main(void *arg) {
    struct worker *w = arg;
    struct pool *p = w->pool;
    unsigned long seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->list == seen)
            pthread_cond_wait(&p->work, &p->lock);
        if (p->stop)
            break;
        seen = p->list;
        work(p, w->index);
        if (p->running == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(int threads) {
    struct pool *p = mem_alloc(1, sizeof *p);
    if (threads < 1)
        threads = 1;
    p->worker = mem_alloc(threads, sizeof *p->worker);
    p->workers = 1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    while (p->workers < threads) {
        struct worker *w = &p->worker[p->workers];
        *w = (struct worker){.pool = p, .index = p->workers};
        if (pthread_create(&w->thread, NULL, worker_main, w))
            break;
        p->workers++;
    }
    return p;
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i < p->workers; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p->worker);
    free(p);
}

int pool_workers(const struct pool *p) {
    return p ? p->workers : 1;
}

void pool_run(struct pool *p, int n_tasks, pool_task *fn, void *ctx) {
    if (!p || p->workers == 1 || n_tasks <= 1) {
        for (int i = 0; i < n_tasks; i++)
            fn(ctx, i, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->ctx = ctx;
    p->next = 0;
    p->n_tasks = n_tasks;
    p->list++;
    pthread_cond_broadcast(&p->work);
    work(p, 0);
    while (p->running > 0)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
