/* A progress line on standard error: bar, rate, time to go.
 *
 * Shown only when standard error is a terminal and the tool is not quiet, first after a second, at
 * most five times a second. Elsewhere nothing is printed: tools report their milestones with
 * msg_note. */
#ifndef ESPALIER_PROGRESS_H
#define ESPALIER_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
    int64_t first, total;
    double started, shown; /* seconds, monotonic */
    const char *unit;
    int width; /* of the line on the screen, to wipe it */
};

/* Begin at `first` of `total` (0: unknown); `unit` names what is counted ("steps"). */
struct progress progress_start(int64_t first, int64_t total, const char *unit);

/* `done` so far, and a few words on how it goes (may be ""). */
void progress_update(struct progress *p, int64_t done, const char *detail);

/* Wipe the line: before a message, and at the end. */
void progress_clear(struct progress *p);

/* Put ", 4:27 left" into text, or nothing when the rate is not known yet. */
void progress_put_left(const struct progress *p, int64_t done, char *text, size_t room);

/* Seconds since progress_start. */
double progress_seconds(const struct progress *p);

#endif
