/* lib/pipeline: order, errors, release, for any number of threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/pipeline.h"
#include "tests/unit/assert_error.h"

enum { NEVER = -1, MOST_THREADS = 16 };

/* A task that works out a number, as slowly as asked. */
struct task {
    int number, result, uses;
    struct buf text; /* to be released */
};

struct shop {
    int threads;
    int fail_at, fail_also, fail_finish; /* tasks whose work or finish fails */
    bool slow_failure;                   /* the first of them takes longest */
    int finished;                        /* so many, in order */
    pthread_t caller;
    atomic_int busy[MOST_THREADS + 1]; /* [worker] */
    atomic_int worked, released, wrong;
};

static void pause_for(long microseconds) {
    struct timespec t = {.tv_nsec = 1000 * microseconds};
    nanosleep(&t, NULL);
}

static int work(void *context, void *task, int worker, struct err *err) {
    struct shop *s = context;
    struct task *t = task;
    int most = s->threads > 0 ? s->threads : 1;
    if (worker < 0 || worker >= most || atomic_fetch_add(&s->busy[worker], 1) != 0)
        atomic_fetch_add(&s->wrong, 1); /* a worker's scratch memory is its own */
    if (s->threads == 0 && !pthread_equal(pthread_self(), s->caller))
        atomic_fetch_add(&s->wrong, 1);
    if (t->number % 7 == 0)
        pause_for(50 * (t->number % 5));
    t->result = 3 * t->number + 1;
    buf_printf(&t->text, "%d ", t->number);
    atomic_fetch_add(&s->worked, 1);
    int result = 0;
    if (t->number == s->fail_at || t->number == s->fail_also) {
        if (s->slow_failure && t->number == s->fail_at)
            pause_for(20000);
        result = err_set(err, STATUS_DATA, "task %d failed", t->number);
    }
    atomic_fetch_sub(&s->busy[worker], 1);
    return result;
}

static int finish(void *context, void *task, struct err *err) {
    struct shop *s = context;
    struct task *t = task;
    if (!pthread_equal(pthread_self(), s->caller) || t->number != s->finished ||
        t->result != 3 * t->number + 1)
        atomic_fetch_add(&s->wrong, 1);
    if (t->number == s->fail_finish)
        return err_set(err, STATUS_IO, "finishing %d failed", t->number);
    s->finished++;
    return 0;
}

static atomic_int *released;

static void release(void *task) {
    struct task *t = task;
    buf_free(&t->text);
    atomic_fetch_add(released, 1);
}

static struct pipeline *open_shop(struct shop *s, int threads) {
    s->threads = threads;
    s->caller = pthread_self();
    released = &s->released;
    return pipeline_new(threads, &(struct pipeline_stages){
                                     .context = s,
                                     .task_size = sizeof(struct task),
                                     .work = work,
                                     .finish = finish,
                                     .release = release,
                                 });
}

/* Push n tasks; -1 as soon as something fails. */
static int push(struct pipeline *p, int n, struct err *err) {
    for (int i = 0; i < n; i++) {
        struct task *t = pipeline_task(p, err);
        if (!t)
            return -1;
        if (t->uses == 0) {
            assert_int_equal(t->number, 0); /* zeroed at first */
            assert_null(t->text.data);
        } else {
            assert_int_equal(t->result, 3 * t->number + 1); /* then as its last user left it */
        }
        t->uses++;
        t->number = i;
        if (pipeline_push(p, err) != 0)
            return -1;
    }
    return pipeline_drain(p, err);
}

static const int thread_counts[] = {0, 1, 2, 4, MOST_THREADS};
enum { N_COUNTS = sizeof thread_counts / sizeof *thread_counts };

static void results_are_in_order(void **state) {
    (void)state;
    static const int sizes[] = {0, 1, 2, 3, 9, 40, 1000};
    for (int k = 0; k < N_COUNTS; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct err err = {0};
            struct shop s = {.fail_at = NEVER, .fail_also = NEVER, .fail_finish = NEVER};
            struct pipeline *p = open_shop(&s, thread_counts[k]);
            assert_int_equal(push(p, sizes[i], &err), 0);
            assert_int_equal(s.finished, sizes[i]);
            assert_int_equal(s.worked, sizes[i]);
            pipeline_free(p);
            assert_int_equal(s.wrong, 0);
            assert_int_equal(s.released, 2 * thread_counts[k] + 1);
        }
}

static void it_goes_on_after_draining(void **state) {
    (void)state;
    for (int k = 0; k < N_COUNTS; k++) {
        struct err err = {0};
        struct shop s = {.fail_at = NEVER, .fail_also = NEVER, .fail_finish = NEVER};
        struct pipeline *p = open_shop(&s, thread_counts[k]);
        for (int i = 0; i < 50; i++) {
            struct task *t = pipeline_task(p, &err);
            assert_non_null(t);
            assert_ptr_equal(pipeline_task(p, &err), t); /* not handed over yet */
            t->number = i;
            assert_int_equal(pipeline_push(p, &err), 0);
            if (i % 7 == 3) {
                assert_int_equal(pipeline_drain(p, &err), 0);
                assert_int_equal(s.finished, i + 1);
                assert_int_equal(pipeline_drain(p, &err), 0);
            }
        }
        assert_int_equal(pipeline_drain(p, &err), 0);
        assert_int_equal(s.finished, 50);
        assert_int_equal(s.wrong, 0);
        pipeline_free(p);
    }
}

/* The error is that of the earliest task, though a later one fails sooner; all before it are
 * finished, none after it. */
static void the_earliest_error_is_told(void **state) {
    (void)state;
    for (int k = 0; k < N_COUNTS; k++)
        for (int slow = 0; slow < 2; slow++)
            for (int at = 0; at < 12; at += 1 + at / 2) {
                struct err err = {0};
                char why[32];
                struct shop s = {.fail_at = at,
                                 .fail_also = at + 1,
                                 .fail_finish = at + 2,
                                 .slow_failure = slow};
                struct pipeline *p = open_shop(&s, thread_counts[k]);
                assert_int_equal(push(p, 100, &err), -1);
                snprintf(why, sizeof why, "task %d failed", at);
                assert_error(&err, STATUS_DATA, why, NULL);
                assert_int_equal(s.finished, at);
                pipeline_free(p);
                assert_int_equal(s.wrong, 0);
                assert_int_equal(s.released, 2 * thread_counts[k] + 1);
            }
}

static void finishing_may_fail(void **state) {
    (void)state;
    for (int k = 0; k < N_COUNTS; k++)
        for (int at = 0; at < 30; at += 13) {
            struct err err = {0};
            struct shop s = {.fail_at = at + 1, .fail_also = NEVER, .fail_finish = at};
            struct pipeline *p = open_shop(&s, thread_counts[k]);
            assert_int_equal(push(p, 60, &err), -1);
            assert_error(&err, STATUS_IO, "finishing", NULL);
            assert_int_equal(s.finished, at);
            pipeline_free(p);
            assert_int_equal(s.wrong, 0);
        }
}

/* Given up with tasks at work, waiting, done but not finished, or none at all. */
static void given_up_half_way(void **state) {
    (void)state;
    pipeline_free(NULL);
    for (int k = 0; k < N_COUNTS; k++)
        for (int n = 0; n < 6; n++) {
            struct err err = {0};
            struct shop s = {.fail_at = 2, .fail_also = NEVER, .fail_finish = NEVER};
            s.slow_failure = true;
            struct pipeline *p = open_shop(&s, thread_counts[k]);
            int pushed = 0;
            for (; pushed < n; pushed++) {
                struct task *t = pipeline_task(p, &err);
                if (!t)
                    break;
                t->number = pushed;
                if (pipeline_push(p, &err) != 0)
                    break;
            }
            pipeline_free(p);
            assert_int_equal(s.wrong, 0);
            assert_true(s.finished <= 2);
            assert_int_equal(s.released, 2 * thread_counts[k] + 1);
        }
}

static int plain_work(void *context, void *task, int worker, struct err *err) {
    (void)context, (void)worker, (void)err;
    *(int *)task *= 2;
    return 0;
}

static int plain_finish(void *context, void *task, struct err *err) {
    (void)err;
    *(long *)context += *(int *)task;
    return 0;
}

static void nothing_to_release(void **state) {
    (void)state;
    for (int k = 0; k < N_COUNTS; k++) {
        long sum = 0;
        struct err err = {0};
        struct pipeline *p = pipeline_new(thread_counts[k],
                                          &(struct pipeline_stages){.context = &sum,
                                                                    .task_size = sizeof(int),
                                                                    .work = plain_work,
                                                                    .finish = plain_finish});
        for (int i = 1; i <= 5000; i++) {
            int *t = pipeline_task(p, &err);
            *t = i;
            assert_int_equal(pipeline_push(p, &err), 0);
        }
        assert_int_equal(pipeline_drain(p, &err), 0);
        assert_int_equal(sum, 5000L * 5001);
        pipeline_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_in_order),       cmocka_unit_test(it_goes_on_after_draining),
        cmocka_unit_test(the_earliest_error_is_told), cmocka_unit_test(finishing_may_fail),
        cmocka_unit_test(given_up_half_way),          cmocka_unit_test(nothing_to_release),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
