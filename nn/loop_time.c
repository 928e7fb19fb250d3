#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "nn/loop_private.h"

/* The seconds of the last row up to this step. */
static double earlier_seconds(const char *path, int64_t step) {
    struct metrics_data data;
    double seconds = 0;
    if (metrics_read(path, &data, NULL) != 0)
        return 0;
    for (size_t i = 0; i < data.n && data.rows[i].step <= step; i++)
        if (strcmp(data.rows[i].metric, "seconds") == 0)
            seconds = data.rows[i].value;
    metrics_data_free(&data);
    return seconds;
}

int loop_open_timing(struct run *run, bool anew, struct err *err) {
    run->noted_step = run->step;
    run->noted_tokens = run->state.tokens;
    if (!anew && access(run->timing_path, F_OK) == 0) {
        run->seconds_before = earlier_seconds(run->timing_path, run->step);
        run->timing = metrics_open(run->timing_path, run->step, NULL);
    }
    if (!run->timing)
        run->timing = metrics_open(run->timing_path, -1, err);
    return run->timing ? 0 : -1;
}

double loop_token_rate(const struct run *run) {
    double seconds = progress_seconds(&run->progress) - run->noted_seconds;
    return seconds > 0 ? (run->state.tokens - run->noted_tokens) / seconds : 0;
}

static double step_rate(const struct run *run) {
    double seconds = progress_seconds(&run->progress) - run->noted_seconds;
    return seconds > 0 ? (double)(run->step - run->noted_step) / seconds : 0;
}

void loop_put_rate(const struct run *run, char *text, size_t room) {
    *text = '\0';
    if (run->step > run->noted_step)
        snprintf(text, room, ", %.3g steps/s", step_rate(run));
}

int loop_add_timing(struct run *run, struct err *err) {
    double now = progress_seconds(&run->progress);
    if (metrics_add(run->timing, run->step, "time", "seconds", run->seconds_before + now, err) != 0)
        return -1;
    if (run->step > run->noted_step &&
        (metrics_add(run->timing, run->step, "time", "steps_per_second", step_rate(run), err) !=
             0 ||
         metrics_add(run->timing, run->step, "time", "tokens_per_second", loop_token_rate(run),
                     err) != 0))
        return -1;
    if (metrics_add(run->timing, run->step, "time", "peak_memory", mem_peak(), err) != 0)
        return -1;
    run->noted_step = run->step;
    run->noted_tokens = run->state.tokens;
    return 0;
}
