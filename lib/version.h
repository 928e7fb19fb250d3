/* The release and the commit the tools were built from. */
#ifndef ESPALIER_VERSION_TEXT_H
#define ESPALIER_VERSION_TEXT_H

/* "0.1.0 (git 1a2b3c4)"; a '+' after the commit marks sources changed since. Static storage. */
const char *version_text(void);

#endif
