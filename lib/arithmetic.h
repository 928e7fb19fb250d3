/* Numbers written as arithmetic: 0.05, 1/3, (1 - a) / 2. */
#ifndef ESPALIER_ARITHMETIC_H
#define ESPALIER_ARITHMETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/msg.h"
#include "lib/vocab.h"

/* Evaluate text[0..len): decimal numbers, names, + - * / and parentheses, with the usual
 * precedence; blanks may stand anywhere between. The value of a name is values[i], i its number in
 * `names` (which may be NULL: no names). -1 on error (STATUS_DATA): what is wrong, without a place;
 * a result that is not finite is an error too. */
int arithmetic_read(const char *text, size_t len, const struct vocab *names, const double *values,
                    double *value, struct err *err) NODISCARD;

/* Whether text[0..len) can be a name: letters, digits and underscores, no digit first. */
bool arithmetic_is_name(const char *text, size_t len);

#endif
