#include "gen/range.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/msg.h"
#include "lib/opt.h"

struct range range_read(const char *option, const char *text, int64_t least, int64_t most) {
    struct range r = {.least = least, .most = most};
    const char *dots = strstr(text, "..");
    char *low = mem_strndup(text, dots ? (size_t)(dots - text) : strlen(text));
    const char *high = dots ? dots + 2 : low;
    bool bad = (*low && opt_read_count(low, &r.least) != 0) ||
               (*high && opt_read_count(high, &r.most) != 0) || (!*low && !*high);
    r.open = !*high;
    free(low);
    if (bad)
        msg_die(STATUS_USAGE, "%s: '%s' is no range; write 4, 1..4, 3.. or ..7", option, text);
    if (r.least >= least && r.least <= most && r.most < r.least)
        msg_die(STATUS_USAGE, "%s: '%s' ends before it begins", option, text);
    if (r.least < least || r.most > most || r.least > r.most)
        msg_die(STATUS_USAGE, "%s: '%s' is no range within %" PRId64 "..%" PRId64, option, text,
                least, most);
    return r;
}
