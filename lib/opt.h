/* The command line: one table of options per tool, from which everything else follows.
 *
 * The table gives the parsing, the checks, --help, --version, the suggestion for a misspelt
 * option and the list of option values that a run's manifest records. Defaults are what the
 * variables hold before opt_parse, and --help prints those. GNU style: --name value, --name=value,
 * -n value, -nvalue; options and operands in any order; -- ends the options; - alone is an operand,
 * and so is -=VALUE. */
#ifndef ESPALIER_OPT_H
#define ESPALIER_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"
#include "lib/msg.h"

enum opt_type {
    OPT_END,
    OPT_GROUP,  /* a heading in --help: only .help is used */
    OPT_FLAG,   /* bool: present or not */
    OPT_COUNT,  /* int64_t; k, M, G multiply by 10^3, 10^6, 10^9 */
    OPT_SEED,   /* uint64_t, all values, 0 included */
    OPT_NUMBER, /* double */
    OPT_TEXT,   /* const char *, pointing into argv */
    OPT_CHOICE, /* const char *: one of .choices */
    OPT_LIST,   /* struct opt_list: may be given several times */
};

struct opt_list {
    const char **items;
    size_t n, cap;
};

struct opt {
    enum opt_type type;
    char letter;          /* short form, or 0 */
    const char *name;     /* without the dashes */
    void *value;          /* of the type above */
    const char *argument; /* name of the argument in --help, as in <count> */
    const char *help;
    double least, most;         /* bounds for OPT_COUNT and OPT_NUMBER; equal: no bounds */
    const char *const *choices; /* NULL-terminated, for OPT_CHOICE */
    bool aside;                 /* does not shape the result: not recorded, not compared */
    bool given;                 /* set by opt_parse */
};

struct opt_tool {
    const char *name;                  /* gen-grammar */
    const char *summary;               /* one sentence for the top of --help */
    const char *operands;              /* "[OPTION]... GRAMMAR" */
    struct opt *options;               /* ends with OPT_END */
    const char *more;                  /* text below the options: examples, statuses; may be NULL */
    int least_operands, most_operands; /* most < 0: any number */
    bool filter; /* without operands, it reads standard input ("-"), unless that is a terminal */
};

/* Parse argv. Returns the operands (pointing into argv) and their number. --help, --version,
 * --man and --completion (optdoc.h) print to standard output and exit 0. A wrong command line is
 * one sentence and exit 64. The tool's name is set for messages. `--quiet` in the table is honoured
 * at once. */
char **opt_parse(struct opt_tool *tool, int argc, char **argv, int *n_operands);

/* The table's entry of this name, or NULL. */
const struct opt *opt_find(const struct opt_tool *tool, const char *name);

/* The current value of an option as text for messages and manifests; lists are joined by spaces.
 * The caller frees it. */
char *opt_value_text(const struct opt *option);

/* Append a word, quoted for sh(1) where it needs to be. */
void opt_put_quoted(struct buf *b, const char *word);

/* The command line in one normal form for a corpus header: the tool, its operands, the options
 * given in the order of the table, quoted for sh(1); options that are `aside` are left out; control
 * characters become '?'. The caller frees it. */
char *opt_command_text(const struct opt_tool *tool, char *const *operands, int n_operands);

/* Read a count with its suffix: -1 when the text is none. Whole numbers only; 1.5k is 1500. */
int opt_read_count(const char *text, int64_t *value);

/* Read a finite decimal number and nothing after it: -1 when the text is none. */
int opt_read_number(const char *text, double *value);

#endif
