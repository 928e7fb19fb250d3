#include "lib/pipeline.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/mem.h"

struct slot {
    void *task;
    bool done;
    int result;
    struct err err;
};

struct worker {
    struct pipeline *pipeline;
    int index;
    pthread_t thread;
};

/* Tasks are numbered from 0; number k lives in slot k % depth. finished <= claimed <= pushed. */
struct pipeline {
    struct pipeline_stages stages;
    int threads, started;
    struct worker *workers;
    struct slot *slots;
    size_t depth;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    uint64_t pushed, claimed, finished; /* the caller's thread alone writes pushed and finished */
    bool stop;
};

struct pipeline *pipeline_new(int threads, const struct pipeline_stages *stages) {
    struct pipeline *p = mem_alloc(1, sizeof *p);
    p->stages = *stages;
    p->threads = threads;
    p->depth = 2 * (size_t)threads + 1;
    p->slots = mem_alloc(p->depth, sizeof *p->slots);
    for (size_t i = 0; i < p->depth; i++)
        p->slots[i].task = mem_alloc(1, stages->task_size);
    p->workers = mem_alloc((size_t)threads, sizeof *p->workers);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

static void *worker_main(void *argument) {
    struct worker *w = argument;
    struct pipeline *p = w->pipeline;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->claimed == p->pushed)
            pthread_cond_wait(&p->work, &p->lock);
        if (p->stop)
            break;
        struct slot *s = &p->slots[p->claimed++ % p->depth];
        pthread_mutex_unlock(&p->lock);
        int result = p->stages.work(p->stages.context, s->task, w->index, &s->err);
        pthread_mutex_lock(&p->lock);
        s->result = result;
        s->done = true;
        pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are the business of the thread that has the tool's main. */
static void start(struct pipeline *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->started < p->threads) {
        struct worker *w = &p->workers[p->started];
        *w = (struct worker){.pipeline = p, .index = p->started};
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            break;
        p->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (p->started == 0)
        p->threads = 0;
}

/* Finish the oldest task, which is pushed; wait for it or return 0 if it is not done. 1: finished.
 */
static int finish_oldest(struct pipeline *p, bool wait, struct err *err) {
    struct slot *s = &p->slots[p->finished % p->depth];
    if (p->threads > 0) {
        pthread_mutex_lock(&p->lock);
        while (wait && !s->done)
            pthread_cond_wait(&p->done, &p->lock);
        bool done = s->done;
        s->done = false;
        pthread_mutex_unlock(&p->lock);
        if (!done)
            return 0;
    }
    if (s->result != 0) {
        if (err)
            *err = s->err;
        return -1;
    }
    if (p->stages.finish(p->stages.context, s->task, err) != 0)
        return -1;
    p->finished++;
    return 1;
}

void *pipeline_task(struct pipeline *p, struct err *err) {
    while (p->finished < p->pushed) {
        int got = finish_oldest(p, p->pushed - p->finished == p->depth, err);
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
    }
    return p->slots[p->pushed % p->depth].task;
}

int pipeline_push(struct pipeline *p, struct err *err) {
    if (p->threads > p->started)
        start(p);
    if (p->threads == 0) {
        struct slot *s = &p->slots[p->pushed++ % p->depth];
        s->result = p->stages.work(p->stages.context, s->task, 0, &s->err);
        return finish_oldest(p, true, err) < 0 ? -1 : 0;
    }
    pthread_mutex_lock(&p->lock);
    p->pushed++;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
    return 0;
}

int pipeline_drain(struct pipeline *p, struct err *err) {
    while (p->finished < p->pushed)
        if (finish_oldest(p, true, err) < 0)
            return -1;
    return 0;
}

void pipeline_free(struct pipeline *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    for (size_t i = 0; i < p->depth; i++) {
        if (p->stages.release)
            p->stages.release(p->slots[i].task);
        free(p->slots[i].task);
    }
    free(p->slots);
    free(p->workers);
    free(p);
}
