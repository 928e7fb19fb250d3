/* lib/components: against the closure of random graphs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/components.h"
#include "lib/mem.h"
#include "lib/rng.h"

enum { MOST = 12 };

static void random_graphs(void **state) {
    (void)state;
    struct rng r = rng_at(1, RNG_NOISE, 0);
    int cycles = 0, apart = 0;
    for (int trial = 0; trial < 2000; trial++) {
        size_t n = 1 + rng_below(&r, MOST), first[MOST + 1] = {0};
        int to[3 * MOST], order[MOST], component[MOST], place[MOST];
        bool edge[MOST][MOST] = {{0}}, reach[MOST][MOST] = {{0}};
        size_t edges = 0;
        for (size_t i = 0; i < n; i++) {
            for (uint32_t k = rng_below(&r, 3); k-- > 0;) {
                to[edges] = (int)rng_below(&r, (uint32_t)n);
                edge[i][to[edges++]] = true;
            }
            first[i + 1] = edges;
        }
        memcpy(reach, edge, sizeof reach);
        for (size_t k = 0; k < n; k++)
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++)
                    reach[i][j] |= reach[i][k] && reach[k][j];
        struct graph g = {n, first, to};
        int root = trial % 2 ? -1 : (int)rng_below(&r, (uint32_t)n);
        size_t found = components_find(&g, root, order, component), wanted = 0;
        for (size_t i = 0; i < n; i++)
            place[i] = -1;
        for (size_t i = 0; i < found; i++) {
            assert_true(order[i] >= 0 && (size_t)order[i] < n && place[order[i]] < 0);
            place[order[i]] = (int)i;
            if (i)
                assert_in_range(component[order[i]] - component[order[i - 1]], 0, 1);
            else
                assert_int_equal(component[order[i]], 0);
        }
        if (root >= 0)
            assert_int_equal(order[found - 1], root);
        for (size_t i = 0; i < n; i++) {
            bool met = root < 0 || (int)i == root || reach[root][i];
            wanted += met;
            assert_int_equal(place[i] >= 0, met);
            assert_int_equal(components_has_loop(&g, (int)i), edge[i][i]);
            cycles += edge[i][i];
            if (!met) {
                assert_int_equal(component[i], -1);
                apart++;
            }
            for (size_t j = 0; j < n && met; j++) {
                if (place[j] < 0)
                    continue;
                assert_int_equal(component[i] == component[j],
                                 i == j || (reach[i][j] && reach[j][i]));
                if (edge[i][j])
                    assert_true(component[j] <= component[i]);
            }
        }
        assert_int_equal(found, wanted);
    }
    assert_true(cycles > 1000 && apart > 1000);
}

/* A ring and a line with more nodes than a stack of calls would bear. */
static void huge_graphs(void **state) {
    (void)state;
    enum { N = 1000000 };
    size_t *first = mem_alloc(N + 1, sizeof *first);
    int *to = mem_alloc(N, sizeof *to), *order = mem_alloc(N, sizeof *order);
    int *component = mem_alloc(N, sizeof *component);
    for (size_t i = 0; i < N; i++) {
        first[i + 1] = i + 1;
        to[i] = (int)((i + 1) % N);
    }
    struct graph g = {N, first, to};
    assert_int_equal(components_find(&g, 7, order, component), N);
    assert_int_equal(order[N - 1], 7);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(component[i], 0);
    first[N] = N - 1; /* cut it */
    assert_int_equal(components_find(&g, 0, order, component), N);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(component[i], N - 1 - i);
    free(first);
    free(to);
    free(order);
    free(component);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs),
        cmocka_unit_test(huge_graphs),
    };
    return cmocka_run_group_tests_name("components", tests, NULL, NULL);
}
