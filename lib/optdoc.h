/* Documents made from an option table: a manual page, and completion for bash.
 *
 * They say what --help says, so they cannot drift from it. */
#ifndef ESPALIER_OPTDOC_H
#define ESPALIER_OPTDOC_H

#include "lib/mem.h"
#include "lib/opt.h"

/* Append the manual page in mdoc(7) (section 1). */
void optdoc_put_man(const struct opt_tool *tool, struct buf *out);

/* Append the table for programs (--list-options, opt.h). */
void optdoc_put_table(const struct opt_tool *tool, struct buf *out);

/* Append the names of the presets with what they are, a line each. */
void optdoc_put_presets(const struct opt_tool *tool, struct buf *out);

/* Append every option with its present value (opt_show_config). */
void optdoc_put_config(const struct opt_tool *tool, struct buf *out);

/* Append a bash script that completes the tool's options, their fixed choices, and file names. */
void optdoc_put_completion(const struct opt_tool *tool, struct buf *out);

#endif
