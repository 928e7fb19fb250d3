/* Words that a user puts into sources, as --mark and --equals. */
#ifndef ESPALIER_MARKER_H
#define ESPALIER_MARKER_H

/* End the tool (STATUS_USAGE) unless the text is '' or one word: UTF-8 without blanks and control
 * characters, of at most 1000 bytes. `option` is its name without dashes. */
void marker_check(const char *option, const char *text);

#endif
