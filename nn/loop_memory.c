#include "lib/mem.h"
#include "nn/loop_private.h"

/* The activations of the largest batch that is to be expected. */
static double activations(struct run *run) {
    struct graph_room room = {.workers = pool_workers(run->pool)};
    struct feed_facts f = feed_facts(run->feed);
    struct feed_sizes largest = feed_largest_batch(run->feed);
    int64_t parts = run->request->passes > 1 ? run->request->passes : 1;
    int64_t rows[] = {[ROWS_INPUT] = largest.tokens,
                      [ROWS_MEMORY] = largest.memory,
                      [ROWS_EXAMPLE] = largest.sequences};
    for (int k = 0; k < ROWS_OUTPUT; k++) {
        int64_t part = (rows[k] + parts - 1) / parts;
        room.rows[k] = part > INT32_MAX / 2 ? INT32_MAX / 2 : (int)part;
    }
    room.longest = f.longest;
    room.longest_memory = f.longest_memory;
    for (size_t i = 0; i < run->n_evals; i++) {
        struct graph_room of_eval = score_room(run->evals[i].set, run->model, run->pool);
        for (int k = 0; k < ROWS_OUTPUT; k++)
            if (of_eval.passing[k] > room.passing[k])
                room.passing[k] = of_eval.passing[k];
        if (of_eval.longest > room.longest)
            room.longest = of_eval.longest;
        if (of_eval.longest_memory > room.longest_memory)
            room.longest_memory = of_eval.longest_memory;
        if (of_eval.family > room.family)
            room.family = of_eval.family;
    }
    return (double)graph_room_whole_bytes(run->model->graph, &room);
}

void loop_tell_memory(struct run *run) {
    enum { MEGA = 1000000 };
    const struct params *p = run->model->params;
    double array = (double)p->size * sizeof(real), weights = 2 * array,
           optimiser = array * (double)p->slots, corpora = (double)feed_bytes(run->feed),
           work = activations(run);
    for (size_t i = 0; i < run->n_evals; i++)
        corpora += (double)score_bytes(run->evals[i].set);
    if (run->before)
        optimiser += array;
    double all = weights + optimiser + work + corpora + run->program;
    msg_note("%s: expects to need %.0f MB of memory: %.0f for weights and gradients, %.0f for the "
             "optimiser, %.0f for activations, %.0f for corpora, %.0f for the program",
             run->request->folder, all / MEGA, weights / MEGA, optimiser / MEGA, work / MEGA,
             corpora / MEGA, run->program / MEGA);
}
