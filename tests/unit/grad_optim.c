/* Every optimiser against PyTorch, in double precision (trajectories.h). */
#include "tests/unit/trajectories.h"

static void test_trajectories(void **state) {
    (void)state;
    trajectories_follow_pytorch(1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trajectories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
