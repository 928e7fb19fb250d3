/* Operations on two elements: formulas modulo a number, or words in a group.
 *
 *     OPERATION = SUM [ "if" VARIABLE ( "even" | "odd" ) "else" OPERATION ]
 *     SUM       = TERM { ( "+" | "-" ) TERM }
 *     TERM      = FACTOR { [ "*" | "/" ] FACTOR }          from the left; xy is x*y
 *     FACTOR    = "-" FACTOR | ATOM [ ( "^" | "**" ) [ "-" ] NUMBER ]
 *     ATOM      = VARIABLE | NUMBER | "(" SUM ")"
 *     VARIABLE  = "x" | "y"                                a and b mean the same
 *
 * "+", "-", "*" and "/" alone stand for x+y, x-y, x*y and x/y. In a group there are products,
 * quotients (x/y = x y^-1) and powers only. Modulo a number, division is by units, that is, by
 * numbers coprime to it; a number is even or odd as one of 0 .. modulus-1. Only y may divide: an
 * operation takes every x, and those y by which it never divides by a non-unit. */
#ifndef ESPALIER_OPERATION_H
#define ESPALIER_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/group.h"
#include "lib/msg.h"

enum { OPERATION_MAX_MODULUS = 1000000 };

struct operation;

/* Read an operation modulo 1 .. OPERATION_MAX_MODULUS or, when `group` is not NULL, in a group,
 * which must outlive it. NULL on error (STATUS_USAGE): a wrong formula, a division by x, one that
 * is defined for no y. */
struct operation *operation_read(const char *text, uint32_t modulus, const struct group *group,
                                 struct err *err) NODISCARD;

/* NULL is allowed. */
void operation_free(struct operation *o);

/* As it was written, with the short forms written out. */
const char *operation_text(const struct operation *o);

/* The number of elements: the modulus, or the order of the group. */
uint32_t operation_elements(const struct operation *o);

/* Whether the operation is defined for this y. */
bool operation_takes(const struct operation *o, uint32_t y);

/* The answer; y must be taken. */
uint32_t operation_apply(const struct operation *o, uint32_t x, uint32_t y);

/* Append the name of an element: the number, or as group_put_element. */
void operation_put_element(const struct operation *o, uint32_t element, struct buf *out);

#endif
