#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/zio_private.h"

enum { CHUNKS = 3 };

/* Chunks are numbered from 0; number k lives in chunks[k % CHUNKS]. The caller reads number
 * taken - 1; those from taken on, below filled, wait for it. */
struct zio_ahead {
    struct zio_input *in;
    struct zio_chunk chunks[CHUNKS];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled_one, freed_one;
    uint64_t taken, filled;
    bool stop;
    int wake[2]; /* a pipe: a byte in it calls the thread off while it waits for the input */
};

static void *fill_chunks(void *argument) {
    struct zio_ahead *a = argument;
    enum zio_after after = ZIO_MORE;
    pthread_mutex_lock(&a->lock);
    while (after == ZIO_MORE) {
        while (!a->stop && a->filled + 1 == a->taken + CHUNKS)
            pthread_cond_wait(&a->freed_one, &a->lock);
        if (a->stop)
            break;
        struct zio_chunk *c = &a->chunks[a->filled % CHUNKS];
        pthread_mutex_unlock(&a->lock);
        zio_input_fill(a->in, c);
        after = c->after;
        pthread_mutex_lock(&a->lock);
        a->filled++;
        pthread_cond_signal(&a->filled_one);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Signals are the business of the thread that has the tool's main. */
static bool start(struct zio_ahead *a) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&a->thread, NULL, fill_chunks, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void release(struct zio_ahead *a) {
    zio_input_watch(a->in, -1);
    close(a->wake[0]);
    close(a->wake[1]);
    for (int i = 0; i < CHUNKS; i++)
        buf_free(&a->chunks[i].text);
    pthread_cond_destroy(&a->freed_one);
    pthread_cond_destroy(&a->filled_one);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct zio_ahead *zio_ahead_new(struct zio_input *in) {
    int wake[2];
    if (pipe(wake) != 0)
        return NULL;
    fcntl(wake[0], F_SETFD, FD_CLOEXEC);
    fcntl(wake[1], F_SETFD, FD_CLOEXEC);
    struct zio_ahead *a = mem_alloc(1, sizeof *a);
    *a = (struct zio_ahead){.in = in, .wake = {wake[0], wake[1]}};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->filled_one, NULL);
    pthread_cond_init(&a->freed_one, NULL);
    zio_input_watch(in, wake[0]);
    if (start(a))
        return a;
    release(a);
    return NULL;
}

struct zio_chunk *zio_ahead_next(struct zio_ahead *a) {
    pthread_mutex_lock(&a->lock);
    while (a->filled == a->taken)
        pthread_cond_wait(&a->filled_one, &a->lock);
    struct zio_chunk *c = &a->chunks[a->taken++ % CHUNKS];
    pthread_cond_signal(&a->freed_one);
    pthread_mutex_unlock(&a->lock);
    return c;
}

bool zio_ahead_ready(struct zio_ahead *a) {
    pthread_mutex_lock(&a->lock);
    bool ready = a->filled > a->taken;
    pthread_mutex_unlock(&a->lock);
    return ready;
}

void zio_ahead_free(struct zio_ahead *a) {
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_signal(&a->freed_one);
    pthread_mutex_unlock(&a->lock);
    (void)!write(a->wake[1], "", 1);
    pthread_join(a->thread, NULL);
    release(a);
}
