/* Whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF, no
 * sequence cut short. NUL is a character like any other. ASCII passes at memory speed. */
#ifndef ESPALIER_UTF8_H
#define ESPALIER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const void *bytes, size_t len);

#endif
