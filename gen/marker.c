#include "gen/marker.h"

#include <stdbool.h>
#include <string.h>

#include "lib/msg.h"
#include "lib/utf8.h"

void marker_check(const char *option, const char *text) {
    size_t len = strlen(text);
    bool plain = len <= 1000 && utf8_is_valid(text, len);
    for (const char *p = text; *p; p++)
        plain &= (unsigned char)*p > ' ' && *p != 127;
    if (!plain)
        msg_die(STATUS_USAGE, "--%s is '%.100s'; it must be one word, or '' for none", option,
                text);
}
