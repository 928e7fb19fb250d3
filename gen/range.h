/* Ranges of whole numbers on the command line: "4", "1..4", "3..", "..7". */
#ifndef ESPALIER_RANGE_H
#define ESPALIER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
    int64_t least, most;
    bool open; /* no greatest number was given */
};

/* Read the range given for an option, within the least and greatest numbers it allows, which also
 * stand in where an end is left open. A wrong one ends the tool (STATUS_USAGE). */
struct range range_read(const char *option, const char *text, int64_t least, int64_t most);

#endif
