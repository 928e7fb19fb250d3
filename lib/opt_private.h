/* What the files of lib/opt share: values of options, and where they came from. */
#ifndef ESPALIER_OPT_PRIVATE_H
#define ESPALIER_OPT_PRIVATE_H

#include "lib/mem.h"
#include "lib/msg.h"
#include "lib/opt.h"

/* Read the text as a value of the option's type and set the option, unless another source has set
 * it: then the text is only checked. -1 with STATUS_USAGE: no value of the type, out of bounds, or
 * given twice by this source. */
int opt_set_value(struct opt *o, const char *text, enum opt_source source, struct err *err);

/* The same for a flag. */
void opt_set_flag(struct opt *o, bool on, enum opt_source source);

/* The value in the variable, and back; a list is told by its length and grows by v.text. */
union opt_value opt_current_value(const struct opt *o);
void opt_put_value(struct opt *o, union opt_value v);

/* The flag that --name takes back, or NULL. */
struct opt *opt_find_negated(const struct opt_tool *tool, const char *name);

/* Append the option as it is written: a flag that is off is its --no- form. */
void opt_put_name(struct buf *b, const struct opt *o);

/* Apply tool->preset to the options that the command line left alone. */
void opt_use_preset(struct opt_tool *tool);

/* Print what `put` makes and exit 0. */
_Noreturn void opt_print_document(const struct opt_tool *tool,
                                  void (*put)(const struct opt_tool *, struct buf *));

#endif
