/* The command line: one table of options per tool, from which everything else follows.
 *
 * The table gives the parsing, the checks, --help, --version, the suggestion for a misspelt
 * option and the list of option values that a run's manifest records. Defaults are what the
 * variables hold before opt_parse, and --help prints those. GNU style: --name value, --name=value,
 * -n value, -nvalue; options and operands in any order; -- ends the options; - alone is an operand,
 * and so is -=VALUE. A flag is taken back by --no-NAME (by --NAME if it is called no-NAME); of
 * several the last counts.
 *
 * Presets. --preset NAME, anywhere on the command line, sets options as if they were written there,
 * but those that are there win, lists too. Everything then follows from values alone:
 * opt_command_text spells the options of the preset out, and the preset itself is `aside`, so that
 * a run made by --preset and one made by the options written out are one and the same. */
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

union opt_value {
    bool flag;
    int64_t count;
    uint64_t seed;
    double number;
    const char *text;
    size_t items; /* of a list: how many */
};

enum opt_source { OPT_DEFAULT, OPT_COMMAND_LINE, OPT_PRESET };

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
    /* Set by opt_parse. `given` asks whether a derived default may be put in: it is true of an
     * option that stands on the command line, and of one that a preset sets. */
    bool given;
    enum opt_source source;
    union opt_value initial; /* what the variable held before */
    const char *idle;        /* why it means nothing here (opt_means_nothing), or NULL */
};

/* A named list of options, such as a published recipe. */
struct opt_preset {
    const char *name;
    const char *about;   /* one line: the paper and what it trains */
    const char *options; /* "--layers 6 --norm pre --among 'is are'": long names; quotes as in sh */
};

/* What others call an option, or have in its place. */
struct opt_synonym {
    const char *name;  /* "lr" */
    const char *means; /* "--rate" */
};

struct opt_tool {
    const char *name;                  /* gen-grammar */
    const char *summary;               /* one sentence for the top of --help */
    const char *operands;              /* "[OPTION]... GRAMMAR" */
    struct opt *options;               /* ends with OPT_END */
    const char *more;                  /* text below the options: examples, statuses; may be NULL */
    int least_operands, most_operands; /* most < 0: any number */
    bool filter; /* without operands, it reads standard input ("-"), unless that is a terminal */
    const struct opt_preset *presets;   /* ends with a NULL name; or NULL */
    const char *preset;                 /* the value of the table's --preset, if it has one */
    bool show_config;                   /* the value of the table's --show-config */
    const struct opt_synonym *synonyms; /* for the message on an unknown option; ends with a NULL
                                           name; or NULL */
};

/* Parse argv, then apply the preset. Returns the operands (pointing into argv) and their number.
 * --help, --version, --man and --completion (optdoc.h) print to standard output and exit 0. A wrong
 * command line is one sentence and exit 64. The tool's name is set for messages. `--quiet` in the
 * table is honoured at once. --list-options, which --help passes over, prints the table for
 * programs: a line of type, name, letter, least, most, default, choices (joined by |), `aside` or
 * `shapes`, with TABs between and - for none. With --show-config no operand is needed. */
char **opt_parse(struct opt_tool *tool, int argc, char **argv, int *n_operands);

/* The table's entry of this name, or NULL. */
const struct opt *opt_find(const struct opt_tool *tool, const char *name);

/* Whether the table has it and it was given (see struct opt). */
bool opt_given(const struct opt_tool *tool, const char *name);

/* Say that an option has no effect as the others stand, `why` being "with --optimizer sgd" (kept).
 * If the command line gives it, that is one sentence and exit 64; if a preset does, it returns to
 * its default and counts as not given. */
void opt_means_nothing(struct opt_tool *tool, const char *name, const char *why);

/* If --show-config was given: print every option, `--name value` in the order of the table, quoted
 * for sh(1), and exit 0. To be called once the derived defaults are in their variables. Numbers are
 * exact. A list takes a line for each item, a flag that is off is its --no- form; what means
 * nothing here or has no value is a comment after #. The lines without # are options that give the
 * same lines again:
 *     tool --preset x --show-config >x.conf
 *     grep -v '^#' x.conf | xargs tool -d runs/x CORPUS
 */
void opt_show_config(const struct opt_tool *tool);

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
