/* What every generator and filter shares in how it writes: the options, the stream, and the header
 * lines that tell where a corpus comes from. */
#ifndef ESPALIER_OUTPUT_H
#define ESPALIER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/corpus.h"
#include "lib/opt.h"

struct output {
    const char *path; /* NULL: standard output */
    bool text, zstd, quiet;
};

/* Rows of a tool's option table. */
#define OUTPUT_OPTIONS(o)                                                                            \
    {OPT_GROUP, .help = "How to write it"},                                                          \
        {OPT_TEXT, 'o', "output", &(o).path, "file", "write to this file", .aside = true},           \
        {OPT_FLAG,     0, "text", &(o).text, NULL, "write plain text (the default on a terminal)",   \
         .aside = true},                                                                             \
        {OPT_FLAG, 0, "zstd", &(o).zstd, NULL, "write zstd (the default elsewhere)", .aside = true}, \
    {                                                                                                \
        OPT_FLAG, 'q', "quiet", &(o).quiet, NULL, "no notes", .aside = true                          \
    }

/* Open the stream. Ends the tool when --text and --zstd are both given. NULL on error
 * (STATUS_CANTCREATE, STATUS_IO). */
struct corpus_writer *output_create(const struct output *o, struct err *err) NODISCARD;

/* Begin its header: first the lines of the inputs, section by section, as far as they have been
 * read; then ##prog and ##cmd of this tool. What several sections say is said once, but ##prog and
 * ##cmd stand as they are, for they belong together, unless a whole section's header is the same as
 * one before. ##vocab is left out, with a note, unless every section has one: it would not be true
 * of all rows. -1: STATUS_IO. */
int output_head(struct corpus_writer *out, const struct opt_tool *tool, char *const *operands,
                int n_operands, struct corpus_reader *const *inputs, size_t n_inputs,
                struct err *err) NODISCARD;

/* Both in one. */
struct corpus_writer *output_open(const struct output *o, const struct opt_tool *tool,
                                  char *const *operands, int n_operands,
                                  struct corpus_reader *const *inputs, size_t n_inputs,
                                  struct err *err) NODISCARD;

/* End this section of the stream and begin another, as section `section` of an input begins: with
 * its header lines, then ##prog and ##cmd. -1 (STATUS_IO). */
int output_section(struct corpus_writer *out, const struct opt_tool *tool, char *const *operands,
                   int n_operands, const struct corpus_reader *in, size_t section,
                   struct err *err) NODISCARD;

/* The same where several inputs are each in the last of their sections; lines as output_head
 * passes them on. */
int output_joint_section(struct corpus_writer *out, const struct opt_tool *tool,
                         char *const *operands, int n_operands, struct corpus_reader *const *inputs,
                         size_t n_inputs, struct err *err) NODISCARD;

#endif
