#include "lib/version.h"

/* The build supplies these through a generated header; see the Makefile. */
#ifndef ESPALIER_VERSION
#    define ESPALIER_VERSION "unknown"
#    define ESPALIER_COMMIT  "unknown"
#endif

const char *version_text(void) {
    return ESPALIER_VERSION " (git " ESPALIER_COMMIT ")";
}
