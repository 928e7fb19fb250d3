#include "lib/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/msg.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct progress progress_start(int64_t first, int64_t total, const char *unit) {
    double t = now();
    return (struct progress){
        .first = first, .total = total, .started = t, .shown = t, .unit = unit};
}

double progress_seconds(const struct progress *p) {
    return now() - p->started;
}

static void put_duration(char *text, size_t room, double seconds) {
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, room, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, room, "%ld:%02ld", s / 60, s % 60);
}

void progress_put_left(const struct progress *p, int64_t done, char *text, size_t room) {
    *text = '\0';
    if (done <= p->first || done >= p->total || room < 8)
        return;
    double rate = (double)(done - p->first) / progress_seconds(p);
    char left[24];
    put_duration(left, sizeof left, (double)(p->total - done) / rate);
    snprintf(text, room, ", %s left", left);
}

void progress_update(struct progress *p, int64_t done, const char *detail) {
    double t = now();
    if (t - p->shown < (p->width ? 0.2 : 1) || msg_is_quiet() || !isatty(STDERR_FILENO))
        return;
    p->shown = t;
    double rate = (double)(done - p->first) / (t - p->started);
    char line[256], bar[24], left[32] = "?";
    memset(bar, ' ', sizeof bar);
    if (p->total > 0) {
        size_t filled = (size_t)(20 * done / p->total);
        memset(bar, '#', filled > 20 ? 20 : filled);
        if (rate > 0)
            put_duration(left, sizeof left, (double)(p->total - done) / rate);
    }
    int n = p->total > 0
                ? snprintf(line, sizeof line, "%s: [%.20s] %lld/%lld %s, %.3g/s, %s left%s%s",
                           msg_tool(), bar, (long long)done, (long long)p->total, p->unit, rate,
                           left, *detail ? ", " : "", detail)
                : snprintf(line, sizeof line, "%s: %lld %s, %.3g/s%s%s", msg_tool(),
                           (long long)done, p->unit, rate, *detail ? ", " : "", detail);
    if (n < 0)
        return;
    if (n > 118)
        n = 118;
    fprintf(stderr, "\r%.*s%*s", n, line, p->width > n ? p->width - n : 0, "");
    fflush(stderr);
    p->width = n;
}

void progress_clear(struct progress *p) {
    if (p->width) {
        fprintf(stderr, "\r%*s\r", p->width, "");
        fflush(stderr);
    }
    p->width = 0;
}
