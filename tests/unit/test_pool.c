#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nn/pool.h"

enum { MOST = 1000, THREADS = 4 };

struct tally {
    int workers;
    int ran[MOST], value[MOST], busy[THREADS], wrong[MOST];
};

/* Counts itself, and uses its worker's flag as scratch that nobody else may be using. */
static void count_task(void *ctx, int task, int worker) {
    struct tally *t = ctx;
    t->ran[task]++;
    if (worker < 0 || worker >= t->workers || t->busy[worker]++ != 0)
        t->wrong[task] = 1;
    t->value[task] = t->value[task] / 2 + task;
    if (worker >= 0 && worker < t->workers)
        t->busy[worker]--;
}

static void run_lists(struct pool *pool) {
    static struct tally t;
    memset(&t, 0, sizeof t);
    t.workers = pool_workers(pool);
    static const int sizes[] = {0, 1, 2, 3, MOST, 7};
    int expected[MOST] = {0}, value[MOST] = {0};
    for (int list = 0; list < 3000; list++) {
        int n = sizes[list % 6];
        pool_run(pool, n, count_task, &t);
        for (int i = 0; i < n; i++) {
            expected[i]++;
            value[i] = value[i] / 2 + i;
            assert_int_equal(t.ran[i], expected[i]);
            /* What the list wrote is visible here, and the next list sees what is written here. */
            assert_int_equal(t.value[i], value[i]);
            t.value[i] = ++value[i];
        }
    }
    for (int i = 0; i < MOST; i++)
        assert_int_equal(t.wrong[i], 0);
}

static void test_every_task_once(void **state) {
    (void)state;
    run_lists(NULL);
    const int threads[] = {1, 2, 4};
    for (int i = 0; i < 3; i++) {
        struct pool *pool = pool_new(threads[i]);
        assert_int_equal(pool_workers(pool), threads[i]);
        run_lists(pool);
        pool_free(pool);
    }
}

static void test_sizes(void **state) {
    (void)state;
    assert_int_equal(pool_workers(NULL), 1);
    struct pool *pool = pool_new(-3);
    assert_int_equal(pool_workers(pool), 1);
    pool_free(pool);
    pool_free(NULL);
    for (int i = 0; i < 50; i++)
        pool_free(pool_new(THREADS));
}

struct outer {
    int sum[8];
};

static void add_task(void *ctx, int task, int worker) {
    (void)worker;
    int *sum = ctx;
    *sum += task;
}

/* A task may have a pool of its own. */
static void nest_task(void *ctx, int task, int worker) {
    (void)worker;
    struct outer *o = ctx;
    struct pool *own = pool_new(1);
    pool_run(own, task + 1, add_task, &o->sum[task]);
    pool_free(own);
}

static void test_nested(void **state) {
    (void)state;
    struct pool *pool = pool_new(3);
    struct outer o = {{0}};
    pool_run(pool, 8, nest_task, &o);
    for (int i = 0; i < 8; i++)
        assert_int_equal(o.sum[i], i * (i + 1) / 2);
    pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_once),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
