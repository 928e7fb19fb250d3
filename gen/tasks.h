/* Tools that make several tasks: the first operand names one of them, and some options belong to
 * one task alone. */
#ifndef ESPALIER_TASKS_H
#define ESPALIER_TASKS_H

#include "lib/opt.h"

/* The index of a word among the names of the tasks, which end with NULL. Another word ends the tool
 * (STATUS_USAGE), with the nearest name. */
int tasks_choose(const char *word, const char *const *names);

/* End the tool (STATUS_USAGE) when one of these options, which end with NULL, was given: they
 * belong to another task, `owner`. */
void tasks_refuse(const struct opt_tool *tool, const char *owner, const char *const *options);

#endif
