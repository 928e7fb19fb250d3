#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "nn/loop_private.h"

bool loop_saves_at(const struct run *run, int64_t step) {
    return milestones_lists(&run->save, step) || milestones_repeats(&run->save, step) ||
           step == run->request->steps;
}

static bool is_lasting(const struct run *run, int64_t step) {
    const struct checkpoint_numbers *lasting = &run->state.lasting;
    for (size_t i = 0; i < lasting->n; i++)
        if (lasting->items[i] == (double)step)
            return true;
    return milestones_lists(&run->save, step) || (run->parent && step == run->base);
}

/* Of all checkpoints that --save-every makes, and the one that ends the run, the latest stay. */
void loop_thin(const struct run *run) {
    const char *folder = run->request->folder;
    int64_t *steps, periodic = 0;
    size_t n;
    if (checkpoint_list(folder, &steps, &n, NULL) == 0)
        while (n-- > 0) {
            int64_t step = steps[n];
            if (step > run->step || is_lasting(run, step))
                continue;
            bool counts = milestones_repeats(&run->save, step) || step == run->request->steps ||
                          (run->ended && step == run->step);
            periodic += counts;
            if (step < run->step && (!counts || (run->keep && periodic > run->keep)))
                checkpoint_remove(folder, step);
        }
    free(steps);
    checkpoint_remove_states(folder, run->step, run->request->keep_states);
}

/* The loss of a step is of the weights before it, so a last update may overflow unseen. */
static int check_weights(const struct run *run, struct err *err) {
    const struct params *p = run->model->params;
    for (size_t i = 0; i < p->tensors; i++)
        for (size_t k = 0; k < p->table[i].count; k++)
            if (!isfinite(p->value[p->table[i].offset + k]))
                return err_set(err, STATUS_NONFINITE,
                               "%s: step %" PRId64 ": the weights of %s are not finite; earlier "
                               "checkpoints are untouched (a lower --rate may help)",
                               run->request->folder, run->step, p->table[i].name);
    return 0;
}

int loop_save(struct run *run, bool lasting, struct err *err) {
    if (check_weights(run, err) != 0)
        return -1;
    if (lasting)
        checkpoint_add_number(&run->state.lasting, (double)run->step);
    loop_remember_watches(run);
    if (metrics_sync(run->metrics, err) != 0 ||
        checkpoint_write(run->request->folder, run->step, run->model, &run->vocab, &run->state,
                         err) != 0)
        return -1;
    run->saved = run->step;
    loop_thin(run);
    return 0;
}
