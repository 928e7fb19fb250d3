#include <string.h>

#include "nn/op_recurrent.h"

/* Elements 0 and 1: steps and sequences. */
enum { HEAD = 2 };

size_t time_order_size(size_t rows) {
    return HEAD + 3 * rows + 1;
}

struct time_order time_order_of(int rows, int *memory) {
    int *start = memory + HEAD, *sequence = start + rows + 1;
    return (struct time_order){.rows = rows,
                               .steps = memory[0],
                               .sequences = memory[1],
                               .start = start,
                               .sequence = sequence,
                               .row = sequence + rows};
}

struct time_order time_order_make(int sequences, const int *offset, bool reverse, int *memory) {
    memory[0] = memory[1] = 0;
    for (int i = 0; i < sequences; i++) {
        int length = offset[i + 1] - offset[i];
        memory[0] = length > memory[0] ? length : memory[0];
        memory[1] += length > 0;
    }
    struct time_order o = time_order_of(offset[sequences] - offset[0], memory);
    /* start[n - 1] is in turn how many sequences have n rows, how many have more, and, when all
     * have their places, how many have n or more. */
    memset(o.start, 0, ((size_t)o.steps + 1) * sizeof *o.start);
    for (int i = 0; i < sequences; i++)
        if (offset[i + 1] > offset[i])
            o.start[offset[i + 1] - offset[i] - 1]++;
    int sum = 0;
    for (int step = o.steps - 1; step >= 0; step--) {
        int here = o.start[step];
        o.start[step] = sum;
        sum += here;
    }
    for (int i = 0; i < sequences; i++)
        if (offset[i + 1] > offset[i])
            o.sequence[o.start[offset[i + 1] - offset[i] - 1]++] = i;
    int place = 0;
    for (int step = 0; step < o.steps; step++) {
        int active = o.start[step];
        o.start[step] = place;
        for (int k = 0; k < active; k++) {
            int i = o.sequence[k];
            o.row[place++] = (reverse ? offset[i + 1] - 1 - step : offset[i] + step) - offset[0];
        }
    }
    o.start[o.steps] = place;
    return o;
}
